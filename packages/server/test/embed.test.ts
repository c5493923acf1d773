import { createHmac } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGrpcChannel, type GrpcChannel } from '@kvs/grpc'
import { nodeNet, parseAddress } from '@kvs/net'
import { Auth, KV } from '@kvs/proto/rpc'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../src/embed/clock.ts'
import { type EmbeddedMember, type EmbedOptions, startEmbedded } from '../src/embed.ts'
import { keepingLogger, type LogLine } from './log.ts'
import { bytesOf } from './messages.ts'

/** The member with its real parts: this machine's disk, clock and sockets, LMDB. */

let folder: string
let open: EmbeddedMember[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-embed-'))
  open = []
})
afterEach(async () => {
  await Promise.all(open.map(member => member.stop()))
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: Partial<EmbedOptions> = {}): Promise<EmbeddedMember> {
  const member = await startEmbedded({
    dataDir: join(folder, 'data'),
    listenClientUrls: ['http://127.0.0.1:0'],
    listenPeerUrls: ['http://127.0.0.1:0'],
    ...options,
  })
  open.push(member)
  return member
}

async function connect(address: string): Promise<GrpcChannel> {
  const url = address.startsWith('unix:') ? address.replace('unix:', 'unix://') : `http://${address}`
  const dial = () => nodeNet().dial(parseAddress(url).address)
  const channel = createGrpcChannel({ clock: systemClock, dial, authority: 'member' })
  await channel.connect()
  return channel
}

/** Puts a key, reads it back and hangs up; returns the revision. */
async function putAndGet(address: string, key: string): Promise<number> {
  const channel = await connect(address)
  await channel.call(KV.put.path, KV.put.encodeRequest({ key: bytesOf(key), value: bytesOf('v') }))
  const { message } = await channel.call(KV.range.path, KV.range.encodeRequest({ key: bytesOf(key) }))
  await channel.close()
  const { kvs, header } = KV.range.decodeResponse(message)
  expect(kvs).toHaveLength(1)
  return header?.revision ?? 0
}

test('serves gRPC and plain HTTP on one port, peers on the other, and keeps everything over a restart', async () => {
  const member = await start()
  const [client = ''] = member.clientAddresses
  const [peer = ''] = member.peerAddresses
  expect(await putAndGet(client, 'a')).toBe(2)
  const version = await fetch(`http://${client}/version`)
  expect([version.status, version.headers.get('content-type')]).toEqual([200, 'application/json'])
  expect(await version.json()).toMatchObject({ etcdserver: '3.7.1' })
  const health = await fetch(`http://${client}/health?serializable=true`)
  expect(await health.text()).toBe('{"health":"true","reason":""}')
  const members = await fetch(`http://${peer}/members`)
  expect(members.headers.get('x-etcd-cluster-id')).toBe(member.clusterId.toString(16))
  expect(await members.json()).toMatchObject([{ name: 'default' }])
  await member.stop()
  await expect(fetch(`http://${client}/version`)).rejects.toThrow()

  const again = await start()
  expect([again.id, again.clusterId]).toEqual([member.id, member.clusterId])
  expect(await putAndGet(again.clientAddresses[0] ?? '', 'b')).toBe(3)
})

/** Asks on a socket of the file system, which may not be there yet. */
async function askOnSocket(socketPath: string, path: string): Promise<number> {
  for (;;) {
    const status = await new Promise<number | undefined>(resolve => {
      const asked = get({ socketPath, path }, response => resolve(response.resume().statusCode))
      asked.once('error', () => resolve(undefined))
    })
    if (status !== undefined) return status
  }
}

test('founders do not wait for one another: who founds says at once that it has nothing to tell', async () => {
  // The other founder listens, and says nothing.
  const other = createServer()
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', () => resolve()))
  const otherUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  const socketPath = join(folder, 'peer')
  const ending = new AbortController()
  const lines: LogLine[] = []
  const starting = start({
    listenPeerUrls: [`unix://${socketPath}`],
    initialAdvertisePeerUrls: ['http://127.0.0.1:1'],
    initialCluster: `default=http://127.0.0.1:1,other=${otherUrl}`,
    signal: ending.signal,
    logger: keepingLogger(lines),
  })
  const version = askOnSocket(socketPath, '/version')
  expect(await askOnSocket(socketPath, '/members')).toBe(503)
  expect(lines.map(({ message }) => message)).not.toContain('failed to get cluster response')
  // Other questions are answered once there is an answer.
  expect(await version).toBe(200)
  expect(await askOnSocket(socketPath, '/members')).toBe(200)
  ending.abort()
  await expect(starting).rejects.toThrow()
  other.close()
})

test('says first what it was started with, in the words of etcd', async () => {
  const lines: LogLine[] = []
  await start({ logger: keepingLogger(lines), name: 'default', autoCompactionRetention: 5_400_000 })
  expect(lines[0]).toMatchObject({
    level: 'info',
    message: 'starting an etcd server',
    fields: {
      'etcd-version': '3.7.1',
      name: 'default',
      'heartbeat-interval': '100ms',
      'election-timeout': '1s',
      'snapshot-count': 10_000,
      'listen-client-urls': ['http://127.0.0.1:0'],
      'quota-backend-bytes': 2 ** 31,
      'auto-compaction-retention': '1h30m0s',
    },
  })
  expect(lines.some(({ level }) => level === 'error')).toBe(false)
})

test('listens on several addresses, sockets of the file system among them', async () => {
  const socket = join(folder, 'kvs.sock')
  const member = await start({ listenClientUrls: ['http://127.0.0.1:0', `unix://${socket}`] })
  expect(member.clientAddresses).toHaveLength(2)
  for (const [i, address] of member.clientAddresses.entries()) expect(await putAndGet(address, `k${i}`)).toBe(i + 2)
})

test('an HTTP connection that stays open holds up no stop', async () => {
  const member = await start()
  const [client = ''] = member.clientAddresses
  const response = await fetch(`http://${client}/version`, { headers: { connection: 'keep-alive' } })
  await response.text()
  const startedAt = performance.now()
  await member.stop()
  expect(performance.now() - startedAt).toBeLessThan(1000)
  await member.stop()
})

test('a used port is found out before anything is written', async () => {
  const holder = await nodeNet().listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, pipe => pipe.destroy())
  const { port } = holder.address as { readonly port: number }
  const dataDir = join(folder, 'other')
  await expect(start({ dataDir, listenClientUrls: [`http://127.0.0.1:${port}`] })).rejects.toMatchObject({
    name: 'ServerError',
    code: 'ADDRESS',
    message: expect.stringContaining(`http://127.0.0.1:${port}`),
  })
  expect(() => readFileSync(dataDir)).toThrow(/ENOENT/)
  await holder.close()
})

test('the database of Go’s etcd is refused and left as it is', async () => {
  const db = join(folder, 'data/member/snap/db')
  mkdirSync(join(folder, 'data/member/snap'), { recursive: true })
  const page = new Uint8Array(32_768)
  // A meta page of bbolt: its magic number stands behind the page's head.
  new DataView(page.buffer).setUint32(16, 0xed0cdaed, true)
  writeFileSync(db, page)
  await expect(start()).rejects.toMatchObject({ code: 'DATA_DIR', message: expect.stringContaining("Go's etcd") })
  expect(new Uint8Array(readFileSync(db))).toEqual(page)
})

test('keys of signed tokens are read from their files', async () => {
  const key = join(folder, 'token.key')
  const authToken = `jwt,sign-method=HS256,priv-key=${key}`
  await expect(start({ authToken })).rejects.toThrow('cannot read the key of --auth-token: ENOENT')
  writeFileSync(key, 'a secret of thirty-two bytes....')
  await expect(start({ authToken: `${authToken},magic=1` })).rejects.toThrow('auth: invalid auth options')
  const member = await start({ authToken })
  const channel = await connect(member.clientAddresses[0] ?? '')
  const call = (method: { readonly path: string }, body: Uint8Array, token?: string) =>
    channel.call(method.path, body, { metadata: token === undefined ? [] : [['token', token]] })
  await call(Auth.userAdd, Auth.userAdd.encodeRequest({ name: 'root', options: { noPassword: true } }))
  await call(Auth.userGrantRole, Auth.userGrantRole.encodeRequest({ user: 'root', role: 'root' }))
  await call(Auth.authEnable, new Uint8Array(0))
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const content = `${part({ alg: 'HS256' })}.${part({ username: 'root', revision: 3, exp: 4_000_000_000 })}`
  const signature = createHmac('sha256', 'a secret of thirty-two bytes....').update(content).digest('base64url')
  const put = KV.put.encodeRequest({ key: bytesOf('a') })
  await expect(call(KV.put, put)).rejects.toThrow('etcdserver: user name is empty')
  await expect(call(KV.put, put, `${content}.x${signature.slice(1)}`)).rejects.toThrow('invalid auth token')
  await call(KV.put, put, `${content}.${signature}`)
  await channel.close()
})
