import { SeededRandom } from '@kvs/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { StoreLimits } from '../src/index.ts'
import { Harness } from './harness.ts'

/** `KVS_MODEL_OPERATIONS=200000` is the full proof. */
const operations = Number(process.env['KVS_MODEL_OPERATIONS'] ?? 20_000)
const perRun = 500

/** Limits so small that every slice, batch and chunk ends early. */
function tightLimits(random: SeededRandom): Partial<StoreLimits> {
  return {
    slabChunkBytes: 4096,
    slabBudgetBytes: [0, 3_000, 20_000, 1 << 30][random.between(0, 3)]!,
    sliceRecords: random.between(1, 20),
    sliceBytes: random.between(1, 2_000),
    catchUpWatchers: random.between(1, 5),
    catchUpRevisions: random.between(1, 9),
    catchUpBytes: random.between(1, 2_000),
    publishWork: random.between(0, 4),
  }
}

const parts = 8

it.each(Array.from({ length: parts }, (_, part) => part + 1))(
  `answers as the naive model does over ${operations} operations, part %i of ${parts}`,
  {
    timeout: Math.max(20_000, operations / 4),
  },
  () => {
    const counts = new Map<string, number>()
    fc.assert(
      fc.property(fc.integer(), seed => {
        const random = new SeededRandom(seed)
        const harness = new Harness(random, tightLimits(random))
        for (let at = 0; at < perRun; at++) harness.act()
        harness.settle()
        for (const [kind, count] of harness.counts) counts.set(kind, (counts.get(kind) ?? 0) + count)
      }),
      { numRuns: Math.ceil(operations / perRun / parts), endOnFailure: true },
    )
    for (const kind of ['put', 'remove', 'begin', 'range', 'compact', 'restart', 'watch', 'hash', 'stepDelete']) {
      expect(counts.get(kind), kind).toBeGreaterThan(0)
    }
  },
)
