import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { assert } from '../assert.ts'
import { RaftHttpError } from '../errors.ts'
import { closeGraceMs, fragmentBytes } from '../limits.ts'
import type { Link, LinkEvents } from '../wire.ts'

const whole = { binary: true, compress: false, fin: true } as const
const part = { binary: true, compress: false, fin: false } as const

/** A Buffer is a Uint8Array that behaves otherwise (its `slice` is a view): nobody outside of the driver gets one. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A link over a WebSocket that is open. `stream` is the connection below it. */
export class WsLink implements Link {
  readonly remote: string
  readonly #socket: WebSocket
  readonly #stream: Duplex
  #events: LinkEvents | undefined
  #error: Error | undefined
  #isClosed = false
  #grace: NodeJS.Timeout | undefined

  constructor(socket: WebSocket, stream: Duplex, remote: string) {
    this.#socket = socket
    this.#stream = stream
    this.remote = remote
    // Frames may be there already; they wait for `start`.
    socket.pause()
    socket.binaryType = 'nodebuffer'
    socket.on('error', error => {
      this.#error ??= new RaftHttpError('UNREACHABLE', error.message, { cause: error })
    })
    socket.on('close', (code, reason) => this.#closed(code, reason.toString()))
  }

  get queuedBytes(): number {
    return this.#socket.bufferedAmount
  }

  start(events: LinkEvents): void {
    assert(this.#events === undefined, 'a link is started only once')
    this.#events = events
    if (this.#isClosed) {
      queueMicrotask(() => events.close(this.#error))
      return
    }
    this.#stream.on('data', () => events.alive())
    this.#socket.on('message', (data, isBinary) => {
      if (isBinary) events.frame(plainBytes(data as Uint8Array))
      else this.destroy(new RaftHttpError('BAD_FRAME', 'a text message on a stream of frames'))
    })
    this.#socket.resume()
  }

  /** Large frames go out in parts, so that `sent` shows that the other end still takes something. */
  send(frame: Uint8Array): void {
    let at = 0
    for (; frame.length - at > fragmentBytes; at += fragmentBytes) {
      this.#socket.send(frame.subarray(at, at + fragmentBytes), part, this.#sent)
    }
    this.#socket.send(at === 0 ? frame : frame.subarray(at), whole, this.#sent)
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }

  close(): void {
    if (this.#isClosed || this.#grace !== undefined) return
    this.#socket.close(1000)
    // Who waits for the other end's goodbye waits for one that may be gone, or busy with what it has not read.
    this.#grace = setTimeout(() => this.#socket.terminate(), closeGraceMs)
  }

  destroy(error?: Error): void {
    this.#error ??= error
    this.#socket.terminate()
  }

  readonly #sent = (error?: Error | null): void => {
    if (error === undefined || error === null) this.#events?.sent()
  }

  #closed(code: number, reason: string): void {
    clearTimeout(this.#grace)
    this.#isClosed = true
    const isGoodbye = code === 1000 || code === 1001
    if (!isGoodbye) {
      const text = code === 1006 ? 'connection lost' : `websocket closed with ${code}`
      this.#error ??= new RaftHttpError('UNREACHABLE', reason === '' ? text : `${text}: ${reason}`)
    }
    this.#events?.close(this.#error)
  }
}
