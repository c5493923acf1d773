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
      found.add(undefined, slice)
      if (slice.done) break
      from = successor(slice.fileKey(slice.count - 1))
      await setImmediate()
      alive()
    }
    for (let id = 1; id < 256; id++) found.compare(id, expected, file)
  } finally {
    file.endRead(transaction)
  }
}
