import {
  http1Request,
  http2Preface,
  memoryPipePair,
  nodeNet,
  type Pipe,
  type SniffEntry,
  sniff,
  tlsClientHello,
} from '@kvs/net'
import { SeededRandom, VirtualClock } from '@kvs/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { End, encode, pattern, settle } from '../src/contract.ts'

const table = [tlsClientHello, http2Preface, http1Request]
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const HELLO = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]

describe('matchers', () => {
  /** The verdicts for every prefix, as one letter each. */
  function verdicts(matcher: (typeof table)[number], bytes: Uint8Array): string {
    let letters = ''
    for (let length = 1; length <= bytes.length; length++) letters += matcher.match(bytes.subarray(0, length))[0]
    return letters
  }

  test('the preface matches when it is whole', () => {
    expect(verdicts(http2Preface, encode(`${PREFACE}x`))).toBe(`${'m'.repeat(23)}yy`)
    expect(verdicts(http2Preface, encode('PRI * HTTP/1'))).toBe('mmmmmmmmmmmn')
    expect(verdicts(http2Preface, encode('GET'))).toBe('nnn')
  })

  test('a request matches after its method', () => {
    expect(verdicts(http1Request, encode('GET /'))).toBe('mmmyy')
    expect(verdicts(http1Request, encode('\r\nM-SEARCH *'))).toBe('mmmmmmmmmmyy')
    expect(verdicts(http1Request, encode(' GET'))).toBe('nnnn')
    expect(verdicts(http1Request, encode('GE(T'))).toBe('mmnn')
    expect(verdicts(http1Request, encode('A'.repeat(40)))).toBe(`${'m'.repeat(32)}${'n'.repeat(8)}`)
    expect(verdicts(http1Request, Uint8Array.of(0x16, 3))).toBe('nn')
  })

  test('a hello matches at its handshake type', () => {
    expect(verdicts(tlsClientHello, Uint8Array.from(HELLO))).toBe('mmmmmyyyy')
    expect(verdicts(tlsClientHello, Uint8Array.of(0x16, 3, 9))).toBe('mmn')
    expect(verdicts(tlsClientHello, Uint8Array.of(0x16, 3, 3, 0, 9, 2))).toBe('mmmmmn')
    expect(verdicts(tlsClientHello, Uint8Array.of(0x15))).toBe('n')
  })
})

/** A fresh pair: where to write, and the pipe to sniff. */
type MakePair = () => Promise<{ readonly writer: End; readonly pipe: Pipe; dispose(): Promise<void> }>

const overMemory: MakePair = async () => {
  const [a, b] = memoryPipePair()
  return { writer: new End(a).start(), pipe: b, dispose: async () => undefined }
}

const overTcp: MakePair = async () => {
  const { listen, dial } = nodeNet()
  let accept: (pipe: Pipe) => void = () => undefined
  const accepting = new Promise<Pipe>(resolve => {
    accept = resolve
  })
  const listener = await listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, pipe => accept(pipe))
  const writer = new End(await dial(listener.address)).start()
  return { writer, pipe: await accepting, dispose: () => listener.close() }
}

describe.each([
  ['memory', overMemory],
  ['TCP', overTcp],
])('sniff over %s', (_name, makePair) => {
  test.each([
    ['http2', encode(`${PREFACE}frames`)],
    ['http1', encode('GET /health HTTP/1.1\r\n\r\n')],
    ['http1', encode('PRI / HTTP/1.1\r\n')],
    ['tls', Uint8Array.from(HELLO)],
  ])('%s is found and nothing is lost', async (name, bytes) => {
    const { writer, pipe, dispose } = await makePair()
    const sniffing = sniff(pipe, table)
    for (const byte of bytes) {
      writer.write(Uint8Array.of(byte))
      await settle()
    }
    const found = await sniffing
    expect(found.name).toBe(name)
    writer.write('tail')
    const reader = new End(found.pipe).start()
    await reader.events.received(bytes.length + 4)
    expect(reader.events.text()).toBe(`${new TextDecoder().decode(bytes)}tail`)
    reader.write('answer')
    await writer.events.received(6)
    writer.end()
    await reader.events.ended()
    reader.end()
    await Promise.all([reader.events.closed(), writer.events.closed()])
    expect(reader.events.log).toEqual(['data', 'end', 'close'])
    await dispose()
  })

  test('bytes and end that came at once are all there', async () => {
    const { writer, pipe, dispose } = await makePair()
    writer.write('GET / HTTP/1.1\r\n\r\n')
    writer.end()
    await settle()
    const found = await sniff(pipe, table)
    await settle()
    const reader = new End(found.pipe).start()
    await reader.events.ended()
    expect(reader.events.text()).toBe('GET / HTTP/1.1\r\n\r\n')
    reader.end()
    await Promise.all([reader.events.closed(), writer.events.closed()])
    await dispose()
  })

  test('unknown bytes are refused and the pipe is destroyed', async () => {
    const { writer, pipe, dispose } = await makePair()
    const sniffing = sniff(pipe, table)
    writer.write(Uint8Array.of(0, 1, 255))
    await expect(sniffing).rejects.toMatchObject({ name: 'NetError', code: 'PROTOCOL' })
    await expect(sniffing).rejects.toThrow(/first bytes 00 01 ff$/)
    await writer.events.until(() => writer.events.has('end') || writer.events.has('close'))
    writer.destroy()
    await writer.events.closed()
    await dispose()
  })

  test('too many undecided bytes are refused', async () => {
    const { writer, pipe, dispose } = await makePair()
    const greedy: SniffEntry = { name: 'greedy', match: () => 'more' }
    const sniffing = sniff(pipe, [greedy], { maxBytes: 100 })
    writer.write(new Uint8Array(100))
    await expect(sniffing).rejects.toMatchObject({ code: 'PROTOCOL' })
    writer.destroy()
    await writer.events.closed()
    await dispose()
  })

  test('a silent connection is given up after the time limit', async () => {
    const { writer, pipe, dispose } = await makePair()
    const clock = new VirtualClock()
    const sniffing = sniff(pipe, table, { clock, timeoutMs: 5000 })
    const refused = expect(sniffing).rejects.toMatchObject({ code: 'TIMEOUT' })
    writer.write('GE')
    await settle()
    clock.advance(5000)
    await refused
    await writer.events.until(() => writer.events.has('end') || writer.events.has('close'))
    writer.destroy()
    await writer.events.closed()
    await dispose()
  })

  test('the time limit is off once it is clear', async () => {
    const { writer, pipe, dispose } = await makePair()
    const clock = new VirtualClock()
    const sniffing = sniff(pipe, table, { clock, timeoutMs: 5000 })
    writer.write('GET /')
    const reader = new End((await sniffing).pipe).start()
    expect(clock.nextAt()).toBeUndefined()
    await reader.events.received(5)
    reader.destroy()
    writer.destroy()
    await Promise.all([reader.events.closed(), writer.events.closed()])
    await dispose()
  })

  test('a connection that closes too early is told', async () => {
    const { writer, pipe, dispose } = await makePair()
    const sniffing = sniff(pipe, table)
    writer.write('PRI')
    await settle()
    writer.end()
    await expect(sniffing).rejects.toMatchObject({ code: 'CLOSED' })
    writer.destroy()
    await writer.events.closed()
    await dispose()
  })

  test('a connection that is gone already is told', async () => {
    const { writer, pipe, dispose } = await makePair()
    pipe.destroy()
    await settle()
    await expect(sniff(pipe, table)).rejects.toMatchObject({ name: 'NetError' })
    writer.destroy()
    await writer.events.closed()
    await dispose()
  })
})

test('a sniffed pipe that nobody has started holds the writer back', async () => {
  const { writer, pipe } = await overMemory()
  const sniffing = sniff(pipe, table)
  writer.write('GET /')
  const found = await sniffing
  for (let i = 0; i < 10; i++) {
    writer.write(pattern(100_000, i * 100_000))
    await settle()
  }
  expect(writer.pipe.queuedBytes).toBe(1_000_000)
  const reader = new End(found.pipe).start()
  writer.end()
  await reader.events.ended()
  // Not toEqual, which takes seconds for so many bytes.
  expect(Buffer.from(reader.events.bytes().subarray(5)).equals(pattern(1_000_000))).toBe(true)
})

test('however the bytes are cut, the same protocol is found and all bytes arrive', async () => {
  const bodies = fc.constantFrom(
    encode(`${PREFACE}0123456789`),
    encode('POST / HTTP/1.1\r\n\r\nx'),
    Uint8Array.from(HELLO),
  )
  const run = async (bytes: Uint8Array, seed: number): Promise<void> => {
    const [a, b] = memoryPipePair({ pieces: 'random', random: new SeededRandom(seed) })
    const writer = new End(a).start()
    writer.write(bytes)
    writer.end()
    const found = await sniff(b, table)
    expect(found.name).toBe(bytes[0] === 0x16 ? 'tls' : bytes[1] === 'R'.charCodeAt(0) ? 'http2' : 'http1')
    const reader = new End(found.pipe).start()
    await reader.events.ended()
    expect(reader.events.bytes()).toEqual(bytes)
    reader.events.check()
  }
  await fc.assert(fc.asyncProperty(bodies, fc.nat(), run), { numRuns: 200 })
})
