import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGrpcServer } from '@kvs/grpc'
import { createTlsServer, formatAddress, type Listener, nodeNet } from '@kvs/net'
import { type TestAuthority, testAuthority } from '@kvs/net/testing'
import { KV } from '@kvs/proto/rpc'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ClientTls, connect, systemClock } from '../src/index.ts'

/** Clients of a server that is encrypted, and wants to see certificates. */

let folder: string
let authority: TestAuthority
let listener: Listener
const seen: (string | undefined)[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-client-tls-'))
  seen.length = 0
  authority = await testAuthority()
  const server = createGrpcServer({
    clock: systemClock,
    methods: [
      [
        KV.put.path,
        {
          kind: 'unary',
          handle: call => {
            seen.push(call.peer.commonName)
            call.reply(new Uint8Array(0), 0, 0)
            server.flush()
          },
        },
      ],
    ],
  })
  const tls = await createTlsServer({
    certificate: await authority.files(folder, 'server', { ipAddresses: ['127.0.0.1'], dnsNames: ['db.example'] }),
    trustedCaFiles: [await authority.caFile(folder)],
  })
  const listen = tls.listen(nodeNet().listen)
  listener = await listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, pipe => server.accept(pipe))
})
afterEach(async () => {
  await listener.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Puts a key; `done`, or that it failed. */
async function put(scheme: string, tls?: ClientTls): Promise<string> {
  const client = connect({ endpoints: [`${scheme}${formatAddress(listener.address)}`], tls, dialTimeoutMs: 1000 })
  try {
    await client.put('a', '1', { timeoutMs: 1500 })
    return 'done'
  } catch {
    return 'failed'
  } finally {
    await client.close()
  }
}

test('with the authority and a certificate of its own a client is let in, by its name', async () => {
  const { certFile, keyFile } = await authority.files(folder, 'me', { commonName: 'me' })
  const caFile = await authority.caFile(folder)
  expect(await put('https://', { caFile, certFile, keyFile })).toBe('done')
  // Without a scheme the option decides.
  expect(await put('', { caFile, certFile, keyFile })).toBe('done')
  expect(await put('https://', { certFile, keyFile, skipVerify: true })).toBe('done')
  expect(await put('https://', { caFile, certFile, keyFile, serverName: 'db.example' })).toBe('done')
  expect(seen).toEqual(['me', 'me', 'me', 'me'])
})

test('nothing is sent to a server that cannot be verified, or in the clear where encryption is asked for', async () => {
  const { certFile, keyFile } = await authority.files(folder, 'me', { commonName: 'me' })
  const caFile = await authority.caFile(folder)
  expect(await put('https://')).toBe('failed')
  expect(await put('https://', { certFile, keyFile })).toBe('failed')
  expect(await put('https://', { caFile })).toBe('failed')
  expect(await put('https://', { caFile, certFile, keyFile, serverName: 'other.example' })).toBe('failed')
  expect(await put('https://', { caFile: join(folder, 'nowhere'), certFile, keyFile })).toBe('failed')
  expect(await put('http://', { caFile, certFile, keyFile })).toBe('failed')
  expect(seen).toEqual([])
})
