import { describe, expect, test } from 'vitest'
import { Unstable } from '../src/unstable.ts'
import { entry, snapshotAt } from './network.ts'

const lines: string[] = []
const note = (line: string): void => {
  lines.push(line)
}
const logger = { debug: note, info: note, warning: note, error: note }

/** Entries of these terms from `offset` on, the first `inProgress` of them handed out for writing. */
function unstableOf(offset: number, terms: readonly number[], inProgress = 0): Unstable {
  const unstable = new Unstable(offset, logger)
  const [handedOut, rest] = [terms.slice(0, inProgress), terms.slice(inProgress)]
  const entries = terms.map((term, i) => entry(term, offset + i))
  if (handedOut.length > 0) unstable.truncateAndAppend(entries.slice(0, inProgress))
  unstable.acceptInProgress()
  if (rest.length > 0) unstable.truncateAndAppend(entries.slice(inProgress))
  return unstable
}

const indexesOf = (entries: readonly { readonly index: number }[]): number[] => entries.map(({ index }) => index)

describe('bounds', () => {
  test('the first index is known only with a snapshot', () => {
    const unstable = unstableOf(5, [1])
    expect(unstable.firstIndex()).toBeUndefined()
    unstable.restore(snapshotAt(4, 1, {}))
    expect(unstable.firstIndex()).toBe(5)
  })

  test('the last index is that of the last entry, else of the snapshot, else not known', () => {
    expect(unstableOf(5, []).lastIndex()).toBeUndefined()
    expect(unstableOf(5, [1, 1]).lastIndex()).toBe(6)
    const restored = unstableOf(5, [1])
    restored.restore(snapshotAt(9, 2, {}))
    expect(restored.lastIndex()).toBe(9)
    restored.truncateAndAppend([entry(2, 10)])
    expect(restored.lastIndex()).toBe(10)
  })

  test.each([
    [4, undefined],
    [5, 1],
    [6, 2],
    [7, undefined],
  ])('without a snapshot the term at %d is %s', (index, term) => {
    expect(unstableOf(5, [1, 2]).term(index)).toBe(term)
  })

  test('the term of a snapshot is known at its index only', () => {
    const unstable = unstableOf(5, [])
    unstable.restore(snapshotAt(9, 3, {}))
    expect([unstable.term(8), unstable.term(9), unstable.term(10)]).toEqual([undefined, 3, undefined])
  })
})

describe('handing out for writing', () => {
  test('each entry and each snapshot is handed out once', () => {
    const unstable = unstableOf(5, [1, 1, 1], 1)
    expect(unstable.hasNextEntries()).toBe(true)
    expect(indexesOf(unstable.nextEntries())).toEqual([6, 7])
    unstable.acceptInProgress()
    expect([unstable.hasNextEntries(), unstable.nextEntries()]).toEqual([false, []])
    const snapshot = snapshotAt(20, 4, {})
    unstable.restore(snapshot)
    expect(unstable.nextSnapshot()).toBe(snapshot)
    unstable.acceptInProgress()
    expect(unstable.nextSnapshot()).toBeUndefined()
    expect(unstable.snapshot).toBe(snapshot)
  })

  test('what comes after a restore is new, though older entries were being written', () => {
    const unstable = unstableOf(5, [1, 1, 1], 3)
    unstable.restore(snapshotAt(6, 2, {}))
    unstable.truncateAndAppend([entry(2, 7)])
    expect(indexesOf(unstable.nextEntries())).toEqual([7])
  })
})

describe('what became durable', () => {
  test.each([
    // Stable up to index and term; first index left, entries left.
    [5, 1, 6, [6, 7]],
    [6, 1, 7, [7]],
    [7, 2, 8, []],
    // Overwritten since, not there yet, gone before.
    [7, 1, 5, [5, 6, 7]],
    [8, 2, 5, [5, 6, 7]],
    [4, 1, 5, [5, 6, 7]],
  ])('up to %d of term %d', (index, term, offset, left) => {
    const unstable = unstableOf(5, [1, 1, 2], 3)
    unstable.stableTo(index, term)
    expect([unstable.offset, indexesOf(unstable.entries)]).toEqual([offset, left])
    expect(unstable.offsetInProgress).toBe(8)
    expect(unstable.nextEntries()).toEqual([])
  })

  test('the index of a snapshot does not count as an entry', () => {
    const unstable = unstableOf(5, [])
    unstable.restore(snapshotAt(9, 3, {}))
    unstable.truncateAndAppend([entry(3, 10)])
    unstable.stableTo(9, 3)
    expect([unstable.offset, unstable.entries.length]).toEqual([10, 1])
    expect(lines.at(-1)).toBe('entry at index 9 matched unstable snapshot; ignoring')
  })

  test('a snapshot goes when it, and no other, was restored', () => {
    const unstable = unstableOf(5, [])
    unstable.restore(snapshotAt(9, 3, {}))
    unstable.acceptInProgress()
    unstable.stableSnapshotTo(8)
    expect(unstable.snapshot).toBeDefined()
    unstable.stableSnapshotTo(9)
    expect([unstable.snapshot, unstable.snapshotInProgress]).toEqual([undefined, false])
  })
})

describe('appending', () => {
  test.each([
    // First new index, new terms; offset, terms, and first index to write after that.
    ['at the end', 8, [3], 5, [1, 1, 2, 3], 7],
    ['in place of all', 5, [3, 3], 5, [3, 3], 5],
    ['from before the first', 4, [3, 3, 3, 3], 4, [3, 3, 3, 3], 4],
    ['from within what is being written', 6, [3], 5, [1, 3], 6],
    ['from within what is not', 7, [3, 3], 5, [1, 1, 3, 3], 7],
  ])('%s', (_where, from, terms, offset, after, toWrite) => {
    const unstable = unstableOf(5, [1, 1, 2], 2)
    unstable.truncateAndAppend(terms.map((term, i) => entry(term, from + i)))
    expect([unstable.offset, unstable.entries.map(({ term }) => term)]).toEqual([offset, after])
    expect(unstable.nextEntries()[0]?.index).toBe(toWrite)
    expect(indexesOf(unstable.slice(offset, offset + after.length))).toEqual(after.map((_, i) => offset + i))
  })

  test('entries that were handed out stay as they were', () => {
    const unstable = unstableOf(5, [1, 1, 2])
    const handedOut = unstable.nextEntries()
    unstable.acceptInProgress()
    unstable.truncateAndAppend([entry(3, 6)])
    unstable.truncateAndAppend([entry(3, 7)])
    expect(handedOut.map(({ term }) => term)).toEqual([1, 1, 2])
  })

  test('a gap is a broken invariant that names both sides', () => {
    const unstable = unstableOf(5, [1, 1])
    expect(() => unstable.truncateAndAppend([entry(1, 8)])).toThrow('entries from 8 do not follow the last one, 6')
    expect(indexesOf(unstable.entries)).toEqual([5, 6])
  })
})
