import type { Http2Connection } from './connection.ts'
import type { Inbound } from './inbound.ts'
import type { ReadTurns } from './read-turns.ts'

/**
 * The way from the pipe to the frames. A chunk may hold thousands of requests, and a pipe gives many chunks in a row: in one
 * turn of the clock what a peer sends is handled at once for a short slice of time only; the rest is taken up in turn with
 * others that have too much (`ReadTurns`), and so is what comes next, until a chunk has been short. Reading also stops while
 * the peer has too much to read itself.
 */
export class ReadSlices {
  readonly #connection: Http2Connection
  readonly #inbound: Inbound
  readonly #turns: ReadTurns
  /** What is left of a chunk, and chunks behind it. */
  #backlog: Uint8Array[] = []
  #at = 0
  #ended = false
  /** The peer must read before we do. */
  #held = false
  #paused = false
  /** It waits for its turn. */
  #waits = false
  /** What came last took longer than a slice of its own. */
  #isHeavy = false
  /** Time that chunks took in the turn of this number. */
  #spentMs = 0
  #turn = 0

  constructor(connection: Http2Connection, inbound: Inbound, turns: ReadTurns) {
    this.#connection = connection
    this.#inbound = inbound
    this.#turns = turns
  }

  data(chunk: Uint8Array): void {
    if (this.#connection.closed) return
    const bytes = plainBytes(chunk)
    if (this.#backlog.length === 0 && !this.#isHeavy) return this.#takeAtOnce(bytes)
    this.#backlog.push(bytes)
    this.#wait()
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

  /** For `ReadTurns`: goes on until then. */
  turn(untilMs: number): void {
    this.#waits = false
    if (this.#connection.closed) this.#backlog = []
    if (this.#connection.closed || this.#held) return
    const chunk = this.#backlog.shift()
    if (chunk !== undefined) {
      const isWhole = this.#at === 0
      this.#take(chunk, this.#at, untilMs)
      if (this.#connection.closed || this.#waits) return
      const tookMs = this.#turns.clock.now() - this.#connection.nowMs
      this.#isHeavy = !isWhole || tookMs > this.#connection.limits.receiveSliceMs
    }
    if (!this.#held) this.#goOn()
  }

  #takeAtOnce(chunk: Uint8Array): void {
    this.#take(chunk, 0)
    if (this.#connection.closed || this.#waits) return
    const turns = this.#turns
    if (this.#turn !== turns.number) {
      this.#turn = turns.number
      this.#spentMs = 0
    }
    this.#spentMs += turns.clock.now() - this.#connection.nowMs
    const { receiveSliceMs } = this.#connection.limits
    if (this.#spentMs > receiveSliceMs) this.#isHeavy = true
    else if (this.#spentMs > receiveSliceMs / 4) turns.count()
  }

  #take(chunk: Uint8Array, from: number, untilMs?: number): void {
    const at = this.#connection.receive(this.#inbound, chunk, from, untilMs)
    this.#at = 0
    if (at >= chunk.length || this.#connection.closed) return
    this.#backlog.unshift(chunk)
    this.#at = at
    this.#isHeavy = true
    this.#wait()
  }

  /** The pipe gives no more until the turn has come. */
  #wait(): void {
    this.#pause()
    if (this.#waits) return
    this.#waits = true
    this.#turns.wait(this)
  }

  /** Once nothing is left, the pipe may give more. */
  #goOn(): void {
    if (this.#connection.closed) this.#backlog = []
    else if (this.#backlog.length > 0) this.#wait()
    else if (this.#ended) this.#connection.peerEnded()
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

/** The bytes without what a runtime adds to them: `slice` of Node's Buffer is a view, here it has to be a copy. */
function plainBytes(chunk: Uint8Array): Uint8Array {
  if (chunk.constructor === Uint8Array) return chunk
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
