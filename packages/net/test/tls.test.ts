import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import {
  createTlsClient,
  createTlsServer,
  http1Request,
  http2Preface,
  memoryPipePair,
  nodeNet,
  type Pipe,
  parseTlsVersion,
  selfSignedCertificate,
  selfSignedFiles,
  sniff,
  type TlsWarning,
  takeSocket,
  tlsClientHello,
} from '@kvs/net'
import { type TestCertificate, testAuthority, writeCertificate } from '@kvs/net/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { End } from '../src/contract.ts'
import { cipherString } from '../src/tls/cipher-suites.ts'
import { here, loopback, type Serving, type TlsWorld, tlsWorld, waitingList } from './tls-world.ts'

let world: TlsWorld

beforeAll(async () => {
  world = await tlsWorld()
})

afterAll(() => world.dispose())

function portOf(serving: Serving): number {
  const { address } = serving.listener
  return address.kind === 'tcp' ? address.port : 0
}

/** Sends one text each way. */
async function talk(client: Pipe, server: Pipe): Promise<void> {
  const a = new End(client).start()
  const b = new End(server).start()
  a.write('question')
  await b.events.received(8)
  b.write('answer')
  await a.events.received(6)
  a.destroy()
  b.destroy()
  await Promise.all([a.events.closed(), b.events.closed()])
}

describe('pipes', () => {
  test('know their protocol and the name of a client that showed a certificate', async () => {
    const serving = await world.serve({ trustedCaFiles: [world.caFile] })
    const certificate = await world.ca.files(world.folder, 'alice', { commonName: 'alice' })
    const client = await world.dial(serving, { certificate, alpn: ['http/1.1', 'h2'] })
    const server = await serving.next()
    // The server's order counts.
    expect(server.info.kind).toBe('tls')
    expect(server.info.tls).toEqual({ alpn: 'h2', peerCommonName: 'alice' })
    expect(client.info.tls).toEqual({ alpn: 'h2', peerCommonName: 'server' })
    expect(server.info.remote).toBe(client.info.local)
    await talk(client, server)
  })

  test('without ALPN and without a certificate', async () => {
    const serving = await world.serve()
    const client = await world.dial(serving, { alpn: [] })
    const server = await serving.next()
    expect(server.info.tls).toEqual({ alpn: undefined, peerCommonName: undefined })
    await talk(client, server)
  })

  test('no protocol in common', async () => {
    const serving = await world.serve({ alpn: ['h2'] })
    await expect(world.dial(serving, { alpn: ['http/1.1'] })).rejects.toMatchObject({ code: 'TLS' })
    expect((await serving.rejected()).error).toBe('tls: client requested unsupported application protocols')
  })

  test('over a unix socket', async () => {
    const server = await createTlsServer({
      certificate: await world.ca.files(world.folder, 'unix', { dnsNames: ['localhost'] }),
      trustedCaFiles: [world.caFile],
      checkSan: true,
    })
    const pipes = waitingList<Pipe>()
    const address = { kind: 'unix', path: join(world.folder, 'socket') } as const
    const listener = await server.listen(nodeNet().listen)(address, pipe => pipes.add(pipe))
    const certificate = await world.ca.files(world.folder, 'unix-client', { dnsNames: ['elsewhere'] })
    const client = await createTlsClient({ trustedCaFiles: [world.caFile], certificate })
    const pipe = await client.dial(nodeNet().dial)(address)
    await talk(pipe, await pipes.next())
    await listener.close()
  })

  test('TLS and plain text on one port', async () => {
    const tls = await createTlsServer({ certificate: await world.ca.files(world.folder, 'both', here) })
    const got = waitingList<string>()
    const serve = (pipe: Pipe): void => {
      const table = [tlsClientHello, http2Preface, http1Request]
      void sniff(pipe, table).then(({ name, pipe: sniffed }) => {
        if (name === 'tls') tls.accept(sniffed, serve)
        else {
          got.add(`${sniffed.info.kind} ${name}`)
          sniffed.start({ data() {}, drain() {}, end: () => sniffed.end(), close() {} })
        }
      })
    }
    const listener = await nodeNet().listen(loopback, serve)
    const client = await createTlsClient({ trustedCaFiles: [world.caFile] })
    for (const dial of [nodeNet().dial, client.dial(nodeNet().dial)]) {
      for (const text of ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n']) {
        const end = new End(await dial(listener.address)).start()
        end.write(text)
        end.end()
        await end.events.ended()
      }
    }
    expect(got.all).toEqual(['tcp http2', 'tcp http1', 'tls http2', 'tls http1'])
    await listener.close()
  })

  test('the socket of a TLS pipe can be taken by node:http', async () => {
    const serving = await world.serve()
    const client = await world.dial(serving)
    const socket = takeSocket(await serving.next())
    socket?.end('from the socket')
    const end = new End(client).start()
    await end.events.ended()
    expect(end.events.text()).toBe('from the socket')
    end.destroy()
  })

  test('a pipe without a socket is refused', async () => {
    const [a, b] = memoryPipePair()
    const client = await createTlsClient()
    await expect(client.connect(a, 'localhost')).rejects.toMatchObject({ code: 'TLS' })
    b.destroy()
  })
})

describe('what a server refuses', () => {
  const good: TestCertificate = { commonName: 'client' }
  const yesterday = new Date(Date.now() - 3_600_000)
  const tomorrow = new Date(Date.now() + 3_600_000)
  const unknown = 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
  const outOfDate = 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid'
  const purpose = 'tls: failed to verify certificate: x509: certificate specifies an incompatible key usage'
  const cases: [name: string, fields: TestCertificate, error: string | RegExp][] = [
    ['an expired certificate', { ...good, notBefore: new Date(0), notAfter: yesterday }, outOfDate],
    ['one that is not valid yet', { ...good, notBefore: tomorrow }, outOfDate],
    ['one for servers only', { ...good, usages: ['server'] }, purpose],
    // OpenSSL refuses to load such a certificate on the client's side: see below for SHA-1 and short keys.
  ]
  test.each(cases)('%s', async (_name, fields, error) => {
    const serving = await world.serve({ trustedCaFiles: [world.caFile] })
    const certificate = await world.ca.files(world.folder, 'bad', fields)
    await expectRefused(serving, { certificate })
    expect((await serving.rejected()).error).toMatch(error)
    expect(serving.pipes).toEqual([])
  })

  /** The client's handshake may seem done before the server has seen the certificate: then the pipe just ends. */
  async function expectRefused(serving: Serving, options: Parameters<TlsWorld['dial']>[1]): Promise<void> {
    const pipe = await world.dial(serving, options).catch(() => undefined)
    if (pipe === undefined) return
    const end = new End(pipe).start()
    await end.events.until(() => end.events.has('end') || end.events.has('close'))
    end.destroy()
  }

  test('no certificate', async () => {
    const serving = await world.serve({ trustedCaFiles: [world.caFile] })
    await expectRefused(serving, {})
    expect(await serving.rejected()).toMatchObject({
      serverName: '',
      certificate: undefined,
      error: "tls: client didn't provide a certificate",
      isQuiet: false,
    })
  })

  test('one of another authority, one that is self-signed', async () => {
    const serving = await world.serve({ trustedCaFiles: [world.caFile] })
    const other = await testAuthority({ commonName: 'other' })
    await expectRefused(serving, { certificate: await other.files(world.folder, 'other-client', good) })
    expect((await serving.rejected()).error).toBe(unknown)
    // It is for servers only, which is found out first.
    const own = await selfSignedCertificate({ hosts: ['127.0.0.1'] })
    await expectRefused(serving, { certificate: await writeCertificate(world.folder, 'own', own) })
    expect((await serving.rejected()).error).toBe(purpose)
  })

  test('signatures with SHA-1 and keys of 1024 bits', async () => {
    const serving = await world.serve({ trustedCaFiles: [world.caFile] })
    for (const fields of [{ hash: 'SHA-1' }, { key: 'RSA-1024' }] as const) {
      const { certFile, keyFile } = await world.ca.files(world.folder, 'weak', { ...good, ...fields })
      // Node's own defaults let it show such a certificate.
      const socket = connectTls({
        host: '127.0.0.1',
        port: portOf(serving),
        servername: 'localhost',
        ca: await readFile(world.caFile),
        cert: await readFile(certFile),
        key: await readFile(keyFile),
        ciphers: 'DEFAULT@SECLEVEL=0',
      })
      socket.on('error', () => undefined)
      socket.resume()
      await once(socket, 'close')
      const { error } = await serving.rejected()
      expect(error).toMatch(/x509: .*(insecure algorithm|too weak|too short)/)
    }
    expect(serving.pipes).toEqual([])
  })

  test('a certificate that would not verify where none is needed', async () => {
    const serving = await world.serve({ trustedCaFiles: [world.caFile], clientCertificate: 'verify' })
    const other = await testAuthority()
    await expectRefused(serving, { certificate: await other.files(world.folder, 'unneeded', good) })
    expect((await serving.rejected()).error).toBe(unknown)
    const client = await world.dial(serving)
    const server = await serving.next()
    expect(server.info.tls?.peerCommonName).toBeUndefined()
    await talk(client, server)
  })

  test('a name that is not on the list', async () => {
    const allowed = { trustedCaFiles: [world.caFile], allowedCommonNames: ['node1', 'node2'] }
    const serving = await world.serve(allowed)
    const certificate = await world.ca.files(world.folder, 'mallory', {
      commonName: 'mallory',
      dnsNames: ['m.example'],
    })
    await expectRefused(serving, { certificate, serverName: 'localhost' })
    expect(await serving.rejected()).toEqual({
      remote: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      serverName: 'localhost',
      certificate: { dnsNames: ['m.example'], ipAddresses: [] },
      error: 'client certificate authentication failed',
      isQuiet: false,
    })
    const node = await world.ca.files(world.folder, 'node2', { commonName: 'node2' })
    await talk(await world.dial(serving, { certificate: node }), await serving.next())
  })

  test('a host that is not on the list; wildcards count, common names do not', async () => {
    const serving = await world.serve({
      trustedCaFiles: [world.caFile],
      allowedHostnames: ['a.example', 'node.example'],
    })
    const named = await world.ca.files(world.folder, 'named', { commonName: 'node.example' })
    await expectRefused(serving, { certificate: named })
    expect((await serving.rejected()).error).toBe('client certificate authentication failed')
    const wild = await world.ca.files(world.folder, 'wild', { dnsNames: ['*.example'] })
    await talk(await world.dial(serving, { certificate: wild }), await serving.next())
  })

  test('revoked certificates; the list is read again', async () => {
    const crlFile = join(world.folder, 'crl.der')
    await writeFile(crlFile, await world.ca.revocationList([]))
    const serving = await world.serve({ trustedCaFiles: [world.caFile], crlFile })
    const certificate = await world.ca.files(world.folder, 'revoked', good)
    const kept = await world.ca.files(world.folder, 'kept', good)
    await talk(await world.dial(serving, { certificate }), await serving.next())
    await writeFile(crlFile, await world.ca.revocationList(['0102', certificate.serial]))
    await expectRefused(serving, { certificate })
    expect((await serving.rejected()).error).toBe(`transport: certificate serial ${certificate.serial} revoked`)
    await talk(await world.dial(serving, { certificate: kept }), await serving.next())
    await writeFile(crlFile, 'no list')
    await expectRefused(serving, { certificate: kept })
    expect((await serving.rejected()).error).toMatch(/malformed crl/)
    await rm(crlFile)
    await expectRefused(serving, { certificate: kept })
    expect((await serving.rejected()).error).toMatch(/read .*crl\.der: .*ENOENT/)
  })

  test('a revoked certificate also when its session is resumed', async () => {
    const crlFile = join(world.folder, 'crl2.der')
    await writeFile(crlFile, await world.ca.revocationList([]))
    const serving = await world.serve({ trustedCaFiles: [world.caFile], crlFile, allowedCommonNames: ['client'] })
    const files = await world.ca.files(world.folder, 'resumed', good)
    const options = {
      host: '127.0.0.1',
      port: portOf(serving),
      servername: 'localhost',
      ca: await readFile(world.caFile),
      cert: await readFile(files.certFile),
      key: await readFile(files.keyFile),
    }
    const first = connectTls(options)
    const [session] = (await once(first, 'session')) as [Buffer]
    expect((await serving.next()).info.tls?.peerCommonName).toBe('client')
    first.destroy()
    const second = connectTls({ ...options, session })
    await once(second, 'secureConnect')
    expect(second.isSessionReused()).toBe(true)
    expect((await serving.next()).info.tls?.peerCommonName).toBe('client')
    second.destroy()
    await writeFile(crlFile, await world.ca.revocationList([files.serial]))
    const third = connectTls({ ...options, session })
    third.on('error', () => undefined).resume()
    await once(third, 'close')
    expect((await serving.rejected()).error).toMatch(/revoked$/)
  })

  test('plain text, silence, and connections that leave', async () => {
    const serving = await world.serve({ handshakeTimeoutMs: 100 })
    const open = (bytes: string | Uint8Array, end = false): void => {
      const socket = connectTcp({ host: '127.0.0.1', port: portOf(serving) })
      socket.on('error', () => undefined)
      if (end) socket.end(bytes)
      else socket.write(bytes)
    }
    open('GET / HTTP/1.1\r\n\r\n')
    expect(await serving.rejected()).toMatchObject({
      error: 'tls: first record does not look like a TLS handshake',
      isQuiet: false,
    })
    open('', true)
    expect(await serving.rejected()).toMatchObject({ error: 'EOF', isQuiet: true })
    // Hellos that never come to their end, and one that nobody goes on with.
    open(Uint8Array.of(0x16, 3, 1, 2, 0, 1))
    expect((await serving.rejected()).error).toBe('i/o timeout')
    const socket = connectTcp({ host: '127.0.0.1', port: portOf(serving) })
    socket.on('error', () => undefined)
    const hello = await clientHello()
    socket.write(hello)
    await expect.poll(() => serving.server.handshakes).toEqual({ silent: 0, waiting: 0, inFlight: 1 })
    expect((await serving.rejected()).error).toBe('i/o timeout')
    socket.resume()
    await once(socket, 'close')
    // What claims to be a hello of more than a record.
    open(Uint8Array.of(0x16, 3, 1, 0xff, 0xff, 1))
    expect((await serving.rejected()).error).toBe('tls: first record does not look like a TLS handshake')
    // A record that is no handshake inside.
    open(Uint8Array.of(0x16, 3, 1, 0, 5, 1, 0, 0, 1, 7))
    expect((await serving.rejected()).error).toMatch(/^tls: /)
    expect(serving.server.handshakes).toEqual({ silent: 0, waiting: 0, inFlight: 0 })
  })

  test('versions and suites', async () => {
    const narrow = await world.serve({
      maxVersion: 'TLS1.2',
      cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
    })
    await expect(world.dial(narrow, { minVersion: 'TLS1.3' })).rejects.toMatchObject({ code: 'TLS' })
    expect((await narrow.rejected()).error).toMatch(/^tls: client offered only unsupported versions/)
    const other = { maxVersion: 'TLS1.2', cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] } as const
    await expect(world.dial(narrow, other)).rejects.toThrow(/handshake failure/)
    expect((await narrow.rejected()).error).toBe('tls: no cipher suite supported by both client and server')
    await talk(await world.dial(narrow), await narrow.next())
    // TLS 1.1 is off, whatever the client would like.
    const old = connectTls({ port: portOf(narrow), host: '127.0.0.1', minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })
    const [error] = (await once(old, 'error')) as [Error]
    expect(error.message).toMatch(/protocol version|no protocols available|unsupported protocol/)
  })
})

/** A whole ClientHello, as Node's client sends it. */
async function clientHello(): Promise<Buffer> {
  const listener = waitingList<Buffer>()
  const { createServer } = await import('node:net')
  const server = createServer(socket => {
    socket.once('data', bytes => {
      listener.add(bytes)
      socket.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const client = connectTls({ port, host: '127.0.0.1', servername: 'localhost' })
  client.on('error', () => undefined)
  const hello = await listener.next()
  server.close()
  return hello
}

describe('what a client refuses', () => {
  test('a server of another authority, another name, none at all', async () => {
    const serving = await world.serve()
    const other = await testAuthority()
    const otherCa = await other.caFile(world.folder, 'other-ca')
    await expect(world.dial(serving, { trustedCaFiles: [otherCa] })).rejects.toMatchObject({
      code: 'CERTIFICATE',
      message: expect.stringContaining('x509: certificate signed by unknown authority'),
    })
    expect((await serving.rejected()).error).toMatch(/^(EOF|remote error: tls: .*)$/)
    await expect(world.dial(serving, { serverName: 'db.example' })).rejects.toThrow(
      'x509: certificate is valid for localhost, not db.example',
    )
    await expect(world.dial(serving, { serverName: '10.1.2.3' })).rejects.toThrow(
      'x509: certificate is valid for 127.0.0.1, 0:0:0:0:0:0:0:1, not 10.1.2.3',
    )
    const nameless = await world.serve({
      certificate: await world.ca.files(world.folder, 'cn', { commonName: 'localhost' }),
    })
    await expect(world.dial(nameless, { serverName: 'localhost' })).rejects.toThrow(
      'x509: certificate relies on legacy Common Name field, use SANs instead',
    )
    await expect(world.dial(nameless)).rejects.toThrow(
      "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
    )
  })

  test('a server that is not on the list, an expired one', async () => {
    const serving = await world.serve()
    await expect(world.dial(serving, { allowedCommonNames: ['node1'] })).rejects.toThrow(
      'client certificate authentication failed',
    )
    const expired = { ...here, notBefore: new Date(0), notAfter: new Date(Date.now() - 1000) }
    const late = await world.serve({ certificate: await world.ca.files(world.folder, 'expired', expired) })
    await expect(world.dial(late)).rejects.toThrow('x509: certificate has expired or is not yet valid')
  })

  test('nothing, if it is told so', async () => {
    const certificate = await selfSignedFiles(join(world.folder, 'fixtures'), { hosts: ['127.0.0.1:2380'] })
    const serving = await world.serve({ certificate })
    await expect(world.dial(serving)).rejects.toMatchObject({ code: 'CERTIFICATE' })
    await serving.rejected()
    const pipe = await world.dial(serving, { skipVerify: true })
    expect(pipe.info.tls).toEqual({ alpn: 'h2', peerCommonName: undefined })
    await talk(pipe, await serving.next())
  })

  test('a server that says nothing, one that says nonsense, an abort', async () => {
    const silent = await nodeNet().listen(loopback, pipe => pipe.start({ data() {}, drain() {}, end() {}, close() {} }))
    const client = await createTlsClient({ handshakeTimeoutMs: 50 })
    const dial = client.dial(nodeNet().dial)
    await expect(dial(silent.address)).rejects.toMatchObject({ code: 'TIMEOUT' })
    const patient = (await createTlsClient()).dial(nodeNet().dial)
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 20)
    await expect(patient(silent.address, { signal: abort.signal })).rejects.toMatchObject({ code: 'ABORTED' })
    await silent.close()
    const http = await nodeNet().listen(loopback, pipe => {
      pipe.start({
        data: () => pipe.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
        drain() {},
        end() {},
        close() {},
      })
    })
    await expect(patient(http.address)).rejects.toMatchObject({
      code: 'TLS',
      message: expect.stringContaining('first record does not look like a TLS handshake'),
    })
    await http.close()
    const closing = await nodeNet().listen(loopback, pipe => {
      pipe.start({ data: () => pipe.destroy(), drain() {}, end() {}, close() {} })
    })
    await expect(patient(closing.address)).rejects.toMatchObject({ code: 'RESET' })
    await closing.close()
  })

  test('a common name of its own, if there must be none', async () => {
    const certificate = await world.ca.files(world.folder, 'proxy', { commonName: 'proxy' })
    await expect(createTlsClient({ certificate, emptyCommonName: true })).rejects.toThrow(
      `cert has non empty Common Name (proxy): ${certificate.certFile}`,
    )
    const nameless = await world.ca.files(world.folder, 'proxy', {})
    await createTlsClient({ certificate: nameless, emptyCommonName: true })
  })
})

describe('files', () => {
  test('a new certificate counts from the next handshake on, open pipes stay', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kvs-tls-'))
    const certificate = await world.ca.files(folder, 'rotated', { commonName: 'first', ...here })
    const serving = await world.serve({ certificate })
    const first = await world.dial(serving)
    const accepted = await serving.next()
    for (const name of ['second', 'third', 'fourth']) {
      await world.ca.files(folder, 'rotated', { commonName: name, ...here })
      const pipe = await world.dial(serving)
      expect(pipe.info.tls?.peerCommonName).toBe(name)
      await serving.next()
      pipe.destroy()
    }
    await talk(first, accepted)
    await rm(folder, { recursive: true })
  })

  test('half of a new pair, or none: the last good one is used, and a warning is given', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kvs-tls-'))
    const certificate = await world.ca.files(folder, 'pair', { commonName: 'good', ...here })
    const warnings: TlsWarning[] = []
    const serving = await world.serve({ certificate, onWarning: warning => warnings.push(warning) })
    const next = await world.ca.issue({ commonName: 'new', ...here })
    const nameNow = async (): Promise<string | undefined> => {
      const pipe = await world.dial(serving)
      ;(await serving.next()).destroy()
      pipe.destroy()
      return pipe.info.tls?.peerCommonName
    }
    await writeFile(certificate.certFile, next.certificatePem)
    expect(await nameNow()).toBe('good')
    expect(await nameNow()).toBe('good')
    expect(warnings.map(({ error }) => error?.message)).toEqual([
      `net: ${certificate.certFile}: tls: private key does not match public key`,
    ])
    await writeFile(certificate.keyFile, next.keyPem)
    expect(await nameNow()).toBe('new')
    await rm(certificate.keyFile)
    expect(await nameNow()).toBe('new')
    expect(warnings.at(-1)?.error?.message).toMatch(/ENOENT/)
    await rm(folder, { recursive: true })
  })

  test('files that cannot be used at all', async () => {
    const good = await world.ca.files(world.folder, 'good', here)
    const missing = { ...good, keyFile: join(world.folder, 'none.key') }
    await expect(createTlsServer({ certificate: missing })).rejects.toThrow(/read .*none\.key: .*ENOENT/)
    const swapped = { certFile: good.keyFile, keyFile: good.certFile }
    await expect(createTlsServer({ certificate: swapped })).rejects.toMatchObject({
      code: 'CERTIFICATE',
      message: expect.stringContaining('tls: failed to find any PEM data in certificate input'),
    })
    await expect(createTlsServer({ certificate: good, trustedCaFiles: [good.keyFile] })).rejects.toMatchObject({
      code: 'CERTIFICATE',
    })
    const names = { allowedCommonNames: ['a'], allowedHostnames: ['b'] }
    await expect(createTlsServer({ certificate: good, ...names })).rejects.toMatchObject({ code: 'TLS' })
  })

  test('a key that others may read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kvs-tls-'))
    const { chmod } = await import('node:fs/promises')
    const certificate = await world.ca.files(folder, 'open', here)
    await chmod(certificate.keyFile, 0o644)
    const warnings: TlsWarning[] = []
    await createTlsServer({ certificate, onWarning: warning => warnings.push(warning) })
    expect(warnings).toEqual([
      { message: 'others may read the private key (mode 644)', file: certificate.keyFile, error: undefined },
    ])
    await rm(folder, { recursive: true })
  })
})

describe('self-signed certificates', () => {
  test('say what those of etcd say, and are made once', async () => {
    const folder = join(world.folder, 'fixtures/client')
    const now = new Date('2026-01-01T00:00:00Z')
    const files = await selfSignedFiles(folder, {
      hosts: ['127.0.0.1:2379', '[::1]:2379', 'db.example:2379'],
      validityYears: 3,
      now,
    })
    const { X509Certificate } = await import('node:crypto')
    const bytes = await readFile(files.certFile)
    const x509 = new X509Certificate(bytes)
    expect(x509.subject).toBe('O=etcd')
    expect(x509.subjectAltName).toBe('DNS:db.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
    // basicConstraints, critical: CA
    expect(x509.raw.includes(Buffer.from('0603551d130101ff040530030101ff', 'hex'))).toBe(true)
    expect(x509.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
    expect(new Date(x509.validTo).getTime() - new Date(x509.validFrom).getTime()).toBe(3 * 365 * 86_400_000)
    expect(x509.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'secp521r1' })
    expect((await readFile(files.keyFile, 'utf8')).split('\n')[0]).toBe('-----BEGIN EC PRIVATE KEY-----')
    expect((await stat(files.keyFile)).mode & 0o777).toBe(0o600)
    await selfSignedFiles(folder, { hosts: ['other:1'] })
    expect((await readFile(files.certFile)).equals(bytes)).toBe(true)
  })

  test('a validity that is none', async () => {
    await expect(selfSignedCertificate({ hosts: [], validityYears: 0 })).rejects.toThrow(
      'selfSignedCertValidity is invalid,it should be greater than 0',
    )
  })
})

describe('names of etcd’s flags', () => {
  test('cipher suites', () => {
    expect(cipherString(['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_128_CBC_SHA'])).toBe(
      'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA:@SECLEVEL=2',
    )
    expect(() => cipherString(['TLS_NOPE'])).toThrow('unexpected TLS cipher suite "TLS_NOPE"')
    expect(() => cipherString(['toString'])).toThrow('unexpected TLS cipher suite "toString"')
    expect(() => cipherString(['TLS_RSA_WITH_RC4_128_SHA'])).toThrow('is broken and not available')
  })

  test('versions', async () => {
    expect([parseTlsVersion(''), parseTlsVersion('TLS1.3')]).toEqual([undefined, 'TLS1.3'])
    expect(() => parseTlsVersion('TLS1.1')).toThrow('unexpected TLS version "TLS1.1" (must be one of: TLS1.2, TLS1.3)')
    await expect(createTlsClient({ minVersion: 'TLS1.3', maxVersion: 'TLS1.2' })).rejects.toThrow(
      'min version (TLS1.3) is greater than max version (TLS1.2)',
    )
    await expect(
      createTlsClient({ minVersion: 'TLS1.3', cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] }),
    ).rejects.toThrow('cipher suites cannot be configured when only TLS1.3 is enabled')
  })
})
