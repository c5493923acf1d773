import { gunzipSync, gzipSync } from 'node:zlib'
import { type Compressor, createGrpcServer } from '@kvs/grpc'
import { FrameFlag, FrameType } from '@kvs/grpc/http2'
import { VirtualClock } from '@kvs/testing'
import { type FuzzTarget, mustHold } from '../target.ts'
import { DirectPipe, settle } from './direct-pipe.ts'
import { block, concat, frame, Listener, message, preface, requestPairs, wordsOf } from './http2-frames.ts'

const { DATA, HEADERS, SETTINGS } = FrameType
const { END_STREAM, END_HEADERS, ACK } = FrameFlag
const MAX_BYTES = 1_000

const gzip: Compressor = {
  name: 'gzip',
  compress: bytes => Uint8Array.from(gzipSync(bytes)),
  decompress(bytes, maxBytes) {
    try {
      return Uint8Array.from(gunzipSync(bytes, { maxOutputLength: Math.max(1, maxBytes) }))
    } catch (error) {
      if ((error as { readonly code?: string }).code === 'ERR_BUFFER_TOO_LARGE') return undefined
      throw error
    }
  },
}

const greeting = concat(preface, frame(SETTINGS, 0, 0), frame(SETTINGS, ACK, 0))

/** What must become of a stream of bytes: the messages in it, and whether they end well. */
function expected(bytes: Uint8Array, encoding: 'gzip' | undefined): { messages: Uint8Array[]; isGood: boolean } {
  const messages: Uint8Array[] = []
  let at = 0
  for (;;) {
    if (at + 5 > bytes.length) return { messages, isGood: at === bytes.length }
    const flag = bytes[at] as number
    const length = new DataView(bytes.buffer, bytes.byteOffset + at + 1, 4).getUint32(0)
    if (flag > 1 || length > MAX_BYTES) return { messages, isGood: false }
    if (at + 5 + length > bytes.length) return { messages, isGood: false }
    const body = bytes.subarray(at + 5, at + 5 + length)
    const plain = flag === 0 ? body : encoding === undefined ? undefined : inflated(body)
    if (plain === undefined) return { messages, isGood: false }
    messages.push(plain)
    at += 5 + length
  }
}

function inflated(body: Uint8Array): Uint8Array | undefined {
  try {
    return gzip.decompress(body, MAX_BYTES)
  } catch {
    return undefined
  }
}

/** The first byte: compressed or not, paused or not, how the rest is cut into DATA frames. */
function run(input: Uint8Array): string {
  const head = input[0] ?? 0
  const encoding = (head & 1) === 0 ? undefined : ('gzip' as const)
  const pauses = (head & 2) !== 0
  const cut = 1 + (head >> 2)
  const body = input.slice(1)
  const got: Uint8Array[] = []
  let end = 'open'
  const clock = new VirtualClock()
  const server = createGrpcServer({
    clock,
    compressors: [gzip],
    limits: { maxReceiveBytes: MAX_BYTES },
    methods: [
      [
        '/f.F/S',
        {
          kind: 'stream',
          open: call => ({
            message(bytes, from, to) {
              got.push(bytes.slice(from, to))
              if (!pauses) return
              call.pause()
              clock.defer(() => call.resume())
            },
            halfClose() {
              end = 'halfClose'
              call.finish()
            },
            drain() {},
            cancel: code => {
              end = `cancel ${code}`
            },
          }),
        },
      ],
    ],
  })
  const pipe = new DirectPipe(clock)
  server.accept(pipe)
  const pairs =
    encoding === undefined ? requestPairs('/f.F/S') : [...requestPairs('/f.F/S'), ['grpc-encoding', encoding] as const]
  pipe.feed(concat(greeting, frame(HEADERS, END_HEADERS, 1, block(pairs))))
  for (let at = 0; at < body.length; at += cut) pipe.feed(frame(DATA, 0, 1, body.subarray(at, at + cut)))
  pipe.feed(frame(DATA, END_STREAM, 1))
  settle(clock)
  check(body, encoding, got, end)
  mustHold(server.usage.receivedBytes === 0, 'keeps bytes of a call that is over')
  const listener = new Listener()
  for (const bytes of pipe.written) listener.hear(bytes)
  pipe.destroy()
  settle(clock)
  return `${got.length > 5 ? 'many' : got.length} ${end} ${wordsOf(listener)}`
}

function check(body: Uint8Array, encoding: 'gzip' | undefined, got: readonly Uint8Array[], end: string): void {
  const { messages, isGood } = expected(body, encoding)
  mustHold(isGood === (end === 'halfClose'), `ends with ${end}`)
  // A stream that turns out bad may be given up before messages that were held back are delivered.
  mustHold(isGood ? got.length === messages.length : got.length <= messages.length, `${got.length} messages`)
  for (const [i, one] of got.entries()) {
    mustHold(Buffer.compare(one, messages[i] as Uint8Array) === 0, 'a message is another one')
  }
}

/** The bytes of a stream of messages, however they are cut: the same as a plain reading of them. */
export const grpcFraming: FuzzTarget = {
  name: 'grpc',
  maxBytes: 1_200,
  dictionary: [
    message([]),
    message([1]),
    message([1], 1),
    message(gzipSync('hello'), 1),
    Uint8Array.of(0, 0, 0, 3, 0xe8),
    Uint8Array.of(0, 0, 0, 3, 0xe9),
  ],
  seeds: () => [
    concat([0], message([1, 2, 3]), message([]), message(new Uint8Array(500))),
    concat([0xfe], message([1, 2, 3]), message([]), message(new Uint8Array(1_000))),
    concat([0x21], message(gzipSync('hello'), 1), message([1]), message(gzipSync(Buffer.alloc(5_000)), 1)),
    concat([0x13], message(gzipSync('a'), 1), message(gzipSync('b'), 1)),
  ],
  run,
}
