import { Cluster as ClusterService, KV } from '@kvs/proto/rpc'
import { afterEach, expect, test } from 'vitest'
import { Cluster, type Machine } from './cluster.ts'
import { addAndStart, contentOf, put } from './membership.ts'
import { bytesOf } from './messages.ts'

let cluster: Cluster
afterEach(() => cluster.close())

async function membersOf(machine: Machine): Promise<readonly string[]> {
  const { members } = await machine.call(ClusterService.memberList, { linearizable: true })
  return members.map(({ name, isLearner }) => `${name}${isLearner ? ' learner' : ''}`).sort()
}

test('of a cluster that has lost its quorum, one member becomes a cluster, and grows again', async () => {
  cluster = new Cluster(1)
  await cluster.found(3)
  await put(cluster.leader, 'a', '1')
  const left = cluster.leader
  const lost = cluster.followers
  const { id, clusterId } = left.member
  for (const machine of lost) machine.crash()
  // What nobody can commit any more is dropped.
  left.call(KV.put, { key: bytesOf('never') }).catch(() => {})
  await cluster.advance(100)
  left.crash()
  await cluster.until(left.start({ forceNewCluster: true }))
  expect([left.member.id, left.member.clusterId]).toEqual([id, clusterId])
  expect(cluster.log.map(({ message }) => message)).toContain('discarding uncommitted WAL entries')
  expect(await membersOf(left)).toEqual([left.name])
  expect(await contentOf(left)).toEqual(['a=1'])
  await put(left, 'b', '2')
  await cluster.until(left.stop())
  await cluster.until(left.start({ forceNewCluster: false }))
  expect(await contentOf(left)).toEqual(['a=1', 'b=2'])
  // The others have been removed: they find out, and must come with new disks.
  const [one] = lost as [Machine]
  const again = one.start().catch((error: Error) => error.message)
  await cluster.untilHolds(() => one.removed)
  one.giveUp()
  await cluster.until(again)
  one.wipe()
  cluster.machines.delete((lost[1] as Machine).name)
  await addAndStart(cluster, left, one.name)
  await cluster.advance(5000)
  await addAndStart(cluster, left, 'n9', true)
  expect(await membersOf(left)).toEqual([left.name, one.name, 'n9 learner'].sort())
  await put(cluster.machine(one.name), 'c', '3')
  expect(await contentOf(left)).toEqual(['a=1', 'b=2', 'c=3'])
  await cluster.stop()
})

test.each(['follower', 'leader'] as const)('a %s with a compacted log and changes of members in it', async role => {
  cluster = new Cluster(2)
  await cluster.found(3, { snapshotCount: 10, snapshotCatchupEntries: 5 })
  await cluster.advance(5000)
  for (let i = 0; i < 30; i++) await put(cluster.leader, `k${i % 5}`, `${i}`)
  const learner = await addAndStart(cluster, cluster.leader, 'n4', true)
  await cluster.advance(2000)
  const [gone] = cluster.followers.filter(machine => machine !== learner) as [Machine]
  await cluster.leader.call(ClusterService.memberRemove, { id: gone.member.id })
  await put(cluster.leader, 'last', '1')
  await cluster.advance(1000)
  const other = cluster.followers.find(machine => machine !== learner && machine !== gone) as Machine
  const left = role === 'leader' ? cluster.leader : other
  const content = await contentOf(left)
  for (const machine of cluster.running) machine.crash()
  await cluster.until(left.start({ forceNewCluster: true }))
  expect(await membersOf(left)).toEqual([left.name])
  expect(await contentOf(left)).toEqual(content)
  left.crash()
  // Asked for twice it does no harm.
  await cluster.until(left.start())
  expect(await contentOf(left)).toEqual(content)
  await put(left, 'b', '2')
  for (const name of [...cluster.machines.keys()]) if (name !== left.name) cluster.machines.delete(name)
  await cluster.stop()
})

test('a learner that is all that is left becomes a voter', async () => {
  cluster = new Cluster(3)
  await cluster.found(3)
  await cluster.advance(5000)
  await put(cluster.leader, 'a', '1')
  const learner = await addAndStart(cluster, cluster.leader, 'n4', true)
  await put(cluster.leader, 'b', '2')
  await cluster.advance(500)
  for (const machine of cluster.running) machine.crash()
  for (const name of ['n1', 'n2', 'n3']) cluster.machines.delete(name)
  await cluster.until(learner.start({ forceNewCluster: true }))
  expect(await membersOf(learner)).toEqual(['n4'])
  expect(await contentOf(learner)).toEqual(['a=1', 'b=2'])
  await put(learner, 'c', '3')
  await cluster.stop()
})
