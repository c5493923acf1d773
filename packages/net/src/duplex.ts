import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Pipe } from './pipe.ts'
import { untouchedSocketPipe } from './socket-pipe.ts'

/**
 * A stream of Node over a pipe that was not yet started, for `node:http` and other users of streams:
 * `httpServer.emit('connection', toDuplex(pipe))`. Prefer `takeSocket` where it gives one.
 */
export function toDuplex(pipe: Pipe): Duplex {
  return new PipeDuplex(pipe)
}

/**
 * The socket below a pipe of `nodeNet` that was not yet started; undefined for any other pipe. `putBack` is read first.
 * The pipe must not be used any more.
 */
export function takeSocket(pipe: Pipe, putBack?: Uint8Array): Socket | undefined {
  const socket = untouchedSocketPipe(pipe)?.takeSocket()
  if (socket !== undefined && putBack !== undefined && putBack.length > 0) socket.unshift(putBack)
  return socket
}

class PipeDuplex extends Duplex {
  readonly #pipe: Pipe
  /** Goes on with writing once the pipe has room. */
  #whenDrained: (() => void) | undefined
  #ended = false
  #remoteEnded = false
  #idleMs = 0
  #idleTimer: NodeJS.Timeout | undefined

  constructor(pipe: Pipe) {
    super({ allowHalfOpen: true })
    this.#pipe = pipe
    pipe.start({
      data: chunk => {
        this.#touch()
        if (!this.push(chunk)) pipe.pause()
      },
      drain: () => {
        this.#touch()
        this.#goOn()
      },
      end: () => {
        this.#remoteEnded = true
        this.push(null)
      },
      close: error => {
        this.#goOn()
        // After an orderly end of both sides the stream destroys itself, once its reader has come to the end.
        if (error !== undefined || !this.#remoteEnded || !this.#ended) this.destroy(error)
      },
    })
  }

  /** Address of the other end, without its port. node:http shows it. */
  get remoteAddress(): string {
    return this.#pipe.info.remote.replace(/:\d+$/, '')
  }

  /** Whether the pipe is encrypted; node:http and its users ask for it under this name. */
  get encrypted(): boolean {
    return this.#pipe.info.kind === 'tls' || this.#pipe.info.tls !== undefined
  }

  /** Emits `timeout` after so long without bytes, as a socket does; node:http ends idle connections with it. 0 stops. */
  setTimeout(idleMs: number, callback?: () => void): this {
    this.#idleMs = idleMs
    if (callback !== undefined) this.once('timeout', callback)
    clearTimeout(this.#idleTimer)
    this.#idleTimer = idleMs > 0 ? setTimeout(() => this.emit('timeout'), idleMs) : undefined
    this.#idleTimer?.unref()
    return this
  }

  #touch(): void {
    if (this.#idleMs > 0) this.#idleTimer?.refresh()
  }

  override _read(): void {
    this.#pipe.resume()
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.#touch()
    if (this.#pipe.write(chunk)) done()
    else this.#whenDrained = done
  }

  #goOn(): void {
    const done = this.#whenDrained
    this.#whenDrained = undefined
    done?.()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#ended = true
    this.#pipe.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#idleTimer)
    // After an orderly end of both sides the pipe closes by itself, when what is queued has gone out.
    if (error !== null || !this.#ended || !this.#remoteEnded) this.#pipe.destroy(error ?? undefined)
    done(error)
  }
}
