import type { Http2Connection } from './connection.ts'
import type { Inbound } from './inbound.ts'

/**
 * The way from the pipe to the frames. A chunk may hold thousands of requests: one peer's are handled for a slice of time
 * only, then it is the turn of others, and the rest is taken up in the clock's next turn. Reading also stops while the peer
 * has too much to read itself.
 */
export class ReadSlices {
  readonly #connection: Http2Connection
  readonly #inbound: Inbound
  /** What is left of a chunk, and chunks behind it. */
  #backlog: Uint8Array[] = []
  #at = 0
  #ended = false
  /** The peer must read before we do. */
  #held = false
  #paused = false
  #scheduled = false

  constructor(connection: Http2Connection, inbound: Inbound) {
    this.#connection = connection
    this.#inbound = inbound
  }

  data(chunk: Uint8Array): void {
    if (this.#connection.closed) return
    if (this.#backlog.length > 0) this.#backlog.push(chunk)
    else this.#take(chunk, 0)
  }

  end(): void {
    this.#ended = true
    if (this.#backlog.length === 0) this.#connection.peerEnded()
  }

  /** Reads no more until `release`. */
  hold(): void {
    if (this.#held || this.#connection.closed) return
    this.#held = true
    this.#pause()
  }

  release(): void {
    if (!this.#held) return
    this.#held = false
    this.#goOn()
  }

  #take(chunk: Uint8Array, from: number): void {
    const at = this.#connection.receive(this.#inbound, chunk, from)
    if (at >= chunk.length || this.#connection.closed) return
    this.#backlog.unshift(chunk)
    this.#at = at
    this.#pause()
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#connection.timers.clock.defer(() => {
      this.#scheduled = false
      this.#goOn()
    })
  }

  /** One slice of what is left; once nothing is, the pipe may give more. */
  #goOn(): void {
    if (this.#connection.closed) {
      this.#backlog = []
      return
    }
    if (this.#held || this.#scheduled) return
    const chunk = this.#backlog.shift()
    if (chunk !== undefined) {
      this.#take(chunk, this.#at)
      if (this.#connection.closed || this.#scheduled || this.#held) return
      this.#at = 0
      if (this.#backlog.length > 0) {
        this.#schedule()
        return
      }
    }
    if (this.#ended) this.#connection.peerEnded()
    else this.#resume()
  }

  #pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.#connection.pipe.pause()
  }

  #resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#connection.pipe.resume()
  }
}
