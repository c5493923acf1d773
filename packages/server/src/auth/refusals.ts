import { AuthError, type AuthErrorCode } from '@kvs/auth'
import { Refusal, type RefusalCode } from '../errors.ts'

/** Those that a client can meet; the others are of starts, or are bugs. */
const codes: Partial<Record<AuthErrorCode, RefusalCode>> = {
  USER_EMPTY: 'USER_EMPTY',
  AUTH_OLD_REVISION: 'AUTH_OLD_REVISION',
  PERMISSION_DENIED: 'PERMISSION_DENIED',
  INVALID_AUTH_TOKEN: 'INVALID_AUTH_TOKEN',
  AUTH_FAILED: 'AUTH_FAILED',
  NO_PASSWORD_USER: 'NO_PASSWORD_USER',
  AUTH_NOT_ENABLED: 'AUTH_NOT_ENABLED',
  ROOT_USER_NOT_EXIST: 'ROOT_USER_NOT_EXIST',
  ROOT_ROLE_NOT_EXIST: 'ROOT_ROLE_NOT_EXIST',
  USER_ALREADY_EXIST: 'USER_ALREADY_EXIST',
  USER_NOT_FOUND: 'USER_NOT_FOUND',
  ROLE_EMPTY: 'ROLE_EMPTY',
  ROLE_ALREADY_EXIST: 'ROLE_ALREADY_EXIST',
  ROLE_NOT_FOUND: 'ROLE_NOT_FOUND',
  ROLE_NOT_GRANTED: 'ROLE_NOT_GRANTED',
  PERMISSION_NOT_GIVEN: 'PERMISSION_NOT_GIVEN',
  PERMISSION_NOT_GRANTED: 'PERMISSION_NOT_GRANTED',
  INVALID_AUTH_MGMT: 'INVALID_AUTH_MGMT',
  TOO_MANY_REQUESTS: 'REQUEST_TOO_MANY_REQUESTS',
  PASSWORD_TOO_LONG: 'PASSWORD_TOO_LONG',
  NAME_TOO_LONG: 'NAME_TOO_LONG',
  VERIFY_ONLY: 'VERIFY_ONLY',
}

/** The refusal that a verdict stands for. */
export function refusalOfVerdict(code: AuthErrorCode): Refusal {
  const refusal = codes[code]
  if (refusal === undefined) throw new AuthError(code, 'no client can be told this')
  return Refusal.of(refusal)
}

/** The refusal that an error of `@kvs/auth` stands for; anything else is thrown on. */
export function refusalOfAuth(error: unknown): Refusal {
  if (error instanceof AuthError) return refusalOfVerdict(error.code)
  throw error
}
