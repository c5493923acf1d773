import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Message, MessageType } from '@kvs/proto/raft'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPeerClient, RaftHttpError } from '../src/index.ts'
import { Cluster, type TestMember, testMessage } from '../src/testing/world.ts'
import { DriverWorld, systemClock } from './worlds.ts'

const hasEtcd = spawnSync('etcd', ['--version']).status === 0

function first8(...parts: readonly (string | Uint8Array)[]): bigint {
  const hash = createHash('sha1')
  for (const part of parts) hash.update(part)
  return hash.digest().readBigUInt64BE()
}

function bigEndian(id: bigint): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(id)
  return bytes
}

/** A cluster of two: a real etcd, and a member that is only a transport. */
describe.skipIf(!hasEtcd)('beside a real etcd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-rafthttp-'))
  const world = new DriverWorld()
  const cluster = new Cluster(world)
  let etcd: ChildProcess
  let member: TestMember
  let realId = 0n
  let clusterId = 0n
  let url = ''
  let wireOf: TestMember['place']

  beforeAll(async () => {
    const [real, ours, client] = [await world.place('real'), await world.place('ours'), await world.place('client')]
    url = real.url
    wireOf = client
    realId = first8(real.url, 'etcd-cluster')
    const ownId = first8(ours.url, 'etcd-cluster')
    const ids = [realId, ownId].sort((a, b) => (a < b ? -1 : 1))
    clusterId = first8(...ids.map(bigEndian))
    member = await cluster.memberAt(ours, ownId, { clusterId })
    const flags = {
      name: 'real',
      'data-dir': join(folder, 'real.etcd'),
      'listen-peer-urls': real.url,
      'initial-advertise-peer-urls': real.url,
      'listen-client-urls': client.url,
      'advertise-client-urls': client.url,
      'initial-cluster': `real=${real.url},ours=${ours.url}`,
      'heartbeat-interval': '20',
      'election-timeout': '100',
    }
    etcd = spawn(
      'etcd',
      Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      { stdio: 'ignore' },
    )
    member.transport.addPeer(realId, [real.url])
  })

  afterAll(async () => {
    etcd?.kill('SIGKILL')
    await cluster.end()
    rmSync(folder, { recursive: true, force: true })
  })

  const ofType = (type: number): Message | undefined => member.received.find(message => message.type === type)

  test('its messages come by POST, ours are taken, and it counts our vote', async () => {
    await world.until('a request for our vote', () => ofType(MessageType.MsgVote) !== undefined)
    const vote = ofType(MessageType.MsgVote) as Message
    expect([vote.from, vote.to]).toEqual([realId, member.id])
    const answer = testMessage(MessageType.MsgVoteResp, { from: member.id, to: realId })
    // It may have asked again in the meantime: every term is answered.
    const votes = setInterval(() => {
      const newest = member.received.filter(({ type }) => type === MessageType.MsgVote).at(-1) as Message
      member.send({ ...answer, term: newest.term })
    }, 10)
    // Not its first append: that may have gone into a stream that we have just refused.
    await world.until('its heartbeats as leader', () => ofType(MessageType.MsgHeartbeat) !== undefined)
    clearInterval(votes)
    expect(member.transport.state.peers[0]?.traffic.sentBytes).toBeGreaterThan(0)
    const missing = member.log.find(({ message }) => message.includes('does not ask for a WebSocket'))
    expect(missing?.fields['remote-peer-server-version']).toMatch(/^3\./)
    const refused = member.log.find(({ fields }) => String(fields['error']).includes('HTTP stream'))
    expect(refused?.fields['error']).toContain('this member reads WebSockets only')
  })

  test('it is probed', async () => {
    await world.until('a probe', () => member.transport.state.peers[0]?.probe.isHealthy === true)
    expect(Math.abs(member.transport.state.peers[0]?.probe.clockDifferenceMs ?? 1e9)).toBeLessThan(1000)
  })

  test('it answers the questions of a member', async () => {
    const client = createPeerClient({ wire: wireOf.wire, clock: systemClock, clusterId })
    const members = await client.members([url])
    expect(members.clusterId).toBe(clusterId)
    expect(members.json).toContain(`"id":${realId}`)
    expect(JSON.parse(await client.version([url]))).toMatchObject({ etcdserver: expect.stringMatching(/^3\./) })
    const refused = (error: unknown): boolean =>
      error instanceof RaftHttpError && [400, 404].includes(error.status ?? 0)
    await expect(client.renewLease([url], 7n)).rejects.toSatisfy(refused)
    const hash = await client.hashKv([url], 0)
    // Nothing was compacted yet: -1 in this version.
    expect([hash.revision, hash.compactRevision]).toEqual([1, -1])
  })

  test('it refuses another cluster', async () => {
    const stranger = await cluster.member(5n, { clusterId: 77n })
    stranger.transport.addPeer(realId, [url])
    const line = 'request sent was ignored by remote peer due to cluster ID mismatch'
    await world.until('its refusal', () => stranger.hasLogged(line))
    const fields = stranger.log.find(({ message }) => message === line)?.fields
    expect(fields?.['remote-peer-cluster-id']).toBe(clusterId.toString(16))
  })
})
