import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RaftInvariantError } from '../src/assert.ts'
import { RaftError } from '../src/errors.ts'
import { MemoryStorage } from '../src/memory-storage.ts'
import { type StorageContents, storageContract } from '../src/testing.ts'
import type { ConfState, Entry, Snapshot } from '../src/types.ts'

const noLimit = Number.MAX_SAFE_INTEGER
const confState: ConfState = { voters: [1n, 2n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false }

function entry(index: number, term: number): Entry {
  return { term, index, type: 0, data: Uint8Array.of(term) }
}

/** Entries `first`, `first + 1` and so on, with these terms. */
function entriesFrom(first: number, ...terms: number[]): Entry[] {
  return terms.map((term, at) => entry(first + at, term))
}

function snapshotAt(index: number, term: number): Snapshot {
  return { data: Uint8Array.of(index), metadata: { confState, index, term } }
}

function storageOf({ hardState, snapshot, entries }: StorageContents): MemoryStorage {
  const storage = new MemoryStorage()
  storage.setHardState(hardState)
  if (snapshot.metadata.index > 0) storage.applySnapshot(snapshot)
  storage.append(entries)
  return storage
}

/** A log of terms 4 and 5 at indexes 4 and 5, after index 3 with term 3. */
function smallLog(): MemoryStorage {
  const storage = new MemoryStorage()
  storage.applySnapshot(snapshotAt(3, 3))
  storage.append(entriesFrom(4, 4, 5))
  return storage
}

function allOf(storage: MemoryStorage): readonly Entry[] {
  return storage.entries(storage.firstIndex(), storage.lastIndex() + 1, noLimit)
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (error) {
    if (error instanceof RaftError) return error.code
    throw error
  }
  return undefined
}

describe('the contract of a storage', () => {
  test.each(storageContract(storageOf))('$name', ({ run }) => run())
})

describe('append', () => {
  test.each([
    ['the same entries', entriesFrom(4, 4, 5), [4, 5]],
    ['other terms in the same places', entriesFrom(4, 6, 6), [6, 6]],
    ['more than there is', entriesFrom(4, 4, 5, 5), [4, 5, 5]],
    ['from before the first index: the compacted part is passed over', entriesFrom(2, 3, 3, 5), [5]],
    ['only what is compacted', entriesFrom(2, 3, 3), [4, 5]],
    ['in the middle: cuts off the rest', entriesFrom(4, 5), [5]],
    ['at the end', entriesFrom(6, 5), [4, 5, 5]],
    ['nothing', [], [4, 5]],
  ])('%s', (_name, added, terms) => {
    const storage = smallLog()
    storage.append(added)
    expect(allOf(storage)).toEqual(entriesFrom(4, ...terms))
    expect(storage.term(3)).toBe(3)
  })

  test('a gap is refused, and nothing is lost', () => {
    const storage = smallLog()
    expect(() => storage.append([entry(7, 5)])).toThrow('missing log entry [last: 5, append at: 7]')
    expect(() => storage.append([entry(7, 5)])).toThrow(RaftInvariantError)
    expect(() => storage.append([entry(6, 5), entry(8, 5)])).toThrow('not consecutive')
    expect(allOf(storage)).toEqual(entriesFrom(4, 4, 5))
  })

  test('entries given out before stay as they were', () => {
    const storage = smallLog()
    const before = allOf(storage)
    storage.append(entriesFrom(4, 9, 9, 9))
    storage.compact(5)
    expect(before).toEqual(entriesFrom(4, 4, 5))
  })
})

describe('snapshots', () => {
  test('applying one replaces the log; an older or equal one is refused', () => {
    const storage = smallLog()
    storage.applySnapshot(snapshotAt(9, 7))
    expect([storage.firstIndex(), storage.lastIndex(), storage.term(9)]).toEqual([10, 9, 7])
    expect(storage.initialState().confState).toEqual(confState)
    expect(codeOf(() => storage.applySnapshot(snapshotAt(9, 7)))).toBe('SNAPSHOT_OUT_OF_DATE')
    expect(codeOf(() => storage.applySnapshot(snapshotAt(8, 7)))).toBe('SNAPSHOT_OUT_OF_DATE')
    expect(storage.snapshot()).toEqual(snapshotAt(9, 7))
  })

  test('creating one takes the term from the log and leaves the log alone', () => {
    const storage = smallLog()
    const other = { ...confState, learners: [7n] }
    const made = storage.createSnapshot({ index: 4, confState: other, data: Uint8Array.of(1) })
    expect(made).toEqual({ data: Uint8Array.of(1), metadata: { confState: other, index: 4, term: 4 } })
    expect(storage.snapshot()).toBe(made)
    expect(storage.createSnapshot({ index: 5 }).metadata).toEqual({ confState: other, index: 5, term: 5 })
    expect(allOf(storage)).toEqual(entriesFrom(4, 4, 5))
    expect(codeOf(() => storage.createSnapshot({ index: 5 }))).toBe('SNAPSHOT_OUT_OF_DATE')
    expect(() => storage.createSnapshot({ index: 6 })).toThrow('snapshot 6 is out of bound lastindex(5)')
  })
})

test('compacting keeps the term before the first entry and refuses what is gone or not there yet', () => {
  const storage = smallLog()
  storage.compact(4)
  expect([storage.firstIndex(), storage.term(4), storage.term(5)]).toEqual([5, 4, 5])
  expect(codeOf(() => storage.term(3))).toBe('COMPACTED')
  expect(codeOf(() => storage.compact(4))).toBe('COMPACTED')
  expect(() => storage.compact(6)).toThrow('compact 6 is out of bound lastindex(5)')
  storage.compact(5)
  storage.append(entriesFrom(6, 8))
  expect(allOf(storage)).toEqual(entriesFrom(6, 8))
})

type Step = { kind: 'append'; back: number; count: number } | { kind: 'compact'; part: number } | { kind: 'snapshot' }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), back: fc.nat(4), count: fc.nat(6) }),
  fc.record({ kind: fc.constant('compact' as const), part: fc.nat(100) }),
  fc.record({ kind: fc.constant('snapshot' as const) }),
)

test('behaves like an array of entries', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const storage = new MemoryStorage()
      /** Entry `i` of the model has index `i`; those before `first` are known by their term at most. */
      const model: Entry[] = [{ term: 0, index: 0, type: 0, data: new Uint8Array(0) }]
      let first = 1
      steps.forEach((action, term) => {
        if (action.kind === 'append') {
          const at = Math.max(1, model.length - action.back)
          const added = entriesFrom(at, ...Array<number>(action.count).fill(term))
          storage.append(added)
          const kept = added.filter(({ index }) => index >= first)
          if (kept.length > 0) model.splice((kept[0] as Entry).index, model.length, ...kept)
        } else if (action.kind === 'compact' && first < model.length) {
          const index = first + Math.floor((action.part / 101) * (model.length - first))
          storage.compact(index)
          first = index + 1
        } else if (action.kind === 'snapshot') {
          const index = model.length + 2
          storage.applySnapshot(snapshotAt(index, term))
          while (model.length <= index) model.push(entry(model.length, term))
          first = index + 1
        }
        expect([storage.firstIndex(), storage.lastIndex()]).toEqual([first, model.length - 1])
        expect(storage.term(first - 1)).toBe((model[first - 1] as Entry).term)
        expect(allOf(storage)).toEqual(model.slice(first))
      })
    }),
    { numRuns: 300 },
  )
})

test('a window that moves over many entries holds the last ones', () => {
  const storage = new MemoryStorage()
  for (let index = 1; index <= 200_000; index++) {
    storage.append([entry(index, 1)])
    if (index > 100) storage.compact(index - 100)
  }
  expect(allOf(storage)).toEqual(entriesFrom(199_901, ...Array<number>(100).fill(1)))
})
