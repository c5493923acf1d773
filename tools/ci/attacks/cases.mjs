// @ts-check
// The attacks: each a program that keeps at it until it is told to stop. What is sent is in the name; what comes back is the
// server's business.
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { workspaceRoot } from '../../run/command.mjs'
import {
  block,
  Connection,
  call,
  Flag,
  frame,
  greeting,
  headers,
  message,
  prefaceBytes,
  requestPairs,
  setting,
  Type,
  word,
} from './http2.mjs'

/**
 * @typedef {object} Place
 * @property {number} port plain
 * @property {number} tlsPort
 * @property {() => boolean} goOn
 * @property {(end: string) => void} ended what became of a connection of the attacker
 * @property {(connections: number) => void} opened
 */

/** @typedef {(place: Place) => Promise<void>} Attack */

const RANGE = '/etcdserverpb.KV/Range'
const WATCH = '/etcdserverpb.Watch/Watch'
const TXN = '/etcdserverpb.KV/Txn'
const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } = Type
const { END_STREAM, END_HEADERS, ACK, PADDED } = Flag

/** Connections that a flood keeps busy at once; a new one for each that is sent away. */
const WIDTH = 4
/** Frames per write. */
const PORTION = 50
/** Asks for every key there is. */
const everything = Buffer.from([0x0a, 1, 0, 0x12, 1, 0])

/**
 * Connections one after another, a few at once: `make` gives what to send next, forever.
 * @param {() => (n: number) => readonly Uint8Array[]} make per connection
 * @returns {Attack}
 */
function flood(make) {
  const one = async (/** @type {Place} */ place) => {
    while (place.goOn()) {
      const connection = new Connection(place.port)
      place.opened(1)
      const next = make()
      await connection.send(greeting)
      for (let n = 0; place.goOn() && !connection.closed; ) {
        const parts = []
        for (const end = n + PORTION; n < end; n++) parts.push(...next(n))
        await connection.send(...parts)
        await new Promise(resolve => setImmediate(resolve))
      }
      place.ended(connection.lastWord)
      connection.end()
    }
  }
  return async place => {
    await Promise.all(Array.from({ length: WIDTH }, () => one(place)))
  }
}

/**
 * So many connections that say something once and then wait.
 * @param {number} count
 * @param {(socket: import('node:net').Socket, n: number) => void} begin
 * @param {(socket: import('node:net').Socket, n: number) => void} [drip] called every half second
 * @param {'port' | 'tlsPort'} [where]
 * @returns {Attack}
 */
function crowd(count, begin, drip, where = 'port') {
  return async place => {
    /** @type {Set<import('node:net').Socket>} */
    const open = new Set()
    const join = (/** @type {number} */ n) => {
      const socket = connect({ host: '127.0.0.1', port: place[where] })
      open.add(socket)
      place.opened(1)
      let word = ''
      socket.on('error', error => {
        word = error.message
      })
      socket.on('close', () => {
        open.delete(socket)
        if (place.goOn()) place.ended(word || 'closed')
      })
      socket.on('data', () => {})
      begin(socket, n)
    }
    for (let n = 0; n < count; n++) {
      join(n)
      if (n % 50 === 49) await new Promise(resolve => setImmediate(resolve))
    }
    for (let tick = 0; place.goOn(); tick++) {
      await sleep(500)
      if (drip !== undefined) for (const socket of open) drip(socket, tick)
    }
    for (const socket of open) socket.destroy()
  }
}

const range = (/** @type {number} */ id) => call(id, RANGE, Buffer.from([0x0a, 1, 0x61]))
const open = (/** @type {number} */ id, path = RANGE) => headers(id, requestPairs(path))
const oddId = (/** @type {number} */ n) => 2 * n + 1

/** A transaction within a transaction, so many times. */
function nestedTxn(/** @type {number} */ depth) {
  let bytes = Buffer.alloc(0)
  const field = (/** @type {number} */ tag, /** @type {Buffer} */ body) => {
    const length = []
    let rest = body.length
    for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128)
    return Buffer.concat([Buffer.from([tag, ...length, rest]), body])
  }
  // success (2) is a RequestOp, whose request_txn is 4.
  for (let i = 0; i < depth; i++) bytes = field(0x12, field(0x22, bytes))
  return bytes
}

/** Inputs that the fuzzer kept, as they would go over the wire. */
const corpus = readFileSync(join(workspaceRoot, 'tools/fuzz/corpus/frames.txt'), 'latin1')
  .split('\n')
  .filter(line => line !== '')
  .map(line => Buffer.from(line, 'base64').subarray(2))

const deep = nestedTxn(2_000)
const deepTxn = (/** @type {number} */ id) => call(id, TXN, deep)
const bomb = Buffer.concat([
  block(requestPairs(RANGE)),
  Buffer.from([0x40, 1, 0x78, 0x7f, 0xc9, 0x16]),
  Buffer.alloc(3_000, 0x79),
  Buffer.alloc(12_000, 0xbe),
])
const gzipBomb = message(gzipSync(Buffer.alloc(1_500_000)), 1)
const half = Buffer.concat([Buffer.from([0, 0, 15, 0, 0]), Buffer.alloc(16_000)])
const hello = Buffer.from('1603010200010001fc0303', 'hex')

/**
 * Name, attack, and what it may cost in MiB of resident memory while it goes on, if that is more than usual: the limits of the server
 * are above it.
 * @type {readonly (readonly [name: string, attack: Attack, mostMib?: number])[]}
 */
export const attacks = [
  ['rapid reset', flood(() => n => [open(oddId(n)), frame(RST_STREAM, 0, oddId(n), word(8))])],
  ['rapid reset of whole calls', flood(() => n => [range(oddId(n)), frame(RST_STREAM, 0, oddId(n), word(8))])],
  ['rapid reset by faults', flood(() => n => [open(oddId(n)), frame(WINDOW_UPDATE, 0, oddId(n), word(0))])],
  ['malformed requests', flood(() => n => [headers(oddId(n), [[':method', 'POST']])])],
  [
    'smuggled headers',
    flood(() => n => [headers(oddId(n), [...requestPairs(RANGE), ['transfer-encoding', 'chunked']])]),
  ],
  [
    'CONTINUATION, empty',
    flood(() => n => (n === 0 ? [frame(HEADERS, 0, 1, Buffer.from([0x83]))] : [frame(CONTINUATION, 0, 1)])),
  ],
  [
    'CONTINUATION, full',
    flood(
      () => n =>
        n === 0
          ? [frame(HEADERS, 0, 1, Buffer.alloc(16_000, 0x82))]
          : [frame(CONTINUATION, 0, 1, Buffer.alloc(16_000, 0x82))],
    ),
  ],
  ['SETTINGS', flood(() => () => [frame(SETTINGS, 0, 0, setting(1, 100))])],
  [
    'SETTINGS that move all windows',
    flood(
      () => n =>
        n < 2_000
          ? [open(oddId(n), WATCH)]
          : [
              frame(
                SETTINGS,
                0,
                0,
                Buffer.concat(Array.from({ length: 2_000 }, (_, i) => setting(4, i % 2 === 0 ? 0 : 1_000))),
              ),
            ],
    ),
  ],
  ['PING', flood(() => () => [frame(PING, 0, 0, Buffer.alloc(8))])],
  ['acknowledgements of PING', flood(() => () => [frame(PING, ACK, 0, Buffer.alloc(8))])],
  ['PRIORITY', flood(() => n => [frame(PRIORITY, 0, oddId(n % 1_000), Buffer.alloc(5))])],
  ['WINDOW_UPDATE', flood(() => () => [frame(WINDOW_UPDATE, 0, 0, word(1))])],
  ['GOAWAY', flood(() => () => [frame(GOAWAY, 0, 0, Buffer.alloc(8))])],
  ['unknown frames', flood(() => () => [frame(0x42, 0, 0, Buffer.alloc(100))])],
  ['RST_STREAM on what is over', flood(() => n => [n === 0 ? range(1) : frame(RST_STREAM, 0, 1, word(8))])],
  ['empty DATA', flood(() => n => [n === 0 ? open(1) : frame(DATA, 0, 1)])],
  [
    'padding and nothing else',
    flood(() => n => [
      n === 0 ? open(1) : frame(DATA, PADDED, 1, Buffer.concat([Buffer.from([255]), Buffer.alloc(255)])),
    ]),
  ],
  ['frames that are too large', flood(() => () => [frame(DATA, 0, 1, Buffer.alloc(20_000))])],
  ['HPACK bomb', flood(() => n => [frame(HEADERS, END_HEADERS | END_STREAM, oddId(n), bomb)]), 150],
  [
    'HPACK integer overrun',
    flood(() => () => [frame(HEADERS, END_HEADERS, 1, Buffer.concat([Buffer.from([0x7f]), Buffer.alloc(200, 0xff)]))]),
  ],
  [
    'HPACK table churn',
    flood(() => n => [
      frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        oddId(n),
        Buffer.concat([
          block(requestPairs(RANGE)),
          Buffer.from([0x40, 1, 0x78, 0x7f, 0xc9, 0x16]),
          Buffer.alloc(3_016 - 8, 0x79),
          Buffer.from(String(10_000_000 + n)),
        ]),
      ),
    ]),
  ],
  [
    'messages that promise 4 GiB',
    flood(() => n => [open(oddId(n)), frame(DATA, 0, oddId(n), Buffer.from([0, 255, 255, 255, 255, 1]))]),
    150,
  ],
  [
    'gzip bombs',
    flood(() => n => [
      headers(oddId(n), [...requestPairs(RANGE), ['grpc-encoding', 'gzip']]),
      frame(DATA, END_STREAM, oddId(n), gzipBomb),
    ]),
  ],
  ['half messages', flood(() => n => [open(oddId(n)), frame(DATA, 0, oddId(n), half)]), 300],
  ['transactions 2 000 levels deep', flood(() => n => [deepTxn(oddId(n))])],
  ['streams without end', flood(() => n => [open(oddId(n), WATCH)]), 200],
  [
    'random bytes',
    flood(() => n => [Buffer.from(Array.from({ length: 64 }, (_, i) => Math.imul(n * 64 + i + 1, 0x9e3779b1) >>> 24))]),
  ],
  ['what the fuzzer kept', flood(() => n => [corpus[n % corpus.length] ?? Buffer.alloc(0)])],
  [
    'windows of nothing over large answers',
    flood(
      () => n =>
        n === 0 ? [frame(SETTINGS, 0, 0, setting(4, 0))] : n < 200 ? [call(oddId(n), RANGE, everything)] : [],
    ),
    250,
  ],
  [
    'windows that open byte by byte',
    flood(
      () => n =>
        n === 0
          ? [frame(SETTINGS, 0, 0, setting(4, 1)), call(1, RANGE, everything)]
          : [frame(WINDOW_UPDATE, 0, 1, word(1))],
    ),
  ],
  [
    'readers that do not read',
    crowd(20, socket => {
      socket.pause()
      socket.write(
        Buffer.concat([
          greeting,
          frame(WINDOW_UPDATE, 0, 0, word(0x7000_0000)),
          frame(SETTINGS, 0, 0, setting(4, 0x7000_0000)),
        ]),
      )
      for (let n = 0; n < 50; n++) socket.write(call(oddId(n), RANGE, everything))
    }),
    400,
  ],
  ['silence', crowd(1_000, () => {})],
  ['half a preface', crowd(500, socket => socket.write(greeting.subarray(0, prefaceBytes - 4)))],
  [
    'headers, byte by byte',
    crowd(
      200,
      socket => socket.write(Buffer.concat([greeting, frame(HEADERS, 0, 1, Buffer.from([0x83]))])),
      socket => socket.write(frame(CONTINUATION, 0, 1, Buffer.from([0x86]))),
    ),
  ],
  [
    'a message, byte by byte',
    crowd(
      200,
      socket => socket.write(Buffer.concat([greeting, open(1)])),
      socket => socket.write(frame(DATA, 0, 1, Buffer.from([0]))),
    ),
  ],
  [
    'pings too often',
    crowd(
      100,
      socket => socket.write(greeting),
      socket => socket.write(frame(PING, 0, 0, Buffer.alloc(8))),
    ),
  ],
  [
    'HTTP/1.1 headers, byte by byte',
    crowd(
      500,
      socket => socket.write('GET /health HTTP/1.1\r\nHost: a\r\nX-'),
      socket => socket.write('a'),
    ),
  ],
  [
    'HTTP/1.1 headers without end',
    crowd(
      20,
      socket => socket.write('GET /health HTTP/1.1\r\nHost: a\r\n'),
      socket => socket.write(`X-A: ${'a'.repeat(60_000)}\r\n`),
    ),
  ],
  [
    'HTTP/1.1 body without end',
    crowd(
      20,
      socket => socket.write('POST /v3/kv/range HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'),
      socket => socket.write(`10000\r\n${'a'.repeat(65_536)}\r\n`),
    ),
  ],
  [
    'HTTP/1.1 smuggling',
    crowd(50, socket =>
      socket.write(
        'POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\n',
      ),
    ),
  ],
  ['half a hello of TLS', crowd(1_000, socket => socket.write(hello), undefined, 'tlsPort')],
  ['plain text to TLS', crowd(500, socket => socket.write('GET / HTTP/1.1\r\n\r\n'), undefined, 'tlsPort')],
]
