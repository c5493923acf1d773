import type { Backend, Bucket } from '@kvs/backend'
import { memoryBackend } from '@kvs/backend/memory'
import { describe, expect, it } from 'vitest'
import { openStore, openStoreInSlices, type StateFile, type Store } from '../src/index.ts'
import { encodeRecord } from '../src/record.ts'
import { encodeRevisionKey } from '../src/revision.ts'
import { buckets, bytes, SortedState, text } from './sorted-state.ts'

function put(store: Store, key: string, value = 'v'): void {
  const txn = store.write()
  txn.put({ key: bytes(key), value: bytes(value) })
  txn.end()
}

function record(key: string, modRevision: number): Uint8Array {
  const value = bytes('v')
  const parts = { key: bytes(key), keyStart: 0, keyEnd: key.length, value, valueStart: 0, valueEnd: 1 }
  return encodeRecord({ ...parts, createRevision: modRevision, modRevision, version: 1, lease: 0n })
}

describe('opening', () => {
  it('goes in slices and says how far it is', () => {
    const state = new SortedState()
    const store = openStore({ state, buckets })
    for (let number = 0; number < 25; number++) put(store, `key-${number % 20}`)
    const opening = openStoreInSlices({ state, buckets, limits: { sliceRecords: 10 } })
    const seen: string[] = []
    let step = opening.next()
    for (; step.done !== true; step = opening.next()) seen.push(`${step.value.phase} ${step.value.done}`)
    expect(seen.slice(0, 3)).toEqual(['records 10', 'records 20', 'records 25'])
    expect(seen.some(line => line.startsWith('index'))).toBe(true)
    expect(step.value.revision).toBe(26)
    expect(step.value.statistics()).toMatchObject({ keys: 20, revisions: 25 })
  })

  it('takes little at a time, be it many records or long ones', () => {
    const read = { records: 0, bytes: 0 }
    const state = new SortedState()
    const store = openStore({ state, buckets })
    for (let number = 0; number < 3000; number++) put(store, `key-${number}`)
    for (let number = 0; number < 40; number++) {
      const txn = store.write()
      txn.put({ key: bytes(`long-${number}`), value: new Uint8Array(100_000) })
      txn.end()
    }
    const records = state.records.bind(state)
    state.records = function* (...args) {
      for (const one of records(...args)) {
        read.records++
        read.bytes += one.value.length
        yield one
      }
    }
    const opening = openStoreInSlices({ state, buckets })
    let slices = 0
    for (let step = opening.next(); step.done !== true; step = opening.next()) {
      slices++
      expect(read.records).toBeLessThanOrEqual(1024)
      expect(read.bytes).toBeLessThan(512 * 1024 + 101_000)
      read.records = read.bytes = 0
    }
    expect(slices).toBeGreaterThan(9)
  })

  it('sorts the keys in steps, however many there are', () => {
    const state = new SortedState()
    const store = openStore({ state, buckets })
    const keys = 70_000
    for (let number = 0; number < keys; number++) put(store, `key-${(number * 7919) % keys}`)
    let steps = 0
    for (const progress of openStoreInSlices({ state, buckets })) if (progress.phase === 'index') steps++
    // Runs of 8192 keys, merged four times in pieces of that size, each key looked at, and the tree's leaves.
    expect(steps).toBeGreaterThan(80)
  })

  const wrong: [string, Uint8Array, Uint8Array, RegExp][] = [
    ['a key that is no revision', bytes('key'), record('a', 2), /under 6b6579, which is no revision/],
    ['a record that is no key-value', encodeRevisionKey(2, 0, false), bytes('\x0a\xff'), /ends within a field/],
    ['a record without a key', encodeRevisionKey(2, 0, false), record('', 2), /record 2.0 has no key/],
    ['a record of another revision', encodeRevisionKey(2, 0, false), record('a', 3), /record 2.0 of key a says that/],
  ]
  it.each(wrong)('refuses %s', (_name, key, value, message) => {
    const state = new SortedState()
    state.put(buckets.key, key, value)
    expect(() => openStore({ state, buckets })).toThrow(expect.objectContaining({ code: 'CORRUPT_STATE' }))
    expect(() => openStore({ state, buckets })).toThrow(message)
  })

  it('takes the revision of a record that has nothing else, as a restored backup may end with', () => {
    const state = new SortedState()
    put(openStore({ state, buckets }), 'a')
    state.put(buckets.key, encodeRevisionKey(1002, 0, false), new Uint8Array(0))
    state.put(buckets.meta, bytes('scheduledCompactRev'), encodeRevisionKey(1002, 0, false))
    const store = openStore({ state, buckets })
    expect([store.revision, store.compactRevision]).toEqual([1002, 1002])
    while (!store.scrub());
    expect(store.range({ key: bytes('a') }).count).toBe(1)
    put(store, 'b')
    expect(openStore({ state, buckets }).revision).toBe(1003)
    expect(state.get(buckets.key, encodeRevisionKey(1002, 0, false))).toBeUndefined()
  })

  it('reads the bucket as a whole, so that the state file can tell whether it is', () => {
    const state = new SortedState()
    const store = openStore({ state, buckets })
    for (let number = 0; number < 25; number++) put(store, `key-${number}`)
    const counting: StateFile = {
      put: (...record) => state.put(...record),
      delete: (...record) => state.delete(...record),
      get: (...place) => state.get(...place),
      *records(bucket, interval) {
        let count = 0
        for (const found of state.records(bucket, interval)) {
          count++
          yield found
        }
        if (interval === undefined && count === 25) throw new Error('25 records instead of 26')
      },
    }
    const limits = { sliceRecords: 10 }
    expect(() => openStore({ state: counting, buckets, limits })).toThrow('25 records instead of 26')
  })

  it('refuses a marker that is no revision', () => {
    const state = new SortedState()
    state.put(buckets.meta, bytes('finishedCompactRev'), bytes('17'))
    expect(() => openStore({ state, buckets })).toThrow(/finishedCompactRev is 3137, which is no revision/)
  })

  it('keeps the revision of a scheduled compaction when the records are gone', () => {
    const state = new SortedState()
    state.put(buckets.meta, bytes('scheduledCompactRev'), encodeRevisionKey(9, 0, false))
    const store = openStore({ state, buckets })
    expect([store.revision, store.compactRevision, store.scrubbedRevision]).toEqual([9, 9, -1])
    while (!store.scrub()) {}
    expect(store.scrubbedRevision).toBe(9)
  })

  it('says which record is missing', () => {
    const state = new SortedState()
    const store = openStore({ state, buckets })
    put(store, 'a')
    put(store, 'a')
    state.delete(buckets.key, encodeRevisionKey(2, 0, false))
    expect(() => store.range({ key: bytes('a'), revision: 2 })).toThrow(/no record 2.0 of key a/)
  })
})

describe('the state file of @kvs/backend', () => {
  const key: Bucket = { id: 3, name: 'key' }
  const meta: Bucket = { id: 4, name: 'meta' }

  it('is one of ours', async () => {
    const backend: Backend = memoryBackend({ buckets: [key, meta] })
    const state: StateFile = backend
    let store = openStore({ state, buckets: { key, meta } })
    for (let number = 0; number < 200; number++) {
      put(store, `key-${number % 50}`, String(number))
      backend.endEntry({ index: number + 1, term: 1 })
      if (number % 30 === 0) await backend.commit()
    }
    store.compact(150)
    while (!store.scrub()) {}
    const hash = store.openHash(0)
    while (!hash.step()) {}
    store = openStore({ state, buckets: { key, meta } })
    expect([store.revision, store.compactRevision]).toEqual([201, 150])
    const again = store.openHash(0)
    while (!again.step()) {}
    expect(again.result()).toEqual(hash.result())
    const { kvs, count } = store.range({ key: bytes('\0'), rangeEnd: bytes('\0') })
    expect(count).toBe(50)
    for (const kv of kvs) expect(text(kv.value)).toBe(String(kv.modRevision - 2))
    await backend.close()
  })
})
