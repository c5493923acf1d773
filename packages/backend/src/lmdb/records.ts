/** Reading in key order: slices of the file with the pending operations laid over them. */

import type { BackendRecord } from '../backend.ts'
import { compareKeys } from '../keys.ts'
import { fileInterval, type LmdbFile, prefixed, successor } from './file.ts'
import type { LmdbTransaction } from './native.ts'
import type { Pending } from './pending.ts'
import type { PendingOperation } from './segment.ts'

/** Records given out between two looks at the pending operations, beside those of one slice of the file. */
const overlayRecords = 512

export interface RecordSlice {
  readonly records: readonly BackendRecord[]
  /** Sum of the checksums of all records, if they all came from the file. */
  readonly checksums: readonly number[] | undefined
  /** Where the next slice begins; `undefined`: there is none. */
  readonly next: Uint8Array | undefined
}

/** A slice of one bucket as it is now, from `from` to below `to`. */
export function readSlice(
  file: LmdbFile,
  pending: Pending,
  bucketId: number,
  from: Uint8Array | undefined,
  to: Uint8Array | undefined,
): RecordSlice {
  const interval = fileInterval({ id: bucketId }, from, to)
  const stored = file.slice(interval.from, interval.to)
  const lastKey = stored.keys.at(-1)
  const end = stored.done || lastKey === undefined ? to : successor(lastKey.subarray(1))
  const operations = pending.operations(bucketId, from, end)
  if (operations.length === 0) {
    const records = stored.keys.map((key, at) => ({ key: key.subarray(1), value: stored.values[at]! }))
    return { records, checksums: stored.checksums, next: stored.done ? undefined : end }
  }
  const records: BackendRecord[] = []
  let place = 0
  for (const operation of operations.slice(0, overlayRecords)) {
    place = takeBelow(records, stored, place, operation.key)
    if (place < stored.keys.length && compareKeys(stored.keys[place]!.subarray(1), operation.key) === 0) place++
    if (!operation.segment.isDelete(operation.operation)) records.push(recordOf(operation))
  }
  if (operations.length > overlayRecords) {
    return { records, checksums: undefined, next: successor(operations[overlayRecords - 1]!.key) }
  }
  takeBelow(records, stored, place, undefined)
  return { records, checksums: undefined, next: stored.done ? undefined : end }
}

/** The records of one bucket in a read transaction. `alive` throws once the transaction has ended. */
export function* transactionRecords(
  file: LmdbFile,
  transaction: LmdbTransaction,
  options: {
    readonly bucketId: number
    readonly from: Uint8Array | undefined
    readonly to: Uint8Array | undefined
    readonly alive: () => void
  },
): IterableIterator<BackendRecord> {
  const { from: first, to } = fileInterval({ id: options.bucketId }, options.from, options.to)
  let from = first
  options.alive()
  for (;;) {
    const { keys, values, done } = file.slice(from, to, transaction)
    for (const [at, key] of keys.entries()) {
      yield { key: key.subarray(1), value: values[at]! }
      options.alive()
    }
    if (done) return
    from = successor(keys.at(-1)!)
  }
}

/** Adds the stored records from `place` on that are below `key`; returns the place of the first that is not. */
function takeBelow(
  records: BackendRecord[],
  stored: { readonly keys: readonly Uint8Array[]; readonly values: readonly Uint8Array[] },
  place: number,
  key: Uint8Array | undefined,
): number {
  let at = place
  for (; at < stored.keys.length; at++) {
    const storedKey = stored.keys[at]!.subarray(1)
    if (key !== undefined && compareKeys(storedKey, key) >= 0) break
    records.push({ key: storedKey, value: stored.values[at]! })
  }
  return at
}

function recordOf({ key, segment, operation }: PendingOperation): BackendRecord {
  return { key, value: segment.value(operation) }
}

/** The first key of the file that belongs to a bucket: behind the backend's own record. */
export const firstKey: Uint8Array = prefixed(1, new Uint8Array(0))
