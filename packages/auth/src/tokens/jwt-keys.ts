import { exportJWK } from 'jose/key/export'
import { importJWK, importPKCS8, importSPKI, importX509 } from 'jose/key/import'
import { AuthError } from '../errors.ts'
import { rsaBitsMin } from '../limits.ts'
import { badKey, type ReadableKey, readPrivateKey, readPublicKey } from './key-file.ts'
import type { JwtMethod } from './options.ts'

/** A key of WebCrypto, or the bytes of a secret. */
export type JwtKey = Awaited<ReturnType<typeof importJWK>>

export interface JwtKeys {
  readonly verifyKey: JwtKey
  /** Undefined: tokens can only be verified. */
  readonly signKey: JwtKey | undefined
}

export interface JwtKeyFiles {
  readonly method: JwtMethod
  /** PEM: a public key, or the certificate that holds it. Not used by the HS methods. */
  readonly publicKey?: Uint8Array | undefined
  /** PEM: a private key. Of the HS methods: the secret. */
  readonly privateKey?: Uint8Array | undefined
}

/** Throws `MISSING_KEY`, `BAD_KEY` (of another kind than the method's included), `KEY_MISMATCH`. */
export async function readJwtKeys({ method, publicKey, privateKey }: JwtKeyFiles): Promise<JwtKeys> {
  if (method.startsWith('HS')) {
    if (privateKey === undefined || privateKey.length === 0) throw new AuthError('MISSING_KEY')
    const secret = privateKey.slice()
    return { verifyKey: secret, signKey: secret }
  }
  const signKey = await importPrivate(privateKey, method)
  const given = await importPublic(publicKey, method)
  if (signKey !== undefined) await mustBeLongEnough(signKey, 'private')
  if (given !== undefined) await mustBeLongEnough(given, 'public')
  if (signKey === undefined) {
    if (given === undefined) throw new AuthError('MISSING_KEY')
    return { verifyKey: given, signKey: undefined }
  }
  const verifyKey = await publicHalf(signKey, method)
  if (given !== undefined && !(await areSameKeys(verifyKey, given))) throw new AuthError('KEY_MISMATCH')
  return { verifyKey, signKey }
}

/** Extractable: the public half is computed from it. */
async function importPrivate(file: Uint8Array | undefined, method: JwtMethod): Promise<JwtKey | undefined> {
  if (file === undefined || file.length === 0) return undefined
  const { pem } = readPrivateKey(file, method)
  return importPKCS8(pem, method, { extractable: true }).catch(error => {
    throw badKey('private', `does not fit ${method}`, error)
  })
}

async function importPublic(file: Uint8Array | undefined, method: JwtMethod): Promise<JwtKey | undefined> {
  if (file === undefined || file.length === 0) return undefined
  return importReadable(readPublicKey(file), method).catch(error => {
    throw badKey('public', `does not fit ${method}`, error)
  })
}

function importReadable({ kind, pem }: ReadableKey, method: JwtMethod): Promise<JwtKey> {
  return kind === 'x509'
    ? importX509(pem, method, { extractable: true })
    : importSPKI(pem, method, { extractable: true })
}

/** RFC 7518 wants it of RSA, and WebCrypto's users see to it when they sign: better to know at start. */
async function mustBeLongEnough(key: JwtKey, which: 'public' | 'private'): Promise<void> {
  const { n } = await exportJWK(key)
  // Base64 without padding: 6 bits to a character.
  if (n !== undefined && n.length * 6 < rsaBitsMin) throw badKey(which, `has less than ${rsaBitsMin} bits`)
}

async function publicHalf(privateKey: JwtKey, method: JwtMethod): Promise<JwtKey> {
  const { kty, n, e, crv, x, y } = await exportJWK(privateKey)
  const parts = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined)
  return importJWK(Object.fromEntries(parts), method, { extractable: true })
}

async function areSameKeys(a: JwtKey, b: JwtKey): Promise<boolean> {
  const [left, right] = await Promise.all([exportJWK(a), exportJWK(b)])
  return (['kty', 'n', 'e', 'crv', 'x', 'y'] as const).every(part => left[part] === right[part])
}
