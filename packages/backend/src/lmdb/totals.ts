import { assert } from '../assert.ts'
import type { ConsistentPoint } from '../backend.ts'
import type { LmdbFile } from './file.ts'
import { type MetaRecord, sumModulus } from './meta-record.ts'
import type { FileSlice } from './slice.ts'

/** Record count and checksum sum of every bucket, by id. */
export class Totals {
  readonly counts: Float64Array = new Float64Array(256)
  readonly sums: Float64Array = new Float64Array(256)

  /** Checksums are those of the record before and after; -1: there is none. */
  change(bucketId: number, before: number, after: number): void {
    let sum = this.sums[bucketId]!
    let count = this.counts[bucketId]!
    if (before >= 0) {
      sum -= before
      count--
    }
    if (after >= 0) {
      sum += after
      count++
    }
    this.sums[bucketId] = sum < 0 ? sum + sumModulus : sum >= sumModulus ? sum - sumModulus : sum
    this.counts[bucketId] = count
  }

  set(from: MetaRecordTotals): void {
    this.counts.set(from.counts)
    this.sums.set(from.sums)
  }

  /** Counts the records of a slice in, all of them of `bucketId` if that is given. */
  add(bucketId: number | undefined, slice: FileSlice): void {
    for (let at = 0; at < slice.count; at++) this.change(bucketId ?? slice.bucketId(at), -1, slice.checksum(at))
  }

  /** Throws `CORRUPT` if what was found here is not what `expected` says. */
  compare(bucketId: number, expected: MetaRecordTotals, file: LmdbFile): void {
    if (this.counts[bucketId] === expected.counts[bucketId] && this.sums[bucketId] === expected.sums[bucketId]) return
    throw file.mismatch(bucketId, { found: this.counts[bucketId]!, expected: expected.counts[bucketId]! })
  }
}

type MetaRecordTotals = Pick<MetaRecord, 'counts' | 'sums'>

/** A state by its numbers. */
export class Snapshot {
  point: ConsistentPoint = { index: 0, term: 0 }
  readonly totals: Totals = new Totals()

  set(point: ConsistentPoint, totals: MetaRecordTotals): void {
    this.point = { index: point.index, term: point.term }
    this.totals.set(totals)
  }

  metaRecord(highWaterPages: number): MetaRecord {
    const { counts, sums } = this.totals
    for (let id = 0; id < 256; id++) {
      assert(counts[id]! > 0 || (counts[id] === 0 && sums[id] === 0), `bucket ${id} has ${counts[id]} records`)
    }
    return { index: this.point.index, term: this.point.term, highWaterPages, counts, sums }
  }
}
