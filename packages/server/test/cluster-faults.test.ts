import { Cluster as ClusterService, KV, Lease } from '@kvs/proto/rpc'
import type { Message } from '@kvs/raft'
import { afterEach, expect, test } from 'vitest'
import { Metrics } from '../src/metrics/metrics.ts'
import { type InstallationParts, SnapshotInstallation } from '../src/snapshots/snapshot-installation.ts'
import { Cluster, type Machine } from './cluster.ts'
import { keepingLogger } from './log.ts'
import { bytesOf } from './messages.ts'

let cluster: Cluster
afterEach(() => cluster.close())

const key = bytesOf('k')

test('a scrub that a crash broke off goes on after the start, though nobody asks for anything', async () => {
  cluster = new Cluster()
  const pace = { compactionBatchLimit: 1, compactionSleepIntervalMs: 10 }
  const [machine] = (await cluster.found(1, { ...pace, backendBatchIntervalMs: 1 })) as readonly [Machine]
  for (let i = 0; i < 20; i++) await machine.call(KV.put, { key, value: bytesOf(`${i}`) })
  await machine.call(KV.compact, { revision: 20 })
  await cluster.advance(50)
  const finished = (): number => cluster.log.filter(({ message }) => message === 'finished scheduled compaction').length
  expect(finished()).toBe(0)
  machine.crash()
  await cluster.until(machine.start())
  await cluster.advance(1000)
  expect(finished()).toBe(1)
  await cluster.stop()
})

test('a member whose question the leader did not answer before it lost its office asks the next one', async () => {
  cluster = new Cluster(21)
  await cluster.found(3)
  const [follower] = cluster.followers as readonly [Machine]
  const { leader } = cluster
  await follower.call(Lease.leaseGrant, { id: 7n, ttl: 600 })
  cluster.network.partition(
    [leader.name],
    [...cluster.machines.keys()].filter(name => name !== leader.name),
  )
  const stream = follower.stream(Lease.leaseKeepAlive)
  stream.send({ id: 7n })
  await cluster.otherLeader(leader)
  expect((await cluster.until(stream.next())).ttl).toBe(600)
  expect(follower.fatal).toEqual([])
  cluster.network.heal()
  await cluster.stop()
})

test('a caller who no longer waits for a promotion that the leader was asked for harms nobody', async () => {
  cluster = new Cluster(22)
  await cluster.found(3)
  const [follower] = cluster.followers as readonly [Machine]
  cluster.network.partition(
    [cluster.leader.name],
    cluster.followers.map(({ name }) => name),
  )
  const giveUp = new AbortController()
  const { path, encodeRequest } = ClusterService.memberPromote
  const called = follower.channel.call(path, encodeRequest({ id: 9n }), { signal: giveUp.signal })
  const ended = called.then(
    () => 'answered',
    () => 'given up',
  )
  await cluster.advance(100)
  giveUp.abort()
  expect(await cluster.until(ended)).toBe('given up')
  await cluster.advance(100)
  expect(follower.fatal).toEqual([])
  cluster.network.heal()
  await cluster.stop()
})

/** A member that was away gets a snapshot; resolves in the moment in which it has installed it. */
async function installedSnapshot(seed: number): Promise<Machine> {
  cluster = new Cluster(seed)
  await cluster.found(3, { snapshotCount: 5, snapshotCatchupEntries: 0 })
  const [behind] = cluster.followers as readonly [Machine]
  const { leader } = cluster
  behind.crash()
  for (let i = 0; i < 30; i++) await leader.call(KV.put, { key, value: bytesOf(`${i}`) })
  behind.start().catch(() => {})
  await cluster.untilHolds(() => cluster.log.some(({ message }) => message === 'applied snapshot'))
  return behind
}

/** It starts on what the crash left, and has everything. */
async function comesBack(behind: Machine): Promise<void> {
  await cluster.until(behind.start())
  const newest = await cluster.leader.call(KV.range, { key })
  expect((await behind.call(KV.range, { key })).kvs).toEqual(newest.kvs)
  await cluster.stop()
}

test.each(['kill', 'lose-all', 'keep-all'] as const)('a crash right after a snapshot was installed: %s', async how => {
  const behind = await installedSnapshot(23)
  behind.crash(how === 'kill' ? undefined : how)
  await comesBack(behind)
})

test('a state that contains more than its snapshot says is no riddle to the start after a crash', async () => {
  cluster = new Cluster(24)
  await cluster.found(3, { snapshotCount: 5, snapshotCatchupEntries: 0 })
  const [behind] = cluster.followers as readonly [Machine]
  const { leader } = cluster
  behind.crash()
  const put = (): Promise<unknown> => leader.call(KV.put, { key, value: bytesOf(`${cluster.clock.now()}`) })
  for (let i = 0; i < 30; i++) await put()
  // Entries that are written after the message was made and before the copy are in the copy.
  leader.holds = ({ operation, path }) => operation === 'freeBytes' && path.endsWith('snap')
  behind.start().catch(() => {})
  await cluster.untilHolds(() => leader.heldCalls > 0)
  for (let i = 0; i < 5; i++) await put()
  await cluster.advance(200)
  leader.letGo()
  await cluster.untilHolds(() => cluster.log.some(({ message }) => message === 'applied snapshot'))
  behind.crash()
  await comesBack(behind)
})

test('while a snapshot is written to the log, none of the state before it is', async () => {
  const told: string[] = []
  const never = new Promise<never>(() => {})
  const installation = new SnapshotInstallation({
    clock: { now: () => 0 },
    logger: keepingLogger([]),
    state: { metrics: new Metrics() },
    noted: (index: number) => told.push(`noted ${index}`),
    storage: {
      persistSnapshot: () => {
        told.push('written')
        return never
      },
    },
  } as unknown as InstallationParts)
  const metadata = { index: 73, term: 2, confState: { voters: [1n] } }
  void installation.prepare({ snapshot: { data: new Uint8Array(0), metadata } } as unknown as Message)
  expect(told).toEqual(['noted 73', 'written'])
})

test('a leader whose disk hangs while others elect one of them follows that one afterwards', async () => {
  cluster = new Cluster(31)
  await cluster.found(3)
  const old = cluster.leader
  const others = cluster.followers.map(({ name }) => name)
  await putOn(old, 'before')
  old.holds = ({ operation, path }) => operation === 'datasync' && path.endsWith('.wal')
  cluster.network.partition([old.name], others)
  // The first are being written, the others gather behind them, and are replaced there.
  const ask = (value: string) => old.channel.call(KV.put.path, KV.put.encodeRequest({ key, value: bytesOf(value) }))
  const lost = [ask('lost 1')]
  await cluster.advance(20)
  lost.push(ask('lost 2'), ask('lost 3'))
  await cluster.advance(20)
  const next = await cluster.otherLeader(old)
  for (let i = 0; i < 3; i++) await putOn(next, `kept ${i}`)
  cluster.network.heal()
  await cluster.advance(3000)
  old.letGo()
  await cluster.until(Promise.allSettled(lost))
  await putOn(next, 'after')
  expect(old.fatal).toEqual([])
  const { kvs } = await old.call(KV.range, { key: bytesOf('k') })
  expect(new TextDecoder().decode(kvs[0]?.value)).toBe('after')
  await cluster.stop()
})

const putOn = (machine: Machine, value: string) => machine.call(KV.put, { key: bytesOf('k'), value: bytesOf(value) })
