/** The names of gRPC's status codes by number. */
const codeNames = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const

/** The name of a gRPC status code. */
export type KvsErrorCode = Exclude<(typeof codeNames)[number], 'OK'>

/**
 * What etcd's error text means, for the errors that programs act on. `LEASE_EXPIRED` and `CLOSED` are the client's own:
 * a lease that could not be kept alive, a client that was closed.
 */
export type KvsErrorReason =
  | 'COMPACTED'
  | 'FUTURE_REVISION'
  | 'QUOTA_EXCEEDED'
  | 'LEASE_NOT_FOUND'
  | 'LEASE_EXISTS'
  | 'LEASE_EXPIRED'
  | 'NO_LEADER'
  | 'LEADER_CHANGED'
  | 'NOT_LEADER'
  | 'TIMED_OUT'
  | 'TOO_MANY_REQUESTS'
  | 'REQUEST_TOO_LARGE'
  | 'PERMISSION_DENIED'
  | 'AUTH_FAILED'
  | 'AUTH_NOT_ENABLED'
  | 'INVALID_AUTH_TOKEN'
  | 'AUTH_OLD_REVISION'
  | 'USER_EMPTY'
  | 'USER_NOT_FOUND'
  | 'USER_EXISTS'
  | 'ROLE_NOT_FOUND'
  | 'ROLE_EXISTS'
  | 'ROOT_USER_MISSING'
  | 'ROOT_ROLE_MISSING'
  | 'MEMBER_NOT_FOUND'
  | 'NOT_SUPPORTED_FOR_LEARNER'
  | 'CORRUPT'
  | 'CLOSED'

/** By etcd's text without `etcdserver: `. Clients have always matched on the text, so it is as stable as a code. */
const reasons: Readonly<Record<string, KvsErrorReason>> = {
  'mvcc: required revision has been compacted': 'COMPACTED',
  'mvcc: required revision is a future revision': 'FUTURE_REVISION',
  'mvcc: database space exceeded': 'QUOTA_EXCEEDED',
  'requested lease not found': 'LEASE_NOT_FOUND',
  'lease already exists': 'LEASE_EXISTS',
  'no leader': 'NO_LEADER',
  'leader changed': 'LEADER_CHANGED',
  'not leader': 'NOT_LEADER',
  'request timed out': 'TIMED_OUT',
  'request timed out, possibly due to previous leader failure': 'TIMED_OUT',
  'request timed out, possibly due to connection lost': 'TIMED_OUT',
  'request timed out, waiting for the applied index took too long': 'TIMED_OUT',
  'too many requests': 'TOO_MANY_REQUESTS',
  'request is too large': 'REQUEST_TOO_LARGE',
  'permission denied': 'PERMISSION_DENIED',
  'authentication failed, invalid user ID or password': 'AUTH_FAILED',
  'authentication is not enabled': 'AUTH_NOT_ENABLED',
  'invalid auth token': 'INVALID_AUTH_TOKEN',
  'revision of auth store is old': 'AUTH_OLD_REVISION',
  'user name is empty': 'USER_EMPTY',
  'user name not found': 'USER_NOT_FOUND',
  'user name already exists': 'USER_EXISTS',
  'role name not found': 'ROLE_NOT_FOUND',
  'role name already exists': 'ROLE_EXISTS',
  'root user does not exist': 'ROOT_USER_MISSING',
  'root user does not have root role': 'ROOT_ROLE_MISSING',
  'member not found': 'MEMBER_NOT_FOUND',
  'rpc not supported for learner': 'NOT_SUPPORTED_FOR_LEARNER',
  'corrupt cluster': 'CORRUPT',
}

export interface KvsErrorDetails {
  readonly reason?: KvsErrorReason | undefined
  readonly endpoint?: string | undefined
  readonly compactRevision?: number | undefined
  readonly cause?: unknown
}

/** Every failure of the client. `message` is the server's text where it came from a server. */
export class KvsError extends Error {
  override readonly name: string = 'KvsError'
  readonly code: KvsErrorCode
  /** What it means, if it is one of the errors that programs act on. */
  readonly reason: KvsErrorReason | undefined
  /** The server that answered, if one did. */
  readonly endpoint: string | undefined
  /** With `COMPACTED` of a watch: the oldest revision that can still be watched. */
  readonly compactRevision: number | undefined

  constructor(code: KvsErrorCode, message: string, details: KvsErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.reason = details.reason ?? reasons[message.replace(/^etcdserver: /, '')]
    this.endpoint = details.endpoint
    this.compactRevision = details.compactRevision
  }
}

/** `isKvsError(error, 'COMPACTED')`: whether `error` came from the client, and (if given) for this reason. */
export function isKvsError(error: unknown, reason?: KvsErrorReason): error is KvsError {
  return error instanceof KvsError && (reason === undefined || error.reason === reason)
}

/** The error of a call that ended with status `code`. */
export function statusError(code: number, message: string, details: KvsErrorDetails = {}): KvsError {
  const name = codeNames[code] ?? 'UNKNOWN'
  return new KvsError(name === 'OK' ? 'INTERNAL' : name, message, details)
}

/** Numbers of the codes that the client itself decides on. */
export const status = { cancelled: 1, unknown: 2, deadlineExceeded: 4, internal: 13, unavailable: 14 } as const

/**
 * No connection for a stream, or no token: the call that gets it ended, in its own time, without an answer. Whoever wants
 * the stream has set no time for that.
 */
export function isUnreached({ code }: KvsError): boolean {
  return code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED'
}

/**
 * Worth opening a stream again: the server went away, or the connection did. One that is being closed says `CANCELLED` to
 * what is begun on it; a server says that only of what it has begun to process.
 */
export function isTransient({ code, unprocessed }: { readonly code: number; readonly unprocessed: boolean }): boolean {
  if (code === status.cancelled) return unprocessed
  return code === 0 || code === status.unavailable || code === status.internal
}
