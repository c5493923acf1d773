import { VirtualClock } from '@kvs/testing'
import { describe, expect, it } from 'vitest'
import { FrameFlag, FrameType, type HeaderPair, SettingId } from '../src/http2/index.ts'
import { createGrpcChannel, createGrpcServer, type StreamCall } from '../src/index.ts'
import { pipePair, settle } from './pair.ts'
import { frame, message, RawPeer, requestHeaders, setting, word } from './raw-peer.ts'
import { testServer } from './test-server.ts'

const { DATA, HEADERS, RST_STREAM, SETTINGS, WINDOW_UPDATE } = FrameType
const { END_STREAM } = FrameFlag

function to(method: string): readonly HeaderPair[] {
  return requestHeaders.map(pair => (pair[0] === ':path' ? [':path', `/test.Test/${method}`] : pair))
}

/** Asks for an answer of `length` bytes. */
function askBig(peer: RawPeer, streamId: number, length: number): void {
  peer.send(peer.headers(streamId, { pairs: to('Big') }), frame(DATA, END_STREAM, streamId, message(word(length))))
}

describe('towards the peer', () => {
  it('never sends more than the stream window, then goes on byte by byte', () => {
    const peer = testServer(new VirtualClock()).connect().greet([SettingId.INITIAL_WINDOW_SIZE, 10])
    askBig(peer, 1, 30)
    expect(peer.data(1).length).toBe(10)
    for (let more = 1; more <= 25; more++) {
      expect(peer.of(HEADERS, 1).length).toBe(1)
      peer.send(frame(WINDOW_UPDATE, 0, 1, word(1)))
      expect(peer.data(1).length).toBe(10 + more)
    }
    expect(peer.fields(1)['grpc-status']).toBe('0')
    expect(peer.data(1)).toEqual(message(new Uint8Array(30).fill(7)))
  })

  it('a window of 0 holds everything but headers; an empty message needs five bytes', () => {
    const peer = testServer(new VirtualClock()).connect().greet([SettingId.INITIAL_WINDOW_SIZE, 0])
    askBig(peer, 1, 0)
    expect(peer.of(HEADERS, 1).length).toBe(1)
    expect(peer.of(DATA, 1).length).toBe(0)
    peer.send(frame(WINDOW_UPDATE, 0, 1, word(5)))
    expect(peer.data(1)).toEqual(message([]))
    expect(peer.fields(1)['grpc-status']).toBe('0')
  })

  it('a queued answer to a client that has not ended its side tells it to stop when it has left', () => {
    const peer = testServer(new VirtualClock()).connect().greet([SettingId.INITIAL_WINDOW_SIZE, 0])
    peer.send(peer.headers(1, { pairs: to('Big') }), frame(DATA, 0, 1, message(word(10))))
    expect(peer.resetOf(1)).toBeUndefined()
    peer.send(frame(WINDOW_UPDATE, 0, 1, word(100)))
    expect([peer.fields(1)['grpc-status'], peer.resetOf(1)]).toEqual(['0', 'NO_ERROR'])
  })

  it('a failed call needs no window', () => {
    const peer = testServer(new VirtualClock()).connect().greet([SettingId.INITIAL_WINDOW_SIZE, 0])
    peer.send(peer.headers(1, { pairs: to('Fail') }), frame(DATA, END_STREAM, 1, message([])))
    expect(peer.fields(1)).toMatchObject({
      ':status': '200',
      'grpc-status': '5',
      'grpc-message': 'etcdserver: nichts da: 100 %25 %E2%80%94 %C3%B1',
    })
  })

  it('SETTINGS move open windows, also below zero', () => {
    const peer = testServer(new VirtualClock()).connect().greet([SettingId.INITIAL_WINDOW_SIZE, 100])
    askBig(peer, 1, 500)
    expect(peer.data(1).length).toBe(100)
    peer.send(frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 20)))
    peer.send(frame(WINDOW_UPDATE, 0, 1, word(80)))
    expect(peer.data(1).length).toBe(100)
    peer.send(frame(WINDOW_UPDATE, 0, 1, word(1)))
    expect(peer.data(1).length).toBe(101)
    peer.send(frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 1_000)))
    expect(peer.data(1).length).toBe(505)
    askBig(peer, 3, 2_000)
    expect(peer.data(3).length).toBe(1_000)
  })

  it('streams share the connection window in turns', () => {
    const peer = testServer(new VirtualClock()).connect().greet([SettingId.INITIAL_WINDOW_SIZE, 1_000_000])
    askBig(peer, 1, 200_000)
    askBig(peer, 3, 200_000)
    askBig(peer, 5, 200_000)
    expect(peer.data(1).length + peer.data(3).length + peer.data(5).length).toBe(65_535)
    peer.send(frame(WINDOW_UPDATE, 0, 0, word(300_000)))
    const got = [1, 3, 5].map(id => peer.data(id).length)
    expect(got.reduce((sum, one) => sum + one)).toBe(365_535)
    expect(Math.max(...got.slice(1)) - Math.min(...got.slice(1))).toBeLessThanOrEqual(16_384)
    peer.send(frame(WINDOW_UPDATE, 0, 0, word(1_000_000)))
    for (const id of [1, 3, 5]) expect(Buffer.compare(peer.data(id), message(new Uint8Array(200_000).fill(7)))).toBe(0)
  })

  it('a small answer is not stuck behind a large one that waits for its window', () => {
    const peer = testServer(new VirtualClock()).connect().greet()
    peer.send(frame(WINDOW_UPDATE, 0, 0, word(10_000_000)))
    askBig(peer, 1, 1_000_000)
    expect(peer.data(1).length).toBe(65_535)
    askBig(peer, 3, 10)
    expect(peer.fields(3)['grpc-status']).toBe('0')
  })

  it('a reset stream gives up its queue and the others go on', () => {
    const peer = testServer(new VirtualClock()).connect().greet([SettingId.INITIAL_WINDOW_SIZE, 1_000_000])
    askBig(peer, 1, 200_000)
    askBig(peer, 3, 100_000)
    peer.send(frame(RST_STREAM, 0, 1, word(8)))
    const before = peer.data(1).length
    peer.send(frame(WINDOW_UPDATE, 0, 0, word(1_000_000)))
    expect(peer.data(1).length).toBe(before)
    expect(peer.data(3).length).toBe(100_005)
  })

  it('a pipe that does not take bytes holds answers and requests back; nothing is lost', () => {
    const clock = new VirtualClock()
    const world = testServer(clock, { http2Limits: { maxQueuedOutputBytes: 100_000 } })
    const pair = pipePair(clock)
    world.server.accept(pair.server)
    const peer = new RawPeer(pair.client, clock).greet([SettingId.INITIAL_WINDOW_SIZE, 10_000_000])
    peer.send(frame(WINDOW_UPDATE, 0, 0, word(10_000_000)))
    pair.server.stuck = true
    for (let id = 1; id < 4_000; id += 2) askBig(peer, id, 1_000)
    expect(pair.server.queuedBytes).toBeLessThan(400_000)
    pair.server.unstick()
    settle(clock)
    for (let id = 1; id < 4_000; id += 2) expect([id, peer.data(id).length]).toEqual([id, 1_005])
    expect(pair.server.queuedBytes).toBe(0)
  })

  it('requests wait while their client has too much to read, without errors', () => {
    const clock = new VirtualClock()
    const peer = testServer(clock, { http2Limits: { maxQueuedOutputBytes: 50_000 } })
      .connect()
      .greet([SettingId.INITIAL_WINDOW_SIZE, 0])
    for (let id = 1; id < 40; id += 2) askBig(peer, id, 20_000)
    expect(peer.of(HEADERS).length).toBe(3)
    for (let id = 1; id < 40; id += 2) peer.send(frame(WINDOW_UPDATE, 0, id, word(30_000)))
    for (let i = 0; i < 20; i++) peer.send(frame(WINDOW_UPDATE, 0, 0, word(30_000)))
    for (let id = 1; id < 40; id += 2) expect([id, peer.data(id).length]).toEqual([id, 20_005])
  })

  it('the queues of streams that are reset no longer count, nor do the requests that waited', () => {
    const http2Limits = { maxQueuedOutputBytes: 50_000, maxHeldBytes: 20, connectionWindowBytes: 65_535 }
    const peer = testServer(new VirtualClock(), { http2Limits }).connect().greet([SettingId.INITIAL_WINDOW_SIZE, 0])
    for (let id = 1; id < 40; id += 2) askBig(peer, id, 20_000)
    expect(peer.of(HEADERS).length).toBe(3)
    for (let id = 1; id < 40; id += 2) peer.send(frame(RST_STREAM, 0, id, word(8)))
    peer.send(
      frame(SETTINGS, 0, 0, setting(SettingId.INITIAL_WINDOW_SIZE, 1_000_000)),
      frame(WINDOW_UPDATE, 0, 0, word(1_000_000)),
    )
    askBig(peer, 101, 10)
    expect(peer.fields(101)['grpc-status']).toBe('0')
    for (let id = 103; id < 143; id += 2) {
      peer.send(peer.headers(id), frame(DATA, END_STREAM, id, message(new Uint8Array(16_000))))
      expect(peer.data(id).length).toBe(16_005)
    }
  })

  it('a peer that takes nothing for a minute is dropped, a slow one is not', () => {
    const clock = new VirtualClock()
    const world = testServer(clock)
    const pair = pipePair(clock)
    world.server.accept(pair.server)
    const peer = new RawPeer(pair.client, clock).greet([SettingId.INITIAL_WINDOW_SIZE, 10_000_000])
    peer.send(frame(WINDOW_UPDATE, 0, 0, word(10_000_000)))
    pair.server.stuck = true
    askBig(peer, 1, 2_000_000)
    clock.advance(59_000)
    pair.server.unstick()
    settle(clock)
    pair.server.stuck = true
    askBig(peer, 3, 2_000_000)
    clock.advance(59_000)
    expect(world.server.connections).toBe(1)
    clock.advance(62_000)
    expect(world.server.connections).toBe(0)
    expect(pair.server.destroyed).toBe(true)
  })
})

describe('from the peer', () => {
  it('gives windows back as bytes are taken: 4 MB through windows of 64 KiB', async () => {
    const clock = new VirtualClock()
    const http2Limits = { streamWindowBytes: 65_535, connectionWindowBytes: 65_535 }
    const world = testServer(clock, { http2Limits, limits: { maxReceiveBytes: 5_000_000 } })
    const pair = pipePair(clock)
    world.server.accept(pair.server)
    const channel = createGrpcChannel({
      clock,
      authority: 't',
      dial: () => pair.client,
      http2Limits,
      limits: { maxReceiveBytes: 5_000_000 },
    })
    const connected = channel.connect()
    await Promise.resolve().then(() => {})
    settle(clock)
    await connected
    const request = Uint8Array.from({ length: 4_000_000 }, (_, i) => i * 7)
    let got: Uint8Array | undefined
    channel.unary('/test.Test/Echo', request, {}, (error, body, start, end) => {
      expect(error).toBeUndefined()
      got = body.slice(start, end)
    })
    settle(clock)
    expect(Buffer.compare(got!, request)).toBe(0)
  })

  it('a client takes answers of any size that it allows, several at once', async () => {
    const clock = new VirtualClock()
    const answer = new Uint8Array(80_000_000).fill(7)
    const server = createGrpcServer({
      clock,
      methods: [['/t.T/Big', { kind: 'unary', handle: call => call.replyPieces([answer]) }]],
    })
    const pair = pipePair(clock)
    server.accept(pair.server)
    const limits = { maxReceiveBytes: 2 ** 31 - 1 }
    const channel = createGrpcChannel({ clock, authority: 't', dial: () => pair.client, limits })
    const connected = channel.connect()
    await Promise.resolve().then(() => {})
    settle(clock)
    await connected
    const got: (number | undefined)[] = []
    for (let call = 0; call < 2; call++) {
      channel.unary('/t.T/Big', new Uint8Array(0), {}, (error, _body, start, end) => {
        got.push(error === undefined ? end - start : undefined)
      })
    }
    settle(clock)
    expect(got).toEqual([answer.length, answer.length])
  })

  it('a stream or connection window that is exceeded', () => {
    const limits = { http2Limits: { streamWindowBytes: 1_000, connectionWindowBytes: 65_535 } }
    const stream = testServer(new VirtualClock(), limits).connect().greet()
    stream.send(stream.headers(1), frame(DATA, 0, 1, new Uint8Array(1_001)))
    expect(stream.resetOf(1)).toBe('FLOW_CONTROL_ERROR')
    const whole = testServer(new VirtualClock(), {
      http2Limits: { connectionWindowBytes: 65_535, maxHeldBytes: 0 },
    })
    const peer = whole.connect().greet()
    const body = message(new Uint8Array(80_000))
    peer.send(peer.headers(1, { pairs: to('Wait') }))
    for (let at = 0; at < 64_000; at += 16_000) peer.send(frame(DATA, 0, 1, body.subarray(at, at + 16_000)))
    expect(peer.goaway).toBeUndefined()
    peer.send(frame(DATA, 0, 1, body.subarray(64_000)))
    expect(peer.goaway).toBe('FLOW_CONTROL_ERROR connection window exceeded')
  })

  it('bytes of streams that are over still count and are given back', () => {
    const peer = testServer(new VirtualClock(), { http2Limits: { connectionWindowBytes: 65_535 } })
      .connect()
      .greet()
    let sent = 0
    for (let id = 1; id < 41; id += 2) {
      peer.send(peer.headers(id), frame(WINDOW_UPDATE, 0, id, word(0)), frame(DATA, 0, id, new Uint8Array(16_000)))
      sent += 16_000
    }
    const back = peer.of(WINDOW_UPDATE, 0).reduce((sum, got) => sum + new DataView(got.payload.buffer).getUint32(0), 0)
    expect(peer.goaway).toBeUndefined()
    expect(sent - back).toBeLessThan(65_535 / 2)
  })

  it('padding counts for both windows and is given back', () => {
    const padded = new Uint8Array(201)
    padded[0] = 200
    const http2Limits = { streamWindowBytes: 1_000, connectionWindowBytes: 65_535 }
    const peer = testServer(new VirtualClock(), { http2Limits }).connect().greet()
    for (let id = 1; id <= 661; id += 2) peer.send(peer.headers(id), frame(DATA, FrameFlag.PADDED, id, padded))
    expect([peer.goaway, peer.of(WINDOW_UPDATE, 0).length]).toEqual([undefined, 2])
    peer.send(
      peer.headers(1001, { pairs: to('Chat') }),
      ...new Array(10).fill(frame(DATA, FrameFlag.PADDED, 1001, padded)),
    )
    expect([peer.resetOf(1001), peer.of(WINDOW_UPDATE, 1001).length]).toEqual([undefined, 3])

    const held = testServer(new VirtualClock(), { http2Limits: { connectionWindowBytes: 65_535, maxHeldBytes: 0 } })
    const greedy = held.connect().greet()
    greedy.send(greedy.headers(1, { pairs: to('Chat') }), frame(DATA, 0, 1, [0, 0, 0]))
    greedy.send(...new Array(326).fill(frame(DATA, FrameFlag.PADDED, 1, padded)))
    expect(greedy.goaway).toBeUndefined()
    greedy.send(frame(DATA, FrameFlag.PADDED, 1, padded))
    expect(greedy.goaway).toBe('FLOW_CONTROL_ERROR connection window exceeded')
  })

  it('one paused stream does not stop the others', async () => {
    const clock = new VirtualClock()
    const streams: StreamCall[] = []
    let received = 0
    const server = createGrpcServer({
      clock,
      http2Limits: { streamWindowBytes: 100_000, connectionWindowBytes: 200_000 },
      methods: [
        [
          '/t.T/Up',
          {
            kind: 'stream',
            open(call) {
              streams.push(call)
              return {
                message(_body, start, end) {
                  received += end - start
                },
                halfClose: () => call.finish(),
                drain() {},
                cancel() {},
              }
            },
          },
        ],
      ],
    })
    const pair = pipePair(clock)
    server.accept(pair.server)
    const channel = createGrpcChannel({ clock, authority: 't', dial: () => pair.client })
    const connected = channel.connect()
    await Promise.resolve().then(() => {})
    settle(clock)
    await connected
    const ignore = { message() {}, end() {} }
    const slow = [1, 2, 3].map(() => channel.stream('/t.T/Up', ignore))
    settle(clock)
    for (const stream of streams) stream.pause()
    const block = new Uint8Array(10_000)
    for (const stream of slow) for (let i = 0; i < 50; i++) stream.send(block, 0, block.length)
    const fast = channel.stream('/t.T/Up', ignore)
    for (let i = 0; i < 100; i++) fast.send(block, 0, block.length)
    settle(clock)
    expect(received).toBe(1_000_000)
    for (const stream of streams) stream.resume()
    settle(clock)
    expect(received).toBe(1_000_000 + 3 * 500_000)
  })
})
