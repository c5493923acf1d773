import { KV, Lease } from '@kvs/proto/rpc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { HttpRequest, HttpResponse } from '../src/edge/http.ts'
import { gatewayRoutes } from '../src/gateway/routes.ts'
import { type TestMember, World } from './member.ts'
import { bytesOf } from './messages.ts'

let world: World
let member: TestMember

beforeEach(async () => {
  world = new World()
  member = await world.start({ maxRequestBytes: 20_000, bcryptCost: 4 })
})
afterEach(async () => {
  expect(world.fatal).toEqual([])
  await member.member.stop()
  world.close()
})

/** A body that is still being written. */
class Body implements AsyncIterable<Uint8Array> {
  readonly #pieces: Uint8Array[] = []
  #isEnded = false
  #wake: () => void = () => {}

  write(text: string): void {
    this.#pieces.push(bytesOf(text))
    this.#wake()
  }

  end(text = ''): void {
    this.#isEnded = true
    this.write(text)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      yield* this.#pieces.splice(0)
      if (this.#pieces.length > 0) continue
      if (this.#isEnded) return
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}

interface Asked {
  readonly method?: string
  readonly headers?: HttpRequest['headers']
  readonly signal?: AbortSignal
}

function open(url: string, body: AsyncIterable<Uint8Array>, asked: Asked = {}): Promise<HttpResponse> {
  const [path = '', query = ''] = url.split('?')
  const { method = 'POST', headers = [], signal = new AbortController().signal } = asked
  const header = (name: string): string | undefined => headers.find(([known]) => known === name)?.[1]
  const request = { method, path, query, header, headers, remote: 'r:1', isEncrypted: false, commonName: undefined }
  return Promise.resolve(member.member.handleHttp(request, body, signal))
}

/** Asks, and reads the answer to its end. */
async function ask(url: string, body = '{}', asked?: Asked): Promise<string> {
  const whole = new Body()
  whole.end(body)
  const response = await open(url, whole, asked)
  return `${response.status} ${await textOf(response)}`
}

async function textOf({ body }: HttpResponse): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of body instanceof Uint8Array ? [body] : body) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

/** Without what two members differ in. */
const bare = (text: string): string => text.replace(/"header":\{[^}]*\},?/g, '').replace(/,\}/g, '}')

/** The lines of a stream, one by one. */
async function* linesOf({ body }: HttpResponse): AsyncGenerator<string, void> {
  let text = ''
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    text += new TextDecoder().decode(piece)
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) yield bare(line)
  }
}

describe('unary calls', () => {
  test('reach the handlers of gRPC', async () => {
    const answer = await ask('/v3/kv/put', '{"key":"Zm9v","value":"YmFy"}')
    const { id, clusterId } = member.member
    const header = `{"cluster_id":"${clusterId}","member_id":"${id}","revision":"2","raft_term":"2"}`
    expect(answer).toBe(`200 {"header":${header}}`)
    expect(bare(await ask('/v3beta/kv/range', '{"key":"Zm9v"}'))).toBe(
      '200 {"kvs":[{"key":"Zm9v","create_revision":"2","mod_revision":"2","version":"1","value":"YmFy"}],"count":"1"}',
    )
    const { kvs } = await member.call(KV.range, { key: bytesOf('foo') })
    expect(kvs).toHaveLength(1)
  })

  test.each(gatewayRoutes.filter(({ method }) => !method.serverStreams && !/(campaign|lock\/lock)/.test(method.path)))(
    '$path answers, in JSON, and only to POST',
    async ({ path }) => {
      expect(await ask(path)).toMatch(/^\d{3} \{.*\}$/)
      expect(await ask(path, '{"')).toBe('400 {"code":3,"message":"unexpected EOF"}')
      expect(await ask(path, '{}', { method: 'GET' })).toBe('501 {"code":12,"message":"Method Not Allowed"}')
    },
  )

  test.each<[string, string, string, Asked?]>([
    ['no such path', '/v3/kv/nothing', '404 {"code":5,"message":"Not Found"}'],
    ['no such path with a method of its own', '/v3/constructor', '404 {"code":5,"message":"Not Found"}'],
    ['a slash too much', '/v3/kv/range/', '404 {"code":5,"message":"Not Found"}'],
    ['a roundabout path', '/v3/kv/../kv//range', '301 '],
    ['half an escape', '/v3/kv/range%2', '400 400 Bad Request\n'],
    ['an escaped path', '/v3/kv%2Frange', '400 {"code":3,"message":"etcdserver: key is not provided"}'],
    ['no escape of the path', '/v3/kv%252Frange', '404 {"code":5,"message":"Not Found"}'],
    ['a bare prefix', '/v3', '301 '],
    ['a refusal', '/v3/lease/revoke', '404 {"code":5,"message":"etcdserver: requested lease not found"}'],
    [
      'another method by a form',
      '/v3/kv/range',
      '501 {"code":12,"message":"Method Not Allowed"}',
      {
        headers: [
          ['x-http-method-override', 'GET'],
          ['content-type', 'application/x-www-form-urlencoded'],
        ],
      },
    ],
    [
      'no time',
      '/v3/kv/range',
      '400 {"code":3,"message":"invalid grpc-timeout: soon"}',
      { headers: [['grpc-timeout', 'soon']] },
    ],
    [
      'bytes that are none',
      '/v3/kv/range',
      '400 {"code":3,"message":"invalid binary header x-bin: illegal base64 data"}',
      { headers: [['grpc-metadata-x-bin', '!']] },
    ],
    [
      'headers twice',
      '/v3/kv/range',
      '400 {"code":3,"message":"etcdserver: key is not provided"}',
      {
        headers: [
          ['authorization', 'a'],
          ['authorization', 'b'],
          ['grpc-timeout', '1S'],
          ['grpc-timeout', 'x'],
        ],
      },
    ],
  ])('%s', async (_what, path, wanted, asked) => {
    expect(await ask(path, '{}', asked)).toBe(wanted)
  })

  test('what is too large is refused, before all of it is read', async () => {
    const value = (bytes: number): string => `{"key":"YQ==","value":"${Buffer.alloc(bytes).toString('base64')}"}`
    expect(await ask('/v3/kv/put', value(20_000))).toBe('400 {"code":3,"message":"etcdserver: request is too large"}')
    expect(await ask('/v3/kv/put', value(600_000))).toMatch(
      /^429 \{"code":8,"message":"grpc: received message larger than max \(\d+ vs\. 544288\)"\}$/,
    )
    const endless = new Body()
    const answer = open('/v3/kv/put', endless)
    endless.write('{"value":"')
    for (let i = 0; i < 12; i++) endless.write('A'.repeat(100_000))
    expect((await answer).status).toBe(429)
    expect(await textOf(await answer)).toBe('{"code":8,"message":"a JSON value is larger than 1088576 bytes"}')
  })

  test('the answer does not wait for what follows the request', async () => {
    const body = new Body()
    body.write('{"key":"YQ=="} and more')
    expect((await open('/v3/kv/range', body)).status).toBe(200)
    body.end()
  })

  test('a large answer comes in pieces', async () => {
    for (let i = 0; i < 30; i++) await member.call(KV.put, { key: bytesOf(`k${i}`), value: new Uint8Array(15_000) })
    const body = new Body()
    body.end('{"key":"AA==","range_end":"AA=="}')
    const response = await open('/v3/kv/range', body)
    expect(response.body).not.toBeInstanceOf(Uint8Array)
    expect(JSON.parse(await textOf(response)).kvs).toHaveLength(30)
  })

  test('a call that takes too long is given up, and so is one whose client goes away', async () => {
    world.holdDisk()
    const late = ask('/v3/kv/put', '{"key":"YQ=="}', { headers: [['grpc-timeout', '100m']] })
    const gone = new AbortController()
    const left = ask('/v3/kv/put', '{"key":"Yg=="}', { signal: gone.signal })
    await world.advance(200)
    expect(await late).toBe('504 {"code":4,"message":"context deadline exceeded"}')
    gone.abort()
    expect(await left).toBe('499 {"code":1,"message":"context canceled"}')
    world.releaseDisk()
    await world.settled()
  })

  test('calls are counted as those of gRPC', async () => {
    await ask('/v3/kv/range', '{}')
    await ask('/v3/kv/range', '{"key":"YQ=="}')
    const range = { grpc_service: 'etcdserverpb.KV', grpc_method: 'Range' }
    const codes = ['OK', 'InvalidArgument'].map(grpc_code =>
      metric('grpc_server_handled_total', { ...range, grpc_code }),
    )
    expect([...codes, metric('grpc_server_started_total', range)]).toEqual([1, 1, 2])
  })
})

test('the Authorization header tells who asks, of locks and watches, too', async () => {
  await ask('/v3/auth/user/add', '{"name":"root","password":"pw"}')
  await ask('/v3/auth/role/add', '{"name":"root"}')
  await ask('/v3/auth/user/grant', '{"user":"root","role":"root"}')
  expect(await ask('/v3/auth/enable')).toMatch(/^200 /)
  const login = (await ask('/v3/auth/authenticate', '{"name":"root","password":"pw"}')).slice(4)
  const { token } = JSON.parse(login)
  const as = (authorization: string): Asked => ({ headers: [['authorization', authorization]] })
  for (const said of [token, `Bearer ${token}`]) {
    expect(await ask('/v3/kv/put', '{"key":"YQ=="}', as(said))).toMatch(/^200 /)
    expect(await ask('/v3/lock/lock', '{"name":"bA=="}', as(said))).toMatch(/^200 /)
    await ask('/v3/lock/unlock', JSON.stringify({ key: await lockKey(as(said)) }), as(said))
  }
  const nobody = 'etcdserver: user name is empty'
  expect(await ask('/v3/kv/put', '{"key":"YQ=="}')).toBe(`400 {"code":3,"message":"${nobody}"}`)
  expect(await ask('/v3/lock/lock', '{"name":"bA=="}')).toBe(`500 {"code":2,"message":"${nobody}"}`)
  const badToken = '401 {"code":16,"message":"etcdserver: invalid auth token"}'
  expect(await ask('/v3/kv/put', '{"key":"YQ=="}', as('nonsense'))).toBe(badToken)
})

/** Who holds the lock `l`. */
async function lockKey(asked: Asked): Promise<string> {
  const { kvs } = JSON.parse((await ask('/v3/kv/range', '{"key":"bC8=","range_end":"bDA="}', asked)).slice(4))
  return kvs[0].key
}

describe('streams', () => {
  test('a watch: requests may follow, events come as lines', async () => {
    const body = new Body()
    body.write('{"create_request":{"key":"YQ=="}}')
    const response = await open('/v3/watch', body)
    const lines = linesOf(response)
    expect((await lines.next()).value).toBe('{"result":{"created":true}}')
    await member.call(KV.put, { key: bytesOf('a'), value: bytesOf('1') })
    expect((await lines.next()).value).toContain('"events":[{"kv":{"key":"YQ==",')
    body.write('{"cancel_request":{"watch_id":0}}')
    expect((await lines.next()).value).toBe('{"result":{"canceled":true}}')
    body.write('{"create_request":')
    body.write('{"key":"Yg==","watch_id":"7"}} {"progress_request":{}}')
    expect((await lines.next()).value).toBe('{"result":{"watch_id":"7","created":true}}')
    expect((await lines.next()).value).toBe('{"result":{"watch_id":"-1"}}')
    await lines.return()
  })

  test('a request that is none ends the stream with its reason', async () => {
    const body = new Body()
    body.write('{"create_request":{"key":"YQ=="}}')
    const lines = linesOf(await open('/v3/watch', body))
    await lines.next()
    body.write('{"create_request":5}')
    const error = '{"code":3,"message":"proto: syntax error (line 1:19): unexpected token 5"}'
    expect((await lines.next()).value).toBe(`{"error":${error}}`)
    expect((await lines.next()).done).toBe(true)
    expect(await ask('/v3/watch', 'x')).toMatch(/^400 \{"code":3,/)
    const second = ask('/v3/lease/keepalive', '{"ID":[]}')
    expect(await second).toMatch(/^400 \{"code":3,/)
  })

  test('whoever goes away leaves no watcher behind', async () => {
    const watchers = (): number => metric('etcd_debugging_mvcc_watcher_total')
    const gone = new AbortController()
    const body = new Body()
    body.write('{"create_request":{"key":"YQ=="}}')
    const lines = linesOf(await open('/v3/watch', body, { signal: gone.signal }))
    await lines.next()
    expect(watchers()).toBe(1)
    gone.abort()
    expect((await lines.next()).value).toBe('{"error":{"code":1,"message":"context canceled"}}')
    expect(watchers()).toBe(0)
    const other = new Body()
    other.write('{"create_request":{"key":"YQ=="}}')
    const again = linesOf(await open('/v3/watch', other))
    await again.next()
    expect(watchers()).toBe(1)
    await again.return()
    expect(watchers()).toBe(0)
  })

  test('a client that does not read gets no more than so much', async () => {
    const body = new Body()
    body.write('{"create_request":{"key":"YQ=="}}')
    const lines = linesOf(await open('/v3/watch', body))
    await lines.next()
    const count = 400
    for (let i = 0; i < count; i++) await member.call(KV.put, { key: bytesOf('a'), value: new Uint8Array(15_000) })
    await world.settled()
    expect(metric('etcd_debugging_mvcc_events_total')).toBeLessThan(count)
    let events = 0
    while (events < count) events += ((await lines.next()).value as string).split('"kv":').length - 1
    expect(events).toBe(count)
    await lines.return()
  })

  test('leases are kept alive in order, and the end of the body ends it', async () => {
    const { id } = await member.call(Lease.leaseGrant, { ttl: 60 })
    const answer = await ask('/v3/lease/keepalive', `{"ID":"${id}"}{"ID":1}\n{"ID":"${id}"}`)
    const line = (what: string): string => `{"result":{${what}}}\n`
    const alive = line(`"ID":"${id}","TTL":"60"`)
    expect(bare(answer)).toBe(`200 ${alive}${line('"ID":"1"')}${alive}`)
    expect(await ask('/v3/lease/keepalive', '')).toBe('200 ')
  })

  test('a backup', async () => {
    const lines = (await ask('/v3/maintenance/snapshot', '')).slice(4).trim().split('\n')
    const results = lines.map(line => JSON.parse(line).result)
    expect(results.length).toBeGreaterThan(1)
    expect(Buffer.from(results.at(-1).blob, 'base64')).toHaveLength(32)
  })
})

/** A metric of the member: the sum of the samples that have these labels. */
function metric(name: string, labels: Readonly<Record<string, string>> = {}): number {
  const family = member.member.metricFamilies.find(one => one.name === name)
  const samples = family
    ?.samples()
    .filter(one => Object.entries(labels).every(([key, text]) => one.labels[key] === text))
  return samples?.reduce((sum, one) => sum + one.value, 0) ?? Number.NaN
}
