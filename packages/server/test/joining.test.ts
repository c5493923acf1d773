import type { GrpcError } from '@kvs/grpc'
import { Cluster as ClusterService, Maintenance } from '@kvs/proto/rpc'
import { afterEach, expect, test } from 'vitest'
import { Cluster, type Machine } from './cluster.ts'
import { addAndStart, contentOf, joining, put, urlOf } from './membership.ts'

let cluster: Cluster
afterEach(() => cluster.close())

const initialOf = (...names: string[]): string => names.map(name => `${name}=${urlOf(name)}`).join(',')

test('three learners come and get their votes, one after the other', async () => {
  cluster = new Cluster(1)
  await cluster.found(3, { maxLearners: 3 })
  await cluster.advance(5000)
  const { leader } = cluster
  await put(leader, 'a', '1')
  const learners: Machine[] = []
  for (const name of ['n4', 'n5', 'n6']) learners.push(await addAndStart(cluster, leader, name, true))
  const more = { peerUrls: [urlOf('n7')], isLearner: true }
  expect(await leader.refusal(ClusterService.memberAdd, more)).toBe('9 etcdserver: too many learner members in cluster')
  await cluster.advance(5000)
  for (const { member } of learners) await leader.call(ClusterService.memberPromote, { id: member.id })
  for (const machine of learners) {
    await put(machine, machine.name, 'votes')
    expect((await machine.call(Maintenance.status, {})).isLearner).toBe(false)
  }
  // Six vote now: without two of the old ones there are four.
  await cluster.until(Promise.all(cluster.followers.filter(m => !learners.includes(m)).map(m => m.stop())))
  await put(cluster.leader, 'b', '2')
  expect(await contentOf(learners[0] as Machine)).toEqual(['a=1', 'b=2', 'n4=votes', 'n5=votes', 'n6=votes'])
  await cluster.stop()
})

test('a member that joins does not wait for an answer of its own port, which is open already', async () => {
  cluster = new Cluster(21)
  await cluster.found(3)
  await cluster.advance(5000)
  const { leader } = cluster
  const { members } = await leader.call(ClusterService.memberAdd, { peerUrls: [urlOf('n4')], isLearner: false })
  const machine = cluster.machine('n4')
  machine.openPort()
  const before = cluster.clock.now()
  await cluster.until(machine.start(joining(members, 'n4')))
  expect(cluster.clock.now() - before).toBeLessThan(4000)
  await cluster.stop()
})

test('a learner that has not followed is not promoted, whoever is asked', async () => {
  cluster = new Cluster(2)
  const machines = await cluster.found(3)
  await cluster.advance(5000)
  const { member } = await cluster.leader.call(ClusterService.memberAdd, { peerUrls: [urlOf('n4')], isLearner: true })
  const id = member?.id ?? 0n
  for (const machine of machines) {
    expect(await machine.refusal(ClusterService.memberPromote, { id })).toBe(
      '9 etcdserver: can only promote a learner member which is in sync with leader',
    )
    expect(await machine.refusal(ClusterService.memberPromote, { id: 99n })).toBe('5 etcdserver: member not found')
    expect(await machine.refusal(ClusterService.memberPromote, { id: machine.member.id })).toBe(
      '9 etcdserver: can only promote a learner member',
    )
  }
  await cluster.stop()
})

test('changes of one moment, through several members, follow each other', async () => {
  cluster = new Cluster(4)
  const machines = await cluster.found(3, { strictReconfigCheck: false, maxLearners: 100 })
  const asked = machines.flatMap((machine, i) => [
    machine.call(ClusterService.memberAdd, { peerUrls: [urlOf(`x${i}`)], isLearner: true }),
    machine.call(ClusterService.memberUpdate, {
      id: machine.member.id,
      peerUrls: [urlOf(`n${i + 1}`), urlOf(`y${i}`)],
    }),
    machine.call(ClusterService.memberAdd, { peerUrls: [urlOf(`z${i}`)], isLearner: true }),
  ])
  await Promise.all(asked)
  const { members } = await cluster.leader.call(ClusterService.memberList, { linearizable: true })
  expect(members).toHaveLength(9)
  expect(members.flatMap(({ peerUrls }) => peerUrls)).toHaveLength(12)
  await put(cluster.leader, 'a', '1')
  await cluster.stop()
})

test('of learners that are added in one moment, through several members, there are no more than may be', async () => {
  cluster = new Cluster(12)
  const machines = await cluster.found(3, { strictReconfigCheck: false, maxLearners: 2 })
  await cluster.until((machines[2] as Machine).stop())
  // Whoever asks says how many: members with other flags decide alike.
  await cluster.until((machines[2] as Machine).start({ maxLearners: 1 }))
  await cluster.advance(1000)
  const outcomes = await Promise.all(
    machines.flatMap((machine, i) =>
      ['x', 'y'].map(name =>
        machine
          .call(ClusterService.memberAdd, { peerUrls: [urlOf(`${name}${i}`)], isLearner: true })
          .then(() => 'added')
          .catch((error: GrpcError) => `${error.code} ${error.message}`),
      ),
    ),
  )
  const refused = '9 etcdserver: too many learner members in cluster'
  expect(outcomes.sort()).toEqual([...Array(4).fill(refused), 'added', 'added'])
  for (const machine of machines) {
    const { members } = await machine.call(ClusterService.memberList, { linearizable: true })
    expect(members.filter(({ isLearner }) => isLearner)).toHaveLength(2)
  }
  await cluster.until(cluster.leader.stop())
  await cluster.untilHolds(() => cluster.leading !== undefined)
  await cluster.stop()
})

test('what is no change is refused in words', async () => {
  cluster = new Cluster(5)
  const [first] = (await cluster.found(3, { strictReconfigCheck: false })) as [Machine]
  const { id } = first.member
  const badUrls = '3 etcdserver: given member URLs are invalid'
  for (const peerUrls of [[], ['n4:2380'], ['http://n4'], ['http://n4:2380/path'], ['']]) {
    expect(await first.refusal(ClusterService.memberAdd, { peerUrls })).toBe(badUrls)
    expect(await first.refusal(ClusterService.memberUpdate, { id, peerUrls })).toBe(badUrls)
  }
  const taken = '9 etcdserver: Peer URLs already exists'
  expect(await first.refusal(ClusterService.memberAdd, { peerUrls: [urlOf('n2')] })).toBe(taken)
  expect(await first.refusal(ClusterService.memberUpdate, { id, peerUrls: [urlOf('n2')] })).toBe(taken)
  expect(await first.refusal(ClusterService.memberRemove, { id: 3n })).toBe('5 etcdserver: member not found')
  const { members } = await first.call(ClusterService.memberUpdate, { id, peerUrls: [urlOf('n1'), 'http://m1:1'] })
  expect(members.find(member => member.id === id)?.peerUrls).toEqual(['http://m1:1', urlOf('n1')])
  expect(members.find(member => member.id === id)?.name).toBe('n1')
  await cluster.stop()
})

test('a member that joins and has nothing yet starts again', async () => {
  cluster = new Cluster(6)
  await cluster.found(3)
  await cluster.advance(5000)
  await put(cluster.leader, 'a', '1')
  const { members } = await cluster.leader.call(ClusterService.memberAdd, { peerUrls: [urlOf('n4')] })
  const late = cluster.machine('n4')
  cluster.network.partition(['n1', 'n2', 'n3'], ['n4'])
  late.start(joining(members, 'n4')).catch(() => {})
  await cluster.advance(10)
  // Its questions get through, and nothing that follows.
  cluster.network.heal()
  const starts = (): number => cluster.log.filter(({ message }) => message === 'starting member').length
  await cluster.untilHolds(() => starts() === 4)
  cluster.network.partition(['n1', 'n2', 'n3'], ['n4'])
  await cluster.advance(1000)
  late.crash('lose-all')
  cluster.network.heal()
  await cluster.until(late.start())
  expect(await contentOf(late)).toEqual(['a=1'])
  await put(late, 'b', '2')
  await cluster.stop()
})

test('who joins a member that was alone for long gets all it wrote, before and meanwhile', async () => {
  cluster = new Cluster(8)
  const [first] = (await cluster.found(1, { snapshotCount: 50, snapshotCatchupEntries: 150 })) as readonly [Machine]
  await cluster.advance(5000)
  // More than stays in memory of the log, and than would if somebody followed it.
  for (let i = 0; i < 200; i++) await put(first, `k${i % 150}`, `${i}`)
  const joining = addAndStart(cluster, first, 'n2')
  for (let i = 0; i < 20; i++) await put(first, `k${i}`, `late ${i}`)
  const second = await joining
  await cluster.advance(5000)
  const content = await contentOf(second)
  expect(content).toHaveLength(150)
  expect(content).toEqual(await contentOf(first))
  await cluster.stop()
})

test('all members stop and start, in whatever state they are, and are the same cluster', async () => {
  cluster = new Cluster(7)
  await cluster.found(3, { snapshotCount: 20, snapshotCatchupEntries: 5 })
  await cluster.advance(5000)
  const joined = await addAndStart(cluster, cluster.leader, 'n4')
  await cluster.advance(5000)
  const learner = await addAndStart(cluster, cluster.leader, 'n5', true)
  for (let i = 0; i < 50; i++) await put(joined, `k${i % 9}`, `${i}`)
  const { members } = await joined.call(ClusterService.memberList, { linearizable: true })
  const content = await contentOf(joined)
  const machines = [...cluster.machines.values()]
  for (const machine of machines) machine.crash('lose-all')
  await cluster.until(Promise.all(machines.map(machine => machine.start())))
  expect((await joined.call(ClusterService.memberList, { linearizable: true })).members).toEqual(members)
  for (const machine of machines) expect(await contentOf(machine, machine === learner)).toEqual(content)
  await cluster.stop()
})

test('who was not added, or says something else of the cluster, does not join it', async () => {
  cluster = new Cluster(8)
  await cluster.found(3)
  await cluster.advance(5000)
  const stranger = cluster.machine('n4')
  const initialClusterState = 'existing'
  const joins = (options: Parameters<Machine['start']>[0]): Promise<void> => {
    const starting = stranger.start({ initialClusterState, ...options })
    return cluster.until(starting)
  }
  await expect(joins({ initialCluster: initialOf('n1', 'n2', 'n3', 'n4') })).rejects.toThrow(
    'member count is unequal: 4 are configured, the cluster has 3',
  )
  await expect(joins({ initialCluster: initialOf('n1', 'n2', 'n4') })).rejects.toThrow('unmatched member')
  await expect(joins({ initialCluster: initialOf('n8', 'n9', 'n4') })).rejects.toThrow('cannot fetch cluster info')
  const { members } = await cluster.leader.call(ClusterService.memberAdd, { peerUrls: [urlOf('n4')] })
  const other = { ...joining(members, 'n4'), initialAdvertisePeerUrls: ['http://n4:9999'] }
  await expect(joins(other)).rejects.toThrow('http://n4:9999')
  await joins({ ...joining(members, 'n4'), initialAdvertisePeerUrls: [urlOf('n4')] })
  await put(stranger, 'a', '1')
  await cluster.stop()
})

test('the data directory of another cluster is not let in', async () => {
  cluster = new Cluster(9)
  await cluster.found(3)
  const [one, two] = cluster.followers as [Machine, Machine]
  await put(cluster.leader, 'a', '1')
  one.crash()
  one.wipe()
  // The same machine, founded in another cluster.
  await cluster.until(one.start({ initialCluster: initialOf(one.name), initialClusterToken: 'another' }))
  await put(one, 'a', 'another')
  await cluster.until(one.stop())
  const refused = one.start({
    initialCluster: initialOf('n1', 'n2', 'n3'),
    initialClusterToken: 'etcd-cluster',
    initialClusterState: 'new',
  })
  await cluster.until(refused)
  await cluster.advance(3000)
  expect(await contentOf(one)).toEqual(['a=another'])
  expect(await contentOf(two)).toEqual(['a=1'])
  await put(two, 'b', '2')
  expect(cluster.leading).not.toBe(one)
  await cluster.stop()
})

test('a member that moves to another address is found there', async () => {
  cluster = new Cluster(10)
  await cluster.found(3)
  await cluster.advance(5000)
  const [moved] = cluster.followers as [Machine]
  const { id } = moved.member
  await cluster.until(moved.stop())
  await put(cluster.leader, 'a', '1')
  const peerUrls = [`http://${moved.name}:9000`]
  await cluster.leader.call(ClusterService.memberUpdate, { id, peerUrls })
  await cluster.until(moved.start({ initialAdvertisePeerUrls: peerUrls }))
  expect(await contentOf(moved)).toEqual(['a=1'])
  // It knows its own address from the others, and they know it after a start.
  const machines = cluster.running
  for (const machine of machines) machine.crash()
  await cluster.until(Promise.all(machines.map(machine => machine.start())))
  await put(moved, 'b', '2')
  await cluster.stop()
})
