import { FAST_SYNC_MS, INLINE_SYNC_BYTES, POOL_HOP_MS, SLOW_SYNC_PAUSE, SLOW_SYNC_PAUSE_PER_MS } from './limits.ts'

/**
 * Whether a sync may be waited for on the spot. Handing a sync to the thread pool and hearing of its end costs two changes
 * of thread, as much as the sync of a few bytes takes on a good disk; but a slow one must not hold the event loop. So only
 * small ones are done at once; none for a while after one that was not small (then several clients write, and all of them
 * would wait), or not fast: the slower it was, the longer, so that a disk that stalls now and then holds the loop once in a
 * thousand syncs and not once in ten; and none while something else of this process uses the disk.
 */
export class SyncPace {
  readonly #use: DiskUse
  /** Syncs that go to the thread pool before one is tried on the spot again. */
  #pause = SLOW_SYNC_PAUSE

  constructor(use: DiskUse) {
    this.#use = use
  }

  /** `unsyncedBytes`: written since the last sync. */
  mayWait(unsyncedBytes: number): boolean {
    if (unsyncedBytes > INLINE_SYNC_BYTES) this.#pause = Math.max(this.#pause, SLOW_SYNC_PAUSE)
    return this.#pause === 0 && !this.#use.busy
  }

  /** A sync was waited for on the spot. */
  waited(durationMs: number): void {
    if (durationMs > FAST_SYNC_MS) this.#rest(durationMs)
  }

  /** The thread pool did a sync. The time has the changes of thread in it, which are no fault of the disk. */
  pooled(durationMs: number): void {
    if (durationMs > FAST_SYNC_MS + POOL_HOP_MS) this.#rest(durationMs - POOL_HOP_MS)
    else if (this.#pause > 0) this.#pause--
  }

  #rest(durationMs: number): void {
    this.#pause = Math.max(this.#pause, SLOW_SYNC_PAUSE, Math.ceil(durationMs * SLOW_SYNC_PAUSE_PER_MS))
  }
}

/** What of this process is using the disk, off the event loop. */
export class DiskUse {
  #running = 0

  get busy(): boolean {
    return this.#running > 0
  }

  begin(): void {
    this.#running++
  }

  end(): void {
    this.#running--
  }
}
