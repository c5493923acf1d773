import { decodeLeaseKeepAliveRequest, encodeLeaseKeepAliveResponse } from '@kvs/proto/rpc'
import { VirtualClock } from '@kvs/testing'
import { beforeEach, expect, test } from 'vitest'
import { Client, type KeepAlive } from '../src/index.ts'
import { FakeServers, type ServerStream, settle } from './fake-server.ts'

const a = '10.0.0.1:2379'
let clock: VirtualClock
let servers: FakeServers
let client: Client
/** Seconds by lease; a lease that is not here is gone. */
let ttls: Map<bigint, number>
let asked: { id: bigint; atMs: number }[]

beforeEach(() => {
  clock = new VirtualClock()
  servers = new FakeServers(clock)
  client = new Client({ endpoints: [a] }, { transport: servers, clock, chance: () => 0.5 })
  ttls = new Map([
    [1n, 30],
    [2n, 9],
  ])
  asked = []
  servers.onRequest = (stream, bytes) => {
    const { id } = decodeLeaseKeepAliveRequest(bytes)
    asked.push({ id, atMs: clock.now() })
    stream.reply(encodeLeaseKeepAliveResponse({ id, ttl: ttls.get(id) ?? 0 }))
  }
})

async function pass(ms = 0): Promise<void> {
  const until = clock.now() + ms
  for (let i = 0; i < 100_000; i++) {
    await settle()
    const next = clock.nextAt()
    if (next === undefined || next > until) break
    clock.step()
  }
  clock.advance(until - clock.now())
  await settle()
}

const timesOf = (id: bigint): number[] => asked.filter(each => each.id === id).map(each => each.atMs)

/** How the renewal ended, once it has. */
function lost(keepAlive: KeepAlive): () => unknown {
  return () => keepAlive.signal.reason
}

test('all leases are renewed on one stream, each after a third of its TTL', async () => {
  client.lease.keepAlive(1n)
  client.lease.keepAlive(2n)
  await pass(30_000)
  expect(servers.streams).toHaveLength(1)
  expect(timesOf(1n)).toEqual([0, 10_000, 20_000, 30_000])
  expect(timesOf(2n)).toEqual(Array.from({ length: 11 }, (_, i) => i * 3_000))
})

test('nothing is armed when nothing is renewed', async () => {
  const one = client.lease.keepAlive(1n)
  const same = client.lease.keepAlive(1n)
  await pass(1_000)
  one.stop()
  await pass(20_000)
  expect(timesOf(1n).length).toBeGreaterThan(2)
  same.stop()
  expect(clock.nextAt()).toBeUndefined()
  expect(servers.streams[0]?.cancelled()).toBe(true)
})

test('a lease that is gone ends its renewal and no other', async () => {
  const gone = client.lease.keepAlive(1n)
  const stays = client.lease.keepAlive(2n)
  await pass(1_000)
  ttls.delete(1n)
  await pass(10_000)
  expect(lost(gone)()).toMatchObject({ reason: 'LEASE_EXPIRED', code: 'NOT_FOUND' })
  await expect(collect(gone)).rejects.toMatchObject({ reason: 'LEASE_EXPIRED' })
  expect(stays.signal.aborted).toBe(false)
})

async function collect(keepAlive: KeepAlive): Promise<number> {
  let count = 0
  for await (const _response of keepAlive) count++
  return count
}

test('a silent server costs the lease when its time is over, by our own clock', async () => {
  const keepAlive = client.lease.keepAlive(1n)
  await pass(5_000)
  servers.onRequest = () => {}
  await pass(24_900)
  expect(keepAlive.signal.aborted).toBe(false)
  await pass(200)
  expect(lost(keepAlive)()).toMatchObject({ reason: 'LEASE_EXPIRED', code: 'DEADLINE_EXCEEDED' })
})

test('one that never answers costs it soon', async () => {
  servers.onRequest = () => {}
  const keepAlive = client.lease.keepAlive(1n)
  await pass(3_100)
  expect(keepAlive.signal.aborted).toBe(true)
})

test('after a loss of the stream all are asked for at once', async () => {
  const keepAlive = client.lease.keepAlive(1n)
  await pass(5_000)
  servers.down.add(a)
  servers.drop(a)
  await pass(4_000)
  servers.down.delete(a)
  await pass(1_000)
  expect(servers.streams).toHaveLength(2)
  expect(timesOf(1n).at(-1)).toBeLessThan(10_000)
  expect(keepAlive.signal.aborted).toBe(false)
})

test('a stream that ends for good ends all', async () => {
  const keepAlive = client.lease.keepAlive(1n)
  await pass()
  ;(servers.streams[0] as ServerStream).end({ code: 12, message: 'unknown service', unprocessed: true })
  await pass()
  expect(lost(keepAlive)()).toMatchObject({ code: 'UNIMPLEMENTED' })
})

test('renewals nobody takes do not pile up', async () => {
  const keepAlive = client.lease.keepAlive(2n)
  await pass(600_000)
  keepAlive.stop()
  expect(await collect(keepAlive)).toBe(16)
})

test('a renewal once', async () => {
  const once = client.lease.keepAliveOnce(1n)
  await pass()
  expect((await once).ttl).toBe(30)
  await pass(30_000)
  expect(asked).toHaveLength(1)
  const gone = client.lease.keepAliveOnce(7n)
  gone.catch(() => {})
  await pass()
  await expect(gone).rejects.toMatchObject({ reason: 'LEASE_NOT_FOUND' })
})
