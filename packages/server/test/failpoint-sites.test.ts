import { Cluster as ClusterService, KV, Lease, Watch } from '@kvs/proto/rpc'
import { afterEach, describe, expect, test } from 'vitest'
import { Failpoints } from '../src/failpoints/failpoints.ts'
import { type FailpointName, failpointNames, failpointPlaces } from '../src/failpoints/names.ts'
import { Cluster, type Machine } from './cluster.ts'
import { backendFailpoints } from './failpoint-names.ts'
import { bytesOf } from './messages.ts'

/**
 * Members of a cluster in virtual time are brought to each failpoint, but for those in a state file of LMDB
 * (`failpoint-backend.test.ts`).
 */

let cluster = new Cluster()
afterEach(() => cluster.close())

const sleepMs = 900
const key = bytesOf('k')
const put = (machine: Machine, value = 'v') => machine.call(KV.put, { key, value: bytesOf(value) })

interface Scenario {
  /** Who comes to the failpoint. */
  readonly who: 'leader' | 'follower'
  /** What must not have happened while the sleep lasts; it resolves when it has. */
  readonly act: (machine: Machine) => Promise<unknown>
}

const write: Scenario = { who: 'leader', act: leader => put(leader) }

/** The member was away, and the log of the others begins behind what it has. */
const catchUp: Scenario = {
  who: 'follower',
  act: async machine => {
    const { failpoints } = machine
    machine.crash()
    for (let i = 0; i < 12; i++) await put(cluster.leader, `${i}`)
    machine.failpoints = failpoints
    machine.start().catch(() => {})
    const released = (): boolean => cluster.log.some(({ message }) => message === 'applied snapshot')
    await cluster.untilHolds(released)
    // Segments are given up behind the exchange.
    await cluster.advance(2 * sleepMs)
  },
}

const compact: Scenario = {
  who: 'leader',
  act: async leader => {
    for (let i = 0; i < 20; i++) await put(leader, `${i}`)
    const { header } = await leader.call(KV.range, { key })
    await leader.call(KV.compact, { revision: header?.revision ?? 0, physical: true })
    await cluster.advance(1000)
  },
}

const scenarios: Partial<Record<FailpointName, Scenario>> = {
  raftBeforeLeaderSend: write,
  raftBeforeFollowerSend: { who: 'follower', act: follower => put(follower) },
  raftBeforeSave: write,
  raftAfterSave: write,
  raftBeforeSaveSnap: catchUp,
  raftAfterSaveSnap: catchUp,
  raftBeforeApplySnap: catchUp,
  raftAfterApplySnap: catchUp,
  applyBeforeOpenSnapshot: catchUp,
  applyAfterOpenSnapshot: catchUp,
  raftAfterWALRelease: catchUp,
  beforeApplyOneEntryNormal: write,
  beforeApplyOneConfChange: {
    who: 'leader',
    act: leader => leader.call(ClusterService.memberAdd, { peerUrls: ['http://127.0.0.1:9'], isLearner: true }),
  },
  compactBeforeCommitScheduledCompact: compact,
  compactAfterCommitScheduledCompact: compact,
  compactAfterAcquiredBatchTxLock: compact,
  compactBeforeCommitBatch: compact,
  compactAfterCommitBatch: compact,
  compactBeforeSetFinishedCompact: compact,
  compactAfterSetFinishedCompact: compact,
  beforeSendWatchResponse: {
    who: 'follower',
    act: async follower => {
      const stream = follower.stream(Watch.watch)
      stream.send({ createRequest: { key } })
      expect(await cluster.until(stream.next())).toMatchObject({ created: true })
      await put(cluster.leader)
      expect((await cluster.until(stream.next())).events).toHaveLength(1)
    },
  },
  beforeCheckpointInLeaseRenew: {
    who: 'leader',
    act: async leader => {
      await leader.call(Lease.leaseGrant, { id: 7n, ttl: 60 })
      const stream = leader.stream(Lease.leaseKeepAlive)
      stream.send({ id: 7n })
      expect((await cluster.until(stream.next())).ttl).toBe(60)
    },
  },
}

const blocked: number[] = []

function newFailpoints(): Failpoints {
  return new Failpoints({
    setTimer: (delayMs, callback) => cluster.clock.setTimer(delayMs, callback),
    block: durationMs => blocked.push(durationMs),
    random: () => 0,
    crash: line => {
      throw new Error(line)
    },
    print: () => {},
  })
}

/** Three members, in which a late one needs a snapshot and a scrub has several batches; the one that is to be held. */
async function found(who: Scenario['who']): Promise<Machine> {
  cluster = new Cluster(7)
  for (const name of ['n1', 'n2', 'n3']) cluster.machine(name).failpoints = newFailpoints()
  await cluster.found(3, {
    snapshotCount: 5,
    snapshotCatchupEntries: 0,
    compactionBatchLimit: 3,
    strictReconfigCheck: false,
  })
  return who === 'leader' ? cluster.leader : (cluster.followers[0] as Machine)
}

describe('a member comes to', () => {
  test.each(Object.entries(scenarios))('%s', async (name, { who, act }) => {
    const machine = await found(who)
    const { failpoints } = machine as { failpoints: Failpoints }
    failpoints.set(name, 'off')
    await act(machine)
    expect(failpoints.status(name).count).toBeGreaterThan(0)
    for (const { fatal } of cluster.machines.values()) expect(fatal).toEqual([])
    await cluster.stop()
  })
})

const waiting = (Object.entries(scenarios) as [FailpointName, Scenario][]).filter(
  ([name]) => failpointPlaces[name].sleep === 'waits',
)

describe('a sleep holds back what is behind it, reads of the member go on, and nothing is lost', () => {
  test.each(waiting)('%s', async (name, { who, act }) => {
    const machine = await found(who)
    await put(machine, 'before')
    const { failpoints } = machine as { failpoints: Failpoints }
    failpoints.set(name, `1*sleep(${sleepMs})`)
    const beganMs = cluster.clock.now()
    const acted = act(machine)
    await cluster.untilHolds(() => failpoints.status(name).count > 0)
    const heldMs = cluster.clock.now()
    if (machine.isUp) {
      expect((await machine.call(KV.range, { key, serializable: true })).kvs).toHaveLength(1)
      expect(cluster.clock.now() - heldMs, 'a read was held up').toBeLessThan(sleepMs / 2)
    }
    await acted
    expect(cluster.clock.now() - beganMs).toBeGreaterThanOrEqual(sleepMs)
    await put(machine, 'after')
    const { kvs } = await machine.call(KV.range, { key })
    expect(new TextDecoder().decode(kvs[0]?.value)).toBe('after')
    for (const { fatal } of cluster.machines.values()) expect(fatal).toEqual([])
    await cluster.stop()
  })
})

test('the other places block, for as long as they were told', async () => {
  blocked.length = 0
  const machine = await found('leader')
  const names = ['compactBeforeCommitScheduledCompact', 'compactBeforeSetFinishedCompact'] as const
  for (const name of names) machine.failpoints?.set(name, '1*sleep("1.5s")')
  await compact.act(machine)
  expect(blocked).toEqual([1500, 1500])
  await cluster.stop()
})

test('while a leader may not send, its followers elect another, and what it had taken is not lost', async () => {
  const old = await found('leader')
  old.failpoints?.set('raftBeforeLeaderSend', '1*sleep("10s")')
  const late = put(old, 'late').catch(() => {})
  const leader = await cluster.otherLeader(old)
  await put(leader, 'of the next')
  await cluster.advance(12_000)
  await late
  for (const machine of cluster.machines.values()) {
    const { kvs } = await machine.call(KV.range, { key })
    expect(new TextDecoder().decode(kvs[0]?.value)).toBe('of the next')
  }
  await cluster.stop()
})

test('a log that hangs is a reason to be unhealthy, for a member that leads alone too', async () => {
  cluster = new Cluster(8)
  const machine = cluster.machine('n1')
  machine.failpoints = newFailpoints()
  await cluster.found(1)
  machine.failpoints.set('raftBeforeSave', 'sleep("20s")')
  put(machine).catch(() => {})
  await cluster.advance(100)
  const ask = async (url: string): Promise<number> => {
    const [path = '', query = ''] = url.split('?')
    const nothing = { header: () => undefined, headers: [], remote: '', isEncrypted: false, commonName: undefined }
    const noBody = async function* (): AsyncGenerator<Uint8Array> {}
    const head = { method: 'GET', path, query, ...nothing }
    const answer = machine.member.handleHttp(head, noBody(), new AbortController().signal)
    return (await cluster.until(Promise.resolve(answer))).status
  }
  expect(await ask('/health?serializable=true')).toBe(200)
  expect(await ask('/livez')).toBe(200)
  expect(await ask('/health')).toBe(503)
  machine.failpoints.remove('raftBeforeSave')
  await cluster.advance(20_000)
  expect(await ask('/readyz')).toBe(200)
  await cluster.stop()
})

test('a lease that runs out while its renewal is held up is not renewed', async () => {
  const leader = await found('leader')
  await leader.call(Lease.leaseGrant, { id: 7n, ttl: 2 })
  await leader.call(KV.put, { key, lease: 7n })
  leader.failpoints?.set('beforeCheckpointInLeaseRenew', 'sleep("4s")')
  const stream = leader.stream(Lease.leaseKeepAlive)
  stream.send({ id: 7n })
  expect((await cluster.until(stream.next())).ttl).toBe(0)
  expect((await leader.call(KV.range, { key })).kvs).toEqual([])
  await cluster.stop()
})

test('every failpoint has a scenario, here or with the state file', () => {
  const here = failpointNames.filter(name => scenarios[name] !== undefined)
  expect([...here, ...backendFailpoints].toSorted()).toEqual(failpointNames.toSorted())
})
