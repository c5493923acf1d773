import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http2 from 'node:http2'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGrpcChannel, type GrpcChannel } from '@kvs/grpc'
import { createTlsClient, nodeNet, parseAddress, type TlsClientOptions } from '@kvs/net'
import { type TestAuthority, testAuthority } from '@kvs/net/testing'
import { Auth, KV } from '@kvs/proto/rpc'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../src/embed/clock.ts'
import { type EmbeddedMember, type EmbedOptions, type Logger, startEmbedded } from '../src/embed.ts'
import { bytesOf } from './messages.ts'

/** A member whose ports are encrypted, and clients of every kind. */

let folder: string
let member: EmbeddedMember | undefined
let authority: TestAuthority
const lines: { readonly message: string; readonly fields: unknown }[] = []
const say: Logger['warn'] = (message, fields) => lines.push({ message, fields })
const logger: Logger = { debug: say, info: () => {}, warn: say, error: say }

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-tls-'))
  lines.length = 0
  authority = await testAuthority()
})
afterEach(async () => {
  await member?.stop()
  member = undefined
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: Partial<EmbedOptions>): Promise<string> {
  member = await startEmbedded({
    dataDir: join(folder, 'data'),
    listenClientUrls: ['https://127.0.0.1:0'],
    listenPeerUrls: ['http://127.0.0.1:0'],
    logger,
    ...options,
  })
  return member.clientAddresses[0] as string
}

/** Certificate and key of a server on this machine. */
const serverFiles = () => authority.files(folder, 'server', { ipAddresses: ['127.0.0.1'] })

async function connect(address: string, tls: TlsClientOptions): Promise<GrpcChannel> {
  const client = await createTlsClient({ alpn: ['h2'], ...tls })
  const dial = client.dial(nodeNet().dial)
  const channel = createGrpcChannel({
    clock: systemClock,
    dial: () => dial(parseAddress(`https://${address}`).address),
    authority: address,
  })
  await channel.connect()
  return channel
}

/** Puts a key through such a client; the text of what refused it otherwise. */
async function put(address: string, tls: TlsClientOptions): Promise<string> {
  let channel: GrpcChannel | undefined
  try {
    channel = await connect(address, tls)
    await channel.call(KV.put.path, KV.put.encodeRequest({ key: bytesOf('a'), value: bytesOf('1') }))
    return 'done'
  } catch (error) {
    return (error as Error).message
  } finally {
    await channel?.close()
  }
}

test('clients that trust the authority put; others do not get through', async () => {
  const address = await start({ clientTls: await serverFiles() })
  const trustedCaFiles = [await authority.caFile(folder)]
  expect(await put(address, { trustedCaFiles })).toBe('done')
  expect(await put(address, {})).toMatch(/certificate/)
})

test('with authorities of their own clients must show a certificate, one that is not revoked', async () => {
  const client = await authority.files(folder, 'client', { commonName: 'somebody' })
  const revoked = await authority.files(folder, 'revoked')
  const stranger = await (await testAuthority()).files(folder, 'stranger')
  const trustedCaFile = await authority.caFile(folder)
  const crlFile = join(folder, 'list.crl')
  writeFileSync(crlFile, await authority.revocationList([revoked.serial]))
  const address = await start({ clientTls: { ...(await serverFiles()), clientCertAuth: true, trustedCaFile, crlFile } })
  const trustedCaFiles = [trustedCaFile]
  expect(await put(address, { trustedCaFiles, certificate: client })).toBe('done')
  for (const certificate of [undefined, stranger, revoked]) {
    const shown = certificate === undefined ? {} : { certificate }
    expect(await put(address, { trustedCaFiles, ...shown })).not.toBe('done')
  }
  const rejected = lines.filter(({ message }) => message === 'rejected connection on client endpoint')
  expect(rejected).toHaveLength(3)
  expect(rejected[2]?.fields).toMatchObject({ error: expect.stringMatching(/revoked/) })
})

test('the common name of a certificate is a user, and nobody else is', async () => {
  const root = await authority.files(folder, 'root', { commonName: 'root' })
  const device = await authority.files(folder, 'device', { commonName: 'device' })
  const trustedCaFile = await authority.caFile(folder)
  const trustedCaFiles = [trustedCaFile]
  const address = await start({ clientTls: { ...(await serverFiles()), clientCertAuth: true, trustedCaFile } })
  const admin = await connect(address, { trustedCaFiles, certificate: root })
  const options = { noPassword: true }
  await admin.call(Auth.userAdd.path, Auth.userAdd.encodeRequest({ name: 'root', options }))
  await admin.call(Auth.userGrantRole.path, Auth.userGrantRole.encodeRequest({ user: 'root', role: 'root' }))
  await admin.call(Auth.authEnable.path, new Uint8Array(0))
  await admin.close()
  expect(await put(address, { trustedCaFiles, certificate: root })).toBe('done')
  expect(await put(address, { trustedCaFiles, certificate: device })).toBe('etcdserver: permission denied')
})

test('plain HTTP reaches the same handlers over TLS, as HTTP/1.1 and as HTTP/2', async () => {
  const address = await start({ clientTls: await serverFiles() })
  const one = await new Promise<string>((resolve, reject) => {
    https
      .get(`https://${address}/version`, { rejectUnauthorized: false }, response => {
        let text = ''
        response.on('data', piece => {
          text += piece
        })
        response.on('end', () => resolve(text))
      })
      .once('error', reject)
  })
  const session = http2.connect(`https://${address}`, { rejectUnauthorized: false })
  const ask = (path: string, method = 'GET'): Promise<{ status: unknown; text: string }> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':path': path, ':method': method })
      let status: unknown
      let text = ''
      stream.on('response', headers => {
        status = headers[':status']
      })
      stream.on('data', piece => {
        text += piece
      })
      stream.once('error', reject)
      stream.once('end', () => resolve({ status, text }))
      stream.end(method === 'POST' ? Buffer.alloc(1_000_000) : undefined)
    })
  expect(one).toBe('{"etcdserver":"3.7.1","etcdcluster":"3.7.0","storage":"3.7.0"}')
  expect(await ask('/version')).toEqual({ status: 200, text: one })
  expect(await ask('/nowhere')).toEqual({ status: 404, text: '404 page not found\n' })
  expect(await ask('/version', 'POST')).toMatchObject({ status: 405 })
  expect((await ask('/metrics')).text).toContain('etcd_server_has_leader 1')
  session.close()
})

test('who is asked for by another name is refused over plain HTTP/2 too, whatever the client says of its scheme', async () => {
  await start({
    clientTls: await serverFiles(),
    hostWhitelist: ['good'],
    listenClientUrls: ['https://127.0.0.1:0', 'http://127.0.0.1:0'],
  })
  const [encrypted = '', plain = ''] = member?.clientAddresses ?? []
  const status = (url: string, authority: string, scheme: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const session = http2.connect(url, { rejectUnauthorized: false })
      const stream = session.request({ ':path': '/version', ':authority': authority, ':scheme': scheme })
      stream.on('response', headers => resolve(headers[':status']))
      stream.once('error', reject)
      stream.once('close', () => session.close())
      stream.resume()
    })
  expect(await status(`http://${plain}`, 'good', 'http')).toBe(200)
  expect(await status(`http://${plain}`, 'evil', 'http')).toBe(421)
  expect(await status(`http://${plain}`, 'evil', 'https')).toBe(421)
  expect(await status(`https://${encrypted}`, 'evil', 'https')).toBe(200)
})

test('a certificate of its own is made once and kept', async () => {
  const address = await start({ clientTls: { auto: true } })
  expect(await put(address, { skipVerify: true })).toBe('done')
  const { readFileSync } = await import('node:fs')
  const made = readFileSync(join(folder, 'data/fixtures/client/cert.pem'), 'utf8')
  await member?.stop()
  const again = await start({ clientTls: { auto: true } })
  expect(await put(again, { trustedCaFiles: [join(folder, 'data/fixtures/client/cert.pem')] })).toBe('done')
  expect(readFileSync(join(folder, 'data/fixtures/client/cert.pem'), 'utf8')).toBe(made)
})

test('an encrypted and a plain port stand side by side; files nobody needs are told', async () => {
  await start({ clientTls: await serverFiles(), listenClientUrls: ['https://127.0.0.1:0', 'http://127.0.0.1:0'] })
  const [encrypted = '', plain = ''] = member?.clientAddresses ?? []
  expect(await put(encrypted, { skipVerify: true })).toBe('done')
  expect((await fetch(`http://${plain}/version`)).status).toBe(200)
  expect(lines.map(({ message }) => message)).toContain(
    'scheme is http or unix while client key and cert files are present; ignoring client key and cert files',
  )
})

test.each([
  [
    'no certificate',
    {},
    /TLS key\/cert .* must be provided for client endpoint url https:\/\/127\.0\.0\.1:0 with HTTPS scheme/,
  ],
  ['half of one', { certFile: 'only.crt' }, /KeyFile and CertFile must both be present\[key: , cert: only\.crt\]/],
  ['files that are not there', { certFile: '/no.crt', keyFile: '/no.key' }, /TLS of the client endpoint: .*\/no\.crt/],
  [
    'versions that exclude each other',
    { auto: true, minVersion: 'TLS1.3', maxVersion: 'TLS1.2' },
    /TLS of the client endpoint/,
  ],
])('%s: refused before anything is written', async (_what, clientTls, wanted) => {
  await expect(start({ clientTls })).rejects.toThrow(wanted)
})
