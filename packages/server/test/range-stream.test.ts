import { KV, RangeRequestSortOrder as Order, type RangeRequestInit, type RangeResponse } from '@kvs/proto/rpc'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestMember, type TestStream, World } from './member.ts'
import { bytesOf } from './messages.ts'

let world: World
let member: TestMember

beforeEach(async () => {
  world = new World()
  member = await world.start()
})
afterEach(async () => {
  expect(world.fatal).toEqual([])
  await member.member.stop()
  world.close()
})

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const all: RangeRequestInit = { key: bytesOf('\0'), rangeEnd: bytesOf('\0') }
const put = (key: string, value: Uint8Array | string = '') =>
  member.call(KV.put, { key: bytesOf(key), value: typeof value === 'string' ? bytesOf(value) : value })
/** So many keys, each with a revision of its own. */
const putMany = async (count: number, value: Uint8Array | string = ''): Promise<void> => {
  for (let i = 0; i < count; i++) await put(`k${String(i).padStart(5, '0')}`, value)
}

function open(request: RangeRequestInit): TestStream<RangeRequestInit, { rangeResponse: RangeResponse | undefined }> {
  const stream = member.stream(KV.rangeStream)
  stream.send(request)
  stream.halfClose()
  return stream
}

async function chunksOf(request: RangeRequestInit): Promise<readonly RangeResponse[]> {
  const stream = open(request)
  expect(await stream.ended).toBeUndefined()
  return stream.received.map(({ rangeResponse }) => rangeResponse as RangeResponse)
}

async function refusalOf(request: RangeRequestInit): Promise<string> {
  const error = await open(request).ended
  return `${error?.code} ${error?.message}`
}

test('chunks double while they are small, and only the last tells header, more and count', async () => {
  await putMany(100)
  const chunks = await chunksOf(all)
  expect(chunks.map(({ kvs }) => kvs.length)).toEqual([10, 20, 40, 30])
  expect(chunks.map(({ header }) => header?.revision)).toEqual([undefined, undefined, undefined, 101])
  expect(chunks.map(({ count }) => count)).toEqual([0, 0, 0, 100])
  expect(chunks.flatMap(({ kvs }) => kvs)).toEqual((await member.call(KV.range, all)).kvs)
})

test.each([
  ['nothing', { key: bytesOf('x'), rangeEnd: bytesOf('y') }],
  ['one key', { key: bytesOf('k00003') }],
  ['exactly one chunk', { ...all, limit: 10 }],
  ['a limit in the second chunk', { ...all, limit: 17 }],
  ['a limit at the end', { ...all, limit: 45 }],
  ['a limit beyond the end', { ...all, limit: 46 }],
  ['an older revision', { ...all, revision: 23 }],
  ['keys only', { ...all, keysOnly: true }],
  ['a count', { ...all, countOnly: true }],
  ['serializable', { ...all, serializable: true }],
])('%s: the chunks together are what Range answers', async (_what, request) => {
  await putMany(45, 'value')
  const chunks = await chunksOf(request)
  const last = chunks.at(-1) as RangeResponse
  expect({ ...last, kvs: chunks.flatMap(({ kvs }) => kvs) }).toEqual(await member.call(KV.range, request))
  for (const chunk of chunks.slice(0, -1)) expect(chunk.kvs.length).toBeGreaterThan(0)
})

test('exactly full chunks are not followed by an empty one', async () => {
  await putMany(30)
  expect((await chunksOf(all)).map(({ kvs }) => kvs.length)).toEqual([10, 20])
})

test('keys that were deleted neither fill chunks nor end them', async () => {
  await putMany(100)
  await member.call(KV.deleteRange, { key: bytesOf('k00010'), rangeEnd: bytesOf('z') })
  const chunks = await chunksOf(all)
  expect(chunks).toMatchObject([{ count: 10, header: { revision: 102 } }])
  await put('z')
  expect((await chunksOf(all)).map(({ kvs }) => kvs.length)).toEqual([10, 1])
})

test('a count is one message', async () => {
  await putMany(45)
  expect(await chunksOf({ ...all, countOnly: true })).toHaveLength(1)
})

test('chunks shrink when messages grow beyond twice the largest request', async () => {
  await member.member.stop()
  member = await world.start({ maxRequestBytes: 1000 })
  await putMany(40, new Uint8Array(500))
  const sizes = (await chunksOf(all)).map(({ kvs }) => kvs.length)
  expect(sizes.slice(0, 4)).toEqual([10, 5, 2, 2])
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(40)
})

test('what may not be asked', async () => {
  const sort = '12 RangeStream does not support custom sort orders'
  const filter = '12 RangeStream does not support revision filters'
  expect(await refusalOf({ ...all, sortOrder: Order.DESCEND })).toBe(sort)
  expect(await refusalOf({ ...all, sortTarget: 4 })).toBe(sort)
  for (const name of ['minModRevision', 'maxModRevision', 'minCreateRevision', 'maxCreateRevision']) {
    expect(await refusalOf({ ...all, [name]: 1 })).toBe(filter)
  }
  expect(await refusalOf({})).toBe('3 etcdserver: key is not provided')
  expect(await refusalOf({ ...all, revision: 2 })).toBe('11 etcdserver: mvcc: required revision is a future revision')
  await putMany(3)
  await member.call(KV.compact, { revision: 3 })
  expect(await refusalOf({ ...all, revision: 2 })).toBe('11 etcdserver: mvcc: required revision has been compacted')
  expect(await chunksOf({ ...all, revision: 3 })).toHaveLength(1)
})

test('a client that does not read is waited for, and then gets the rest of the same revision', async () => {
  const value = new Uint8Array(100_000).fill(7)
  await putMany(60, value)
  const stream = open({ ...all, limit: 55 })
  stream.pause()
  await world.settled()
  const before = stream.received.length
  await put('k00059', 'newer')
  await member.call(KV.deleteRange, { key: bytesOf('k00030'), rangeEnd: bytesOf('k00040') })
  stream.resume()
  expect(await stream.ended).toBeUndefined()
  expect(before).toBeLessThan(stream.received.length)
  const chunks = stream.received.map(({ rangeResponse }) => rangeResponse as RangeResponse)
  const kvs = chunks.flatMap(chunk => chunk.kvs)
  expect(kvs.map(({ key }) => textOf(key))).toEqual(
    Array.from({ length: 55 }, (_, i) => `k000${String(i).padStart(2, '0')}`),
  )
  expect(kvs.every(kv => Buffer.compare(kv.value, value) === 0)).toBe(true)
  expect(chunks.at(-1)).toMatchObject({ count: 60, more: true, header: { revision: 63 } })
})

test('a stream that stalls does not hold the scrub back; it learns that its revision is gone', async () => {
  await putMany(60, new Uint8Array(100_000))
  const stream = open(all)
  stream.pause()
  await world.settled()
  await put('x')
  await member.call(KV.compact, { revision: 62, physical: true })
  stream.resume()
  expect(await stream.ended).toMatchObject({
    code: 11,
    message: 'etcdserver: mvcc: required revision has been compacted',
  })
})

test('other requests are answered while a wide stream is read', async () => {
  for (let i = 0; i < 200; i++) {
    const key = (j: number): Uint8Array => bytesOf(`k${i}.${j}`)
    const success = Array.from({ length: 100 }, (_, j) => ({ requestPut: { key: key(j) } }))
    await member.call(KV.txn, { success })
  }
  world.lookCostMs = 3
  const stream = open(all)
  let answered = 0
  const readAgain = (): void => {
    if (stream.received.at(-1)?.rangeResponse?.header !== undefined) return
    member.channel.unary(KV.range.path, KV.range.encodeRequest({ key: bytesOf('k0.0') }), {}, () => {
      answered++
      readAgain()
    })
    member.channel.flush()
  }
  readAgain()
  expect(await stream.ended).toBeUndefined()
  expect(stream.received.at(-1)?.rangeResponse).toMatchObject({ count: 20_000, header: { revision: 201 } })
  expect(answered).toBeGreaterThan(3)
})

test('a cancelled stream ends its read', async () => {
  await putMany(60, new Uint8Array(100_000))
  const stream = open(all)
  stream.pause()
  await world.settled()
  stream.cancel()
  await world.settled()
  await member.call(KV.compact, { revision: 61, physical: true })
})
