import type { KeyValue, RangeRequest } from '../src/index.ts'
import { bytes } from './sorted-state.ts'

/** One write, by the book: everything there is, in a list. */
export interface ModelRecord {
  readonly main: number
  readonly sub: number
  readonly key: string
  readonly isDelete: boolean
  readonly value: string
  readonly lease: bigint
  readonly create: number
  readonly version: number
}

type Generation = ModelRecord[]

/** The store as one would write it with lists and no regard for time. Its log forgets nothing. */
export class Model {
  revision = 1
  compactRevision = -1
  readonly log: ModelRecord[] = []
  private readonly byKey = new Map<string, ModelRecord[]>()
  private sub = 0

  begin(): void {
    this.sub = 0
  }

  newest(key: string, revision: number): ModelRecord | undefined {
    const record = this.byKey.get(key)?.findLast(each => each.main <= revision)
    return record?.isDelete === true ? undefined : record
  }

  private add(record: Omit<ModelRecord, 'main' | 'sub'>): void {
    const added = { ...record, main: this.revision + 1, sub: this.sub++ }
    this.log.push(added)
    const list = this.byKey.get(record.key)
    if (list === undefined) this.byKey.set(record.key, [added])
    else list.push(added)
  }

  put(key: string, value: string, lease: bigint): void {
    const main = this.revision + 1
    const before = this.newest(key, main)
    const create = before?.create ?? main
    const version = (before?.version ?? 0) + 1
    this.add({ key, isDelete: false, value, lease, create, version })
  }

  delete(range: { key: string; rangeEnd: string }): string[] {
    const main = this.revision + 1
    const keys = this.live(range, main).map(record => record.key)
    for (const key of keys) this.add({ key, isDelete: true, value: '', lease: 0n, create: 0, version: 0 })
    return keys
  }

  end(): void {
    if (this.sub > 0) this.revision++
  }

  live(range: { key: string; rangeEnd: string }, revision: number): ModelRecord[] {
    const keys = [...this.byKey.keys()].sort((left, right) => (left < right ? -1 : 1))
    return keys.filter(key => contains(range, key)).flatMap(key => this.newest(key, revision) ?? [])
  }

  /** Range as the server of etcd does it: fetch, filter, sort, cut. */
  range(request: ModelRange, current: number): { count: number; more: boolean; kvs: KeyValue[] } {
    const revision = (request.revision ?? 0) <= 0 ? current : request.revision!
    const found = this.live(request, revision)
    const { sortOrder = 'none', sortTarget = 'key', limit = 0 } = request
    if (request.countOnly === true) return { count: found.length, more: false, kvs: [] }
    const { minModRevision: minMod = 0, maxModRevision: maxMod = 0 } = request
    const { minCreateRevision: minCreate = 0, maxCreateRevision: maxCreate = 0 } = request
    const filters = minMod !== 0 || maxMod !== 0 || minCreate !== 0 || maxCreate !== 0
    let list = found
    if (limit > 0 && sortOrder === 'none' && !filters) list = list.slice(0, limit + 1)
    if (maxMod !== 0) list = list.filter(record => record.main <= maxMod)
    if (minMod !== 0) list = list.filter(record => record.main >= minMod)
    if (maxCreate !== 0) list = list.filter(record => record.create <= maxCreate)
    if (minCreate !== 0) list = list.filter(record => record.create >= minCreate)
    const sign = sortOrder === 'descend' ? -1 : 1
    const of = {
      key: byText('key'),
      value: byText('value'),
      mod: by('main'),
      create: by('create'),
      version: by('version'),
    }
    list = [...list].sort((left, right) => sign * of[sortTarget](left, right))
    const more = limit > 0 && list.length > limit
    if (more) list = list.slice(0, limit)
    const kvs = list.map(record => toKeyValue(record))
    if (request.keysOnly !== true) return { count: found.length, more, kvs }
    const stripped = kvs.map(kv => ({ ...kv, value: bytes(''), lease: sortTarget === 'value' ? kv.lease : 0n }))
    return { count: found.length, more, kvs: stripped }
  }

  /** The lives of every key: lists that end with a tombstone, the last one perhaps empty. */
  private generations(compacted: number): Map<string, Generation[]> {
    const all = new Map<string, Generation[]>()
    for (const record of this.log) {
      const list = all.get(record.key) ?? [[]]
      all.set(record.key, list)
      list.at(-1)!.push(record)
      if (record.isDelete) list.push([])
    }
    if (compacted >= 0) for (const [key, list] of all) if (!compactKey(list, compacted)) all.delete(key)
    return all
  }

  /** The records that are on disk when the scrub of the last compaction is through. */
  onDisk(): ModelRecord[] {
    if (this.compactRevision < 0) return this.log
    const kept = this.keep(this.compactRevision, -1, true)
    return this.log.filter(record => record.main > this.compactRevision || kept.has(record))
  }

  keep(revision: number, compacted: number, withMark: boolean): Set<ModelRecord> {
    const kept = new Set<ModelRecord>()
    for (const list of this.generations(compacted).values()) {
      const at = list.findIndex(each => each.length > 0 && each.at(-1)!.main >= revision && each.at(-1)!.isDelete)
      const index = at < 0 ? list.length - 1 : at
      const generation = list[index]!
      const newest = generation.findLast(record => record.main <= revision)
      if (newest === undefined) continue
      const closes = newest === generation.at(-1) && index !== list.length - 1
      if (withMark || !closes) kept.add(newest)
    }
    return kept
  }

  /** The records that HashKV at `revision` counts, in order. */
  hashed(revision: number): ModelRecord[] {
    const { compactRevision } = this
    const keep = this.keep(revision, compactRevision, false)
    return this.onDisk().filter(record => {
      if (record.main > revision) return false
      if (record.main > compactRevision) return true
      if (keep.size > 0 && !keep.has(record)) return false
      return !(record.isDelete && record.main === compactRevision)
    })
  }

  /** The records that the hash of a compaction from `previous` to `revision` counts. */
  hashedByCompaction(previous: number, revision: number): ModelRecord[] {
    const before = previous < 0 ? undefined : this.keep(previous, -1, true)
    const keep = this.keep(revision, -1, true)
    return this.log.filter(record => {
      if (record.main > revision) return false
      if (record.main > previous) return true
      if (before?.has(record) !== true) return false
      if (keep.size > 0 && !keep.has(record)) return false
      return !(record.isDelete && record.main === previous)
    })
  }
}

function compactKey(list: Generation[], revision: number): boolean {
  let index = list.findIndex(each => each.length > 0 && each.at(-1)!.isDelete && each.at(-1)!.main >= revision)
  if (index < 0) index = list.length - 1
  list.splice(0, index)
  const first = list[0]!
  const keep = first.findLastIndex(record => record.main <= revision)
  if (keep > 0) first.splice(0, keep)
  return list.length > 1 || first.length > 0
}

export type ModelRange = Omit<RangeRequest, 'key' | 'rangeEnd'> & { key: string; rangeEnd: string }

export function contains(range: { key: string; rangeEnd: string }, key: string): boolean {
  if (range.rangeEnd === '') return key === range.key
  return key >= range.key && (range.rangeEnd === '\0' || key < range.rangeEnd)
}

export function toKeyValue(record: ModelRecord): KeyValue {
  const key = bytes(record.key)
  if (record.isDelete) {
    return { key, createRevision: 0, modRevision: record.main, version: 0, value: bytes(''), lease: 0n }
  }
  const { create: createRevision, main: modRevision, version, lease } = record
  return { key, createRevision, modRevision, version, value: bytes(record.value), lease }
}

function by(field: 'main' | 'create' | 'version'): (left: ModelRecord, right: ModelRecord) => number {
  return (left, right) => left[field] - right[field]
}

function byText(field: 'key' | 'value'): (left: ModelRecord, right: ModelRecord) => number {
  return (left, right) => (left[field] < right[field] ? -1 : Number(left[field] > right[field]))
}
