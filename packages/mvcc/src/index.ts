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
  PutRequest,
  RangeCursor,
  RangeRequest,
  RangeResult,
  RestoreProgress,
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
