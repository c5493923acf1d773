import { Cluster as ClusterService, KV, Maintenance } from '@kvs/proto/rpc'
import { afterEach, expect, test } from 'vitest'
import { Cluster, type Machine } from './cluster.ts'
import { addAndStart, contentOf, joining, put, urlOf } from './membership.ts'
import { bytesOf } from './messages.ts'

let cluster: Cluster
afterEach(() => cluster.close())

test('a fourth member joins while others write, and has all of it', async () => {
  cluster = new Cluster(1)
  const machines = await cluster.found(3)
  await cluster.advance(5000)
  let isWriting = true
  let written = 0
  const writing = (async () => {
    for (; isWriting; written++) await put(machines[written % 3] as Machine, `k${written % 50}`, `${written}`)
  })()
  const { header, member, members } = await cluster.leader.call(ClusterService.memberAdd, { peerUrls: [urlOf('n4')] })
  expect(header?.revision).toBe(0)
  expect(header?.clusterId).toBe(cluster.leader.member.clusterId)
  expect(member).toMatchObject({ name: '', peerUrls: [urlOf('n4')], clientUrls: [], isLearner: false })
  expect(members.map(({ id }) => id)).toEqual(members.map(({ id }) => id).sort((a, b) => (a < b ? -1 : 1)))
  expect(members).toHaveLength(4)
  const joined = cluster.machine('n4')
  await cluster.until(joined.start(joining(members, 'n4')))
  expect(joined.member.id).toBe(member?.id)
  isWriting = false
  await cluster.until(writing)
  expect(written).toBeGreaterThan(5)
  await put(joined, 'last', 'one')
  expect(await contentOf(joined)).toEqual(await contentOf(cluster.leader))
  const list = await joined.call(ClusterService.memberList, { linearizable: true })
  expect(list.members.map(({ name }) => name).sort()).toEqual(['n1', 'n2', 'n3', 'n4'])
  await cluster.stop()
})

test('a learner follows, answers what needs no vote, and gets one through a follower', async () => {
  cluster = new Cluster(2)
  await cluster.found(3)
  await cluster.advance(5000)
  await put(cluster.leader, 'a', '1')
  const learner = await addAndStart(cluster, cluster.leader, 'n4', true)
  const { id } = learner.member
  await put(cluster.leader, 'b', '2')
  await cluster.advance(500)
  expect(await contentOf(learner, true)).toEqual(['a=1', 'b=2'])
  const refused = '9 etcdserver: rpc not supported for learner'
  expect(await learner.refusal(KV.range, { key: bytesOf('a') })).toBe(refused)
  expect(await learner.refusal(KV.put, { key: bytesOf('a') })).toBe(refused)
  expect(await learner.refusal(ClusterService.memberList, {})).toBe(refused)
  expect((await learner.call(Maintenance.status, {})).isLearner).toBe(true)
  expect(await cluster.leader.refusal(Maintenance.moveLeader, { targetId: id })).toBe(
    '9 etcdserver: bad leader transferee',
  )
  const [follower] = cluster.followers.filter(machine => machine !== learner)
  const { members, header } = await (follower as Machine).call(ClusterService.memberPromote, { id })
  expect(header?.memberId).toBe((follower as Machine).member.id)
  expect(members.find(member => member.id === id)).toMatchObject({ isLearner: false })
  await put(learner, 'c', '3')
  expect(await learner.refusal(ClusterService.memberPromote, { id })).toBe(
    '9 etcdserver: can only promote a learner member',
  )
  expect(await learner.refusal(ClusterService.memberPromote, { id: 5n })).toBe('5 etcdserver: member not found')
  await cluster.stop()
})

test('a change that was refused is none after a restart either', async () => {
  cluster = new Cluster(11)
  const machines = await cluster.found(3)
  await cluster.advance(6000)
  const again = { peerUrls: [urlOf('n1')] }
  expect(await cluster.leader.refusal(ClusterService.memberAdd, again)).toContain('Peer URLs already exists')
  for (const machine of machines) {
    await cluster.until(machine.stop())
    await cluster.until(machine.start())
  }
  const { progress } = JSON.parse(cluster.leader.member.raftStatusJson()) as { readonly progress: object }
  expect(Object.keys(progress)).toHaveLength(3)
  await put(cluster.leader, 'a', '1')
  await cluster.stop()
})
