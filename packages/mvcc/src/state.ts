/**
 * What the store asks of the state file: two buckets of ordered byte keys. `@kvs/backend` fits by its shape.
 *
 * Everything written here belongs to the log entry that is being applied; the host ends entries and commits.
 */

export interface StateBucket {
  readonly id: number
  readonly name: string
}

export interface StateRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Keys in `[from, to)`; a side that is `undefined` is open. */
export interface StateInterval {
  readonly from?: Uint8Array
  readonly to?: Uint8Array | undefined
}

export interface StateFile {
  /** Both arrays belong to the state afterwards; they are parts of larger buffers that others read. */
  put(bucket: StateBucket, key: Uint8Array, value: Uint8Array): void
  /** Deleting what is not there is fine. */
  delete(bucket: StateBucket, key: Uint8Array): void
  /** Must not be changed by the caller, and does not change afterwards. */
  get(bucket: StateBucket, key: Uint8Array): Uint8Array | undefined
  /** In key order, what is written but not committed included. A step's record is valid until the next step. */
  records(bucket: StateBucket, interval?: StateInterval): IterableIterator<StateRecord>
}

/** The buckets the store keeps: `key` holds records by revision, `meta` the compaction markers. */
export interface StoreBuckets {
  readonly key: StateBucket
  readonly meta: StateBucket
}
