import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CLIENT_PREFACE, FrameFlag, FrameType, type HeaderPair, SettingId } from '../src/http2/index.ts'
import { attack, attacker, begin, checkHonest, flood, measure, to, world } from './attack-world.ts'
import { pipePair, settle } from './pair.ts'
import { concat, frame, message, requestHeaders, setting, word } from './raw-peer.ts'

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION } = FrameType
const { END_STREAM, END_HEADERS, ACK } = FrameFlag

beforeEach(() => begin())
/** What the attack of the test may have in memory beyond the usual. */
let most: Parameters<typeof checkHonest>[0] = {}
afterEach(() => {
  checkHonest(most)
  most = {}
})

describe('floods end the connection', () => {
  type Case = [string, number, (i: number) => readonly Uint8Array[]]
  const cases: Case[] = [
    ['SETTINGS', 110, () => [frame(SETTINGS, 0, 0, setting(1, 100))]],
    ['PING', 10_010, () => [frame(PING, 0, 0, new Uint8Array(8))]],
    ['PRIORITY', 2_010, i => [frame(PRIORITY, 0, 2 * i + 1, new Uint8Array(5))]],
    ['WINDOW_UPDATE', 20_010, () => [frame(WINDOW_UPDATE, 0, 0, word(1))]],
    ['STRAY', 20_010, () => [frame(0x42, 0, 0)]],
    [
      'STRAY',
      20_020,
      i => (i === 0 ? [attacker.headers(1), frame(RST_STREAM, 0, 1, word(8))] : [frame(RST_STREAM, 0, 1, word(8))]),
    ],
    ['EMPTY', 1_010, i => (i === 0 ? [attacker.headers(1)] : [frame(DATA, 0, 1)])],
    [
      'RESET',
      1_010,
      i => [attacker.headers(2 * i + 1, { pairs: to('Wait') }), frame(RST_STREAM, 0, 2 * i + 1, word(8))],
    ],
    ['RESET', 1_010, i => [attacker.headers(2 * i + 1), frame(WINDOW_UPDATE, 0, 2 * i + 1, word(0))]],
    ['RESET', 1_010, i => [attacker.headers(2 * i + 1, { pairs: [[':method', 'POST']] })]],
  ]
  it.each(cases)('%s, after at most %i', (name, most, next) => {
    begin({ pingPolicy: { minIntervalMs: 0, permitWithoutStreams: true } })
    expect(flood(30_000, next)).toBeLessThanOrEqual(most)
    expect(attacker.goaway).toBe(`ENHANCE_YOUR_CALM too many frames: ${name}`)
    expect(world.server.connections).toBe(1)
  })

  it('a flood that is spread over time is none', () => {
    for (let i = 0; i < 3_000; i++) {
      const id = 2 * i + 1
      attacker.send(attacker.headers(id, { pairs: to('Wait') }), frame(RST_STREAM, 0, id, word(8)))
      world.clock.advance(6)
    }
    expect(attacker.goaway).toBeUndefined()
  })

  it('a burst of a thousand cancelled calls is none', () => {
    most = { streams: 1_001 }
    for (let i = 0; i < 1_000; i++) attacker.send(attacker.headers(2 * i + 1, { pairs: to('Wait') }))
    for (let i = 0; i < 1_000; i++) attacker.send(frame(RST_STREAM, 0, 2 * i + 1, word(8)))
    expect(attacker.goaway).toBeUndefined()
  })

  it('WINDOW_UPDATE in answer to DATA is none', () => {
    attacker.send(attacker.headers(1, { pairs: to('Chat') }))
    for (let i = 0; i < 30_000; i += 10) {
      const frames = Array.from({ length: 10 }, () => [
        frame(DATA, 0, 1, message([1])),
        frame(WINDOW_UPDATE, 0, 0, word(6)),
      ])
      attacker.send(...frames.flat())
    }
    expect(attacker.goaway).toBeUndefined()
  })

  it('rapid reset leaves no work behind', () => {
    flood(5_000, i => [
      attacker.headers(2 * i + 1, { pairs: to('Wait') }),
      frame(DATA, END_STREAM, 2 * i + 1, message([])),
      frame(RST_STREAM, 0, 2 * i + 1, word(8)),
    ])
    expect(world.waiting.size).toBe(0)
    expect(world.log.length).toBeGreaterThan(900)
    expect(world.server.connections).toBe(1)
  })

  it('pings too close together while nothing is going on', () => {
    begin({ pingPolicy: { minIntervalMs: 5_000, permitWithoutStreams: true } })
    for (let i = 0; i < 4; i++) attacker.send(frame(PING, 0, 0, new Uint8Array(8)))
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM too_many_pings')
    attack(world.connect()).greet()
    for (let i = 0; i < 20; i++) {
      attacker.send(frame(PING, 0, 0, new Uint8Array(8)))
      world.clock.advance(5_001)
    }
    expect(attacker.goaway).toBeUndefined()
  })

  it('pings are excused by what the server sends', () => {
    // The attacker never gives its window back: answers queue up.
    most = { streams: 1_100 }
    for (let i = 0; i < 12_000; i += 50) {
      const one = (id: number) => [
        attacker.headers(id),
        frame(DATA, END_STREAM, id, message([1])),
        frame(PING, 0, 0, new Uint8Array(8)),
      ]
      attacker.send(...Array.from({ length: 50 }, (_, k) => one(2 * (i + k) + 1)).flat())
    }
    expect(attacker.of(PING).length).toBe(12_000)
    expect(attacker.goaway).toBeUndefined()
  })
})

describe('header blocks', () => {
  it('CONTINUATION without end: few frames', () => {
    attacker.send(frame(HEADERS, 0, 1, [0x83]))
    for (let i = 0; i < 16 && !attacker.closed; i++) attacker.send(frame(CONTINUATION, 0, 1))
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM header block too large')
  })

  it('CONTINUATION without end: many bytes', () => {
    attacker.send(frame(HEADERS, 0, 1, new Uint8Array(16_000).fill(0x82)))
    for (let i = 0; i < 4; i++) attacker.send(frame(CONTINUATION, 0, 1, new Uint8Array(16_000).fill(0x82)))
    attacker.send(frame(CONTINUATION, 0, 1, new Uint8Array(1_600).fill(0x82)))
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM header block too large')
  })

  it('a block that takes its time', () => {
    attacker.send(frame(HEADERS, 0, 1, [0x83]))
    world.clock.advance(9_999)
    expect(attacker.closed).toBe(false)
    world.clock.advance(1)
    settle(world.clock)
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM header block takes too long')
  })

  const bomb = (references: number): Uint8Array =>
    concat(
      attacker.block(requestHeaders),
      attacker.block([['bomb', 'x'.repeat(2_900)]]),
      new Uint8Array(references).fill(0xbe),
    )

  it('an HPACK bomb ends its connection', () => {
    attacker.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, bomb(8_000)))
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM HPACK: a header block that unfolds to many times the limit')
  })

  it('a small one fails its call only', () => {
    attacker.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, bomb(50)))
    expect(attacker.fields(1)).toMatchObject({ ':status': '431', 'grpc-status': '8' })
    attacker.send(attacker.headers(3), frame(DATA, END_STREAM, 3, message([5])))
    expect(attacker.data(3)).toEqual(message([5]))
  })

  it('many small ones end their connection, unless they take their time', () => {
    most = { streams: 1_100 }
    const small = bomb(50)
    const next = (i: number) => [frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, small)]
    expect(flood(100, next)).toBe(100)
    world.clock.advance(5_001)
    expect(flood(100, i => next(100 + i))).toBe(100)
    expect(attacker.goaway).toBeUndefined()
    flood(10, i => next(200 + i))
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM too many frames: OVERSIZE')
  })

  it('header lists of 16 KiB pass, larger ones do not', () => {
    const padding = (bytes: number): HeaderPair[] => [...requestHeaders, ['x-padding', 'p'.repeat(bytes)]]
    attacker.send(attacker.headers(1, { pairs: padding(15_500) }), frame(DATA, END_STREAM, 1, message([5])))
    expect(attacker.fields(1)['grpc-status']).toBe('0')
    const block = attacker.block(padding(17_000))
    attacker.send(
      frame(HEADERS, END_STREAM, 3, block.subarray(0, 9_000)),
      frame(CONTINUATION, END_HEADERS, 3, block.subarray(9_000)),
    )
    expect(attacker.fields(3)).toMatchObject({ ':status': '431', 'grpc-message': 'header list larger than the limit' })
  })

  it('an integer overrun', () => {
    attacker.send(frame(HEADERS, END_HEADERS, 1, [0x7f, ...new Array(200).fill(0xff)]))
    expect(attacker.goaway).toBe('COMPRESSION_ERROR HPACK: integer too large')
  })
})

describe('clients that wait', () => {
  it('no preface, no acknowledgement of SETTINGS', () => {
    const silent = world.connect()
    const half = world.connect().send(CLIENT_PREFACE.subarray(0, 20))
    const late = world.connect().send(CLIENT_PREFACE, frame(SETTINGS, 0, 0))
    expect(world.server.connections).toBe(5)
    world.clock.advance(5_000)
    settle(world.clock)
    expect([silent.closed, half.closed, late.closed]).toEqual([true, true, false])
    world.clock.advance(5_000)
    settle(world.clock)
    expect(late.goaway).toBe('SETTINGS_TIMEOUT SETTINGS not acknowledged in time')
    expect(world.server.connections).toBe(2)
  })

  it('unary calls whose message never comes; streams may stay silent', () => {
    attacker.send(
      attacker.headers(1),
      attacker.headers(3),
      frame(DATA, 0, 3, [0, 0]),
      attacker.headers(5, { pairs: to('Chat') }),
    )
    world.clock.advance(20_000)
    attacker.send(attacker.headers(7))
    world.clock.advance(11_000)
    settle(world.clock)
    expect(attacker.resetOf(7)).toBeUndefined()
    expect([attacker.resetOf(1), attacker.resetOf(3), attacker.resetOf(5)]).toEqual(['CANCEL', 'CANCEL', undefined])
    world.clock.advance(30_000)
    settle(world.clock)
    expect(attacker.resetOf(7)).toBe('CANCEL')
    attacker.send(frame(DATA, END_STREAM, 5, message([1])))
    expect(attacker.data(5)).toEqual(message([1]))
  })

  it('a peer that does not close after our GOAWAY is dropped', () => {
    attacker.send(frame(PING, 0, 1, new Uint8Array(8)))
    const pair = pipePair(world.clock)
    world.server.accept(pair.server)
    pair.client.start({ data() {}, drain() {}, end() {}, close() {} })
    pair.client.write(concat(CLIENT_PREFACE, frame(PING, 0, 1, new Uint8Array(8))))
    settle(world.clock)
    expect(pair.server.destroyed).toBe(false)
    world.clock.advance(1_000)
    expect(pair.server.destroyed).toBe(true)
  })
})

describe('memory', () => {
  it('a prefix that promises 4 GiB', () => {
    attacker.send(attacker.headers(1), frame(DATA, 0, 1, [0, 255, 255, 255, 255, 1]))
    expect(attacker.fields(1)).toMatchObject({
      'grpc-status': '8',
      'grpc-message': 'grpc: received message larger than max (4294967295 vs. 4194304)',
    })
  })

  it('many unfinished messages: the call that goes too far fails', () => {
    begin({ limits: { maxPartialBytes: 100_000 } })
    const part = concat([0, 0, 63, 0, 0], new Uint8Array(10_000))
    for (let i = 0; i < 20; i++) attacker.send(attacker.headers(2 * i + 1), frame(DATA, 0, 2 * i + 1, part))
    const failed = Array.from({ length: 20 }, (_, i) => attacker.fields(2 * i + 1)['grpc-status']).filter(
      one => one === '8',
    )
    expect(failed.length).toBe(11)
    for (let i = 0; i < 9; i++) attacker.send(frame(RST_STREAM, 0, 2 * i + 1, word(8)))
    attacker.send(attacker.headers(101), frame(DATA, 0, 101, part))
    expect(attacker.fields(101)['grpc-status']).toBeUndefined()
  })

  it('answers to pings of a peer that does not read', () => {
    begin({
      pingPolicy: { minIntervalMs: 0, permitWithoutStreams: true },
      http2Limits: { maxQueuedOutputBytes: 70_000, floodIntervalMs: 0 },
    })
    const pair = pipePair(world.clock)
    world.server.accept(pair.server)
    pair.server.stuck = true
    pair.client.start({ data() {}, drain() {}, end() {}, close() {} })
    pair.client.write(concat(CLIENT_PREFACE, frame(SETTINGS, 0, 0), frame(SETTINGS, ACK, 0)))
    const pings = concat(...Array.from({ length: 100 }, () => frame(PING, 0, 0, new Uint8Array(8))))
    for (let i = 0; i < 1_000; i++) {
      pair.client.write(pings)
      settle(world.clock)
      measure()
    }
    expect(pair.server.paused).toBe(true)
    expect(pair.server.queuedBytes).toBeLessThan(80_000)
    world.clock.advance(120_000)
    expect(pair.server.destroyed).toBe(true)
  })

  it('a client that shuts its windows and asks for more and more', () => {
    begin({ http2Limits: { maxQueuedOutputBytes: 1_000_000 } })
    most = { streams: 2_001, outputBytes: 1_101_000 }
    attacker.send(frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 0)))
    for (let i = 0; i < 2_000; i++) {
      const id = 2 * i + 1
      attacker.send(attacker.headers(id, { pairs: to('Big') }), frame(DATA, END_STREAM, id, message(word(100_000))))
    }
    expect(attacker.of(HEADERS).length).toBe(10)
  })

  it('toggling INITIAL_WINDOW_SIZE over many streams stays cheap', () => {
    most = { streams: 5_001 }
    for (let i = 0; i < 5_000; i++) attacker.send(attacker.headers(2 * i + 1, { pairs: to('Wait') }))
    const toggles = Array.from({ length: 2_700 }, (_, i) =>
      setting(SettingId.INITIAL_WINDOW_SIZE, i % 2 === 0 ? 0 : 1_000),
    )
    const startMs = performance.now()
    for (let i = 0; i < 20; i++) attacker.send(frame(SETTINGS, 0, 0, toggles.flat()))
    expect(performance.now() - startMs).toBeLessThan(2_000)
    expect(attacker.goaway).toBeUndefined()
  })

  it('a closed window of a client with a full queue: the connection ends after a minute', () => {
    begin({ http2Limits: { maxQueuedOutputBytes: 1_000_000 } })
    most = { outputBytes: 1_101_000 }
    attacker.send(frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 0)))
    for (let i = 0; i < 50; i++) {
      const id = 2 * i + 1
      attacker.send(attacker.headers(id, { pairs: to('Big') }), frame(DATA, END_STREAM, id, message(word(100_000))))
    }
    world.clock.advance(130_000)
    settle(world.clock)
    expect(attacker.goaway).toBe('ENHANCE_YOUR_CALM the peer keeps its windows shut')
  })
})
