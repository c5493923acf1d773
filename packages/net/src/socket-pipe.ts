import { Socket } from 'node:net'
import { formatHostPort } from './address.ts'
import { assert } from './assert.ts'
import { CloseHook, type ClosingPipe } from './close-hook.ts'
import { NetError, nodeError } from './errors.ts'
import type { Pipe, PipeEvents, PipeInfo } from './pipe.ts'

/** A pipe over a socket of node:net. Chunks are handed on as they come (they are `Buffer`s), one write is one write. */
export class SocketPipe implements ClosingPipe {
  readonly info: PipeInfo
  /** What a socket has taken is copied to the kernel, or encrypted; other streams may hand the very bytes on. */
  readonly forgetsSent: boolean
  readonly #socket: Socket
  readonly #hook = new CloseHook()
  #events: PipeEvents | undefined
  #error: Error | undefined
  #paused = false
  #ended = false
  #remoteEnded = false
  /** Nothing but `close` may be called back any more. */
  #dropped = false
  #closed = false
  #taken = false
  /** Bytes that may be queued although the socket asks to wait: TLS sockets are made with a low mark of their own. */
  readonly #highWaterBytes: number
  #full = false

  constructor(socket: Socket, info: PipeInfo, highWaterBytes = 0) {
    this.#socket = socket
    this.info = info
    this.forgetsSent = socket instanceof Socket
    this.#highWaterBytes = highWaterBytes
    socket.on('error', this.#onError)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onClose)
  }

  get started(): boolean {
    return this.#events !== undefined || this.#taken
  }

  get queuedBytes(): number {
    return this.#dropped ? 0 : this.#socket.writableLength
  }

  start(events: PipeEvents): void {
    assert(!this.started, 'a pipe is started only once')
    this.#events = events
    if (this.#remoteEnded || this.#closed) this.#tellPast(events, this.#closed)
    if (this.#dropped) return
    // The socket may have had room again before anybody listened.
    if (this.#full && !this.#socket.writableNeedDrain) queueMicrotask(() => this.#onDrain())
    this.#socket.on('drain', this.#onDrain)
    if (this.#paused) this.#socket.pause()
    this.#socket.on('data', chunk => {
      // Plain bytes: a Buffer is a Uint8Array that behaves otherwise (its `slice` is a view).
      if (!this.#dropped) events.data(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    })
  }

  /** What happened before `start`, told after it has returned. */
  #tellPast(events: PipeEvents, closed: boolean): void {
    queueMicrotask(() => {
      if (closed) events.close(this.#error)
      else if (!this.#dropped) events.end()
    })
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ended) throw new NetError('CLOSED', `write to ${this.info.remote} after end`)
    if (this.#dropped) return false
    const goOn = bytes.length === 0 ? !this.#full : this.#socket.write(bytes)
    if (goOn || this.#socket.writableLength < this.#highWaterBytes) return !this.#full
    this.#full = true
    return false
  }

  pause(): void {
    this.#paused = true
    if (this.#events !== undefined && !this.#dropped) this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    // Before `start` the socket must stay untouched: flowing without a reader it would throw the bytes away.
    if (this.#events !== undefined && !this.#dropped) this.#socket.resume()
  }

  end(): void {
    if (this.#ended || this.#dropped) return
    this.#ended = true
    this.#socket.end()
  }

  destroy(error?: Error): void {
    if (this.#dropped) return
    this.#dropped = true
    this.#error = error
    this.#socket.destroy()
  }

  whenClosed(callback: () => void): void {
    this.#hook.add(callback)
  }

  /** Gives the socket away; the pipe is of no use afterwards, but still knows when the socket closes. */
  takeSocket(): Socket {
    assert(!this.started, 'the socket of a started pipe cannot be taken')
    this.#taken = true
    this.#socket.off('error', this.#onError)
    this.#socket.off('end', this.#onEnd)
    return this.#socket
  }

  /** The socket, for looking at its first bytes before the pipe is started. */
  get socketToPeek(): Socket {
    assert(!this.started, 'a started pipe cannot be peeked at')
    return this.#socket
  }

  get failure(): Error | undefined {
    return this.#error
  }

  readonly #onError = (cause: Error): void => {
    if (this.#dropped) return
    this.#dropped = true
    this.#error = nodeError(cause, `pipe to ${this.info.remote}`)
    // TLS sockets stay open after an alert.
    this.#socket.destroy()
  }

  readonly #onDrain = (): void => {
    if (this.#dropped || this.#ended || !this.#full) return
    this.#full = false
    this.#events?.drain()
  }

  readonly #onEnd = (): void => {
    this.#remoteEnded = true
    if (!this.#dropped) this.#events?.end()
  }

  readonly #onClose = (): void => {
    this.#dropped = true
    this.#closed = true
    this.#hook.run()
    this.#events?.close(this.#error)
  }
}

export function tcpInfo(socket: Socket): PipeInfo {
  return {
    kind: 'tcp',
    remote: formatHostPort(plainAddress(socket.remoteAddress), socket.remotePort ?? 0),
    local: formatHostPort(plainAddress(socket.localAddress), socket.localPort ?? 0),
  }
}

/** IPv4 addresses as such, also on a socket that listens on IPv6 as well. */
function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/, '') ?? 'unknown'
}

/** The end that dialed a unix socket has no name; it is shown as `unix:@`, as Go does. */
export const UNNAMED_UNIX = 'unix:@'

/** The socket below `pipe` if it may still be taken or peeked at. */
export function untouchedSocketPipe(pipe: Pipe): SocketPipe | undefined {
  return pipe instanceof SocketPipe && !pipe.started ? pipe : undefined
}
