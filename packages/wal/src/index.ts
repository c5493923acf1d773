/**
 * A write-ahead log in the format of etcd 3.4 to 3.7.
 */
export { type CreateWalOptions, createWal, type WalOptions } from './create.ts'
export { listSegments, walExists } from './directory.ts'
export { WalError, type WalErrorCode, type WalPosition } from './errors.ts'
export { describeWalEvent, type WalEvent, type WalEventSink } from './events.ts'
export {
  type OpenWalOptions,
  openWal,
  type ReadWalOptions,
  readWal,
  verifyWal,
  type WalContent,
  type WalStartSnapshot,
} from './open.ts'
export type { WalBatch, WalSnapshot } from './types.ts'
export type { Wal, WalStatus } from './wal.ts'
