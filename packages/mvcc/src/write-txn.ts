/** One write transaction: puts and deletes of one log entry under one main revision. */

import { noBytes } from './bytes.ts'
import { ChangeList } from './changes.ts'
import type {
  Cursor,
  DeleteRequest,
  DeleteResult,
  PutRequest,
  RangeCursor,
  RangeRequest,
  RangeResult,
  StepBudget,
  WriteResult,
  WriteTxn,
} from './contract.ts'
import { describeBytes } from './describe.ts'
import { MvccError } from './errors.ts'
import { leasedFlag } from './index/entry.ts'
import { intervalOf, isSingleKey, KeyWalk } from './index/key-walk.ts'
import { recordsPerLook } from './limits.ts'
import { RangeRead, readKey } from './range.ts'
import type { Reader } from './reader.ts'
import { encodeRecord, encodeTombstone, type RecordParts } from './record.ts'
import { previousTag, RecordList } from './record-list.ts'
import { encodeRevisionKey } from './revision.ts'

/** What the transaction needs of its store. */
export interface TxnHost {
  readonly reader: Reader
  readonly revision: number
  /** Watchers want the pair before a change. */
  readonly wantsPrevious: boolean
  checkRevision(revision: number): void
  /** The transaction is over; `changes` become visible. */
  finish(changes: ChangeList): void
}

const newest = Number.MAX_SAFE_INTEGER

const parts: RecordParts = {
  key: noBytes,
  keyStart: 0,
  keyEnd: 0,
  createRevision: 0,
  modRevision: 0,
  version: 0,
  value: noBytes,
  valueStart: 0,
  valueEnd: 0,
  lease: 0n,
}

export class Transaction implements WriteTxn {
  readonly revision: number
  private readonly host: TxnHost
  private readonly reader: Reader
  private readonly list: ChangeList
  private deleting: DeleteRead | undefined
  private operations = 0
  private ended = false

  constructor(host: TxnHost) {
    this.host = host
    this.reader = host.reader
    this.revision = host.revision + 1
    this.list = new ChangeList(this.revision, host.wantsPrevious)
  }

  get changes(): number {
    return this.list.length
  }

  put(request: PutRequest): Uint8Array | undefined {
    this.checkOpen()
    const { index } = this.reader
    const { key, keyStart = 0, keyEnd = key.length } = request
    if (keyEnd <= keyStart) throw new MvccError('EMPTY_KEY', 'a key must not be empty')
    let handle = index.lookup(key, keyStart, keyEnd)
    const { hash } = index
    const exists = handle !== 0 && index.isLive(handle)
    parts.key = key
    parts.keyStart = keyStart
    parts.keyEnd = keyEnd
    parts.modRevision = this.revision
    parts.createRevision = exists ? index.createRevision(handle) : this.revision
    parts.version = exists ? index.version(handle) + 1 : 1
    const hadLease = exists && index.hasLease(handle)
    const oldLease = hadLease ? this.leaseOf(handle) : 0n
    const previous = exists && request.wantPrevious === true ? this.newestRecord(handle) : undefined
    this.fillValue(request, exists ? handle : 0, oldLease)
    // A creation has no pair before it, even if the transaction deleted the key just now.
    const before = parts.version === 1 ? undefined : this.recordBefore(handle)
    const record = encodeRecord(parts)
    this.countPut(request)
    const { lease, createRevision, version } = parts
    if (handle === 0) handle = index.add(key, keyStart, keyEnd)
    this.write(handle, { record, isDelete: false, hash, previous: before })
    index.setLife(handle, createRevision, version)
    if (hadLease || lease !== 0n) {
      index.setFlag(handle, leasedFlag, lease !== 0n)
      this.list.leases.push({ key: index.key(handle).slice(), oldLease, newLease: lease })
    }
    this.reader.slab.put(handle, record)
    return previous
  }

  private countPut({ wantPrevious, ignoreValue, ignoreLease }: PutRequest): void {
    const { counts } = this.reader
    this.operations++
    counts.puts++
    counts.putBytes += parts.keyEnd - parts.keyStart + parts.valueEnd - parts.valueStart
    if (wantPrevious === true || ignoreValue === true || ignoreLease === true) this.countRange()
  }

  private countRange(): void {
    this.operations++
    this.reader.counts.ranges++
  }

  /** Value and lease of the new record, taken over from the present one where that is asked for. */
  private fillValue(request: PutRequest, existing: number, oldLease: bigint): void {
    const { value, valueStart = 0, valueEnd = value.length, lease = 0n, ignoreValue, ignoreLease } = request
    parts.value = value
    parts.valueStart = valueStart
    parts.valueEnd = valueEnd
    parts.lease = lease
    if (ignoreValue !== true && ignoreLease !== true) return
    if (existing === 0) {
      const key = describeBytes(parts.key.subarray(parts.keyStart, parts.keyEnd))
      throw new MvccError('KEY_NOT_FOUND', `key ${key} does not exist, so there is no value or lease to keep`)
    }
    if (ignoreLease === true) parts.lease = oldLease
    if (ignoreValue !== true) return
    const { view } = this.reader
    const present = this.newestRecord(existing)
    view.read(present, 0, present.length)
    parts.value = present
    parts.valueStart = view.valueStart
    parts.valueEnd = view.valueEnd
  }

  private newestRecord(handle: number): Uint8Array {
    this.reader.index.findAt(handle, newest)
    this.reader.fetch(handle)
    return this.reader.copy()
  }

  private leaseOf(handle: number): bigint {
    this.reader.index.findAt(handle, newest)
    return this.reader.read(handle).lease
  }

  /** The pair as it was before this transaction, if watchers want it. */
  private recordBefore(handle: number): Uint8Array | undefined {
    if (!this.list.hasPrevious || !this.reader.index.isLiveAt(handle, this.revision - 1)) return undefined
    this.reader.fetch(handle)
    return this.reader.copy()
  }

  private write(handle: number, change: Parameters<ChangeList['push']>[0]): void {
    const { reader, list } = this
    const { record, isDelete } = change
    const sub = list.length
    reader.stamp.value++
    reader.index.advance(handle, this.revision, sub, isDelete)
    reader.state.put(reader.buckets.key, encodeRevisionKey(this.revision, sub, isDelete), record)
    list.push(change)
  }

  /** Deletes a key that exists now; `previous` gets its record. */
  tombstone(handle: number, previous: RecordList | undefined): void {
    const { reader, list } = this
    const { index } = reader
    const key = index.key(handle)
    if (previous !== undefined) {
      const record = this.newestRecord(handle)
      previous.push(record, 0, record.length)
    }
    if (index.hasLease(handle)) {
      list.leases.push({ key: key.slice(), oldLease: this.leaseOf(handle), newLease: 0n })
      index.setFlag(handle, leasedFlag, false)
    }
    const record = encodeTombstone(key)
    const hash = index.hashOf(key, 0, key.length)
    this.write(handle, { record, isDelete: true, hash, previous: this.recordBefore(handle) })
    reader.slab.markPrevious(handle)
  }

  deleteRange(request: DeleteRequest): DeleteResult {
    const cursor = this.openDelete(request)
    while (!cursor.step({ records: newest, bytes: newest })) {}
    return cursor.result()
  }

  openDelete(request: DeleteRequest): Cursor<DeleteResult> {
    this.checkOpen()
    this.operations++
    this.reader.counts.deletes++
    if (request.wantPrevious === true) this.countRange()
    const cursor = new DeleteRead(this, this.reader, request)
    this.deleting = cursor
    return cursor
  }

  range(request: RangeRequest): RangeResult {
    const revision = this.readRevision(request)
    const result = isSingleKey(request)
      ? readKey(this.reader, request, revision)
      : new RangeRead(this.reader, request, revision).finish()
    result.kvs.freeze()
    return result
  }

  openRange(request: RangeRequest): RangeCursor {
    return new RangeRead(this.reader, request, this.readRevision(request))
  }

  private readRevision(request: RangeRequest): number {
    this.checkOpen()
    this.countRange()
    const { revision = 0 } = request
    if (revision <= 0) return this.list.length > 0 ? this.revision : this.host.revision
    this.host.checkRevision(revision)
    return revision
  }

  private checkOpen(): void {
    if (this.ended) throw new MvccError('MISUSE', 'the write transaction has ended')
    if (this.deleting?.isDone === false) {
      throw new MvccError('MISUSE', 'the write transaction is still deleting a range')
    }
  }

  end(): WriteResult {
    this.checkOpen()
    this.ended = true
    if (this.operations > 1) this.reader.counts.txns++
    this.host.finish(this.list)
    return { revision: this.host.revision, changes: this.list }
  }
}

/** Deletes an interval key by key. Readers of other revisions are not disturbed between its steps. */
class DeleteRead implements Cursor<DeleteResult> {
  private readonly txn: Transaction
  private readonly reader: Reader
  private readonly request: DeleteRequest
  private readonly walk: KeyWalk | undefined
  private readonly previous: RecordList
  private deleted = 0
  isDone = false

  constructor(txn: Transaction, reader: Reader, request: DeleteRequest) {
    this.txn = txn
    this.reader = reader
    this.request = request
    this.previous = new RecordList(reader.stamp, previousTag)
    const interval = isSingleKey(request) ? undefined : intervalOf(request)
    if (interval !== undefined) this.walk = new KeyWalk(reader.index, interval)
  }

  step(budget: StepBudget = {}): boolean {
    if (this.isDone) return true
    const { index, limits } = this.reader
    this.isDone = true
    if (this.walk !== undefined)
      this.isDone = this.walkSome(this.walk, budget.records ?? limits.sliceRecords, budget.isDue)
    else if (isSingleKey(this.request)) this.visit(index.lookup(this.request.key, 0, this.request.key.length))
    this.previous.renew()
    this.previous.freeze()
    return this.isDone
  }

  private walkSome(walk: KeyWalk, records: number, isDue: StepBudget['isDue']): boolean {
    walk.resume()
    for (let left = records; left > 0; left--) {
      const handle = walk.next()
      if (handle === 0) return true
      this.visit(handle)
      if (left % recordsPerLook === 1 && isDue?.() === true) break
    }
    walk.park()
    return false
  }

  private visit(handle: number): void {
    if (handle === 0 || !this.reader.index.isLive(handle)) return
    this.deleted++
    this.txn.tombstone(handle, this.request.wantPrevious === true ? this.previous : undefined)
  }

  result(): DeleteResult {
    if (!this.isDone) throw new MvccError('MISUSE', 'a delete was asked for its result before its end')
    return { deleted: this.deleted, previous: this.previous }
  }

  /** What was deleted so far stays deleted. */
  close(): void {
    this.isDone = true
  }
}
