import { StatusCode } from '@kvs/grpc'
import { Auth, Cluster as ClusterService, Maintenance } from '@kvs/proto/rpc'
import { afterEach, expect, test } from 'vitest'
import { Cluster, type Machine } from './cluster.ts'
import { addAndStart, put } from './membership.ts'

let cluster: Cluster
afterEach(() => cluster.close())

test('leadership is moved by the leader, to one that votes, and is answered once it is there', async () => {
  cluster = new Cluster(1)
  await cluster.found(3)
  const { leader } = cluster
  const [one, two] = cluster.followers as [Machine, Machine]
  expect(await one.refusal(Maintenance.moveLeader, { targetId: two.member.id })).toBe('9 etcdserver: not leader')
  expect(await leader.refusal(Maintenance.moveLeader, { targetId: 5n })).toBe('9 etcdserver: bad leader transferee')
  expect(await leader.call(Maintenance.moveLeader, { targetId: leader.member.id })).toEqual({ header: undefined })
  expect(cluster.leader).toBe(leader)
  const startMs = cluster.clock.now()
  expect(await leader.call(Maintenance.moveLeader, { targetId: two.member.id })).toEqual({ header: undefined })
  expect((await leader.call(Maintenance.status, {})).leader).toBe(two.member.id)
  expect(cluster.clock.now() - startMs).toBeLessThan(100)
  await put(leader, 'a', '1')
  expect(cluster.leader).toBe(two)
  await cluster.stop()
})

test('to one that cannot be reached it is not moved, and the wait ends with the caller', async () => {
  cluster = new Cluster(2)
  await cluster.found(3)
  const { leader } = cluster
  const [one] = cluster.followers as [Machine]
  const targetId = one.member.id
  one.crash()
  const asked = leader.call(Maintenance.moveLeader, { targetId }, { timeoutMs: 3000 })
  await expect(asked).rejects.toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED })
  expect(cluster.log.find(({ message }) => message === 'leadership transfer failed')?.fields).toMatchObject({
    error: 'etcdserver: request timed out, leader transfer took too long',
  })
  await put(leader, 'a', '1')
  expect(cluster.leader).toBe(leader)
  await cluster.stop()
})

test('with users, only an administrator changes the cluster, through whichever member', async () => {
  cluster = new Cluster(3)
  const machines = await cluster.found(3, { bcryptCost: 4 })
  await cluster.advance(5000)
  const learner = await addAndStart(cluster, cluster.leader, 'n4', true)
  const { leader } = cluster
  for (const name of ['root', 'alice']) await leader.call(Auth.userAdd, { name, password: name })
  await leader.call(Auth.userGrantRole, { user: 'root', role: 'root' })
  await leader.call(Auth.authEnable, {})
  await cluster.advance(1000)
  const { id } = learner.member
  for (const machine of machines) {
    const as = async (name: string): Promise<{ readonly metadata: readonly [readonly [string, string]] }> => {
      const { token } = await machine.call(Auth.authenticate, { name, password: name })
      return { metadata: [['token', token]] }
    }
    const alice = await as('alice')
    for (const [method, request] of [
      [ClusterService.memberAdd, { peerUrls: ['http://n9:1'] }],
      [ClusterService.memberRemove, { id }],
      [ClusterService.memberUpdate, { id, peerUrls: ['http://n9:1'] }],
      [ClusterService.memberPromote, { id }],
      [Maintenance.moveLeader, { targetId: id }],
    ] as const) {
      const call = (options: object): Promise<unknown> => machine.call(method as never, request as never, options)
      await expect(call(alice)).rejects.toThrow('etcdserver: permission denied')
      await expect(call({})).rejects.toThrow('etcdserver: user name is empty')
      await expect(call({ metadata: [['token', 'wrong']] })).rejects.toThrow('etcdserver: invalid auth token')
    }
    await machine.call(ClusterService.memberList, {}, alice)
  }
  const [follower] = cluster.followers.filter(machine => machine !== learner) as [Machine]
  const { token } = await follower.call(Auth.authenticate, { name: 'root', password: 'root' })
  await cluster.advance(200)
  // The leader asks again who it is.
  const { members } = await follower.call(ClusterService.memberPromote, { id }, { metadata: [['token', token]] })
  expect(members.find(member => member.id === id)?.isLearner).toBe(false)
  await cluster.stop()
})
