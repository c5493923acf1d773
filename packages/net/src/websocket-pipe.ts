import type { WebSocket } from 'ws'
import { assert } from './assert.ts'
import { CloseHook, type ClosingPipe } from './close-hook.ts'
import { NetError } from './errors.ts'
import { DEFAULT_HIGH_WATER_BYTES, WEBSOCKET_MESSAGE_BYTES } from './limits.ts'
import type { PipeEvents, PipeInfo } from './pipe.ts'

/** Closing codes (RFC 6455, 7.4.1). */
const NORMAL = 1000
const UNSUPPORTED = 1003

const EMPTY: Uint8Array = new Uint8Array(0)

/**
 * A pipe over an open WebSocket. Binary messages carry the bytes, cut anywhere. WebSockets cannot be half closed, so an empty
 * message says that no more bytes will come from its sender; when both have said so, the WebSocket is closed. Anything
 * else that closes it is a break.
 */
export class WebSocketPipe implements ClosingPipe {
  readonly info: PipeInfo
  readonly #socket: WebSocket
  readonly #hook = new CloseHook()
  #events: PipeEvents | undefined
  /** What arrived before `start` or while paused. Short: the socket is paused as well. */
  #inbox: Uint8Array[] = []
  #queuedBytes = 0
  #full = false
  #paused = false
  #ended = false
  #remoteEnded = false
  #endTold = false
  /** Nothing but `close` may be called back any more. */
  #dropped = false
  #closed = false
  #error: Error | undefined

  constructor(socket: WebSocket, info: PipeInfo) {
    this.#socket = socket
    this.info = info
    socket.binaryType = 'nodebuffer'
    socket.pause()
    socket.on('message', (data, isBinary) => this.#arrived(data as Buffer, isBinary))
    socket.on('error', cause => this.#broke(new NetError('PROTOCOL', `${this.#what}: ${cause.message}`, { cause })))
    socket.on('close', code => this.#wasClosed(code))
  }

  get #what(): string {
    return `websocket to ${this.info.remote}`
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  start(events: PipeEvents): void {
    assert(this.#events === undefined, 'a pipe is started only once')
    this.#events = events
    if (this.#closed) {
      queueMicrotask(() => events.close(this.#error))
      return
    }
    if (!this.#paused) this.#socket.resume()
    this.#deliverSoon()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ended) throw new NetError('CLOSED', `write to ${this.info.remote} after end`)
    if (this.#dropped) return false
    for (let at = 0; at < bytes.length; at += WEBSOCKET_MESSAGE_BYTES) {
      this.#send(bytes.subarray(at, at + WEBSOCKET_MESSAGE_BYTES))
    }
    if (this.#queuedBytes >= DEFAULT_HIGH_WATER_BYTES) this.#full = true
    return !this.#full
  }

  #send(bytes: Uint8Array): void {
    this.#queuedBytes += bytes.length
    this.#socket.send(bytes, { binary: true, compress: false }, () => {
      if (this.#dropped) return
      this.#queuedBytes -= bytes.length
      if (!this.#full || this.#ended || this.#queuedBytes > DEFAULT_HIGH_WATER_BYTES / 2) return
      this.#full = false
      this.#events?.drain()
    })
  }

  pause(): void {
    this.#paused = true
    if (!this.#dropped) this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    // Before `start` nothing is read.
    if (this.#events === undefined || this.#dropped) return
    this.#socket.resume()
    this.#deliverSoon()
  }

  end(): void {
    if (this.#ended || this.#dropped) return
    this.#ended = true
    this.#send(EMPTY)
    this.#closeIfDone()
  }

  destroy(error?: Error): void {
    if (this.#dropped) return
    this.#drop(error)
    this.#socket.terminate()
  }

  whenClosed(callback: () => void): void {
    this.#hook.add(callback)
  }

  #arrived(data: Buffer, isBinary: boolean): void {
    if (this.#dropped) return
    if (!isBinary || this.#remoteEnded) {
      const reason = isBinary ? 'bytes after the end' : 'a text message'
      this.#broke(new NetError('PROTOCOL', `${this.#what}: ${reason}`), UNSUPPORTED)
      return
    }
    if (data.length === 0) this.#remoteEnded = true
    else this.#inbox.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    this.#deliver()
  }

  #deliverSoon(): void {
    queueMicrotask(() => this.#deliver())
  }

  #deliver(): void {
    const events = this.#events
    if (events === undefined) return
    while (this.#inbox.length > 0 && !this.#paused && !this.#dropped) events.data(this.#inbox.shift() as Uint8Array)
    if (!this.#remoteEnded || this.#endTold || this.#inbox.length > 0 || this.#paused || this.#dropped) return
    this.#endTold = true
    events.end()
    this.#closeIfDone()
  }

  #closeIfDone(): void {
    if (this.#ended && this.#endTold && !this.#dropped) this.#socket.close(NORMAL)
  }

  #broke(error: NetError, code?: number): void {
    if (this.#dropped) return
    this.#drop(error)
    if (code !== undefined) this.#socket.close(code)
    this.#socket.terminate()
  }

  #drop(error: Error | undefined): void {
    this.#dropped = true
    this.#error = error
    this.#inbox = []
    this.#queuedBytes = 0
  }

  #wasClosed(code: number): void {
    const isOrderly = code === NORMAL && this.#ended && this.#remoteEnded
    if (!this.#dropped && !isOrderly) this.#drop(new NetError('RESET', `${this.#what}: closed with code ${code}`))
    this.#dropped = true
    this.#closed = true
    this.#hook.run()
    this.#events?.close(this.#error)
  }
}
