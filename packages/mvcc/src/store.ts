/** The store: where reads, writes, compaction and watching meet. */

import type { ChangeList } from './changes.ts'
import { Compactor } from './compaction.ts'
import { CompareRead } from './compare.ts'
import type {
  Compare,
  Cursor,
  KeyLease,
  KvHash,
  RangeCursor,
  RangeRequest,
  RangeResult,
  RestoreProgress,
  StepBudget,
  Store,
  StoreOptions,
  StoreStatistics,
  WriteTxn,
} from './contract.ts'
import { MvccError } from './errors.ts'
import { HashRead, KnownHash } from './hash.ts'
import { everyKey, isSingleKey, KeyWalk } from './index/key-walk.ts'
import { defaultLimits, firstRevision } from './limits.ts'
import { RangeRead, readKey } from './range.ts'
import { Reader } from './reader.ts'
import { restoreIndex } from './restore.ts'
import type { StateFile } from './state.ts'
import type { WatchHub } from './watch/contract.ts'
import { Hub } from './watch/hub.ts'
import { Transaction, type TxnHost } from './write-txn.ts'

/** Opens the store in slices: the host calls `next` until it is done. Throws `CORRUPT_STATE`. */
export function* openStoreInSlices(options: StoreOptions): Generator<RestoreProgress, Store> {
  const limits = { ...defaultLimits, ...options.limits }
  const { state, buckets, hashSeed = 0 } = options
  const reader = new Reader({ state, buckets, limits, hashSeed })
  const compactor = new Compactor(reader, options.atScrub)
  const marked = compactor.restore()
  const last = yield* restoreIndex(reader)
  return new MultiVersionStore(reader, compactor, Math.max(last, marked, firstRevision))
}

/** Opens the store at once; an unfinished scrub is left to `scrub`. Throws `CORRUPT_STATE`. */
export function openStore(options: StoreOptions): Store {
  const opening = openStoreInSlices(options)
  for (;;) {
    const step = opening.next()
    if (step.done === true) return step.value
  }
}

class MultiVersionStore implements Store, TxnHost {
  readonly reader: Reader
  revision: number
  private readonly compactor: Compactor
  private readonly hub: Hub
  private txn: Transaction | undefined

  constructor(reader: Reader, compactor: Compactor, revision: number) {
    this.reader = reader
    this.compactor = compactor
    this.revision = revision
    this.hub = new Hub(this)
  }

  get watch(): WatchHub {
    return this.hub
  }

  get compactRevision(): number {
    return this.compactor.compactRevision
  }

  get scrubbedRevision(): number {
    return this.compactor.scrubbedRevision
  }

  // Reading

  checkRevision(revision: number): void {
    if (revision <= 0) return
    if (revision > this.revision) {
      throw new MvccError('FUTURE_REVISION', `revision ${revision} is above the current one, ${this.revision}`)
    }
    if (revision < this.compactRevision) {
      throw new MvccError('COMPACTED', `revision ${revision} is compacted (up to ${this.compactRevision})`)
    }
  }

  private readRevision(request: RangeRequest): number {
    const { revision = 0 } = request
    if (revision <= 0) return this.revision
    this.checkRevision(revision)
    return revision
  }

  range(request: RangeRequest): RangeResult {
    this.reader.counts.ranges++
    const revision = this.readRevision(request)
    if (isSingleKey(request)) return readKey(this.reader, request, revision)
    return new RangeRead(this.reader, request, revision).finish()
  }

  openRange(request: RangeRequest): RangeCursor {
    this.reader.counts.ranges++
    const revision = this.readRevision(request)
    return new RangeRead(this.reader, request, revision, this.compactor.pin(revision))
  }

  holds(compare: Compare): boolean {
    const cursor = this.openCompare(compare)
    while (!cursor.step()) {}
    return cursor.result()
  }

  openCompare(compare: Compare): Cursor<boolean> {
    this.reader.counts.ranges++
    return new CompareRead(this.reader, compare, this.revision)
  }

  *keyLeases(): Generator<KeyLease | undefined, void> {
    const { index, limits } = this.reader
    const walk = new KeyWalk(index, everyKey)
    for (;;) {
      walk.resume()
      for (let left = limits.sliceRecords; left > 0; left--) {
        const handle = walk.next()
        if (handle === 0) return
        if (!index.hasLease(handle) || !index.isLiveAt(handle, Number.MAX_SAFE_INTEGER)) continue
        const { lease } = this.reader.read(handle)
        const key = index.key(handle).slice()
        walk.park()
        yield { key, lease }
        walk.resume()
      }
      walk.park()
      yield undefined
    }
  }

  // Writing

  write(): WriteTxn {
    if (this.txn !== undefined) throw new MvccError('MISUSE', 'there is a write transaction already')
    this.txn = new Transaction(this)
    return this.txn
  }

  get wantsPrevious(): boolean {
    return this.hub.wantsPrevious
  }

  finish(changes: ChangeList): void {
    this.txn = undefined
    if (changes.length === 0) return
    this.revision = changes.revision
    this.reader.stamp.value++
    this.reader.slab.reclaim(this.reader.limits.reclaimItems)
    this.hub.publish(changes)
  }

  // Memory

  get reclaimPending(): boolean {
    return this.reader.slab.backlog
  }

  reclaim({ records = this.reader.limits.sliceRecords }: StepBudget = {}): boolean {
    this.reader.slab.reclaim(records)
    return !this.reclaimPending
  }

  // Compaction and hashes

  compact(revision: number): void {
    this.compactor.compact(revision, this.revision)
  }

  scrub(budget?: StepBudget): boolean {
    return this.compactor.step(budget)
  }

  get scrubbedRecords(): number {
    return this.compactor.lookedAtRecords
  }

  get scrubPending(): boolean {
    return this.compactor.pending
  }

  openHash(revision: number): Cursor<KvHash> {
    const known = this.compactor.remembered().find(hash => hash.revision === revision)
    if (known !== undefined) return new KnownHash(known)
    this.checkRevision(revision)
    const { compactRevision } = this
    const at = { revision: revision === 0 ? this.revision : revision, compactRevision }
    return new HashRead(this.reader, at, this.compactor.pin(compactRevision))
  }

  compactionHashes(): readonly KvHash[] {
    return this.compactor.remembered()
  }

  useState(state: StateFile): void {
    this.reader.state = state
  }

  statistics(): StoreStatistics {
    const { index, slab, counts } = this.reader
    return {
      keys: index.keys,
      liveKeys: index.liveKeys,
      revisions: index.revisions,
      removedRecords: this.compactor.removedRecords,
      indexBytes: index.allocatedBytes,
      slabBytes: slab.allocatedBytes,
      slabLiveBytes: slab.liveBytes,
      operations: counts,
    }
  }
}
