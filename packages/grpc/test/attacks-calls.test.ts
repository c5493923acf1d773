/** Attacks with whole calls: their headers, their messages, their streams, their windows. */
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CLIENT_PREFACE, FrameFlag, FrameType, type HeaderPair, SettingId } from '../src/http2/index.ts'
import { attack, attacker, begin, checkHonest, flood, measure, peak, to, world } from './attack-world.ts'
import { gzip } from './gzip.ts'
import { settle } from './pair.ts'
import { concat, frame, message, requestHeaders, setting, word } from './raw-peer.ts'

const { DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } = FrameType
const { END_STREAM, END_HEADERS, ACK, PADDED } = FrameFlag

beforeEach(() => begin())
/** What the attack of the test may have in memory beyond the usual. */
let most: Parameters<typeof checkHonest>[0] = {}
afterEach(() => {
  checkHonest(most)
  most = {}
})

/** The usual headers with one pseudo field changed, in its place. */
const having = (name: string, value: string): HeaderPair[] =>
  requestHeaders.map(pair => (pair[0] === name ? [name, value] : pair))

describe('smuggled and doubled headers reach no handler', () => {
  const cases: [string, readonly HeaderPair[]][] = [
    ['transfer-encoding', [...requestHeaders, ['transfer-encoding', 'chunked']]],
    ['connection', [...requestHeaders, ['connection', 'close']]],
    ['upgrade', [...requestHeaders, ['upgrade', 'h2c']]],
    ['a request line in :method', having(':method', 'POST / HTTP/1.1\r\nHost: a')],
    ['a line break in :path', having(':path', '/test.Test/Echo\r\nx: y')],
    ['a zero byte in a value', [...requestHeaders, ['x', 'a\0b']]],
    ['a colon in a name', [...requestHeaders, ['x:y', '1']]],
    ['a blank in a name', [...requestHeaders, ['x y', '1']]],
    [':path twice', [[':path', '/test.Test/Wait'], ...requestHeaders]],
    [':authority twice', [[':authority', 'a'], ...requestHeaders]],
    ['host beside another :authority', [...requestHeaders, ['host', 'internal']]],
    ['host twice', [...requestHeaders, ['host', 'test'], ['host', 'test']]],
    ['content-length twice', [...requestHeaders, ['content-length', '5'], ['content-length', '8']]],
    ['content-length with a sign', [...requestHeaders, ['content-length', '+8']]],
    ['te: gzip', having('te', 'gzip')],
    [':status in a request', [[':status', '200'], ...requestHeaders]],
    [':protocol', [[':protocol', 'websocket'], ...requestHeaders]],
  ]
  it.each(cases)('%s', (_name, pairs) => {
    attacker.send(attacker.headers(1, { pairs }), frame(DATA, END_STREAM, 1, message([1, 2, 3])))
    expect([attacker.resetOf(1), attacker.data(1).length]).toEqual(['PROTOCOL_ERROR', 0])
    expect(attacker.goaway).toBeUndefined()
    expect(world.server.counters.calls).toBeLessThan(10)
  })

  it('a body that is longer than its content-length does not become a second request', () => {
    const pairs: HeaderPair[] = [...requestHeaders, ['content-length', '8']]
    attacker.send(attacker.headers(1, { pairs }), frame(DATA, 0, 1, concat(message([1, 2, 3]), message([4]))))
    expect([attacker.resetOf(1), attacker.data(1).length]).toEqual(['PROTOCOL_ERROR', 0])
  })

  it('paths around the method table', () => {
    const paths = [
      'test.Test/Echo',
      '//test.Test/Echo',
      '/test.Test/Echo/',
      '/test.Test//Echo',
      '/test.Test/echo',
      '/test.Test/Echo?x',
      '/test.Test/%45cho',
      '/../test.Test/Echo',
      '*',
      '/',
    ]
    for (const [i, path] of paths.entries()) {
      attacker.send(attacker.headers(2 * i + 1, { pairs: having(':path', path) }))
      expect([path, attacker.fields(2 * i + 1)['grpc-status']]).toEqual([path, '12'])
    }
  })
})

describe('headers', () => {
  it('a hundred empty headers, and one more', () => {
    const empty = (count: number): HeaderPair[] => [...requestHeaders, ...new Array<HeaderPair>(count).fill(['x', ''])]
    attacker.send(attacker.headers(1, { pairs: empty(94) }), frame(DATA, END_STREAM, 1, message([])))
    expect(attacker.fields(1)['grpc-status']).toBe('0')
    attacker.send(attacker.headers(3, { pairs: empty(95) }))
    expect(attacker.fields(3)).toMatchObject({ ':status': '431', 'grpc-status': '8' })
  })

  it('empty names are malformed, however many', () => {
    const empty = (count: number) => concat(attacker.block(requestHeaders), new Uint8Array(3 * count))
    attacker.send(frame(HEADERS, END_HEADERS, 1, empty(1_000)))
    expect(attacker.fields(1)[':status'] ?? attacker.resetOf(1)).toMatch(/431|PROTOCOL_ERROR/)
    attacker.send(frame(HEADERS, END_HEADERS, 3, empty(4_000)))
    expect(attacker.goaway).toMatch(/^ENHANCE_YOUR_CALM HPACK/)
  })

  it('a table that is turned over by every request stays at 4 KiB', () => {
    for (let i = 0; i < 300; i++) {
      const pairs: HeaderPair[] = [...requestHeaders, ['x-churn', `${i}`.padEnd(3_000, '.')]]
      attacker.send(attacker.headers(2 * i + 1, { pairs }), frame(DATA, END_STREAM, 2 * i + 1, message([])))
    }
    expect(attacker.goaway).toBeUndefined()
    expect(peak.inputBytes).toBeLessThan(2 * 4_096 + 1_000)
  })

  it('table sizes that go up and down before every block', () => {
    const updates = new Uint8Array(8_000).map((_, i) => (i % 2 === 0 ? 0x20 : 0x3e))
    const block = concat(updates, [0x20], attacker.block(requestHeaders))
    attacker.send(frame(HEADERS, END_HEADERS, 1, block))
    expect(attacker.goaway).toBe('COMPRESSION_ERROR HPACK: more than two table size updates')
  })

  it('a Huffman code that ends in anything but its padding', () => {
    attacker.send(frame(HEADERS, END_HEADERS, 1, [0x40, 0x84, 0xff, 0xff, 0xff, 0xff, 0x01, 0x61]))
    expect(attacker.goaway).toBe('COMPRESSION_ERROR HPACK: broken Huffman code')
  })

  it('a Huffman bomb', () => {
    // Five bits a character: 14 000 bytes become 22 400 characters.
    const bomb = concat([0x00, 0x01, 0x78, 0xff, 0xb1, 0x6c], new Uint8Array(14_000))
    attacker.send(frame(HEADERS, END_HEADERS, 1, concat(attacker.block(requestHeaders), bomb)))
    expect(attacker.fields(1)).toMatchObject({ ':status': '431', 'grpc-status': '8' })
  })

  it('a length that promises more than the block has', () => {
    attacker.send(frame(HEADERS, END_HEADERS, 1, [0x40, 0x7f, 0xff, 0xff, 0x03, 0x61]))
    expect(attacker.goaway).toBe('COMPRESSION_ERROR HPACK: string cut off')
  })

  it('metadata that is no Base64, and timeouts that are none', () => {
    const bad: HeaderPair[][] = [
      [...requestHeaders, ['x-bin', '*'.repeat(8_000)]],
      [...requestHeaders, ['grpc-timeout', '9'.repeat(9_000)]],
      [...requestHeaders, ['grpc-timeout', '-1S']],
    ]
    for (const [i, pairs] of bad.entries()) {
      attacker.send(attacker.headers(2 * i + 1, { pairs }))
      expect(attacker.fields(2 * i + 1)).toMatchObject({ ':status': '400', 'grpc-status': '13' })
    }
  })

  it('thousands of calls whose time is over before they begin leave no timer behind', () => {
    const pairs: HeaderPair[] = [...to('Wait'), ['grpc-timeout', '1n']]
    flood(2_000, i => [attacker.headers(2 * i + 1, { pairs }), frame(DATA, END_STREAM, 2 * i + 1, message([]))])
    world.clock.advance(1)
    settle(world.clock)
    expect(world.waiting.size).toBe(0)
    expect(world.server.usage.streams).toBe(0)
    most = { streams: 2_001 }
  })
})

describe('messages', () => {
  it('a compressed bomb', () => {
    begin({ compressors: [gzip], limits: { maxReceiveBytes: 100_000 } })
    const bomb = message(gzipSync(Buffer.alloc(50_000_000)), 1)
    const pairs: HeaderPair[] = [...requestHeaders, ['grpc-encoding', 'gzip']]
    for (let i = 0; i < 20; i++) {
      attacker.send(attacker.headers(2 * i + 1, { pairs }), frame(DATA, 0, 2 * i + 1, bomb.subarray(0, 16_000)))
      for (let at = 16_000; at < bomb.length; at += 16_000) {
        attacker.send(
          frame(DATA, at + 16_000 >= bomb.length ? END_STREAM : 0, 2 * i + 1, bomb.subarray(at, at + 16_000)),
        )
      }
      expect(attacker.fields(2 * i + 1)['grpc-status']).toBe('8')
    }
    most = { receivedBytes: 200_000 }
  })

  it('what claims to be compressed and is not, encodings nobody has, flags nobody knows', () => {
    begin({ compressors: [gzip] })
    const sendOne = (id: number, body: Uint8Array, encoding: string | undefined): string | undefined => {
      const pairs: HeaderPair[] =
        encoding === undefined ? [...requestHeaders] : [...requestHeaders, ['grpc-encoding', encoding]]
      attacker.send(attacker.headers(id, { pairs }), frame(DATA, END_STREAM, id, body))
      return attacker.fields(id)['grpc-message']
    }
    expect(sendOne(1, message([1, 2], 1), 'gzip')).toMatch(/^grpc: failed to decompress the received message: /)
    expect(sendOne(3, message([1, 2], 1), 'br')).toBe('grpc: Decompressor is not installed for grpc-encoding "br"')
    expect(sendOne(5, message([1, 2], 1), undefined)).toBe('grpc: compressed flag set with identity or empty encoding')
    expect(sendOne(7, message([1, 2], 0x80), 'gzip')).toBe('grpc: received unexpected payload format 128')
  })

  it('a message byte by byte, with other calls in between', () => {
    const body = message(new Uint8Array(500).fill(9))
    attacker.send(attacker.headers(1))
    for (const [i, byte] of body.entries())
      attacker.send(frame(DATA, i + 1 === body.length ? END_STREAM : 0, 1, [byte]))
    expect(attacker.data(1)).toEqual(body)
  })

  it('a thousand calls that each send half a message and wait: what they keep is bounded, and they end', () => {
    begin({ limits: { maxPartialBytes: 2_000_000 } })
    const half = concat([0, 0, 15, 0, 0], new Uint8Array(10_000))
    for (let i = 0; i < 1_000; i++) attacker.send(attacker.headers(2 * i + 1), frame(DATA, 0, 2 * i + 1, half))
    expect(peak.receivedBytes).toBeGreaterThan(1_900_000)
    world.clock.advance(61_000)
    settle(world.clock)
    expect(world.server.usage).toMatchObject({ receivedBytes: 0, streams: 0 })
    most = { streams: 300, receivedBytes: 2_000_000 }
  })

  it('half messages over many connections: what stands still gives way to what moves', () => {
    begin({ limits: { maxServerHeldBytes: 500_000 } })
    most = { receivedBytes: 501_000 }
    const mover = world.connect().greet()
    const body = message(new Uint8Array(60_000).fill(5))
    mover.send(mover.headers(1), frame(DATA, 0, 1, body.subarray(0, 10_000)))
    const half = concat([0, 0, 15, 0, 0], new Uint8Array(10_000))
    const others = Array.from({ length: 20 }, () => world.connect().greet())
    for (let i = 0; i < 5; i++) {
      for (const peer of others) {
        peer.send(peer.headers(2 * i + 1), frame(DATA, 0, 2 * i + 1, half))
        measure()
      }
      mover.send(frame(DATA, 0, 1, body.subarray(10_000 * (i + 1), 10_000 * (i + 2))))
    }
    mover.send(frame(DATA, END_STREAM, 1, body.subarray(60_000)))
    expect(mover.data(1).length + mover.of(DATA, 1).length).toBeGreaterThan(60_000)
    const failed = others.flatMap(peer => [1, 3, 5, 7, 9].map(id => peer.fields(id)['grpc-message']))
    expect(
      failed.filter(one => one === 'grpc: too many bytes of unfinished messages on this server').length,
    ).toBeGreaterThan(50)
    for (const peer of others) peer.pipe.destroy()
    settle(world.clock)
    expect(world.server.usage.receivedBytes).toBe(0)
    // What was let go of counts no more: there is room again.
    for (let i = 0; i < 40; i++) attacker.send(attacker.headers(2 * i + 1), frame(DATA, 0, 2 * i + 1, half))
    expect(attacker.fields(1)['grpc-status']).toBeUndefined()
  })

  it('messages to a handler that does not take them stop at the window', () => {
    begin({
      http2Limits: { streamWindowBytes: 100_000 },
      methods: [
        ['/test.Test/Echo', echo],
        ['/test.Test/Slow', slow],
      ],
    })
    attacker.send(attacker.headers(1, { pairs: to('Slow') }))
    const block = message(new Uint8Array(9_995))
    for (let i = 0; i < 10; i++) attacker.send(frame(DATA, 0, 1, block))
    expect(attacker.resetOf(1)).toBeUndefined()
    attacker.send(frame(DATA, 0, 1, [0]))
    expect(attacker.resetOf(1)).toBe('FLOW_CONTROL_ERROR')
    expect(world.server.usage.receivedBytes).toBe(0)
  })

  it('padding and nothing else', () => {
    attacker.send(attacker.headers(1, { pairs: to('Chat') }))
    const padding = concat([255], new Uint8Array(255))
    expect(flood(2_000, () => [frame(DATA, PADDED, 1, padding)])).toBeLessThanOrEqual(1_010)
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM too many frames: EMPTY')
  })
})

const echo = {
  kind: 'unary',
  handle: (call, body, start, end) => call.reply(body, start, end),
} as const satisfies Handler
const slow = {
  kind: 'stream',
  open(call) {
    call.pause()
    return { message() {}, halfClose() {}, drain() {}, cancel() {} }
  },
} as const satisfies Handler
type Handler = import('../src/index.ts').MethodHandler

describe('streams', () => {
  it('as many as allowed stay open, the next is refused, and ending some makes room', () => {
    begin({ http2Limits: { maxConcurrentStreams: 1_000 } })
    for (let i = 0; i < 1_010; i++) attacker.send(attacker.headers(2 * i + 1, { pairs: to('Chat') }))
    expect(world.server.usage.streams).toBe(1_000)
    for (let i = 1_000; i < 1_010; i++) expect(attacker.resetOf(2 * i + 1)).toBe('REFUSED_STREAM')
    attacker.send(frame(RST_STREAM, 0, 1, word(8)), attacker.headers(3_001))
    attacker.send(frame(DATA, END_STREAM, 3_001, message([1])))
    expect(attacker.data(3_001)).toEqual(message([1]))
    most = { streams: 1_001 }
  })

  it('refusals in a row end the connection', () => {
    begin({ http2Limits: { maxConcurrentStreams: 1 } })
    attacker.send(attacker.headers(1, { pairs: to('Wait') }))
    expect(flood(5_000, i => [attacker.headers(2 * i + 3)])).toBeLessThanOrEqual(1_010)
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM too many frames: RESET')
  })

  it('the last stream id there is, and then more', () => {
    attacker.send(attacker.headers(0x7fff_ffff), frame(DATA, END_STREAM, 0x7fff_ffff, message([7])))
    expect(attacker.data(0x7fff_ffff)).toEqual(message([7]))
    attacker.send(attacker.headers(1))
    expect(attacker.goaway).toBe('PROTOCOL_ERROR a stream id below one that is in use')
  })

  it('frames for streams that are over', () => {
    attacker.send(attacker.headers(1), frame(DATA, END_STREAM, 1, message([])))
    expect(flood(30_000, () => [frame(WINDOW_UPDATE, 0, 1, word(1))])).toBeLessThanOrEqual(20_020)
    expect(attacker.goaway).toMatch(/^ENHANCE_YOUR_CALM too many frames: /)
  })

  it('trailers without an end, again and again', () => {
    const calls = (i: number): readonly Uint8Array[] => [
      attacker.headers(2 * i + 1),
      attacker.headers(2 * i + 1, { pairs: [['x', 'y']] }),
    ]
    expect(flood(5_000, calls)).toBeLessThanOrEqual(1_010)
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM too many frames: RESET')
  })

  it('DATA after the end, again and again', () => {
    const calls = (i: number): readonly Uint8Array[] => [
      attacker.headers(2 * i + 1, { pairs: to('Wait') }),
      frame(DATA, END_STREAM, 2 * i + 1, message([])),
      frame(DATA, 0, 2 * i + 1, [1]),
    ]
    expect(flood(5_000, calls)).toBeLessThanOrEqual(1_010)
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM too many frames: RESET')
    expect(world.waiting.size).toBe(0)
  })
})

describe('answers to what nobody asked', () => {
  it('acknowledgements of pings', () => {
    expect(flood(30_000, () => [frame(PING, ACK, 0, new Uint8Array(8))])).toBeLessThanOrEqual(20_010)
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM too many frames: STRAY')
  })

  it('acknowledgements of SETTINGS', () => {
    expect(flood(30_000, () => [frame(SETTINGS, ACK, 0)])).toBeLessThanOrEqual(20_010)
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM too many frames: STRAY')
  })

  it('GOAWAY upon GOAWAY, and calls that go on', () => {
    const goaway = frame(GOAWAY, 0, 0, concat(word(0), word(0), new Uint8Array(16_000).fill(0x78)))
    attacker.send(attacker.headers(1, { pairs: to('Chat') }))
    for (let i = 0; i < 90; i++) attacker.send(goaway)
    attacker.send(frame(DATA, END_STREAM, 1, message([1])))
    expect(attacker.data(1)).toEqual(message([1]))
    expect(flood(30_000, () => [frame(GOAWAY, 0, 0, new Uint8Array(8))])).toBeLessThanOrEqual(20)
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM too many frames: GOAWAY')
  })

  it('a keepalive ping is answered by its own acknowledgement only', () => {
    begin({ keepalive: { intervalMs: 10_000, timeoutMs: 1_000, permitWithoutStreams: true } })
    world.clock.advance(10_000)
    settle(world.clock)
    const ping = attacker.of(PING).at(-1)
    expect(ping?.flags).toBe(0)
    attacker.send(frame(PING, ACK, 0, ping!.payload))
    world.clock.advance(5_000)
    settle(world.clock)
    expect(attacker.closed).toBe(false)
    // It falls silent: gone after the next ping. The honest client answers nothing either and is met again below.
    world.clock.advance(10_000)
    settle(world.clock)
    expect(attacker.closed).toBe(true)
    begin()
  })
})

describe('windows', () => {
  it('a window that opens byte by byte costs a frame for each, and nothing else', () => {
    attacker.send(frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 1)))
    attacker.send(attacker.headers(1, { pairs: to('Big') }), frame(DATA, END_STREAM, 1, message(word(100_000))))
    for (let i = 0; i < 1_000; i++) attacker.send(frame(WINDOW_UPDATE, 0, 1, word(1)))
    expect(attacker.data(1).length).toBe(1_001)
    expect(attacker.of(DATA, 1).length).toBe(1_001)
  })

  it('a thousand streams with windows of nothing: their answers wait within the limit', () => {
    begin({ http2Limits: { maxQueuedOutputBytes: 500_000 } })
    attacker.send(frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 0)))
    for (let i = 0; i < 1_000; i++) {
      const id = 2 * i + 1
      attacker.send(attacker.headers(id, { pairs: to('Big') }), frame(DATA, END_STREAM, id, message(word(5_000))))
    }
    expect(peak.outputBytes).toBeLessThan(510_000)
    world.clock.advance(120_000)
    settle(world.clock)
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM the peer keeps its windows shut')
    expect(world.server.usage.streams).toBe(0)
    most = { streams: 1_001, outputBytes: 510_000, receivedBytes: 20_000 }
  })

  it('many connections that read nothing: together they get no more than the server may keep', () => {
    begin({ limits: { maxServerWaitingBytes: 1_000_000, fairShareBytes: 20_000 } })
    most = { streams: 300, outputBytes: 1_500_000, receivedBytes: 100_000 }
    const others = Array.from({ length: 20 }, () => world.connect().greet([SettingId.INITIAL_WINDOW_SIZE, 0]))
    for (let i = 0; i < 10; i++) {
      for (const peer of others) {
        peer.send(
          peer.headers(2 * i + 1, { pairs: to('Big') }),
          frame(DATA, END_STREAM, 2 * i + 1, message(word(20_000))),
        )
        measure()
      }
      attacker.send(attacker.headers(2 * i + 1), frame(DATA, END_STREAM, 2 * i + 1, message([1])))
      expect(attacker.data(2 * i + 1)).toEqual(message([1]))
    }
    expect(peak.outputBytes).toBeGreaterThan(900_000)
    // One of them reads after all, and gets everything it asked for.
    const reader = others[0]!
    reader.send(
      frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 100_000)),
      frame(WINDOW_UPDATE, 0, 0, word(1_000_000)),
    )
    for (let i = 0; i < 10; i++) expect(reader.data(2 * i + 1).length).toBe(20_005)
    for (const peer of others.slice(1)) {
      peer.send(peer.headers(21, { pairs: to('Big') }), frame(DATA, END_STREAM, 21, message(word(20_000))))
    }
    world.clock.advance(130_000)
    settle(world.clock)
    // Those with more than their share go, until what waits is no longer too much.
    expect(others.some(peer => peer.closed)).toBe(true)
    expect(reader.closed).toBe(false)
    expect(world.server.usage.outputBytes).toBeLessThan(1_000_000)
  })

  it('windows beyond what there is', () => {
    attacker.send(attacker.headers(1, { pairs: to('Wait') }), frame(WINDOW_UPDATE, 0, 1, word(0x7fff_ffff)))
    expect(attacker.resetOf(1)).toBe('FLOW_CONTROL_ERROR')
    attacker.send(frame(WINDOW_UPDATE, 0, 0, word(0x7fff_ffff)))
    expect(attacker.goaway).toBe('FLOW_CONTROL_ERROR connection window too large')
  })

  it('a producer that streams to a client which reads nothing is told to wait, whatever it streams', () => {
    begin({
      http2Limits: { streamBufferBytes: 50_000, maxQueuedOutputBytes: 200_000 },
      methods: [
        ['/test.Test/Echo', echo],
        ['/test.Test/Watch', endless],
      ],
    })
    attacker.send(frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 0)))
    for (let i = 0; i < 100; i++) attacker.send(attacker.headers(2 * i + 1, { pairs: to('Watch') }))
    expect(peak.outputBytes).toBeLessThan(400_000)
    most = { streams: 101, outputBytes: 400_000 }
  })
})

/** Sends for as long as it may. */
const endless = {
  kind: 'stream',
  open(call) {
    const event = new Uint8Array(1_000)
    const more = (): void => {
      for (let i = 0; i < 10_000 && !call.ended; i++) if (!call.send(event, 0, event.length)) return
    }
    more()
    return { message() {}, halfClose() {}, drain: more, cancel() {} }
  },
} as const satisfies Handler

describe('slowly', () => {
  it('a preface, byte by byte, for longer than is allowed', () => {
    const slowOne = attack(world.connect())
    for (const byte of CLIENT_PREFACE) {
      slowOne.send(Uint8Array.of(byte))
      world.clock.advance(250)
      settle(world.clock)
    }
    expect(slowOne.closed).toBe(true)
    expect(slowOne.goaway).toBe('SETTINGS_TIMEOUT no HTTP/2 preface in time')
  })

  it('a header block, a byte per second', () => {
    const block = attacker.block(requestHeaders)
    attacker.send(frame(HEADERS, 0, 1, block.subarray(0, 1)))
    for (let i = 1; i < 12 && !attacker.closed; i++) {
      attacker.send(frame(CONTINUATION, 0, 1, block.subarray(i, i + 1)))
      world.clock.advance(1_000)
      settle(world.clock)
    }
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM header block takes too long')
  })

  it('a message, a byte every two seconds', () => {
    attacker.send(attacker.headers(1))
    for (let i = 0; i < 40 && attacker.resetOf(1) === undefined; i++) {
      attacker.send(frame(DATA, 0, 1, [i === 4 ? 50 : 0]))
      world.clock.advance(2_000)
      settle(world.clock)
    }
    expect(attacker.resetOf(1)).toBe('CANCEL')
    expect(attacker.goaway).toBeUndefined()
  })

  it('a frame that never comes to its end keeps its own length and no more', () => {
    attacker.send(frame(DATA, 0, 1, new Uint8Array(16_000)).subarray(0, 100))
    measure()
    expect(world.server.usage.inputBytes).toBeLessThan(16_009 + 500)
    world.clock.advance(1_000_000)
    expect(attacker.closed).toBe(false)
  })

  it('a hundred connections that do nothing', () => {
    const idle = Array.from({ length: 100 }, () => world.connect().greet())
    measure()
    expect(world.server.usage).toMatchObject({ streams: 0, receivedBytes: 0 })
    expect(world.server.usage.inputBytes + world.server.usage.outputBytes).toBeLessThan(1_000)
    world.clock.advance(3_600_000)
    settle(world.clock)
    expect(idle.every(peer => !peer.closed)).toBe(true)
  })
})
