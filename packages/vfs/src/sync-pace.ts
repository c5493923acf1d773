import { FAST_SYNC_MS, INLINE_SYNC_BYTES, SLOW_SYNC_PAUSE } from './limits.ts'

/**
 * Whether a sync may be waited for on the spot. Handing a sync to the thread pool and hearing of its end costs two changes
 * of thread, as much as the sync of a few bytes takes on a good disk; but a slow one must not hold the event loop. So only
 * small ones are done at once, and none for a while after one that was not fast.
 */
export class SyncPace {
  /** Syncs that go to the thread pool before one is tried on the spot again. */
  #pause = SLOW_SYNC_PAUSE

  /** `unsyncedBytes`: written since the last sync. */
  mayWait(unsyncedBytes: number): boolean {
    return this.#pause === 0 && unsyncedBytes <= INLINE_SYNC_BYTES
  }

  took(durationMs: number): void {
    if (durationMs > FAST_SYNC_MS) this.#pause = SLOW_SYNC_PAUSE
    else if (this.#pause > 0) this.#pause--
  }
}
