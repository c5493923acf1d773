import { X509Certificate } from 'node:crypto'
import { testAuthority } from '@kvs/net/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { End } from '../src/contract.ts'
import {
  describeCertificate,
  hostnameError,
  type PeerCertificate,
  subjectAltNames,
} from '../src/tls/peer-certificate.ts'
import { type NameService, sanMismatch } from '../src/tls/san-check.ts'
import { type TlsWorld, tlsWorld } from './tls-world.ts'

const authority = testAuthority()

async function certificate(dnsNames: readonly string[], ipAddresses: readonly string[] = []): Promise<PeerCertificate> {
  const { certificateDer } = await (await authority).issue({ commonName: 'x', dnsNames, ipAddresses })
  return describeCertificate(new X509Certificate(certificateDer))
}

/** Names by address and addresses by name; what is missing is not found. */
function names(reverse: Record<string, string[]>, lookup: Record<string, string[]> = {}): NameService {
  const find = (table: Record<string, string[]>) => async (key: string) => {
    const found = table[key]
    if (found === undefined) throw new Error(`lookup ${key}: no such host`)
    return found
  }
  return { reverse: find(reverse), lookup: find(lookup) }
}

const nobody = names({})

describe('does a peer come from where its certificate says', () => {
  const cases: [string, string[], string[], string, NameService, string | undefined][] = [
    ['no names at all', [], [], '10.0.0.1', nobody, undefined],
    ['its address', [], ['10.0.0.1', '10.0.0.2'], '10.0.0.2', nobody, undefined],
    ['an IPv6 address in another spelling', [], ['2001:db8::1'], '2001:0DB8:0:0::1', nobody, undefined],
    ['another address', [], ['10.0.0.1'], '10.0.0.9', nobody, 'x509: certificate is valid for 10.0.0.1, not 10.0.0.9'],
    ['an address among names is enough', ['a.example'], ['10.0.0.1'], '10.0.0.1', nobody, undefined],
    [
      'another address, but a name that resolves to it',
      ['a.example'],
      ['10.0.0.1'],
      '10.0.0.9',
      names({}, { 'a.example': ['10.0.0.8', '10.0.0.9'] }),
      undefined,
    ],
    [
      'a name that the address has',
      ['a.example'],
      [],
      '10.0.0.9',
      names({ '10.0.0.9': ['b.example.', 'a.example.'] }),
      undefined,
    ],
    [
      'a wildcard over a name that the address has',
      ['*.k8s.example'],
      [],
      '10.0.0.9',
      names({ '10.0.0.9': ['pod-1.ns.k8s.example.'] }),
      undefined,
    ],
    [
      'a wildcard is never resolved',
      ['*.example'],
      [],
      '10.0.0.9',
      names({ '10.0.0.9': ['other.test'] }, { '*.example': ['10.0.0.9'] }),
      'tls: "10.0.0.9" does not match any of DNSNames ["*.example"]',
    ],
    [
      'names that lead elsewhere',
      ['a.example', 'b.example'],
      [],
      '10.0.0.9',
      names({ '10.0.0.9': ['c.example'] }, { 'a.example': ['10.0.0.1'], 'b.example': ['10.0.0.2'] }),
      'tls: "10.0.0.9" does not match any of DNSNames ["a.example" "b.example"]',
    ],
    [
      'names that are not found',
      ['a.example'],
      [],
      '10.0.0.9',
      nobody,
      'tls: "10.0.0.9" does not match any of DNSNames ["a.example"] (lookup a.example: no such host)',
    ],
  ]
  test.each(cases)('%s', async (_name, dnsNames, ipAddresses, remote, service, expected) => {
    expect(await sanMismatch(await certificate(dnsNames, ipAddresses), remote, service)).toBe(expected)
  })
})

describe('host names', () => {
  const cases: [string, string[], boolean][] = [
    ['a.example', ['a.example'], true],
    ['A.Example.', ['a.eXample'], true],
    ['b.a.example', ['*.a.example'], true],
    ['c.b.a.example', ['*.a.example'], false],
    ['a.example', ['*.a.example'], false],
    ['ab.example', ['a*.example'], false],
    ['example', ['*'], false],
    ['', [''], false],
  ]
  test.each(cases)('%s by %j: %s', async (host, dnsNames, fits) => {
    const plain: PeerCertificate = { ...(await certificate(['x'])), dnsNames }
    expect(hostnameError(plain, host) === undefined).toBe(fits)
  })

  test('addresses only by address', async () => {
    const named = await certificate(['10.0.0.1'])
    expect(hostnameError(named, '10.0.0.1')).toBe(
      "x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs",
    )
    expect(hostnameError(await certificate([], ['::1']), '[::1]')).toBeUndefined()
    expect(hostnameError(await certificate([], ['::1']), 'localhost')).toBe(
      'x509: certificate is not valid for any names, but wanted to match localhost',
    )
  })

  test('Node’s text of names, tricks included', () => {
    expect(subjectAltNames('DNS:a.example, IP Address:10.0.0.1, IP Address:0:0:0:0:0:0:0:1, URI:spiffe://x/y')).toEqual(
      [
        ['DNS', 'a.example'],
        ['IP Address', '10.0.0.1'],
        ['IP Address', '0:0:0:0:0:0:0:1'],
        ['URI', 'spiffe://x/y'],
      ],
    )
    expect(subjectAltNames('DNS:"a.example, IP Address:10.0.0.1", DNS:b')).toEqual([
      ['DNS', 'a.example, IP Address:10.0.0.1'],
      ['DNS', 'b'],
    ])
    expect(subjectAltNames('')).toEqual([])
  })

  test('a name that pretends to be two', async () => {
    const tricky = await certificate(['evil.example, DNS:good.example'])
    expect(tricky.dnsNames).toEqual(['evil.example, DNS:good.example'])
    expect(hostnameError(tricky, 'good.example')).toBeDefined()
  })
})

describe('a listener that checks', () => {
  let world: TlsWorld
  beforeAll(async () => {
    world = await tlsWorld()
  })
  afterAll(() => world.dispose())

  test('lets the right one in and tells what is wrong with the other', async () => {
    const serving = await world.serve({
      trustedCaFiles: [world.caFile],
      checkSan: true,
      names: names({ '127.0.0.1': ['peer.example'] }),
    })
    const wrong = await world.ca.files(world.folder, 'wrong', { ipAddresses: ['10.9.9.9'], dnsNames: ['else.example'] })
    const pipe = new End(await world.dial(serving, { certificate: wrong })).start()
    expect(await serving.rejected()).toMatchObject({
      certificate: { dnsNames: ['else.example'], ipAddresses: ['10.9.9.9'] },
      error: 'tls: "127.0.0.1" does not match any of DNSNames ["else.example"] (lookup else.example: no such host)',
    })
    await pipe.events.until(() => pipe.events.has('end') || pipe.events.has('close'))
    pipe.destroy()
    const right = await world.ca.files(world.folder, 'right', { dnsNames: ['*.example'] })
    const good = await world.dial(serving, { certificate: right })
    await serving.next()
    good.destroy()
  })
})
