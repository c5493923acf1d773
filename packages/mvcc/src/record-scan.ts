/** Reads bucket `key` in revision order, in slices; no iterator of the state file outlives a slice, but that of `stepWhole`. */

import { noBytes } from './bytes.ts'
import { recordsPerLook } from './limits.ts'
import type { Reader } from './reader.ts'
import type { RecordPlace } from './retention.ts'
import { checkRevisionKey, encodeRevisionKey, isTombstoneKey, mainOf, subOf } from './revision.ts'
import type { StateRecord } from './state.ts'

export class RecordScan implements RecordPlace {
  private readonly reader: Reader
  private readonly to: Uint8Array | undefined
  private from: Uint8Array
  private value: Uint8Array = noBytes
  private whole: IterableIterator<StateRecord> | undefined
  /** The record that is being visited. */
  handle = 0
  main = 0
  sub = 0
  isTombstone = false

  /** Main revisions from `from` to `through`, both included; without `through` to the end of the bucket. */
  constructor(reader: Reader, revisions: { readonly from: number; readonly through?: number }) {
    this.reader = reader
    this.from = encodeRevisionKey(Math.max(revisions.from, 0), 0, false)
    const { through } = revisions
    this.to = through === undefined ? undefined : encodeRevisionKey(Math.max(through, -1) + 1, 0, false)
  }

  /**
   * Visits up to `records` records of the whole bucket, which nobody writes to in between, or as many as have `bytes`
   * together; true at the end. One iterator goes through all of it, so that the state file can tell whether the bucket is
   * whole.
   */
  stepWhole(most: { readonly records: number; readonly bytes: number }, visit: (value: Uint8Array) => void): boolean {
    this.whole ??= this.reader.state.records(this.reader.buckets.key)
    let bytes = 0
    for (let left = most.records; left > 0 && bytes < most.bytes; left--) {
      const step = this.whole.next()
      if (step.done === true) return true
      this.enter(step.value)
      bytes += step.value.value.length
      visit(step.value.value)
    }
    return false
  }

  /**
   * Visits up to `records` records; true at the end. `visit` may write anything but bucket `key`; if it returns true
   * the slice ends behind this record, and so it does when it is due.
   */
  step(
    records: number,
    visit: (key: Uint8Array, value: Uint8Array) => boolean | undefined,
    isDue?: () => boolean,
  ): boolean {
    const { state, buckets } = this.reader
    let left = records
    for (const record of state.records(buckets.key, { from: this.from, to: this.to })) {
      this.enter(record)
      let stop = visit(record.key, record.value) === true
      left--
      if (left % recordsPerLook === 0 && isDue?.() === true) stop = true
      if (!stop && left > 0) continue
      // Behind this record, whether it is a tombstone or not.
      this.from = encodeRevisionKey(this.main, this.sub + 1, false)
      return false
    }
    return true
  }

  private enter({ key, value }: StateRecord): void {
    checkRevisionKey(key)
    this.main = mainOf(key)
    this.sub = subOf(key)
    this.isTombstone = isTombstoneKey(key)
    this.value = value
  }

  /** Looks the record's key up; sets `handle`. */
  findEntry(): void {
    const { index, view } = this.reader
    view.read(this.value, 0, this.value.length)
    this.handle = index.lookup(view.bytes, view.keyStart, view.keyEnd)
  }
}
