import { createHash } from 'node:crypto'
import { type BoltReader, check, openBolt, statusOf } from '@kvs/bbolt'
import { decodeKeyValue } from '@kvs/proto/mvcc'
import { KV, Lease, Maintenance, type SnapshotResponse } from '@kvs/proto/rpc'
import { memFs } from '@kvs/vfs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestMember, type TestStream, World } from './member.ts'
import { bytesOf } from './messages.ts'

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

let world: World
let member: TestMember

beforeEach(async () => {
  world = new World()
  member = await world.start()
})
afterEach(async () => {
  await member.member.stop()
  world.close()
})

type Snapshots = TestStream<Record<never, never>, SnapshotResponse>

function snapshot(): Snapshots {
  const stream: Snapshots = member.stream(Maintenance.snapshot)
  stream.send({})
  return stream
}

/** The file that a client gets, and what it was told about the rest with each message. */
async function whole(stream: Snapshots): Promise<{ readonly file: Uint8Array; readonly remaining: readonly number[] }> {
  expect(await stream.ended).toBeUndefined()
  return {
    file: Buffer.concat(stream.received.map(({ blob }) => blob)),
    remaining: stream.received.map(({ remainingBytes }) => remainingBytes),
  }
}

async function opened(file: Uint8Array): Promise<BoltReader> {
  const fs = memFs()
  const target = await fs.open('/db', { mode: 'create-new' })
  await target.write(file.subarray(0, -32), 0)
  await target.close()
  return openBolt({ fs, path: '/db' })
}

const put = (key: string, value: string, lease = 0n): Promise<unknown> =>
  member.call(KV.put, { key: bytesOf(key), value: bytesOf(value), lease })

/** More than flow control lets go ahead of a client that does not read. */
async function putMuch(): Promise<void> {
  for (const key of 'cdefgh') await put(key, 'x'.repeat(1_400_000))
}

const namesOnDisk = (): Promise<string[]> => world.disk.readDir('/data/member/snap')

test('is a bbolt file that ends with its SHA-256, in blobs of 32 KiB that say how much is left', async () => {
  await member.call(Lease.leaseGrant, { id: 7n, ttl: 1000 })
  await put('a', 'x'.repeat(100_000))
  await put('b', '2', 7n)
  await member.call(KV.deleteRange, { key: bytesOf('a') })
  const { file, remaining } = await whole(snapshot())

  expect(createHash('sha256').update(file.subarray(0, -32)).digest()).toEqual(file.subarray(-32))
  expect((file.length - 32) % 4096).toBe(0)
  expect(remaining.slice(0, 2)).toEqual([file.length - 32 - 8192, file.length - 32 - 8192 - 32_768])
  expect(remaining.slice(-2)).toEqual([0, 0])
  const reader = await opened(file)
  expect(await check(reader)).toMatchObject({ problems: [] })
  expect(await statusOf(reader)).toMatchObject({ revision: 4, version: '3.7.0' })
  await reader.close()
})

test('holds the records of every bucket, and the index they belong to', async () => {
  await put('a', '1')
  const reader = await opened((await whole(snapshot())).file)
  const names: string[] = []
  for await (const { name } of reader.buckets()) names.push(textOf(name))
  expect(names).toEqual([
    'alarm',
    'auth',
    'authRoles',
    'authUsers',
    'cluster',
    'key',
    'lease',
    'members',
    'members_removed',
    'meta',
  ])
  const meta = new Map<string, Uint8Array>()
  for await (const [key, value] of reader.records('meta')) meta.set(textOf(key), value.slice())
  expect([...meta.keys()]).toEqual(['confState', 'consistent_index', 'storageVersion', 'term'])
  expect(textOf(meta.get('confState') as Uint8Array)).toBe(`{"voters":[${member.member.id}]}`)
  // The configuration change of the first start, the empty entry of the term, what the member published, and the put.
  expect(meta.get('consistent_index')).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 5))
  for await (const [, value] of reader.records('key')) {
    expect(decodeKeyValue(value)).toMatchObject({ key: bytesOf('a'), value: bytesOf('1'), modRevision: 2 })
  }
  await reader.close()
})

test('what is written while it is sent is not in it, and nothing is left on the disk', async () => {
  await putMuch()
  const stream = snapshot()
  await stream.next()
  stream.pause()
  await put('b', '2')
  stream.resume()
  const reader = await opened((await whole(stream)).file)
  expect(await statusOf(reader)).toMatchObject({ revision: 7 })
  await reader.close()
  expect((await namesOnDisk()).filter(name => name.startsWith('tmp'))).toEqual([])
})

test('a client that goes away ends it', async () => {
  await putMuch()
  const stream = snapshot()
  await stream.next()
  stream.pause()
  expect((await namesOnDisk()).filter(name => name.startsWith('tmp'))).toEqual(['tmp.backup.1'])
  stream.cancel()
  await world.settled()
  expect((await namesOnDisk()).filter(name => name.startsWith('tmp'))).toEqual([])
})

test('two at once are made, a third waits until one is over', async () => {
  await putMuch()
  const [first, second, third] = [snapshot(), snapshot(), snapshot()]
  for (const stream of [first, second]) {
    await stream.next()
    stream.pause()
  }
  await world.settled()
  expect(third.received).toEqual([])
  first.cancel()
  await third.next()
  second.resume()
  const rest = Promise.all([whole(second), whole(third)])
  // Together they are held to the pace of a log that is written to.
  await world.advance(1000)
  await rest
})

test('without room on the disk it is refused', async () => {
  await put('a', '1')
  world.disk.setCapacity(1000)
  const stream = snapshot()
  expect((await stream.ended)?.message).toMatch(/^a copy needs \d+ bytes of disk; 0 are free$/)
})

test('what a process that was killed had not finished is removed at the next start', async () => {
  await putMuch()
  const stream = snapshot()
  await stream.next()
  stream.pause()
  world = world.kill()
  expect((await namesOnDisk()).filter(name => name.startsWith('tmp'))).toEqual(['tmp.backup.1'])
  member = await world.start()
  expect((await namesOnDisk()).filter(name => name.startsWith('tmp'))).toEqual([])
})
