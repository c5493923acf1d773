import { afterEach, expect, test } from 'vitest'
import type { MemberOptions } from '../src/options.ts'
import { Cluster } from './cluster.ts'

let cluster: Cluster
afterEach(() => cluster.close())

const lines = (text: string) => cluster.log.filter(({ message }) => message.includes(text)).map(({ fields }) => fields)
const forwarded = 'initialized peer connections; fast-forwarding election ticks'

/** Founds a cluster, ends all members at once and starts them again, each so much later; says how long nobody led. */
async function restarted(count: number, laterMs: number, options: Partial<MemberOptions> = {}): Promise<number> {
  await cluster.found(count, options)
  await cluster.advance(2000)
  const machines = [...cluster.machines.values()]
  for (const machine of machines) machine.crash()
  await cluster.advance(1000)
  cluster.log.length = 0
  let sinceMs = cluster.clock.now()
  for (const [at, machine] of machines.entries()) {
    if (at > 0) await cluster.advance(laterMs)
    if (at === count - 1) sinceMs = cluster.clock.now()
    machine.start().catch(() => {})
  }
  await cluster.untilHolds(() => cluster.running.length === count && cluster.leading !== undefined)
  return cluster.clock.now() - sinceMs
}

test('members that see two others when they start do not wait for an election timeout', async () => {
  cluster = new Cluster(71)
  expect(await restarted(3, 0)).toBeLessThan(1000)
  expect(lines('starting initial election tick advance')).toEqual(Array(3).fill({ 'election-ticks': 10 }))
  const [first] = lines(forwarded)
  expect(first).toEqual({
    'local-member-id': expect.stringMatching(/^[0-9a-f]{1,16}$/),
    'forward-ticks': 8,
    'forward-duration': '800ms',
    'election-ticks': 10,
    'election-timeout': '1s',
    'active-remote-members': 2,
  })
  await cluster.stop()
})

test('with --initial-election-tick-advance=false they do', async () => {
  cluster = new Cluster(72)
  expect(await restarted(3, 0, { initialElectionTickAdvance: false })).toBeGreaterThan(1000)
  expect(lines('skipping initial election tick advance')).toEqual(Array(3).fill({ 'election-ticks': 10 }))
  expect(lines(forwarded)).toEqual([])
  await cluster.stop()
})

test('two members know too little of each other', async () => {
  cluster = new Cluster(73)
  expect(await restarted(2, 0)).toBeGreaterThan(1000)
  expect(lines(forwarded)).toEqual([])
  await cluster.stop()
})

test('who has been up for longer than five seconds does not hurry any more', async () => {
  cluster = new Cluster(74)
  // Without a quorum the first one looks for others in vain; the second finds one, and none is enough.
  await restarted(3, 6000, { electionTimeoutMs: 5000 })
  const ids = lines(forwarded).map(fields => fields['local-member-id'])
  expect(ids).not.toContain(cluster.machine('n1').member.id.toString(16))
  expect(ids).not.toContain(cluster.machine('n2').member.id.toString(16))
  await cluster.stop()
})
