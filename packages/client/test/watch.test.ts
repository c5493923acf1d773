import {
  decodeWatchRequest,
  encodeAuthenticateResponse,
  encodeWatchResponse,
  type WatchRequest,
  type WatchResponseInit,
} from '@kvs/proto/rpc'
import { VirtualClock } from '@kvs/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { Client, type ClientOptions, toText, type WatchUpdate } from '../src/index.ts'
import { FakeServers, ok, type ServerStream, settle, unavailable } from './fake-server.ts'

const a = '10.0.0.1:2379'
let clock: VirtualClock
let servers: FakeServers
/** Revision of the store. */
let revision: number
let nextId: number

const header = () => ({ clusterId: 1n, memberId: 2n, revision, raftTerm: 3 })
const reply = (stream: ServerStream, response: WatchResponseInit) =>
  stream.reply(encodeWatchResponse({ header: header(), ...response }))
const put = (modRevision: number, key = 'k') => ({ kv: { key: new TextEncoder().encode(key), modRevision } })

beforeEach(() => {
  clock = new VirtualClock()
  servers = new FakeServers(clock)
  revision = 10
  nextId = 0
  servers.onRequest = (stream, bytes) => {
    const { createRequest, progressRequest } = decodeWatchRequest(bytes)
    if (createRequest !== undefined) reply(stream, { watchId: nextId++, created: true })
    if (progressRequest !== undefined) reply(stream, { watchId: -1 })
  }
})

const newClient = (options: Partial<ClientOptions> = {}): Client =>
  new Client({ endpoints: [a], ...options }, { transport: servers, clock, chance: () => 0.5 })

/** Lets everything happen that is due within `ms`. */
async function pass(ms = 0): Promise<void> {
  const until = clock.now() + ms
  for (let i = 0; i < 1_000; i++) {
    await settle()
    const next = clock.nextAt()
    if (next === undefined || next > until) break
    clock.step()
  }
  await settle()
}

const requests = (stream: ServerStream | undefined): WatchRequest[] =>
  (stream?.requests ?? []).map(bytes => decodeWatchRequest(bytes))
const created = (stream: ServerStream | undefined): [string, number][] =>
  requests(stream).flatMap(({ createRequest }) =>
    createRequest === undefined ? [] : [[toText(createRequest.key), createRequest.startRevision]],
  )

/** Takes everything that is delivered, and notes how the loop ended. */
function drain(updates: AsyncIterable<WatchUpdate>): { revisions: number[]; progress: number[]; end: unknown } {
  const seen: { revisions: number[]; progress: number[]; end: unknown } = {
    revisions: [],
    progress: [],
    end: undefined,
  }
  const run = async (): Promise<void> => {
    for await (const { events, header: at } of updates) {
      if (events.length === 0) seen.progress.push(at.revision)
      seen.revisions.push(...events.map(event => event.kv?.modRevision as number))
    }
  }
  run().then(
    () => {
      seen.end = 'done'
    },
    error => {
      seen.end = error
    },
  )
  return seen
}

describe('a watch stream', () => {
  test('is shared; watches are created one after the other', async () => {
    servers.onRequest = () => {}
    const client = newClient()
    client.watch('a')
    client.watch('b', { startRevision: 7 })
    await pass()
    expect(servers.streams).toHaveLength(1)
    client.watch('c')
    expect(created(servers.streams[0])).toEqual([['a', 0]])
    reply(servers.streams[0] as ServerStream, { watchId: 5, created: true })
    expect(created(servers.streams[0])).toEqual([
      ['a', 0],
      ['b', 7],
    ])
  })

  test('is another one for those who require a leader', async () => {
    const client = newClient()
    client.watch('a')
    client.watch('b', { requireLeader: true })
    await pass()
    expect(servers.streams.map(stream => stream.metadata['hasleader']).sort()).toEqual(['true', undefined])
  })

  test('ends with the last watcher and begins with the next', async () => {
    const client = newClient()
    const watcher = client.watch('a')
    await pass()
    watcher.close()
    expect(servers.streams[0]?.cancelled()).toBe(true)
    client.watch('b')
    await pass()
    expect(created(servers.streams[1])).toEqual([['b', 0]])
  })

  test('events reach their watcher only', async () => {
    const client = newClient()
    const [one, two] = [drain(client.watch('a')), drain(client.watch('b'))]
    await pass()
    reply(servers.streams[0] as ServerStream, { watchId: 0, events: [put(11)] })
    reply(servers.streams[0] as ServerStream, { watchId: 1, events: [put(12), put(12)] })
    reply(servers.streams[0] as ServerStream, { watchId: 77, events: [put(13)] })
    await pass()
    expect([one.revisions, two.revisions]).toEqual([[11], [12, 12]])
  })
})

describe('after a loss', () => {
  test('every watch goes on after what it has seen', async () => {
    const client = newClient()
    const fresh = client.watch('fresh')
    const seen = drain(client.watch('busy'))
    const old = client.watch('old', { startRevision: 4 })
    await pass()
    reply(servers.streams[0] as ServerStream, { watchId: 1, events: [put(15), put(16)] })
    servers.drop(a)
    await pass(1_000)
    expect(created(servers.streams[1])).toEqual([
      ['fresh', 11],
      ['busy', 17],
      ['old', 4],
    ])
    expect([fresh.nextRevision, old.nextRevision]).toEqual([11, 4])
    reply(servers.streams[1] as ServerStream, { watchId: 4, events: [put(17)] })
    await pass()
    expect(seen.revisions).toEqual([15, 16, 17])
  })

  test('a progress notification moves the place as well', async () => {
    const client = newClient()
    const watcher = client.watch('quiet')
    const seen = drain(watcher)
    await pass()
    revision = 40
    watcher.requestProgress()
    await pass()
    expect(seen.progress).toEqual([40])
    servers.drop(a)
    await pass(1_000)
    expect(created(servers.streams[1])).toEqual([['quiet', 41]])
  })

  test('the stream is tried again while the server is down, more and more slowly', async () => {
    const client = newClient()
    client.watch('k')
    await pass()
    servers.down.add(a)
    servers.drop(a)
    await pass(10_000)
    expect(servers.dials.length).toBeGreaterThan(10)
    expect(servers.dials.length).toBeLessThan(60)
    servers.down.delete(a)
    await pass(1_000)
    expect(created(servers.streams[1])).toEqual([['k', 11]])
  })

  test('fragments that were not complete are forgotten', async () => {
    const seen = drain(newClient().watch('k'))
    await pass()
    reply(servers.streams[0] as ServerStream, { watchId: 0, fragment: true, events: [put(11)] })
    servers.drop(a)
    await pass(1_000)
    expect(created(servers.streams[1])).toEqual([['k', 11]])
    reply(servers.streams[1] as ServerStream, { watchId: 1, fragment: true, events: [put(11)] })
    reply(servers.streams[1] as ServerStream, { watchId: 1, events: [put(11), put(12)] })
    await pass()
    expect(seen.revisions).toEqual([11, 11, 12])
  })

  test('a stream whose connection closed before it was begun is opened again', async () => {
    const client = newClient()
    const { end } = drain(client.watch('k'))
    await pass()
    // As the connection says it that is being closed.
    servers.streams[0]?.end({ code: 1, message: 'grpc: the client connection is closing', unprocessed: true })
    await pass(10_000)
    expect([end, servers.streams.length]).toEqual([undefined, 2])
  })

  test('a stream that ends for another reason ends its watchers', async () => {
    const seen = drain(newClient().watch('k'))
    await pass()
    servers.streams[0]?.end({ code: 7, message: 'etcdserver: permission denied', unprocessed: false })
    await pass()
    expect(seen.end).toMatchObject({ code: 'PERMISSION_DENIED' })
  })

  test('who requires a leader learns that there is none', async () => {
    const seen = drain(newClient().watch('k', { requireLeader: true }))
    await pass()
    servers.streams[0]?.end(unavailable('etcdserver: no leader'))
    await pass()
    expect(seen.end).toMatchObject({ reason: 'NO_LEADER' })
  })
})

describe('the end of one watch', () => {
  test('compaction tells from where on there is something', async () => {
    const client = newClient()
    const seen = drain(client.watch('k', { startRevision: 1 }))
    const other = drain(client.watch('other'))
    await pass()
    reply(servers.streams[0] as ServerStream, { watchId: 0, canceled: true, compactRevision: 9 })
    await pass()
    expect(seen.end).toMatchObject({ reason: 'COMPACTED', compactRevision: 9 })
    expect(other.end).toBeUndefined()
  })

  test('a watch that is refused does not hold up the next', async () => {
    servers.onRequest = (stream, bytes) => {
      const key = toText(decodeWatchRequest(bytes).createRequest?.key as Uint8Array)
      if (key === 'no') {
        reply(stream, { watchId: -1, created: true, canceled: true, cancelReason: 'etcdserver: permission denied' })
      } else reply(stream, { watchId: 3, created: true })
    }
    const client = newClient()
    const refused = client.watch('no')
    const taken = client.watch('yes')
    await pass()
    await expect(refused.created).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await expect(taken.created).resolves.toBeUndefined()
  })

  test('closing cancels on the server, leaving the loop does too', async () => {
    const client = newClient()
    client.watch('stays')
    const one = client.watch('a')
    const two = client.watch('b')
    await pass()
    one.close()
    reply(servers.streams[0] as ServerStream, { watchId: 2, events: [put(11)] })
    for await (const _update of two) break
    const cancelled = requests(servers.streams[0]).flatMap(({ cancelRequest }) => cancelRequest?.watchId ?? [])
    expect(cancelled).toEqual([1, 2])
    expect([one.closed, two.closed]).toEqual([true, true])
  })

  test('closing before the server answered cancels when it has', async () => {
    servers.onRequest = () => {}
    const client = newClient()
    client.watch('stays')
    const early = client.watch('early')
    await pass()
    reply(servers.streams[0] as ServerStream, { watchId: 0, created: true })
    early.close()
    reply(servers.streams[0] as ServerStream, { watchId: 1, created: true })
    expect(requests(servers.streams[0]).at(-1)?.cancelRequest).toEqual({ watchId: 1 })
  })

  test('a signal ends it', async () => {
    const abort = new AbortController()
    const seen = drain(newClient().watch('k', { signal: abort.signal }))
    await pass()
    abort.abort()
    await pass()
    expect(seen.end).toBe('done')
  })

  test('closing the client ends all', async () => {
    const client = newClient()
    const seen = drain(client.watch('k'))
    await pass()
    await client.close()
    await pass()
    expect(seen.end).toMatchObject({ reason: 'CLOSED' })
    await expect(client.watch('k').created).rejects.toMatchObject({ reason: 'CLOSED' })
  })
})

test('a slow watcher leaves the stream, loses nothing and does not hold up others', async () => {
  const client = newClient()
  const slow = client.watch('slow')
  const quick = drain(client.watch('quick'))
  await pass()
  const stream = servers.streams[0] as ServerStream
  const many = Array.from({ length: 6_000 }, (_, i) => put(100 + i))
  reply(stream, { watchId: 0, events: many })
  reply(stream, { watchId: 0, events: many.map((_, i) => put(6_100 + i)) })
  expect(requests(stream).at(-1)?.cancelRequest).toEqual({ watchId: 0 })
  reply(stream, { watchId: 0, events: [put(99_999)] })
  reply(stream, { watchId: 1, events: [put(11)] })
  await pass()
  expect(quick.revisions).toEqual([11])

  const seen = drain(slow)
  await pass()
  expect(seen.revisions).toHaveLength(12_000)
  expect(created(stream).at(-1)).toEqual(['slow', 12_100])
  reply(stream, { watchId: 2, events: [put(12_100)] })
  await pass()
  expect(seen.revisions.at(-1)).toBe(12_100)
})

test('a watch that needs a new token gets one', async () => {
  let issued = 0
  servers.answer = () => ({ outcome: ok, response: encodeAuthenticateResponse({ token: `t${++issued}` }) })
  servers.onRequest = stream => {
    const good = stream.metadata['token'] === 't2'
    const refusal = { canceled: true, watchId: -1, cancelReason: 'etcdserver: invalid auth token' }
    reply(stream, { created: true, ...(good ? { watchId: 0 } : refusal) })
  }
  const watcher = newClient({ auth: { user: 'u', password: 'p' } }).watch('k')
  await pass()
  await expect(watcher.created).resolves.toBeUndefined()
  expect(servers.streams.map(stream => stream.cancelled())).toEqual([true, false])
})

test.each([
  ['is refused as unavailable', () => ({ outcome: unavailable() })],
  ['has no answer in time', () => ({ outcome: { code: 4, message: 'context deadline exceeded', unprocessed: false } })],
])('a watch lives on where the question for a token %s', async (_, failure) => {
  let asked = 0
  servers.answer = () => {
    asked++
    if (asked >= 2 && asked <= 6) return failure()
    return { outcome: ok, response: encodeAuthenticateResponse({ token: `t${asked}` }) }
  }
  const stale = { code: 16, message: 'etcdserver: invalid auth token', unprocessed: false }
  servers.onRequest = stream => {
    if (stream !== servers.streams[0] && stream.metadata['token'] === 't1') stream.end(stale)
    else reply(stream, { created: true, watchId: 0 })
  }
  const watcher = newClient({ auth: { user: 'u', password: 'p' }, timeoutMs: 1000 }).watch('k')
  const seen = drain(watcher)
  await pass()
  await expect(watcher.created).resolves.toBeUndefined()
  servers.streams[0]?.end(stale)
  for (let i = 0; i < 40; i++) await pass(1000)
  const stream = servers.streams.at(-1) as ServerStream
  expect([asked, stream.metadata['token']]).toEqual([7, 't7'])
  reply(stream, { watchId: 0, events: [put(11)] })
  await pass()
  expect(seen.revisions).toEqual([11])
})
