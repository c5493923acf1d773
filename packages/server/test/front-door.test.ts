import { expect, test } from 'vitest'
import { FrontDoor, type FrontDoorOptions } from '../src/edge/front-door.ts'
import { type HttpRequest, type HttpResponse, textResponse } from '../src/edge/http.ts'
import { keepingLogger, type LogLine } from './log.ts'

async function* nothing(): AsyncGenerator<Uint8Array> {}

interface Asked {
  readonly method?: string
  readonly headers?: HttpRequest['headers']
  readonly isEncrypted?: boolean
  readonly commonName?: string
}

function requestOf(
  path: string,
  { method = 'GET', headers = [], isEncrypted = false, commonName }: Asked,
): HttpRequest {
  const header = (name: string): string | undefined => headers.find(([known]) => known === name)?.[1]
  return { method, path, query: 'q', header, headers, remote: 'r', isEncrypted, commonName }
}

const log: LogLine[] = []

function door(options: Partial<FrontDoorOptions> = {}): FrontDoor {
  const all = { cors: ['*'], hostWhitelist: ['*'], logger: keepingLogger(log), isAuthEnabled: () => false, ...options }
  return new FrontDoor(all, ({ path }) => textResponse(200, path))
}

/** `status text`, or where it leads to. */
async function ask(path: string, asked: Asked = {}, options: Partial<FrontDoorOptions> = {}): Promise<string> {
  const response = await door(options).handle(requestOf(path, asked), nothing(), new AbortController().signal)
  const { status, body } = response
  const location = response.headers.find(([name]) => name === 'Location')?.[1]
  return `${status} ${location ?? new TextDecoder().decode(body as Uint8Array)}`
}

test.each([
  ['/v3/kv/range', '200 /v3/kv/range'],
  ['/v3beta/kv/range', '200 /v3/kv/range'],
  ['/v3%62eta/kv%2frange', '200 /v3/kv/range'],
  ['/v3beta', '200 /v3beta'],
  ['/a//b', '301 /a/b?q'],
  ['/a/./b/', '301 /a/b/?q'],
  ['/a/../../b', '301 /b?q'],
  ['/..', '301 /?q'],
  ['/a/..b/c..', '200 /a/..b/c..'],
  ['/%2e%2e/a', '301 /a?q'],
  ['/a%20//b', '301 /a%20/b?q'],
  ['/a%', '400 400 Bad Request\n'],
  ['/%ff', '400 400 Bad Request\n'],
  ['a', '301 /a?q'],
])('%s', async (path, wanted) => {
  expect(await ask(path)).toBe(wanted)
})

const host = (name: string): Asked => ({ headers: [['host', name]] })

test('hosts that are not listed are refused in plain HTTP', async () => {
  const hostWhitelist = ['good', '127.0.0.1', '::1']
  for (const name of ['good', 'good:2379', '127.0.0.1:1', '[::1]:2379']) {
    expect(await ask('/x', host(name), { hostWhitelist })).toBe('200 /x')
  }
  for (const name of ['evil', 'evil:2379', 'Good', 'good.evil', '']) {
    const answer = await ask('/x', host(name), { hostWhitelist })
    expect(answer).toContain(`e.g. etcd --host-whitelist "${name.replace(':2379', '')}"`)
    expect(answer).toMatch(/^421 \netcd received your request, but the Host header was unrecognized\./)
  }
  expect(log.at(-1)).toMatchObject({ message: 'rejecting HTTP request to prevent DNS rebinding attacks' })
  expect(await ask('/x', { ...host('evil'), isEncrypted: true }, { hostWhitelist })).toBe('200 /x')
  expect(await ask('/x', host('evil'), { hostWhitelist: [] })).toBe('200 /x')
})

test('the common name of a certificate is of no use on the gateway’s paths', async () => {
  const asked = { isEncrypted: true, commonName: 'root' }
  const isAuthEnabled = (): boolean => true
  expect(await ask('/v3/kv/range', asked, { isAuthEnabled })).toMatch(/^400 CommonName of client sending a request/)
  expect(await ask('/v3beta/kv/range', asked, { isAuthEnabled })).toMatch(/^400 CommonName/)
  expect(await ask('/health', asked, { isAuthEnabled })).toBe('200 /health')
  expect(await ask('/v3/kv/range', asked)).toBe('200 /v3/kv/range')
  expect(await ask('/v3/kv/range', { isEncrypted: true }, { isAuthEnabled })).toBe('200 /v3/kv/range')
})

test('who may read the answer', async () => {
  const origin = async (from: string | undefined, cors: readonly string[]): Promise<string | undefined> => {
    const headers = from === undefined ? [] : [['origin', from] as const]
    const asked = requestOf('/x', { method: 'OPTIONS', headers })
    const response: HttpResponse = await door({ cors }).handle(asked, nothing(), new AbortController().signal)
    expect([response.status, response.body]).toEqual([200, new Uint8Array(0)])
    return response.headers.find(([name]) => name === 'Access-Control-Allow-Origin')?.[1]
  }
  expect(await origin('http://a:1', ['*'])).toBe('*')
  expect(await origin(undefined, [])).toBe('*')
  expect(await origin('http://a:1', ['http://b:1', 'http://a:1'])).toBe('http://a:1')
  expect(await origin('http://c:1', ['http://a:1'])).toBeUndefined()
  expect(await origin(undefined, ['http://a:1'])).toBeUndefined()
})

test('who may speak WebSocket', () => {
  const refused = (path: string, headers: HttpRequest['headers'], options: Partial<FrontDoorOptions> = {}) =>
    door(options).socketRefusal(requestOf(path, { headers }))?.status
  const from = (origin: string): HttpRequest['headers'] => [
    ['origin', origin],
    ['host', 'me:2379'],
  ]
  const cors = ['http://a:1']
  expect(refused('/v3/watch', from('http://evil'))).toBeUndefined()
  expect(refused('/v3/watch', from('http://evil'), { cors })).toBe(403)
  expect(refused('/v3beta/watch', from('http://a:1'), { cors })).toBeUndefined()
  expect(refused('/v3/watch', from('https://me:2379'), { cors })).toBeUndefined()
  expect(refused('/v3/watch', [], { cors })).toBeUndefined()
  expect(refused('/health', [])).toBe(404)
  expect(refused('/v3/watch', from('http://a:1'), { cors, hostWhitelist: ['other'] })).toBe(421)
})
