import type { SeededRandom } from '@kvs/testing'
import { expect } from 'vitest'
import {
  type Compare,
  decodeEvent,
  type KeyValue,
  type KvHash,
  openStore,
  type RangeCursor,
  type RangeResult,
  type StateFile,
  type Store,
  type StoreLimits,
  type WatchBatch,
  type Watcher,
  type WatchStream,
  type WriteTxn,
} from '../src/index.ts'
import { contains, Model, type ModelRange, type ModelRecord, toKeyValue } from './model.ts'
import { encode, hashOf, keyOf, shown } from './model-bytes.ts'
import { buckets, bytes, SortedState } from './sorted-state.ts'

type MutableRange = { -readonly [Name in keyof ModelRange]: ModelRange[Name] }

interface Watching {
  readonly watcher: Watcher
  readonly range: { key: string; rangeEnd: string }
  readonly start: number
  readonly noPut: boolean
  readonly noDelete: boolean
  readonly previous: boolean
  /** Index into the model's log behind the last change that was delivered or passed over. */
  seen: number
  /** Highest header revision so far. */
  header: number
  ended: boolean
}

/** Runs random operations on a store and on the model at once, and compares whatever can be seen. */
export class Harness {
  readonly model = new Model()
  readonly random: SeededRandom
  private readonly limits: Partial<StoreLimits>
  private readonly state: StateFile
  private store: Store
  private stream: WatchStream
  private readonly watching = new Map<number, Watching>()
  private fullness = 0
  private cursors: { cursor: RangeCursor; request: ModelRange; revision: number }[] = []
  private txn: WriteTxn | undefined
  private deleting: { step: () => boolean; check: () => void } | undefined
  /** What the model remembers of compactions: revision → hash. */
  private readonly compactions = new Map<number, KvHash>()
  readonly counts = new Map<string, number>()

  constructor(random: SeededRandom, limits: Partial<StoreLimits>, state: StateFile = new SortedState()) {
    this.state = state
    this.random = random
    this.limits = limits
    this.store = this.open()
    this.stream = this.openStream()
  }

  private open(): Store {
    return openStore({ state: this.state, buckets, limits: this.limits, hashSeed: this.random.uint32() })
  }

  private openStream(): WatchStream {
    return this.store.watch.openStream({
      deliver: (watcher, batch) => this.deliver(watcher, batch),
      compacted: (watcher, compactRevision) => this.compacted(watcher, compactRevision),
    })
  }

  private pick<T>(values: readonly T[]): T {
    return values[this.random.between(0, values.length - 1)]!
  }

  private chance(percent: number): boolean {
    return this.random.between(0, 99) < percent
  }

  private key(): string {
    return this.pick(keys)
  }

  private anyRange(): { key: string; rangeEnd: string } {
    const key = this.key()
    return { key, rangeEnd: this.pick(['', '', '\0', this.key(), `${key}\xff`]) }
  }

  /** Whether the state holds a part of a transaction. */
  get isWriting(): boolean {
    return this.txn !== undefined
  }

  /** One random operation. */
  act(): void {
    const kinds = this.txn === undefined ? idleKinds : busyKinds
    const kind = this.pick(kinds)
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    this[kind]()
    expect(this.store.revision).toBe(this.model.revision)
    expect(this.store.compactRevision).toBe(this.model.compactRevision)
  }

  // Writing

  put(): void {
    const txn = this.store.write()
    this.model.begin()
    this.putIn(txn, this.key())
    this.finish(txn)
  }

  private putIn(txn: WriteTxn, key: string): void {
    const value = 'v'.repeat(this.pick([0, 1, 5, 40, 300])) + String(this.random.between(0, 9))
    const lease = BigInt(this.pick([0, 0, 0, 1, -7, 2 ** 40]))
    const before = this.model.newest(key, this.model.revision + 1)
    const ignoreValue = before !== undefined && this.chance(10)
    const ignoreLease = before !== undefined && this.chance(10)
    const previous = txn.put({
      key: bytes(key),
      value: bytes(value),
      lease,
      ignoreValue,
      ignoreLease,
      wantPrevious: true,
    })
    expect(previous === undefined).toBe(before === undefined)
    if (before !== undefined) expect(Buffer.compare(previous!, encode(before))).toBe(0)
    this.model.put(key, ignoreValue ? before.value : value, ignoreLease ? before.lease : lease)
  }

  remove(): void {
    const txn = this.store.write()
    this.model.begin()
    this.removeIn(txn, this.anyRange())
    this.finish(txn)
  }

  private removeIn(txn: WriteTxn, range: { key: string; rangeEnd: string }): void {
    const before = this.model.live(range, this.model.revision + 1)
    const { deleted, previous } = txn.deleteRange({ ...toBytes(range), wantPrevious: true })
    expect(deleted).toBe(this.model.delete(range).length)
    expect(shown(previous)).toBe(shown(before.map(toKeyValue)))
  }

  /** Several writes in one transaction that may stay open while other things happen. */
  begin(): void {
    this.txn = this.store.write()
    this.model.begin()
    const used = new Set<string>()
    for (let left = this.random.between(1, 5); left > 0; left--) {
      const key = this.key()
      if (used.has(key)) continue
      used.add(key)
      this.putIn(this.txn, key)
    }
    // A put and then a deletion of a key in one transaction is possible in etcd too.
    if (this.chance(50)) this.removeIn(this.txn, this.anyRange())
    if (this.chance(50)) this.beginDelete(this.txn, this.anyRange())
  }

  private beginDelete(txn: WriteTxn, range: { key: string; rangeEnd: string }): void {
    const before = this.model.live(range, this.model.revision + 1)
    const cursor = txn.openDelete({ ...toBytes(range), wantPrevious: true })
    this.deleting = {
      step: () => cursor.step({ records: this.random.between(1, 7) }),
      check: () => {
        const { deleted, previous } = cursor.result()
        expect(deleted).toBe(this.model.delete(range).length)
        expect(shown(previous)).toBe(shown(before.map(toKeyValue)))
      },
    }
  }

  stepDelete(): void {
    if (this.deleting?.step() !== true) return
    this.deleting.check()
    this.deleting = undefined
  }

  readInTxn(): void {
    if (this.deleting !== undefined) return
    const request = this.anyRequest()
    const inside = (request.revision ?? 0) <= 0
    if (!inside && request.revision! < this.model.compactRevision) return
    const current = inside && this.txn!.changes > 0 ? this.model.revision + 1 : this.model.revision
    this.compare(this.txn!.range({ ...request, ...toBytes(request) }), request, current)
  }

  end(): void {
    while (this.deleting !== undefined) this.stepDelete()
    const txn = this.txn!
    this.txn = undefined
    this.finish(txn)
  }

  private finish(txn: WriteTxn): void {
    const from = this.model.log.findIndex(record => record.main > this.model.revision)
    const expected = from < 0 ? [] : this.model.log.slice(from)
    this.model.end()
    const { revision, changes } = txn.end()
    expect(revision).toBe(this.model.revision)
    expect(changes.length).toBe(expected.length)
    expected.forEach((record, at) => {
      expect(changes.isDelete(at)).toBe(record.isDelete)
      expect(Buffer.compare(changes.record(at), encode(record))).toBe(0)
    })
  }

  // Reading

  private anyRequest(): MutableRange {
    const { revision } = this.model
    const request: MutableRange = this.anyRange()
    if (this.chance(40)) request.limit = this.random.between(-1, 8)
    if (this.chance(50)) request.revision = this.random.between(Math.max(-1, revision - 60), revision)
    if (this.chance(10)) request.countOnly = true
    if (this.chance(15)) request.keysOnly = true
    if (this.chance(25)) request.sortOrder = this.pick(['none', 'ascend', 'descend'])
    if (this.chance(25)) request.sortTarget = this.pick(['key', 'version', 'create', 'mod', 'value'])
    if (this.chance(10)) request.minModRevision = revision - this.random.between(0, 40)
    if (this.chance(10)) request.maxModRevision = revision - this.random.between(0, 40)
    if (this.chance(10)) request.minCreateRevision = revision - this.random.between(0, 40)
    if (this.chance(10)) request.maxCreateRevision = revision - this.random.between(0, 40)
    return request
  }

  private outcome(revision: number): string {
    if (revision > this.model.revision) return 'FUTURE_REVISION'
    return revision > 0 && revision < this.model.compactRevision ? 'COMPACTED' : 'fine'
  }

  range(): void {
    const request = this.anyRequest()
    if (this.chance(3)) request.revision = this.model.revision + 1
    const run = (): RangeResult => this.store.range({ ...request, ...toBytes(request) })
    const outcome = this.outcome(request.revision ?? 0)
    if (outcome !== 'fine') expect(run).toThrow(expect.objectContaining({ code: outcome }))
    else this.compare(run(), request, this.model.revision)
  }

  openRange(): void {
    const request = this.anyRequest()
    if (this.outcome(request.revision ?? 0) !== 'fine' || this.cursors.length > 3) return
    const cursor = this.store.openRange({ ...request, ...toBytes(request) })
    this.cursors.push({ cursor, request, revision: this.model.revision })
  }

  stepRange(): void {
    const entry = this.cursors[0]
    if (entry === undefined) return
    if (this.chance(5)) entry.cursor.close()
    else if (!entry.cursor.step({ records: this.random.between(1, 9), bytes: 500 })) return
    else this.compare(entry.cursor.result(), entry.request, entry.revision)
    this.cursors.shift()
  }

  private compare(result: RangeResult, request: ModelRange, current: number): void {
    const expected = this.model.range(request, current)
    expect(result.count).toBe(expected.count)
    expect(result.more).toBe(expected.more)
    const actual = [...result.kvs]
    const target = request.sortTarget ?? 'key'
    if (target === 'key') expect(shown(actual)).toBe(shown(expected.kvs))
    else {
      // The order of ties is open, and with a limit so is which of them are in.
      expect(actual.map(kv => sortValue(kv, target))).toEqual(expected.kvs.map(kv => sortValue(kv, target)))
      if (!expected.more && request.keysOnly !== true) expect(shown(sorted(actual))).toBe(shown(sorted(expected.kvs)))
    }
    const { byteLength } = result.kvs
    const target8 = new Uint8Array(byteLength + 2)
    expect(result.kvs.writeTo(target8, { at: 1, field: 2 })).toBe(byteLength + 1)
    const pieces = Buffer.concat(result.kvs.pieces())
    expect(pieces.equals(target8.subarray(1, byteLength + 1))).toBe(true)
  }

  condition(): void {
    const range = this.anyRange()
    const operand = this.random.between(0, 5)
    const result = this.pick(['equal', 'greater', 'less', 'notEqual'] as const)
    const target = this.pick(['version', 'create', 'mod', 'lease', 'value'] as const)
    const near = this.model.revision - operand
    const base = { ...toBytes(range), result }
    const sample = this.model.newest(range.key, this.model.revision)
    let compare: Compare
    if (target === 'value') compare = { ...base, target, operand: bytes(sample?.value ?? '') }
    else if (target === 'lease') compare = { ...base, target, operand: BigInt(this.pick([0, 1, -7])) }
    else compare = { ...base, target, operand: target === 'version' ? operand : near }
    const found = this.model.live(range, this.model.revision).map(toKeyValue)
    if (found.length === 0 && target !== 'value') found.push(nothing)
    const holds = found.length > 0 && found.every(kv => conditionHolds(kv, compare))
    expect(this.store.holds(compare)).toBe(holds)
  }

  // Compaction, hashes, restart

  compact(): void {
    const { model } = this
    if (this.chance(85)) return
    const revision = this.random.between(Math.max(0, model.compactRevision - 1), model.revision + 1)
    const run = (): void => this.store.compact(revision)
    if (revision <= model.compactRevision) expect(run).toThrow(expect.objectContaining({ code: 'COMPACTED' }))
    else if (revision > model.revision) expect(run).toThrow(expect.objectContaining({ code: 'FUTURE_REVISION' }))
    else {
      const remembered = this.store.scrubbedRevision === model.compactRevision
      const hash = hashOf(model.hashedByCompaction(model.compactRevision, revision))
      if (remembered) {
        this.compactions.set(revision, { hash, compactRevision: model.compactRevision, revision })
      }
      run()
      model.compactRevision = revision
    }
  }

  scrub(): void {
    for (let left = 5; left > 0 && !this.store.scrub({ records: this.random.between(1, 9) }); left--) {}
  }

  hash(): void {
    const { model } = this
    if (this.chance(50)) return
    const revision = this.chance(30) ? 0 : this.random.between(Math.max(1, model.revision - 40), model.revision)
    const remembered = this.store.compactionHashes().find(each => each.revision === revision)
    const cursor = this.openHash(revision, remembered !== undefined)
    if (cursor === undefined) return
    while (!cursor.step({ records: 3 })) if (this.chance(20)) this.store.scrub({ records: 2 })
    const { hash, compactRevision, revision: hashed } = cursor.result()
    if (remembered !== undefined) {
      expect(remembered).toEqual({ hash, compactRevision, revision: hashed })
      expect(remembered).toEqual(this.compactions.get(revision))
      return
    }
    const at = revision === 0 ? model.revision : revision
    expect({ hash, compactRevision, hashed }).toEqual({
      hash: hashOf(model.hashed(at)),
      compactRevision: model.compactRevision,
      hashed: at,
    })
  }

  private openHash(revision: number, remembered: boolean): ReturnType<Store['openHash']> | undefined {
    const outcome = this.outcome(revision)
    if (remembered || outcome === 'fine') return this.store.openHash(revision)
    expect(() => this.store.openHash(revision)).toThrow(expect.objectContaining({ code: outcome }))
    return undefined
  }

  restart(): void {
    if (this.chance(20)) this.reopen()
  }

  /** Another store on the same state goes on where this one stops. */
  reopen(): void {
    for (const { cursor } of this.cursors) cursor.close()
    this.cursors = []
    const old = this.store
    this.store = this.open()
    this.compactions.clear()
    old.watch.moveTo(this.store.watch)
    expect(this.store.scrubbedRevision).toBe(old.scrubbedRevision)
    const leased = this.model.live({ key: '\0', rangeEnd: '\0' }, this.model.revision).filter(kv => kv.lease !== 0n)
    expect([...this.store.keyLeases()].filter(each => each !== undefined)).toEqual(
      leased.map(kv => ({ key: bytes(kv.key), lease: kv.lease })),
    )
  }

  // Watching

  watch(): void {
    if (this.watching.size > 12) return
    const range = this.anyRange()
    if (range.rangeEnd.length > 0 && range.rangeEnd !== '\0' && range.rangeEnd <= range.key) return
    const { revision } = this.model
    const start = this.chance(40) ? 0 : Math.max(0, revision + this.random.between(-30, 8))
    const options = { noPut: this.chance(15), noDelete: this.chance(15), previous: this.chance(40) }
    const watcher = this.stream.watch({ ...toBytes(range), startRevision: start, ...options })
    const first = start === 0 ? revision + 1 : start
    let seen = this.model.log.findIndex(record => record.main >= first)
    if (seen < 0) seen = this.model.log.length
    this.watching.set(watcher.id, { watcher, range, start: first, ...options, seen, header: 0, ended: false })
  }

  cancel(): void {
    if (this.watching.size === 0 || this.chance(70)) return
    const id = this.pick([...this.watching.keys()])
    expect(this.stream.cancel(id)).toBe(true)
    expect(this.stream.cancel(id)).toBe(false)
    this.watching.delete(id)
  }

  private deliver(watcher: Watcher, batch: WatchBatch): boolean {
    const watching = this.watching.get(watcher.id)!
    expect(watching.ended).toBe(false)
    if (this.chance(this.fullness)) return false
    expect(batch.events.length).toBeGreaterThan(0)
    for (const event of batch.events) this.take(watching, event.bytes)
    const last = batch.events.at(-1)!.revision
    expect(batch.revision).toBeGreaterThanOrEqual(last)
    expect(batch.revision).toBeGreaterThanOrEqual(watching.header)
    watching.header = batch.revision
    // Whole revisions, and everything up to the header's.
    this.expectNothing(watching, batch.revision)
    return true
  }

  /** The next change the watcher is to see, up to a revision. */
  private nextOf(watching: Watching, through: number): ModelRecord | undefined {
    const { log } = this.model
    while (watching.seen < log.length && log[watching.seen]!.main <= through) {
      const record = log[watching.seen]!
      const filtered = record.isDelete ? watching.noDelete : watching.noPut
      if (record.main >= watching.start && !filtered && contains(watching.range, record.key)) return record
      watching.seen++
    }
    return undefined
  }

  private expectNothing(watching: Watching, through: number): void {
    let next = this.nextOf(watching, through)
    while (next !== undefined && this.mayBeMissing(next)) {
      watching.seen++
      next = this.nextOf(watching, through)
    }
    expect(next).toBe(undefined)
  }

  /** A put that the same transaction deleted again: a compaction at its revision keeps only the tombstone. */
  private mayBeMissing(record: ModelRecord): boolean {
    const later = this.model.log.some(
      each => each.key === record.key && each.main === record.main && each.sub > record.sub,
    )
    return later && record.main <= this.model.compactRevision
  }

  private take(watching: Watching, encoded: Uint8Array): void {
    const event = decodeEvent(encoded)
    let record = this.nextOf(watching, Number.POSITIVE_INFINITY)
    const isThis = (one: ModelRecord): boolean =>
      one.isDelete === event.isDelete && shown([toKeyValue(one)]) === shown([event.kv])
    // Several may be, of several keys, and the deletions need not be asked for.
    while (record !== undefined && this.mayBeMissing(record) && !isThis(record)) {
      watching.seen++
      record = this.nextOf(watching, Number.POSITIVE_INFINITY)
    }
    expect(record).toBeDefined()
    watching.seen++
    expect(event.isDelete).toBe(record!.isDelete)
    expect(shown([event.kv])).toBe(shown([toKeyValue(record!)]))
    const before =
      watching.previous && record!.version !== 1 ? this.model.newest(record!.key, record!.main - 1) : undefined
    if (event.previous === undefined && record!.main - 1 < this.model.compactRevision) return
    expect(shown(event.previous === undefined ? [] : [event.previous])).toBe(
      shown(before === undefined ? [] : [toKeyValue(before)]),
    )
  }

  private compacted(watcher: Watcher, compactRevision: number): void {
    const watching = this.watching.get(watcher.id)!
    expect(watching.ended).toBe(false)
    watching.ended = true
    expect(compactRevision).toBe(this.model.compactRevision)
    expect(watcher.nextRevision).toBeLessThan(compactRevision)
    expect(watcher.nextRevision).toBeGreaterThanOrEqual(watching.start)
  }

  hubStep(): void {
    this.store.watch.step({ records: this.random.between(1, 20) })
  }

  consumerFull(): void {
    this.fullness = this.pick([0, 0, 30, 100])
    this.stream.resume()
  }

  progress(): void {
    const revision = this.stream.progressRevision()
    if (revision === undefined) return
    expect(revision).toBe(this.model.revision)
    for (const watching of this.watching.values()) {
      if (!watching.ended) this.expectNothing(watching, revision)
    }
  }

  /** Everything that waits is let through: nothing may be missing at the end. */
  settle(): void {
    if (this.txn !== undefined) this.end()
    this.fullness = 0
    while (this.cursors.length > 0) this.stepRange()
    do this.stream.resume()
    while (!this.store.watch.step())
    while (!this.store.scrub()) {}
    expect(this.store.scrubbedRevision).toBe(this.model.compactRevision)
    for (const watching of this.watching.values()) {
      if (watching.ended) continue
      expect(watching.watcher.state).toBe('synced')
      this.expectNothing(watching, Number.POSITIVE_INFINITY)
    }
    this.compareDisk()
  }

  /** After a scrub the state file holds exactly what the model says. */
  private compareDisk(): void {
    const onDisk = Array.from(this.state.records(buckets.key), ({ key, value }) => [
      Buffer.from(key),
      Buffer.from(value),
    ])
    expect(onDisk).toEqual(this.model.onDisk().map(record => [Buffer.from(keyOf(record)), Buffer.from(encode(record))]))
  }
}

const keys = [
  'a',
  'b',
  'ba',
  'bb',
  'c',
  'c\0',
  'c\xff',
  'k1',
  'k10',
  'k100',
  'k2',
  'registry/pods/1',
  'registry/pods/2',
]

const idleKinds = [
  ...Array<'put'>(8).fill('put'),
  'remove',
  'begin',
  'range',
  'range',
  'openRange',
  'stepRange',
  'stepRange',
  'condition',
  'compact',
  'scrub',
  'hash',
  'restart',
  'watch',
  'cancel',
  'hubStep',
  'hubStep',
  'consumerFull',
  'progress',
] as const

const busyKinds = [
  'stepDelete',
  'readInTxn',
  'range',
  'openRange',
  'stepRange',
  'condition',
  'scrub',
  'hash',
  'watch',
  'hubStep',
  'end',
  'end',
] as const

const nothing: KeyValue = {
  key: bytes(''),
  createRevision: 0,
  modRevision: 0,
  version: 0,
  value: bytes(''),
  lease: 0n,
}

function toBytes(range: { key: string; rangeEnd: string }): { key: Uint8Array; rangeEnd: Uint8Array } {
  return { key: bytes(range.key), rangeEnd: bytes(range.rangeEnd) }
}

function sortValue(kv: KeyValue, target: 'version' | 'create' | 'mod' | 'value' | 'key'): unknown {
  if (target === 'version') return kv.version
  if (target === 'create') return kv.createRevision
  return target === 'mod' ? kv.modRevision : Buffer.from(kv.value).toString('latin1')
}

function sorted(kvs: readonly KeyValue[]): KeyValue[] {
  return [...kvs].sort((left, right) => Buffer.compare(left.key, right.key))
}

function conditionHolds(kv: KeyValue, compare: Compare): boolean {
  let order: number
  if (compare.target === 'value') order = Buffer.compare(kv.value, compare.operand)
  else if (compare.target === 'lease') order = kv.lease < compare.operand ? -1 : Number(kv.lease > compare.operand)
  else {
    const fields = { version: kv.version, create: kv.createRevision, mod: kv.modRevision }
    order = fields[compare.target] - compare.operand
  }
  return { equal: order === 0, notEqual: order !== 0, greater: order > 0, less: order < 0 }[compare.result]
}
