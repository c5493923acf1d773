/**
 * A multi-version key-value store with watches.
 *
 * ```ts
 * const store = openStore({ state, buckets }) // an ordered map on disk, and which of its buckets to use
 * const txn = store.write()
 * txn.put({ key, value, lease: 7n })
 * const { revision, changes } = txn.end() // visible now; watchers have got their events
 * const { kvs, count, more } = store.range({ key, rangeEnd, limit: 100 })
 * const end = kvs.writeTo(response, { at, field: 2 }) // stored bytes, copied once
 * ```
 *
 * The caller's duties:
 * - One write transaction per log entry, one at a time. It cannot be taken back: whatever may fail (leases, revisions,
 *   keys that must exist) is checked before the first write.
 * - Long work comes as cursors: call `step` until it says true, and give way in between. `scrub`, `reclaim` and
 *   `watch.step` want to be called while `scrubPending`, `reclaimPending` and `watch.pending` say so. Close cursors you
 *   give up: an open one holds the scrub back.
 * - A `range` result refers to the store: write it out, or `freeze` it, before the store changes.
 * - The state file's entries are yours to end and commit. Scrubs write outside of entries.
 * - `openStoreInSlices` opens without blocking; what a store read from a snapshot takes over of the old one is
 *   `old.watch.moveTo(store.watch)`.
 *
 * Leases stay with the caller: `changes.leases` says which keys changed theirs, `keyLeases` lists all after opening.
 */

export { AssertionError } from './assert.ts'
export type {
  Changes,
  Compare,
  CompareResult,
  CompareTarget,
  Cursor,
  DeleteRequest,
  DeleteResult,
  KeyLease,
  KeyRange,
  KeyValue,
  KeyValueList,
  KvHash,
  LeaseChange,
  OperationCounts,
  PutRequest,
  RangeCursor,
  RangeRequest,
  RangeResult,
  RestoreProgress,
  ScrubMoment,
  SortOrder,
  SortTarget,
  StepBudget,
  Store,
  StoreOptions,
  StoreStatistics,
  WriteResult,
  WriteTxn,
} from './contract.ts'
export {
  describeBytes,
  describeChanges,
  describeEvent,
  describeHash,
  describeKeyValue,
  describeRange,
  describeRangeResult,
  describeWatcher,
} from './describe.ts'
export { MvccError, type MvccErrorCode } from './errors.ts'
export { compactionHashesMax, defaultLimits, type StoreLimits } from './limits.ts'
export { decodeRecord } from './record.ts'
export { recyclePiece } from './record-list.ts'
export type { StateBucket, StateFile, StateInterval, StateRecord, StoreBuckets } from './state.ts'
export { openStore, openStoreInSlices } from './store.ts'
export type {
  DecodedEvent,
  EncodedEvent,
  WatchBatch,
  WatchConsumer,
  Watcher,
  WatcherState,
  WatchHub,
  WatchRequest,
  WatchStatistics,
  WatchStream,
} from './watch/contract.ts'
export { decodeEvent } from './watch/event.ts'
