import type { Store } from '@kvs/mvcc'
import type { Continuation } from './apply/operation.ts'
import * as limits from './limits.ts'
import type { Clock } from './parts.ts'

/**
 * Long work that shares the loop: catching up watchers, scrubbing after a compaction, wide reads. It runs in slices
 * between turns, each piece in turn, and is asleep when there is nothing to do.
 */
export class Background {
  readonly #clock: Clock
  readonly #store: () => Store
  #afterSlices: () => void = () => {}
  #fatal: (error: unknown) => void = error => {
    throw error
  }
  readonly #pieces: Continuation[] = []
  readonly #scrubWaiters: (() => void)[] = []
  #scheduled = false
  #closed = false

  constructor(parts: { readonly clock: Clock; readonly store: () => Store }) {
    this.#clock = parts.clock
    this.#store = parts.store
  }

  /** Sets who is told after each run of slices, so that what they answered leaves at once, and when one broke. */
  onSlices(afterSlices: () => void, fatal: (error: unknown) => void): void {
    this.#afterSlices = afterSlices
    this.#fatal = fatal
  }

  /** Adds a piece of work; it is called until it returns true. */
  add(piece: Continuation): void {
    this.#pieces.push(piece)
    this.wake()
  }

  /** Calls back when the scrub of every compaction so far has finished. */
  whenScrubbed(callback: () => void): void {
    this.#scrubWaiters.push(callback)
    this.wake()
  }

  /** There may be something to do. */
  wake(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    this.#clock.defer(() => this.#run())
  }

  close(): void {
    this.#closed = true
    this.#pieces.length = 0
    this.#scrubWaiters.length = 0
  }

  #run(): void {
    this.#scheduled = false
    if (this.#closed) return
    const until = this.#clock.now() + limits.sliceMs
    let more = true
    try {
      while (more && this.#clock.now() <= until) more = this.#round()
    } catch (error) {
      this.close()
      return this.#fatal(error)
    }
    this.#afterSlices()
    if (more) this.wake()
  }

  /** One slice of everything that has work. Returns whether there is more. */
  #round(): boolean {
    const store = this.#store()
    for (let i = this.#pieces.length; i > 0; i--) {
      const piece = this.#pieces.shift() as Continuation
      if (!piece()) this.#pieces.push(piece)
    }
    if (store.watch.pending) store.watch.step({ records: limits.sliceRecords })
    if (store.scrubPending) store.scrub({ records: limits.scrubRecords })
    if (!store.scrubPending) this.#scrubbed()
    return this.#pieces.length > 0 || store.watch.pending || store.scrubPending
  }

  #scrubbed(): void {
    for (const callback of this.#scrubWaiters.splice(0)) callback()
  }
}
