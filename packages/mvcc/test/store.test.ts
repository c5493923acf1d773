import { describe, expect, it } from 'vitest'
import {
  decodeRecord,
  describeChanges,
  describeRange,
  openStore,
  type RangeRequest,
  type RangeResult,
  type Store,
  type StoreLimits,
} from '../src/index.ts'
import { encodeRevisionKey } from '../src/revision.ts'
import { buckets, bytes, SortedState, text } from './sorted-state.ts'

const all = { key: bytes('\0'), rangeEnd: bytes('\0') }

function open(state = new SortedState(), limits: Partial<StoreLimits> = {}): Store {
  return openStore({ state, buckets, limits })
}

function put(store: Store, key: string, value: string, lease = 0n): number {
  const txn = store.write()
  txn.put({ key: bytes(key), value: bytes(value), lease })
  return txn.end().revision
}

function del(store: Store, key: string, rangeEnd?: string): number {
  const txn = store.write()
  txn.deleteRange({ key: bytes(key), rangeEnd: rangeEnd === undefined ? undefined : bytes(rangeEnd) })
  return txn.end().revision
}

function pairs(result: RangeResult): string[] {
  return Array.from(result.kvs, kv => `${text(kv.key)}=${text(kv.value)}`)
}

describe('statistics', () => {
  it('count the keys that exist, whatever is kept of deleted ones, also after opening anew', () => {
    const state = new SortedState()
    const store = open(state)
    for (const key of ['a', 'b', 'c', 'd']) put(store, key, 'v')
    put(store, 'a', 'w')
    del(store, 'b', 'd')
    del(store, 'missing')
    expect(store.statistics()).toMatchObject({ keys: 4, liveKeys: 2 })
    put(store, 'b', 'again')
    expect(store.statistics().liveKeys).toBe(3)
    expect(open(state).statistics()).toMatchObject({ keys: 4, liveKeys: 3 })
    store.compact(store.revision)
    while (!store.scrub()) {}
    expect(store.statistics()).toMatchObject({ keys: 3, liveKeys: 3 })
  })

  it('count operations as etcd does', () => {
    const store = open()
    put(store, 'ab', 'cde')
    store.range(all)
    expect(() => store.range({ ...all, revision: 99 })).toThrow()
    store.holds({ key: bytes('ab'), target: 'version', operand: 1, result: 'equal' })
    expect(store.statistics().operations).toEqual({ ranges: 3, puts: 1, putBytes: 5, deletes: 0, txns: 0 })
    const txn = store.write()
    txn.put({ key: bytes('ab'), value: bytes(''), ignoreValue: true })
    txn.deleteRange({ ...all, wantPrevious: true })
    txn.range(all)
    txn.end()
    expect(store.statistics().operations).toEqual({ ranges: 6, puts: 2, putBytes: 10, deletes: 1, txns: 1 })
  })
})

describe('store', () => {
  it('starts at revision 1 and gives every write the next one', () => {
    const store = open()
    expect(store.revision).toBe(1)
    expect(store.compactRevision).toBe(-1)
    expect(put(store, 'a', '1')).toBe(2)
    expect(put(store, 'a', '2')).toBe(3)
    expect([...store.range({ key: bytes('a') }).kvs]).toEqual([
      { key: bytes('a'), createRevision: 2, modRevision: 3, version: 2, value: bytes('2'), lease: 0n },
    ])
  })

  it('reads old revisions until they are compacted', () => {
    const store = open()
    put(store, 'a', '1')
    put(store, 'a', '2')
    del(store, 'a')
    put(store, 'a', '3')
    const at = (revision: number): string[] => pairs(store.range({ key: bytes('a'), revision }))
    expect([at(1), at(2), at(3), at(4), at(5)]).toEqual([[], ['a=1'], ['a=2'], [], ['a=3']])
    store.compact(3)
    while (!store.scrub()) {}
    expect(() => at(2)).toThrow(expect.objectContaining({ code: 'COMPACTED' }))
    expect([at(3), at(4), at(5)]).toEqual([['a=2'], [], ['a=3']])
    expect(() => at(6)).toThrow(expect.objectContaining({ code: 'FUTURE_REVISION' }))
  })

  it('reads intervals by every spelling of range end', () => {
    const store = open()
    for (const key of ['a', 'ab', 'b', 'ba', 'c']) put(store, key, key)
    const keys = (key: string, rangeEnd: string): string[] =>
      Array.from(store.range({ key: bytes(key), rangeEnd: bytes(rangeEnd) }).kvs, kv => text(kv.key))
    expect(keys('a', '')).toEqual(['a'])
    expect(keys('a', 'b')).toEqual(['a', 'ab'])
    expect(keys('b', '\0')).toEqual(['b', 'ba', 'c'])
    expect(keys('\0', '\0')).toEqual(['a', 'ab', 'b', 'ba', 'c'])
    expect(keys('b', 'b')).toEqual([])
    expect(keys('c', 'a')).toEqual([])
    expect(keys('aa', 'bb')).toEqual(['ab', 'b', 'ba'])
  })

  it('keeps the revision after nothing was written', () => {
    const store = open()
    expect(del(store, 'a', '\0')).toBe(1)
    expect(store.write().end().revision).toBe(1)
    expect(put(store, 'a', '1')).toBe(2)
  })

  it('shows a transaction its own writes and nobody else', () => {
    const store = open()
    put(store, 'a', '1')
    put(store, 'b', '1')
    const txn = store.write()
    txn.put({ key: bytes('a'), value: bytes('2') })
    txn.deleteRange({ key: bytes('b') })
    txn.put({ key: bytes('c'), value: bytes('2') })
    expect(pairs(txn.range(all))).toEqual(['a=2', 'c=2'])
    expect(pairs(store.range(all))).toEqual(['a=1', 'b=1'])
    expect(() => store.write()).toThrow(expect.objectContaining({ code: 'MISUSE' }))
    const { revision, changes } = txn.end()
    expect(revision).toBe(4)
    expect(Array.from({ length: changes.length }, (_, at) => changes.isDelete(at))).toEqual([false, true, false])
    expect(decodeRecord(changes.record(1))).toMatchObject({ key: bytes('b'), modRevision: 0 })
    expect(pairs(store.range(all))).toEqual(['a=2', 'c=2'])
    expect(pairs(store.range({ ...all, revision: 3 }))).toEqual(['a=1', 'b=1'])
  })

  it('deletes in slices that readers do not see', () => {
    const store = open(new SortedState(), { sliceRecords: 3 })
    for (let at = 0; at < 10; at++) put(store, `k${at}`, `${at}`)
    const txn = store.write()
    const cursor = txn.openDelete({ ...all, wantPrevious: true })
    let steps = 0
    for (; !cursor.step(); steps++) {
      expect(store.range(all).count).toBe(10)
      expect(pairs(store.range({ key: bytes('k0') }))).toEqual(['k0=0'])
      expect(() => txn.end()).toThrow(expect.objectContaining({ code: 'MISUSE' }))
    }
    expect(steps).toBe(3)
    const { deleted, previous } = cursor.result()
    expect(deleted).toBe(10)
    expect(previous.length).toBe(10)
    expect(txn.end().revision).toBe(12)
    expect(store.range(all).count).toBe(0)
    expect(store.range({ ...all, revision: 11 }).count).toBe(10)
    expect(Array.from(previous, kv => text(kv.key))).toEqual(Array.from({ length: 10 }, (_, at) => `k${at}`))
  })

  it('keeps or replaces values and leases', () => {
    const store = open()
    put(store, 'a', '1', 7n)
    let txn = store.write()
    const previous = txn.put({ key: bytes('a'), value: bytes(''), ignoreValue: true, wantPrevious: true })
    expect(decodeRecord(previous!)).toMatchObject({ lease: 7n, modRevision: 2 })
    expect(txn.end().changes.leases).toEqual([{ key: bytes('a'), oldLease: 7n, newLease: 0n }])
    expect([...store.range({ key: bytes('a') }).kvs][0]).toMatchObject({ value: bytes('1'), lease: 0n, version: 2 })
    put(store, 'a', '2', -5n)
    txn = store.write()
    txn.put({ key: bytes('a'), value: bytes('3'), ignoreLease: true })
    expect(txn.end().changes.leases).toEqual([{ key: bytes('a'), oldLease: -5n, newLease: -5n }])
    expect([...store.keyLeases()]).toEqual([{ key: bytes('a'), lease: -5n }])
    txn = store.write()
    expect(() => txn.put({ key: bytes('x'), value: bytes(''), ignoreValue: true })).toThrow(
      expect.objectContaining({ code: 'KEY_NOT_FOUND' }),
    )
    txn.deleteRange(all)
    expect(txn.end().changes.leases).toEqual([{ key: bytes('a'), oldLease: -5n, newLease: 0n }])
    expect([...store.keyLeases()]).toEqual([])
  })

  it('takes keys and values out of larger buffers', () => {
    const store = open()
    const txn = store.write()
    const buffer = bytes('..key..value..')
    txn.put({ key: buffer, keyStart: 2, keyEnd: 5, value: buffer, valueStart: 7, valueEnd: 12 })
    txn.end()
    buffer.fill(0)
    expect(pairs(store.range(all))).toEqual(['key=value'])
  })

  it('gives results that are valid until the store changes, or for ever when frozen', () => {
    const store = open(new SortedState(), { sliceRecords: 2 })
    for (const key of ['a', 'b', 'c', 'd', 'e']) put(store, key, `1${key}`)
    const stale = store.range(all)
    const staleKey = store.range({ key: bytes('a') })
    const frozen = store.range(all)
    const frozenKey = store.range({ key: bytes('a') })
    frozen.kvs.freeze()
    frozenKey.kvs.freeze()
    const cursors = [{}, { sortOrder: 'descend' }, { limit: 4 }].map(options =>
      store.openRange({ ...all, ...options } as RangeRequest),
    )
    for (const cursor of cursors) {
      expect(() => cursor.result()).toThrow(expect.objectContaining({ code: 'MISUSE' }))
      while (!cursor.step()) {}
    }
    put(store, 'a', '2a')
    for (const { kvs } of [stale, staleKey]) {
      const uses = [
        () => [...kvs],
        () => kvs.writeTo(new Uint8Array(100), { at: 0, field: 2 }),
        () => kvs.record(0),
        () => kvs.freeze(),
        () => kvs.pieces(),
      ]
      for (const use of uses) expect(use).toThrow(expect.objectContaining({ code: 'MISUSE' }))
    }
    expect(pairs(frozen)).toEqual(['a=1a', 'b=1b', 'c=1c', 'd=1d', 'e=1e'])
    expect(pairs(frozenKey)).toEqual(['a=1a'])
    expect(decodeRecord(frozenKey.kvs.record(0)).value).toEqual(bytes('1a'))
    expect(cursors.map(cursor => pairs(cursor.result()).join(' '))).toEqual([
      'a=1a b=1b c=1c d=1d e=1e',
      'e=1e d=1d c=1c b=1b a=1a',
      'a=1a b=1b c=1c d=1d',
    ])
    const target = new Uint8Array(frozen.kvs.byteLength + 3)
    expect(frozen.kvs.writeTo(target, { at: 3, field: 3 })).toBe(target.length)
    expect(target[3]).toBe(0x1a)
    expect(() => frozen.kvs.record(5)).toThrow(RangeError)
    expect(() => frozenKey.kvs.record(1)).toThrow(RangeError)
    expect(store.range({ key: bytes('none') }).kvs.pieces()).toEqual([])
  })

  it('hands a long read out in parts, of one revision and within one limit', () => {
    const store = open(new SortedState(), { sliceRecords: 2 })
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) put(store, key, `1${key}`)
    const cursor = store.openRange({ ...all, limit: 4 })
    expect(cursor.step({ records: 3 })).toBe(false)
    const first = cursor.take()
    put(store, 'd', '2d')
    expect([...first].map(({ value }) => text(value))).toEqual(['1a', '1b', '1c'])
    expect(cursor.take()).toHaveLength(0)
    while (!cursor.step()) {}
    expect(pairs(cursor.result())).toEqual(['d=1d'])
    expect(cursor.result()).toMatchObject({ count: 6, more: true })
    const sorted = store.openRange({ ...all, sortTarget: 'mod' })
    expect(() => sorted.take()).toThrow(expect.objectContaining({ code: 'MISUSE' }))
    sorted.close()
  })

  it('writes what a cursor has copied under any field, and tells its places, however many pieces it takes', () => {
    const store = open()
    const values = [0, 100, 200, 20_000, 70_000].map(length => 'v'.repeat(length))
    for (let i = 0; i < 20; i++) put(store, `key-${10 + i}`, values[i % values.length] as string)
    const whole = store.range(all).kvs
    const cursor = store.openRange(all)
    while (!cursor.step({ records: 3 })) {}
    const { kvs } = cursor.result()
    for (const field of [2, 3]) {
      const expected = new Uint8Array(1 + whole.byteLength)
      whole.writeTo(expected, { at: 1, field })
      const written = new Uint8Array(1 + kvs.byteLength)
      expect(kvs.writeTo(written, { at: 1, field })).toBe(written.length)
      expect(written).toEqual(expected)
    }
    for (let i = 0; i < 20; i++) expect(kvs.record(i)).toEqual(whole.record(i))
    expect(kvs.pieces().reduce((sum, piece) => sum + piece.length, 0)).toBe(kvs.byteLength)
  })

  it('lets go of what a closed cursor held back', () => {
    const store = open(new SortedState(), { sliceRecords: 1 })
    for (const value of ['1', '2', '3']) put(store, 'a', value)
    const range = store.openRange({ ...all, revision: 2 })
    const hash = store.openHash(3)
    expect(range.step({ records: 0 })).toBe(false)
    expect(hash.step()).toBe(false)
    store.compact(4)
    expect(store.scrub()).toBe(true)
    expect(store.scrubPending).toBe(true)
    range.close()
    expect(store.scrub()).toBe(true)
    expect(store.scrubbedRevision).toBe(-1)
    hash.close()
    while (!store.scrub()) {}
    expect([store.scrubbedRevision, store.scrubPending]).toEqual([4, false])
    for (const cursor of [range, hash]) {
      cursor.close()
      expect(() => cursor.step()).toThrow(expect.objectContaining({ code: 'MISUSE' }))
    }
  })

  it('hashes the current revision for 0 after a compaction at 0 too', () => {
    const hashOf = (store: Store): unknown => {
      const cursor = store.openHash(0)
      while (!cursor.step()) {}
      return cursor.result()
    }
    const store = open()
    store.compact(0)
    while (!store.scrub()) {}
    put(store, 'a', '1')
    const other = open()
    put(other, 'a', '1')
    expect(hashOf(store)).toEqual({ ...(hashOf(other) as object), compactRevision: 0 })
    expect(store.compactionHashes()).toEqual([])
  })

  it('takes keys, values and numbers of any size', () => {
    const store = open()
    const key = new Uint8Array(600_000).fill(0x6b)
    const value = new Uint8Array(3_000_000).fill(0x76)
    for (let round = 0; round < 3; round++) {
      const txn = store.write()
      txn.put({ key, value, lease: -(2n ** 63n) })
      txn.put({ key: key.subarray(0, 599_999), value: key })
      txn.end()
    }
    const [shorter, longer] = [...store.range(all).kvs]
    expect([shorter!.key.length, shorter!.value.length]).toEqual([599_999, 600_000])
    expect([longer!.key.length, longer!.value.length, longer!.lease]).toEqual([600_000, 3_000_000, -(2n ** 63n)])
    const huge = { limit: Number.MAX_SAFE_INTEGER, revision: -Number.MAX_SAFE_INTEGER }
    expect(store.range({ ...all, ...huge }).count).toBe(2)
    expect(() => store.range({ ...all, revision: Number.MAX_SAFE_INTEGER })).toThrow(/above the current one/)
    const txn = store.write()
    expect(txn.deleteRange(all).deleted).toBe(2)
    txn.end()
    store.compact(store.revision)
    while (!store.scrub()) {}
    expect(store.statistics()).toMatchObject({ keys: 2, revisions: 2, removedRecords: 6 })
  })

  it('goes on beyond 2^32 revisions', () => {
    const state = new SortedState()
    const revision = 2 ** 32 + 5
    state.put(buckets.meta, bytes('scheduledCompactRev'), encodeRevisionKey(revision, 0, false))
    const store = open(state)
    expect(put(store, 'a', '1')).toBe(revision + 1)
    put(store, 'a', '2')
    del(store, 'a')
    put(store, 'a', '3')
    expect(pairs(store.range({ key: bytes('a'), revision: revision + 2 }))).toEqual(['a=2'])
    expect([...store.range({ key: bytes('a') }).kvs][0]).toMatchObject({ createRevision: revision + 4, version: 1 })
    expect(pairs(open(state).range({ ...all, revision: revision + 1 }))).toEqual(['a=1'])
  })

  it('describes its records', () => {
    const store = open()
    put(store, 'b', 'old', 3n)
    const txn = store.write()
    txn.put({ key: bytes('a "\xff'), value: bytes('') })
    txn.deleteRange({ key: bytes('b') })
    expect(describeChanges(txn.end().changes)).toBe(
      'PUT a\\x20\\x22\\xff="" create:3 mod:3 version:1\nDELETE b\nlease of b: 3 -> 0',
    )
    expect(describeRange(all)).toBe('[\\x00, …)')
    expect(describeRange({ key: bytes('a'), rangeEnd: bytes('b') })).toBe('[a, b)')
  })
})
