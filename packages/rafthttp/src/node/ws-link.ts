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
  /** Parts of large frames, and what was sent behind them. */
  readonly #waiting: { readonly bytes: Uint8Array; readonly isLast: boolean }[] = []
  #waitingBytes = 0

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
    return this.#socket.bufferedAmount + this.#waitingBytes
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

  send(frame: Uint8Array): void {
    if (this.#waiting.length === 0 && frame.length <= fragmentBytes) {
      this.#socket.send(frame, whole, this.#sent)
      return
    }
    // Large frames go out part by part, so that `sent` shows that the other end still takes something: what Node is given
    // at once it writes, and reports, at once.
    for (let at = 0; at < frame.length; at += fragmentBytes) {
      const bytes = frame.subarray(at, at + fragmentBytes)
      this.#waiting.push({ bytes, isLast: at + bytes.length === frame.length })
    }
    this.#waitingBytes += frame.length
    this.#pump()
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }

  close(): void {
    if (this.#isClosed || this.#grace !== undefined) return
    if (this.#waiting.length === 0) this.#socket.close(1000)
    // Who waits for the other end's goodbye waits for one that may be gone, or busy with what it has not read.
    this.#grace = setTimeout(() => this.#socket.terminate(), closeGraceMs)
  }

  destroy(error?: Error): void {
    this.#error ??= error
    this.#socket.terminate()
  }

  /** Gives Node as many parts as it needs to be busy. */
  #pump(): void {
    while (this.#socket.bufferedAmount < 2 * fragmentBytes) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#waitingBytes -= next.bytes.length
      this.#socket.send(next.bytes, next.isLast ? whole : part, this.#sent)
    }
  }

  readonly #sent = (error?: Error | null): void => {
    if (error !== undefined && error !== null) return
    if (this.#waiting.length > 0) {
      this.#pump()
      if (this.#waiting.length === 0 && this.#grace !== undefined) this.#socket.close(1000)
    }
    this.#events?.sent()
  }

  #closed(code: number, reason: string): void {
    clearTimeout(this.#grace)
    this.#isClosed = true
    this.#waiting.length = 0
    this.#waitingBytes = 0
    const isGoodbye = code === 1000 || code === 1001
    if (!isGoodbye) {
      const text = code === 1006 ? 'connection lost' : `websocket closed with ${code}`
      this.#error ??= new RaftHttpError('UNREACHABLE', reason === '' ? text : `${text}: ${reason}`)
    }
    this.#events?.close(this.#error)
  }
}
