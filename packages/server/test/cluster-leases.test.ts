import { KV, Lease } from '@kvs/proto/rpc'
import { afterEach, expect, test } from 'vitest'
import type { Member } from '../src/edge/member.ts'
import { defaultFeatureGates } from '../src/feature-gates.ts'
import { Cluster, type Machine } from './cluster.ts'
import { bytesOf } from './messages.ts'

let cluster: Cluster
afterEach(() => cluster.close())

const granted = (machine: Machine, id: bigint, ttl: number) => machine.call(Lease.leaseGrant, { id, ttl })
const put = (machine: Machine, key: string, lease: bigint) => machine.call(KV.put, { key: bytesOf(key), lease })
const times = async (machine: Machine, id: bigint): Promise<readonly [ttl: number, granted: number, keys: number]> => {
  const { ttl, grantedTtl, keys } = await machine.call(Lease.leaseTimeToLive, { id, keys: true })
  return [ttl, grantedTtl, keys.length]
}

/** Renews a lease once; the time to live that was answered. */
async function renewed(machine: Machine, id: bigint): Promise<number> {
  const stream = machine.stream(Lease.leaseKeepAlive)
  stream.send({ id })
  const { ttl } = await cluster.until(stream.next())
  stream.cancel()
  return ttl
}

test('any member tells how long a lease has to live, and which keys it has', async () => {
  cluster = new Cluster(11)
  const machines = await cluster.found(3)
  await granted(cluster.leader, 7n, 60)
  await put(cluster.leader, 'a', 7n)
  await cluster.advance(1500)
  for (const machine of machines) {
    expect(await times(machine, 7n)).toEqual([58, 60, 1])
    expect(await times(machine, 8n)).toEqual([-1, 0, 0])
    const { leases } = await machine.call(Lease.leaseLeases, {})
    expect(leases.map(({ id }) => id)).toEqual([7n])
  }
  await cluster.stop()
})

test('a lease that any member renews lives on, over a change of the leader', async () => {
  cluster = new Cluster(12)
  await cluster.found(3)
  const [follower] = cluster.followers as readonly [Machine]
  await granted(follower, 7n, 5)
  await put(follower, 'a', 7n)
  for (let i = 0; i < 5; i++) {
    expect(await renewed(follower, 7n)).toBe(5)
    await cluster.advance(3000)
  }
  const { leader } = cluster
  leader.crash()
  // Asked while nobody leads: it waits for who will.
  expect(await renewed(follower, 7n)).toBe(5)
  await cluster.advance(4000)
  for (const machine of cluster.running) expect(await renewed(machine, 7n)).toBe(5)
  await cluster.until(leader.start())
  expect(await renewed(leader, 7n)).toBe(5)
  await cluster.advance(8000)
  expect(await renewed(leader, 7n)).toBe(0)
  expect((await leader.call(KV.range, { key: bytesOf('a') })).count).toBe(0)
  await cluster.stop()
})

test('a leader that hears from nobody renews no lease, though it still leads for all it knows', async () => {
  cluster = new Cluster(31)
  await cluster.found(3)
  const { leader } = cluster
  await granted(leader, 7n, 60)
  await cluster.advance(1000)
  const member = leader.member as unknown as Member
  expect(member.leadsSurely).toBe(true)
  expect(await renewed(leader, 7n)).toBe(60)
  cluster.network.partition(
    [leader.name],
    cluster.followers.map(({ name }) => name),
  )
  await cluster.advance(700)
  expect([member.consensus.isLeader, member.leadsSurely]).toEqual([true, false])
  const stream = leader.stream(Lease.leaseKeepAlive)
  stream.send({ id: 7n })
  const answer = stream.next()
  let ttl: number | undefined
  answer.then(
    response => {
      ttl = response.ttl
    },
    () => {},
  )
  await cluster.untilHolds(() => !member.consensus.isLeader)
  expect(ttl).toBeUndefined()
  cluster.network.heal()
  expect((await cluster.until(answer)).ttl).toBe(60)
  expect(member.leadsSurely).toBe(false)
  await cluster.stop()
})

test('renewals on one stream through a follower are answered in order, of leases that are not there with 0', async () => {
  cluster = new Cluster(13)
  await cluster.found(3)
  const [follower] = cluster.followers as readonly [Machine]
  await granted(follower, 1n, 5)
  await granted(follower, 2n, 9)
  const stream = follower.stream(Lease.leaseKeepAlive)
  for (const id of [2n, 3n, 1n, 2n]) stream.send({ id })
  stream.halfClose()
  await cluster.until(stream.ended)
  expect(stream.received.map(({ id, ttl }) => [id, ttl])).toEqual([
    [2n, 9],
    [3n, 0],
    [1n, 5],
    [2n, 9],
  ])
  await cluster.stop()
})

test('a lease ends once, on every member in the same revision', async () => {
  cluster = new Cluster(14)
  const machines = await cluster.found(3)
  await granted(cluster.leader, 1n, 3)
  await put(cluster.leader, 'a', 1n)
  await put(cluster.leader, 'b', 1n)
  await cluster.advance(10_000)
  const revisions = await Promise.all(
    machines.map(machine => machine.call(KV.range, { key: bytesOf('a'), serializable: true })),
  )
  expect(revisions.map(({ header, count }) => [header?.revision, count])).toEqual([
    [4, 0],
    [4, 0],
    [4, 0],
  ])
  await cluster.stop()
})

test('a revocation that a leader could not make before another took over is not made by that one', async () => {
  cluster = new Cluster(18)
  await cluster.found(3)
  const { leader, network } = cluster
  const [target] = cluster.followers as readonly [Machine]
  await granted(leader, 1n, 3)
  await cluster.advance(2900)
  network.setFaults({ delayMs: { min: 200, max: 200 } })
  ;(leader.member as unknown as Member).transferLeader(target.member.id)
  expect(await cluster.otherLeader(leader)).toBe(target)
  network.setFaults({ delayMs: { min: 1, max: 1 } })
  await cluster.advance(500)
  // It has its time again, and can be renewed.
  expect(await renewed(leader, 1n)).toBe(3)
  await cluster.stop()
})

test('without a leader a renewal is refused in the end, and so is the question for the time left', async () => {
  cluster = new Cluster(15)
  await cluster.found(3)
  const [follower] = cluster.followers as readonly [Machine]
  await granted(follower, 1n, 60)
  for (const machine of cluster.running) if (machine !== follower) machine.crash()
  await cluster.untilHolds(() => JSON.parse(follower.member.raftStatusJson()).lead === '0')
  const before = cluster.clock.now()
  expect(await follower.refusal(Lease.leaseTimeToLive, { id: 1n })).toBe('14 etcdserver: no leader')
  expect(cluster.clock.now() - before).toBe(7000)
  const stream = follower.stream(Lease.leaseKeepAlive)
  stream.send({ id: 1n })
  expect((await cluster.until(stream.ended))?.message).toBe('etcdserver: no leader')
  const { leases } = await follower.call(Lease.leaseLeases, {})
  expect(leases).toHaveLength(1)
})

const checkpoints = { ...defaultFeatureGates, LeaseCheckpoint: true, LeaseCheckpointPersist: true }

test('time that has passed for a long lease is not given again by the next leader', async () => {
  cluster = new Cluster(16)
  await cluster.found(3, { featureGates: checkpoints })
  await granted(cluster.leader, 1n, 3600)
  await cluster.advance(1_250_000)
  const { leader } = cluster
  leader.crash()
  const next = await cluster.otherLeader(leader)
  const [ttl, grantedTtl] = await times(next, 1n)
  // Checkpoints came after 300, 600, 900 and 1200 seconds.
  expect(grantedTtl).toBe(3600)
  expect(ttl).toBeGreaterThan(2390)
  expect(ttl).toBeLessThanOrEqual(2401)
  await cluster.until(leader.start())
  // A renewal, through whomever, takes the checkpoint back on all members before it is answered.
  expect(await renewed(leader, 1n)).toBe(3600)
  next.crash()
  const third = await cluster.otherLeader(next)
  expect((await times(third, 1n))[0]).toBeGreaterThan(3590)
  await cluster.until(next.start())
  await cluster.stop()
})

test('without checkpoints the next leader gives all the time again', async () => {
  cluster = new Cluster(17)
  await cluster.found(3)
  await granted(cluster.leader, 1n, 3600)
  await cluster.advance(700_000)
  const { leader } = cluster
  leader.crash()
  expect((await times(await cluster.otherLeader(leader), 1n))[0]).toBeGreaterThan(3590)
  await cluster.until(leader.start())
  await cluster.stop()
})
