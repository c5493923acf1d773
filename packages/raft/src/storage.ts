import type { ConfState, Entry, HardState, Snapshot } from './types.ts'

/**
 * What raft reads of the durable log. It never writes: it tells its caller, through a `Ready`, what to write.
 * The interface is synchronous, for the log that raft still needs is kept in memory by its host.
 *
 * A storage holds the entries `firstIndex()..lastIndex()`; the entry before the first one is known by its term only
 * (it is the last entry of the snapshot the log starts from). An implementation proves itself with `storageContract`
 * of `@kvs/raft/testing`.
 */
export interface RaftStorage {
  /** The hard state and the configuration that were durable at start. */
  initialState(): { readonly hardState: HardState; readonly confState: ConfState }
  /**
   * Entries in `[low, high)`, cut so that their encoded sizes stay within `maxSizeBytes`, but never empty for a valid
   * non-empty interval. Throws `RaftError` with code `COMPACTED` if `low < firstIndex()`, `UNAVAILABLE` if the
   * interval reaches beyond `lastIndex() + 1`.
   */
  entries(low: number, high: number, maxSizeBytes: number): readonly Entry[]
  /** Term of entry `index` in `[firstIndex() - 1, lastIndex()]`; otherwise throws `COMPACTED` or `UNAVAILABLE`. */
  term(index: number): number
  firstIndex(): number
  lastIndex(): number
  /**
   * The newest snapshot. Throws `SNAPSHOT_TEMPORARILY_UNAVAILABLE` while one is being prepared; raft asks again. A member
   * that was added after it was taken cannot use it: make a newer one before the entries since then are compacted, or
   * when this is called, or the member waits.
   */
  snapshot(): Snapshot
}
