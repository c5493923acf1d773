import { describe, expect, test } from 'vitest'
import { type Entry, MemoryStorage, RaftError, RaftInvariantError, sizeEntry } from '../src/index.ts'
import { RaftLog } from '../src/log.ts'
import { entry, logOf, noLimit, snapshotAt } from './network.ts'

const ignore = (): void => {}
const logger = { debug: ignore, info: ignore, warning: ignore, error: ignore }

interface Init {
  /** Terms of the durable entries from `first` on. */
  readonly stored?: readonly number[]
  readonly unstable?: readonly number[]
  readonly committed?: number
  readonly maxApplyingBytes?: number
  /** Entries up to here are in a snapshot and no longer in the log. */
  readonly compacted?: number
}

function logWith({
  stored = [],
  unstable = [],
  committed = 0,
  maxApplyingBytes = noLimit,
  compacted = 0,
}: Init): RaftLog {
  const storage = new MemoryStorage()
  if (compacted > 0) storage.applySnapshot(snapshotAt(compacted, 1, { voters: [1n] }))
  storage.append(stored.map((term, i) => entry(term, compacted + 1 + i)))
  const log = new RaftLog({ storage, logger, maxApplyingBytes })
  log.append(unstable.map((term, i) => entry(term, compacted + stored.length + 1 + i)))
  if (committed > 0) log.commitTo(committed)
  return log
}

function termsOf(entries: readonly Entry[] | undefined): number[] | undefined {
  return entries?.map(({ term }) => term)
}

/** All that is in the log. */
function allOf(log: RaftLog): number[] | undefined {
  return termsOf(log.slice(log.firstIndex(), log.lastIndex() + 1, noLimit))
}

const indexesOf = (entries: readonly Entry[]): number[] => entries.map(({ index }) => index)

describe('appending', () => {
  test.each([
    // New entries: first index, terms; log after, first unstable index after. The log holds terms 1 2, durable.
    [3, [], [1, 2], 3],
    [3, [2], [1, 2, 2], 3],
    [1, [2], [2], 1],
    [2, [3, 3], [1, 3, 3], 2],
  ])('from %d the terms %j', (from, terms, after, offset) => {
    const log = logWith({ stored: [1, 2] })
    log.append(terms.map((term, i) => entry(term, from + i)))
    expect([allOf(log), log.unstable.offset]).toEqual([after, offset])
  })

  test('committed entries are not overwritten', () => {
    const log = logWith({ stored: [1, 2], committed: 2 })
    expect(() => log.append([entry(3, 2)])).toThrow('after(1) is out of range [committed(2)]')
    expect(allOf(log)).toEqual([1, 2])
  })

  test.each([
    // Entry before, new terms, commit index of the sender; last new index, commit index after, log after.
    ['other term before', { term: 2, index: 3 }, [4], 3, undefined, 1, [1, 2, 3]],
    ['beyond the end', { term: 3, index: 4 }, [4], 3, undefined, 1, [1, 2, 3]],
    ['nothing new', { term: 3, index: 3 }, [], 3, 3, 3, [1, 2, 3]],
    ['commit goes to the last new entry only', { term: 3, index: 3 }, [], 9, 3, 3, [1, 2, 3]],
    ['commit does not go back', { term: 3, index: 3 }, [], 0, 3, 1, [1, 2, 3]],
    ['from the start, nothing', { term: 0, index: 0 }, [], 3, 0, 1, [1, 2, 3]],
    ['appended', { term: 3, index: 3 }, [4], 3, 4, 3, [1, 2, 3, 4]],
    ['appended and committed', { term: 3, index: 3 }, [4, 4], 5, 5, 5, [1, 2, 3, 4, 4]],
    ['conflict', { term: 2, index: 2 }, [4], 3, 3, 3, [1, 2, 4]],
    ['conflict in the middle of the message', { term: 1, index: 1 }, [2, 4, 4], 2, 4, 2, [1, 2, 4, 4]],
    ['known already', { term: 1, index: 1 }, [2], 2, 2, 2, [1, 2, 3]],
  ])('what a leader sends: %s', (_case, previous, terms, commit, lastNew, committed, after) => {
    const log = logWith({ stored: [1, 2, 3], committed: 1 })
    const entries = terms.map((term, i) => entry(term, previous.index + 1 + i))
    expect(log.maybeAppend(previous, entries, commit)).toBe(lastNew)
    expect([log.committed, allOf(log)]).toEqual([committed, after])
  })

  test('a conflict with what is committed stops the node and names both', () => {
    const log = logWith({ stored: [1, 2, 3], committed: 2 })
    expect(() => log.maybeAppend({ term: 1, index: 1 }, [entry(4, 2)], 2)).toThrow(
      new RaftInvariantError('entry 2 conflict with committed entry [committed(2)]'),
    )
    expect([log.committed, allOf(log)]).toEqual([2, [1, 2, 3]])
  })
})

describe('comparing logs', () => {
  test.each([
    [{ term: 4, index: 1 }, true],
    [{ term: 2, index: 9 }, false],
    [{ term: 3, index: 2 }, false],
    [{ term: 3, index: 3 }, true],
    [{ term: 3, index: 4 }, true],
  ])('%j is as up to date as a log that ends with term 3 at 3: %s', (theirs, isUpToDate) => {
    expect(logWith({ stored: [1, 2, 3] }).isUpToDate(theirs)).toBe(isUpToDate)
  })

  test.each([
    // Own terms; index and term of the other log; where both may meet.
    [[2, 2, 5, 5, 5], 5, 5, { index: 5, term: 5 }],
    [[2, 2, 5, 5, 5], 5, 4, { index: 2, term: 2 }],
    [[2, 2, 5, 5, 5], 4, 9, { index: 4, term: 5 }],
    [[2, 2, 5, 5, 5], 5, 1, { index: 0, term: 0 }],
    [[2, 2, 5, 5, 5], 9, 5, { index: 9, term: 0 }],
    [[], 0, 3, { index: 0, term: 0 }],
  ])('terms %j and %d of term %d meet at %j', (terms, index, term, meeting) => {
    expect(logWith({ stored: terms }).findConflictByTerm(index, term)).toEqual(meeting)
  })

  test('what is compacted ends the search', () => {
    expect(logWith({ compacted: 5, stored: [7, 7] }).findConflictByTerm(7, 0)).toEqual({ index: 4, term: 0 })
  })
})

describe('terms', () => {
  test.each([
    [3, undefined],
    [4, undefined],
    [5, 1],
    [6, 2],
    [8, 3],
    [9, undefined],
  ])('the term at %d of a log of 6 to 8 after a snapshot is %s', (index, term) => {
    const log = logWith({ compacted: 5, stored: [2], unstable: [3, 3] })
    expect([log.term(index), log.termOrZero(index)]).toEqual([term, term ?? 0])
  })

  test('a snapshot that came decides, the storage is not asked', () => {
    const log = logWith({ stored: [1, 1, 1] })
    log.restore(snapshotAt(9, 4, {}))
    expect([log.firstIndex(), log.lastIndex(), log.committed]).toEqual([10, 9, 9])
    expect([log.term(9), log.term(2), log.term(10)]).toEqual([4, undefined, undefined])
    expect(log.snapshot().metadata.index).toBe(9)
  })

  test.each(['COMPACTED', 'UNAVAILABLE'] as const)('a storage that says %s just does not know', code => {
    class Forgetful extends MemoryStorage {
      override term(_index: number): number {
        throw new RaftError(code)
      }
    }
    const storage = new Forgetful()
    storage.append(logOf(1, 1))
    const log = new RaftLog({ storage, logger, maxApplyingBytes: noLimit })
    expect(log.term(1)).toBeUndefined()
    expect(() => log.lastEntryId()).toThrow(new RaftInvariantError('the last entry 2 has no term'))
  })

  test('other faults of a storage come through', () => {
    const fault = new Error('the disk is gone')
    class Broken extends MemoryStorage {
      override term(): number {
        throw fault
      }
      override entries(): readonly Entry[] {
        throw fault
      }
    }
    const storage = new Broken()
    storage.append(logOf(1))
    const log = new RaftLog({ storage, logger, maxApplyingBytes: noLimit })
    expect(() => log.term(1)).toThrow(fault)
    expect(() => log.entries(1, noLimit)).toThrow(fault)
  })
})

describe('committing', () => {
  test.each([
    [{ term: 2, index: 3 }, true, 3],
    [{ term: 1, index: 2 }, true, 2],
    [{ term: 2, index: 2 }, false, 1],
    [{ term: 1, index: 1 }, false, 1],
    [{ term: 0, index: 9 }, false, 1],
    [{ term: 2, index: 9 }, false, 1],
  ])('up to %j: %s', (id, isNews, committed) => {
    const log = logWith({ stored: [1, 1, 2], committed: 1 })
    expect([log.maybeCommit(id), log.committed]).toEqual([isNews, committed])
  })

  test('the commit index does not go back, nor beyond the log', () => {
    const log = logWith({ stored: [1, 1, 2], committed: 2 })
    log.commitTo(1)
    expect(log.committed).toBe(2)
    expect(() => log.commitTo(4)).toThrow('tocommit(4) is out of range [lastIndex(3)]')
  })
})

describe('slices', () => {
  // Stored 1–3, unstable 4–6, all of one size.
  const log = logWith({ stored: [1, 1, 1], unstable: [1, 1, 1] })
  const size = sizeEntry(entry(1, 1))

  test.each([
    [1, 1, noLimit, []],
    [1, 7, noLimit, [1, 2, 3, 4, 5, 6]],
    [2, 4, noLimit, [2, 3]],
    [3, 5, noLimit, [3, 4]],
    [4, 7, noLimit, [4, 5, 6]],
    [1, 7, 0, [1]],
    [4, 7, 0, [4]],
    [1, 7, 2 * size, [1, 2]],
    [1, 7, 3 * size, [1, 2, 3]],
    [1, 7, 4 * size - 1, [1, 2, 3]],
    [1, 7, 4 * size, [1, 2, 3, 4]],
    [2, 7, 4 * size, [2, 3, 4, 5]],
    [4, 7, 2 * size, [4, 5]],
  ])('[%d, %d) within %d bytes', (low, high, maxBytes, expected) => {
    expect(indexesOf(log.slice(low, high, maxBytes))).toEqual(expected)
  })

  test('out of the log, or upside down, is a broken invariant', () => {
    expect(() => log.slice(1, 8, noLimit)).toThrow('slice[1,8) out of bound [,6]')
    expect(() => log.slice(3, 2, noLimit)).toThrow(RaftInvariantError)
  })

  test('entries from an index: none beyond the end, undefined where they are compacted', () => {
    const short = logWith({ compacted: 5, stored: [1], unstable: [2] })
    expect(termsOf(short.entries(6, noLimit))).toEqual([1, 2])
    expect(short.entries(8, noLimit)).toEqual([])
    expect(short.entries(5, noLimit)).toBeUndefined()
  })

  test('entries that are compacted while they are asked for are undefined as well', () => {
    class Racing extends MemoryStorage {
      override entries(): readonly Entry[] {
        throw new RaftError('COMPACTED')
      }
    }
    const storage = new Racing()
    storage.append(logOf(1, 1))
    expect(new RaftLog({ storage, logger, maxApplyingBytes: noLimit }).entries(1, noLimit)).toBeUndefined()
  })

  test('a search looks at piece after piece', () => {
    const storage = new MemoryStorage()
    const large = 'x'.repeat(700_000)
    storage.append([entry(1, 1, large), entry(1, 2, large), entry(2, 3, large), entry(2, 4)])
    const searched = new RaftLog({ storage, logger, maxApplyingBytes: noLimit })
    expect(searched.some(1, 5, ({ index }) => index === 4)).toBe(true)
    expect(searched.some(1, 4, ({ index }) => index === 4)).toBe(false)
    expect(searched.some(2, 2, () => true)).toBe(false)
  })
})

describe('handing out committed entries', () => {
  test.each([
    // Applied, handed out, committed; with unstable ones; what comes next. Stored are 1–3, unstable 4–5.
    [0, 0, 2, true, [1, 2]],
    [0, 1, 2, true, [2]],
    [0, 2, 2, true, []],
    [0, 0, 5, true, [1, 2, 3, 4, 5]],
    [0, 0, 5, false, [1, 2, 3]],
    [2, 3, 5, false, []],
    [2, 3, 5, true, [4, 5]],
  ])('applied %d, handed out %d, committed %d, unstable too %s: %j', (applied, applying, committed, unstable, next) => {
    const log = logWith({ stored: [1, 1, 1], unstable: [1, 1], committed })
    log.appliedTo(applied, 0)
    log.acceptApplying(applying, 0, applying < committed ? false : unstable)
    log.appliedTo(applied, 0)
    expect(indexesOf(log.nextCommittedEntries(unstable))).toEqual(next)
    expect(log.hasNextCommittedEntries(unstable)).toBe(next.length > 0)
  })

  test('behind a snapshot that waits nothing is handed out', () => {
    const log = logWith({ stored: [1] })
    log.restore(snapshotAt(3, 1, {}))
    log.append([entry(1, 4)])
    log.commitTo(4)
    expect(log.nextCommittedEntries(true)).toEqual([])
    log.unstable.stableSnapshotTo(3)
    log.appliedTo(3, 0)
    expect(indexesOf(log.nextCommittedEntries(true))).toEqual([4])
  })

  test('no more bytes than the limit are on their way, and the rest follows what was applied', () => {
    const size = sizeEntry(entry(1, 1))
    const log = logWith({ stored: [1, 1, 1, 1], committed: 4, maxApplyingBytes: 2 * size })
    expect(indexesOf(log.nextCommittedEntries(true))).toEqual([1, 2])
    log.acceptApplying(2, 2 * size, true)
    expect(log.nextCommittedEntries(true)).toEqual([])
    log.appliedTo(1, size)
    expect(indexesOf(log.nextCommittedEntries(true))).toEqual([3])
    log.acceptApplying(3, size, true)
    log.appliedTo(3, 2 * size)
    expect(indexesOf(log.nextCommittedEntries(true))).toEqual([4])
  })

  test('what was not handed out cannot have been applied, and applied does not go back', () => {
    const log = logWith({ stored: [1, 1, 1], committed: 2 })
    log.appliedTo(1, 0)
    expect(() => log.appliedTo(3, 0)).toThrow('applied(3) is out of range [prevApplied(1), committed(2)]')
    expect(() => log.appliedTo(0, 0)).toThrow('applied(0) is out of range [prevApplied(1), committed(2)]')
    expect(() => log.acceptApplying(3, 0, true)).toThrow('applying(3) is out of range [prevApplying(1), committed(2)]')
    expect(log.describe()).toBe(
      'committed=2, applied=1, applying=1, unstable.offset=4, unstable.offsetInProgress=4, len(unstable.Entries)=0',
    )
  })
})
