import {
  AlarmRequestAlarmAction as Action,
  AlarmType,
  CompareTarget,
  encodePutRequest,
  KV,
  Lease,
  Maintenance,
} from '@kvs/proto/rpc'
import { SeededRandom } from '@kvs/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { OwnProposal } from '../src/consensus/waiting.ts'
import { defaultFeatureGates } from '../src/feature-gates.ts'
import type { KvsMember } from '../src/kvs-member.ts'
import * as limits from '../src/limits.ts'
import type { MemberOptions } from '../src/options.ts'
import { OperationField } from '../src/requests/entry.ts'
import { buckets } from '../src/state/buckets.ts'
import { Cluster, type Machine } from './cluster.ts'
import { bytesOf } from './messages.ts'

let cluster: Cluster
afterEach(() => cluster.close())

const within = (machine: Machine): KvsMember => machine.member as KvsMember
const put = (machine: Machine, key: string, value = '') =>
  machine.call(KV.put, { key: bytesOf(key), value: bytesOf(value) })

/** Proposes so many puts at once, on the leader. */
async function writeMany(count: number): Promise<void> {
  const { clock, propose } = bound(within(cluster.leader))
  const writes = Array.from({ length: count }, (_, i) => {
    const body = encodePutRequest({ key: bytesOf(`many${i % 50}`), value: bytesOf(`${i}`) })
    return new Promise<void>(applied => {
      const waiter = { applied: () => applied(), refused: () => applied() }
      propose(OperationField.put, body, 0, body.length, new OwnProposal(clock.now(), waiter))
    })
  })
  await cluster.until(Promise.all(writes))
}
const bound = (member: KvsMember): Pick<KvsMember, 'clock' | 'propose'> => ({
  clock: member.clock,
  propose: (...proposal) => member.propose(...proposal),
})

/** `n2 CORRUPT` for each alarm that a member knows of. */
async function alarms(machine: Machine): Promise<readonly string[]> {
  const { alarms: active } = await machine.call(Maintenance.alarm, { action: Action.GET })
  const nameOf = (id: bigint): string =>
    [...cluster.machines.values()].find(one => one.isUp && one.member.id === id)?.name ?? String(id)
  return active.map(({ memberId, alarm }) => `${nameOf(memberId)} ${alarm === AlarmType.CORRUPT ? 'CORRUPT' : alarm}`)
}

/** What no entry asked for: a record of the newest revision has other bytes here. */
function damage(machine: Machine): void {
  const { backend } = within(machine).state
  const last = [...backend.records(buckets.key)].at(-1)
  if (last === undefined) throw new Error('there is no record')
  const value = last.value.slice()
  value[value.length - 1] = (value.at(-1) ?? 0) ^ 1
  backend.put(buckets.key, last.key.slice(), value)
  backend.forceConsistent(backend.consistent)
}

const logged = (message: string) => cluster.log.filter(line => line.message === message)

describe('the effects of entries', () => {
  test('that differ on one of three members raise its alarm, and nobody writes any more', async () => {
    cluster = new Cluster(31)
    await cluster.found(3)
    await put(cluster.leader, 'a', '1')
    const [follower, other] = cluster.followers as readonly [Machine, Machine]
    await cluster.advance(1000)
    damage(follower)
    await writeMany(1100)
    await cluster.advance(limits.effectsCheckMs + 1000)
    expect(await alarms(other)).toEqual([`${follower.name} CORRUPT`])
    const [line] = logged('members differ in what entries of the log did')
    expect(line?.fields).toMatchObject({ 'first-index': 1, 'last-index': 1000 })
    expect(await other.refusal(KV.put, { key: bytesOf('a') })).toBe('15 etcdserver: corrupt cluster')
    expect((await other.call(KV.range, { key: bytesOf('a') })).count).toBe(1)
    await cluster.stop()
  })

  test('that differ on the leader raise the alarm of the leader', async () => {
    cluster = new Cluster(32)
    await cluster.found(3)
    const { leader } = cluster
    await put(leader, 'a', '1')
    await writeMany(1000)
    damage(leader)
    await writeMany(1000)
    await cluster.advance(limits.effectsCheckMs + 1000)
    expect(await alarms(leader)).toEqual([`${leader.name} CORRUPT`])
    const [line] = logged('members differ in what entries of the log did')
    expect(line?.fields).toMatchObject({ 'first-index': 1001, 'last-index': 2000 })
    await cluster.stop()
  })

  test('that differ on one of two raise the alarm of nobody in particular', async () => {
    cluster = new Cluster(33)
    await cluster.found(2)
    await put(cluster.leader, 'a', '1')
    damage(cluster.leader)
    await writeMany(1100)
    await cluster.advance(limits.effectsCheckMs + 1000)
    expect(await alarms(cluster.leader)).toEqual(['0 CORRUPT'])
    await cluster.stop()
  })
})

describe('what is stored', () => {
  test('is compared from time to time where that is wanted', async () => {
    cluster = new Cluster(34)
    await cluster.found(3, { corruptCheckTimeMs: 20_000 })
    await put(cluster.leader, 'a', '1')
    await cluster.advance(45_000)
    expect(await alarms(cluster.leader)).toEqual([])
    expect(logged('finished peer corruption check').map(({ fields }) => fields)).toEqual(
      Array(2).fill({ 'number-of-peers-checked': 2 }),
    )
    const [follower] = cluster.followers as readonly [Machine]
    damage(follower)
    await cluster.advance(20_000)
    expect(await alarms(cluster.leader)).toEqual([`${follower.name} CORRUPT`])
    await cluster.stop()
  })

  const compactions = { ...defaultFeatureGates, CompactHashCheck: true }

  test('is compared by what compactions saw of it', async () => {
    cluster = new Cluster(35)
    await cluster.found(3, { featureGates: compactions })
    const { leader } = cluster
    for (let i = 0; i < 5; i++) await put(leader, 'a', `${i}`)
    await leader.call(KV.compact, { revision: 3, physical: true })
    await cluster.advance(61_000)
    expect(logged('successfully checked hash on whole cluster')).toHaveLength(1)
    expect(await alarms(leader)).toEqual([])
    const [, follower] = cluster.followers as readonly [Machine, Machine]
    damage(follower)
    await leader.call(KV.compact, { revision: 6, physical: true })
    await cluster.advance(61_000)
    expect(await alarms(leader)).toEqual([`${follower.name} CORRUPT`])
    expect(logged('detected compaction hash mismatch')).toHaveLength(1)
    await cluster.stop()
  })

  test('is compared at the start of a member', async () => {
    cluster = new Cluster(36)
    await cluster.found(3, { featureGates: { ...defaultFeatureGates, InitialCorruptCheck: true } })
    await put(cluster.leader, 'a', '1')
    const [sound, follower] = cluster.followers as readonly [Machine, Machine]
    await cluster.until(sound.stop())
    await cluster.until(sound.start())
    expect(logged('initial corruption checking passed; no corruption')).toHaveLength(1)
    damage(follower)
    const id = follower.member.id.toString(16)
    await cluster.until(within(follower).state.commit())
    await cluster.until(follower.stop())
    await expect(cluster.until(follower.start())).rejects.toThrow(`${id} found data inconsistency with peers`)
    await put(sound, 'b')
  })
})

/** What no two members need have in common. */
const flags: Readonly<Record<string, Partial<MemberOptions>>> = {
  n1: { snapshotCount: 60, snapshotCatchupEntries: 20, walSegmentBytes: 64 * 1024, compactionBatchLimit: 7 },
  n2: {
    snapshotCount: 50,
    snapshotCatchupEntries: 10,
    electionTimeoutMs: 3000,
    quotaBackendBytes: 64 * 1024,
    backendBatchLimit: 100,
    maxTxnOps: 3,
  },
  n3: {
    snapshotCount: 40,
    snapshotCatchupEntries: 5,
    electionTimeoutMs: 2000,
    quotaBackendBytes: -1,
    backendBatchIntervalMs: 10,
    maxRequestBytes: 100_000,
  },
}

test('members with flags of their own, crashes, snapshots and a full quota hold the same, and no alarm tells otherwise', async () => {
  const seed = 37
  cluster = new Cluster(seed)
  const random = new SeededRandom(seed)
  const shared = {
    initialCluster: ['n1', 'n2', 'n3'].map(name => `${name}=http://${name}:2380`).join(','),
    corruptCheckTimeMs: 30_000,
    featureGates: { ...defaultFeatureGates, CompactHashCheck: true, LeaseCheckpoint: true },
  }
  const machines = ['n1', 'n2', 'n3'].map(name => cluster.machine(name))
  await cluster.until(Promise.all(machines.map(machine => machine.start({ ...shared, ...flags[machine.name] }))))
  const key = (): Uint8Array => bytesOf(`k${random.below(40)}`)
  const one = async (): Promise<unknown> => {
    const up = cluster.running
    const machine = up[random.below(up.length)] as Machine
    const id = BigInt(1 + random.below(8))
    switch (random.below(10)) {
      case 0:
        return machine.call(KV.deleteRange, { key: key(), rangeEnd: random.below(2) === 0 ? bytesOf('k2') : undefined })
      case 1:
        return machine.call(Lease.leaseGrant, { id, ttl: 5 + random.below(1000) })
      case 2:
        return machine.call(Lease.leaseRevoke, { id })
      case 3: {
        const { header } = await machine.call(KV.range, { key: key(), serializable: true })
        return machine.call(KV.compact, { revision: (header?.revision ?? 1) - random.below(20), physical: false })
      }
      case 4:
        return machine.call(KV.txn, {
          compare: [{ key: key(), target: CompareTarget.VERSION, version: random.below(3) }],
          success: [{ requestPut: { key: key(), value: bytesOf('t'), prevKv: true } }],
          failure: [{ requestDeleteRange: { key: key() } }],
        })
      case 5:
        return machine.call(KV.put, { key: key(), value: bytesOf('l'), lease: id })
      case 6: {
        const full = { memberId: (machines[1] as Machine).member.id, alarm: AlarmType.NOSPACE }
        return machine.call(Maintenance.alarm, { action: Action.DEACTIVATE, ...full })
      }
      default:
        return machine.call(KV.put, { key: key(), value: new Uint8Array(random.below(3000)) })
    }
  }
  let full = 0
  for (let round = 0; round < 60; round++) {
    await Promise.all(Array.from({ length: 60 }, () => one().catch(() => {})))
    if (cluster.leading !== undefined && within(cluster.leading).state.alarms.has(AlarmType.NOSPACE)) full++
    const down = machines.find(machine => !machine.isUp)
    if (down !== undefined && random.below(3) === 0) await cluster.until(down.start())
    else if (down === undefined && random.below(4) === 0) (machines[random.below(3)] as Machine).crash()
    await cluster.advance(2000)
  }
  for (const machine of machines) if (!machine.isUp) await cluster.until(machine.start())
  await writeMany(2200)
  await cluster.advance(150_000)
  const active = await alarms(cluster.leader)
  expect(active.filter(alarm => alarm.includes('CORRUPT'))).toEqual([])
  // Nothing was found because there was nothing, not because nobody looked.
  const newest = machines.map(machine => within(machine).effects.newest)
  expect(newest[0]).toBeDefined()
  expect(newest[1]).toEqual(newest[0])
  expect(newest[2]).toEqual(newest[0])
  expect(logged('finished peer corruption check').length).toBeGreaterThan(3)
  expect(logged('successfully checked hash on whole cluster').length).toBeGreaterThan(0)
  expect(logged('applied snapshot').length).toBeGreaterThan(0)
  expect(full).toBeGreaterThan(0)
  expect(machines.flatMap(({ fatal }) => fatal)).toEqual([])
  await cluster.stop()
})
