import { constants } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { SecureContextOptions } from 'node:tls'
import { NetError, nodeError } from '../errors.ts'
import { cipherString, versionRange } from './cipher-suites.ts'
import type { TlsOptions } from './options.ts'
import { hostnameError, type PeerCertificate } from './peer-certificate.ts'

/** Protocols of ALPN unless said: gRPC, then plain HTTP. */
export const DEFAULT_ALPN: readonly string[] = ['h2', 'http/1.1']

/** What stays the same for all connections: versions, suites, authorities. Rejects with `NetError`. */
export async function fixedContext(options: TlsOptions): Promise<SecureContextOptions> {
  const { allowedCommonNames = [], allowedHostnames = [] } = options
  if (allowedCommonNames.length > 0 && allowedHostnames.length > 0) {
    throw new NetError('TLS', 'allowed common names and allowed hostnames are mutually exclusive')
  }
  const authorities = await Promise.all((options.trustedCaFiles ?? []).map(readAuthorities))
  return {
    ...versionRange(options.minVersion, options.maxVersion, options.cipherSuites),
    ciphers: cipherString(options.cipherSuites),
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(authorities.length === 0 ? {} : { ca: authorities }),
  }
}

async function readAuthorities(path: string): Promise<Buffer> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (cause) {
    throw nodeError(cause, `read ${path}`)
  }
  if (bytes.includes('-----BEGIN CERTIFICATE-----')) return bytes
  throw new NetError('CERTIFICATE', `${path} holds no certificate of an authority`)
}

/** True if the lists of allowed names, where there are any, name this certificate. */
export function isAllowed(options: TlsOptions, certificate: PeerCertificate): boolean {
  const { allowedCommonNames = [], allowedHostnames = [] } = options
  if (allowedCommonNames.length > 0) return allowedCommonNames.includes(certificate.commonName)
  if (allowedHostnames.length === 0) return true
  return allowedHostnames.some(host => hostnameError(certificate, host) === undefined)
}

/** Go's words for a certificate that is on no list. */
export const NOT_ALLOWED = 'client certificate authentication failed'
