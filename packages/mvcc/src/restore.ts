/** Rebuilds index and slabs from bucket `key`, in slices. */

import type { RestoreProgress } from './contract.ts'
import { describeBytes } from './describe.ts'
import { MvccError } from './errors.ts'
import { leasedFlag } from './index/entry.ts'
import { restoreSliceBytes, restoreSliceRecords } from './limits.ts'
import type { Reader } from './reader.ts'
import { RecordScan } from './record-scan.ts'

/** Fills the reader's index; returns the main revision of the last record, 0 if there is none. */
export function* restoreIndex(reader: Reader): Generator<RestoreProgress, number> {
  const { index, limits } = reader
  const scan = new RecordScan(reader, { from: 0 })
  const most = { records: Math.min(limits.sliceRecords, restoreSliceRecords), bytes: restoreSliceBytes }
  index.beginBulk()
  let done = 0
  let main = 0
  for (let ended = false; !ended; ) {
    ended = scan.stepWhole(most, value => {
      restoreRecord(reader, scan, value)
      done++
      main = scan.main
    })
    reader.slab.reclaim(Number.POSITIVE_INFINITY)
    yield { phase: 'records', done }
  }
  for (const sorted of index.build(limits.sliceRecords)) yield { phase: 'index', done: sorted }
  return main
}

function restoreRecord(reader: Reader, scan: RecordScan, value: Uint8Array): void {
  // `etcdutl snapshot restore --bump-revision` leaves a record that has a revision and nothing else.
  if (value.length === 0) return
  const { index, slab, view } = reader
  scan.findEntry()
  const { keyStart, keyEnd } = view
  const { main, sub, isTombstone } = scan
  if (keyStart === keyEnd) throw new MvccError('CORRUPT_STATE', `record ${main}.${sub} has no key`)
  if (!isTombstone && view.modRevision !== main) {
    const key = describeBytes(value.subarray(keyStart, keyEnd))
    throw new MvccError(
      'CORRUPT_STATE',
      `record ${main}.${sub} of key ${key} says that it is of revision ${view.modRevision}`,
    )
  }
  const handle = scan.handle === 0 ? index.add(value, keyStart, keyEnd) : scan.handle
  index.advance(handle, main, sub, isTombstone)
  if (isTombstone) {
    slab.drop(handle)
    index.setFlag(handle, leasedFlag, false)
    return
  }
  index.setLife(handle, view.createRevision, view.version)
  index.setFlag(handle, leasedFlag, view.leaseAt !== 0)
  slab.put(handle, value)
}
