/** The public shapes of the store: what goes in, what comes out, and what the host steps. */

import type { StoreLimits } from './limits.ts'
import type { StateFile, StoreBuckets } from './state.ts'
import type { WatchHub } from './watch/contract.ts'

/**
 * Keys as etcd spells an interval: no `rangeEnd` (or an empty one) is the single key; one zero byte is every key from
 * `key` on; otherwise `[key, rangeEnd)`, which is empty if `rangeEnd` is not above `key`.
 */
export interface KeyRange {
  readonly key: Uint8Array
  readonly rangeEnd?: Uint8Array | undefined
}

export interface KeyValue {
  readonly key: Uint8Array
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
  readonly value: Uint8Array
  readonly lease: bigint
}

export type SortOrder = 'none' | 'ascend' | 'descend'
export type SortTarget = 'key' | 'version' | 'create' | 'mod' | 'value'

export interface RangeRequest extends KeyRange {
  /** 0, negative or absent: no limit. */
  readonly limit?: number
  /** 0, negative or absent: the newest. */
  readonly revision?: number
  readonly countOnly?: boolean
  /** Values are left out; unless sorted by value, leases too. */
  readonly keysOnly?: boolean
  readonly sortOrder?: SortOrder
  readonly sortTarget?: SortTarget
  /** Filters: 0 or absent is off. They do not change `count`. */
  readonly minModRevision?: number
  readonly maxModRevision?: number
  readonly minCreateRevision?: number
  readonly maxCreateRevision?: number
}

/**
 * Encoded key-values, ready to be copied into a response as a repeated field. Iterating decodes.
 *
 * Valid until the store is next written to or stepped (using it later throws `MISUSE`), unless it is frozen: results
 * of a write transaction and of cursors that needed several steps are.
 */
export interface KeyValueList extends Iterable<KeyValue> {
  readonly length: number
  /** Bytes that `writeTo` writes: for each pair one tag byte, the length and the record. */
  readonly byteLength: number
  /** Writes all pairs as the repeated field `field` (1–15) at `at`; returns the offset after the last byte. */
  writeTo(target: Uint8Array, options: { readonly at: number; readonly field: number }): number
  /** The encoded record at `index`, as a view. */
  record(index: number): Uint8Array
  /** Copies the records out of the store, so that the list stays valid. Idempotent. */
  freeze(): void
  /**
   * What `writeTo` would write with field 2, or 3 for pairs that a delete found, in pieces that may be sent without
   * another copy. Freezes. Whoever has sent a piece may give it to `recyclePiece`, and must not use the list afterwards.
   */
  pieces(): readonly Uint8Array[]
  /** The list is not used any more, nor are its pieces: what was copied for it may be used for the next. */
  release(): void
}

export interface RangeResult {
  /** Revision that was read. (The header of an answer wants `store.revision`.) */
  readonly revision: number
  /** Keys in the range at that revision, whatever limit and filters say. */
  readonly count: number
  /** The limit cut something off. */
  readonly more: boolean
  readonly kvs: KeyValueList
}

/** Upper bounds of one step; whichever is reached first ends it. */
export interface StepBudget {
  /** Keys or records looked at. */
  readonly records?: number
  /** Bytes collected. */
  readonly bytes?: number
  /** Asked every few records whether the step shall end: code that has not run often takes many times as long. */
  readonly isDue?: () => boolean
}

/** Something long that the host drives: nothing here blocks the loop for more than one step. */
export interface Cursor<Result> {
  /** Does one slice of work. True when all is done; calling it again is fine. */
  step(budget?: StepBudget): boolean
  /** Throws `MISUSE` before the last step. */
  result(): Result
  /** Gives up and lets go of what the cursor holds back. Idempotent; a finished cursor is closed. */
  close(): void
}

/** Reads at one revision whatever is written meanwhile. While it is open, scrubbing below its revision waits. */
export interface RangeCursor extends Cursor<RangeResult> {
  /**
   * The pairs collected since the last call, which the cursor then forgets: what is too large to be kept whole leaves in
   * parts, and `result` has the rest. Only for reads in the order of keys, with or without filters (else `MISUSE`).
   */
  take(): KeyValueList
}

export type CompareTarget = 'version' | 'create' | 'mod' | 'lease' | 'value'
export type CompareResult = 'equal' | 'greater' | 'less' | 'notEqual'

/** A condition on one key, or on every key of a range; an empty range is compared as one missing key. */
export type Compare = KeyRange & { readonly result: CompareResult } & (
    | { readonly target: 'version' | 'create' | 'mod'; readonly operand: number }
    | { readonly target: 'lease'; readonly operand: bigint }
    | { readonly target: 'value'; readonly operand: Uint8Array }
  )

/** Keys and values may be slices of a larger buffer: they are copied once, into the record. */
export interface PutRequest {
  readonly key: Uint8Array
  /** Default 0. */
  readonly keyStart?: number
  /** Default `key.length`. */
  readonly keyEnd?: number
  readonly value: Uint8Array
  readonly valueStart?: number
  readonly valueEnd?: number
  /** 0 or absent: none. A put without one detaches the old lease. */
  readonly lease?: bigint
  /** Keep the present value; the key must exist (`KEY_NOT_FOUND`). */
  readonly ignoreValue?: boolean
  /** Keep the present lease; the key must exist (`KEY_NOT_FOUND`). */
  readonly ignoreLease?: boolean
  /** Return the record that is overwritten. */
  readonly wantPrevious?: boolean
}

export interface DeleteRequest extends KeyRange {
  readonly wantPrevious?: boolean
}

export interface DeleteResult {
  readonly deleted: number
  /** The deleted pairs in key order, frozen; empty unless wanted. */
  readonly previous: KeyValueList
}

/** A key whose lease changed hands. 0 is none. Both differ, or both are the same lease after a put. */
export interface LeaseChange {
  readonly key: Uint8Array
  readonly oldLease: bigint
  readonly newLease: bigint
}

/** What one write transaction did, in the order it did it (which is the order of sub-revisions). */
export interface Changes {
  readonly length: number
  /** The stored record: an encoded KeyValue; of a deletion only its key. Must not be changed. */
  record(index: number): Uint8Array
  isDelete(index: number): boolean
  /** Only keys that had or got a lease. */
  readonly leases: readonly LeaseChange[]
}

export interface WriteResult {
  /** The store's revision now: one more than before if anything was written. */
  readonly revision: number
  readonly changes: Changes
}

/**
 * All writes of one log entry; there is one at a time. It may stay open over many turns: readers see the revision
 * before it until `end`. It cannot be taken back, so whatever may fail must be checked before the first write.
 */
export interface WriteTxn {
  /** The revision its writes get. */
  readonly revision: number
  /** Writes so far. */
  readonly changes: number
  /** Returns the overwritten record if wanted and there was one. */
  put(request: PutRequest): Uint8Array | undefined
  deleteRange(request: DeleteRequest): DeleteResult
  /** The same in slices. One at a time; nothing else may be done with the transaction until it is done. */
  openDelete(request: DeleteRequest): Cursor<DeleteResult>
  /** Sees the writes so far. The result is frozen. */
  range(request: RangeRequest): RangeResult
  /** The same in slices. */
  openRange(request: RangeRequest): RangeCursor
  /**
   * Makes the writes visible and hands the events to the watchers. What is more than `publishWork` is left to
   * `watch.step`, and so is what later transactions write until then.
   */
  end(): WriteResult
}

export interface KvHash {
  /** CRC-32C. */
  readonly hash: number
  readonly compactRevision: number
  /** The revision that was hashed. */
  readonly revision: number
}

export interface KeyLease {
  readonly key: Uint8Array
  readonly lease: bigint
}

export interface StoreStatistics {
  /** Keys in the index, deleted ones that are not compacted yet included. */
  readonly keys: number
  /** Keys that exist. */
  readonly liveKeys: number
  /** Revisions in the index. */
  readonly revisions: number
  /** Records that scrubs have removed since the store was opened. */
  readonly removedRecords: number
  readonly indexBytes: number
  readonly slabBytes: number
  readonly slabLiveBytes: number
  /** What was asked of the store since it was opened. */
  readonly operations: Readonly<OperationCounts>
}

/** Operations as etcd counts them: keeping or returning what a write finds is a range of its own. */
export interface OperationCounts {
  /** Reads, conditions and those that are refused included. */
  ranges: number
  puts: number
  /** Bytes of the keys and values of those puts. */
  putBytes: number
  /** Deletions, however many keys they found. */
  deletes: number
  /** Write transactions of more than one operation. */
  txns: number
}

export interface Store {
  /** Revision of the last finished write transaction. 1 at first. */
  readonly revision: number
  /** Reads below this are refused; -1 before the first compaction. */
  readonly compactRevision: number
  /** The last compaction whose scrub has finished; -1 before the first. */
  readonly scrubbedRevision: number
  readonly watch: WatchHub

  /** Throws `COMPACTED` or `FUTURE_REVISION`. Single keys and small ranges; for more there is `openRange`. */
  range(request: RangeRequest): RangeResult
  /** Throws `COMPACTED` or `FUTURE_REVISION` at once; afterwards compaction does not touch the read. */
  openRange(request: RangeRequest): RangeCursor
  /** Throws what `range` would throw for this revision (0 or negative is the newest). */
  checkRevision(revision: number): void
  /** Evaluates a condition of a transaction against the present state. */
  holds(compare: Compare): boolean
  /** The same in slices, for conditions on large ranges. */
  openCompare(compare: Compare): Cursor<boolean>

  /** Throws `MISUSE` while another one is open. */
  write(): WriteTxn

  /**
   * Refuses reads below `revision` from now on and schedules the scrub. Throws `COMPACTED` if it is not above the
   * last one, `FUTURE_REVISION` if it is above the current revision.
   */
  compact(revision: number): void
  /** Removes a slice of what compaction made superfluous. True when there is nothing left to do now. */
  scrub(budget?: StepBudget): boolean
  /** Records that scrubs have looked at since the store was opened. */
  readonly scrubbedRecords: number
  /** Whether `scrub` has anything to do, waiting for readers included. */
  readonly scrubPending: boolean
  /** Gives memory of records back that were deleted or replaced. True when there is nothing left to do now. */
  reclaim(budget?: StepBudget): boolean
  /** Whether there is much to give back, more than the transactions to come should do by the way. */
  readonly reclaimPending: boolean
  /** The hash of all pairs at `revision` (0: the current one). Throws `COMPACTED` or `FUTURE_REVISION`. */
  openHash(revision: number): Cursor<KvHash>
  /** Hashes of the last compactions since start-up, newest first. */
  compactionHashes(): readonly KvHash[]

  /**
   * Every live key that has a lease, in key order. Yields `undefined` to give way; what is written meanwhile may or may
   * not appear.
   */
  keyLeases(): Generator<KeyLease | undefined, void>
  /** From now on reads and writes through another handle of the state file, with the same records. */
  useState(state: StateFile): void
  statistics(): StoreStatistics
}

export interface StoreOptions {
  readonly state: StateFile
  readonly buckets: StoreBuckets
  readonly limits?: Partial<StoreLimits>
  /** Seeds the hash of keys, so that nobody outside can build collisions. Any 32-bit number. */
  readonly hashSeed?: number
  /** Called at moments of a scrub, which goes on when it returns: for tests that hold the host up there, or end it. */
  readonly atScrub?: ((moment: ScrubMoment) => void) | undefined
}

/** A slice begins; the last record is removed, and the scrub is about to be marked as finished. Named as etcd names them. */
export type ScrubMoment = 'compactAfterAcquiredBatchTxLock' | 'compactBeforeSetFinishedCompact'

export interface RestoreProgress {
  readonly phase: 'records' | 'index'
  /** Records read, or keys sorted into the index. */
  readonly done: number
}
