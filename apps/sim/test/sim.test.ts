import type { File, Fs } from '@kvs/vfs'
import { describe, expect, test } from 'vitest'
import { type RunResult, run } from '../src/run.ts'
import type { PlantedFault } from '../src/world.ts'

const size = { operations: 40, deaths: 3 }

/** Fails with the seed, what was wrong, and the end of the story. */
function passes(result: RunResult): void {
  const { seed, problems, tail } = result
  const again = `again: npm run build, then node apps/sim/dist/main.js --seed ${seed} --operations ${size.operations} --deaths ${size.deaths}`
  expect(problems, `seed ${seed}\n${again}\n${tail.slice(-20).join('\n')}`).toEqual([])
}

const seedsPerTest = 25
const ranges = Array.from({ length: 8 }, (_, i) => ({ from: 1 + i * seedsPerTest, to: (i + 1) * seedsPerTest }))

describe('one member and a client, with deaths at random events', () => {
  test.each(ranges)('seeds $from to $to', async ({ from, to }) => {
    let acknowledged = 0
    let deaths = 0
    for (let seed = from; seed <= to; seed++) {
      const result = await run({ seed, ...size })
      passes(result)
      acknowledged += result.acknowledged
      deaths += result.deaths
    }
    expect(deaths).toBeGreaterThan(seedsPerTest)
    // They did something: not everything was lost on the way.
    expect(acknowledged).toBeGreaterThan(10 * seedsPerTest)
  })
})

test('a seed tells the same story twice', async () => {
  const hashes = new Set<string>()
  for (let seed = 1; seed <= 20; seed++) {
    const [first, second] = [await run({ seed, ...size }), await run({ seed, ...size })]
    expect(second, `seed ${seed}`).toEqual(first)
    hashes.add(first.hash)
  }
  expect(hashes.size).toBe(20)
})

describe('a planted fault is found', () => {
  /** The problems of the first of 40 seeds that has any. */
  async function firstProblems(planted: PlantedFault): Promise<readonly string[]> {
    for (let seed = 1; seed <= 40; seed++) {
      const { problems } = await run({ seed, ...size, planted })
      if (problems.length > 0) return problems
    }
    return []
  }

  /** `target` with some methods replaced. */
  function withMethods<Target extends object>(target: Target, methods: Partial<Target>): Target {
    return new Proxy(target, {
      get: (_, name) => {
        const value = Reflect.get(name in methods ? methods : target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  /** A disk whose files sync in a way of their own. */
  const syncing =
    (datasync: (file: File) => Promise<void>) =>
    (fs: Fs): Fs =>
      withMethods(fs, {
        open: async (path, options) => {
          const file = await fs.open(path, options)
          return withMethods(file, { datasync: () => datasync(file) })
        },
      })
  const loss = /must be one of|the revision went back|came after one of|the watch leads to/

  test('writes acknowledged before they are durable', async () => {
    const disk = syncing(async file => {
      file.datasync().catch(() => {})
    })
    // Some lives do not begin, for the state is ahead of the log; others begin without what was acknowledged.
    const wanted = new Set([/does not start/, loss])
    for (let seed = 1; seed <= 400 && wanted.size > 0; seed++) {
      const { problems } = await run({ seed, ...size, planted: { disk } })
      for (const kind of wanted) if (problems.some(problem => kind.test(problem))) wanted.delete(kind)
    }
    expect([...wanted]).toEqual([])
  })

  test('a disk whose syncs do nothing', async () => {
    expect(await firstProblems({ disk: syncing(async () => {}) })).not.toEqual([])
  })

  test('a log that is never synced', async () => {
    expect(await firstProblems({ options: { unsafeNoFsync: true } })).not.toEqual([])
  })

  test('names in a directory that do not last', async () => {
    const disk = (fs: Fs): Fs => withMethods(fs, { syncDir: async () => {} })
    expect(await firstProblems({ disk })).not.toEqual([])
  })

  test('and without a fault the same seeds find nothing', async () => {
    expect(await firstProblems({ disk: fs => withMethods(fs, {}) })).toEqual([])
  })
})
