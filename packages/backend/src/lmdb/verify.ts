import { setImmediate } from 'node:timers/promises'
import { type LmdbFile, successor } from './file.ts'
import { decodedOrEmpty } from './meta-record.ts'
import { firstKey } from './records.ts'
import { Totals } from './totals.ts'

/** Reads all records of one state and compares them with its record of sums. `CORRUPT` says what differs. */
export async function verifyFile(file: LmdbFile, alive: () => void): Promise<void> {
  const transaction = file.beginRead()
  try {
    const expected = decodedOrEmpty(file.meta(transaction))
    const found = new Totals()
    for (let from = firstKey; ; ) {
      const slice = file.slice(from, undefined, transaction)
      for (let at = 0; at < slice.count; at++) found.change(slice.bucketId(at), -1, slice.checksum(at))
      if (slice.done) break
      from = successor(slice.fileKey(slice.count - 1))
      await setImmediate()
      alive()
    }
    for (let id = 1; id < 256; id++) {
      if (found.equals(id, expected)) continue
      const [before, now] = [expected, found].map(t => ({ count: t.counts[id]!, sum: t.sums[id]! }))
      throw file.mismatch(id, now!, before!)
    }
  } finally {
    file.endRead(transaction)
  }
}
