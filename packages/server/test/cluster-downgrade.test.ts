import { encodeClusterVersionSetRequest, encodeDowngradeInfoSetRequest } from '@kvs/proto/membership'
import { DowngradeRequestDowngradeAction as Action, KV, Maintenance } from '@kvs/proto/rpc'
import { afterEach, expect, test } from 'vitest'
import { newestKnownSnapshot } from '../src/bootstrap/bootstrap.ts'
import { OwnProposal } from '../src/consensus/waiting.ts'
import type { KvsMember } from '../src/kvs-member.ts'
import { OperationField } from '../src/requests/entry.ts'
import { Cluster, type Machine } from './cluster.ts'
import { bytesOf } from './messages.ts'

let cluster: Cluster
afterEach(() => cluster.close())

const within = (machine: Machine): KvsMember => machine.member as KvsMember
const asked = async (machine: Machine, action: Action, version = ''): Promise<string> =>
  (await machine.call(Maintenance.downgrade, { action, version })).version
const refused = (machine: Machine, action: number, version = '') =>
  machine.refusal(Maintenance.downgrade, { action: action as Action, version })
/** Cluster version, storage version and downgrade as each member tells them. */
const told = async (): Promise<readonly string[]> =>
  Promise.all(
    cluster.running.map(async machine => {
      const { downgradeInfo, storageVersion } = await machine.call(Maintenance.status, {})
      const { version } = within(machine).state.cluster
      return `${version} ${storageVersion} ${downgradeInfo?.enabled} ${downgradeInfo?.targetVersion}`
    }),
  )

/** What no client can ask for. */
function proposed(member: KvsMember, field: OperationField, body: Uint8Array): Promise<void> {
  return new Promise((applied, refused) => {
    const proposal = new OwnProposal(member.clock.now(), { applied: () => applied(), refused })
    member.propose(field, body, 0, body.length, proposal)
  })
}

test('a downgrade is checked before it begins', async () => {
  cluster = new Cluster(41)
  const [machine] = (await cluster.found(3)) as readonly [Machine]
  expect(await asked(machine, Action.VALIDATE, '3.6')).toBe('3.7')
  expect(await asked(machine, Action.VALIDATE, '3.6.4')).toBe('3.7')
  for (const action of [Action.VALIDATE, Action.ENABLE]) {
    for (const text of ['', '3', 'x.y', '3.6.x']) {
      expect(await refused(machine, action, text)).toBe('3 etcdserver: wrong downgrade target version format')
    }
    for (const text of ['3.5', '3.7', '2.6', '3.8']) {
      expect(await refused(machine, action, text)).toBe('3 etcdserver: invalid downgrade target version')
    }
  }
  expect(await refused(machine, 3)).toBe('2 etcdserver: unknown method')
  expect(await told()).toEqual(Array(3).fill('3.7.0 3.7.0 false '))
  await cluster.stop()
})

test('once enabled, through any member, the version of the cluster falls, with a snapshot; cancelled, it rises again', async () => {
  cluster = new Cluster(42)
  await cluster.found(3)
  const [follower, other] = cluster.followers as readonly [Machine, Machine]
  expect(await asked(follower, Action.ENABLE, '3.6')).toBe('3.7')
  expect(await refused(other, Action.ENABLE, '3.6')).toBe('9 etcdserver: cluster has a downgrade job in progress')
  expect(await refused(other, Action.VALIDATE, '3.6')).toBe('9 etcdserver: cluster has a downgrade job in progress')
  const { peerClient } = within(other)
  expect(await cluster.until(peerClient.downgradeEnabled([`http://${follower.name}:2380`]))).toBe(true)
  const snapshotOf = (machine: Machine) => newestKnownSnapshot(machine.disk, within(machine).options)
  expect((await cluster.until(snapshotOf(follower)))?.index ?? 0).toBe(0)
  await cluster.advance(5000)
  expect(await told()).toEqual(Array(3).fill('3.6.0 3.6.0 true 3.6.0'))
  await follower.call(KV.put, { key: bytesOf('a') })
  await cluster.advance(1000)
  for (const machine of cluster.running) expect((await cluster.until(snapshotOf(machine)))?.index).toBeGreaterThan(3)

  // What was agreed on outlives the leader, and whoever restarts.
  const { leader } = cluster
  await cluster.until(leader.stop())
  await cluster.until(leader.start())
  await cluster.advance(10_000)
  expect(await told()).toEqual(Array(3).fill('3.6.0 3.6.0 true 3.6.0'))

  expect(await asked(other, Action.CANCEL)).toBe('3.6')
  await cluster.advance(6000)
  expect(await told()).toEqual(Array(3).fill('3.7.0 3.7.0 false '))
  expect(await asked(other, Action.CANCEL)).toBe('3.7')
  expect(cluster.log.some(({ message }) => message === 'failed to cancel downgrade')).toBe(true)
  await cluster.stop()
})

test('it ends by itself once all members run the version', async () => {
  cluster = new Cluster(43)
  await cluster.found(3)
  const member = within(cluster.leader)
  const body = encodeDowngradeInfoSetRequest({ enabled: true, ver: '3.7.0' })
  await cluster.until(proposed(member, OperationField.downgradeInfoSet, body))
  expect(member.state.cluster.downgrade).toEqual({ isEnabled: true, targetVersion: '3.7.0' })
  await cluster.advance(11_000)
  expect(await told()).toEqual(Array(3).fill('3.7.0 3.7.0 false '))
  // Nothing is left to look at.
  const lines = cluster.log.length
  await cluster.advance(20_000)
  expect(cluster.log.slice(lines).filter(({ message }) => message.includes('version'))).toEqual([])
  await cluster.stop()
})

test('a member on its own can be downgraded, too', async () => {
  cluster = new Cluster(44)
  const [machine] = (await cluster.found(1)) as readonly [Machine]
  expect(await asked(machine, Action.ENABLE, '3.6')).toBe('3.7')
  await cluster.advance(5000)
  expect(await told()).toEqual(['3.6.0 3.6.0 true 3.6.0'])
  await cluster.until(machine.stop())
  await cluster.until(machine.start())
  expect(await told()).toEqual(['3.6.0 3.6.0 true 3.6.0'])
  await asked(machine, Action.CANCEL)
  await cluster.advance(5000)
  expect(await told()).toEqual(['3.7.0 3.7.0 false '])
  await cluster.stop()
})

test('a server that is older than its cluster does not start', async () => {
  cluster = new Cluster(45)
  const [machine] = (await cluster.found(1)) as readonly [Machine]
  const body = encodeClusterVersionSetRequest({ ver: '3.8.0' })
  await cluster.until(proposed(within(machine), OperationField.clusterVersionSet, body))
  await cluster.until(machine.stop())
  await expect(cluster.until(machine.start())).rejects.toThrow(
    'server version is lower than determined cluster version',
  )
})
