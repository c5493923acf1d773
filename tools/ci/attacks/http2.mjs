// @ts-check
// HTTP/2 by hand, as little of it as an attacker and an honest client need.
import { connect } from 'node:net'

export const Type = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
}
export const Flag = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8 }

const errorNames = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
]

/**
 * @param {number} value
 * @returns {Buffer}
 */
export function word(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

/**
 * @param {number} type
 * @param {number} flags
 * @param {number} streamId
 * @param {Uint8Array} [payload]
 * @returns {Buffer}
 */
export function frame(type, flags, streamId, payload = Buffer.alloc(0)) {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId >>> 0, 5)
  return Buffer.concat([head, payload])
}

/**
 * @param {number} id
 * @param {number} value
 * @returns {Buffer}
 */
export const setting = (id, value) => Buffer.concat([Buffer.from([id >> 8, id & 255]), word(value)])

/**
 * A gRPC message.
 * @param {Uint8Array} body
 * @param {number} [flag]
 * @returns {Buffer}
 */
export const message = (body, flag = 0) => Buffer.concat([Buffer.from([flag]), word(body.length), body])

/**
 * @param {string | Uint8Array} text
 * @returns {Buffer} an HPACK string literal
 */
function literal(text) {
  const bytes = Buffer.from(text)
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const length = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128)
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
}

/**
 * A header block that uses no table.
 * @param {readonly (readonly [string, string])[]} pairs
 * @returns {Buffer}
 */
export function block(pairs) {
  return Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]))
}

/**
 * @param {string} path
 * @returns {(readonly [string, string])[]}
 */
export const requestPairs = path => [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', path],
  [':authority', '127.0.0.1'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
]

/**
 * @param {number} streamId
 * @param {readonly (readonly [string, string])[]} pairs
 * @param {boolean} [end]
 * @returns {Buffer}
 */
export const headers = (streamId, pairs, end = false) =>
  frame(Type.HEADERS, Flag.END_HEADERS | (end ? Flag.END_STREAM : 0), streamId, block(pairs))

/**
 * A whole unary call.
 * @param {number} streamId
 * @param {string} path
 * @param {Uint8Array} body
 * @returns {Buffer}
 */
export const call = (streamId, path, body) =>
  Buffer.concat([headers(streamId, requestPairs(path)), frame(Type.DATA, Flag.END_STREAM, streamId, message(body))])

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
export const greeting = Buffer.concat([preface, frame(Type.SETTINGS, 0, 0), frame(Type.SETTINGS, Flag.ACK, 0)])
export const { length: prefaceBytes } = preface

/** One connection: what is sent is up to its user, what comes is read frame by frame. */
export class Connection {
  socket
  closed = false
  /** What the server said last: `GOAWAY NAME text`, or why the connection is gone. */
  lastWord = ''
  /** @type {((type: number, flags: number, streamId: number, payload: Buffer) => void) | undefined} */
  onFrame
  #rest = Buffer.alloc(0)

  /** @param {number} port */
  constructor(port) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.socket.on('error', error => {
      this.lastWord ||= error.message
    })
    this.socket.on('close', () => {
      this.closed = true
      this.lastWord ||= 'closed'
    })
    this.socket.on('data', chunk => this.#read(chunk))
  }

  /** @param {Buffer} chunk */
  #read(chunk) {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    while (bytes.length >= 9) {
      const end = 9 + bytes.readUIntBE(0, 3)
      if (bytes.length < end) break
      const type = bytes[3] ?? 0
      const payload = bytes.subarray(9, end)
      if (type === Type.GOAWAY) {
        this.lastWord = `GOAWAY ${errorNames[payload[7] ?? 0]} ${payload.subarray(8).toString()}`
      }
      this.onFrame?.(type, bytes[4] ?? 0, bytes.readUInt32BE(5), payload)
      bytes = bytes.subarray(end)
    }
    this.#rest = Buffer.from(bytes)
  }

  /**
   * Sends; resolves when the socket has room again or is gone.
   * @param {readonly Uint8Array[]} parts
   */
  async send(...parts) {
    if (this.closed || this.socket.destroyed) return
    if (this.socket.write(Buffer.concat(parts))) return
    await new Promise(resolve => {
      const done = () => {
        this.socket.off('drain', done)
        this.socket.off('close', done)
        resolve(undefined)
      }
      this.socket.on('drain', done)
      this.socket.on('close', done)
    })
  }

  end() {
    this.socket.destroy()
  }
}
