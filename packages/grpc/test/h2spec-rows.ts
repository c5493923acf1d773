/**
 * The rules of HTTP/2 and HPACK as a table: section, what a client sends after the greeting, what it gets. The cases are those
 * of h2spec, against sections of RFC 9113 and RFC 7541; `generic` is what must simply work.
 */
import { FrameFlag, FrameType, type HeaderPair, SettingId } from '../src/http2/index.ts'
import { concat, frame, type RawPeer, setting, word } from './raw-peer.ts'

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } =
  FrameType
const { END_STREAM, END_HEADERS, ACK, PADDED } = FrameFlag

/**
 * `goaway X`: the connection ends with this error. `reset X`: stream 1 does, the connection lives. `200 BODY`: the answer on stream 1.
 * `body BODY`: its beginning. `pong`: the PING of `eight` is answered. `nothing`: no answer, the connection lives.
 */
export type Row = readonly [
  section: string,
  what: string,
  send: (peer: RawPeer) => readonly Uint8Array[],
  answer: string,
]

const get: readonly HeaderPair[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'test'],
]
const post: readonly HeaderPair[] = [[':method', 'POST'], ...get.slice(1)]
export const eight: Uint8Array = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const having = (name: string, ...values: string[]): HeaderPair[] =>
  get.flatMap(pair => (pair[0] === name ? values.map((value): HeaderPair => [name, value]) : [pair]))

/** A whole request without a body. */
const request = (peer: RawPeer, pairs = get): Uint8Array => peer.headers(1, { end: true, pairs })
/** A request whose body is still to come. */
const open = (peer: RawPeer, pairs = post): Uint8Array => peer.headers(1, { pairs })
/** A HEADERS frame around a block given byte by byte, behind a good request's. */
const block = (peer: RawPeer, bytes: ArrayLike<number>, flags = END_HEADERS | END_STREAM): Uint8Array =>
  frame(HEADERS, flags, 1, concat(peer.block(get), bytes))
/** A request that is never answered: its stream stays half closed (remote). */
const waiting = (peer: RawPeer): Uint8Array => peer.headers(1, { end: true, pairs: having(':path', '/wait') })
/** A request that is answered at once and over. */
const done = request
/** A request that the client gives up. */
const givenUp = (peer: RawPeer): readonly Uint8Array[] => [open(peer), frame(RST_STREAM, 0, 1, word(8))]

const generic: readonly Row[] = [
  ['generic 1', 'the preface', () => [], 'nothing'],
  [
    'generic 2',
    'PRIORITY on an idle stream',
    peer => [frame(PRIORITY, 0, 1, [0, 0, 0, 0, 255]), request(peer)],
    '200 GET',
  ],
  [
    'generic 2',
    'WINDOW_UPDATE on a half-closed stream',
    peer => [waiting(peer), frame(WINDOW_UPDATE, 0, 1, word(100))],
    'nothing',
  ],
  [
    'generic 2',
    'PRIORITY on a half-closed stream',
    peer => [waiting(peer), frame(PRIORITY, 0, 1, new Uint8Array(5))],
    'nothing',
  ],
  [
    'generic 2',
    'RST_STREAM on a half-closed stream',
    peer => [waiting(peer), frame(RST_STREAM, 0, 1, word(8))],
    'nothing',
  ],
  [
    'generic 2',
    'PRIORITY on a closed stream',
    peer => [done(peer), frame(PRIORITY, 0, 1, new Uint8Array(5))],
    '200 GET',
  ],
  ['generic 3.1', 'DATA', peer => [open(peer), frame(DATA, END_STREAM, 1, [97])], '200 POSTa'],
  [
    'generic 3.1',
    'DATA in several frames',
    peer => [open(peer), frame(DATA, 0, 1, [97]), frame(DATA, END_STREAM, 1, [98])],
    '200 POSTab',
  ],
  [
    'generic 3.1',
    'DATA with padding',
    peer => [open(peer), frame(DATA, END_STREAM | PADDED, 1, [2, 97, 0, 0])],
    '200 POSTa',
  ],
  ['generic 3.2', 'HEADERS', peer => [request(peer)], '200 GET'],
  [
    'generic 3.2',
    'HEADERS with padding',
    peer => [frame(HEADERS, END_HEADERS | END_STREAM | PADDED, 1, concat([3], peer.block(get), [0, 0, 0]))],
    '200 GET',
  ],
  [
    'generic 3.2',
    'HEADERS with a priority',
    peer => [
      frame(HEADERS, END_HEADERS | END_STREAM | FrameFlag.PRIORITY, 1, concat([0, 0, 0, 0, 255], peer.block(get))),
    ],
    '200 GET',
  ],
  [
    'generic 3.3',
    'PRIORITY with weight 1 and 256, exclusive, on an unknown stream',
    peer =>
      [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 255],
        [0x80, 0, 0, 0, 10],
        [0, 0, 0, 99, 1],
      ]
        .map(payload => frame(PRIORITY, 0, 3, payload))
        .concat(request(peer)),
    '200 GET',
  ],
  ['generic 3.4', 'RST_STREAM', peer => givenUp(peer), 'nothing'],
  [
    'generic 3.5',
    'SETTINGS',
    peer => [frame(SETTINGS, 0, 0, setting(SettingId.MAX_CONCURRENT_STREAMS, 100)), request(peer)],
    '200 GET',
  ],
  ['generic 3.7', 'PING', () => [frame(PING, 0, 0, eight)], 'pong'],
  ['generic 3.8', 'GOAWAY', peer => [frame(GOAWAY, 0, 0, new Uint8Array(8)), request(peer)], '200 GET'],
  [
    'generic 3.9',
    'WINDOW_UPDATE on the connection',
    peer => [frame(WINDOW_UPDATE, 0, 0, word(1)), request(peer)],
    '200 GET',
  ],
  [
    'generic 3.9',
    'WINDOW_UPDATE on a stream',
    peer => [open(peer), frame(WINDOW_UPDATE, 0, 1, word(1)), frame(DATA, END_STREAM, 1)],
    '200 POST',
  ],
  ['generic 3.10', 'CONTINUATION', peer => split(peer, 1), '200 GET'],
  ['generic 3.10', 'several CONTINUATION', peer => split(peer, 3), '200 GET'],
  ['generic 4', 'GET', peer => [request(peer)], '200 GET'],
  ['generic 4', 'HEAD', peer => [request(peer, having(':method', 'HEAD'))], '200 HEAD'],
  ['generic 4', 'POST', peer => [open(peer), frame(DATA, END_STREAM, 1, [97])], '200 POSTa'],
  [
    'generic 4',
    'POST with trailers',
    peer => [open(peer), frame(DATA, 0, 1, [97]), peer.headers(1, { end: true, pairs: [['x-trailer', 'y']] })],
    '200 POSTa',
  ],
]

/** The request's block in a HEADERS frame and so many CONTINUATION. */
function split(peer: RawPeer, pieces: number): readonly Uint8Array[] {
  const bytes = peer.block(get)
  const frames = [frame(HEADERS, END_STREAM, 1, bytes.subarray(0, 1))]
  for (let i = 0; i < pieces; i++) {
    const last = i === pieces - 1
    frames.push(frame(CONTINUATION, last ? END_HEADERS : 0, 1, bytes.subarray(1 + i, last ? bytes.length : 2 + i)))
  }
  return frames
}

const hpackGeneric: readonly Row[] = [
  ['RFC 7541 6.1', 'an indexed field', peer => [block(peer, [0x90])], '200 GET'],
  ['RFC 7541 6.2.1', 'a literal, inserted, name by index', peer => [block(peer, [0x7a, 1, 97])], '200 GET'],
  ['RFC 7541 6.2.1', 'a literal, inserted, new name', peer => [block(peer, [0x40, 1, 120, 1, 97])], '200 GET'],
  ['RFC 7541 6.2.1', 'the same in Huffman code', peer => [block(peer, [0x40, 0x81, 0xf3, 0x81, 0x1f])], '200 GET'],
  ['RFC 7541 6.2.2', 'a literal, not inserted, name by index', peer => [block(peer, [0x0f, 0x2b, 1, 97])], '200 GET'],
  ['RFC 7541 6.2.2', 'a literal, not inserted, new name', peer => [block(peer, [0x00, 1, 120, 1, 97])], '200 GET'],
  ['RFC 7541 6.2.3', 'a literal, never indexed, name by index', peer => [block(peer, [0x1f, 0x2b, 1, 97])], '200 GET'],
  ['RFC 7541 6.2.3', 'a literal, never indexed, new name', peer => [block(peer, [0x10, 1, 120, 1, 97])], '200 GET'],
  [
    'RFC 7541 6.3',
    'a table size update',
    peer => [frame(HEADERS, END_HEADERS | END_STREAM, 1, concat([0x20], peer.block(get)))],
    '200 GET',
  ],
  [
    'RFC 7541 6.3',
    'two table size updates',
    peer => [frame(HEADERS, END_HEADERS | END_STREAM, 1, concat([0x20, 0x3f, 0xe1, 0x1f], peer.block(get)))],
    '200 GET',
  ],
]

const connectionRows: readonly Row[] = [
  ['4.1', 'a frame of an unknown type', peer => [frame(0x16, 0, 0, eight), request(peer)], '200 GET'],
  ['4.1', 'unknown flags', () => [frame(PING, 0xfe, 0, eight)], 'pong'],
  ['4.1', 'the reserved bit', () => [frame(PING, 0, 0x8000_0000, eight)], 'pong'],
  [
    '4.2',
    'DATA of 2^14 bytes',
    peer => [open(peer), frame(DATA, END_STREAM, 1, new Uint8Array(16_384).fill(97))],
    `200 POST${'a'.repeat(16_384)}`,
  ],
  [
    '4.2',
    'DATA larger than SETTINGS_MAX_FRAME_SIZE',
    peer => [open(peer), frame(DATA, END_STREAM, 1, new Uint8Array(16_385))],
    'goaway FRAME_SIZE_ERROR',
  ],
  [
    '4.2',
    'HEADERS larger than SETTINGS_MAX_FRAME_SIZE',
    () => [frame(HEADERS, END_HEADERS, 1, new Uint8Array(16_385).fill(0x82))],
    'goaway FRAME_SIZE_ERROR',
  ],
  [
    '4.3',
    'a header block that is none',
    () => [frame(HEADERS, END_HEADERS, 1, [0x00, 0x85, 0xf2, 0xb2, 0x4a, 0x84, 0xff, 0x84, 0x49, 0x50, 0x9f])],
    'goaway COMPRESSION_ERROR',
  ],
  [
    '4.3',
    'PRIORITY inside a header block',
    peer => [split(peer, 1)[0]!, frame(PRIORITY, 0, 1, new Uint8Array(5))],
    'goaway PROTOCOL_ERROR',
  ],
  [
    '4.3',
    'HEADERS of another stream inside a header block',
    peer => [split(peer, 1)[0]!, peer.headers(3)],
    'goaway PROTOCOL_ERROR',
  ],
  ['5.1', 'idle: DATA', () => [frame(DATA, END_STREAM, 1, [97])], 'goaway PROTOCOL_ERROR'],
  ['5.1', 'idle: RST_STREAM', () => [frame(RST_STREAM, 0, 1, word(8))], 'goaway PROTOCOL_ERROR'],
  ['5.1', 'idle: WINDOW_UPDATE', () => [frame(WINDOW_UPDATE, 0, 1, word(100))], 'goaway PROTOCOL_ERROR'],
  [
    '5.1',
    'idle: CONTINUATION',
    peer => [frame(CONTINUATION, END_HEADERS, 1, peer.block(get))],
    'goaway PROTOCOL_ERROR',
  ],
  [
    '5.1',
    'half-closed (remote): DATA',
    peer => [waiting(peer), frame(DATA, END_STREAM, 1, [97])],
    'reset STREAM_CLOSED',
  ],
  ['5.1', 'half-closed (remote): HEADERS', peer => [waiting(peer), request(peer)], 'reset STREAM_CLOSED'],
  [
    '5.1',
    'half-closed (remote): CONTINUATION',
    peer => [waiting(peer), frame(CONTINUATION, END_HEADERS, 1, peer.block(get))],
    'goaway PROTOCOL_ERROR',
  ],
  [
    '5.1',
    'closed by RST_STREAM: DATA',
    peer => [...givenUp(peer), frame(DATA, END_STREAM, 1, [97])],
    'reset STREAM_CLOSED',
  ],
  ['5.1', 'closed by RST_STREAM: HEADERS', peer => [...givenUp(peer), request(peer)], 'goaway STREAM_CLOSED'],
  [
    '5.1',
    'closed by RST_STREAM: CONTINUATION',
    peer => [...givenUp(peer), frame(CONTINUATION, END_HEADERS, 1, peer.block(get))],
    'goaway PROTOCOL_ERROR',
  ],
  ['5.1', 'closed: DATA', peer => [done(peer), frame(DATA, END_STREAM, 1, [97])], 'reset STREAM_CLOSED'],
  ['5.1', 'closed: HEADERS', peer => [done(peer), request(peer)], 'goaway STREAM_CLOSED'],
  [
    '5.1',
    'closed: CONTINUATION',
    peer => [done(peer), frame(CONTINUATION, END_HEADERS, 1, peer.block(get))],
    'goaway PROTOCOL_ERROR',
  ],
  ['5.1.1', 'an even stream id', peer => [peer.headers(2, { end: true })], 'goaway PROTOCOL_ERROR'],
  [
    '5.1.1',
    'a stream id below one in use',
    peer => [peer.headers(5, { end: true }), peer.headers(3, { end: true })],
    'goaway PROTOCOL_ERROR',
  ],
  [
    '5.1.2',
    'more streams than SETTINGS_MAX_CONCURRENT_STREAMS',
    peer => [
      ...[3, 5, 7].map(id => peer.headers(id)),
      peer.headers(9),
      frame(RST_STREAM, 0, 3, word(8)),
      frame(PING, 0, 0, eight),
    ],
    'refused 9',
  ],
  [
    '5.3.2',
    'HEADERS that depend on themselves: priorities are ignored',
    peer => [
      frame(HEADERS, END_HEADERS | END_STREAM | FrameFlag.PRIORITY, 1, concat([0, 0, 0, 1, 255], peer.block(get))),
    ],
    '200 GET',
  ],
  [
    '5.3.2',
    'PRIORITY that depends on itself: priorities are ignored',
    peer => [frame(PRIORITY, 0, 1, [0, 0, 0, 1, 255]), request(peer)],
    '200 GET',
  ],
  [
    '5.4.1',
    'a broken PING: GOAWAY, then the end of the connection',
    () => [frame(PING, 0, 0, new Uint8Array(6))],
    'goaway FRAME_SIZE_ERROR',
  ],
  ['5.5', 'an unknown frame', peer => [frame(0xff, 0, 1, eight), request(peer)], '200 GET'],
  [
    '5.5',
    'an unknown frame inside a header block',
    peer => [split(peer, 1)[0]!, frame(0xff, 0, 0, eight), split(peer, 1)[1]!],
    'goaway PROTOCOL_ERROR',
  ],
]

const frameRows: readonly Row[] = [
  ['6.1', 'DATA on stream 0', () => [frame(DATA, END_STREAM, 0, [97])], 'goaway PROTOCOL_ERROR'],
  ['6.1', 'DATA on a stream that is not open', peer => [waiting(peer), frame(DATA, 0, 1, [97])], 'reset STREAM_CLOSED'],
  [
    '6.1',
    'DATA with padding longer than the frame',
    peer => [open(peer), frame(DATA, PADDED | END_STREAM, 1, [5, 97, 97])],
    'goaway PROTOCOL_ERROR',
  ],
  [
    '6.2',
    'HEADERS on stream 0',
    peer => [frame(HEADERS, END_HEADERS | END_STREAM, 0, peer.block(get))],
    'goaway PROTOCOL_ERROR',
  ],
  [
    '6.2',
    'HEADERS with padding longer than the frame',
    peer => [frame(HEADERS, END_HEADERS | END_STREAM | PADDED, 1, concat([255], peer.block(get)))],
    'goaway PROTOCOL_ERROR',
  ],
  [
    '6.2',
    'PRIORITY after HEADERS without END_HEADERS',
    peer => [split(peer, 1)[0]!, frame(PRIORITY, 0, 1, new Uint8Array(5))],
    'goaway PROTOCOL_ERROR',
  ],
  ['6.3', 'PRIORITY on stream 0', () => [frame(PRIORITY, 0, 0, new Uint8Array(5))], 'goaway PROTOCOL_ERROR'],
  [
    '6.3',
    'PRIORITY of 4 bytes',
    peer => [open(peer), frame(PRIORITY, 0, 1, new Uint8Array(4))],
    'reset FRAME_SIZE_ERROR',
  ],
  ['6.4', 'RST_STREAM on stream 0', () => [frame(RST_STREAM, 0, 0, word(8))], 'goaway PROTOCOL_ERROR'],
  ['6.4', 'RST_STREAM on an idle stream', () => [frame(RST_STREAM, 0, 1, word(8))], 'goaway PROTOCOL_ERROR'],
  ['6.4', 'RST_STREAM of 3 bytes', peer => [open(peer), frame(RST_STREAM, 0, 1, [0, 0, 0])], 'goaway FRAME_SIZE_ERROR'],
  [
    '6.5',
    'an acknowledgement of SETTINGS with a payload',
    () => [frame(SETTINGS, ACK, 0, setting(1, 0))],
    'goaway FRAME_SIZE_ERROR',
  ],
  ['6.5', 'SETTINGS on a stream', () => [frame(SETTINGS, 0, 1, setting(3, 100))], 'goaway PROTOCOL_ERROR'],
  ['6.5', 'SETTINGS of 3 bytes', () => [frame(SETTINGS, 0, 0, [0, 3, 0])], 'goaway FRAME_SIZE_ERROR'],
  ['6.5.2', 'ENABLE_PUSH of 2', () => [frame(SETTINGS, 0, 0, setting(2, 2))], 'goaway PROTOCOL_ERROR'],
  [
    '6.5.2',
    'INITIAL_WINDOW_SIZE of 2^31',
    () => [frame(SETTINGS, 0, 0, setting(4, 0x8000_0000))],
    'goaway FLOW_CONTROL_ERROR',
  ],
  ['6.5.2', 'MAX_FRAME_SIZE below 2^14', () => [frame(SETTINGS, 0, 0, setting(5, 16_383))], 'goaway PROTOCOL_ERROR'],
  [
    '6.5.2',
    'MAX_FRAME_SIZE above 2^24 - 1',
    () => [frame(SETTINGS, 0, 0, setting(5, 0x100_0000))],
    'goaway PROTOCOL_ERROR',
  ],
  ['6.5.2', 'an unknown setting', peer => [frame(SETTINGS, 0, 0, setting(0xff, 0)), request(peer)], '200 GET'],
  [
    '6.5.3',
    'INITIAL_WINDOW_SIZE twice in one frame: the last counts',
    peer => [frame(SETTINGS, 0, 0, [...setting(4, 100), ...setting(4, 1)]), request(peer)],
    'body G',
  ],
  ['6.5.3', 'SETTINGS are acknowledged', () => [frame(SETTINGS, 0, 0, setting(3, 1))], 'settings acknowledged'],
  [
    '6.6',
    'PUSH_PROMISE of a client',
    peer => [open(peer), frame(PUSH_PROMISE, END_HEADERS, 1, concat(word(3), peer.block(get)))],
    'goaway PROTOCOL_ERROR',
  ],
  ['6.7', 'PING', () => [frame(PING, 0, 0, eight)], 'pong'],
  ['6.7', 'an acknowledgement of PING', () => [frame(PING, ACK, 0, eight)], 'nothing'],
  ['6.7', 'PING on a stream', () => [frame(PING, 0, 1, eight)], 'goaway PROTOCOL_ERROR'],
  ['6.7', 'PING of 6 bytes', () => [frame(PING, 0, 0, new Uint8Array(6))], 'goaway FRAME_SIZE_ERROR'],
  ['6.8', 'GOAWAY on a stream', () => [frame(GOAWAY, 0, 1, new Uint8Array(8))], 'goaway PROTOCOL_ERROR'],
  ['6.9', 'WINDOW_UPDATE of 0', () => [frame(WINDOW_UPDATE, 0, 0, word(0))], 'goaway PROTOCOL_ERROR'],
  [
    '6.9',
    'WINDOW_UPDATE of 0 on a stream',
    peer => [open(peer), frame(WINDOW_UPDATE, 0, 1, word(0))],
    'reset PROTOCOL_ERROR',
  ],
  ['6.9', 'WINDOW_UPDATE of 3 bytes', () => [frame(WINDOW_UPDATE, 0, 0, [0, 0, 1])], 'goaway FRAME_SIZE_ERROR'],
  ['6.9.1', 'a window of 1 byte', peer => [frame(SETTINGS, 0, 0, setting(4, 1)), request(peer)], 'body G'],
  [
    '6.9.1',
    'a connection window beyond 2^31 - 1',
    () => [0x7fff_ffff, 0x7fff_ffff].map(more => frame(WINDOW_UPDATE, 0, 0, word(more))),
    'goaway FLOW_CONTROL_ERROR',
  ],
  [
    '6.9.1',
    'a stream window beyond 2^31 - 1',
    peer => [open(peer), frame(WINDOW_UPDATE, 0, 1, word(0x7fff_ffff))],
    'reset FLOW_CONTROL_ERROR',
  ],
  [
    '6.9.2',
    'INITIAL_WINDOW_SIZE changed after HEADERS',
    peer => [frame(SETTINGS, 0, 0, setting(4, 0)), request(peer), frame(SETTINGS, 0, 0, setting(4, 1))],
    'body G',
  ],
  [
    '6.9.2',
    'a window that became negative',
    peer => [
      frame(SETTINGS, 0, 0, setting(4, 2)),
      request(peer),
      frame(SETTINGS, 0, 0, setting(4, 0)),
      frame(WINDOW_UPDATE, 0, 1, word(2)),
      frame(WINDOW_UPDATE, 0, 1, word(1)),
    ],
    'body GET',
  ],
  [
    '6.9.2',
    'INITIAL_WINDOW_SIZE that makes an open window too large',
    peer => [open(peer), frame(WINDOW_UPDATE, 0, 1, word(0x7fff_0000)), frame(SETTINGS, 0, 0, setting(4, 0x7fff_ffff))],
    'goaway FLOW_CONTROL_ERROR',
  ],
  ['6.10', 'several CONTINUATION', peer => split(peer, 5), '200 GET'],
  [
    '6.10',
    'DATA after CONTINUATION without END_HEADERS',
    peer => [...split(peer, 3).slice(0, 2), frame(DATA, END_STREAM, 1, [97])],
    'goaway PROTOCOL_ERROR',
  ],
  [
    '6.10',
    'CONTINUATION on stream 0',
    peer => [split(peer, 1)[0]!, frame(CONTINUATION, END_HEADERS, 0, [0x82])],
    'goaway PROTOCOL_ERROR',
  ],
  [
    '6.10',
    'CONTINUATION after HEADERS with END_HEADERS',
    peer => [open(peer), frame(CONTINUATION, END_HEADERS, 1, peer.block(get))],
    'goaway PROTOCOL_ERROR',
  ],
  [
    '6.10',
    'CONTINUATION after CONTINUATION with END_HEADERS',
    peer => [...split(peer, 2), frame(CONTINUATION, END_HEADERS, 1, [0x82])],
    'goaway PROTOCOL_ERROR',
  ],
  [
    '6.10',
    'CONTINUATION after DATA',
    peer => [open(peer), frame(DATA, 0, 1, [97]), frame(CONTINUATION, END_HEADERS, 1, [0x82])],
    'goaway PROTOCOL_ERROR',
  ],
  [
    '7',
    'GOAWAY with an unknown code',
    () => [frame(GOAWAY, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0xff]), frame(PING, 0, 0, eight)],
    'pong',
  ],
  [
    '7',
    'RST_STREAM with an unknown code',
    peer => [open(peer), frame(RST_STREAM, 0, 1, word(0xff)), frame(PING, 0, 0, eight)],
    'pong',
  ],
]

const malformed = 'reset PROTOCOL_ERROR'
const messageRows: readonly Row[] = [
  ['8.1', 'a second HEADERS without END_STREAM', peer => [open(peer), open(peer, [['x', 'y']])], malformed],
  ['8.2.1', 'an upper-case field name', peer => [request(peer, [...get, ['X-TEST', 'ok']])], malformed],
  ['8.3', 'an unknown pseudo field', peer => [request(peer, [[':test', 'ok'], ...get])], malformed],
  [
    '8.3',
    'a pseudo field of responses',
    peer => [request(peer, [...get.slice(0, 1), [':status', '200'], ...get.slice(1)])],
    malformed,
  ],
  [
    '8.3',
    'a pseudo field in trailers',
    peer => [open(peer), frame(DATA, 0, 1, [97]), peer.headers(1, { end: true, pairs: [[':method', 'GET']] })],
    malformed,
  ],
  ['8.3', 'a pseudo field after others', peer => [request(peer, [['x', 'y'], ...get])], malformed],
  ['8.2.2', 'a field about the connection', peer => [request(peer, [...get, ['connection', 'keep-alive']])], malformed],
  ['8.2.2', 'te with anything but trailers', peer => [request(peer, [...get, ['te', 'trailers, deflate']])], malformed],
  ['8.3.1', 'an empty :path', peer => [request(peer, having(':path', ''))], malformed],
  ['8.3.1', 'no :method', peer => [request(peer, having(':method'))], malformed],
  ['8.3.1', 'no :scheme', peer => [request(peer, having(':scheme'))], malformed],
  ['8.3.1', 'no :path', peer => [request(peer, having(':path'))], malformed],
  ['8.3.1', ':method twice', peer => [request(peer, having(':method', 'GET', 'GET'))], malformed],
  ['8.3.1', ':scheme twice', peer => [request(peer, having(':scheme', 'http', 'http'))], malformed],
  ['8.3.1', ':path twice', peer => [request(peer, having(':path', '/', '/'))], malformed],
  [
    '8.1.1',
    'content-length that is not the length of DATA',
    peer => [open(peer, [...post, ['content-length', '1']]), frame(DATA, END_STREAM, 1, [97, 98])],
    malformed,
  ],
  [
    '8.1.1',
    'content-length that is not the sum of several DATA',
    peer => [open(peer, [...post, ['content-length', '3']]), frame(DATA, 0, 1, [97]), frame(DATA, END_STREAM, 1, [98])],
    malformed,
  ],
  [
    '8.4',
    'PUSH_PROMISE',
    peer => [frame(PUSH_PROMISE, END_HEADERS, 1, concat(word(2), peer.block(get)))],
    'goaway PROTOCOL_ERROR',
  ],
]

const hpackRows: readonly Row[] = [
  ['RFC 7541 2.3.3', 'an index beyond both tables', peer => [block(peer, [0xff, 0x80])], 'goaway COMPRESSION_ERROR'],
  [
    'RFC 7541 2.3.3',
    'a literal whose name has an index beyond both tables',
    peer => [block(peer, [0x7f, 0x80, 1, 97])],
    'goaway COMPRESSION_ERROR',
  ],
  [
    'RFC 7541 4.2',
    'a table size update at the end of a block',
    peer => [block(peer, [0x21])],
    'goaway COMPRESSION_ERROR',
  ],
  [
    'RFC 7541 5.2',
    'Huffman padding longer than 7 bits',
    peer => [block(peer, [0x00, 0x85, 0xf2, 0xb2, 0x4a, 0x84, 0xff, 0x84, 0x49, 0x50, 0x9f, 0xff])],
    'goaway COMPRESSION_ERROR',
  ],
  [
    'RFC 7541 5.2',
    'Huffman padding of zeros',
    peer => [block(peer, [0x00, 0x85, 0xf2, 0xb2, 0x4a, 0x84, 0xff, 0x83, 0x49, 0x50, 0x90])],
    'goaway COMPRESSION_ERROR',
  ],
  [
    'RFC 7541 5.2',
    'the Huffman code of the end',
    peer => [block(peer, [0x00, 0x85, 0xf2, 0xb2, 0x4a, 0x84, 0xff, 0x87, 0x49, 0x51, 0xff, 0xff, 0xff, 0xfa, 0x7f])],
    'goaway COMPRESSION_ERROR',
  ],
  ['RFC 7541 6.1', 'index 0', peer => [block(peer, [0x80])], 'goaway COMPRESSION_ERROR'],
  [
    'RFC 7541 6.3',
    'a table size update above the limit',
    peer => [frame(HEADERS, END_HEADERS | END_STREAM, 1, concat([0x3f, 0xe2, 0x1f], peer.block(get)))],
    'goaway COMPRESSION_ERROR',
  ],
]

export const groups: Readonly<Record<string, readonly Row[]>> = {
  generic,
  'generic HPACK': hpackGeneric,
  'RFC 9113 4 and 5': connectionRows,
  'RFC 9113 6 and 7': frameRows,
  'RFC 9113 8': messageRows,
  'RFC 7541': hpackRows,
}
