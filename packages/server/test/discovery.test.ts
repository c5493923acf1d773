import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGrpcChannel, type GrpcChannel } from '@kvs/grpc'
import { memberIdOf } from '@kvs/membership'
import { nodeNet, parseAddress } from '@kvs/net'
import { KV } from '@kvs/proto/rpc'
import { VirtualClock } from '@kvs/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Registry, registerFounder } from '../src/discovery/registry.ts'
import { foundersFromSrv, type NameResolver } from '../src/discovery/srv.ts'
import { systemClock } from '../src/embed/clock.ts'
import { type EmbeddedMember, type EmbedOptions, startEmbedded } from '../src/embed.ts'
import { keepingLogger, type LogLine } from './log.ts'
import { bytesOf } from './messages.ts'

/** Who founds a cluster, found out by asking. */

class MemoryRegistry implements Registry {
  readonly pairs = new Map<string, string>()
  /** So many calls fail from now on. */
  failures = 0
  puts = 0

  constructor(size?: string) {
    if (size !== undefined) this.pairs.set('/_etcd/registry/T/_config/size', size)
  }

  async read(key: string): Promise<string | undefined> {
    this.#maybeFail()
    return this.pairs.get(key)
  }

  async list(prefix: string): Promise<readonly { readonly key: string; readonly value: string }[]> {
    this.#maybeFail()
    return [...this.pairs].filter(([key]) => key.startsWith(prefix)).map(([key, value]) => ({ key, value }))
  }

  async put(key: string, value: string): Promise<void> {
    this.#maybeFail()
    this.puts++
    this.pairs.set(key, value)
  }

  #maybeFail(): void {
    if (this.failures-- > 0) throw new Error('nobody is there')
    this.failures = 0
  }
}

const founder = (number: number) => ({
  token: 'T',
  name: `m${number}`,
  peerUrls: [`http://10.0.0.${number}:2380`, `http://10.0.1.${number}:2380`],
})

/** Lets everything happen that can, and time pass. */
async function pass(clock: VirtualClock, ms: number): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
  clock.advance(ms)
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

describe('by another cluster', () => {
  let clock: VirtualClock
  let lines: LogLine[]
  beforeEach(() => {
    clock = new VirtualClock()
    lines = []
  })
  const register = (registry: Registry, number: number, signal?: AbortSignal): Promise<string> =>
    registerFounder(registry, founder(number), { clock, logger: keepingLogger(lines), signal })

  test('founders wait until there are enough of them, and all hear the same', async () => {
    const registry = new MemoryRegistry('3')
    const first = register(registry, 1)
    await pass(clock, 5_000)
    const others = [2, 3].map(number => register(registry, number))
    await pass(clock, 1_000)
    const text = [1, 2, 3].flatMap(n => founder(n).peerUrls.map(url => `m${n}=${url}`)).join(',')
    expect(await Promise.all([first, ...others])).toEqual([text, text, text])
    const id = memberIdOf(founder(1)).toString(16)
    expect(registry.pairs.get(`/_etcd/registry/T/members/${id}`)).toBe(
      'm1=http://10.0.0.1:2380,m1=http://10.0.1.1:2380',
    )
  })

  test('who asks again is not told that the cluster is full; who comes too late is', async () => {
    const registry = new MemoryRegistry('1')
    const text = await register(registry, 1)
    expect(await register(registry, 1)).toBe(text)
    await expect(register(registry, 2)).rejects.toMatchObject({
      code: 'CONFIG',
      message: 'discovery: cluster is full',
    })
    expect(registry.puts).toBe(2)
  })

  test('who loses the race for the last place is told', async () => {
    const registry = new MemoryRegistry('2')
    const all = [1, 2, 3].map(number => register(registry, number).catch((error: Error) => error.message))
    await pass(clock, 2_000)
    const told = await Promise.all(all)
    expect(told.filter(text => text === 'discovery: cluster is full')).toHaveLength(1)
    expect(new Set(told).size).toBe(2)
  })

  test.each([
    [undefined, 'discovery: size key not found'],
    ['0', 'discovery: size key is bad'],
    ['-1', 'discovery: size key is bad'],
    ['three', 'discovery: size key is bad'],
    ['1e3', 'discovery: size key is bad'],
    ['99999999999999999999', 'discovery: size key is bad'],
    ['', 'discovery: size key is bad'],
  ])('a size of %j', async (size, message) => {
    const registry = new MemoryRegistry(size)
    await expect(register(registry, 1)).rejects.toMatchObject({ code: 'CONFIG', message })
    expect(registry.puts).toBe(0)
  })

  test.each(['', 'm1', 'm1=', '=http://a:1', 'm1=a:1', 'm1=http://a:1,'])('a member that says %j', async value => {
    const registry = new MemoryRegistry('3')
    registry.pairs.set('/_etcd/registry/T/members/1', value)
    await expect(register(registry, 1)).rejects.toMatchObject({ message: 'discovery: invalid peer URL' })
  })

  test('a registry that does not answer is asked again, after longer and longer pauses', async () => {
    const registry = new MemoryRegistry('1')
    registry.failures = 10
    const done = register(registry, 1)
    for (let i = 0; i < 2_000; i++) await pass(clock, 1_000)
    expect(await done).toContain('m1=')
    const pauses = lines
      .filter(({ fields }) => fields?.['retry-ms'] !== undefined)
      .map(({ fields }) => fields?.['retry-ms'])
    expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 256, 256].map(seconds => seconds * 1_000))
  })

  test('a start that is given up waits no longer', async () => {
    const stop = new AbortController()
    const waiting = register(new MemoryRegistry('2'), 1, stop.signal)
    await pass(clock, 3_000)
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'STOPPED' })
    expect(clock.nextAt()).toBeUndefined()
  })
})

describe('by DNS', () => {
  const hosts: Record<string, string[]> = {
    'infra0.example.com': ['10.0.0.1'],
    'infra1.example.com': ['10.0.0.2'],
    'infra2.example.com': ['10.0.0.3', 'fd00::3'],
  }
  const resolver = (records: Record<string, [string, number][]>): NameResolver => ({
    srv: async name => {
      const found = records[name]
      if (found === undefined) throw new Error(`querySrv ENOTFOUND ${name}`)
      return found.map(([host, port]) => ({ name: host, port }))
    },
    addresses: async host => {
      if (/^[0-9.]+$|:/.test(host)) return [host]
      const found = hosts[host]
      if (found === undefined) throw new Error(`getaddrinfo ENOTFOUND ${host}`)
      return found
    },
  })
  const options = (urls: string[], srvName = '') => ({
    name: 'here',
    initialAdvertisePeerUrls: urls,
    discoverySrv: 'example.com',
    discoverySrvName: srvName,
  })
  const three: [string, number][] = [
    ['infra0.example.com.', 2380],
    ['infra1.example.com.', 2380],
    ['infra2.example.com', 2381],
  ]

  test.each([
    ['http://infra1.example.com:2380', 'http://infra1.example.com:2380'],
    ['http://10.0.0.2:2380', 'http://infra1.example.com:2380'],
    ['http://[fd00::3]:2381', 'http://infra2.example.com:2381'],
  ])('the member at %s is found at its address, the others are numbered', async (advertised, own) => {
    const found = await foundersFromSrv(options([advertised]), resolver({ '_etcd-server._tcp.example.com': three }))
    let number = 0
    const urls = ['http://infra0.example.com:2380', 'http://infra1.example.com:2380', 'http://infra2.example.com:2381']
    const initialCluster = urls.map(url => `${url === own ? 'here' : number++}=${url}`).join(',')
    expect(found).toEqual({ initialCluster, ownUrls: [own] })
  })

  test('encrypted ones come first; a suffix is part of the service', async () => {
    const records = {
      '_etcd-server-ssl-blue._tcp.example.com': three.slice(0, 1),
      '_etcd-server-blue._tcp.example.com': three.slice(1),
    }
    const found = await foundersFromSrv(options(['https://10.0.0.1:2380'], 'blue'), resolver(records))
    expect(found.initialCluster).toBe(
      'here=https://infra0.example.com:2380,0=http://infra1.example.com:2380,1=http://infra2.example.com:2381',
    )
  })

  test.each([
    [
      'another scheme',
      ['https://10.0.0.1:2380'],
      /bootstrap at infra0.example.com:2380 from DNS for etcd-server has scheme mismatch with expected peer https:/,
    ],
    ['another port', ['http://10.0.0.1:2379'], /cannot find local etcd member "here" in SRV records/],
    ['an address nobody has', ['http://10.9.9.9:2380'], /cannot find local etcd member "here" in SRV records/],
    ['a host nobody knows', ['http://nowhere:2380'], /cannot find local etcd member "here" in SRV records/],
  ])('%s', async (_what, urls, message) => {
    const found = foundersFromSrv(options(urls), resolver({ '_etcd-server._tcp.example.com': three }))
    await expect(found).rejects.toMatchObject({ code: 'CONFIG' })
    await expect(found).rejects.toThrow(message)
  })

  test('no records at all', async () => {
    await expect(foundersFromSrv(options(['http://10.0.0.1:2380']), resolver({}))).rejects.toThrow(
      'no SRV records of example.com (querySrv ENOTFOUND _etcd-server-ssl._tcp.example.com; querySrv ENOTFOUND _etcd-server._tcp.example.com)',
    )
  })
})

describe('members', () => {
  let folder: string
  let open: EmbeddedMember[]
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kvs-discovery-'))
    open = []
  })
  afterEach(async () => {
    await Promise.all(open.map(member => member.stop()))
    rmSync(folder, { recursive: true, force: true })
  })

  async function start(name: string, options: Partial<EmbedOptions>): Promise<EmbeddedMember> {
    const listenClientUrls = ['http://127.0.0.1:0']
    const member = await startEmbedded({ name, dataDir: join(folder, name), listenClientUrls, ...options })
    open.push(member)
    return member
  }

  async function connect(address = ''): Promise<GrpcChannel> {
    const dial = () => nodeNet().dial(parseAddress(`http://${address}`).address)
    const channel = createGrpcChannel({ clock: systemClock, dial, authority: address })
    await channel.connect()
    return channel
  }

  const freePort = (): Promise<number> =>
    new Promise(resolve => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address() as { port: number }
        server.close(() => resolve(port))
      })
    })

  test('three found a cluster by a token of another one', async () => {
    const registry = await start('registry', {
      listenPeerUrls: ['http://127.0.0.1:0'],
      initialCluster: 'registry=http://localhost:2380',
    })
    const asked = await connect(registry.clientAddresses[0])
    const put = KV.put.encodeRequest({ key: bytesOf('/_etcd/registry/secret/_config/size'), value: bytesOf('3') })
    await asked.call(KV.put.path, put)
    await asked.close()
    const discovery = {
      // Nobody is at the first one.
      endpoints: [`http://127.0.0.1:${await freePort()}`, registry.clientAddresses[0] ?? ''],
      token: 'secret',
      dialTimeoutMs: 2_000,
      requestTimeoutMs: 5_000,
      keepaliveTimeMs: 2_000,
      keepaliveTimeoutMs: 6_000,
      insecureTransport: true,
      insecureSkipTlsVerify: false,
      certFile: '',
      keyFile: '',
      caFile: '',
      user: '',
      password: '',
    }
    const members = await Promise.all(
      ['a', 'b', 'c'].map(async name => {
        const url = `http://127.0.0.1:${await freePort()}`
        const urls = { listenPeerUrls: [url], initialAdvertisePeerUrls: [url], initialCluster: '' }
        return start(name, { ...urls, discovery })
      }),
    )
    expect(new Set(members.map(({ clusterId }) => clusterId)).size).toBe(1)
    const [one, , three] = await Promise.all(members.map(({ clientAddresses }) => connect(clientAddresses[0])))
    await one?.call(KV.put.path, KV.put.encodeRequest({ key: bytesOf('k'), value: bytesOf('v') }))
    const answer = await three?.call(KV.range.path, KV.range.encodeRequest({ key: bytesOf('k') }))
    expect(KV.range.decodeResponse(answer?.message ?? new Uint8Array(0)).kvs).toHaveLength(1)
    // A fourth has no place, and one that starts again asks nobody.
    const late = { initialCluster: '', initialAdvertisePeerUrls: ['http://127.0.0.1:1'], discovery }
    await expect(start('late', { ...late, listenPeerUrls: ['http://127.0.0.1:0'] })).rejects.toThrow('cluster is full')
  })

  test('certificates that are not there are a mistake of the configuration', async () => {
    const discovery = {
      ...{ endpoints: ['https://127.0.0.1:1'], token: 't', dialTimeoutMs: 100, requestTimeoutMs: 100 },
      ...{ keepaliveTimeMs: 100, keepaliveTimeoutMs: 100, insecureTransport: false, insecureSkipTlsVerify: false },
      ...{ certFile: '', keyFile: '', caFile: '/nowhere/ca.pem', user: '', password: '' },
    }
    const starting = start('one', { listenPeerUrls: ['http://127.0.0.1:0'], discovery })
    await expect(starting).rejects.toMatchObject({ code: 'CONFIG' })
  })
})
