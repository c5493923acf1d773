/**
 * Codes of `AuthError`, and what checks answer with. Those that a client can meet are named as etcd names them, so the
 * host's table from code to gRPC status needs one row each.
 *
 * Who asks: `USER_EMPTY` nobody said who he is · `AUTH_OLD_REVISION` users, roles or permissions changed since the
 * identity was established · `PERMISSION_DENIED` · `INVALID_AUTH_TOKEN` · `AUTH_FAILED` unknown user or wrong password
 * · `NO_PASSWORD_USER` a password for a user who has none · `AUTH_NOT_ENABLED`.
 *
 * Changes: `ROOT_USER_NOT_EXIST` · `ROOT_ROLE_NOT_EXIST` · `USER_ALREADY_EXIST` · `USER_NOT_FOUND` · `ROLE_EMPTY` ·
 * `ROLE_ALREADY_EXIST` · `ROLE_NOT_FOUND` · `ROLE_NOT_GRANTED` · `PERMISSION_NOT_GIVEN` · `PERMISSION_NOT_GRANTED` ·
 * `INVALID_AUTH_MGMT` what would lock everybody out, or a range that is none.
 *
 * At the edge: `TOO_MANY_REQUESTS` a queue is full · `PASSWORD_TOO_LONG` · `PASSWORD_TOO_SHORT` · `NAME_TOO_LONG`.
 *
 * At start: `INVALID_AUTH_OPTS` · `MISSING_KEY` · `BAD_KEY` · `KEY_MISMATCH` · `BAD_BCRYPT_COST`; `VERIFY_ONLY` when a
 * token is wanted of who has only a public key. `BAD_JOB`: a job was given what it cannot work on.
 */
export type AuthErrorCode =
  | 'USER_EMPTY'
  | 'AUTH_OLD_REVISION'
  | 'PERMISSION_DENIED'
  | 'INVALID_AUTH_TOKEN'
  | 'AUTH_FAILED'
  | 'NO_PASSWORD_USER'
  | 'AUTH_NOT_ENABLED'
  | 'ROOT_USER_NOT_EXIST'
  | 'ROOT_ROLE_NOT_EXIST'
  | 'USER_ALREADY_EXIST'
  | 'USER_NOT_FOUND'
  | 'ROLE_EMPTY'
  | 'ROLE_ALREADY_EXIST'
  | 'ROLE_NOT_FOUND'
  | 'ROLE_NOT_GRANTED'
  | 'PERMISSION_NOT_GIVEN'
  | 'PERMISSION_NOT_GRANTED'
  | 'INVALID_AUTH_MGMT'
  | 'TOO_MANY_REQUESTS'
  | 'PASSWORD_TOO_LONG'
  | 'PASSWORD_TOO_SHORT'
  | 'NAME_TOO_LONG'
  | 'INVALID_AUTH_OPTS'
  | 'MISSING_KEY'
  | 'BAD_KEY'
  | 'KEY_MISMATCH'
  | 'BAD_BCRYPT_COST'
  | 'VERIFY_ONLY'
  | 'BAD_JOB'

/** etcd's own texts where it has one; what the wire says is in the host's table. */
const messages: Readonly<Record<AuthErrorCode, string>> = {
  USER_EMPTY: 'auth: user name is empty',
  AUTH_OLD_REVISION: 'auth: revision in header is old',
  PERMISSION_DENIED: 'auth: permission denied',
  INVALID_AUTH_TOKEN: 'auth: invalid auth token',
  AUTH_FAILED: 'auth: authentication failed, invalid user ID or password',
  NO_PASSWORD_USER: 'auth: authentication failed, password was given for no password user',
  AUTH_NOT_ENABLED: 'auth: authentication is not enabled',
  ROOT_USER_NOT_EXIST: 'auth: root user does not exist',
  ROOT_ROLE_NOT_EXIST: 'auth: root user does not have root role',
  USER_ALREADY_EXIST: 'auth: user already exists',
  USER_NOT_FOUND: 'auth: user not found',
  ROLE_EMPTY: 'auth: role name is empty',
  ROLE_ALREADY_EXIST: 'auth: role already exists',
  ROLE_NOT_FOUND: 'auth: role not found',
  ROLE_NOT_GRANTED: 'auth: role is not granted to the user',
  PERMISSION_NOT_GIVEN: 'auth: permission not given',
  PERMISSION_NOT_GRANTED: 'auth: permission is not granted to the role',
  INVALID_AUTH_MGMT: 'auth: invalid auth management',
  TOO_MANY_REQUESTS: 'auth: too many requests',
  PASSWORD_TOO_LONG: 'bcrypt: password length exceeds 72 bytes',
  PASSWORD_TOO_SHORT: 'auth: password is too short',
  NAME_TOO_LONG: 'auth: name is too long',
  INVALID_AUTH_OPTS: 'auth: invalid auth options',
  MISSING_KEY: 'auth: missing key data',
  BAD_KEY: 'auth: invalid key',
  KEY_MISMATCH: "auth: public and private keys don't match",
  BAD_BCRYPT_COST: 'auth: bcrypt cost is outside of 4 to 31',
  VERIFY_ONLY: 'auth: token signing attempted with verify-only key',
  BAD_JOB: 'auth: invalid job',
}

/** What went wrong, never with a password, hash, key or token in it. */
export class AuthError extends Error {
  override readonly name: string = 'AuthError'
  readonly code: AuthErrorCode

  /** `detail` is added to the text of the code. */
  constructor(code: AuthErrorCode, detail?: string, options?: { readonly cause?: unknown }) {
    super(detail === undefined ? messages[code] : `${messages[code]}: ${detail}`, options)
    this.code = code
  }
}
