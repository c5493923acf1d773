import type { GrpcError } from '@kvs/grpc'
import { Health } from '@kvs/proto/health'
import { Cluster as ClusterService, KV, Lease, Maintenance, Watch } from '@kvs/proto/rpc'
import { afterEach, expect, test } from 'vitest'
import { Cluster, type Machine } from './cluster.ts'
import { addAndStart, put } from './membership.ts'
import { bytesOf } from './messages.ts'

let cluster: Cluster
afterEach(() => cluster.close())

const needsLeader = { metadata: [['hasleader', 'true']] } as const
const noLeader = '14 etcdserver: no leader'
const read = { key: bytesOf('a'), serializable: true }

/** Cuts a member off until it no longer knows a leader. */
async function leaveAlone(machine: Machine): Promise<void> {
  const others = [...cluster.machines.keys()].filter(name => name !== machine.name)
  cluster.network.partition([machine.name], others)
  await cluster.untilHolds(() => leadOf(machine) === '0')
}

const aFollower = (): Machine => cluster.followers[1] as Machine

async function* noBody(): AsyncGenerator<Uint8Array> {}

async function httpGet({ member }: Machine, path: string): Promise<string> {
  const head = { method: 'GET', path, query: '', header: () => undefined, headers: [] }
  const request = { ...head, remote: '', isEncrypted: false, commonName: undefined }
  const { status, body } = await member.handleHttp(request, noBody(), new AbortController().signal)
  return `${status} ${new TextDecoder().decode(body as Uint8Array)}`
}

function leadOf({ member }: Machine): string {
  return (JSON.parse(member.raftStatusJson()) as { readonly lead: string }).lead
}

/** Opens a stream with metadata, and tells how it ended. */
function ended(machine: Machine, path: string, first: Uint8Array, metadata = needsLeader): Promise<string> {
  return new Promise(resolve => {
    const end = (error: GrpcError | undefined): void =>
      resolve(error === undefined ? 'ok' : `${error.code} ${error.message}`)
    const stream = machine.channel.stream(path, { message: () => {}, end }, metadata)
    stream.send(first, 0, first.length)
  })
}

const created = Watch.watch.encodeRequest({ createRequest: { key: bytesOf('a') } })

test('who needs a leader is told at once that there is none, and others are answered', async () => {
  cluster = new Cluster(1)
  await cluster.found(3)
  await put(cluster.leader, 'a', '1')
  await cluster.advance(200)
  for (const machine of cluster.running) {
    expect((await machine.call(KV.range, read, needsLeader)).kvs).toHaveLength(1)
  }
  const alone = aFollower()
  await leaveAlone(alone)
  const startMs = cluster.clock.now()
  await expect(alone.call(KV.range, read, needsLeader)).rejects.toMatchObject({
    message: 'etcdserver: no leader',
    code: 14,
  })
  await expect(alone.call(KV.put, { key: bytesOf('a') }, needsLeader)).rejects.toThrow('no leader')
  await expect(alone.call(ClusterService.memberList, {}, needsLeader)).rejects.toThrow('no leader')
  await expect(alone.call(Health.check, {}, needsLeader)).rejects.toThrow('no leader')
  expect((await alone.call(KV.range, read)).kvs).toHaveLength(1)
  expect((await alone.call(KV.range, read, { metadata: [['hasleader', 'false']] })).kvs).toHaveLength(1)
  expect(await cluster.until(ended(alone, Watch.watch.path, created))).toBe(noLeader)
  expect(cluster.clock.now() - startMs).toBeLessThan(300)
  cluster.network.heal()
  await cluster.untilHolds(() => leadOf(alone) !== '0')
  await alone.call(KV.put, { key: bytesOf('a') }, needsLeader)
  await cluster.stop()
})

test('streams that need a leader end after three election timeouts without one', async () => {
  cluster = new Cluster(2)
  await cluster.found(3)
  await put(cluster.leader, 'a', '1')
  const alone = aFollower()
  const ends: string[] = []
  const note = (name: string, end: Promise<string>): void => {
    void end.then(reason => ends.push(`${name}: ${reason}`))
  }
  note('watch', ended(alone, Watch.watch.path, created))
  note('lease', ended(alone, Lease.leaseKeepAlive.path, Lease.leaseKeepAlive.encodeRequest({ id: 5n })))
  // Those that have ended are let go.
  for (let i = 0; i < 200; i++) {
    const stream = alone.channel.stream(Watch.watch.path, { message: () => {}, end: () => {} }, needsLeader)
    stream.send(created, 0, created.length)
    await cluster.advance(1)
    stream.cancel()
  }
  const free = alone.stream(Watch.watch)
  free.send({ createRequest: { key: bytesOf('a') } })
  await cluster.advance(100)
  // A leader that comes back in time saves them.
  await leaveAlone(alone)
  await cluster.advance(2500)
  expect(ends).toEqual([])
  cluster.network.heal()
  await cluster.untilHolds(() => leadOf(alone) !== '0')
  await cluster.advance(5000)
  expect(ends).toEqual([])
  await leaveAlone(alone)
  await cluster.advance(2900)
  expect(ends).toEqual([])
  await cluster.advance(200)
  expect(ends.sort()).toEqual([`lease: ${noLeader}`, `watch: ${noLeader}`])
  cluster.network.heal()
  await cluster.untilHolds(() => leadOf(alone) !== '0')
  await put(alone, 'a', '2')
  await cluster.advance(100)
  // The watcher of a stream that was ended is gone, that of the other has its event.
  expect(free.received.flatMap(({ events }) => events)).toHaveLength(1)
  free.cancel()
  await cluster.stop()
})

test('a learner serves what needs no vote, and no streams but backups', async () => {
  cluster = new Cluster(3)
  await cluster.found(3)
  await cluster.advance(5000)
  await put(cluster.leader, 'a', '1')
  const learner = await addAndStart(cluster, cluster.leader, 'n4', true)
  const refused = '9 etcdserver: rpc not supported for learner'
  expect((await learner.call(KV.range, read)).kvs).toHaveLength(1)
  expect(await learner.refusal(KV.range, { key: bytesOf('a') })).toBe(refused)
  expect(await learner.refusal(Health.check, {})).toBe(refused)
  expect(await learner.refusal(Maintenance.hashKV, {})).toBe(refused)
  expect(await learner.refusal(Maintenance.alarm, {})).toBe(refused)
  expect(await learner.refusal(Lease.leaseGrant, { ttl: 5 })).toBe(refused)
  for (const [path, first] of [
    [Watch.watch.path, created],
    [Lease.leaseKeepAlive.path, Lease.leaseKeepAlive.encodeRequest({ id: 5n })],
    [KV.rangeStream.path, KV.rangeStream.encodeRequest(read)],
  ] as const) {
    expect(await cluster.until(ended(learner, path, first))).toBe(refused)
  }
  const backup = learner.stream(Maintenance.snapshot)
  backup.send({})
  expect(await cluster.until(backup.ended)).toBe(undefined)
  expect(backup.received.length).toBeGreaterThan(1)
  const get = (path: string): Promise<string> => cluster.until(httpGet(learner, path))
  expect(await get('/readyz')).toContain('[-]non_learner failed: not supported for learner')
  expect(await get('/readyz/non_learner')).toBe('503 [-]non_learner failed: not supported for learner\n\n')
  expect(await get('/livez')).toBe('200 ok\n')
  expect(await get('/health')).toBe('200 {"health":"true","reason":""}')
  expect(await get('/readyz/linearizable_read')).toBe('200 ok\n')
  await cluster.advance(2000)
  await cluster.leader.call(ClusterService.memberPromote, { id: learner.member.id })
  expect(await get('/readyz')).toBe('200 ok\n')
  expect((await learner.call(Health.check, {})).status).toBe(1)
  await cluster.stop()
})
