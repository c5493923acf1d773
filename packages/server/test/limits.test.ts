import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { createGrpcChannel, type GrpcChannel } from '@kvs/grpc'
import { createTlsClient, nodeNet, parseAddress, type TlsClientOptions } from '@kvs/net'
import { type TestAuthority, testAuthority } from '@kvs/net/testing'
import { KV, Watch } from '@kvs/proto/rpc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../src/embed/clock.ts'
import { type EmbeddedMember, type EmbedOptions, startEmbedded } from '../src/embed.ts'
import { bytesOf, get, txnOf } from './messages.ts'

/** That the flags about limits and encryption have the effect they name, each on a real member. */

let folder: string
let member: EmbeddedMember | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-limits-'))
})
afterEach(async () => {
  await member?.stop()
  member = undefined
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: Partial<EmbedOptions> = {}): Promise<string> {
  member = await startEmbedded({
    dataDir: join(folder, 'data'),
    listenClientUrls: ['http://127.0.0.1:0'],
    listenPeerUrls: ['http://127.0.0.1:0'],
    ...options,
  })
  return member.clientAddresses[0] as string
}

async function connect(url: string, tls?: TlsClientOptions): Promise<GrpcChannel> {
  const { address } = parseAddress(url)
  const plain = nodeNet().dial
  const dial = tls === undefined ? plain : (await createTlsClient({ alpn: ['h2'], ...tls })).dial(plain)
  const channel = createGrpcChannel({ clock: systemClock, dial: () => dial(address), authority: 'member' })
  await channel.connect()
  return channel
}

/** Puts a value of so many bytes; the text of what refused it otherwise. */
async function put(channel: GrpcChannel, valueBytes = 1): Promise<string> {
  const request = KV.put.encodeRequest({ key: bytesOf('k'), value: new Uint8Array(valueBytes) })
  return channel.call(KV.put.path, request).then(
    () => 'done',
    (error: Error & { readonly code?: number }) => `${error.code} ${error.message}`,
  )
}

test('--max-request-bytes bounds entries; messages may be 512 KiB longer', async () => {
  const channel = await connect(`http://${await start({ maxRequestBytes: 10_000 })}`)
  expect(await put(channel, 9000)).toBe('done')
  expect(await put(channel, 11_000)).toBe('3 etcdserver: request is too large')
  expect(await put(channel, 10_000 + 512 * 1024 - 100)).toBe('3 etcdserver: request is too large')
  expect(await put(channel, 10_000 + 512 * 1024 + 100)).toMatch(/^8 grpc: received message larger than max/)
  await channel.close()
})

test('--max-txn-ops bounds each branch', async () => {
  const channel = await connect(`http://${await start({ maxTxnOps: 2 })}`)
  const ask = (count: number): Promise<unknown> =>
    channel.call(KV.txn.path, KV.txn.encodeRequest(txnOf(Array.from({ length: count }, () => get('a')))))
  await ask(2)
  await expect(ask(3)).rejects.toThrow('etcdserver: too many operations in txn request')
  await channel.close()
})

test('--max-concurrent-streams: a client waits with more calls until one has ended', async () => {
  const channel = await connect(`http://${await start({ maxConcurrentStreams: 1 })}`)
  const watch = channel.stream(Watch.watch.path, { message() {}, headers() {}, end() {} } as never)
  let isDone = false
  const waiting = put(channel).then(result => {
    isDone = true
    return result
  })
  await new Promise(resolve => setImmediate(() => setImmediate(resolve)))
  expect(isDone).toBe(false)
  watch.cancel()
  channel.flush()
  expect(await waiting).toBe('done')
  await channel.close()
})

describe('keepalive', () => {
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  const settings = Buffer.from('000000040000000000', 'hex')
  const ping = Buffer.from(`000008060000000000${'00'.repeat(8)}`, 'hex')

  /** What a server says to somebody who says this, until it hangs up. */
  function heardOf(address: string, said: readonly Buffer[]): Promise<Buffer> {
    const [host = '', port = ''] = address.split(':')
    const socket = connectTcp(Number(port), host)
    const pieces: Buffer[] = []
    socket.on('data', piece => pieces.push(piece))
    socket.on('error', () => {})
    socket.write(Buffer.concat(said))
    return new Promise(resolve => socket.once('close', () => resolve(Buffer.concat(pieces))))
  }

  test('--grpc-keepalive-min-time: who pings more often is sent away', async () => {
    const heard = await heardOf(await start(), [preface, settings, ...Array.from({ length: 10 }, () => ping)])
    expect(frameTypes(heard)).toContain(goAwayFrame)
    expect(heard.includes('too_many_pings')).toBe(true)
  })

  test('--grpc-keepalive-interval and -timeout: who does not answer a ping is dropped', async () => {
    const address = await start({ grpcKeepaliveIntervalMs: 50, grpcKeepaliveTimeoutMs: 50 })
    expect(frameTypes(await heardOf(address, [preface, settings]))).toContain(pingFrame)
  })

  test('off, nobody is pinged', async () => {
    const address = await start({ grpcKeepaliveIntervalMs: 0, grpcKeepaliveTimeoutMs: 0 })
    const channel = await connect(`http://${address}`)
    expect(await put(channel)).toBe('done')
    await channel.close()
  })
})

const [pingFrame, goAwayFrame] = [6, 7]

/** Types of the frames of HTTP/2 in what was heard. */
function frameTypes(heard: Buffer): readonly number[] {
  const types: number[] = []
  for (let at = 0; at + 9 <= heard.length; at += 9 + heard.readUIntBE(at, 3)) types.push(heard[at + 3] ?? 0)
  return types
}

describe('encryption', () => {
  let authority: TestAuthority
  beforeEach(async () => {
    authority = await testAuthority()
  })
  const serverFiles = () => authority.files(folder, 'server', { ipAddresses: ['127.0.0.1'] })

  test('--client-crl-file is read again: who is on it gets no further connection, and keeps what it has', async () => {
    const client = await authority.files(folder, 'client', { commonName: 'somebody' })
    const trustedCaFile = await authority.caFile(folder)
    const crlFile = join(folder, 'list.crl')
    writeFileSync(crlFile, await authority.revocationList([]))
    const address = await start({
      listenClientUrls: ['https://127.0.0.1:0'],
      clientTls: { ...(await serverFiles()), clientCertAuth: true, trustedCaFile, crlFile },
    })
    const tls = { trustedCaFiles: [trustedCaFile], certificate: client }
    const before = await connect(`https://${address}`, tls)
    expect(await put(before)).toBe('done')
    writeFileSync(crlFile, await authority.revocationList([client.serial]))
    const refused = await connect(`https://${address}`, tls)
      .then(put)
      .catch((error: Error) => error.message)
    expect(refused).not.toBe('done')
    expect(await put(before)).toBe('done')
    await before.close()
  })

  const agreed = (address: string, options: object): Promise<string | null> => {
    const [host = '', port = ''] = address.split(':')
    return new Promise((resolve, reject) => {
      const socket = connectTls({ host, port: Number(port), rejectUnauthorized: false, ...options }, () => {
        resolve(`${socket.getProtocol()} ${socket.getCipher().standardName}`)
        socket.destroy()
      })
      socket.once('error', reject)
    })
  }

  test('--cipher-suites: no other is agreed on', async () => {
    const suite = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'
    const address = await start({
      listenClientUrls: ['https://127.0.0.1:0'],
      clientTls: { auto: true, cipherSuites: [suite], maxVersion: 'TLS1.2' },
    })
    expect(await agreed(address, {})).toBe(`TLSv1.2 ${suite}`)
    await expect(agreed(address, { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).rejects.toThrow(/handshake failure/)
    const bad = start({
      listenClientUrls: ['https://127.0.0.1:0'],
      clientTls: { auto: true, cipherSuites: ['TLS_NONSENSE'] },
      dataDir: join(folder, 'other'),
    })
    await expect(bad).rejects.toThrow(/TLS_NONSENSE/)
  })

  test('--tls-min-version and --tls-max-version', async () => {
    const listenClientUrls = ['https://127.0.0.1:0']
    const newest = await start({ listenClientUrls, clientTls: { auto: true, minVersion: 'TLS1.3' } })
    expect(await agreed(newest, {})).toMatch(/^TLSv1\.3 /)
    await expect(agreed(newest, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/)
    await member?.stop()
    const oldest = await start({ listenClientUrls, clientTls: { auto: true, maxVersion: 'TLS1.2' } })
    expect(await agreed(oldest, {})).toMatch(/^TLSv1\.2 /)
  })

  test('--peer-auto-tls encrypts the peer port with a certificate of its own', async () => {
    await start({ listenPeerUrls: ['https://127.0.0.1:0'], peerTls: { auto: true, selfSignedValidityYears: 3 } })
    expect(await agreed(member?.peerAddresses[0] ?? '', {})).toMatch(/^TLSv1\.3 /)
  })

  test('unix and unixs sockets, which are gone when the member is', async () => {
    const [plain, encrypted] = [join(folder, 'plain.sock'), join(folder, 'encrypted.sock')]
    appendFileSync(join(folder, 'unrelated'), '')
    await start({ listenClientUrls: [`unix://${plain}`, `unixs://${encrypted}`], clientTls: { auto: true } })
    for (const [url, tls] of [
      [`unix://${plain}`, undefined],
      [`unixs://${encrypted}`, { skipVerify: true, serverName: 'localhost' }],
    ] as const) {
      const channel = await connect(url, tls)
      expect(await put(channel)).toBe('done')
      await channel.close()
    }
    await member?.stop()
    await expect(connect(`unix://${plain}`)).rejects.toThrow()
  })
})
