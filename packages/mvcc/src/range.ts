/** Reads of one key or an interval at one revision, in as many steps as the host likes. */

import { compareBytes } from './bytes.ts'
import type { KeyValueList, RangeCursor, RangeRequest, RangeResult, StepBudget } from './contract.ts'
import { MvccError } from './errors.ts'
import { intervalOf, isSingleKey, KeyWalk } from './index/key-walk.ts'
import { recordsPerLook } from './limits.ts'
import type { Reader } from './reader.ts'
import { OneRecord, RecordList } from './record-list.ts'
import { sortPlaces } from './sort.ts'

/** What a request means: how many pairs to collect, what to filter, how to sort. */
interface RangePlan {
  /** Pairs to collect; Infinity for all. */
  readonly collect: number
  readonly limit: number
  readonly filtered: boolean
  /** Sort by `sortTarget`, reversed or not, after collecting. */
  readonly sorted: boolean
  readonly stripped: boolean
  readonly keepLease: boolean
}

const everything = Number.POSITIVE_INFINITY

function planOf(request: RangeRequest): RangePlan {
  const { limit = 0, sortOrder = 'none', sortTarget = 'key', keysOnly = false, countOnly = false } = request
  const filtered =
    (request.minModRevision ?? 0) !== 0 ||
    (request.maxModRevision ?? 0) !== 0 ||
    (request.minCreateRevision ?? 0) !== 0 ||
    (request.maxCreateRevision ?? 0) !== 0
  const byKey = sortTarget === 'key' && sortOrder !== 'descend'
  const cut = limit > 0 ? limit : everything
  let collect = cut
  // Order none with another target sorts only what an unsorted read would have fetched, one more than the limit.
  if (!byKey) collect = sortOrder === 'none' && !filtered ? cut + 1 : everything
  if (countOnly) collect = 0
  return {
    collect,
    limit: cut,
    filtered,
    sorted: !byKey,
    stripped: keysOnly,
    keepLease: sortTarget === 'value',
  }
}

/** A read of one key, without a cursor: the fast path. */
export function readKey(reader: Reader, request: RangeRequest, revision: number): RangeResult {
  const { index } = reader
  const { key } = request
  const handle = index.lookup(key, 0, key.length)
  if (handle === 0 || !index.isLiveAt(handle, revision)) {
    return { revision, count: 0, more: false, kvs: new OneRecord(reader.stamp, undefined, 0, 0) }
  }
  const wanted = request.countOnly !== true && passes(reader, request, handle)
  if (!wanted) return { revision, count: 1, more: false, kvs: new OneRecord(reader.stamp, undefined, 0, 0) }
  if (request.keysOnly === true) reader.fetchStripped(handle, request.sortTarget === 'value')
  else reader.fetch(handle)
  const kvs = new OneRecord(reader.stamp, reader.source, reader.start, reader.length)
  return { revision, count: 1, more: false, kvs }
}

/** Whether the found revision passes the filters. 0 is off, below 0 is on. */
function passes(reader: Reader, request: RangeRequest, handle: number): boolean {
  const { minModRevision = 0, maxModRevision = 0, minCreateRevision = 0, maxCreateRevision = 0 } = request
  const { index } = reader
  const mod = index.main
  if (maxModRevision !== 0 && mod > maxModRevision) return false
  if (minModRevision !== 0 && mod < minModRevision) return false
  if (maxCreateRevision === 0 && minCreateRevision === 0) return true
  const create = index.isNewest ? index.createRevision(handle) : reader.read(handle).createRevision
  return (maxCreateRevision === 0 || create <= maxCreateRevision) && create >= minCreateRevision
}

export class RangeRead implements RangeCursor {
  private readonly reader: Reader
  private readonly request: RangeRequest
  private readonly revision: number
  private readonly plan: RangePlan
  private readonly walk: KeyWalk | undefined
  private readonly sortKeys: SortKeys
  private sorting: Generator<undefined, Uint32Array> | undefined
  private order: Uint32Array | undefined
  private state: 'walking' | 'sorting' | 'gathering' | 'freezing' | 'done' | 'closed' = 'walking'
  private onClose: (() => void) | undefined
  private kvs: RecordList
  /** In key order, what `kvs` then holds in the wanted order. */
  private collected: RecordList
  private count = 0
  /** Pairs that were handed out before the end. */
  private taken = 0
  /** There is a pair that the limit cuts off. */
  private more = false
  /** The whole read happens in one turn. */
  private atOnce = false
  /** Pairs are copied as they are found: the answer is long, and nothing is sorted. */
  private readonly copies: boolean
  /** A turn has ended before the read: what is collected must not refer to the store. */
  private sliced = false

  /** `onClose` is called once, when the read is through or given up. */
  constructor(reader: Reader, request: RangeRequest, revision: number, onClose?: () => void) {
    this.reader = reader
    this.request = request
    this.revision = revision
    this.plan = planOf(request)
    this.copies = onClose !== undefined && !this.plan.sorted
    this.onClose = onClose
    this.kvs = this.collected = new RecordList(reader.stamp)
    this.sortKeys = new SortKeys(request.sortTarget ?? 'key')
    const interval = isSingleKey(request) ? undefined : intervalOf(request)
    if (interval !== undefined) this.walk = new KeyWalk(reader.index, interval)
  }

  /** All of it at once. */
  finish(): RangeResult {
    this.atOnce = true
    while (!this.step({ records: everything, bytes: everything })) {}
    return this.result()
  }

  step(budget: StepBudget = {}): boolean {
    if (this.state === 'closed') throw new MvccError('MISUSE', 'a range cursor was stepped after it was closed')
    if (this.state === 'walking') this.stepWalk(budget)
    else if (this.state === 'sorting') this.stepSort()
    else if (this.state === 'gathering') this.stepGather(budget.records ?? this.reader.limits.sliceRecords)
    else if (this.state === 'freezing') this.stepFreeze(budget)
    if (this.state === 'done') {
      this.release()
      return true
    }
    return false
  }

  private stepWalk(budget: StepBudget): void {
    const { records = this.reader.limits.sliceRecords, bytes = this.reader.limits.sliceBytes, isDue } = budget
    this.kvs.renew()
    if (this.walk !== undefined && !this.walkSome(this.walk, { records, bytes, isDue })) {
      this.pause()
      return
    }
    if (this.walk === undefined && isSingleKey(this.request)) {
      const { key } = this.request
      this.visit(this.reader.index.lookup(key, 0, key.length))
    }
    if (this.sliced) this.kvs.freeze()
    if (!this.plan.sorted) {
      this.state = 'done'
      return
    }
    this.state = 'sorting'
    this.sorting = sortPlaces(this.kvs.length, this.sortKeys.comparison(this.request.sortOrder ?? 'none'))
    this.stepSort()
  }

  /** False if the budget ended before the interval. */
  private walkSome(walk: KeyWalk, budget: { records: number; bytes: number; isDue: StepBudget['isDue'] }): boolean {
    const { records, bytes, isDue } = budget
    walk.resume()
    const before = this.kvs.byteLength
    for (let left = records; left > 0; left--) {
      const handle = walk.next()
      if (handle === 0) return true
      this.visit(handle)
      if (this.kvs.byteLength - before >= bytes) break
      if (left % recordsPerLook === 1 && isDue?.() === true) break
    }
    walk.park()
    return false
  }

  private visit(handle: number): void {
    const { reader, plan } = this
    if (handle === 0 || !reader.index.isLiveAt(handle, this.revision)) return
    this.count++
    if (this.more || (plan.filtered && !passes(reader, this.request, handle))) return
    if (this.taken + this.kvs.length >= plan.collect) {
      this.more = true
      return
    }
    if (plan.sorted) this.sortKeys.add(reader, handle)
    if (plan.stripped) reader.fetchStripped(handle, plan.keepLease)
    else reader.fetch(handle)
    if (this.copies) this.kvs.pushCopy(reader.source, reader.start, reader.length)
    else this.kvs.push(reader.source, reader.start, reader.length)
  }

  private stepSort(): void {
    let next = this.sorting!.next()
    while (this.atOnce && next.done !== true) next = this.sorting!.next()
    if (next.done !== true) {
      this.pause()
      return
    }
    this.order = next.value
    this.more = this.kvs.length > this.plan.limit
    this.collected = this.kvs
    this.kvs = new RecordList(this.reader.stamp)
    this.state = 'gathering'
    if (this.atOnce || !this.sliced) this.stepGather(everything)
  }

  /** Puts the collected pairs in order, up to the limit. */
  private stepGather(records: number): void {
    const { kvs, collected, order } = this
    const length = Math.min(order!.length, this.plan.limit)
    const end = Math.min(length, kvs.length + records)
    while (kvs.length < end) {
      const place = order![kvs.length]!
      kvs.push(collected.source(place), collected.start(place), collected.recordLength(place))
    }
    if (end === length) this.state = this.sliced ? 'freezing' : 'done'
  }

  private stepFreeze(budget: StepBudget): void {
    this.kvs.renew()
    if (this.kvs.freezeSome(budget.bytes ?? this.reader.limits.sliceBytes)) this.state = 'done'
  }

  /** Work goes on in a later turn. */
  private pause(): void {
    this.kvs.freeze()
    this.sliced = true
  }

  take(): KeyValueList {
    if (this.plan.sorted) throw new MvccError('MISUSE', 'a sorted range cannot be taken in parts')
    const { kvs } = this
    this.taken += kvs.length
    this.kvs = new RecordList(this.reader.stamp)
    return kvs
  }

  result(): RangeResult {
    if (this.state !== 'done') throw new MvccError('MISUSE', 'a range cursor was asked for its result before its end')
    const more = this.more && this.request.countOnly !== true
    return { revision: this.revision, count: this.count, more, kvs: this.kvs }
  }

  close(): void {
    if (this.state !== 'done') this.state = 'closed'
    this.release()
  }

  private release(): void {
    this.onClose?.()
    this.onClose = undefined
  }
}

/** What a sorted read compares: one number per pair, or the bytes of key or value in its record. */
class SortKeys {
  private readonly target: NonNullable<RangeRequest['sortTarget']>
  private readonly numbers: number[] = []
  private readonly bytes: Uint8Array[] = []

  constructor(target: NonNullable<RangeRequest['sortTarget']>) {
    this.target = target
  }

  /** The pair that was just found; called before it is fetched. */
  add(reader: Reader, handle: number): void {
    const { index } = reader
    if (this.target === 'mod') this.numbers.push(index.main)
    else if (this.target === 'create') {
      this.numbers.push(index.isNewest ? index.createRevision(handle) : reader.read(handle).createRevision)
    } else if (this.target === 'version') {
      this.numbers.push(index.isNewest ? index.version(handle) : reader.read(handle).version)
    } else if (this.target === 'value') {
      const view = reader.read(handle)
      this.bytes.push(view.bytes.slice(view.valueStart, view.valueEnd))
    }
  }

  comparison(order: RangeRequest['sortOrder']): (left: number, right: number) => number {
    const sign = order === 'descend' ? -1 : 1
    const { numbers, bytes } = this
    // Pairs come in key order.
    if (this.target === 'key') return (left, right) => sign * (left - right)
    if (this.target === 'value') return (left, right) => sign * compareBytes(bytes[left]!, bytes[right]!)
    return (left, right) => sign * (numbers[left]! - numbers[right]!)
  }
}
