import { KeyObject, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import type { Asn1, Pki } from './pki.ts'
import { loadPki } from './pki.ts'

/** What a certificate says. */
export interface CertificateFields {
  readonly commonName?: string
  readonly organization?: string
  readonly dnsNames?: readonly string[]
  /** IPv4 or IPv6, without brackets. */
  readonly ipAddresses?: readonly string[]
  readonly notBefore: Date
  readonly notAfter: Date
  /** Basic constraint CA. */
  readonly isAuthority?: boolean
  /** Extended key usages; none: for everything. */
  readonly usages?: readonly ('server' | 'client')[]
  /** Key usages beside signing: `certificates` and `revocations` for authorities, `keys` as etcd writes into its own. */
  readonly keyUsages?: readonly ('keys' | 'certificates' | 'revocations')[]
  readonly key?: KeyKind
  /** Default: the hash that fits the key of the issuer. */
  readonly hash?: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512'
}

export type KeyKind = 'P-256' | 'P-384' | 'P-521' | 'RSA-1024' | 'RSA-2048'

/** A certificate with its private key. */
export interface IssuedCertificate {
  readonly certificatePem: string
  /** SEC 1 (`EC PRIVATE KEY`) or PKCS 1 (`RSA PRIVATE KEY`). */
  readonly keyPem: string
  readonly certificateDer: Uint8Array
  /** Lower-case hexadecimal without leading zeros. */
  readonly serial: string
  readonly keys: webcrypto.CryptoKeyPair
}

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const

/** Bits of `KeyUsage` (RFC 5280, 4.2.1.3) in the order of the bit string. */
const USAGE_BITS = { signature: 0x80, keys: 0x20, certificates: 0x04, revocations: 0x02 } as const

/** Hash that fits the strength of a key. */
const HASHES: Readonly<Record<KeyKind, 'SHA-256' | 'SHA-384' | 'SHA-512'>> = {
  'P-256': 'SHA-256',
  'P-384': 'SHA-384',
  'P-521': 'SHA-512',
  'RSA-1024': 'SHA-256',
  'RSA-2048': 'SHA-256',
}

/** Signs a new certificate for a new key with the issuer's key, or with its own. */
export async function issueCertificate(
  fields: CertificateFields,
  issuer?: IssuedCertificate,
): Promise<IssuedCertificate> {
  const { pki, asn1, engine } = await loadPki()
  const keys = await makeKeys(fields.key ?? 'P-256')
  const certificate = new pki.Certificate()
  certificate.version = 2
  const serial = newSerial()
  certificate.serialNumber = new asn1.Integer({ valueHex: arrayBuffer(serial) })
  addNames(pki, asn1, certificate.subject, fields)
  if (issuer === undefined) addNames(pki, asn1, certificate.issuer, fields)
  else certificate.issuer = pki.Certificate.fromBER(arrayBuffer(issuer.certificateDer)).subject
  certificate.notBefore.value = fields.notBefore
  certificate.notAfter.value = fields.notAfter
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey, engine)
  certificate.extensions = extensionsOf(pki, asn1, fields)
  const signer = issuer?.keys.privateKey ?? keys.privateKey
  await certificate.sign(signer, fields.hash ?? hashFor(signer), engine)
  const certificateDer = new Uint8Array(certificate.toSchema(true).toBER(false))
  return {
    certificatePem: pem('CERTIFICATE', certificateDer),
    keyPem: exportKey(keys.privateKey),
    certificateDer,
    serial: Buffer.from(serial).toString('hex').replace(/^0+/, ''),
    keys,
  }
}

/** A list of revoked serials (lower-case hexadecimal), signed by `issuer`, as DER. */
export async function issueRevocationList(
  issuer: IssuedCertificate,
  serials: readonly string[],
  at: Date,
): Promise<Uint8Array> {
  const { pki, asn1, engine } = await loadPki()
  const list = new pki.CertificateRevocationList()
  list.version = 1
  list.issuer = pki.Certificate.fromBER(arrayBuffer(issuer.certificateDer)).subject
  list.thisUpdate = new pki.Time({ type: 0, value: at })
  list.nextUpdate = new pki.Time({ type: 0, value: new Date(at.getTime() + 7 * 86_400_000) })
  if (serials.length > 0) {
    list.revokedCertificates = serials.map(serial => {
      const bytes = Buffer.from(serial.padStart(serial.length + (serial.length % 2), '0'), 'hex')
      const userCertificate = new asn1.Integer({ valueHex: arrayBuffer(bytes) })
      return new pki.RevokedCertificate({ userCertificate, revocationDate: new pki.Time({ type: 0, value: at }) })
    })
  }
  await list.sign(issuer.keys.privateKey, hashFor(issuer.keys.privateKey), engine)
  return new Uint8Array(list.toSchema(true).toBER(false))
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

function makeKeys(kind: KeyKind): Promise<webcrypto.CryptoKeyPair> {
  const { subtle } = webcrypto
  if (kind === 'P-256' || kind === 'P-384' || kind === 'P-521') {
    return subtle.generateKey({ name: 'ECDSA', namedCurve: kind }, true, ['sign', 'verify'])
  }
  const modulusLength = kind === 'RSA-1024' ? 1024 : 2048
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength,
    publicExponent: Uint8Array.of(1, 0, 1),
  }
  return subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

function hashFor(key: webcrypto.CryptoKey): 'SHA-256' | 'SHA-384' | 'SHA-512' {
  const { namedCurve } = key.algorithm as webcrypto.EcKeyAlgorithm
  return HASHES[(namedCurve ?? 'RSA-2048') as KeyKind]
}

function exportKey(key: webcrypto.CryptoKey): string {
  const type = key.algorithm.name === 'ECDSA' ? 'sec1' : 'pkcs1'
  return KeyObject.from(key).export({ type, format: 'pem' }) as string
}

/** Positive, 127 random bits. */
function newSerial(): Uint8Array {
  const serial = new Uint8Array(randomBytes(16))
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40
  return serial
}

function addNames(
  pki: Pki,
  asn1: Asn1,
  to: InstanceType<Pki['RelativeDistinguishedNames']>,
  from: CertificateFields,
): void {
  const names: [type: string, value: string | undefined][] = [
    [OID.organization, from.organization],
    [OID.commonName, from.commonName],
  ]
  for (const [type, value] of names) {
    if (value === undefined) continue
    to.typesAndValues.push(new pki.AttributeTypeAndValue({ type, value: new asn1.Utf8String({ value }) }))
  }
}

function extensionsOf(pki: Pki, asn1: Asn1, fields: CertificateFields): InstanceType<Pki['Extension']>[] {
  const extensions: InstanceType<Pki['Extension']>[] = []
  const add = (extnID: string, critical: boolean, value: { toBER(sizeOnly: boolean): ArrayBuffer }): void => {
    extensions.push(new pki.Extension({ extnID, critical, extnValue: value.toBER(false) }))
  }
  const bits = (fields.keyUsages ?? []).reduce<number>((sum, usage) => sum | USAGE_BITS[usage], USAGE_BITS.signature)
  const unusedBits = Math.min(7, 31 - Math.clz32(bits & -bits))
  add(OID.keyUsage, true, new asn1.BitString({ valueHex: arrayBuffer(Uint8Array.of(bits)), unusedBits }))
  if (fields.usages !== undefined) {
    const keyPurposes = fields.usages.map(usage => (usage === 'server' ? OID.serverAuth : OID.clientAuth))
    add(OID.extKeyUsage, false, new pki.ExtKeyUsage({ keyPurposes }).toSchema())
  }
  const cA = fields.isAuthority === true
  add(OID.basicConstraints, true, new pki.BasicConstraints({ cA }).toSchema())
  const names = [
    ...(fields.dnsNames ?? []).map(value => new pki.GeneralName({ type: 2, value })),
    ...(fields.ipAddresses ?? []).map(
      value => new pki.GeneralName({ type: 7, value: new asn1.OctetString({ valueHex: arrayBuffer(ipBytes(value)) }) }),
    ),
  ]
  if (names.length > 0) add(OID.subjectAltName, false, new pki.GeneralNames({ names }).toSchema())
  return extensions
}

/** The 4 or 16 bytes of an address. */
function ipBytes(address: string): Uint8Array {
  if (isIP(address) === 4) return Uint8Array.from(address.split('.'), Number)
  // The URL parser writes every IPv6 address in the one shortest form, without an embedded IPv4 part.
  const canonical = new URL(`http://[${address.replace(/%.*/, '')}]/`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const words = (text: string): number[] => (text === '' ? [] : text.split(':').map(word => Number.parseInt(word, 16)))
  const first = words(head)
  const last = tail === undefined ? [] : words(tail)
  const all = [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last]
  return Uint8Array.from(all.flatMap(word => [word >> 8, word & 0xff]))
}

function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}
