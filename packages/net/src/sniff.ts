import { assert } from './assert.ts'
import { NetError } from './errors.ts'
import { DEFAULT_SNIFF_BYTES } from './limits.ts'
import type { Pipe } from './pipe.ts'
import { concat, PutBackPipe } from './put-back-pipe.ts'
import { type SocketPipe, untouchedSocketPipe } from './socket-pipe.ts'

/** What a matcher says of the first bytes: this is mine, it cannot be mine, or it takes more bytes to tell. */
export type SniffVerdict = 'yes' | 'no' | 'more'

/** One protocol that a connection may speak. */
export interface SniffEntry {
  readonly name: string
  /** Gets all bytes so far, at least one, and must not change them. */
  match(prefix: Uint8Array): SniffVerdict
}

/** What sniffing needs of a clock. */
export interface SniffClock {
  setTimer(delayMs: number, callback: () => void): unknown
  clearTimer(timer: unknown): void
}

export interface SniffOptions {
  /** With `timeoutMs`: how long a connection may take to show what it speaks. */
  readonly clock?: SniffClock
  readonly timeoutMs?: number
  /** After so many bytes a matcher that still wants more is taken to say no. Default 1024. */
  readonly maxBytes?: number
}

export interface Sniffed {
  /** Name of the entry that matched. */
  readonly name: string
  /** The connection, not started; the bytes that were looked at come first. */
  readonly pipe: Pipe
}

/**
 * Looks at the first bytes of a pipe that was not yet started. The first entry that says yes wins, but not before
 * all entries above it have said no. On failure the pipe is destroyed and the promise rejects with `NetError`: `PROTOCOL`
 * if nothing matches, `TIMEOUT`, `CLOSED` if the other end closes before it is clear, `RESET`.
 */
export function sniff(pipe: Pipe, table: readonly SniffEntry[], options: SniffOptions = {}): Promise<Sniffed> {
  assert(
    (options.clock === undefined) === (options.timeoutMs === undefined),
    'sniffing takes both a clock and timeoutMs, or none',
  )
  return new Promise((resolve, reject) => {
    const from = pipe.info.remote
    let timer: unknown
    let looking: Looking
    const fail = (error: Error): void => {
      options.clock?.clearTimer(timer)
      looking.stop()
      pipe.destroy()
      reject(error)
    }
    const judge = (prefix: Uint8Array): boolean => {
      const name = decide(table, prefix, options.maxBytes ?? DEFAULT_SNIFF_BYTES)
      if (name === 'more') return false
      if (name === undefined) {
        fail(new NetError('PROTOCOL', `connection from ${from}: unknown protocol, first bytes ${describe(prefix)}`))
        return true
      }
      options.clock?.clearTimer(timer)
      resolve({ name: name.name, pipe: looking.stop() })
      return true
    }
    const closed = (error: Error | undefined): void => {
      fail(error ?? new NetError('CLOSED', `connection from ${from}: closed before its protocol was clear`))
    }
    const socketPipe = untouchedSocketPipe(pipe)
    looking = socketPipe === undefined ? new PipeLooking(pipe) : new SocketLooking(socketPipe)
    looking.start(judge, closed)
    timer = options.clock?.setTimer(options.timeoutMs as number, () => {
      const reason = `connection from ${from}: did not show its protocol within ${options.timeoutMs} ms`
      fail(new NetError('TIMEOUT', reason))
    })
  })
}

/** The entry that owns the connection, `more` if it takes more bytes to tell, undefined if nobody does. */
function decide(table: readonly SniffEntry[], prefix: Uint8Array, maxBytes: number): SniffEntry | 'more' | undefined {
  for (const entry of table) {
    const verdict = entry.match(prefix)
    if (verdict === 'yes') return entry
    if (verdict === 'more' && prefix.length < maxBytes) return 'more'
  }
  return undefined
}

function describe(prefix: Uint8Array): string {
  return [...prefix.subarray(0, 16)].map(byte => byte.toString(16).padStart(2, '0')).join(' ')
}

/** Collects the first bytes of a pipe until it is told to stop, then gives the pipe on with the bytes put back. */
interface Looking {
  /** `judge` gets all bytes so far and says whether it is done; never called during `start`. */
  start(judge: (prefix: Uint8Array) => boolean, closed: (error: Error | undefined) => void): void
  stop(): Pipe
}

/** On a socket the bytes go back into its own buffer, and nothing stands between the socket and its user afterwards. */
class SocketLooking implements Looking {
  readonly #pipe: SocketPipe
  #seen: Uint8Array = new Uint8Array(0)
  #stopListening: () => void = () => undefined

  constructor(pipe: SocketPipe) {
    this.#pipe = pipe
  }

  start(judge: (prefix: Uint8Array) => boolean, closed: (error: Error | undefined) => void): void {
    const socket = this.#pipe.socketToPeek
    const readable = (): void => {
      const chunk = socket.read() as Uint8Array | null
      if (chunk === null) return
      this.#seen = this.#seen.length === 0 ? chunk : concat(this.#seen, chunk)
      judge(this.#seen)
    }
    const gone = (): void => closed(this.#pipe.failure)
    this.#stopListening = () => {
      socket.off('readable', readable)
      socket.off('end', gone)
      socket.off('close', gone)
    }
    socket.on('readable', readable)
    socket.on('end', gone)
    socket.on('close', gone)
    if (socket.readableEnded || socket.destroyed) queueMicrotask(gone)
  }

  stop(): Pipe {
    this.#stopListening()
    const socket = this.#pipe.socketToPeek
    if (this.#seen.length > 0 && !socket.readableEnded && !socket.destroyed) socket.unshift(this.#seen)
    return this.#pipe
  }
}

class PipeLooking implements Looking {
  readonly #pipe: PutBackPipe

  constructor(pipe: Pipe) {
    this.#pipe = new PutBackPipe(pipe)
  }

  start(judge: (prefix: Uint8Array) => boolean, closed: (error: Error | undefined) => void): void {
    this.#pipe.look(judge, closed)
  }

  stop(): Pipe {
    return this.#pipe
  }
}
