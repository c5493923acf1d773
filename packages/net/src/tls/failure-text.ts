import type { TLSSocket } from 'node:tls'
import { systemCode } from '../errors.ts'

/** Go's words for what OpenSSL says about a certificate. */
const UNKNOWN_AUTHORITY = 'x509: certificate signed by unknown authority'
const OUT_OF_DATE = 'x509: certificate has expired or is not yet valid'
const INSECURE = 'x509: cannot verify signature: insecure algorithm'
const VERIFY_TEXTS: Readonly<Record<string, string>> = {
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  CERT_UNTRUSTED: UNKNOWN_AUTHORITY,
  CERT_SIGNATURE_FAILURE: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: OUT_OF_DATE,
  CERT_NOT_YET_VALID: OUT_OF_DATE,
  INVALID_PURPOSE: 'x509: certificate specifies an incompatible key usage',
  INVALID_CA: 'x509: invalid certificate authority',
  CA_MD_TOO_WEAK: INSECURE,
  EE_KEY_TOO_SMALL: 'x509: the key of the certificate is too short',
  // What OpenSSL says of a chain with a weak key or signature.
  UNSPECIFIED: 'x509: the key or a signature of the certificate is too weak',
  CA_KEY_TOO_SMALL: 'x509: the key of the authority is too short',
}

/** Why a certificate did not verify; `code` is what Node calls it. */
export function verifyText(code: string): string {
  const text = Object.hasOwn(VERIFY_TEXTS, code) ? VERIFY_TEXTS[code] : undefined
  return text ?? `x509: certificate does not verify: ${code}`
}

/** Alerts by their numbers (RFC 8446, 6) in Go's words. */
const ALERTS: Readonly<Record<number, string>> = {
  10: 'unexpected message',
  20: 'bad record MAC',
  22: 'record overflow',
  40: 'handshake failure',
  42: 'bad certificate',
  43: 'unsupported certificate',
  44: 'revoked certificate',
  45: 'expired certificate',
  46: 'unknown certificate',
  47: 'illegal parameter',
  48: 'unknown certificate authority',
  49: 'access denied',
  50: 'error decoding message',
  51: 'error decrypting message',
  70: 'protocol version not supported',
  71: 'insufficient security level',
  80: 'internal error',
  86: 'inappropriate fallback',
  90: 'user canceled',
  109: 'missing extension',
  110: 'unsupported extension',
  112: 'unrecognized name',
  116: 'certificate required',
  120: 'no application protocol',
}

const TEXTS: Readonly<Record<string, string>> = {
  ERR_SSL_HTTP_REQUEST: 'tls: first record does not look like a TLS handshake',
  ERR_SSL_WRONG_VERSION_NUMBER: 'tls: first record does not look like a TLS handshake',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "tls: client didn't provide a certificate",
  ERR_SSL_NO_SHARED_CIPHER: 'tls: no cipher suite supported by both client and server',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'tls: client offered only unsupported versions',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'tls: client requested unsupported application protocols',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'i/o timeout',
}

/** What Go would log about a handshake that failed. */
export function handshakeText(error: Error, socket?: TLSSocket): string {
  const refused = socket?.authorizationError as unknown
  if (typeof refused === 'string' && refused !== '') return `tls: failed to verify certificate: ${verifyText(refused)}`
  const code = systemCode(error)
  const known = Object.hasOwn(TEXTS, code) ? TEXTS[code] : undefined
  if (known !== undefined) return known
  const alert = ALERTS[Number(/SSL alert number (\d+)/.exec(error.message)?.[1])]
  if (alert !== undefined) return `remote error: tls: ${alert}`
  const verify = Object.hasOwn(VERIFY_TEXTS, code) ? VERIFY_TEXTS[code] : undefined
  if (verify !== undefined) return `tls: failed to verify certificate: ${verify}`
  const reason = (error as { readonly reason?: unknown }).reason
  return typeof reason === 'string' ? `tls: ${reason}` : error.message.trim()
}
