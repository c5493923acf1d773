import { encodeAuthenticateResponse, encodePutResponse, encodeRangeResponse } from '@kvs/proto/rpc'
import { VirtualClock } from '@kvs/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { Client, type ClientOptions } from '../src/index.ts'
import { FakeServers, ok, settle, unavailable, unprocessed } from './fake-server.ts'

let clock: VirtualClock
let servers: FakeServers
const a = '10.0.0.1:2379'
const b = '10.0.0.2:2379'

beforeEach(() => {
  clock = new VirtualClock()
  servers = new FakeServers(clock)
})

const newClient = (options: Partial<ClientOptions> = {}): Client =>
  new Client({ endpoints: [a], ...options }, { transport: servers, clock, chance: () => 0.5 })

/** Runs virtual time until the promise is settled. */
async function run<T>(promise: Promise<T>): Promise<T> {
  let settled = false
  promise.then(
    () => {
      settled = true
    },
    () => {
      settled = true
    },
  )
  for (let i = 0; i < 10_000 && !settled; i++) {
    await settle()
    if (!settled && !clock.step()) break
  }
  return promise
}

describe('what is repeated', () => {
  test('a read, after any UNAVAILABLE, on the next endpoint', async () => {
    servers.answer = (_call, number) => (number < 3 ? { outcome: unavailable() } : { outcome: ok })
    await run(newClient({ endpoints: [a, b] }).range('k'))
    expect(servers.calls.map(call => call.endpoint)).toEqual([a, b, a])
  })

  test('a write only if it was certainly not processed', async () => {
    servers.answer = (_call, number) => ({ outcome: number === 1 ? unprocessed : ok, response: encodePutResponse({}) })
    await run(newClient().put('k', 'v'))
    expect(servers.calls).toHaveLength(2)

    servers.answer = () => ({ outcome: unavailable() })
    await expect(run(newClient().put('k', 'v'))).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'TIMED_OUT' })
    await expect(run(newClient().delete('k'))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(run(newClient().txn().commit())).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(run(newClient().compact(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(servers.calls).toHaveLength(6)
  })

  test('nothing after other errors', async () => {
    for (const code of [2, 3, 5, 8, 9, 13, 15]) {
      servers.calls.length = 0
      servers.answer = () => ({ outcome: { code, message: 'no', unprocessed: false } })
      await expect(run(newClient().range('k'))).rejects.toMatchObject({ message: 'no' })
      expect(servers.calls).toHaveLength(1)
    }
  })

  test('a call that a learner refuses, on each other endpoint once', async () => {
    servers.answer = () => ({
      outcome: { code: 9, message: 'etcdserver: rpc not supported for learner', unprocessed: false },
    })
    const failed = run(newClient({ endpoints: [a, b] }).put('k', 'v'))
    await expect(failed).rejects.toMatchObject({ reason: 'NOT_SUPPORTED_FOR_LEARNER' })
    expect(servers.calls.map(call => call.endpoint)).toEqual([a, b])
  })

  test('with growing pauses once every endpoint had its turn', async () => {
    servers.answer = (_call, number) => ({ outcome: number < 7 ? unavailable() : ok })
    await run(newClient({ endpoints: [a, b] }).range('k'))
    // Half of 25, 50 and 100 ms, for chance is 0.5 here.
    expect(servers.calls.map(call => call.atMs)).toEqual([0, 0, 12.5, 12.5, 37.5, 37.5, 87.5])
  })
})

describe('connections', () => {
  test('one is opened for the first call, the others behind the second', async () => {
    const client = newClient({ endpoints: [a, b] })
    await run(client.range('k'))
    expect(servers.dials).toEqual([a])
    await run(client.range('k'))
    await run(client.range('k'))
    expect(servers.dials).toEqual([a, b])
    await run(client.range('k'))
    expect(new Set(servers.calls.map(call => call.endpoint))).toEqual(new Set([a, b]))
  })

  test('an endpoint that is down is passed over, writes included', async () => {
    servers.down.add(a)
    await run(newClient({ endpoints: [a, b] }).put('k', 'v'))
    expect(servers.dials).toEqual([a, b])
    expect(servers.calls).toMatchObject([{ endpoint: b }])
  })

  test('when all are down the call waits for one to come back', async () => {
    servers.down.add(a).add(b)
    clock.setTimer(3_000, () => servers.down.delete(b))
    await run(newClient({ endpoints: [a, b] }).put('k', 'v'))
    expect(servers.calls).toMatchObject([{ endpoint: b }])
    expect(clock.now()).toBeLessThan(5_000)
  })

  test('or for its deadline, which tells what was wrong last', async () => {
    servers.down.add(a)
    const error = await run(newClient({ timeoutMs: 2_000 }).get('k')).catch((failure: unknown) => failure)
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', message: 'context deadline exceeded' })
    expect((error as Error).cause).toMatchObject({ code: 'UNAVAILABLE', endpoint: a })
    expect(clock.now()).toBeLessThanOrEqual(2_000)
  })

  test('a lost one is replaced', async () => {
    const client = newClient()
    await run(client.range('k'))
    servers.drop(a)
    await run(client.range('k'))
    expect(servers.dials).toEqual([a, a])
  })

  test('endpoints may be changed', async () => {
    const client = newClient()
    await run(client.range('k'))
    client.endpoints = [b]
    await run(client.range('k'))
    expect(servers.calls.map(call => call.endpoint)).toEqual([a, b])
    expect(servers.closes).toEqual([a])
    expect(() => {
      client.endpoints = []
    }).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })

  test('a call may ask for one endpoint only', async () => {
    servers.answer = (_call, number) => ({ outcome: number === 1 ? unavailable() : ok })
    await run(newClient({ endpoints: [a] }).maintenance.status({ endpoint: b }))
    expect(servers.calls.map(call => call.endpoint)).toEqual([b, b])
  })
})

describe('giving up', () => {
  test('by a signal, before and during', async () => {
    servers.answer = () => 'never'
    const abort = new AbortController()
    const call = newClient().get('k', { signal: abort.signal })
    await settle()
    expect(servers.calls).toHaveLength(1)
    abort.abort(new Error('enough'))
    await expect(run(call)).rejects.toMatchObject({ code: 'CANCELLED', cause: { message: 'enough' } })
    await expect(run(newClient().get('k', { signal: abort.signal }))).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(servers.calls).toHaveLength(1)
  })

  test('a closed client makes no calls', async () => {
    const client = newClient()
    await client.close()
    await expect(run(client.get('k'))).rejects.toMatchObject({ reason: 'CLOSED' })
    expect(servers.dials).toEqual([])
  })

  test('a request that is too long is not sent', async () => {
    const put = run(newClient({ maxRequestBytes: 100 }).put('k', 'v'.repeat(200)))
    await expect(put).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    expect(servers.calls).toHaveLength(0)
  })

  test('an answer that cannot be read is an error of its own', async () => {
    servers.answer = () => ({ outcome: ok, response: new Uint8Array([0xff]) })
    await expect(run(newClient().range('k'))).rejects.toMatchObject({ code: 'INTERNAL', cause: { name: 'ProtoError' } })
  })
})

describe('tokens', () => {
  const auth = { user: 'root', password: 'secret' }
  const staleToken = { code: 16, message: 'etcdserver: invalid auth token', unprocessed: false }
  let issued: number

  beforeEach(() => {
    issued = 0
  })

  const answerWith = (good: () => string): void => {
    servers.answer = call => {
      if (call.path.endsWith('/Authenticate')) {
        issued++
        return { outcome: ok, response: encodeAuthenticateResponse({ token: `t${issued}` }) }
      }
      return { outcome: call.token === good() ? ok : staleToken, response: encodeRangeResponse({}) }
    }
  }

  test('one is fetched for all calls that wait, and kept', async () => {
    answerWith(() => 't1')
    const client = newClient({ auth })
    await run(Promise.all([client.get('k'), client.put('k', 'v'), client.get('k')]))
    await run(client.get('k'))
    expect(issued).toBe(1)
  })

  test('one that is no longer good is fetched again once, for reads and writes', async () => {
    answerWith(() => `t${Math.max(issued, 2)}`)
    const client = newClient({ auth })
    await run(Promise.all([client.put('k', 'v'), client.get('k')]))
    expect(issued).toBe(2)
  })

  test('a server that likes none ends the call', async () => {
    answerWith(() => 'none')
    await expect(run(newClient({ auth }).put('k', 'v'))).rejects.toMatchObject({ reason: 'INVALID_AUTH_TOKEN' })
    expect(issued).toBe(3)
  })

  test('with authentication off, calls go without', async () => {
    servers.answer = call =>
      call.path.endsWith('/Authenticate')
        ? { outcome: { code: 9, message: 'etcdserver: authentication is not enabled', unprocessed: false } }
        : { outcome: ok }
    await run(newClient({ auth }).put('k', 'v'))
    expect(servers.calls.at(-1)?.token).toBeUndefined()
  })

  test('a given token is sent as it is', async () => {
    await run(newClient({ auth: { token: 'jwt' } }).put('k', 'v'))
    expect(servers.calls).toMatchObject([{ token: 'jwt' }])
  })
})
