/**
 * HashKV: CRC-32C over the name of bucket `key` and its records in revision order, as etcd computes it.
 *
 * With C the compact revision and R the revision hashed: records above R are left out; records at or below C only count
 * if a reader at R sees them (when a reader at R sees nothing at all, if the compaction at C keeps them); a tombstone at
 * C never counts. The result does not depend on how far the scrub has come.
 */

import type { Cursor, KvHash, StepBudget } from './contract.ts'
import { crc32c } from './crc32c.ts'
import { MvccError } from './errors.ts'
import type { Reader } from './reader.ts'
import { RecordScan } from './record-scan.ts'
import { isKeptByCompaction, isVisibleAt, KeySearch } from './retention.ts'

/** Checksum of the bucket's name. */
export const bucketNameHash: number = crc32c(0, Uint8Array.of(0x6b, 0x65, 0x79))

export class HashRead implements Cursor<KvHash> {
  private readonly reader: Reader
  private readonly revision: number
  private readonly compactRevision: number
  private readonly anyVisible: KeySearch
  private readonly scan: RecordScan
  private onClose: (() => void) | undefined
  private hash = bucketNameHash
  private isDone = false
  private isClosed = false

  constructor(reader: Reader, at: { revision: number; compactRevision: number }, onClose: () => void) {
    this.reader = reader
    this.revision = at.revision
    this.compactRevision = at.compactRevision
    this.onClose = onClose
    const { index } = reader
    this.anyVisible = new KeySearch(index, handle => index.isLiveAt(handle, at.revision))
    this.scan = new RecordScan(reader, { from: 0, through: at.revision })
  }

  step(budget: StepBudget = {}): boolean {
    if (this.isClosed) throw new MvccError('MISUSE', 'a hash cursor was stepped after it was closed')
    if (this.isDone) return true
    const records = budget.records ?? this.reader.limits.sliceRecords
    if (this.anyVisible.found === undefined) {
      this.anyVisible.step({ records })
      return false
    }
    const feed = (key: Uint8Array, value: Uint8Array): undefined => {
      if (this.counts()) this.hash = crc32c(crc32c(this.hash, key), value)
    }
    this.isDone = this.scan.step(records, feed, budget.isDue)
    if (this.isDone) this.release()
    return this.isDone
  }

  private counts(): boolean {
    const { scan, revision, compactRevision } = this
    const { index } = this.reader
    if (scan.main > compactRevision) return true
    if (scan.isTombstone && scan.main === compactRevision) return false
    scan.findEntry()
    if (this.anyVisible.found === true) return isVisibleAt(index, scan, revision)
    return isKeptByCompaction(index, scan, compactRevision)
  }

  result(): KvHash {
    if (!this.isDone) throw new MvccError('MISUSE', 'a hash was asked for its result before its end')
    return { hash: this.hash, compactRevision: this.compactRevision, revision: this.revision }
  }

  close(): void {
    if (!this.isDone) this.isClosed = true
    this.release()
  }

  private release(): void {
    this.onClose?.()
    this.onClose = undefined
  }
}

/** A hash that is known already. */
export class KnownHash implements Cursor<KvHash> {
  private readonly hash: KvHash

  constructor(hash: KvHash) {
    this.hash = hash
  }

  step(): boolean {
    return true
  }

  result(): KvHash {
    return this.hash
  }

  close(): void {}
}
