import { VirtualClock } from '@kvs/testing'
import type { Pipe, PipeEvents } from '../src/ports.ts'

/** One end of a pipe in memory. Bytes arrive in a later turn of the clock. */
export class PairEnd implements Pipe {
  readonly info: Pipe['info']
  /** Bytes beyond which `write` asks to wait. */
  highWaterBytes = 65_536
  /** Delivered chunks are cut into pieces of at most this size. */
  chunkBytes = Number.POSITIVE_INFINITY
  /** While true, nothing that is written here reaches the other end: a peer that does not read. */
  stuck = false
  destroyed = false
  ended = false
  /** Everything ever written here. */
  writtenBytes = 0
  writes = 0
  #other: PairEnd | undefined
  readonly #clock: VirtualClock
  #events: PipeEvents | undefined
  #paused = false
  #queue: Uint8Array[] = []
  #inbox: Uint8Array[] = []
  #wantsDrain = false
  #scheduled = false
  #endTold = false

  constructor(clock: VirtualClock, name: string) {
    this.#clock = clock
    this.info = { remote: name }
  }

  static join(a: PairEnd, b: PairEnd): void {
    a.#other = b
    b.#other = a
  }

  get queuedBytes(): number {
    return this.#queue.reduce((sum, bytes) => sum + bytes.length, 0)
  }

  get paused(): boolean {
    return this.#paused
  }

  start(events: PipeEvents): void {
    this.#events = events
    this.#wake()
  }

  write(bytes: Uint8Array): boolean {
    if (this.ended) throw new Error('write after end')
    if (this.destroyed) return false
    this.writtenBytes += bytes.length
    this.writes++
    this.#queue.push(bytes)
    this.#wake()
    if (this.queuedBytes <= this.highWaterBytes) return true
    this.#wantsDrain = true
    return false
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#wake()
  }

  end(): void {
    this.ended = true
    this.#wake()
  }

  destroy(error?: Error): void {
    if (this.destroyed) return
    this.destroyed = true
    this.#clock.defer(() => this.#events?.close(error))
    const other = this.#other!
    this.#clock.defer(() => other.#lose())
  }

  /** Lets stuck bytes go again. */
  unstick(): void {
    this.stuck = false
    this.#wake()
  }

  #lose(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.#events?.close(new Error('connection reset'))
  }

  #wake(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.defer(() => {
      this.#scheduled = false
      this.#move()
    })
  }

  #move(): void {
    if (this.destroyed) return
    if (!this.stuck) {
      const news = this.#queue.length > 0 || (this.ended && !this.#other!.#endTold)
      for (const bytes of this.#queue.splice(0)) {
        for (let at = 0; at < bytes.length; at += Math.min(this.chunkBytes, bytes.length)) {
          this.#other!.#inbox.push(bytes.slice(at, Math.min(bytes.length, at + this.chunkBytes)))
        }
      }
      if (news) this.#other!.#wake()
      if (this.#wantsDrain) {
        this.#wantsDrain = false
        this.#events?.drain()
      }
    }
    this.#deliver()
  }

  #deliver(): void {
    if (this.#events === undefined) return
    while (this.#inbox.length > 0 && !this.#paused && !this.destroyed) this.#events.data(this.#inbox.shift()!)
    const other = this.#other!
    if (this.#inbox.length > 0 || this.destroyed || this.#endTold) return
    if (!other.ended || other.#queue.length > 0) return
    this.#endTold = true
    this.#events.end()
    if (this.ended) this.#clock.defer(() => this.#close())
    if (this.ended) this.#clock.defer(() => other.#close())
  }

  #close(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.#events?.close(undefined)
  }
}

export interface World {
  readonly clock: VirtualClock
  readonly client: PairEnd
  readonly server: PairEnd
}

export function pipePair(clock: VirtualClock = new VirtualClock()): World {
  const client = new PairEnd(clock, 'client')
  const server = new PairEnd(clock, 'server')
  PairEnd.join(client, server)
  return { clock, client, server }
}

/** Runs everything that is due now; time does not move. Fails if it never comes to rest. */
export function settle(clock: VirtualClock): void {
  for (let steps = 0; clock.nextAt() !== undefined && clock.nextAt()! <= clock.now(); steps++) {
    if (steps > 1_000_000) throw new Error('the machine does not come to rest')
    clock.step()
  }
}
