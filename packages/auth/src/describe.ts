import type { AuthInfo, PeerIdentity } from './auth-info.ts'
import type { AuthStatus } from './auth-store.ts'
import type { Credentials } from './authenticator.ts'
import type { Grants } from './grants.ts'
import { type KeySpan, keySpanOf } from './key-span.ts'
import { type Permission, PermissionType } from './permission.ts'
import type { RoleRecord, UserRecord } from './records.ts'
import type { TokenOptions } from './tokens/options.ts'
import type { TokenGrant, TokenStatus } from './tokens/provider.ts'

/**
 * One line for each public record, for logs and inspection. Passwords, hashes and tokens are said to be there, never
 * what they are.
 */

/** `alice roles [dev ops]`, and what is special about the password. */
export function describeUser(user: UserRecord): string {
  const password = user.noPassword ? ', no password' : user.passwordHash.length === 0 ? ', password unset' : ''
  return `${user.name} roles [${user.roles.join(' ')}]${password}`
}

/** `dev: READ "a", WRITE ["b", "c"), READWRITE ["d", …)`. */
export function describeRole(role: RoleRecord): string {
  const permissions = role.permissions.map(describePermission)
  return permissions.length === 0 ? `${role.name}: nothing` : `${role.name}: ${permissions.join(', ')}`
}

/** `READ ["a", "b")`. */
export function describePermission({ permType, key, rangeEnd }: Permission): string {
  const type = Object.entries(PermissionType)
    .find(([, number]) => number === permType)?.[0]
    .toUpperCase()
  return `${type ?? `type ${permType}`} ${describeKeySpan(keySpanOf(key, rangeEnd))}`
}

/** `"a"`, `["a", "b")` or `["a", …)`. */
export function describeKeySpan(span: KeySpan): string {
  if (span.kind === 'key') return quoteKey(span.key)
  return `[${quoteKey(span.begin)}, ${span.end === undefined ? '…' : quoteKey(span.end)})`
}

/** `read "a", ["b", "d"); write nothing`, or `everything`: all roles taken together. */
export function describeGrants({ isRoot, read, write }: Grants): string {
  if (isRoot) return 'everything'
  const [reads, writes] = [read, write].map(set => [...set.spans()].map(describeKeySpan).join(', ') || 'nothing')
  return `read ${reads}; write ${writes}`
}

/** `enabled at revision 7, 3 users, 2 roles`. */
export function describeAuthStatus({ isEnabled, revision, userCount, roleCount }: AuthStatus): string {
  return `${isEnabled ? 'enabled' : 'disabled'} at revision ${revision}, ${userCount} users, ${roleCount} roles`
}

/** `alice at revision 7`. */
export function describeAuthInfo(info: AuthInfo | undefined): string {
  if (info === undefined) return 'nobody'
  return `${info.username === '' ? '(no name)' : info.username} at revision ${info.revision}`
}

/** `certificate of "alice", over the gateway`. */
export function describePeer({ commonName, isGateway }: PeerIdentity): string {
  const certificate = commonName === undefined ? 'no certificate' : `certificate of "${commonName}"`
  return isGateway ? `${certificate}, over the gateway` : certificate
}

/** `token of 19 characters, no certificate`. */
export function describeCredentials(credentials: Credentials): string {
  const token = credentials.token ?? credentials.authorization
  return `${token === undefined ? 'no token' : `token of ${token.length} characters`}, ${describePeer(credentials)}`
}

/** `login of alice at revision 7, entry 23`. */
export function describeTokenGrant({ username, revision, index }: TokenGrant): string {
  return `login of ${username} at revision ${revision}, entry ${index}`
}

/** `jwt tokens, 12 in memory`. */
export function describeTokens({ kind, tokenCount }: TokenStatus): string {
  return kind === 'none' ? 'no tokens' : `${kind} tokens, ${tokenCount} in memory`
}

/** `jwt RS256, public key pub.pem, private key priv.pem, ttl 600000 ms`: names of files, not what is in them. */
export function describeTokenOptions(options: TokenOptions): string {
  if (options.kind !== 'jwt') return options.kind
  const { method, publicKeyFile = '(none)', privateKeyFile = '(none)', ttlMs } = options
  return `jwt ${method}, public key ${publicKeyFile}, private key ${privateKeyFile}, ttl ${ttlMs} ms`
}

/** Printable ASCII as it is, the rest as `\x..`. */
function quoteKey(key: Uint8Array): string {
  let text = ''
  for (const byte of key) {
    const character = String.fromCharCode(byte)
    const isPlain = byte >= 0x20 && byte < 0x7f && character !== '"' && character !== '\\'
    text += isPlain ? character : `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return `"${text}"`
}
