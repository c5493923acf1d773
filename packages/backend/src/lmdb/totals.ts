import { assert } from '../assert.ts'
import type { ConsistentPoint } from '../backend.ts'
import { type MetaRecord, sumModulus } from './meta-record.ts'

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

  set(from: { readonly counts: Float64Array; readonly sums: Float64Array }): void {
    this.counts.set(from.counts)
    this.sums.set(from.sums)
  }

  /** Whether `bucketId` has the same totals here and there. */
  equals(bucketId: number, other: { readonly counts: Float64Array; readonly sums: Float64Array }): boolean {
    return this.counts[bucketId] === other.counts[bucketId] && this.sums[bucketId] === other.sums[bucketId]
  }
}

/** A state by its numbers. */
export class Snapshot {
  point: ConsistentPoint = { index: 0, term: 0 }
  readonly totals: Totals = new Totals()

  set(point: ConsistentPoint, totals: { readonly counts: Float64Array; readonly sums: Float64Array }): void {
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
