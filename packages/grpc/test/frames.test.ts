import { VirtualClock } from '@kvs/testing'
import { describe, expect, it } from 'vitest'
import { CLIENT_PREFACE, FrameFlag, FrameType, type HeaderPair, SettingId } from '../src/http2/index.ts'
import { concat, frame, message, type RawPeer, requestHeaders, setting, word } from './raw-peer.ts'
import { testServer } from './test-server.ts'

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } =
  FrameType
const { END_STREAM, END_HEADERS, ACK, PADDED } = FrameFlag
const echo = message([1, 2, 3])

/** A connection after the greeting, and one echo call to prove that it works. */
function greeted(...settings: readonly (readonly [number, number])[]): RawPeer {
  return testServer(new VirtualClock())
    .connect()
    .greet(...settings)
}

function alive(peer: RawPeer, streamId = 1001): void {
  peer.send(peer.headers(streamId), frame(DATA, END_STREAM, streamId, echo))
  expect(peer.data(streamId)).toEqual(echo)
  expect(peer.fields(streamId)['grpc-status']).toBe('0')
}

describe('connection errors', () => {
  type Case = [string, string, (peer: RawPeer) => readonly Uint8Array[]]
  const cases: Case[] = [
    ['DATA on stream 0', 'PROTOCOL_ERROR', () => [frame(DATA, 0, 0, [1])]],
    ['DATA on an idle stream', 'PROTOCOL_ERROR', () => [frame(DATA, 0, 1, [1])]],
    ['DATA on a stream of ours', 'PROTOCOL_ERROR', () => [frame(DATA, 0, 2, [1])]],
    ['DATA padded beyond its end', 'PROTOCOL_ERROR', peer => [peer.headers(1), frame(DATA, PADDED, 1, [4, 0, 0])]],
    ['padded DATA without a length', 'PROTOCOL_ERROR', peer => [peer.headers(1), frame(DATA, PADDED, 1, [])]],
    ['HEADERS on stream 0', 'PROTOCOL_ERROR', peer => [peer.headers(0)]],
    ['HEADERS on an even stream', 'PROTOCOL_ERROR', peer => [peer.headers(2)]],
    ['HEADERS padded beyond the end', 'PROTOCOL_ERROR', () => [frame(HEADERS, PADDED | END_HEADERS, 1, [9, 0x82])]],
    ['a stream id below one used', 'PROTOCOL_ERROR', peer => [peer.headers(5), peer.headers(3)]],
    ['a block that HPACK refuses', 'COMPRESSION_ERROR', () => [frame(HEADERS, END_HEADERS, 1, [0x80])]],
    ['RST_STREAM on stream 0', 'PROTOCOL_ERROR', () => [frame(RST_STREAM, 0, 0, word(8))]],
    ['RST_STREAM on an idle stream', 'PROTOCOL_ERROR', () => [frame(RST_STREAM, 0, 1, word(8))]],
    ['RST_STREAM of 3 bytes', 'FRAME_SIZE_ERROR', peer => [peer.headers(1), frame(RST_STREAM, 0, 1, [0, 0, 8])]],
    ['SETTINGS on a stream', 'PROTOCOL_ERROR', () => [frame(SETTINGS, 0, 1)]],
    ['SETTINGS of 5 bytes', 'FRAME_SIZE_ERROR', () => [frame(SETTINGS, 0, 0, [0, 1, 0, 0, 0])]],
    ['an acknowledgement with a payload', 'FRAME_SIZE_ERROR', () => [frame(SETTINGS, ACK, 0, setting(1, 0))]],
    ['ENABLE_PUSH 2', 'PROTOCOL_ERROR', () => [frame(SETTINGS, 0, 0, setting(2, 2))]],
    ['INITIAL_WINDOW_SIZE 2^31', 'FLOW_CONTROL_ERROR', () => [frame(SETTINGS, 0, 0, setting(4, 0x8000_0000))]],
    ['MAX_FRAME_SIZE 16383', 'PROTOCOL_ERROR', () => [frame(SETTINGS, 0, 0, setting(5, 16_383))]],
    ['MAX_FRAME_SIZE 2^24', 'PROTOCOL_ERROR', () => [frame(SETTINGS, 0, 0, setting(5, 0x100_0000))]],
    ['PUSH_PROMISE of a client', 'PROTOCOL_ERROR', () => [frame(PUSH_PROMISE, END_HEADERS, 1, [0, 0, 0, 2])]],
    ['PING on a stream', 'PROTOCOL_ERROR', () => [frame(PING, 0, 1, new Uint8Array(8))]],
    ['PING of 7 bytes', 'FRAME_SIZE_ERROR', () => [frame(PING, 0, 0, new Uint8Array(7))]],
    ['GOAWAY on a stream', 'PROTOCOL_ERROR', () => [frame(GOAWAY, 0, 1, new Uint8Array(8))]],
    ['GOAWAY of 7 bytes', 'FRAME_SIZE_ERROR', () => [frame(GOAWAY, 0, 0, new Uint8Array(7))]],
    ['WINDOW_UPDATE of 0', 'PROTOCOL_ERROR', () => [frame(WINDOW_UPDATE, 0, 0, word(0))]],
    ['WINDOW_UPDATE of 3 bytes', 'FRAME_SIZE_ERROR', () => [frame(WINDOW_UPDATE, 0, 0, [0, 0, 1])]],
    ['WINDOW_UPDATE on an idle stream', 'PROTOCOL_ERROR', () => [frame(WINDOW_UPDATE, 0, 7, word(1))]],
    ['a connection window beyond 2^31-1', 'FLOW_CONTROL_ERROR', () => [frame(WINDOW_UPDATE, 0, 0, word(0x7fff_ffff))]],
    ['PRIORITY on stream 0', 'PROTOCOL_ERROR', () => [frame(PRIORITY, 0, 0, new Uint8Array(5))]],
    ['CONTINUATION out of nowhere', 'PROTOCOL_ERROR', () => [frame(CONTINUATION, END_HEADERS, 1, [0x82])]],
    [
      'another frame inside a header block',
      'PROTOCOL_ERROR',
      () => [frame(HEADERS, 0, 1, [0x83]), frame(PING, 0, 0, new Uint8Array(8))],
    ],
    [
      'CONTINUATION of another stream',
      'PROTOCOL_ERROR',
      () => [frame(HEADERS, 0, 1, [0x83]), frame(CONTINUATION, END_HEADERS, 3, [0x86])],
    ],
    ['a frame larger than we allow', 'FRAME_SIZE_ERROR', () => [frame(DATA, 0, 1, new Uint8Array(16_385))]],
    [
      'HEADERS on a stream that ended',
      'STREAM_CLOSED',
      peer => [peer.headers(1), frame(DATA, END_STREAM, 1, echo), peer.headers(1)],
    ],
  ]
  it.each(cases)('%s: %s', (_name, code, bytes) => {
    const peer = greeted()
    peer.send(...bytes(peer))
    expect(peer.goaway).toMatch(new RegExp(`^${code} `))
    expect(peer.closed).toBe(true)
  })

  it('bytes that are no preface', () => {
    const peer = testServer(new VirtualClock()).connect().send(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    expect(peer.goaway).toBe('PROTOCOL_ERROR not an HTTP/2 client preface')
  })

  it('a first frame that is not SETTINGS', () => {
    const peer = testServer(new VirtualClock())
      .connect()
      .send(CLIENT_PREFACE, frame(PING, 0, 0, new Uint8Array(8)))
    expect(peer.goaway).toBe('PROTOCOL_ERROR the first frame is not SETTINGS')
  })
})

describe('stream errors leave the connection alone', () => {
  const without = (name: string): HeaderPair[] => requestHeaders.filter(([key]) => key !== name)
  const malformed: [string, HeaderPair[]][] = [
    ['no :method', without(':method')],
    ['no :scheme', without(':scheme')],
    ['no :path', without(':path')],
    ['an empty :path', [...without(':path'), [':path', '']]],
    ['a pseudo field twice', [[':method', 'POST'], ...requestHeaders]],
    ['an unknown pseudo field', [[':status', '200'], ...requestHeaders]],
    ['a pseudo field after others', [...requestHeaders.slice(1), [':method', 'POST']]],
    ['an upper-case name', [...requestHeaders, ['X-Upper', '1']]],
    ['an empty name', [...requestHeaders, ['', '1']]],
    ['a line break in a value', [...requestHeaders, ['x', 'a\r\nb: c']]],
    ['connection', [...requestHeaders, ['connection', 'close']]],
    ['transfer-encoding', [...requestHeaders, ['transfer-encoding', 'chunked']]],
    ['te with another value', [...without('te'), ['te', 'gzip']]],
    ['content-length that is no number', [...requestHeaders, ['content-length', 'x']]],
    ['host twice', [...requestHeaders, ['host', 'h'], ['host', 'h']]],
    ['a host that is not its :authority', [...without(':authority'), [':authority', 'a'], ['host', 'b']]],
    ['two content-lengths', [...requestHeaders, ['content-length', '1'], ['content-length', '2']]],
  ]
  it.each(malformed)('a request with %s', (_name, pairs) => {
    const peer = greeted()
    peer.send(peer.headers(1, { pairs }))
    expect(peer.resetOf(1)).toBe('PROTOCOL_ERROR')
    alive(peer)
  })

  it('DATA after END_STREAM', () => {
    const peer = greeted()
    const wait = peer.headers(1, {
      pairs: requestHeaders.map(pair => (pair[0] === ':path' ? [':path', '/test.Test/Wait'] : pair)),
    })
    peer.send(wait, frame(DATA, END_STREAM, 1, echo), frame(DATA, 0, 1, echo))
    expect(peer.resetOf(1)).toBe('STREAM_CLOSED')
    alive(peer)
  })

  it('trailers without END_STREAM', () => {
    const peer = greeted()
    peer.send(peer.headers(1), peer.headers(1, { pairs: [['x', 'y']] }))
    expect(peer.resetOf(1)).toBe('PROTOCOL_ERROR')
    alive(peer)
  })

  it('a stream window beyond 2^31-1, a window update of 0', () => {
    const peer = greeted()
    peer.send(peer.headers(1), frame(WINDOW_UPDATE, 0, 1, word(0x7fff_ffff)))
    expect(peer.resetOf(1)).toBe('FLOW_CONTROL_ERROR')
    peer.send(peer.headers(3), frame(WINDOW_UPDATE, 0, 3, word(0)))
    expect(peer.resetOf(3)).toBe('PROTOCOL_ERROR')
    alive(peer)
  })

  it('PRIORITY of a wrong length', () => {
    const peer = greeted()
    peer.send(peer.headers(1), frame(PRIORITY, 0, 1, [0, 0, 0, 0]))
    expect(peer.resetOf(1)).toBe('FRAME_SIZE_ERROR')
    alive(peer)
  })

  it('a body that is longer or shorter than content-length', () => {
    const peer = greeted()
    const pairs: HeaderPair[] = [...requestHeaders, ['content-length', '8']]
    peer.send(peer.headers(1, { pairs }), frame(DATA, 0, 1, concat(echo, [0])))
    expect(peer.resetOf(1)).toBe('PROTOCOL_ERROR')
    peer.send(peer.headers(3, { pairs }), frame(DATA, END_STREAM, 3, echo.subarray(0, 7)))
    expect(peer.resetOf(3)).toBe('PROTOCOL_ERROR')
    peer.send(peer.headers(5, { pairs }), frame(DATA, END_STREAM, 5, echo))
    expect(peer.fields(5)['grpc-status']).toBe('0')
  })

  it('a stream above the limit is refused and can be repeated', () => {
    const clock = new VirtualClock()
    const peer = testServer(clock, { http2Limits: { maxConcurrentStreams: 2 } })
      .connect()
      .greet()
    peer.send(peer.headers(1), peer.headers(3), peer.headers(5))
    expect(peer.resetOf(5)).toBe('REFUSED_STREAM')
    peer.send(frame(DATA, END_STREAM, 1, echo))
    alive(peer)
  })
})

describe('what must be tolerated', () => {
  it('padding, priority fields, unknown frames, unknown settings, reserved bits and flags', () => {
    const peer = greeted([0xf0, 7])
    const block = peer.block(requestHeaders)
    const padded = concat([3], new Uint8Array(5), block, [0, 0, 0])
    peer.send(
      frame(0xfa, 0xff, 0x7fff_ffff, [1, 2, 3]),
      frame(PRIORITY, 0, 9, new Uint8Array(5)),
      frame(HEADERS, END_HEADERS | PADDED | FrameFlag.PRIORITY | 0x40, 0x8000_0001, padded),
      frame(DATA, PADDED, 1, concat([2], echo.subarray(0, 4), [0, 0])),
      frame(DATA, PADDED | END_STREAM, 1, concat([0], echo.subarray(4))),
    )
    expect(peer.data(1)).toEqual(echo)
    expect(peer.goaway).toBeUndefined()
  })

  it('a header block in many CONTINUATION frames, some of them empty', () => {
    const peer = greeted()
    const block = peer.block(requestHeaders)
    const cut = (from: number, to: number): Uint8Array => block.subarray(from, to)
    peer.send(
      frame(HEADERS, 0, 1, cut(0, 1)),
      frame(CONTINUATION, 0, 1),
      frame(CONTINUATION, 0, 1, cut(1, 20)),
      frame(CONTINUATION, END_HEADERS, 1, cut(20, block.length)),
      frame(DATA, END_STREAM, 1, echo),
    )
    expect(peer.data(1)).toEqual(echo)
  })

  it('frames that were on their way when we reset the stream', () => {
    const peer = greeted()
    peer.send(peer.headers(1), frame(WINDOW_UPDATE, 0, 1, word(0)))
    const resets = peer.of(RST_STREAM).length
    peer.send(
      frame(DATA, 0, 1, echo),
      frame(WINDOW_UPDATE, 0, 1, word(5)),
      frame(RST_STREAM, 0, 1, word(8)),
      peer.headers(1, { end: true, pairs: [['late', 'trailer']] }),
    )
    expect(peer.of(RST_STREAM).length).toBe(resets)
    alive(peer)
  })

  it('request trailers', () => {
    const peer = greeted()
    peer.send(peer.headers(1), frame(DATA, 0, 1, echo), peer.headers(1, { end: true, pairs: [['x', 'y']] }))
    expect(peer.fields(1)['grpc-status']).toBe('0')
    alive(peer)
  })

  it('answers PING and SETTINGS', () => {
    const peer = greeted()
    peer.send(
      frame(PING, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]),
      frame(SETTINGS, 0, 0, setting(SettingId.MAX_FRAME_SIZE, 20_000)),
    )
    expect(peer.of(PING)).toMatchObject([{ flags: ACK, payload: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }])
    expect(peer.of(SETTINGS).filter(got => got.flags === ACK).length).toBe(2)
    alive(peer)
  })

  it('tells the client to stop when it was answered before it had ended', () => {
    const peer = greeted()
    peer.send(peer.headers(1), frame(DATA, 0, 1, echo))
    expect(peer.fields(1)['grpc-status']).toBe('0')
    expect(peer.resetOf(1)).toBe('NO_ERROR')
    peer.send(peer.headers(3), frame(DATA, 0, 3, echo), frame(DATA, END_STREAM, 3))
    expect(peer.resetOf(3)).toBeUndefined()
    alive(peer)
  })
})

describe('the peer’s SETTINGS', () => {
  it.each([0, 50, 4_096, 65_536])('HEADER_TABLE_SIZE %i', size => {
    const peer = greeted([SettingId.HEADER_TABLE_SIZE, size])
    for (let id = 1; id < 12; id += 2) {
      peer.send(peer.headers(id), frame(DATA, END_STREAM, id, echo))
      expect(peer.fields(id)).toMatchObject({
        ':status': '200',
        'content-type': 'application/grpc',
        'grpc-status': '0',
      })
    }
    const last = peer.of(HEADERS, 11).map(got => got.payload.length)
    if (size >= 4_096) expect(last).toEqual([2, 1])
    if (size === 0) expect(last[0]).toBeGreaterThan(2)
  })

  it('a small table and back again within one turn', () => {
    const peer = greeted([SettingId.HEADER_TABLE_SIZE, 0], [SettingId.HEADER_TABLE_SIZE, 4_096])
    alive(peer, 1)
    alive(peer, 3)
    alive(peer, 5)
  })

  it('MAX_FRAME_SIZE bounds DATA and header blocks', () => {
    const big: HeaderPair[] = requestHeaders.map(pair => (pair[0] === ':path' ? [':path', '/test.Test/Big'] : pair))
    for (const size of [16_384, 20_000]) {
      const peer = greeted([SettingId.MAX_FRAME_SIZE, size], [SettingId.INITIAL_WINDOW_SIZE, 1_000_000])
      peer.send(frame(WINDOW_UPDATE, 0, 0, word(1_000_000)))
      peer.send(peer.headers(1, { pairs: big }), frame(DATA, END_STREAM, 1, message(word(100_000))))
      expect(peer.data(1).length).toBe(100_005)
      expect(Math.max(...peer.of(DATA, 1).map(got => got.payload.length))).toBeLessThanOrEqual(size)
    }
  })
})
