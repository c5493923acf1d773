import type { Store } from '@kvs/mvcc'
import type { Continuation } from '../apply/operation.ts'
import type { Failpoints } from '../failpoints/failpoints.ts'
import type { WaitingFailpoint } from '../failpoints/names.ts'
import * as limits from '../limits.ts'
import type { Clock } from '../parts.ts'

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

/** What may hold a scrub up, and the failpoints that are reached with a commit. */
export interface ScrubFailpoints {
  readonly failpoints: Failpoints
  readonly behindCommit: (name: WaitingFailpoint) => void
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
  readonly #held: ScrubFailpoints | undefined
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
  /** The scrub came to nothing in this run: a reader holds it up. */
  #scrubWaits = false
  /** When the slice under way is over. */
  #dueMs = 0
  /** Which kind of work is next. */
  #kind = 0
  /** Records of the batch that the scrub has done. */
  #scrubbedRecords = 0
  #scrubStartMs: number | undefined
  /** A failpoint holds it. */
  #scrubIsHeld = false
  #scheduled = false
  #closed = false

  constructor(parts: {
    readonly clock: Clock
    readonly store: () => Store
    readonly pace: ScrubPace
    readonly held?: ScrubFailpoints | undefined
  }) {
    this.#clock = parts.clock
    this.#store = parts.store
    this.#pace = parts.pace
    this.#held = parts.held
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

  /** A slice of work on the loop begins, here or elsewhere. */
  beginSlice(): void {
    this.#dueMs = this.#clock.now() + limits.sliceMs
  }

  /** Whether the slice under way is over: for the budgets of steps. */
  readonly isDue = (): boolean => this.#clock.now() > this.#dueMs

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
    this.beginSlice()
    this.#scrubWaits = false
    try {
      while (this.#step() && !this.isDue()) {}
      if (!this.#store().scrubPending && !this.#scrubIsHeld) this.#scrubbed()
    } catch (error) {
      this.close()
      return this.#hooks.fatal(error)
    }
    this.#hooks.afterSlices()
    if (this.#hasWork()) this.wake()
    else if (this.#store().scrubPending && !this.#scrubRests && !this.#scrubIsHeld)
      this.#scrubLater(limits.scrubRetryMs)
  }

  #hasWork(): boolean {
    const store = this.#store()
    const canScrub = store.scrubPending && !this.#scrubRests && !this.#scrubWaits && !this.#scrubIsHeld
    return this.#pieces.length > 0 || store.watch.pending || canScrub || store.reclaimPending
  }

  /** One slice of what is next in turn: all kinds of work take turns, and all pieces. False if there is nothing to do. */
  #step(): boolean {
    const kinds = [this.#stepPiece, this.#stepWatch, this.#stepScrub, this.#stepReclaim]
    for (let tried = 0; tried < kinds.length; tried++) {
      const step = kinds[this.#kind] as () => boolean
      this.#kind = (this.#kind + 1) % kinds.length
      if (step.call(this)) return true
    }
    return false
  }

  #stepPiece(): boolean {
    const piece = this.#pieces.shift()
    if (piece === undefined) return false
    if (!piece()) this.#pieces.push(piece)
    return true
  }

  #stepWatch(): boolean {
    const { watch } = this.#store()
    if (!watch.pending) return false
    watch.step({ records: limits.sliceRecords, isDue: this.isDue })
    return true
  }

  #stepReclaim(): boolean {
    const store = this.#store()
    if (!store.reclaimPending) return false
    store.reclaim({ records: limits.sliceRecords })
    return true
  }

  #stepScrub(): boolean {
    const store = this.#store()
    if (!store.scrubPending || this.#scrubRests || this.#scrubWaits || this.#scrubIsHeld) return false
    const { records, pauseMs } = this.#pace
    const before = store.scrubbedRevision
    const startMs = this.#clock.now()
    const slice = Math.min(records - this.#scrubbedRecords, limits.sliceRecords)
    const lookedAt = store.scrubbedRecords
    const isDone = store.scrub({ records: slice, isDue: this.isDue })
    // A scrub that waits for a reader of an older revision has done nothing; the reader does not tell when it is done.
    if (isDone && store.scrubbedRevision === before) {
      this.#scrubWaits = true
      return false
    }
    const nowMs = this.#clock.now()
    this.#scrubStartMs ??= startMs
    this.#hooks.scrubbed(nowMs - startMs)
    const isFinished = store.scrubbedRevision !== before
    if (isFinished) {
      const tookMs = nowMs - this.#scrubStartMs
      this.#scrubStartMs = undefined
      const scrub = { revision: store.scrubbedRevision, tookMs }
      const ended = (): void => this.#hooks.scrubEnded(scrub)
      if (!this.#holdScrub('compactAfterSetFinishedCompact', ended)) ended()
    }
    this.#scrubbedRecords += store.scrubbedRecords - lookedAt
    const isBatch = this.#scrubbedRecords >= records
    if (isDone || isBatch) this.#scrubbedRecords = 0
    if (isBatch && !isFinished) this.#batchEnded()
    if (isDone || pauseMs <= 0 || this.#scrubbedRecords > 0) return true
    this.#scrubRests = true
    this.#scrubLater(pauseMs)
    return true
  }

  #batchEnded(): void {
    if (this.#held === undefined) return
    this.#held.behindCommit('compactAfterCommitBatch')
    this.#holdScrub('compactBeforeCommitBatch', () => {})
  }

  /** Whether a failpoint holds the scrub; once it lets go, `then` is called. */
  #holdScrub(name: WaitingFailpoint, goOn: () => void): boolean {
    const waiting = this.#held?.failpoints.wait(name)
    if (waiting === undefined) return false
    this.#scrubIsHeld = true
    void waiting.then(() => {
      this.#scrubIsHeld = false
      if (this.#closed) return
      goOn()
      this.wake()
    })
    return true
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
