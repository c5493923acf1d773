import { Cluster as ClusterService, KV, Maintenance } from '@kvs/proto/rpc'
import { afterEach, expect, test } from 'vitest'
import { Cluster, type Machine } from './cluster.ts'
import { addAndStart, contentOf, joining, put, urlOf } from './membership.ts'
import { bytesOf } from './messages.ts'

let cluster: Cluster
afterEach(() => cluster.close())

const remove = (by: Machine, removed: Machine): Promise<unknown> =>
  by.call(ClusterService.memberRemove, { id: removed.member.id })

/** Stops a machine whose member has said that it is out. */
async function leave(machine: Machine): Promise<void> {
  await cluster.untilHolds(() => machine.removed)
  await cluster.until(machine.stop())
}

test('a follower that is removed says so a second later, and the others go on', async () => {
  cluster = new Cluster(1)
  await cluster.found(3)
  await cluster.advance(5000)
  const { leader } = cluster
  const [gone, other] = cluster.followers as [Machine, Machine]
  const { id } = gone.member
  const startMs = cluster.clock.now()
  const { members, header } = await other.call(ClusterService.memberRemove, { id })
  expect(header?.revision).toBe(0)
  expect(members.map(member => member.id)).not.toContain(id)
  await cluster.untilHolds(() => gone.removed)
  expect(cluster.clock.now() - startMs).toBeGreaterThanOrEqual(1000)
  expect(cluster.clock.now() - startMs).toBeLessThan(2000)
  await leave(gone)
  await put(leader, 'a', '1')
  expect(await contentOf(other)).toEqual(['a=1'])
  expect(await leader.refusal(ClusterService.memberRemove, { id })).toBe('5 etcdserver: member not found')
  expect(await leader.refusal(ClusterService.memberUpdate, { id, peerUrls: [urlOf('x')] })).toBe(
    '5 etcdserver: member not found',
  )
  expect(cluster.clock.now() - startMs).toBeLessThan(5000)
  await cluster.stop()
})

test('a leader that is removed answers, and another takes over', async () => {
  cluster = new Cluster(2)
  await cluster.found(3)
  await cluster.advance(5000)
  const { leader } = cluster
  await put(leader, 'a', '1')
  await remove(leader, leader)
  await leave(leader)
  cluster.machines.delete(leader.name)
  await cluster.untilHolds(() => cluster.leading !== undefined)
  await put(cluster.leader, 'b', '2')
  for (const machine of cluster.running) expect(await contentOf(machine)).toEqual(['a=1', 'b=2'])
  await cluster.stop()
})

test('a leader that is removed while it writes has its say no more, and does not end over it', async () => {
  cluster = new Cluster(12)
  await cluster.found(3)
  await cluster.advance(5000)
  const { leader } = cluster
  leader.syncMs = 40
  const { path, encodeRequest } = ClusterService.memberRemove
  const removed = leader.channel.call(path, encodeRequest({ id: leader.member.id }))
  // Its write is under way when the removal has its turn.
  const writing = setWriting(leader)
  await cluster.until(removed)
  await cluster.advance(200)
  writing.end()
  expect(leader.fatal).toEqual([])
  await leave(leader)
  cluster.machines.delete(leader.name)
  await cluster.untilHolds(() => cluster.leading !== undefined)
  await put(cluster.leader, 'b', '2')
  await cluster.stop()
})

/** Somebody writes at a machine, a little later each time, until told to end. */
function setWriting(machine: Machine): { end: () => void } {
  let isOver = false
  const { channel } = machine
  const write = (): void => {
    if (isOver) return
    channel.call(KV.put.path, KV.put.encodeRequest({ key: bytesOf('x') })).catch(() => {})
    cluster.clock.setTimer(5, write)
  }
  write()
  return {
    end: () => {
      isOver = true
    },
  }
}

test('what was removed does not come back: neither its process, nor its id', async () => {
  cluster = new Cluster(3)
  await cluster.found(3)
  await cluster.advance(5000)
  const [gone] = cluster.followers as [Machine]
  gone.crash()
  await cluster.advance(200)
  const { members } = await cluster.leader.call(ClusterService.memberList, {})
  const { id } = members.find(({ name }) => name === gone.name) as { readonly id: bigint }
  await cluster.leader.call(ClusterService.memberRemove, { id })
  const again = gone.start().catch((error: Error) => error.message)
  await cluster.untilHolds(() => gone.removed)
  gone.giveUp()
  expect(await cluster.until(again)).toBe('the start was given up')
  expect(cluster.log.map(({ message }) => message)).toContain(
    'the member has been permanently removed from the cluster',
  )
  await put(cluster.leader, 'a', '1')
  // All members start again, and still know.
  const running = cluster.running
  for (const machine of running) machine.crash()
  await cluster.until(Promise.all(running.map(machine => machine.start())))
  expect(await running[0]?.refusal(ClusterService.memberRemove, { id })).toBe('5 etcdserver: member not found')
  await cluster.stop()
})

test('a member with a new disk takes the place of one that was removed, and gets all by snapshot', async () => {
  cluster = new Cluster(4)
  await cluster.found(3, { snapshotCount: 10, snapshotCatchupEntries: 5 })
  await cluster.advance(5000)
  const [gone] = cluster.followers as [Machine]
  for (let i = 0; i < 40; i++) await put(cluster.leader, `k${i % 7}`, `${i}`)
  await remove(cluster.leader, gone)
  await leave(gone)
  gone.wipe()
  const { member, members } = await cluster.leader.call(ClusterService.memberAdd, { peerUrls: [urlOf(gone.name)] })
  gone.removed = false
  await cluster.until(gone.start(joining(members, gone.name)))
  expect(gone.member.id).toBe(member?.id)
  expect(await contentOf(gone)).toEqual(await contentOf(cluster.leader))
  expect(cluster.log.filter(({ message }) => message === 'applied snapshot')).toHaveLength(1)
  expect(gone.removed).toBe(false)
  await cluster.stop()
})

test('who has lost his disk may not come back under his name', async () => {
  cluster = new Cluster(5)
  await cluster.found(3)
  const [lost] = cluster.followers as [Machine]
  lost.crash()
  lost.wipe()
  await cluster.advance(100)
  await expect(cluster.until(lost.start())).rejects.toThrow('has already been bootstrapped')
  await expect(cluster.until(lost.start({ initialClusterState: 'existing' }))).rejects.toThrow(
    'remove it from the cluster, and add it again',
  )
  await put(cluster.leader, 'a', '1')
  await cluster.stop()
})

test('removals that would cost the quorum are refused, unless nobody checks', async () => {
  cluster = new Cluster(6)
  await cluster.found(3)
  const [one, two] = cluster.followers as [Machine, Machine]
  const { leader } = cluster
  // Nobody has been connected for five seconds yet.
  expect(await leader.refusal(ClusterService.memberRemove, { id: one.member.id })).toBe(
    '14 etcdserver: unhealthy cluster',
  )
  await cluster.advance(5000)
  await remove(leader, one)
  await leave(one)
  await remove(leader, two)
  await leave(two)
  expect(await leader.refusal(ClusterService.memberRemove, { id: leader.member.id })).toBe(
    '2 etcdserver: re-configuration failed due to not enough started members',
  )
  await put(leader, 'a', '1')
  expect(await contentOf(leader)).toEqual(['a=1'])
  await cluster.stop()
})

test('alone with a learner, the only voter goes on', async () => {
  cluster = new Cluster(7)
  const [first] = (await cluster.found(1)) as [Machine]
  const learner = await addAndStart(cluster, first, 'n2', true)
  cluster.network.partition(['n1'], ['n2'])
  for (let i = 0; i < 10; i++) await put(first, 'a', `${i}`)
  await cluster.advance(20_000)
  cluster.network.heal()
  await cluster.advance(2000)
  expect(await contentOf(learner, true)).toEqual(['a=9'])
  expect((await learner.call(Maintenance.status, {})).errors).toEqual([])
  const removed = first.call(ClusterService.memberRemove, { id: learner.member.id })
  await removed
  await leave(learner)
  await put(first, 'b', '1')
  expect((await first.call(KV.range, { key: bytesOf('b') })).kvs).toHaveLength(1)
  await cluster.stop()
})
