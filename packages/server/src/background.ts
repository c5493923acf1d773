import type { Store } from '@kvs/mvcc'
import type { Continuation } from './apply/operation.ts'
import * as limits from './limits.ts'
import type { Clock } from './parts.ts'

export interface BackgroundHooks {
  /** A run of slices is over: what they answered may leave. */
  readonly afterSlices: () => void
  /** Some of the records that a compaction made superfluous were removed; that belongs to no entry. */
  readonly scrubbed: (tookMs: number) => void
  /** The last of them were removed. */
  readonly scrubEnded: (scrub: { readonly revision: number; readonly tookMs: number }) => void
  /** Something broke that must not. */
  readonly fatal: (error: unknown) => void
}

/** How the scrub after a compaction goes about it: so many records at a time, and so long a rest in between. */
export interface ScrubPace {
  readonly records: number
  readonly pauseMs: number
}

/**
 * Long work that shares the loop: catching up watchers, scrubbing after a compaction, giving memory back, wide reads. It runs in slices
 * between turns, each piece in turn, and is asleep when there is nothing to do.
 */
export class Background {
  readonly #clock: Clock
  readonly #store: () => Store
  readonly #pace: ScrubPace
  #hooks: BackgroundHooks = {
    afterSlices: () => {},
    scrubbed: () => {},
    scrubEnded: () => {},
    fatal: error => {
      throw error
    },
  }
  #pieces: Continuation[] = []
  readonly #scrubWaiters: (() => void)[] = []
  /** The scrub rests until it fires, or waits for a reader. */
  #scrubTimer: unknown
  #scrubRests = false
  /** Records of the batch that the scrub has done. */
  #scrubbedRecords = 0
  #scrubStartMs: number | undefined
  #scheduled = false
  #closed = false

  constructor(parts: { readonly clock: Clock; readonly store: () => Store; readonly pace: ScrubPace }) {
    this.#clock = parts.clock
    this.#store = parts.store
    this.#pace = parts.pace
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

  /** Calls back when all pieces that are there now have ended. */
  whenThrough(callback: () => void): void {
    let left = this.#pieces.length
    if (left === 0) return callback()
    const ended = (): void => {
      left--
      if (left === 0) callback()
    }
    this.#pieces = this.#pieces.map(piece => () => {
      if (!piece()) return false
      ended()
      return true
    })
  }

  /** There may be something to do. */
  wake(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    this.#clock.defer(() => this.#run())
  }

  close(): void {
    this.#closed = true
    if (this.#scrubTimer !== undefined) this.#clock.clearTimer(this.#scrubTimer)
    this.#scrubTimer = undefined
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
    else if (this.#store().scrubPending && !this.#scrubRests) this.#scrubLater(limits.scrubRetryMs)
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
    if (store.reclaimPending) store.reclaim({ records: limits.sliceRecords })
    return this.#pieces.length > 0 || store.watch.pending || canScrub || store.reclaimPending
  }

  /** A slice of the scrub; whether another one can follow at once. */
  #scrub(store: Store): boolean {
    if (!store.scrubPending || this.#scrubRests) return false
    const { records, pauseMs } = this.#pace
    const before = store.scrubbedRevision
    const startMs = this.#clock.now()
    const slice = Math.min(records - this.#scrubbedRecords, limits.sliceRecords)
    const isDone = store.scrub({ records: slice })
    // A scrub that waits for a reader of an older revision has done nothing; the reader does not tell when it is done.
    if (isDone && store.scrubbedRevision === before) return false
    const nowMs = this.#clock.now()
    this.#scrubStartMs ??= startMs
    this.#hooks.scrubbed(nowMs - startMs)
    if (store.scrubbedRevision !== before) {
      this.#hooks.scrubEnded({ revision: store.scrubbedRevision, tookMs: nowMs - this.#scrubStartMs })
      this.#scrubStartMs = undefined
    }
    this.#scrubbedRecords += slice
    if (isDone || this.#scrubbedRecords >= records) this.#scrubbedRecords = 0
    if (isDone || pauseMs <= 0 || this.#scrubbedRecords > 0) return !isDone
    this.#scrubRests = true
    this.#scrubLater(pauseMs)
    return false
  }

  #scrubLater(delayMs: number): void {
    if (this.#scrubTimer !== undefined) this.#clock.clearTimer(this.#scrubTimer)
    this.#scrubTimer = this.#clock.setTimer(delayMs, () => {
      this.#scrubTimer = undefined
      this.#scrubRests = false
      this.wake()
    })
  }

  #scrubbed(): void {
    for (const callback of this.#scrubWaiters.splice(0)) callback()
  }
}
