import { expect, test } from 'vitest'
import { noCounts, RandomWorld } from './random-world.ts'

/**
 * Seeded worlds of random nodes. `KVS_RAFT_SEEDS` says how many, `KVS_RAFT_SEED` with which seed to begin: a failure
 * names its seed, and `KVS_RAFT_SEED=that KVS_RAFT_SEEDS=1` runs it again alone.
 */
const first = Number(process.env['KVS_RAFT_SEED'] ?? 1)
const seeds = Number(process.env['KVS_RAFT_SEEDS'] ?? 200)
const steps = 10_000
const perTest = 25
const counts = noCounts()

function live(seed: number): void {
  const world = new RandomWorld(seed, counts)
  try {
    world.storm(steps)
    world.calm()
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`KVS_RAFT_SEED=${seed}: ${what}\n\n${world.tail}\n`, { cause })
  }
}

const groups = Array.from({ length: Math.ceil(seeds / perTest) }, (_, i) => {
  const low = first + i * perTest
  return [low, Math.min(low + perTest, first + seeds) - 1] as const
})

test.each(groups)('random networks, seeds %d to %d', (low, high) => {
  for (let seed = low; seed <= high; seed++) live(seed)
})

test('the worlds were not too peaceful', () => {
  console.log(`${seeds} random networks: ${JSON.stringify(counts)}`)
  if (seeds < 100) return
  const { leftByLeader, ...rest } = counts
  expect(leftByLeader).toBeLessThan(seeds / 50)
  for (const [what, count] of Object.entries(rest)) expect(count, what).toBeGreaterThan(seeds / 10)
})
