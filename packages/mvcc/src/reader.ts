/** Finds records: in the slab if it is the newest of a live key, in the state file otherwise. A hot room. */

import { cutBytes, noBytes } from './bytes.ts'
import type { OperationCounts } from './contract.ts'
import { describeBytes } from './describe.ts'
import { MvccError } from './errors.ts'
import { previousFlag } from './index/entry.ts'
import { KeyIndex } from './index/key-index.ts'
import type { StoreLimits } from './limits.ts'
import { encodeRecord, RecordView } from './record.ts'
import type { Stamp } from './record-list.ts'
import { encodeRevisionKey } from './revision.ts'
import { Slab } from './slab.ts'
import type { StateFile, StoreBuckets } from './state.ts'

export class Reader {
  readonly index: KeyIndex
  readonly slab: Slab
  state: StateFile
  readonly buckets: StoreBuckets
  readonly limits: StoreLimits
  readonly stamp: Stamp = { value: 0 }
  readonly view: RecordView = new RecordView()
  readonly counts: OperationCounts = { ranges: 0, puts: 0, putBytes: 0, deletes: 0, txns: 0 }

  /** What `fetch` found: `source[start, start + length)`. */
  source: Uint8Array = noBytes
  start = 0
  length = 0

  constructor(options: { state: StateFile; buckets: StoreBuckets; limits: StoreLimits; hashSeed: number }) {
    this.state = options.state
    this.buckets = options.buckets
    this.limits = options.limits
    this.index = new KeyIndex(options.hashSeed)
    this.slab = new Slab(this.index, options.limits)
  }

  /** The record of the revision that `index.findAt` just found for this entry; it must not be a tombstone. */
  fetch(handle: number): void {
    const { index } = this
    const place = index.recordOf(handle)
    if (place !== 0 && index.hasFlag(handle, previousFlag) ? index.isPrevious : place !== 0 && index.isNewest) {
      this.source = this.slab.bytesOf(place)
      this.start = this.slab.startOf(place)
      this.length = this.slab.lengthOf(place)
      return
    }
    const record = this.state.get(this.buckets.key, encodeRevisionKey(index.main, index.sub, false))
    if (record === undefined) {
      const key = describeBytes(index.key(handle))
      throw new MvccError('CORRUPT_STATE', `the state has no record ${index.main}.${index.sub} of key ${key}`)
    }
    this.source = record
    this.start = 0
    this.length = record.length
  }

  /** `fetch`, then the record read into `view`. */
  read(handle: number): RecordView {
    this.fetch(handle)
    return this.view.read(this.source, this.start, this.start + this.length)
  }

  /** A copy of the fetched record. */
  copy(): Uint8Array {
    const copy = cutBytes(this.length)
    copy.set(this.source.subarray(this.start, this.start + this.length))
    return copy
  }

  /** Puts the record without its value, and without its lease unless `keepLease`, in place of the fetched one. */
  fetchStripped(handle: number, keepLease: boolean): void {
    const { index } = this
    const key = index.key(handle)
    let createRevision: number
    let version: number
    let lease = 0n
    const modRevision = index.main
    if (index.isNewest && !keepLease) {
      createRevision = index.createRevision(handle)
      version = index.version(handle)
    } else {
      const view = this.read(handle)
      createRevision = view.createRevision
      version = view.version
      if (keepLease) lease = view.lease
    }
    this.source = encodeRecord({
      key,
      keyStart: 0,
      keyEnd: key.length,
      createRevision,
      modRevision,
      version,
      value: noBytes,
      valueStart: 0,
      valueEnd: 0,
      lease,
    })
    this.start = 0
    this.length = this.source.length
  }
}
