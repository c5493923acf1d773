/** Reading in key order: slices of the file with the pending operations laid over them. */

import type { BackendRecord } from '../backend.ts'
import { compareKeys } from '../keys.ts'
import { fileInterval, type LmdbFile, prefixed, successor } from './file.ts'
import type { LmdbTransaction } from './native.ts'
import type { Pending } from './pending.ts'
import type { PendingOperation } from './segment.ts'
import type { FileSlice } from './slice.ts'

/** Records given out between two looks at the pending operations, beside those of one slice of the file. */
const overlayRecords = 512

export interface RecordSlice {
  /** Only from the file: nothing pending lay over it. */
  readonly stored: FileSlice | undefined
  readonly records: readonly BackendRecord[]
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
  const end = stored.done ? to : successor(stored.key(stored.count - 1))
  const next = stored.done ? undefined : end
  const { operations, isWhole } = pending.operations(bucketId, { from, to: end }, overlayRecords)
  if (operations.length === 0) return { stored, records: [], next }
  const records: BackendRecord[] = []
  let place = 0
  const overlay = operations.slice(0, overlayRecords)
  for (const operation of overlay) {
    place = takeBelow(records, stored, place, operation.key)
    if (place < stored.count && compareKeys(stored.key(place), operation.key) === 0) place++
    if (!operation.segment.isDelete(operation.operation)) records.push(recordOf(operation))
  }
  if (operations.length > overlayRecords || !isWhole) {
    return { stored: undefined, records, next: successor(overlay.at(-1)!.key) }
  }
  takeBelow(records, stored, place, undefined)
  return { stored: undefined, records, next }
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
    const slice = file.slice(from, to, transaction)
    for (let at = 0; at < slice.count; at++) {
      yield { key: slice.key(at), value: slice.value(at) }
      options.alive()
    }
    if (slice.done) return
    from = successor(slice.fileKey(slice.count - 1))
  }
}

/** Adds the stored records from `place` on that are below `key`; returns the place of the first that is not. */
function takeBelow(records: BackendRecord[], stored: FileSlice, place: number, key: Uint8Array | undefined): number {
  let at = place
  for (; at < stored.count; at++) {
    const storedKey = stored.key(at)
    if (key !== undefined && compareKeys(storedKey, key) >= 0) break
    records.push({ key: storedKey, value: stored.value(at) })
  }
  return at
}

function recordOf({ key, segment, operation }: PendingOperation): BackendRecord {
  return { key, value: segment.value(operation) }
}

/** The first key of the file that belongs to a bucket: behind the backend's own record. */
export const firstKey: Uint8Array = prefixed(1, new Uint8Array(0))
