/**
 * Users, roles and permissions of a replicated key-value store, and the tokens by which users are known: etcd's rules,
 * as pure machines. What users and roles there are follows from the log (`AuthStore`), who may do what follows from
 * that (`Access`); tokens (`TokenProvider`) and passwords (`Passwords`) are each member's own, and take time, chance
 * and work off the loop as arguments.
 *
 * The way of a call: `Authenticator.identify` says whose it is, from token or certificate; the edge asks `Access` what
 * `callPolicies` demands; name and auth revision travel in the entry's header, and are asked about again when the
 * entry is applied (`applyPolicies`), for users and roles may have changed by then. A path without policy is refused.
 *
 * A login: `Passwords.verify` compares, off the loop; `newPrefix` and the name are proposed; at apply,
 * `AuthStore.authenticate` and `granted` on every member, `issue` for who waits; if the auth revision is no longer the
 * one `verify` gave, again. A new password: `Passwords.hash`, and the hash is proposed, never the password.
 *
 * Duties of the caller: store what `AuthStorage` is given, in the entry's own batch; call the store in log order only;
 * compare `checkUnchanged` behind reads that took their time; ask `checkNameLength` before proposing; never log
 * credentials but by `describeCredentials`.
 *
 * ```ts
 * import { createAccess, createAuthStore, createNoTokens, PermissionType } from '@kvs/auth'
 *
 * const store = createAuthStore({ storage, tokens: createNoTokens() })
 * const access = createAccess({ store, leases: { keys: () => undefined } })
 * store.roleAdd('dev')
 * store.roleGrantPermission({ role: 'dev', permission: { permType: PermissionType.read, key, rangeEnd } })
 * access.checkRange({ username: 'alice', revision: store.revision }, { key, rangeEnd }) // undefined, or why not
 * ```
 *
 * The door `./jobs` has bcrypt, for a worker thread; `./testing` an oracle for who may do what, for tests of hosts.
 */
export {
  Access,
  type AccessOptions,
  type AccessVerdict,
  createAccess,
  type DeleteAccess,
  type LeaseKeys,
  type PutAccess,
  type RangeAccess,
  type TxnAccess,
  type TxnOpAccess,
} from './access.ts'
export { type AuthInfo, authInfoOfPeer, type PeerIdentity, rootRole, rootUser } from './auth-info.ts'
export {
  type AuthStatus,
  AuthStore,
  type AuthStoreOptions,
  createAuthStore,
  type PasswordChange,
  type PermissionGrant,
  type PermissionRevocation,
  type RoleGrant,
  type TokenKeeper,
  type UserAddition,
} from './auth-store.ts'
export { Authenticator, type Credentials, createAuthenticator } from './authenticator.ts'
export {
  describeAuthInfo,
  describeAuthStatus,
  describeCredentials,
  describeGrants,
  describeKeySpan,
  describePeer,
  describePermission,
  describeRole,
  describeTokenGrant,
  describeTokenOptions,
  describeTokens,
  describeUser,
} from './describe.ts'
export { AuthError, type AuthErrorCode } from './errors.ts'
export type { Grants } from './grants.ts'
export { IntervalSet } from './interval-set.ts'
export { type KeySpan, keySpanOf, watchSpanOf } from './key-span.ts'
export {
  bcryptCostDefault,
  bcryptCostMax,
  bcryptCostMin,
  jwtCacheMax,
  jwtCharsMax,
  jwtTtlMsDefault,
  jwtVerificationsMax,
  keyFileBytesMax,
  nameBytesMax,
  passwordBytesMax,
  passwordJobsMax,
  simpleTokensMax,
  simpleTokenTtlMsDefault,
  tokenWaitsMax,
} from './limits.ts'
export { checkNameLength } from './names.ts'
export {
  type BcryptCompareInput,
  type BcryptHashInput,
  createPasswords,
  type PasswordExecutor,
  type PasswordJobName,
  Passwords,
  type PasswordsOptions,
} from './passwords.ts'
export { isValidPermissionRange, type Permission, PermissionType } from './permission.ts'
export {
  type AppliedRequestName,
  type AuthPolicy,
  applyPolicies,
  type CallPath,
  callPolicies,
  policyOfApplied,
  policyOfCall,
} from './policy.ts'
export type { AuthContent, AuthStorage, RoleRecord, UserRecord } from './records.ts'
export type { JwtKeyFiles } from './tokens/jwt-keys.ts'
export { createJwtTokens, JwtTokens, type JwtTokensOptions } from './tokens/jwt-tokens.ts'
export { createNoTokens } from './tokens/no-tokens.ts'
export {
  type JwtMethod,
  type JwtTokenOptions,
  jwtMethods,
  parseTokenOptions,
  type TokenOptions,
} from './tokens/options.ts'
export type { CurrentRevision, TokenGrant, TokenProvider, TokenStatus } from './tokens/provider.ts'
export { type AppliedIndex, createSimpleTokens, type SimpleTokenOptions, SimpleTokens } from './tokens/simple-tokens.ts'
