import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  Client,
  type ClientOptions,
  compare,
  connect,
  isKvsError,
  operation,
  systemChance,
  systemClock,
  toText,
} from '../src/index.ts'
import { http2Transport } from './http2-transport.ts'
import { hasEtcd, type RealEtcd, startEtcd } from './real-etcd.ts'

if (!hasEtcd) console.warn('client against real etcd: skipped, /usr/bin/etcd is not installed')

const overHttp2 = (options: ClientOptions): Client =>
  new Client(options, { transport: http2Transport, clock: systemClock, chance: systemChance })

describe.skipIf(!hasEtcd).each([
  ['our own engine', connect],
  ["Node's HTTP/2", overHttp2],
])('the real etcd over %s', (_name, open) => {
  let etcd: RealEtcd
  let client: Client

  beforeAll(async () => {
    etcd = await startEtcd()
    client = open({ endpoints: [etcd.endpoint] })
  })

  afterAll(async () => {
    await client?.close()
    await etcd?.stop()
  })

  test('put, get, range, delete', async () => {
    expect(await client.get('a')).toBeUndefined()
    const first = await client.put('a', '1')
    const again = await client.put('a', '2', { prevKv: true })
    expect(toText(again.prevKv?.value as Uint8Array)).toBe('1')
    const kv = await client.get('a')
    expect(toText(kv?.value as Uint8Array)).toBe('2')
    expect(kv).toMatchObject({ version: 2, lease: 0n, createRevision: first.header?.revision })
    await client.put('b', new Uint8Array([0, 255]))
    const all = await client.range({ prefix: '' }, { order: 'descend', sortBy: 'key', limit: 1 })
    expect(all).toMatchObject({ count: 2, more: true })
    expect(all.kvs[0]?.value).toEqual(new Uint8Array([0, 255]))
    expect((await client.get('a', { revision: first.header?.revision as number }))?.version).toBe(1)
    expect((await client.delete({ from: 'a' })).deleted).toBe(2)
  })

  test('pages gives every pair of one revision', async () => {
    for (let i = 0; i < 25; i++) await client.put(`page/${String(i).padStart(2, '0')}`, 'x')
    const seen: string[] = []
    for await (const kv of client.pages({ prefix: 'page/' }, { pageSize: 10 })) {
      if (seen.length === 0) await client.put('page/99', 'later')
      seen.push(toText(kv.key))
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => `page/${String(i).padStart(2, '0')}`))
  })

  test('txn', async () => {
    const commit = () =>
      client
        .txn()
        .if(compare.missing('lock'), compare.version({ prefix: 'lock' }, '<', 1))
        .then(operation.put('lock', 'me'), operation.get('lock'))
        .else(operation.get('lock'))
        .commit()
    expect((await commit()).succeeded).toBe(true)
    const second = await commit()
    expect(second.succeeded).toBe(false)
    expect(toText(second.responses[0]?.responseRange?.kvs[0]?.value as Uint8Array)).toBe('me')
  })

  test('errors carry the name of the code, the text and the reason', async () => {
    await expect(client.put('k', 'v', { lease: 12345n })).rejects.toMatchObject({
      name: 'KvsError',
      code: 'NOT_FOUND',
      reason: 'LEASE_NOT_FOUND',
      message: 'etcdserver: requested lease not found',
      endpoint: etcd.endpoint,
    })
    await expect(client.range('k', { revision: 1e9 })).rejects.toMatchObject({ reason: 'FUTURE_REVISION' })
    await expect(client.put('', 'v')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('many watchers on one stream, each with its own range', async () => {
    const watchers = Array.from({ length: 50 }, (_, i) => client.watch({ prefix: `w/${i}/` }))
    await Promise.all(watchers.map(watcher => watcher.created))
    for (let i = 0; i < 50; i++) await client.put(`w/${i}/k`, String(i))
    for (const [i, watcher] of watchers.entries()) {
      for await (const { events } of watcher) {
        expect(events.map(event => toText(event.kv?.key as Uint8Array))).toEqual([`w/${i}/k`])
        break
      }
      expect(watcher.closed).toBe(true)
    }
  })

  test('a watch goes on after a restart: nothing is missed, nothing comes twice', async () => {
    const watcher = client.watch({ prefix: 'r/' })
    await watcher.created
    const written: number[] = []
    for (let i = 0; i < 10; i++) written.push((await client.put('r/k', String(i))).header?.revision as number)
    await etcd.restart()
    for (let i = 0; i < 10; i++) written.push((await client.put('r/k', String(i))).header?.revision as number)
    const seen: number[] = []
    for await (const event of watcher.events()) {
      seen.push(event.kv?.modRevision as number)
      if (seen.length === written.length) break
    }
    expect(seen).toEqual(written)
  })

  test('a watch of what is compacted fails and tells from where on it can be had', async () => {
    const { header } = await client.put('c', '1')
    await client.put('c', '2')
    await client.compact((header?.revision as number) + 1)
    const watcher = client.watch('c', { startRevision: 1 })
    const failure = await watcher
      .events()
      .next()
      .catch((error: unknown) => error)
    expect(isKvsError(failure, 'COMPACTED')).toBe(true)
    expect(failure).toMatchObject({ compactRevision: (header?.revision as number) + 1 })
  })

  test('progress on request', async () => {
    const watcher = client.watch('quiet')
    await watcher.created
    const { header } = await client.put('other', '1')
    watcher.requestProgress()
    for await (const update of watcher) {
      expect(update.events).toEqual([])
      expect(update.header.revision).toBe(header?.revision)
      break
    }
  })

  test('leases: grant, keep alive on one stream, time to live, list, revoke', async () => {
    const { id, ttl } = await client.lease.grant(30)
    expect(ttl).toBe(30)
    await client.put('leased', 'x', { lease: id })
    expect((await client.lease.timeToLive(id, { keys: true })).keys.map(toText)).toEqual(['leased'])
    expect((await client.lease.list()).leases.map(lease => lease.id)).toContain(id)
    const keepAlive = client.lease.keepAlive(id)
    for await (const response of keepAlive) {
      expect(response).toMatchObject({ id, ttl: 30 })
      break
    }
    expect((await client.lease.keepAliveOnce(id)).ttl).toBe(30)
    await client.lease.revoke(id)
    expect(await client.get('leased')).toBeUndefined()
    expect((await client.lease.timeToLive(id)).ttl).toBe(-1)
    await expect(client.lease.keepAliveOnce(id)).rejects.toMatchObject({ reason: 'LEASE_NOT_FOUND' })
  })

  test('members, status, hash, snapshot', async () => {
    expect((await client.cluster.members()).members).toHaveLength(1)
    expect((await client.maintenance.status({ endpoint: etcd.endpoint })).version).toMatch(/^3\./)
    expect((await client.maintenance.hashKv({ endpoint: etcd.endpoint })).hash).toBeGreaterThan(0)
    expect((await client.maintenance.alarms()).alarms).toEqual([])
    let bytes = 0
    for await (const piece of client.maintenance.snapshot()) bytes += piece.blob.length
    expect(bytes % 512).toBe(32)
  })

  test('users: the token is fetched, and fetched again when it is no longer good', async () => {
    await client.auth.addRole('root')
    await client.auth.addUser({ name: 'root', password: 'secret' })
    await client.auth.grantRole({ user: 'root', role: 'root' })
    await client.auth.enable()
    const root = open({ endpoints: [etcd.endpoint], auth: { user: 'root', password: 'secret' } })
    const wrong = open({ endpoints: [etcd.endpoint], auth: { user: 'root', password: 'no' } })
    try {
      await expect(client.put('k', 'v')).rejects.toMatchObject({ reason: 'USER_EMPTY' })
      await expect(wrong.put('k', 'v')).rejects.toMatchObject({ reason: 'AUTH_FAILED' })
      await root.put('k', 'v')
      const watcher = root.watch('k')
      await watcher.created
      await root.auth.addUser({ name: 'other' })
      // Simple tokens live in the member's memory: after this, the one we have is unknown.
      await etcd.restart()
      await root.put('k', 'w')
      const event = (await watcher.events().next()).value
      expect(toText(event?.kv?.value as Uint8Array)).toBe('w')
    } finally {
      await root.auth.disable()
      await root.close()
      await wrong.close()
    }
  })
})
