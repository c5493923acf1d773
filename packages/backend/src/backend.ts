/**
 * The state file: buckets of ordered byte keys, written in batches that hold whole log entries.
 *
 * A batch is everything put and deleted between two commits. It ends only between entries: `endEntry` says which entry
 * the state now contains, and the consistent index and term are part of the same transaction as the records. So the
 * file always equals the effect of a prefix of the log, whatever is lost in a crash.
 *
 * Reads see what was written at once, committed or not. Nothing here has a timer: the host decides when to commit.
 */

/** A bucket of the one ordered space. `id` (1–255) is what stands on disk and never changes; `name` is etcd's. */
export interface Bucket {
  readonly id: number
  readonly name: string
}

/** The last entry whose effects are all in the state. Index 0: none. */
export interface ConsistentPoint {
  readonly index: number
  readonly term: number
}

/** Keys in `[from, to)`; a side that is undefined is open. */
export interface KeyInterval {
  readonly from?: Uint8Array | undefined
  readonly to?: Uint8Array | undefined
}

export interface BackendRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export interface BackendSizes {
  /** High-water mark of pages in use since the last defragmentation: what etcd calls dbSize. */
  readonly allocatedBytes: number
  /** Pages in use now: what etcd calls dbSizeInUse. */
  readonly inUseBytes: number
  /** Length of the file. */
  readonly fileBytes: number
}

/**
 * A state that no longer changes, for hashing, backup and counting. Must be closed: it holds disk space back. It outlives
 * `defragment`, but not `close` of its backend.
 */
export interface BackendView {
  readonly consistent: ConsistentPoint
  get(bucket: Bucket, key: Uint8Array): Uint8Array | undefined
  /** In key order. What a step yields is valid until the next step. */
  records(bucket: Bucket, interval?: KeyInterval): IterableIterator<BackendRecord>
  close(): void
}

/** What a backend has lent, to be opened in any thread of this process; structured-cloneable, and of no other use. */
export interface LentState {
  readonly path: string
  /** Where in the file the state begins. */
  readonly meta: object
}

/** A state that others read where it lies. */
export interface Lent<Opened> {
  readonly opened: Opened
  /** Nobody reads it any more. Idempotent. */
  release(): void
}

export interface CopyOptions {
  /** The copy is read and removed soon: it need not survive a power cut, and syncs of others do not wait for it. */
  readonly isTemporary?: boolean
}

/**
 * What stands at moments of a commit and of a defragmentation, for tests that hold the process up there, fail the
 * operation or end the process. Moments are named as etcd names them.
 */
export interface BackendFailpoints {
  /** Undefined: the backend goes on; otherwise when the promise resolves, and the operation fails if that has a text. */
  wait(moment: WaitingMoment): Promise<string | undefined> | undefined
  /** The backend goes on when this returns. */
  block(moment: BlockingMoment): void
}

export type WaitingMoment =
  | 'commitBeforePreCommitHook'
  | 'commitAfterPreCommitHook'
  | 'beforeCommit'
  | 'afterCommit'
  | 'defragOpenFileError'
  | 'defragBeforeCopy'
  | 'defragdbFail'
  | 'defragBeforeRename'

export type BlockingMoment = 'beforeWritebackBuf' | 'afterWritebackBuf' | 'beforeStartDBTxn' | 'afterStartDBTxn'

export interface Backend {
  /** The buckets given at open, in the order of their names. */
  readonly buckets: readonly Bucket[]
  /** The state as written, including what is not committed yet. */
  readonly consistent: ConsistentPoint
  /** The part that is on disk for good: the log may be released up to here, and no further. */
  readonly durable: ConsistentPoint
  /** Operations, and bytes of their keys and values, that the next commit will carry: those of ended entries. */
  readonly pendingOperations: number
  readonly pendingBytes: number

  /** Both arrays belong to the backend afterwards. Keys up to `keyBytesMax` (1 900) bytes, or `KEY_TOO_LARGE`. */
  put(bucket: Bucket, key: Uint8Array, value: Uint8Array): void
  /** Deleting what is not there is fine. */
  delete(bucket: Bucket, key: Uint8Array): void
  /** The caller must not change what it gets; it stays valid. */
  get(bucket: Bucket, key: Uint8Array): Uint8Array | undefined
  /**
   * In key order. What a step yields is valid until the next step; records written meanwhile may or may not appear,
   * all others appear exactly once.
   */
  records(bucket: Bucket, interval?: KeyInterval): IterableIterator<BackendRecord>
  /** All effects of entry `point.index` have been written. Indexes must rise, except by `forceConsistent`. */
  endEntry(point: ConsistentPoint): void
  /** Sets the consistent point whatever it was (restore, forced new cluster). */
  forceConsistent(point: ConsistentPoint): void
  /**
   * Hands the batch, up to the last `endEntry`, to the disk as one transaction; resolves once it is durable. Records
   * written since then wait for the next one. Reads never notice. A failure is final: from then on everything but
   * reading and `close` refuses with that error. A call while another commit is under way waits for the next one; all
   * such calls share it.
   */
  commit(): Promise<void>
  /**
   * The newest committed state: at least everything whose `commit` has resolved, always whole entries. Await `commit`
   * first for the newest.
   */
  view(): BackendView
  sizes(): BackendSizes
  /**
   * Writes a compact, consistent copy of the committed state to `path` (must not exist: `EXISTS`), durable when it
   * resolves. A failure leaves nothing there and does not hurt the backend.
   */
  copyTo(path: string, options?: CopyOptions): Promise<void>
  /**
   * Lets others read the newest committed state where it lies, without a copy. `open` opens it, soon: `defragment` and
   * `moveTo` wait for that, and no longer. Like a view it holds disk space back until it is released, and all that is written
   * meanwhile makes the file longer. It outlives `defragment`; after `close` reading fails, or goes on if the file lives on.
   * Rejects with what `open` rejects with. Not there where the state is no file that others can read: then make a copy.
   */
  readonly lend?: (<Opened>(open: (lent: LentState) => Promise<Opened>) => Promise<Lent<Opened>>) | undefined
  /**
   * Gives unused space back to the file system. Reads and writes go on meanwhile, commits wait. A failure before the
   * new file is in place does not hurt the backend.
   */
  defragment(): Promise<void>
  /**
   * Gives the file another name in the same folder, written as the folder of the old name was. What lies at `path` is
   * replaced: at every moment that is the old file or this one, whole. Durable when it resolves. Reads and writes go on
   * meanwhile, commits wait. A failure before the file has its new name does not hurt the backend; any later one is final.
   *
   * The backend of the file that is replaced must be at rest but for reading. It keeps its file, which has no name any
   * more and is gone after its `close`; its `defragment` and `moveTo` refuse (`IO`).
   */
  moveTo(path: string): Promise<void>
  /**
   * Reads every committed record and compares checksums, counts and sums with what was written: `CORRUPT` names what
   * is wrong. Gives way to the event loop between slices.
   */
  verify(): Promise<void>
  /** Commits the ended entries and closes; what belongs to an entry that has not ended is dropped. Idempotent. */
  close(): Promise<void>
}
