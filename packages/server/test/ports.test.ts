import { mkdtempSync, rmSync } from 'node:fs'
import http2 from 'node:http2'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGrpcChannel, type GrpcChannel } from '@kvs/grpc'
import { createTlsClient, nodeNet, parseAddress } from '@kvs/net'
import { Auth, KV } from '@kvs/proto/rpc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../src/embed/clock.ts'
import { gzip } from '../src/embed/gzip.ts'
import { type EmbeddedMember, type EmbedOptions, startEmbedded } from '../src/embed.ts'
import { compressedBytesMax } from '../src/limits.ts'
import { bytesOf } from './messages.ts'

/** What the ports of a real member serve, and to whom. */

let folder: string
let member: EmbeddedMember | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-ports-'))
})
afterEach(async () => {
  await member?.stop()
  member = undefined
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: Partial<EmbedOptions> = {}): Promise<EmbeddedMember> {
  member = await startEmbedded({
    dataDir: join(folder, 'data'),
    listenClientUrls: ['http://127.0.0.1:0'],
    listenPeerUrls: ['http://127.0.0.1:0'],
    bcryptCost: 4,
    ...options,
  })
  return member
}

async function channelTo(address: string, compressors: GrpcChannelOptions['compressors'] = []): Promise<GrpcChannel> {
  const dial = () => nodeNet().dial(parseAddress(`http://${address}`).address)
  const channel = createGrpcChannel({ clock: systemClock, dial, authority: 'member', compressors })
  await channel.connect()
  return channel
}
type GrpcChannelOptions = Parameters<typeof createGrpcChannel>[0]

async function put(channel: GrpcChannel, value = 'v'): Promise<void> {
  await channel.call(KV.put.path, KV.put.encodeRequest({ key: bytesOf('k'), value: bytesOf(value) }))
}

async function enableAuth(channel: GrpcChannel): Promise<void> {
  await channel.call(Auth.userAdd.path, Auth.userAdd.encodeRequest({ name: 'root', options: { noPassword: true } }))
  await channel.call(Auth.userGrantRole.path, Auth.userGrantRole.encodeRequest({ user: 'root', role: 'root' }))
  await channel.call(Auth.authEnable.path, new Uint8Array(0))
}

/** What a server says to somebody who speaks HTTP/1.1, until it hangs up. */
function askPlainly(address: string): Promise<string> {
  const [host = '', port = ''] = address.split(':')
  return new Promise((resolve, reject) => {
    const socket = connectTcp(Number(port), host, () => socket.write('GET /version HTTP/1.1\r\nHost: a\r\n\r\n'))
    let said = ''
    socket.on('data', piece => {
      said += piece
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(said))
  })
}

describe('plain HTTP on ports of its own (--listen-client-http-urls)', () => {
  test('those for gRPC answer it no longer, in HTTP/1.1 or HTTP/2', async () => {
    const { clientAddresses, clientHttpAddresses } = await start({ listenClientHttpUrls: ['http://127.0.0.1:0'] })
    const [grpc = '', http = ''] = [...clientAddresses, ...clientHttpAddresses]
    const channel = await channelTo(grpc)
    await put(channel)
    await channel.close()
    expect(await (await fetch(`http://${http}/version`)).json()).toMatchObject({ etcdserver: '3.7.1' })
    const answer = await fetch(`http://${http}/v3/kv/range`, { method: 'POST', body: '{"key":"aw=="}' })
    expect(await answer.json()).toMatchObject({ count: '1' })
    expect(await askPlainly(grpc)).toBe('')
    const status = await new Promise((resolve, reject) => {
      const session = http2.connect(`http://${grpc}`)
      session.once('error', reject)
      const stream = session.request({ ':path': '/version' })
      stream.once('response', headers => resolve(headers[':status']))
      stream.once('close', () => session.close())
      stream.resume()
    })
    expect(status).toBe(415)
  })

  test('and nobody speaks gRPC to them', async () => {
    const { clientHttpAddresses } = await start({ listenClientHttpUrls: ['http://127.0.0.1:0'] })
    const channel = await channelTo(clientHttpAddresses[0] ?? '').catch((error: Error) => error)
    if (channel instanceof Error) return
    await expect(put(channel)).rejects.toThrow()
    await channel.close()
  })

  test('encrypted ones agree on HTTP/1.1, as those for gRPC on h2', async () => {
    const urls = { listenClientUrls: ['https://127.0.0.1:0'], listenClientHttpUrls: ['https://127.0.0.1:0'] }
    const { clientAddresses, clientHttpAddresses } = await start({ ...urls, clientTls: { auto: true } })
    const agreed: (string | undefined)[] = []
    for (const address of [...clientAddresses, ...clientHttpAddresses]) {
      const client = await createTlsClient({ skipVerify: true, alpn: ['h2', 'http/1.1'] })
      const pipe = await client.dial(nodeNet().dial)(parseAddress(`https://${address}`).address)
      agreed.push(pipe.info.tls?.alpn)
      pipe.destroy()
    }
    expect(agreed).toEqual(['h2', 'http/1.1'])
  })
})

describe('profiles (--enable-pprof)', () => {
  const base = (): string => `http://${member?.clientAddresses[0]}`

  test('are not there unless asked for', async () => {
    await start()
    expect((await fetch(`${base()}/debug/pprof/`)).status).toBe(404)
  })

  test('CPU profiles and samples of what is allocated, one at a time', async () => {
    await start({ enablePprof: true, commandLine: ['kvs', '--enable-pprof'] })
    expect(await (await fetch(`${base()}/debug/pprof/`)).text()).toContain('profile?seconds=30')
    expect(await (await fetch(`${base()}/debug/pprof/cmdline`)).text()).toBe('kvs\0--enable-pprof')
    const one = fetch(`${base()}/debug/pprof/profile?seconds=0.3`)
    const other = await fetch(`${base()}/debug/pprof/allocs?seconds=0.1`)
    expect([other.status, await other.text()]).toEqual([500, 'Could not enable profiling: profiling already in use\n'])
    const profile = (await (await one).json()) as { readonly nodes: unknown; readonly samples: unknown }
    expect([profile.nodes, profile.samples]).toEqual([expect.any(Array), expect.any(Array)])
    const allocs = await fetch(`${base()}/debug/pprof/allocs?seconds=0.1`)
    expect(await allocs.json()).toHaveProperty('head')
    expect(allocs.headers.get('content-disposition')).toContain('allocs.heapprofile')
    for (const seconds of ['0', '-1', 'x', '601']) {
      expect((await fetch(`${base()}/debug/pprof/profile?seconds=${seconds}`)).status).toBe(400)
    }
    expect((await fetch(`${base()}/debug/pprof/goroutine`)).status).toBe(404)
    expect((await fetch(`${base()}/debug/pprof/`, { method: 'POST' })).status).toBe(405)
  })

  test('who no longer waits for a profile holds up nobody', async () => {
    await start({ enablePprof: true })
    const gone = new AbortController()
    const asked = fetch(`${base()}/debug/pprof/profile?seconds=600`, { signal: gone.signal }).catch(() => {})
    await expect.poll(async () => (await fetch(`${base()}/debug/pprof/profile?seconds=0.01`)).status).toBe(500)
    gone.abort()
    await asked
    await expect.poll(async () => (await fetch(`${base()}/debug/pprof/profile?seconds=0.01`)).status).toBe(200)
  })

  // A whole snapshot is taken of the program in CI, whose heap is smaller than that of a test.
  test('the heap, but not where it holds what users may not read', async () => {
    await start({ enablePprof: true })
    const channel = await channelTo(member?.clientAddresses[0] ?? '')
    await enableAuth(channel)
    await channel.close()
    expect((await fetch(`${base()}/debug/pprof/heap`)).status).toBe(403)
  })
})

describe('the level of the log (PUT /config/local/log)', () => {
  const ask = (body: string, method = 'PUT'): Promise<Response> =>
    fetch(`http://${member?.clientAddresses[0]}/config/local/log`, { method, ...(method === 'GET' ? {} : { body }) })

  test('is changed by its names of today and of long ago, answered as etcd 3.4 does', async () => {
    const levels: string[] = []
    const setLogLevel = (level: string): boolean => level !== 'loud' && levels.push(level) > 0
    await start({ setLogLevel })
    for (const level of ['DEBUG', 'info', 'Warning', 'NOTICE', 'CRITICAL']) {
      expect((await ask(JSON.stringify({ Level: level }))).status).toBe(204)
    }
    expect(levels).toEqual(['debug', 'info', 'warn', 'info', 'fatal'])
    const refusals = ['{"Level":"loud"}', '{', '5', '{"Level":7}', ' '.repeat(5000)]
    for (const body of refusals) expect((await ask(body)).status).toBe(400)
    expect(await (await ask('{"Level":"loud"}')).text()).toBe('{"message":"Invalid log level loud"}')
    expect(await (await ask('{')).text()).toBe('{"message":"Invalid json body"}')
    const read = await ask('', 'GET')
    expect([read.status, read.headers.get('allow')]).toEqual([405, 'PUT'])
    const channel = await channelTo(member?.clientAddresses[0] ?? '')
    await enableAuth(channel)
    await channel.close()
    expect((await ask('{"Level":"DEBUG"}')).status).toBe(403)
  })

  test('stays where nobody can change it', async () => {
    await start()
    expect((await ask('{"Level":"DEBUG"}')).status).toBe(404)
  })
})

describe('gzip', () => {
  test('who compresses is answered alike', async () => {
    const { clientAddresses } = await start()
    const sizes: number[] = []
    const counted = {
      ...gzip,
      decompress: (bytes: Uint8Array, maxBytes: number) => {
        sizes.push(bytes.length)
        return gzip.decompress(bytes, maxBytes)
      },
    }
    const channel = await channelTo(clientAddresses[0] ?? '', [counted])
    const value = 'compressible '.repeat(1000)
    const options = { compression: 'gzip' }
    const request = KV.put.encodeRequest({ key: bytesOf('k'), value: bytesOf(value) })
    await channel.call(KV.put.path, request, options)
    const { message } = await channel.call(KV.range.path, KV.range.encodeRequest({ key: bytesOf('k') }), options)
    expect(Buffer.from(KV.range.decodeResponse(message).kvs[0]?.value ?? []).toString()).toBe(value)
    expect(sizes.length).toBe(2)
    expect(sizes[1]).toBeLessThan(value.length / 10)
    await channel.close()
  })

  test('long messages are wrapped, not compressed; what bursts is refused, what is broken throws', () => {
    const long = new Uint8Array(compressedBytesMax + 1)
    expect(gzip.compress(long).length).toBeGreaterThan(long.length)
    expect(gzip.compress(long.subarray(1)).length).toBeLessThan(1000)
    expect(gzip.decompress(gzip.compress(long), long.length)).toHaveLength(long.length)
    expect(gzip.decompress(gzip.compress(long), long.length - 1)).toBeUndefined()
    expect(() => gzip.decompress(long, 1000)).toThrow()
  })
})

test('a port is shared only where Node.js can (--socket-reuse-port)', async () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const can = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)
  const starting = start({ socketReusePort: true })
  if (can) expect((await starting).clientAddresses).toHaveLength(1)
  else await expect(starting).rejects.toThrow(/^--socket-reuse-port needs Node\.js 22\.12 or later, not \d/)
})
