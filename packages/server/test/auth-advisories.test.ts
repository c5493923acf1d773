import { createHmac } from 'node:crypto'
import { Auth, Cluster, KV, Lease, Maintenance, type TxnRequestInit, Watch } from '@kvs/proto/rpc'
import { afterEach, expect, test } from 'vitest'
import { addUser, bytes, Identity, permissionTypes, startWithAuth } from './auth-world.ts'
import type { World } from './member.ts'

/** What has gone wrong in etcd once: an advisory each (reliability.md 7.3). */

const empty = 'etcdserver: user name is empty'
const denied = 'etcdserver: permission denied'

let opened: World | undefined
const started: typeof startWithAuth = async (...options) => {
  const all = await startWithAuth(...options)
  opened = all.world
  return all
}
afterEach(() => opened?.close())

function signed(claims: object, secret: Uint8Array): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const content = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
}

test('CVE-2018-16886: the certificate of a gateway is not that of its caller', async () => {
  const { member } = await started({ clientCertAuth: true })
  const direct = new Identity(member, { commonName: 'root' })
  expect(await direct.outcome(Auth.userList, {})).toBe('ok')
  const through = new Identity(member, { commonName: 'root' })
  const call = through.channel.call(Auth.userList.path, Auth.userList.encodeRequest({}), {
    metadata: [['grpcgateway-accept', '*/*']],
  })
  await expect(call).rejects.toThrow(empty)
})

test('CVE-2021-28235, GHSA-xr7q-jx4m-x55m: lines about slow and refused requests show no password and no token', async () => {
  const slow = { warningApplyDurationMs: -1, warningUnaryRequestDurationMs: -1 }
  const { world, root, nobody } = await started(slow)
  const alice = await addUser(root, 'alice', { type: 'read', key: 'a' })
  await alice.outcome(KV.put, { key: bytes('b') })
  await root.call(Auth.userChangePassword, { name: 'alice', password: 'canary-password' })
  await nobody.outcome(Auth.authenticate, { name: 'alice', password: 'canary-wrong' })
  await nobody.call(Auth.authenticate, { name: 'alice', password: 'canary-password' })
  const lines = JSON.stringify(world.log, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
  expect(lines).toMatch(/username:\\+"alice/)
  const [[, token] = ['', '']] = alice.metadata
  for (const secret of ['canary', 'alice-password', token.slice(0, 16)]) {
    expect([secret, lines.includes(secret)]).toEqual([secret, false])
  }
})

test('CVE-2023-32082: keys of a lease are told to those who may read them', async () => {
  const { root } = await started()
  const alice = await addUser(root, 'alice', { type: 'read', key: 'a' })
  await root.call(Lease.leaseGrant, { id: 7n, ttl: 100 })
  await root.call(KV.put, { key: bytes('secret'), lease: 7n })
  expect(await alice.outcome(Lease.leaseTimeToLive, { id: 7n, keys: true })).toBe(denied)
  expect((await alice.call(Lease.leaseTimeToLive, { id: 7n })).keys).toEqual([])
  expect(await alice.outcome(Lease.leaseLeases, {})).toBe(denied)
})

test('etcd 15656: signed tokens with claims missing are refused, and nothing breaks', async () => {
  const secret = bytes('a secret of thirty-two bytes....')
  const { world, member } = await started({ authToken: 'jwt,sign-method=HS256' }, { tokenKeys: { privateKey: secret } })
  for (const claims of [{}, { username: 'root' }, { revision: 5 }, { username: 7, revision: 'x' }]) {
    const token = signed({ exp: 4_000_000_000, ...claims }, secret)
    const outcome = await new Identity(member, { token }).outcome(KV.put, { key: bytes('a') })
    expect([claims, outcome]).toEqual([claims, 'etcdserver: invalid auth token'])
  }
  const good = signed({ exp: 4_000_000_000, username: 'root', revision: 3 }, secret)
  expect(await new Identity(member, { token: good }).outcome(KV.put, { key: bytes('a') })).toBe('ok')
  expect(world.fatal).toEqual([])
})

test('etcd 15619: a permission of no range is refused', async () => {
  const { root } = await started()
  await root.call(Auth.roleAdd, { name: 'r' })
  for (const [key, end] of [
    ['', ''],
    ['', '\0'],
    ['b', 'a'],
    ['b', 'b'],
  ] as const) {
    const perm = { permType: permissionTypes.read, key: bytes(key), rangeEnd: bytes(end) }
    expect(await root.outcome(Auth.roleGrantPermission, { name: 'r', perm })).toBe(
      'etcdserver: invalid auth management',
    )
  }
})

test('CVE-2026-33413: nobody compacts, raises alarms, lists members or handles leases without saying who he is', async () => {
  const { root, nobody } = await started()
  await root.call(Lease.leaseGrant, { id: 7n, ttl: 100 })
  expect(await nobody.outcome(KV.compact, { revision: 1 })).toBe(empty)
  expect(await nobody.outcome(Maintenance.alarm, {})).toBe(empty)
  expect(await nobody.outcome(Maintenance.alarm, { action: 1, alarm: 1, memberId: 1n })).toBe(empty)
  expect(await nobody.outcome(Cluster.memberList, {})).toBe(empty)
  expect(await nobody.outcome(Lease.leaseGrant, { ttl: 100 })).toBe(empty)
  expect(await nobody.outcome(Lease.leaseRevoke, { id: 7n })).toBe(empty)
  expect((await nobody.stream(Lease.leaseKeepAlive, [{ id: 7n }], 1)).error).toBe(empty)
  const alice = await addUser(root, 'alice', { type: 'readwrite', key: '\0', end: '\0' })
  expect(await alice.outcome(KV.compact, { revision: 1 })).toBe(denied)
  expect((await root.call(Lease.leaseLeases, {})).leases).toMatchObject([{ id: 7n }])
})

test('CVE-2026-33343: transactions inside transactions are looked into, in both branches', async () => {
  const { root } = await started()
  const alice = await addUser(root, 'alice', { type: 'readwrite', key: 'a', end: 'b' })
  const wrap = (inner: TxnRequestInit, depth: number): TxnRequestInit =>
    depth === 0 ? inner : wrap({ success: [{ requestTxn: inner }] }, depth - 1)
  const put = { requestPut: { key: bytes('secret') } }
  const get = { requestRange: { key: bytes('secret') } }
  const erase = { requestDeleteRange: { key: bytes('a'), rangeEnd: bytes('z') } }
  const compare = [{ key: bytes('secret') }]
  for (const depth of [1, 2, 3]) {
    for (const inner of [
      { success: [put] },
      { failure: [put] },
      { success: [get] },
      { failure: [erase] },
      { compare },
    ]) {
      expect(await alice.outcome(KV.txn, wrap(inner, depth))).toBe(denied)
    }
    expect(await alice.outcome(KV.txn, wrap({ success: [{ requestPut: { key: bytes('a1') } }] }, depth))).toBe('ok')
  }
})

test('CVE-2026-44283: a put in a transaction is checked as one alone, for its lease and its previous value', async () => {
  const { root } = await started()
  const alice = await addUser(root, 'alice', { type: 'write', key: 'a', end: 'b' })
  await root.call(Lease.leaseGrant, { id: 7n, ttl: 100 })
  await root.call(KV.put, { key: bytes('secret'), lease: 7n })
  for (const requestPut of [
    { key: bytes('a'), prevKv: true },
    { key: bytes('a'), lease: 7n },
  ]) {
    expect(await alice.outcome(KV.put, requestPut)).toBe(denied)
    expect(await alice.outcome(KV.txn, { success: [{ requestPut }] })).toBe(denied)
    expect(await alice.outcome(KV.txn, { failure: [{ requestPut }] })).toBe(denied)
  }
  expect(await alice.outcome(KV.txn, { success: [{ requestPut: { key: bytes('a') } }] })).toBe('ok')
})

test('CVE-2026-73499: watching from a key on needs more than that key', async () => {
  const { root } = await started()
  const alice = await addUser(root, 'alice', { type: 'read', key: 'a' })
  const createRequest = { key: bytes('a'), rangeEnd: bytes('\0') }
  const { answers } = await alice.stream(Watch.watch, [{ createRequest }], 1)
  expect(answers).toMatchObject([
    { created: true, canceled: true, cancelReason: `rpc error: code = PermissionDenied desc = ${denied}` },
  ])
  expect(await alice.outcome(KV.range, createRequest)).toBe(denied)
})

test('TOB-012: what is proposed holds hashes', async () => {
  const { world, member, root } = await started()
  await root.call(Auth.userAdd, { name: 'bird', password: 'canary-password' })
  await member.member.stop()
  const names = await world.disk.readDir('/data/member/wal')
  for (const name of names) {
    const file = await world.disk.open(`/data/member/wal/${name}`, { mode: 'read' })
    const content = new Uint8Array(await file.sizeBytes())
    await file.read(content, 0)
    await file.close()
    expect(Buffer.from(content).includes('bird')).toBe(name.endsWith('.wal'))
    expect(Buffer.from(content).includes('canary')).toBe(false)
  }
})
