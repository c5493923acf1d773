/**
 * A write-ahead log in the format of etcd (3.4 to 3.7, readable and writable both ways): raft entries, hard states and
 * snapshot records in segments of 64 MB, every byte under a running CRC-32C.
 *
 * What it promises: when the promise of `append` or `saveSnapshot` resolves, the record survives a power cut. When a log
 * is opened, everything that was promised is there, or the log is refused with file and offset. What a power cut left of
 * an unfinished batch is removed; what no power cut can have done is never taken for that. See `src/format.ts` for the
 * layout and for how the two are told apart.
 *
 * Duties of the caller: the parent of `dir` exists and is durable; entries continue the log or replace its end; a
 * snapshot is durable before its record is saved; after a rejected promise the process ends. Nothing here has a timer
 * or a clock: measure syncs by the promises, call `purgeWal` when it suits you.
 *
 * ```ts
 * import { memFs } from '@kvs/vfs'
 * import { createWal, openWal } from '@kvs/wal'
 *
 * const fs = memFs()
 * const wal = await createWal({ fs, dir: '/member/wal', metadata: new TextEncoder().encode('member 1') })
 * const data = new TextEncoder().encode('hello')
 * await wal.append({ entries: [{ index: 1, term: 1, type: 0, data }], hardState: { term: 1, vote: 1n, commit: 0 } })
 * await wal.close()
 * const { content } = await openWal({ fs, dir: '/member/wal', snapshot: { index: 0, term: 0 } })
 * content.entries.length // 1
 * ```
 */
export { type CreateWalOptions, createWal, type WalOptions } from './create.ts'
export { describeWalRecord, describeWalStatus } from './describe.ts'
export { type ListedSegment, type Listing, listSegments, walExists } from './directory.ts'
export { WalError, type WalErrorCode, type WalPosition } from './errors.ts'
export { describeWalEvent, type WalEvent, type WalEventSink, type WalTiming } from './events.ts'
export type { SegmentName } from './format.ts'
export {
  type InspectWalOptions,
  newestSnapshot,
  type RepairWalOptions,
  readWalRecords,
  repairWal,
  validSnapshots,
  type WalEnd,
} from './inspect.ts'
export { segmentSizeBytesDefault } from './limits.ts'
export {
  type OpenWalOptions,
  openWal,
  type ReadWalOptions,
  readWal,
  verifyWal,
  type WalContent,
  type WalStartSnapshot,
} from './open.ts'
export { type PurgeWalOptions, purgeWal } from './purge.ts'
export { readSpan } from './read-span.ts'
export type { WalRecord } from './replay.ts'
export type { WalBatch, WalSnapshot } from './types.ts'
export type { Wal, WalSpan, WalStatus } from './wal.ts'
