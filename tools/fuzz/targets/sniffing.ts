import {
  http1Request,
  http2Preface,
  memoryPipePair,
  NetError,
  type Pipe,
  type SniffEntry,
  sniff,
  tlsClientHello,
} from '@kvs/net'
import { type FuzzTarget, mustHold } from '../target.ts'
import { chunked } from './direct-pipe.ts'

const table: readonly SniffEntry[] = [tlsClientHello, http2Preface, http1Request]
/** Beyond so many bytes every matcher has made up its mind. */
const DECIDED_BYTES = 64

async function run(input: Uint8Array): Promise<string> {
  const bytes = input.subarray(1)
  for (const { name, match } of table) steadfast(name, match, bytes)
  const whole = await sniffed(bytes, 0)
  const pieces = await sniffed(bytes, 1 + (input[0] ?? 0))
  mustHold(whole === pieces, `in one piece ${whole}, in several ${pieces}`)
  return whole
}

/** Once a matcher has decided it stays with it, whatever comes. */
function steadfast(name: string, match: SniffEntry['match'], bytes: Uint8Array): void {
  let verdict = 'more'
  for (let length = 1; length <= Math.min(bytes.length, DECIDED_BYTES); length++) {
    const next = match(bytes.subarray(0, length))
    mustHold(verdict === 'more' || next === verdict, `${name} says ${verdict}, then ${next}`)
    verdict = next
  }
}

/** The protocol that is found; all bytes must come out again. */
async function sniffed(bytes: Uint8Array, seed: number): Promise<string> {
  const [writer, reader] = memoryPipePair({ schedule: (_delivery, deliver) => deliver() })
  writer.start({ data() {}, drain() {}, end() {}, close() {} })
  const sniffing = sniff(reader, table)
  for (const chunk of chunked(bytes, seed)) if (chunk.length > 0) writer.write(chunk)
  writer.end()
  try {
    const { name, pipe } = await sniffing
    const came = await received(pipe)
    mustHold(Buffer.compare(came, bytes) === 0, `${came.length} of ${bytes.length} bytes come out again`)
    return name
  } catch (error) {
    if (!(error instanceof NetError)) throw error
    return error.code
  }
}

function received(pipe: Pipe): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = []
    pipe.start({
      data: chunk => void parts.push(chunk),
      drain() {},
      end() {
        pipe.destroy()
        resolve(Buffer.concat(parts))
      },
      close: error => reject(error ?? new Error('closed before its end')),
    })
  })
}

const text = (words: string): Uint8Array => new TextEncoder().encode(words)

/** First bytes of anybody: the same protocol however they are cut, and nothing is lost. */
export const sniffing: FuzzTarget = {
  name: 'sniff',
  maxBytes: 1_200,
  dictionary: [
    text('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    text('GET '),
    text('\r\n'),
    Uint8Array.of(0x16, 3, 1),
    Uint8Array.of(0x16, 3, 3, 0, 0, 1),
  ],
  seeds: () =>
    [
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n....',
      'GET / HTTP/1.1\r\n\r\n',
      '\r\nPOST /v3/kv/put HTTP/1.1\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc',
    ].map(one => text(`\0${one}`)),
  run,
}
