import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { JwtMethod } from '../src/index.ts'
import { derTag, writeDer } from '../src/tokens/der.ts'

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

/** Made once for all tests of a file: RSA keys take a while. */
const pairs = new Map<string, KeyPair>()

/** The first key pair that fits a method, or another one. */
export function keyPair(method: JwtMethod, which: 'first' | 'other' = 'first'): KeyPair {
  const kind = /^(RS|PS)/.test(method) ? 'RSA' : method
  const known = pairs.get(kind + which)
  if (known !== undefined) return known
  const pair = newKeyPair(kind)
  pairs.set(kind + which, pair)
  return pair
}

function newKeyPair(kind: string): KeyPair {
  if (kind === 'EdDSA') return generateKeyPairSync('ed25519')
  if (kind === 'RSA') return generateKeyPairSync('rsa', { modulusLength: 2048 })
  return generateKeyPairSync('ec', { namedCurve: curves[kind]! })
}

export function file(text: string | Buffer): Uint8Array {
  return Uint8Array.from(Buffer.from(text))
}

export function publicPem({ publicKey }: KeyPair, type: 'spki' | 'pkcs1' = 'spki'): Uint8Array {
  return file(publicKey.export({ type, format: 'pem' }))
}

export function privatePem({ privateKey }: KeyPair, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8'): Uint8Array {
  return file(type === 'pkcs8' ? privateKey.export({ type, format: 'pem' }) : legacyPem(privateKey, type))
}

/** The forms that only one kind of key has. */
function legacyPem(key: KeyObject, type: 'pkcs1' | 'sec1'): string | Buffer {
  return type === 'pkcs1' ? key.export({ type, format: 'pem' }) : key.export({ type, format: 'pem' })
}

/** The key files of a method: what it needs to sign and verify. */
export function keyFilesOf(
  method: JwtMethod,
  which: 'first' | 'other' = 'first',
): { publicKey?: Uint8Array; privateKey: Uint8Array } {
  if (method.startsWith('HS')) return { privateKey: file(randomBytes(64)) }
  const pair = keyPair(method, which)
  return { publicKey: publicPem(pair), privateKey: privatePem(pair) }
}

/** The key of a file, for Node's own crypto to sign with. */
export function nodeKey(pem: Uint8Array): KeyObject {
  return createPrivateKey(Buffer.from(pem))
}

/** A certificate of a key of a curve, signed by itself (RFC 5280, as little of it as there may be). */
export function certificatePem({ publicKey, privateKey }: KeyPair): Uint8Array {
  const { sequence, integer, oid, bitString } = derTag
  const [set, utf8, utcTime, version] = [0x31, 0x0c, 0x17, 0xa0]
  const ecdsaWithSha256 = writeDer(sequence, writeDer(oid, Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2)))
  const commonName = writeDer(sequence, writeDer(oid, Uint8Array.of(0x55, 4, 3)), writeDer(utf8, file('alice')))
  const name = writeDer(sequence, writeDer(set, commonName))
  const validity = writeDer(
    sequence,
    writeDer(utcTime, file('260101000000Z')),
    writeDer(utcTime, file('491231235959Z')),
  )
  const spki = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }))
  const number = (value: number) => writeDer(integer, Uint8Array.of(value))
  const content = [writeDer(version, number(2)), number(1), ecdsaWithSha256, name, validity, name, spki]
  const toBeSigned = writeDer(sequence, ...content)
  const signature = Uint8Array.from([0, ...sign('sha256', toBeSigned, privateKey)])
  const der = writeDer(sequence, toBeSigned, ecdsaWithSha256, writeDer(bitString, signature))
  return file(`-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`)
}
