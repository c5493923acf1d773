import { encodeDeleteRangeRequest, encodeLeaseRevokeRequest, encodePutRequest, KV } from '@kvs/proto/rpc'
import { afterEach, describe, expect, test } from 'vitest'
import { OwnProposal } from '../src/consensus/waiting.ts'
import type { Member } from '../src/edge/member.ts'
import type { Refusal } from '../src/errors.ts'
import { defaultFeatureGates } from '../src/feature-gates.ts'
import { OperationField } from '../src/requests/entry.ts'
import { Cluster, type Machine } from './cluster.ts'
import { World } from './member.ts'
import { bytesOf } from './messages.ts'

let cluster: Cluster
afterEach(() => cluster?.close())

const requestTimeoutMs = 7000
const putting = (machine: Machine, key: string): Promise<string> => machine.refusal(KV.put, { key: bytesOf(key) })
const countOf = async (machine: Machine, key: string): Promise<number> =>
  (await machine.call(KV.range, { key: bytesOf(key) })).count

/** How long something takes on the cluster's clock. */
async function took(what: Promise<unknown>): Promise<number> {
  const before = cluster.clock.now()
  await what
  return cluster.clock.now() - before
}

describe('a proposal that is not committed in time', () => {
  test('was lost with the leader before', async () => {
    cluster = new Cluster(26)
    await cluster.found(3)
    const { leader } = cluster
    const [follower] = cluster.followers as readonly [Machine]
    leader.crash()
    const text = '14 etcdserver: request timed out, possibly due to previous leader failure'
    expect(await putting(follower, 'a')).toBe(text)
    expect(cluster.leading).toBeDefined()
  })

  test('was lost on the way to the leader', async () => {
    cluster = new Cluster(22)
    await cluster.found(3)
    const { leader, network } = cluster
    const [follower] = cluster.followers as readonly [Machine]
    await cluster.advance(10_000)
    network.block(follower.name, leader.name)
    const refused = putting(follower, 'a')
    await cluster.settled()
    network.cut(follower.name, leader.name)
    network.heal()
    expect(await refused).toBe('14 etcdserver: request timed out, possibly due to connection lost')
    expect(cluster.leader).toBe(leader)
  })

  test('had no quorum', async () => {
    cluster = new Cluster(23)
    await cluster.found(3)
    const { leader } = cluster
    await cluster.advance(10_000)
    for (const machine of cluster.followers) machine.crash()
    const refused = putting(leader, 'a')
    const waited = await took(refused)
    expect(await refused).toBe('14 etcdserver: request timed out')
    expect(waited).toBeGreaterThan(requestTimeoutMs - 1000)
    expect(waited).toBeLessThanOrEqual(requestTimeoutMs + 500)
  })

  test('and had not been taken by a leader is not made later', async () => {
    cluster = new Cluster(24)
    await cluster.found(3)
    const [survivor, ...others] = cluster.followers as readonly [Machine, Machine]
    const lost = [cluster.leader, ...others]
    for (const machine of lost) machine.crash()
    await cluster.untilHolds(() => JSON.parse(survivor.member.raftStatusJson()).lead === '0')
    expect(await putting(survivor, 'a')).toBe('14 etcdserver: request timed out')
    await cluster.until(Promise.all(lost.map(machine => machine.start())))
    await survivor.call(KV.put, { key: bytesOf('b') })
    expect(await countOf(survivor, 'a')).toBe(0)
    await cluster.stop()
  })
})

describe('a linearizable read', () => {
  test('ends without a quorum when its time is up', async () => {
    cluster = new Cluster(25)
    await cluster.found(3)
    const { leader } = cluster
    for (const machine of cluster.followers) machine.crash()
    const refused = leader.refusal(KV.range, { key: bytesOf('a') })
    const waited = await took(refused)
    expect(await refused).toBe('14 etcdserver: request timed out')
    expect(waited).toBeGreaterThanOrEqual(requestTimeoutMs)
    expect(waited).toBeLessThanOrEqual(requestTimeoutMs + 1000)
    const { count } = await leader.call(KV.range, { key: bytesOf('a'), serializable: true })
    expect(count).toBe(0)
  })

  test('is asked again of the next leader, and nobody hears of the change', async () => {
    cluster = new Cluster(26)
    await cluster.found(3)
    const { leader } = cluster
    await leader.call(KV.put, { key: bytesOf('a') })
    const [follower] = cluster.followers as readonly [Machine]
    leader.crash()
    expect(await countOf(follower, 'a')).toBe(1)
  })
})

test('what comes while leadership is handed over waits, and is done when that has failed', async () => {
  cluster = new Cluster(27)
  await cluster.found(3)
  const { leader, network } = cluster
  const [target, other] = cluster.followers as readonly [Machine, Machine]
  network.partition([target.name], [leader.name, other.name])
  ;(leader.member as unknown as Member).transferLeader(target.member.id)
  await cluster.settled()
  const waited = await took(Promise.all([leader, other].map(one => one.call(KV.put, { key: bytesOf(one.name) }))))
  expect(waited).toBeGreaterThan(500)
  expect(waited).toBeLessThan(2000)
  expect(cluster.leader).toBe(leader)
  network.heal()
  await cluster.stop()
})

describe('while very many committed entries wait to be applied', () => {
  /** A member that has just begun to delete so many keys that the entries behind that wait. */
  async function busy(options = {}) {
    const world = new World()
    const { member } = await world.start(options)
    const loaded = member as unknown as Member & { stop(): Promise<void> }
    const outcomes: string[] = []
    const propose = (field: OperationField, body: Uint8Array, note = false): Promise<void> =>
      new Promise(resolve => {
        const end = (outcome: string) => (refusal?: Refusal | unknown) => {
          if (note) outcomes.push(`${outcome}${outcome === 'refused' ? ` ${(refusal as Refusal).message}` : ''}`)
          resolve()
        }
        const waiter = { applied: end('applied'), refused: end('refused') }
        loaded.propose(field, body, 0, body.length, new OwnProposal(loaded.clock.now(), waiter))
      })
    const put = (key: string): Uint8Array => encodePutRequest({ key: bytesOf(key) })
    await Promise.all(
      Array.from({ length: 6000 }, (_, i) => i).map(async (i): Promise<void> => {
        if (i % 3000 === 0) await world.settled()
        await propose(OperationField.put, put(`k${i}`))
      }),
    )
    world.close()
    void propose(OperationField.deleteRange, encodeDeleteRangeRequest({ key: bytesOf('k'), rangeEnd: bytesOf('l') }))
    for (let i = 0; i < 5001; i++) void propose(OperationField.put, put(`m${i}`))
    const { consensus } = loaded
    while (loaded.consensus.committed === consensus.committed) {
      world.clock.step()
      await new Promise(resolve => setImmediate(resolve))
    }
    return { world, loaded, outcomes, propose, put }
  }

  test('more are refused, revocations as well', async () => {
    const { outcomes, propose, put } = await busy()
    void propose(OperationField.put, put('x'), true)
    void propose(OperationField.leaseRevoke, encodeLeaseRevokeRequest({ id: 1n }), true)
    expect(outcomes).toEqual(Array(2).fill('refused etcdserver: too many requests'))
  })

  test('revocations go on, where they have priority', async () => {
    const { outcomes, propose, put } = await busy({ featureGates: { ...defaultFeatureGates, PriorityRequest: true } })
    void propose(OperationField.put, put('x'), true)
    void propose(OperationField.leaseRevoke, encodeLeaseRevokeRequest({ id: 1n }), true)
    expect(outcomes).toEqual(['refused etcdserver: too many requests'])
  })
})
