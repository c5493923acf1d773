import { SeededRandom } from '@kvs/testing'
import { describe, expect, it } from 'vitest'
import { openStore, type Store } from '../src/index.ts'
import { buckets, bytes, SortedState } from './sorted-state.ts'

const value = new Uint8Array(2 ** 20).fill(0x76)

function put(store: Store, key: string, length: number): void {
  const txn = store.write()
  txn.put({ key: bytes(key), value, valueEnd: length })
  txn.end()
}

/** A state that keeps only what the store must not ask for. */
class ForgetfulState extends SortedState {
  override put(): void {}
}

describe('slab', () => {
  it('stays within 1.3 of the live values over overwrites of all sizes', () => {
    const random = new SeededRandom(11)
    const store = openStore({ state: new ForgetfulState(), buckets, limits: { slabChunkBytes: 16 * 1024 } })
    const keys = 8_000
    const sizes = new Map<number, number>()
    let worst = 0
    for (let step = 0; step < keys * 11; step++) {
      const number = step < keys ? step : random.between(0, keys - 1)
      const size = random.between(64, 1024)
      sizes.set(number, size)
      put(store, `key-${number}`, size)
      if (step % 5000 !== 0 || step <= keys) continue
      const live = [...sizes.values()].reduce((sum, each) => sum + each, 0)
      worst = Math.max(worst, store.statistics().slabBytes / live)
    }
    expect(worst).toBeGreaterThan(1)
    expect(worst).toBeLessThan(1.3)
    for (const [number, size] of sizes) {
      const [kv] = store.range({ key: bytes(`key-${number}`) }).kvs
      expect(kv?.value.length).toBe(size)
    }
  })

  it('gives memory back when everything is deleted', () => {
    const store = openStore({ state: new ForgetfulState(), buckets, limits: { slabChunkBytes: 64 * 1024 } })
    for (let number = 0; number < 5_000; number++) put(store, `key-${number}`, 500)
    const before = store.statistics().slabBytes
    // More pairs than one segment of a list or of changes holds.
    const { kvs } = store.range({ key: bytes('\0'), rangeEnd: bytes('\0') })
    expect(Array.from(kvs, kv => kv.modRevision).sort((left, right) => left - right)).toEqual(
      Array.from({ length: 5_000 }, (_, number) => number + 2),
    )
    expect(kvs.pieces().reduce((sum, piece) => sum + piece.length, 0)).toBe(kvs.byteLength)
    const txn = store.write()
    txn.deleteRange({ key: bytes('\0'), rangeEnd: bytes('\0') })
    txn.end()
    expect(store.reclaimPending).toBe(true)
    while (!store.reclaim({ records: 100 })) {}
    expect(store.reclaimPending).toBe(false)
    for (let left = 20; left > 0; left--) put(store, 'one', 10)
    expect(store.statistics().slabBytes).toBeLessThan(before / 5)
    expect(store.statistics().slabLiveBytes).toBeLessThan(100)
  })

  it('looks at few records by the way, however many there are to give back', () => {
    const state = new SortedState()
    const store = openStore({ state, buckets, limits: { slabChunkBytes: 64 * 1024, reclaimItems: 10 } })
    const keys = 20_000
    for (let number = 0; number < keys; number++) put(store, `key-${number}`, 500)
    const txn = store.write()
    txn.deleteRange({ key: bytes('key-'), rangeEnd: bytes('key.') })
    txn.end()
    const { revision } = store
    /** Records before the deletion that are no longer in memory. */
    const gone = (): number => {
      state.gets = 0
      store.range({ key: bytes('key-'), rangeEnd: bytes('key.'), revision: revision - 1 })
      return state.gets
    }
    let before = gone()
    expect(before).toBeLessThanOrEqual(10)
    for (let left = 3; left > 0; left--) {
      put(store, 'one', 10)
      const after = gone()
      expect(after - before).toBeLessThanOrEqual(10)
      before = after
    }
    expect(store.reclaimPending).toBe(true)
    store.reclaim({ records: 300 })
    const after = gone()
    expect(after - before).toBe(300)
    while (!store.reclaim({ records: 300 })) {}
    expect(gone()).toBeGreaterThan(keys / 2)
  })

  it('keeps the budget, and reads the rest from the state file', () => {
    const state = new SortedState()
    const slabBudgetBytes = 256 * 1024
    const store = openStore({ state, buckets, limits: { slabChunkBytes: 16 * 1024, slabBudgetBytes } })
    for (let number = 0; number < 2_000; number++) {
      put(store, `key-${number}`, 500 + number)
      expect(store.statistics().slabBytes).toBeLessThanOrEqual(slabBudgetBytes + 2 * 16 * 1024)
    }
    state.gets = 0
    const { kvs, count } = store.range({ key: bytes('\0'), rangeEnd: bytes('\0') })
    expect(count).toBe(2_000)
    for (const kv of kvs) expect(kv.value.length).toBe(500 + kv.modRevision - 2)
    expect(state.gets).toBeGreaterThan(1_000)
    expect(state.gets).toBeLessThan(2_000)
  })

  it('holds values that are larger than a chunk', () => {
    const store = openStore({ state: new ForgetfulState(), buckets, limits: { slabChunkBytes: 4096 } })
    for (const size of [10_000, 100, 2 ** 20, 0, 5_000]) {
      put(store, 'key', size)
      const [kv] = store.range({ key: bytes('key') }).kvs
      expect(kv?.value.length).toBe(size)
    }
    for (let number = 0; number < 50; number++) put(store, 'key', 10_000 + number * 100)
    expect(store.statistics().slabBytes).toBeLessThan(60_000)
  })

  it('never asks the state for the newest record of a live key', () => {
    const state = new SortedState()
    const store = openStore({ state, buckets })
    for (let number = 0; number < 1_000; number++) put(store, `key-${number % 100}`, number)
    state.gets = 0
    for (let number = 0; number < 100; number++) store.range({ key: bytes(`key-${number}`) })
    store.range({ key: bytes('\0'), rangeEnd: bytes('\0') })
    const again = openStore({ state, buckets })
    again.range({ key: bytes('\0'), rangeEnd: bytes('\0') })
    // The two markers of compaction.
    expect(state.gets).toBe(2)
  })
})
