import type { SecureVersion } from 'node:tls'
import { NetError } from '../errors.ts'

/** TLS versions by etcd's names. */
export type TlsVersion = 'TLS1.2' | 'TLS1.3'

/** Those of TLS 1.3 are always on, as in Go, where they cannot be chosen. */
const TLS13 = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256']

/** Go's names of suites, OpenSSL's names beside them. */
const SUITES: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 'ECDHE-ECDSA-AES128-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 'ECDHE-RSA-AES128-SHA256',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
  TLS_RSA_WITH_AES_128_CBC_SHA256: 'AES128-SHA256',
  TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
  TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
}

/** Go knows them; this OpenSSL was built without them. */
const BROKEN: ReadonlySet<string> = new Set([
  'TLS_RSA_WITH_RC4_128_SHA',
  'TLS_ECDHE_ECDSA_WITH_RC4_128_SHA',
  'TLS_ECDHE_RSA_WITH_RC4_128_SHA',
  'TLS_RSA_WITH_3DES_EDE_CBC_SHA',
  'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA',
])

/** Without a choice of the user: forward secrecy and authenticated encryption only. */
const DEFAULTS = Object.keys(SUITES).slice(0, 6)

/** Keys and signatures of at least 112 bits of strength: no SHA-1, no RSA key below 2048 bits. */
const STRENGTH = '@SECLEVEL=2'

/**
 * OpenSSL's cipher string for Go's names (`--cipher-suites`); an empty list means the defaults. Throws `NetError`
 * `TLS` for a name that nobody knows, and for RC4 and 3DES.
 */
export function cipherString(names: readonly string[] = []): string {
  const chosen = names.length === 0 ? DEFAULTS : names
  const suites = chosen.filter(name => !TLS13.includes(name)).map(opensslName)
  return [...TLS13, ...new Set(suites), STRENGTH].join(':')
}

function opensslName(name: string): string {
  const known = Object.hasOwn(SUITES, name) ? SUITES[name] : undefined
  if (known !== undefined) return known
  if (BROKEN.has(name))
    throw new NetError('TLS', `TLS cipher suite ${JSON.stringify(name)} is broken and not available`)
  throw new NetError('TLS', `unexpected TLS cipher suite ${JSON.stringify(name)}`)
}

export interface VersionRange {
  readonly minVersion: SecureVersion
  readonly maxVersion: SecureVersion
}

/** Reads one of `--tls-min-version` and `--tls-max-version`; empty is undefined. Throws `NetError` `TLS`. */
export function parseTlsVersion(text: string): TlsVersion | undefined {
  if (text === '') return undefined
  if (text === 'TLS1.2' || text === 'TLS1.3') return text
  throw new NetError('TLS', `unexpected TLS version ${JSON.stringify(text)} (must be one of: TLS1.2, TLS1.3)`)
}

/** TLS 1.2 or newer unless said. Throws `NetError` `TLS` for what excludes itself. */
export function versionRange(
  minVersion: TlsVersion = 'TLS1.2',
  maxVersion: TlsVersion = 'TLS1.3',
  cipherSuites: readonly string[] = [],
): VersionRange {
  if (minVersion > maxVersion) {
    throw new NetError('TLS', `min version (${minVersion}) is greater than max version (${maxVersion})`)
  }
  if (minVersion === 'TLS1.3' && cipherSuites.length > 0) {
    throw new NetError('TLS', 'cipher suites cannot be configured when only TLS1.3 is enabled')
  }
  return { minVersion: secureVersion(minVersion), maxVersion: secureVersion(maxVersion) }
}

function secureVersion(version: TlsVersion): SecureVersion {
  return version === 'TLS1.2' ? 'TLSv1.2' : 'TLSv1.3'
}
