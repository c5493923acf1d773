import type { Store } from '@kvs/mvcc'
import type { Continuation } from './apply/operation.ts'
import * as limits from './limits.ts'
import type { Clock } from './parts.ts'

export interface BackgroundHooks {
  /** A run of slices is over: what they answered may leave. */
  readonly afterSlices: () => void
  /** Records that a compaction made superfluous were removed; that belongs to no entry. */
  readonly scrubbed: () => void
  /** Something broke that must not. */
  readonly fatal: (error: unknown) => void
}

/**
 * Long work that shares the loop: catching up watchers, scrubbing after a compaction, wide reads. It runs in slices
 * between turns, each piece in turn, and is asleep when there is nothing to do.
 */
export class Background {
  readonly #clock: Clock
  readonly #store: () => Store
  #hooks: BackgroundHooks = {
    afterSlices: () => {},
    scrubbed: () => {},
    fatal: error => {
      throw error
    },
  }
  readonly #pieces: Continuation[] = []
  readonly #scrubWaiters: (() => void)[] = []
  #retryTimer: unknown
  #scheduled = false
  #closed = false

  constructor(parts: { readonly clock: Clock; readonly store: () => Store }) {
    this.#clock = parts.clock
    this.#store = parts.store
  }

  /** Sets who is told what happens here. */
  setHooks(hooks: BackgroundHooks): void {
    this.#hooks = hooks
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
    if (this.#retryTimer !== undefined) this.#clock.clearTimer(this.#retryTimer)
    this.#retryTimer = undefined
    this.#pieces.length = 0
    this.#scrubWaiters.length = 0
  }

  #run(): void {
    this.#scheduled = false
    if (this.#closed) return
    const until = this.#clock.now() + limits.sliceMs
    let more = true
    try {
      do more = this.#round()
      while (more && this.#clock.now() <= until)
    } catch (error) {
      this.close()
      return this.#hooks.fatal(error)
    }
    this.#hooks.afterSlices()
    if (more) this.wake()
    else if (this.#store().scrubPending) this.#retryLater()
  }

  /** One slice of everything that has work. Returns whether there is more that can be done now. */
  #round(): boolean {
    const store = this.#store()
    for (let i = this.#pieces.length; i > 0; i--) {
      const piece = this.#pieces.shift() as Continuation
      if (!piece()) this.#pieces.push(piece)
    }
    if (store.watch.pending) store.watch.step({ records: limits.sliceRecords })
    const canScrub = this.#scrub(store)
    if (!store.scrubPending) this.#scrubbed()
    return this.#pieces.length > 0 || store.watch.pending || canScrub
  }

  /** A slice of the scrub; whether another one can follow at once. */
  #scrub(store: Store): boolean {
    if (!store.scrubPending) return false
    const isDone = store.scrub({ records: limits.scrubRecords })
    this.#hooks.scrubbed()
    return !isDone
  }

  /** A scrub waits for a reader of an older revision, which does not tell when it is done. */
  #retryLater(): void {
    this.#retryTimer ??= this.#clock.setTimer(limits.scrubRetryMs, () => {
      this.#retryTimer = undefined
      this.wake()
    })
  }

  #scrubbed(): void {
    for (const callback of this.#scrubWaiters.splice(0)) callback()
  }
}
