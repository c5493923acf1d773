import { FAST_SYNC_MS, INLINE_SYNC_BYTES, SLOW_SYNC_PAUSE } from './limits.ts'

/**
 * Whether a sync may be waited for on the spot. Handing a sync to the thread pool and hearing of its end costs two changes
 * of thread, as much as the sync of a few bytes takes on a good disk; but a slow one must not hold the event loop. So only
 * small ones are done at once, none for a while after one that was not fast or not small (then several clients write, and
 * all of them would wait), and none while something else of this process uses the disk.
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
    if (unsyncedBytes > INLINE_SYNC_BYTES) this.#pause = SLOW_SYNC_PAUSE
    return this.#pause === 0 && !this.#use.busy
  }

  took(durationMs: number): void {
    if (durationMs > FAST_SYNC_MS) this.#pause = SLOW_SYNC_PAUSE
    else if (this.#pause > 0) this.#pause--
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
