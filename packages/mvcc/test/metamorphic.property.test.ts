import { SeededRandom } from '@kvs/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  type Cursor,
  type DeleteResult,
  describeRangeResult,
  openStore,
  type Store,
  type StoreLimits,
} from '../src/index.ts'
import { buckets, bytes, SortedState } from './sorted-state.ts'

interface Write {
  readonly key: string
  /** Without a value the interval is deleted. */
  readonly value: string | undefined
  readonly rangeEnd: string
}

/** How a history is run: none of this may be seen in the answers. */
interface Manner {
  readonly limits: Partial<StoreLimits>
  readonly restartEvery: number
  readonly scrubRecords: number
  readonly hashSeed: number
  readonly cursors: boolean
}

const key = fc.string({ unit: fc.constantFrom('a', 'b', '\xff'), minLength: 1, maxLength: 4 })
const write: fc.Arbitrary<Write> = fc.record({
  key,
  value: fc.option(fc.string({ maxLength: 60 }), { nil: undefined, freq: 3 }),
  rangeEnd: fc.oneof(fc.constantFrom('', '\0'), key),
})

function anyManner(random: SeededRandom): Manner {
  const pick = <T>(values: readonly T[]): T => values[random.between(0, values.length - 1)]!
  return {
    limits: {
      slabChunkBytes: pick([4096, 65_536]),
      slabBudgetBytes: pick([0, 5_000, 2 ** 30]),
      slabOverheadMax: pick([1.05, 2]),
      sliceRecords: pick([1, 3, 50, 4096]),
      sliceBytes: pick([1, 100, 2 ** 20]),
    },
    restartEvery: pick([1, 7, 1000]),
    scrubRecords: pick([1, 5, 1000]),
    hashSeed: random.uint32(),
    cursors: pick([true, false]),
  }
}

/** Runs the history; what it prints is everything a reader can see on the way. */
function run(history: readonly Write[][], compactions: ReadonlySet<number>, manner: Manner): string {
  const state = new SortedState()
  const { limits, hashSeed } = manner
  let store = openStore({ state, buckets, limits, hashSeed })
  const lines: string[] = []
  const compacted = new Set<number>()
  history.forEach((writes, at) => {
    const txn = store.write()
    for (const each of writes) {
      const range = { key: bytes(each.key), rangeEnd: bytes(each.rangeEnd) }
      if (each.value !== undefined) txn.put({ key: range.key, value: bytes(each.value) })
      else if (!manner.cursors) txn.deleteRange(range)
      else finishDelete(txn.openDelete(range))
    }
    txn.end()
    if (compactions.has(at) && store.revision - 2 > store.compactRevision) {
      store.compact(store.revision - 2)
      compacted.add(store.compactRevision)
    }
    if (at % manner.restartEvery === 0) store = openStore({ state, buckets, limits, hashSeed: hashSeed + at })
    store.scrub({ records: manner.scrubRecords })
    lines.push(look(store, manner, compacted))
  })
  while (!store.scrub()) {}
  lines.push(look(store, manner, compacted))
  for (const { key: at, value } of state.records(buckets.key)) lines.push(`${Buffer.from(at).toString('hex')} ${value}`)
  return lines.join('\n')
}

function finishDelete(cursor: Cursor<DeleteResult>): void {
  while (!cursor.step()) {}
}

function look(store: Store, manner: Manner, compacted: ReadonlySet<number>): string {
  const all = { key: bytes('\0'), rangeEnd: bytes('\0') }
  const lines: string[] = []
  for (let revision = Math.max(store.compactRevision, 1); revision <= store.revision; revision += 3) {
    const cursor = store.openRange({ ...all, revision, sortOrder: 'descend', sortTarget: 'mod' })
    while (manner.cursors && !cursor.step()) {}
    const result = manner.cursors
      ? cursor.result()
      : store.range({ ...all, revision, sortOrder: 'descend', sortTarget: 'mod' })
    lines.push(describeRangeResult(result))
    cursor.close()
    // A compaction's own hash is remembered or not, as scrubs and restarts happen to go.
    if (compacted.has(revision)) continue
    const hash = store.openHash(revision)
    while (!hash.step()) {}
    lines.push(`hash ${hash.result().hash}`)
  }
  return lines.join('\n')
}

it('gives the same answers in whatever manner a history is run', () => {
  const histories = fc.array(fc.array(write, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(histories, fc.uniqueArray(fc.nat(40)), fc.integer(), (history, compactions, seed) => {
      const random = new SeededRandom(seed)
      const points = new Set(compactions)
      expect(run(history, points, anyManner(random))).toBe(run(history, points, anyManner(random)))
    }),
    { numRuns: 60 },
  )
})
