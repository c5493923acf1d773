import { hasCode, type RaftErrorCode } from '../errors.ts'
import type { RaftStorage } from '../storage.ts'
import type { ConfState, Entry, HardState, Snapshot } from '../types.ts'
import { EntryType } from '../types.ts'
import { sizeEntries } from '../wire.ts'

/** What a storage under test must hold: the entries follow the snapshot; index 0 of that means none was taken. */
export interface StorageContents {
  readonly hardState: HardState
  readonly snapshot: Snapshot
  readonly entries: readonly Entry[]
}

/** One promise of `RaftStorage`: `run` throws, or rejects, with what is wrong. */
export interface ContractCase {
  readonly name: string
  readonly run: () => Promise<void>
}

type StorageFactory = (contents: StorageContents) => RaftStorage | Promise<RaftStorage>

const noBytes = new Uint8Array(0)
const noLimit = Number.MAX_SAFE_INTEGER
const noVoters: ConfState = { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false }

const empty: StorageContents = {
  hardState: { term: 0, vote: 0n, commit: 0 },
  snapshot: { data: noBytes, metadata: { confState: noVoters, index: 0, term: 0 } },
  entries: [],
}

const confState: ConfState = {
  voters: [1n, 2n, 0xffff_ffff_ffff_fff0n],
  learners: [4n],
  votersOutgoing: [1n, 3n],
  learnersNext: [3n],
  autoLeave: true,
}

/** A log of five entries after a snapshot at index 3, with data of several sizes and all three types. */
const filled: StorageContents = {
  hardState: { term: 300, vote: 2n, commit: 5 },
  snapshot: { data: Uint8Array.of(1, 2, 3), metadata: { confState, index: 3, term: 2 } },
  entries: [
    { term: 2, index: 4, type: EntryType.EntryNormal, data: noBytes },
    { term: 2, index: 5, type: EntryType.EntryConfChange, data: new Uint8Array(20).fill(7) },
    { term: 5, index: 6, type: EntryType.EntryNormal, data: new Uint8Array(200).fill(8) },
    { term: 300, index: 7, type: EntryType.EntryConfChangeV2, data: noBytes },
    { term: 300, index: 8, type: EntryType.EntryNormal, data: Uint8Array.of(9) },
  ],
}

/** A log that was compacted up to its end. */
const compacted: StorageContents = { ...filled, entries: [] }

/**
 * The promises of `RaftStorage`, for any test runner. `factory` makes a new storage that holds the given contents.
 *
 * ```ts
 * for (const { name, run } of storageContract(makeStorage)) test(name, run)
 * ```
 */
export function storageContract(factory: StorageFactory): readonly ContractCase[] {
  const cases: [string, StorageContents, (storage: RaftStorage) => void][] = [
    ['a new storage starts before index 1', empty, storage => checkBounds(storage, empty)],
    ['a new storage has no snapshot and no state', empty, storage => checkState(storage, empty)],
    ['gives the hard state and the configuration of the snapshot', filled, storage => checkState(storage, filled)],
    ['knows its bounds', filled, storage => checkBounds(storage, filled)],
    ['knows the term of every entry and of the one before the first', filled, storage => checkTerms(storage, filled)],
    ['gives every interval of entries', filled, checkIntervals],
    ['refuses intervals beyond its bounds', filled, storage => checkRefusals(storage, filled)],
    ['cuts intervals by encoded size, to one entry at least', filled, checkLimits],
    ['knows its bounds without entries', compacted, storage => checkBounds(storage, compacted)],
    ['knows the term of the snapshot without entries', compacted, storage => checkTerms(storage, compacted)],
    ['refuses intervals without entries', compacted, storage => checkRefusals(storage, compacted)],
  ]
  return cases.map(([name, contents, check]) => ({ name, run: async () => check(await factory(contents)) }))
}

function checkState(storage: RaftStorage, { hardState, snapshot }: StorageContents): void {
  const state = storage.initialState()
  equal('initialState().hardState', state.hardState, hardState)
  equal('initialState().confState', state.confState, snapshot.metadata.confState)
  equal('snapshot()', storage.snapshot(), snapshot)
}

function checkBounds(storage: RaftStorage, { snapshot, entries }: StorageContents): void {
  equal('firstIndex()', storage.firstIndex(), snapshot.metadata.index + 1)
  equal('lastIndex()', storage.lastIndex(), snapshot.metadata.index + entries.length)
}

function checkTerms(storage: RaftStorage, { snapshot, entries }: StorageContents): void {
  const { index, term } = snapshot.metadata
  equal(`term(${index})`, storage.term(index), term)
  for (const entry of entries) equal(`term(${entry.index})`, storage.term(entry.index), entry.term)
  const beyond = index + entries.length + 1
  refused(`term(${index - 1})`, 'COMPACTED', () => storage.term(index - 1))
  refused(`term(${beyond})`, 'UNAVAILABLE', () => storage.term(beyond))
}

function checkIntervals(storage: RaftStorage): void {
  for (let low = 4; low <= 8; low++) {
    for (let high = low + 1; high <= 9; high++) {
      const expected = filled.entries.slice(low - 4, high - 4)
      equal(`entries(${low}, ${high})`, storage.entries(low, high, noLimit), expected)
    }
  }
}

function checkRefusals(storage: RaftStorage, { snapshot, entries }: StorageContents): void {
  const first = snapshot.metadata.index + 1
  const beyond = first + entries.length + 1
  const get = (low: number, high: number) => () => storage.entries(low, high, noLimit)
  refused(`entries(${first - 1}, ${first})`, 'COMPACTED', get(first - 1, first))
  refused(`entries(1, ${beyond})`, 'COMPACTED', get(1, beyond))
  refused(`entries(${first}, ${beyond})`, 'UNAVAILABLE', get(first, beyond))
  refused(`entries(${beyond - 1}, ${beyond})`, 'UNAVAILABLE', get(beyond - 1, beyond))
}

function checkLimits(storage: RaftStorage): void {
  equal('entries(4, 9, 0)', storage.entries(4, 9, 0), filled.entries.slice(0, 1))
  for (let count = 1; count <= filled.entries.length; count++) {
    const expected = filled.entries.slice(0, count)
    const bytes = sizeEntries(expected)
    equal(`entries(4, 9, ${bytes})`, storage.entries(4, 9, bytes), expected)
    const fewer = expected.slice(0, Math.max(1, count - 1))
    equal(`entries(4, 9, ${bytes - 1})`, storage.entries(4, 9, bytes - 1), fewer)
  }
}

function refused(what: string, code: RaftErrorCode, call: () => unknown): void {
  try {
    call()
  } catch (error) {
    if (hasCode(error, code)) return
    throw new Error(`${what} must be refused with ${code}, not with another error`, { cause: error })
  }
  throw new Error(`${what} must be refused with ${code}`)
}

function equal(what: string, actual: unknown, expected: unknown): void {
  const [is, should] = [textOf(actual), textOf(expected)]
  if (is !== should) throw new Error(`${what} is ${is} instead of ${should}`)
}

/** Values as text, equal for equal contents whatever the order of the fields. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return `<${value.join(' ')}>`
  if (typeof value === 'bigint') return `${value}n`
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{ ${fields.map(([key, field]) => `${key}: ${textOf(field)}`).join(', ')} }`
}
