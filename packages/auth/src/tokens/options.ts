import { AuthError } from '../errors.ts'
import { jwtTtlMsDefault } from '../limits.ts'
import { parseDurationMs } from './duration.ts'

/** Ways to sign a token: RSA, RSA with PSS, ECDSA, Ed25519, and with a secret. */
export const jwtMethods = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'HS256',
  'HS384',
  'HS512',
] as const

export type JwtMethod = (typeof jwtMethods)[number]

/** What `--auth-token` says. Files are for the host to read. */
export type TokenOptions = { readonly kind: 'none' } | { readonly kind: 'simple' } | JwtTokenOptions

export interface JwtTokenOptions {
  readonly kind: 'jwt'
  readonly method: JwtMethod
  readonly publicKeyFile: string | undefined
  /** Of the HS methods, the secret: all its bytes. */
  readonly privateKeyFile: string | undefined
  readonly ttlMs: number
}

/**
 * Reads the value of `--auth-token`: empty, `simple`, or `jwt,sign-method=M,pub-key=FILE,priv-key=FILE,ttl=10m`. Throws
 * `INVALID_AUTH_OPTS`.
 */
export function parseTokenOptions(text: string): TokenOptions {
  const [kind, ...rest] = text.split(',')
  const options = new Map<string, string>()
  for (const option of rest) {
    const [name = '', value, ...more] = option.split('=')
    if (value === undefined || more.length > 0) throw invalid(`"${option}" is not name=value`)
    if (options.has(name)) throw invalid(`"${name}" is given twice`)
    options.set(name, value)
  }
  switch (kind) {
    case '':
      return { kind: 'none' }
    case 'simple':
      return { kind: 'simple' }
    case 'jwt':
      return jwtOptions(options)
    default:
      throw invalid(`there are no tokens of type "${kind}"`)
  }
}

const knownNames: ReadonlySet<string> = new Set(['sign-method', 'pub-key', 'priv-key', 'ttl'])

function jwtOptions(options: ReadonlyMap<string, string>): JwtTokenOptions {
  const unknown = [...options.keys()].find(name => !knownNames.has(name))
  if (unknown !== undefined) throw invalid(`jwt has no option "${unknown}"`)
  const given = options.get('sign-method') ?? ''
  const method = jwtMethods.find(known => known === given)
  if (method === undefined) throw invalid(`"${given}" is no sign-method: ${jwtMethods.join(', ')}`)
  return {
    kind: 'jwt',
    method,
    publicKeyFile: options.get('pub-key') || undefined,
    privateKeyFile: options.get('priv-key') || undefined,
    ttlMs: ttlMsOf(options.get('ttl') ?? ''),
  }
}

/** A time to live of nothing would make tokens that nobody can use. */
function ttlMsOf(text: string): number {
  if (text === '') return jwtTtlMsDefault
  const ms = parseDurationMs(text)
  if (ms === undefined || ms <= 0) throw invalid(`ttl "${text}" is no time to live, such as 10m`)
  return ms
}

function invalid(detail: string): AuthError {
  return new AuthError('INVALID_AUTH_OPTS', detail)
}
