import { X509Certificate } from 'node:crypto'
import { selfSignedCertificate } from '@kvs/net'
import { testAuthority } from '@kvs/net/testing'
import { describeCertificate, hostnameError, subjectAltNames } from '../../../packages/net/src/tls/peer-certificate.ts'
import { revokedSerials } from '../../../packages/net/src/tls/revocation.ts'
import type { FuzzTarget } from '../target.ts'
import { refused, text, textTarget } from './words.ts'

const authority = await testAuthority()
const list = new Uint8Array(await authority.revocationList(['01', 'ff']))
const { certificatePem } = await selfSignedCertificate({ hosts: ['localhost', '127.0.0.1'] })
const der = new Uint8Array(new X509Certificate(certificatePem).raw)

/** Certificates that Node's own reader takes: what we look at in them is text, or nothing. */
export const certificate: FuzzTarget = {
  name: 'certificate',
  maxBytes: 2048,
  dictionary: [Uint8Array.of(0x55, 0x1d, 0x11), Uint8Array.of(0x82), Uint8Array.of(0x87, 4), text('*.a'), text('", "')],
  seeds: () => [der],
  run(input) {
    let x509: X509Certificate
    try {
      x509 = new X509Certificate(input)
    } catch {
      return 'none'
    }
    const described = describeCertificate(x509)
    hostnameError(described, 'a.b')
    hostnameError(described, '127.0.0.1')
    return `${Math.min(3, described.dnsNames.length)} ${Math.min(3, described.ipAddresses.length)} ${described.commonName !== ''}`
  },
}

/** Node's text of alternative names, which is quoted where a name could be taken for more than one. */
export const altNames: FuzzTarget = textTarget({
  name: 'alt-names',
  words: ['DNS:', 'IP Address:', 'URI:', ', ', '"', '\\"', '\\u0000', 'email:', '\\', '::1'],
  seeds: ['DNS:a, IP Address:::1, DNS:"a, b"', 'DNS:localhost, IP Address:127.0.0.1', 'URI:"http://a, DNS:b"'],
  kinds: [],
  read: said => `${Math.min(5, subjectAltNames(said).length)}`,
})

/** Lists of revoked certificates. */
export const revocation: FuzzTarget = {
  name: 'revocation',
  maxBytes: 2048,
  dictionary: [
    text('-----BEGIN X509 CRL-----\n'),
    Uint8Array.of(0x30, 0x82),
    Uint8Array.of(2, 1),
    Uint8Array.of(0x30, 0x80),
  ],
  seeds: () => [list],
  async run(input) {
    try {
      return `${Math.min(3, (await revokedSerials(Buffer.from(input), 'list')).size)}`
    } catch (error) {
      return refused(error, 'NetError')
    }
  },
}
