import { decodeBase64, encodeBase64 } from '../base64.ts'
import { latin1Text } from '../bytes.ts'
import { AuthError } from '../errors.ts'
import { keyFileBytesMax } from '../limits.ts'
import { derTag, sequenceElements, sequenceTags, writeDer } from './der.ts'
import type { JwtMethod } from './options.ts'

/** A key as PEM of a kind that WebCrypto reads. */
export interface ReadableKey {
  readonly kind: 'pkcs8' | 'spki' | 'x509'
  readonly pem: string
}

/**
 * Reads a private key: PKCS #8, and the older forms of RSA (PKCS #1) and of elliptic curves (SEC 1), which openssl
 * writes as well. The bytes decide, not the words of the PEM's first line, as in Go. Throws `BAD_KEY`.
 */
export function readPrivateKey(file: Uint8Array, method: JwtMethod): ReadableKey {
  const der = pemContent(file, 'private')
  const { integer, sequence, octetString } = derTag
  const elements = sequenceElements(der)
  const [first, second] = elements
  if (first?.tag !== integer) throw badKey('private', 'is no private key')
  if (second?.tag === sequence) return { kind: 'pkcs8', pem: pemOf('PRIVATE KEY', der) }
  const version = writeDer(integer, Uint8Array.of(0))
  const wrapped = (algorithm: Uint8Array): ReadableKey => ({
    kind: 'pkcs8',
    pem: pemOf('PRIVATE KEY', writeDer(sequence, version, algorithm, writeDer(octetString, der))),
  })
  if (second?.tag === integer) return wrapped(rsaAlgorithm)
  const curve = curveOf(der, elements.slice(2)) ?? curveOids[method]
  if (second?.tag !== octetString || curve === undefined) throw badKey('private', 'is no private key')
  return wrapped(writeDer(sequence, ecOid, curve))
}

/** Reads a public key: SPKI, PKCS #1, or the certificate that holds it. Throws `BAD_KEY`. */
export function readPublicKey(file: Uint8Array): ReadableKey {
  const der = pemContent(file, 'public')
  const [first, second] = sequenceTags(der)
  const { integer, sequence, bitString } = derTag
  if (first === sequence && second === bitString) return { kind: 'spki', pem: pemOf('PUBLIC KEY', der) }
  if (first === sequence && second === sequence) return { kind: 'x509', pem: pemOf('CERTIFICATE', der) }
  if (first !== integer || second !== integer) throw badKey('public', 'is no public key')
  const spki = writeDer(sequence, rsaAlgorithm, writeDer(bitString, Uint8Array.of(0), der))
  return { kind: 'spki', pem: pemOf('PUBLIC KEY', spki) }
}

export function badKey(which: 'public' | 'private', detail: string, cause?: unknown): AuthError {
  return new AuthError('BAD_KEY', `the ${which} key ${detail}`, { cause })
}

const rsaAlgorithm: Uint8Array = writeDer(
  derTag.sequence,
  writeDer(derTag.oid, Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01)),
  writeDer(derTag.null),
)
const ecOid: Uint8Array = writeDer(derTag.oid, Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01))

/** The curve of each method, for keys that do not name theirs. */
const curveOids: Readonly<Partial<Record<JwtMethod, Uint8Array>>> = {
  ES256: writeDer(derTag.oid, Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07)),
  ES384: writeDer(derTag.oid, Uint8Array.of(0x2b, 0x81, 0x04, 0x00, 0x22)),
  ES512: writeDer(derTag.oid, Uint8Array.of(0x2b, 0x81, 0x04, 0x00, 0x23)),
}

/** Context tag 0 of SEC 1: the curve by name. */
const parametersTag = 0xa0

function curveOf(der: Uint8Array, elements: ReturnType<typeof sequenceElements>): Uint8Array | undefined {
  const parameters = elements.find(({ tag }) => tag === parametersTag)
  return parameters === undefined ? undefined : der.subarray(parameters.start, parameters.end)
}

/** The bytes of the first PEM block; openssl puts one with the curve before keys that it generates. */
function pemContent(file: Uint8Array, which: 'public' | 'private'): Uint8Array {
  if (file.length > keyFileBytesMax) throw badKey(which, `is over ${keyFileBytesMax} bytes`)
  const text = latin1Text(file)
  const begin = /-----BEGIN (?!EC PARAMETERS)([^\r\n]*?)-----/.exec(text)
  if (begin === null) throw badKey(which, 'is not PEM encoded')
  const from = begin.index + begin[0].length
  const end = text.indexOf(`-----END ${begin[1]}-----`, from)
  const body = end < 0 ? '' : text.slice(from, end)
  if (body.includes(':') || begin[1]?.includes('ENCRYPTED') === true) throw badKey(which, 'is encrypted')
  const content = decodeBase64(body.replaceAll(/\s/g, ''))
  if (content === undefined || content.length === 0) throw badKey(which, 'is not PEM encoded')
  return content
}

function pemOf(label: string, der: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${encodeBase64(der)}\n-----END ${label}-----\n`
}
