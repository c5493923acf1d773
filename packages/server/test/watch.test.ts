import { EventType, type KeyValue } from '@kvs/proto/mvcc'
import {
  WatchCreateRequestFilterType as Filter,
  KV,
  Watch,
  type WatchCreateRequestInit,
  type WatchRequestInit,
  type WatchResponse,
} from '@kvs/proto/rpc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TestMember, type TestStream, World } from './member.ts'
import { bytesOf, del, put as putting } from './messages.ts'

let world: World
let member: TestMember
let stream: TestStream<WatchRequestInit, WatchResponse>

async function start(options: Parameters<World['start']>[0] = {}): Promise<void> {
  world = new World()
  member = await world.start(options)
  stream = member.stream(Watch.watch)
}
beforeEach(() => start())
afterEach(async () => {
  expect(world.fatal).toEqual([])
  stream.cancel()
  await member.member.stop()
  world.close()
})

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const pair = ({ key, value }: KeyValue): string => `${textOf(key)}=${textOf(value)}`

/** A response as one line: `0 @3 put a=1, delete b (was b=2)`. */
function line(response: WatchResponse): string {
  const { watchId, header, created, canceled, compactRevision, cancelReason, fragment, events } = response
  const marks = [
    created ? ' created' : '',
    canceled ? ' canceled' : '',
    compactRevision === 0 ? '' : ` compacted ${compactRevision}`,
    cancelReason === '' ? '' : ` (${cancelReason})`,
    fragment ? ' fragment' : '',
  ]
  const changes = events.map(({ type, kv, prevKv }) => {
    const what = type === EventType.DELETE ? `delete ${textOf(kv?.key as Uint8Array)}` : `put ${pair(kv as KeyValue)}`
    return prevKv === undefined ? what : `${what} (was ${pair(prevKv)})`
  })
  return `${watchId} @${header?.revision}${marks.join('')}${changes.length > 0 ? ` ${changes.join(', ')}` : ''}`
}

const next = async (): Promise<string> => line(await stream.next())
const rest = async (): Promise<readonly string[]> => {
  await world.settled()
  return stream.rest().map(line)
}
const watch = (key: string, init: WatchCreateRequestInit = {}): void =>
  stream.send({ createRequest: { key: bytesOf(key), ...init } })
const put = (key: string, value = '') => member.call(KV.put, { key: bytesOf(key), value: bytesOf(value) })
const remove = (key: string, end = '') => member.call(KV.deleteRange, { key: bytesOf(key), rangeEnd: bytesOf(end) })

describe('creating', () => {
  test('is answered first, with the free numbers of the stream in their order', async () => {
    watch('a')
    watch('b')
    await put('a', '1')
    await put('b', '2')
    expect(await rest()).toEqual(['0 @1 created', '1 @1 created', '0 @2 put a=1', '1 @3 put b=2'])
  })

  test('a number of the client’s own, and one that is taken', async () => {
    watch('a', { watchId: 7 })
    watch('a', { watchId: 7 })
    watch('a', { watchId: -3 })
    expect(await rest()).toEqual([
      '7 @1 created',
      '-1 @1 created canceled (mvcc: duplicate watch ID provided on the WatchStream)',
      '-3 @1 created',
    ])
  })

  test('two streams count on their own', async () => {
    const other = member.stream(Watch.watch)
    watch('a')
    other.send({ createRequest: { key: bytesOf('a') } })
    expect([await next(), line(await other.next())]).toEqual(['0 @1 created', '0 @1 created'])
    other.cancel()
  })

  test('a negative revision, and intervals that are empty', async () => {
    watch('a', { startRevision: -1 })
    watch('b', { rangeEnd: bytesOf('a') })
    watch('b', { rangeEnd: bytesOf('b') })
    expect(await rest()).toEqual([
      '-1 @1 created canceled (etcdserver: mvcc: required revision has been compacted)',
      '-1 @1 created canceled (mvcc: watcher range is empty)',
      '-1 @1 created canceled (mvcc: watcher range is empty)',
    ])
  })

  test('history from a revision on comes after the answer, then the present', async () => {
    await put('a', '1')
    await put('a', '2')
    await put('b', '3')
    watch('a', { startRevision: 3 })
    expect(await rest()).toEqual(['0 @4 created', '0 @4 put a=2'])
    await put('a', '4')
    expect(await next()).toBe('0 @5 put a=4')
  })

  test('a revision in the future is waited for', async () => {
    watch('a', { startRevision: 4 })
    await put('a', '2')
    await put('a', '3')
    await put('a', '4')
    expect(await rest()).toEqual(['0 @1 created', '0 @4 put a=4'])
  })
})

describe('events', () => {
  test('keys, intervals, from a key on and everything', async () => {
    watch('b')
    watch('b', { rangeEnd: bytesOf('d') })
    watch('b', { rangeEnd: bytesOf('\0') })
    watch('', { rangeEnd: bytesOf('\0') })
    await rest()
    for (const key of ['a', 'b', 'c', 'd']) await put(key)
    const seen = [0, 1, 2, 3].map(() => '')
    await world.settled()
    for (const { watchId, events } of stream.rest()) {
      seen[watchId] += events.map(({ kv }) => textOf(kv?.key as Uint8Array)).join('')
    }
    expect(seen).toEqual(['b', 'bc', 'bcd', 'abcd'])
  })

  test('a deletion has key and revision only', async () => {
    watch('a')
    await put('a', '1')
    await remove('a')
    await rest()
    const event = stream.received.at(-1)?.events[0]
    expect(event?.type).toBe(EventType.DELETE)
    expect({ ...event?.kv, key: textOf(event?.kv?.key as Uint8Array), value: [...(event?.kv?.value ?? [])] }).toEqual({
      key: 'a',
      modRevision: 3,
      createRevision: 0,
      version: 0,
      value: [],
      lease: 0n,
    })
  })

  test('all of one transaction come in one message, in order', async () => {
    await put('c')
    watch('a', { rangeEnd: bytesOf('z') })
    await member.call(KV.txn, { success: [putting('b', '1'), putting('a', '2'), del('c'), putting('d', '3')] })
    expect(await rest()).toEqual(['0 @2 created', '0 @3 put b=1, put a=2, delete c, put d=3'])
  })

  test('filters leave out puts or deletions', async () => {
    watch('a', { filters: [Filter.NOPUT] })
    watch('a', { filters: [Filter.NODELETE] })
    watch('a', { filters: [Filter.NOPUT, Filter.NODELETE] })
    await put('a', '1')
    await remove('a')
    expect((await rest()).slice(3)).toEqual(['1 @2 put a=1', '0 @3 delete a'])
  })

  test('the pair before, where there is one that is not compacted', async () => {
    watch('a', { prevKv: true })
    await put('a', '1')
    await put('a', '2')
    await remove('a')
    const wanted = ['0 @2 put a=1', '0 @3 put a=2 (was a=1)', '0 @4 delete a (was a=2)']
    expect((await rest()).slice(1)).toEqual(wanted)
    await member.call(KV.compact, { revision: 3, physical: true })
    watch('a', { prevKv: true, startRevision: 3 })
    expect(await rest()).toEqual(['1 @4 created', '1 @4 put a=2, delete a (was a=2)'])
  })

  test('a watcher that begins while much is written misses nothing and sees nothing twice', async () => {
    const writing = Promise.all(Array.from({ length: 3000 }, (_, i) => put(`k${i % 10}`, String(i))))
    watch('k', { rangeEnd: bytesOf('l'), startRevision: 1 })
    await writing
    await world.settled()
    const events = stream.received.flatMap(response => response.events)
    expect(events.map(({ kv }) => kv?.modRevision)).toEqual(Array.from({ length: 3000 }, (_, i) => i + 2))
  })

  test('a deletion in slices is one message too, for who follows and for who catches up', async () => {
    await Promise.all(Array.from({ length: 10_000 }, (_, i) => put(`k${i}`)))
    watch('k', { rangeEnd: bytesOf('l') })
    await next()
    const { header } = await remove('k', 'l')
    const live = await stream.next()
    watch('k', { rangeEnd: bytesOf('l'), startRevision: header?.revision })
    await next()
    const later = await stream.next()
    for (const { events } of [live, later]) {
      expect(events).toHaveLength(10_000)
      expect(new Set(events.map(({ kv }) => kv?.modRevision))).toEqual(new Set([header?.revision]))
    }
  })
})

describe('ending', () => {
  test('a cancelled watcher is silent, its number is free, and unknown numbers are passed over', async () => {
    watch('a')
    stream.send({ cancelRequest: { watchId: 9 } })
    stream.send({ cancelRequest: { watchId: 0 } })
    await put('a', '1')
    expect(await rest()).toEqual(['0 @1 created', '0 @1 canceled'])
    watch('a', { watchId: 5 })
    stream.send({ cancelRequest: { watchId: 5 } })
    watch('a', { watchId: 5 })
    expect(await rest()).toEqual(['5 @2 created', '5 @2 canceled', '5 @2 created'])
  })

  test('a start that is compacted: created, then canceled with what is left; the number stays taken', async () => {
    for (let i = 0; i < 5; i++) await put('a', String(i))
    await member.call(KV.compact, { revision: 4 })
    watch('a', { startRevision: 3, watchId: 5 })
    expect(await rest()).toEqual(['5 @6 created', '5 @0 canceled compacted 4'])
    watch('a', { watchId: 5 })
    stream.send({ cancelRequest: { watchId: 5 } })
    watch('a', { watchId: 5 })
    const [taken, canceled, created] = await rest()
    expect(taken).toContain('duplicate watch ID')
    expect([canceled, created]).toEqual(['5 @6 canceled', '5 @6 created'])
    watch('a', { startRevision: 4, watchId: 6 })
    expect((await rest())[1]).toBe('6 @6 put a=2, put a=3, put a=4')
  })

  test('a client that sends no more still watches', async () => {
    watch('a')
    await next()
    stream.halfClose()
    await put('a', '1')
    expect(await next()).toBe('0 @2 put a=1')
  })

  test('a client that goes away leaves nothing armed', async () => {
    watch('a', { progressNotify: true })
    await next()
    stream.cancel()
    await world.settled()
    await world.advance(20_000)
    // Nothing but the ping of the connection, every two hours.
    expect(world.clock.nextAt()).toBeGreaterThan(7_000_000)
    await put('a', '1')
  })

  test('malformed bytes end the stream', async () => {
    stream.sendBytes(Uint8Array.of(0x0a, 0x7f))
    const error = await stream.ended
    expect(error?.code).toBe(13)
    expect(error?.message).toMatch(/^grpc: failed to unmarshal the received message: /)
    stream = member.stream(Watch.watch)
  })

  test('a request that asks for nothing is passed over', async () => {
    stream.send({})
    watch('a')
    expect(await rest()).toEqual(['0 @1 created'])
  })
})

describe('progress', () => {
  const ask = (): void => stream.send({ progressRequest: {} })

  test('on request: one answer for the stream, if anybody watches and all have caught up', async () => {
    ask()
    expect(await rest()).toEqual([])
    watch('a')
    await put('b')
    await rest()
    ask()
    expect(await rest()).toEqual(['-1 @2'])
    watch('a', { startRevision: 99 })
    await rest()
    ask()
    expect(await rest()).toEqual([])
    stream.send({ cancelRequest: { watchId: 1 } })
    await rest()
    ask()
    expect(await rest()).toEqual(['-1 @2'])
  })

  test('a watcher that was compacted away does not hold it up', async () => {
    for (let i = 0; i < 3; i++) await put('a')
    await member.call(KV.compact, { revision: 4 })
    watch('a', { startRevision: 2 })
    watch('a')
    await rest()
    ask()
    expect(await rest()).toEqual(['-1 @4'])
  })

  test('by itself after the interval, to watchers that heard nothing meanwhile and asked for it', async () => {
    await member.member.stop()
    world.close()
    await start({ watchProgressNotifyIntervalMs: 1000 })
    watch('a', { progressNotify: true })
    watch('b', { progressNotify: true })
    watch('c')
    watch('d', { progressNotify: true, startRevision: 99 })
    await rest()
    await world.advance(1101)
    await rest()
    await put('a', '1')
    expect(await rest()).toEqual(['0 @2 put a=1'])
    await world.advance(1101)
    expect(await rest()).toEqual(['1 @2'])
    await world.advance(1101)
    expect(await rest()).toEqual(['0 @2', '1 @2'])
  })

  test('the interval has a lower bound', async () => {
    await member.member.stop()
    world.close()
    await start({ watchProgressNotifyIntervalMs: 1 })
    watch('a', { progressNotify: true })
    await rest()
    await world.advance(1000)
    const count = (await rest()).length
    expect(count).toBeGreaterThanOrEqual(7)
    expect(count).toBeLessThanOrEqual(9)
  })
})

describe('big messages', () => {
  // Messages are split at the largest request and the 512 KiB that gRPC may take on top.
  const mostBytes = 400_000 + 512 * 1024
  beforeEach(async () => {
    await member.member.stop()
    world.close()
    await start({ maxRequestBytes: 400_000 })
  })

  async function history(): Promise<void> {
    for (let i = 0; i < 8; i++) await put('k', String(i).repeat(300_000))
  }

  test('are split by events when that is wished, all but the last marked', async () => {
    await history()
    watch('k', { startRevision: 1, fragment: true })
    await rest()
    const parts = stream.received.slice(1)
    expect(parts.flatMap(({ events }) => events.map(({ kv }) => kv?.modRevision))).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    // Every batch ends with a part that is not marked.
    expect(parts.at(-1)?.fragment).toBe(false)
    expect(parts.filter(({ fragment }) => fragment).length).toBeGreaterThan(1)
    for (const { events } of parts) {
      const bytes = events.reduce((sum, { kv }) => sum + (kv?.value.length ?? 0), 0)
      expect(bytes).toBeLessThan(mostBytes)
    }
  })

  test('are whole otherwise', async () => {
    await history()
    watch('k', { startRevision: 1 })
    await rest()
    expect(stream.received.slice(1).every(({ fragment }) => !fragment)).toBe(true)
    expect(stream.received.slice(1).flatMap(({ events }) => events)).toHaveLength(8)
  })
})

describe('a client that does not read', () => {
  test('holds up neither others nor the memory, and gets everything in the end', async () => {
    const slow = member.stream(Watch.watch, member.connect())
    slow.send({ createRequest: { key: bytesOf('k') } })
    await slow.next()
    slow.pause()
    const value = 'v'.repeat(100_000)
    for (let i = 0; i < 150; i++) await put('k', `${i}${value}`)
    watch('k')
    expect(await next()).toBe('0 @151 created')
    await put('k', 'last')
    expect(await next()).toBe('0 @152 put k=last')
    expect(slow.received.length).toBeLessThan(100)
    slow.resume()
    await world.settled()
    const revisions = slow.received.flatMap(({ events }) => events.map(({ kv }) => kv?.modRevision))
    expect(revisions).toEqual(Array.from({ length: 151 }, (_, i) => i + 2))
    slow.cancel()
  })

  test('is told when compaction overtakes it', async () => {
    const slow = member.stream(Watch.watch, member.connect())
    slow.send({ createRequest: { key: bytesOf('k') } })
    await slow.next()
    slow.pause()
    const value = 'v'.repeat(100_000)
    for (let i = 0; i < 150; i++) await put('k', `${i}${value}`)
    await member.call(KV.compact, { revision: 151 })
    slow.resume()
    await world.settled()
    const last = slow.received.at(-1) as WatchResponse
    expect(line(last)).toBe('0 @0 canceled compacted 151')
    const revisions = slow.received.flatMap(({ events }) => events.map(({ kv }) => kv?.modRevision))
    expect(revisions).toEqual(Array.from({ length: revisions.length }, (_, i) => i + 2))
    slow.cancel()
  })
})
