import * as assert from 'node:assert/strict'
import { RaftHttpError } from '../errors.ts'
import { createPeerClient, type PeerClient } from '../peer-client.ts'
import { type Cluster, clusterId, type NamedCheck, type TestMember } from './world.ts'

async function asking(cluster: Cluster): Promise<{ client: PeerClient; member: TestMember; urls: readonly string[] }> {
  const member = await cluster.member(1n)
  const { wire } = await cluster.world.place('asker')
  const client = createPeerClient({ wire, clock: cluster.world.clock, clusterId })
  return { client, member, urls: [member.place.url] }
}

const refusal = (status: number, text: string) => (error: unknown) =>
  error instanceof RaftHttpError && error.code === 'REFUSED' && error.status === status && error.message === text

export const serviceCases: readonly NamedCheck[] = [
  [
    'members are listed, with the id of their cluster',
    async cluster => {
      const { client, member, urls } = await asking(cluster)
      const json = '[{"id":10276657743932975437,"peerURLs":["http://127.0.0.1:2380"],"name":"default"}]'
      member.services = { membersJson: () => json }
      assert.deepEqual(await cluster.outcome(client.members(urls)), { json, clusterId })
      assert.match(await cluster.outcome(client.version(urls)), /"etcdserver":"3.7.1"/)
    },
  ],
  [
    'the first URL that answers counts',
    async cluster => {
      const { client, urls } = await asking(cluster)
      const nobody = await cluster.world.place('nobody')
      assert.equal((await cluster.outcome(client.members([nobody.url, ...urls]))).json, '[]')
      const code = (wanted: string) => (error: unknown) => error instanceof RaftHttpError && error.code === wanted
      await assert.rejects(cluster.outcome(client.members([nobody.url])), code('UNREACHABLE'))
      await assert.rejects(cluster.outcome(client.members([])), code('UNREACHABLE'))
    },
  ],
  [
    'learners are promoted for the user who asks',
    async cluster => {
      const { client, member, urls } = await asking(cluster)
      const asked: unknown[] = []
      member.services = {
        promote: (id, token) => {
          asked.push(id, token)
          if (id !== 7n) throw new RaftHttpError('REFUSED', 'membership: ID not found', { status: 404 })
          return Promise.resolve('[]')
        },
      }
      assert.equal(await cluster.outcome(client.promote(urls, { id: 7n, token: 'name.7' })), '[]')
      await assert.rejects(
        cluster.outcome(client.promote(urls, { id: 2n ** 64n - 1n })),
        refusal(404, 'membership: ID not found'),
      )
      assert.deepEqual(asked, [7n, 'name.7', 2n ** 64n - 1n, undefined])
    },
  ],
  [
    'hashes are compared within one cluster',
    async cluster => {
      const { client, member, urls } = await asking(cluster)
      const hash = { clusterId, memberId: 2n ** 63n + 1n, revision: 9, raftTerm: 2, hash: 0xfedcba98 }
      const full = { ...hash, compactRevision: 0, hashRevision: 8 }
      member.services = {
        hashKv: revision => {
          if (revision === 3) {
            const text = 'mvcc: required revision has been compacted'
            throw new RaftHttpError('REFUSED', text, { status: 400 })
          }
          return Promise.resolve({ ...full, revision: 9 + revision })
        },
      }
      assert.deepEqual(await cluster.outcome(client.hashKv(urls, 0)), full)
      assert.equal((await cluster.outcome(client.hashKv(urls, 8))).revision, 17)
      await assert.rejects(
        cluster.outcome(client.hashKv(urls, 3)),
        refusal(400, 'mvcc: required revision has been compacted'),
      )
      const { wire } = await cluster.world.place('stranger')
      const stranger = createPeerClient({ wire, clock: cluster.world.clock, clusterId: 5n })
      await assert.rejects(cluster.outcome(stranger.hashKv(urls, 0)), { code: 'CLUSTER_ID_MISMATCH' })
    },
  ],
  [
    'leases are renewed and looked up once this member has applied everything',
    async cluster => {
      const { client, member, urls } = await asking(cluster)
      const key = new TextEncoder().encode('key')
      const services = {
        renewLease: (id: bigint): number => {
          if (id !== -5n) throw new RaftHttpError('REFUSED', 'lease not found', { status: 404 })
          return 30
        },
        leaseTimes: (_id: bigint, wantsKeys: boolean) => ({
          ttlSeconds: 7,
          grantedTtlSeconds: 30,
          keys: wantsKeys ? [key] : [],
        }),
      }
      member.services = services
      assert.equal(await cluster.outcome(client.renewLease(urls, -5n)), 30)
      await assert.rejects(cluster.outcome(client.renewLease(urls, 6n)), refusal(404, 'lease not found'))
      const times = await cluster.outcome(client.leaseTimes(urls, { id: -5n, wantsKeys: true }))
      assert.deepEqual([times.ttlSeconds, times.grantedTtlSeconds, [...(times.keys[0] ?? [])]], [7, 30, [...key]])
      assert.deepEqual((await cluster.outcome(client.leaseTimes(urls, { id: -5n, wantsKeys: false }))).keys, [])
      member.services = { ...services, applied: () => new Promise(() => undefined) }
      const late = 'waiting for node to catch up its applied index has timed out'
      await assert.rejects(cluster.outcome(client.renewLease(urls, -5n)), refusal(408, late))
    },
  ],
  [
    'downgrades are told behind a linearizable read',
    async cluster => {
      const { client, member, urls } = await asking(cluster)
      member.services = { downgradeEnabled: () => Promise.resolve(true) }
      assert.equal(await cluster.outcome(client.downgradeEnabled(urls)), true)
      member.services = { downgradeEnabled: () => Promise.reject(new Error('no leader')) }
      await assert.rejects(
        cluster.outcome(client.downgradeEnabled(urls)),
        refusal(500, 'failed linearized read: no leader'),
      )
    },
  ],
  [
    'rows of a host’s own are asked for by their path',
    async cluster => {
      const { client, urls } = await asking(cluster)
      assert.equal(await cluster.outcome(client.get(urls, '/version')), await cluster.outcome(client.version(urls)))
      await assert.rejects(cluster.outcome(client.get(urls, '/nowhere')), refusal(404, '404 page not found'))
    },
  ],
  [
    'a member that does not answer is not waited for',
    async cluster => {
      const { client, member, urls } = await asking(cluster)
      member.services = { downgradeEnabled: () => new Promise(() => undefined) }
      await assert.rejects(cluster.outcome(client.downgradeEnabled(urls, { timeoutMs: 200 })), { code: 'TIMEOUT' })
    },
  ],
]
