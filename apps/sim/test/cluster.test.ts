import type { Backend } from '@kvs/backend'
import { buckets, type ServerParts } from '@kvs/server'
import type { File, Fs } from '@kvs/vfs'
import { describe, expect, test } from 'vitest'
import type { ClusterFault } from '../src/cluster/machine.ts'
import { runCluster } from '../src/cluster/run.ts'
import type { RunResult } from '../src/run.ts'

const size = { operations: 150, faults: 8 }

/** Fails with the seed, what was wrong, and the end of the story. */
function passes(result: RunResult, members: number): void {
  const { seed, problems, tail } = result
  const again = `again: npm run build, then node apps/sim/dist/main.js --seed ${seed} --members ${members} --operations ${size.operations} --faults ${size.faults}`
  expect(problems, `seed ${seed}\n${again}\n${tail.slice(-20).join('\n')}`).toEqual([])
}

/** Few at a time: a test must end in time on a busy machine, too. */
const ranges = [
  ...Array.from({ length: 10 }, (_, i) => ({ members: 3, from: 1 + 4 * i, to: 4 + 4 * i })),
  ...Array.from({ length: 5 }, (_, i) => ({ members: 5, from: 1 + 2 * i, to: 2 + 2 * i })),
]

describe('clusters and their clients, with faults of disks, members and networks at random events', () => {
  const sums = { deaths: 0, acknowledged: 0, elections: 0, snapshots: 0, memberChanges: 0 }
  let seeds = 0

  test.each(ranges)('$members members, seeds $from to $to', async ({ members, from, to }) => {
    for (let seed = from; seed <= to; seed++) {
      const result = await runCluster({ seed, members, ...size })
      passes(result, members)
      seeds++
      for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += result[key]
    }
  })

  test('much went wrong, and yet something was done', () => {
    expect(seeds).toBe(50)
    expect(sums.deaths).toBeGreaterThan(2 * seeds)
    expect(sums.elections).toBeGreaterThan(2 * seeds)
    expect(sums.snapshots).toBeGreaterThan(seeds / 2)
    expect(sums.acknowledged).toBeGreaterThan(30 * seeds)
    expect(sums.memberChanges).toBeGreaterThan(seeds)
  })
})

test('a seed tells the same story twice', async () => {
  const hashes = new Set<string>()
  for (let seed = 1; seed <= 3; seed++) {
    const [first, second] = [
      await runCluster({ seed, members: 3, ...size }),
      await runCluster({ seed, members: 3, ...size }),
    ]
    expect(second, `seed ${seed}`).toEqual(first)
    hashes.add(first.hash)
  }
  expect(hashes.size).toBe(3)
})

describe('a planted fault is found', () => {
  /** The problems of the first of 60 seeds that has some of this kind. */
  async function firstProblem(planted: ClusterFault, kind: RegExp): Promise<string | undefined> {
    for (let seed = 1; seed <= 60; seed++) {
      const { problems } = await runCluster({ seed, members: 3, ...size, planted })
      const found = problems.find(problem => kind.test(problem))
      if (found !== undefined) return found
    }
    return undefined
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

  test('acknowledgements of what is not durable yet', async () => {
    const open = (fs: Fs): Fs['open'] => {
      const hasty = (file: File): File =>
        withMethods(file, {
          datasync: async () => {
            file.datasync().catch(() => {})
          },
        })
      return async (path, options) => hasty(await fs.open(path, options))
    }
    const parts = (given: ServerParts): ServerParts => ({
      ...given,
      fs: withMethods(given.fs, { open: open(given.fs) }),
    })
    expect(await firstProblem({ parts }, /written|acknowledged|saw|revision|start|do not come together/)).toBeDefined()
  })

  test('reads that ask nobody whether they are new', async () => {
    expect(await firstProblem({ readsSerializable: true }, /read, linearizable .* but began after/)).toBeDefined()
  })

  test('a snapshot without its last records', async () => {
    const openBackend =
      (open: ServerParts['openBackend']): ServerParts['openBackend'] =>
      async path => {
        const backend = await open(path)
        if (path.endsWith('.snap.db')) dropLast(backend)
        return backend
      }
    const parts = (given: ServerParts): ServerParts => ({ ...given, openBackend: openBackend(given.openBackend) })
    expect(await firstProblem({ parts }, /saw|the members differ|no watcher|got revision/)).toBeDefined()
  })

  test('an entry that does something else on one of them', async () => {
    let writes = 0
    const openBackend =
      (open: ServerParts['openBackend']): ServerParts['openBackend'] =>
      async path => {
        const backend = await open(path)
        const put: Backend['put'] = (bucket, key, value) => {
          if (bucket.id === buckets.key.id && ++writes % 100 === 0) value[value.length - 1] = 0
          backend.put(bucket, key, value)
        }
        return withMethods(backend, { put })
      }
    const parts = (given: ServerParts): ServerParts => ({ ...given, openBackend: openBackend(given.openBackend) })
    expect(await firstProblem({ parts }, /did something else at m\d than at m\d/)).toBeDefined()
  })

  function dropLast(backend: Backend): void {
    const last = [...backend.records(buckets.key)].at(-1)
    if (last !== undefined) backend.delete(buckets.key, last.key)
  }

  test('and without a fault the same parts find nothing', async () => {
    const parts = (given: ServerParts): ServerParts => ({ ...given, fs: withMethods(given.fs, {}) })
    for (let seed = 1; seed <= 3; seed++) {
      const { problems } = await runCluster({ seed, members: 3, ...size, planted: { parts } })
      expect(problems).toEqual([])
    }
  })
})
