import { StatusCode } from '@kvs/grpc'

/**
 * Every refusal a client can see, with the gRPC status it arrives under and its text: client libraries match on both
 * to the byte (etcd.md 1.5). Two of etcd's errors lose their code on the way and arrive as UNKNOWN; so do ours.
 */
const table: Readonly<Record<RefusalCode, readonly [StatusCode, string]>> = {
  EMPTY_KEY: [StatusCode.INVALID_ARGUMENT, 'etcdserver: key is not provided'],
  KEY_NOT_FOUND: [StatusCode.INVALID_ARGUMENT, 'etcdserver: key not found'],
  VALUE_PROVIDED: [StatusCode.INVALID_ARGUMENT, 'etcdserver: value is provided'],
  LEASE_PROVIDED: [StatusCode.INVALID_ARGUMENT, 'etcdserver: lease is provided'],
  TOO_MANY_OPS: [StatusCode.INVALID_ARGUMENT, 'etcdserver: too many operations in txn request'],
  DUPLICATE_KEY: [StatusCode.INVALID_ARGUMENT, 'etcdserver: duplicate key given in txn request'],
  INVALID_CLIENT_API_VERSION: [StatusCode.INVALID_ARGUMENT, 'etcdserver: invalid client api version'],
  INVALID_SORT_OPTION: [StatusCode.INVALID_ARGUMENT, 'etcdserver: invalid sort option'],
  COMPACTED: [StatusCode.OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted'],
  FUTURE_REV: [StatusCode.OUT_OF_RANGE, 'etcdserver: mvcc: required revision is a future revision'],
  NO_SPACE: [StatusCode.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded'],
  LEASE_NOT_FOUND: [StatusCode.NOT_FOUND, 'etcdserver: requested lease not found'],
  LEASE_EXIST: [StatusCode.FAILED_PRECONDITION, 'etcdserver: lease already exists'],
  LEASE_TTL_TOO_LARGE: [StatusCode.OUT_OF_RANGE, 'etcdserver: too large lease TTL'],
  WATCH_CANCELED: [StatusCode.CANCELLED, 'etcdserver: watch canceled'],
  MEMBER_EXIST: [StatusCode.FAILED_PRECONDITION, 'etcdserver: member ID already exist'],
  PEER_URL_EXIST: [StatusCode.FAILED_PRECONDITION, 'etcdserver: Peer URLs already exists'],
  MEMBER_NOT_ENOUGH_STARTED: [
    StatusCode.UNKNOWN,
    'etcdserver: re-configuration failed due to not enough started members',
  ],
  MEMBER_BAD_UR_LS: [StatusCode.INVALID_ARGUMENT, 'etcdserver: given member URLs are invalid'],
  MEMBER_NOT_FOUND: [StatusCode.NOT_FOUND, 'etcdserver: member not found'],
  MEMBER_NOT_LEARNER: [StatusCode.FAILED_PRECONDITION, 'etcdserver: can only promote a learner member'],
  LEARNER_NOT_READY: [
    StatusCode.FAILED_PRECONDITION,
    'etcdserver: can only promote a learner member which is in sync with leader',
  ],
  TOO_MANY_LEARNERS: [StatusCode.FAILED_PRECONDITION, 'etcdserver: too many learner members in cluster'],
  CLUSTER_ID_MISMATCH: [StatusCode.FAILED_PRECONDITION, 'etcdserver: cluster ID mismatch'],
  REQUEST_TOO_LARGE: [StatusCode.INVALID_ARGUMENT, 'etcdserver: request is too large'],
  REQUEST_TOO_MANY_REQUESTS: [StatusCode.UNKNOWN, 'etcdserver: too many requests'],
  ROOT_USER_NOT_EXIST: [StatusCode.FAILED_PRECONDITION, 'etcdserver: root user does not exist'],
  ROOT_ROLE_NOT_EXIST: [StatusCode.FAILED_PRECONDITION, 'etcdserver: root user does not have root role'],
  USER_ALREADY_EXIST: [StatusCode.FAILED_PRECONDITION, 'etcdserver: user name already exists'],
  USER_EMPTY: [StatusCode.INVALID_ARGUMENT, 'etcdserver: user name is empty'],
  USER_NOT_FOUND: [StatusCode.FAILED_PRECONDITION, 'etcdserver: user name not found'],
  ROLE_ALREADY_EXIST: [StatusCode.FAILED_PRECONDITION, 'etcdserver: role name already exists'],
  ROLE_NOT_FOUND: [StatusCode.FAILED_PRECONDITION, 'etcdserver: role name not found'],
  ROLE_EMPTY: [StatusCode.INVALID_ARGUMENT, 'etcdserver: role name is empty'],
  AUTH_FAILED: [StatusCode.INVALID_ARGUMENT, 'etcdserver: authentication failed, invalid user ID or password'],
  PERMISSION_NOT_GIVEN: [StatusCode.INVALID_ARGUMENT, 'etcdserver: permission not given'],
  PERMISSION_DENIED: [StatusCode.PERMISSION_DENIED, 'etcdserver: permission denied'],
  ROLE_NOT_GRANTED: [StatusCode.FAILED_PRECONDITION, 'etcdserver: role is not granted to the user'],
  PERMISSION_NOT_GRANTED: [StatusCode.FAILED_PRECONDITION, 'etcdserver: permission is not granted to the role'],
  NO_PASSWORD_USER: [StatusCode.UNKNOWN, 'auth: authentication failed, password was given for no password user'],
  PASSWORD_TOO_LONG: [StatusCode.UNKNOWN, 'bcrypt: password length exceeds 72 bytes'],
  NAME_TOO_LONG: [StatusCode.INVALID_ARGUMENT, 'auth: name is too long'],
  VERIFY_ONLY: [StatusCode.UNKNOWN, 'auth: token signing attempted with verify-only key'],
  AUTH_NOT_ENABLED: [StatusCode.FAILED_PRECONDITION, 'etcdserver: authentication is not enabled'],
  INVALID_AUTH_TOKEN: [StatusCode.UNAUTHENTICATED, 'etcdserver: invalid auth token'],
  INVALID_AUTH_MGMT: [StatusCode.INVALID_ARGUMENT, 'etcdserver: invalid auth management'],
  AUTH_OLD_REVISION: [StatusCode.INVALID_ARGUMENT, 'etcdserver: revision of auth store is old'],
  NO_LEADER: [StatusCode.UNAVAILABLE, 'etcdserver: no leader'],
  NOT_LEADER: [StatusCode.FAILED_PRECONDITION, 'etcdserver: not leader'],
  LEADER_CHANGED: [StatusCode.UNAVAILABLE, 'etcdserver: leader changed'],
  NOT_CAPABLE: [StatusCode.FAILED_PRECONDITION, 'etcdserver: not capable'],
  STOPPED: [StatusCode.UNAVAILABLE, 'etcdserver: server stopped'],
  TIMEOUT: [StatusCode.UNAVAILABLE, 'etcdserver: request timed out'],
  TIMEOUT_DUE_TO_LEADER_FAIL: [
    StatusCode.UNAVAILABLE,
    'etcdserver: request timed out, possibly due to previous leader failure',
  ],
  TIMEOUT_DUE_TO_CONNECTION_LOST: [
    StatusCode.UNAVAILABLE,
    'etcdserver: request timed out, possibly due to connection lost',
  ],
  TIMEOUT_WAIT_APPLIED_INDEX: [
    StatusCode.UNAVAILABLE,
    'etcdserver: request timed out, waiting for the applied index took too long',
  ],
  UNHEALTHY: [StatusCode.UNAVAILABLE, 'etcdserver: unhealthy cluster'],
  CORRUPT: [StatusCode.DATA_LOSS, 'etcdserver: corrupt cluster'],
  NOT_SUPPORTED_FOR_LEARNER: [StatusCode.FAILED_PRECONDITION, 'etcdserver: rpc not supported for learner'],
  BAD_LEADER_TRANSFEREE: [StatusCode.FAILED_PRECONDITION, 'etcdserver: bad leader transferee'],
  WRONG_DOWNGRADE_VERSION_FORMAT: [StatusCode.INVALID_ARGUMENT, 'etcdserver: wrong downgrade target version format'],
  INVALID_DOWNGRADE_TARGET_VERSION: [StatusCode.INVALID_ARGUMENT, 'etcdserver: invalid downgrade target version'],
  CLUSTER_VERSION_UNAVAILABLE: [
    StatusCode.FAILED_PRECONDITION,
    'etcdserver: cluster version not found during downgrade',
  ],
  DOWNGRADE_IN_PROCESS: [StatusCode.FAILED_PRECONDITION, 'etcdserver: cluster has a downgrade job in progress'],
  NO_INFLIGHT_DOWNGRADE: [StatusCode.FAILED_PRECONDITION, 'etcdserver: no inflight downgrade job'],
  CANCELED: [StatusCode.CANCELLED, 'etcdserver: request canceled'],
  DEADLINE_EXCEEDED: [StatusCode.DEADLINE_EXCEEDED, 'etcdserver: context deadline exceeded'],
  NOT_PRIMARY_LESSOR: [StatusCode.UNKNOWN, 'not a primary lessor'],
  LEADER_TRANSFER_TIMEOUT: [StatusCode.UNKNOWN, 'etcdserver: request timed out, leader transfer took too long'],
  UNKNOWN_METHOD: [StatusCode.UNKNOWN, 'etcdserver: unknown method'],
  CONTEXT_CANCELED: [StatusCode.CANCELLED, 'context canceled'],
  CONTEXT_DEADLINE: [StatusCode.DEADLINE_EXCEEDED, 'context deadline exceeded'],
  RANGE_STREAM_SORT: [StatusCode.UNIMPLEMENTED, 'RangeStream does not support custom sort orders'],
  RANGE_STREAM_FILTER: [StatusCode.UNIMPLEMENTED, 'RangeStream does not support revision filters'],
}

/** Names of the refusals. */
export type RefusalCode =
  | 'EMPTY_KEY'
  | 'KEY_NOT_FOUND'
  | 'VALUE_PROVIDED'
  | 'LEASE_PROVIDED'
  | 'TOO_MANY_OPS'
  | 'DUPLICATE_KEY'
  | 'INVALID_CLIENT_API_VERSION'
  | 'INVALID_SORT_OPTION'
  | 'COMPACTED'
  | 'FUTURE_REV'
  | 'NO_SPACE'
  | 'LEASE_NOT_FOUND'
  | 'LEASE_EXIST'
  | 'LEASE_TTL_TOO_LARGE'
  | 'WATCH_CANCELED'
  | 'MEMBER_EXIST'
  | 'PEER_URL_EXIST'
  | 'MEMBER_NOT_ENOUGH_STARTED'
  | 'MEMBER_BAD_UR_LS'
  | 'MEMBER_NOT_FOUND'
  | 'MEMBER_NOT_LEARNER'
  | 'LEARNER_NOT_READY'
  | 'TOO_MANY_LEARNERS'
  | 'CLUSTER_ID_MISMATCH'
  | 'REQUEST_TOO_LARGE'
  | 'REQUEST_TOO_MANY_REQUESTS'
  | 'ROOT_USER_NOT_EXIST'
  | 'ROOT_ROLE_NOT_EXIST'
  | 'USER_ALREADY_EXIST'
  | 'USER_EMPTY'
  | 'USER_NOT_FOUND'
  | 'ROLE_ALREADY_EXIST'
  | 'ROLE_NOT_FOUND'
  | 'ROLE_EMPTY'
  | 'AUTH_FAILED'
  | 'PERMISSION_NOT_GIVEN'
  | 'PERMISSION_DENIED'
  | 'ROLE_NOT_GRANTED'
  | 'PERMISSION_NOT_GRANTED'
  | 'NO_PASSWORD_USER'
  | 'PASSWORD_TOO_LONG'
  | 'NAME_TOO_LONG'
  | 'VERIFY_ONLY'
  | 'AUTH_NOT_ENABLED'
  | 'INVALID_AUTH_TOKEN'
  | 'INVALID_AUTH_MGMT'
  | 'AUTH_OLD_REVISION'
  | 'NO_LEADER'
  | 'NOT_LEADER'
  | 'LEADER_CHANGED'
  | 'NOT_CAPABLE'
  | 'STOPPED'
  | 'TIMEOUT'
  | 'TIMEOUT_DUE_TO_LEADER_FAIL'
  | 'TIMEOUT_DUE_TO_CONNECTION_LOST'
  | 'TIMEOUT_WAIT_APPLIED_INDEX'
  | 'UNHEALTHY'
  | 'CORRUPT'
  | 'NOT_SUPPORTED_FOR_LEARNER'
  | 'BAD_LEADER_TRANSFEREE'
  | 'WRONG_DOWNGRADE_VERSION_FORMAT'
  | 'INVALID_DOWNGRADE_TARGET_VERSION'
  | 'CLUSTER_VERSION_UNAVAILABLE'
  | 'DOWNGRADE_IN_PROCESS'
  | 'NO_INFLIGHT_DOWNGRADE'
  | 'CANCELED'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_PRIMARY_LESSOR'
  | 'LEADER_TRANSFER_TIMEOUT'
  | 'UNKNOWN_METHOD'
  | 'CONTEXT_CANCELED'
  | 'CONTEXT_DEADLINE'
  | 'RANGE_STREAM_SORT'
  | 'RANGE_STREAM_FILTER'

/**
 * A request that was refused. The message is etcd's text; refusals carry no stack, for they are answers, not accidents,
 * and are made on the request path.
 */
export class Refusal extends Error {
  override readonly name: string = 'Refusal'
  readonly code: RefusalCode
  readonly status: StatusCode

  private constructor(code: RefusalCode) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(table[code][1])
    Error.stackTraceLimit = limit
    this.code = code
    this.status = table[code][0]
  }

  static readonly #known = new Map<RefusalCode, Refusal>()

  /** The one refusal of this code. */
  static of(code: RefusalCode): Refusal {
    let refusal = Refusal.#known.get(code)
    if (refusal === undefined) {
      refusal = new Refusal(code)
      Refusal.#known.set(code, refusal)
    }
    return refusal
  }
}

/**
 * Why a member cannot start or had to stop. `DATA_DIR`: the directory cannot be used as it is; `ADDRESS`: a listener
 * cannot be opened; `CONFIG`: options that contradict each other or the data directory; `STORAGE`: the disk failed or
 * holds what cannot be; `STOPPED`: the member is not running.
 */
export type ServerErrorCode = 'DATA_DIR' | 'ADDRESS' | 'CONFIG' | 'STORAGE' | 'STOPPED'

export class ServerError extends Error {
  override readonly name: string = 'ServerError'
  readonly code: ServerErrorCode

  constructor(code: ServerErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
