import { AuthError, checkNameLength } from '@kvs/auth'
import type { MethodHandler, UnaryCall, UnaryMethod } from '@kvs/grpc'
import type { Method, Writer } from '@kvs/proto'
import type { PermissionInit } from '@kvs/proto/auth'
import { encodeInternalAuthenticateRequest } from '@kvs/proto/internal'
import {
  Auth,
  type AuthenticateRequest,
  encodeAuthUserAddRequest,
  encodeAuthUserChangePasswordRequest,
  type ResponseHeader,
  writeAuthDisableResponse,
  writeAuthEnableResponse,
  writeAuthenticateResponse,
  writeAuthRoleAddResponse,
  writeAuthRoleDeleteResponse,
  writeAuthRoleGetResponse,
  writeAuthRoleGrantPermissionResponse,
  writeAuthRoleListResponse,
  writeAuthRoleRevokePermissionResponse,
  writeAuthStatusResponse,
  writeAuthUserAddResponse,
  writeAuthUserChangePasswordResponse,
  writeAuthUserDeleteResponse,
  writeAuthUserGetResponse,
  writeAuthUserGrantRoleResponse,
  writeAuthUserListResponse,
  writeAuthUserRevokeRoleResponse,
} from '@kvs/proto/rpc'
import type { AuthStatusOutcome, LoginOutcome, NamesOutcome, PermissionsOutcome } from '../apply/auth.ts'
import type { RevisionOutcome } from '../apply/outcome.ts'
import { refusalOfAuth } from '../auth/refusals.ts'
import { OperationField } from '../requests/entry.ts'
import { type Answer, decodeOrFail, refuse, replyMessage, WaitingCall } from './answer.ts'
import { isPermitted, proposeAs } from './caller.ts'
import { notedCaller } from './guard.ts'
import type { Member } from './member.ts'

/**
 * The Auth service: users, roles, logins. All of it goes through the log, questions included. Who may ask is decided when
 * an entry is applied; `guard.ts` turns most others away before, so that nobody has passwords hashed who may not.
 */
export function authMethods(member: Member): Map<string, MethodHandler> {
  const at = OperationField
  return new Map<string, MethodHandler>([
    [Auth.authenticate.path, { kind: 'unary', handle: (...args) => authenticate(member, ...args) }],
    [Auth.userAdd.path, { kind: 'unary', handle: (...args) => userAdd(member, ...args) }],
    [Auth.userChangePassword.path, { kind: 'unary', handle: (...args) => userChangePassword(member, ...args) }],
    proposed(member, Auth.authEnable, at.authEnable, headed(writeAuthEnableResponse)),
    proposed(member, Auth.authDisable, at.authDisable, headed(writeAuthDisableResponse)),
    proposed(member, Auth.authStatus, at.authStatus, answerStatus),
    proposed(member, Auth.userGet, at.authUserGet, answerRoles),
    proposed(member, Auth.userList, at.authUserList, answerUsers),
    proposed(member, Auth.userDelete, at.authUserDelete, headed(writeAuthUserDeleteResponse)),
    proposed(member, Auth.userGrantRole, at.authUserGrantRole, headed(writeAuthUserGrantRoleResponse)),
    proposed(member, Auth.userRevokeRole, at.authUserRevokeRole, headed(writeAuthUserRevokeRoleResponse)),
    proposed(member, Auth.roleAdd, at.authRoleAdd, headed(writeAuthRoleAddResponse), ({ name }) => name),
    proposed(member, Auth.roleGet, at.authRoleGet, answerPermissions),
    proposed(member, Auth.roleList, at.authRoleList, answerRoleList),
    proposed(member, Auth.roleDelete, at.authRoleDelete, headed(writeAuthRoleDeleteResponse)),
    proposed(
      member,
      Auth.roleGrantPermission,
      at.authRoleGrantPermission,
      headed(writeAuthRoleGrantPermissionResponse),
    ),
    proposed(
      member,
      Auth.roleRevokePermission,
      at.authRoleRevokePermission,
      headed(writeAuthRoleRevokePermissionResponse),
    ),
  ])
}

/** A method whose request is proposed as it came. `newName`: the name of what it makes. */
function proposed<Request, Outcome>(
  member: Member,
  method: Method<Request, never, unknown, never>,
  field: OperationField,
  answer: Answer<Outcome>,
  newName: (request: Request) => string = () => '',
): [string, UnaryMethod] {
  const handle: UnaryMethod['handle'] = (call, body, start, end) => {
    const request = decodeOrFail(call, method, body, start, end)
    if (request === undefined || !isPermitted(call, checkNameLength(newName(request)))) return
    proposeAs(member, call, field, answer, body, start, end)
  }
  return [method.path, { kind: 'unary', handle }]
}

/** Answers with a header and nothing else. */
function headed(write: (writer: Writer, message: { header: ResponseHeader }) => Writer): Answer<RevisionOutcome> {
  return (call, { revision }, member) => replyMessage(call, write, { header: member.messageHeader(revision) })
}

function answerStatus(call: UnaryCall, outcome: AuthStatusOutcome, member: Member): void {
  const { revision, enabled, authRevision } = outcome
  replyMessage(call, writeAuthStatusResponse, { header: member.messageHeader(revision), enabled, authRevision })
}

function answerRoles(call: UnaryCall, { revision, names }: NamesOutcome, member: Member): void {
  replyMessage(call, writeAuthUserGetResponse, { header: member.messageHeader(revision), roles: names })
}

function answerUsers(call: UnaryCall, { revision, names }: NamesOutcome, member: Member): void {
  replyMessage(call, writeAuthUserListResponse, { header: member.messageHeader(revision), users: names })
}

function answerRoleList(call: UnaryCall, { revision, names }: NamesOutcome, member: Member): void {
  replyMessage(call, writeAuthRoleListResponse, { header: member.messageHeader(revision), roles: names })
}

function answerPermissions(call: UnaryCall, { revision, permissions }: PermissionsOutcome, member: Member): void {
  const perm = permissions as readonly PermissionInit[]
  replyMessage(call, writeAuthRoleGetResponse, { header: member.messageHeader(revision), perm })
}

function userAdd(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, Auth.userAdd, body, start, end)
  if (request === undefined) return
  const { name, password, options } = request
  if (!isPermitted(call, checkNameLength(name))) return
  const propose = (hashedPassword: string): void => {
    const settled = encodeAuthUserAddRequest({ name, hashedPassword, options })
    proposeNoted(member, call, OperationField.authUserAdd, settled, headed(writeAuthUserAddResponse))
  }
  if (options?.noPassword === true) propose('')
  else hashed(member, call, password, propose)
}

function userChangePassword(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, Auth.userChangePassword, body, start, end)
  if (request === undefined) return
  const { name, password } = request
  hashed(member, call, password, hashedPassword => {
    const settled = encodeAuthUserChangePasswordRequest({ name, hashedPassword })
    const answer = headed(writeAuthUserChangePasswordResponse)
    proposeNoted(member, call, OperationField.authUserChangePassword, settled, answer)
  })
}

function proposeNoted<Outcome>(
  member: Member,
  call: UnaryCall,
  field: OperationField,
  body: Uint8Array,
  answer: Answer<Outcome>,
): void {
  member.propose(field, body, 0, body.length, new WaitingCall(call, member, answer, notedCaller(call)))
}

/** Hashes a password off the loop: what is proposed is never the password. */
function hashed(member: Member, call: UnaryCall, password: string, go: (hashedPassword: string) => void): void {
  afterWork(member, call, member.state.auth.passwords.hash(password), go)
}

/**
 * Goes on with the result of work off the loop, in the background, where answers leave at once. What fails refuses the
 * call; a job that broke is answered with what it said.
 */
function afterWork<Result>(
  member: Member,
  call: UnaryCall,
  work: Promise<Result>,
  go: (result: Result) => void,
  onRefused: (error: AuthError) => void = () => {},
): void {
  const soon = (step: () => void): void => {
    member.state.background.add(() => {
      if (!call.ended) step()
      return true
    })
  }
  work.then(
    result => soon(() => go(result)),
    error => {
      soon(() => {
        if (!(error instanceof AuthError)) return call.fail(2, error instanceof Error ? error.message : String(error))
        onRefused(error)
        refuse(call, refusalOfAuth(error))
      })
    },
  )
}

/** A login: linearizable, so that no old password is good; then the password; then the log, from which the token follows. */
function authenticate(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, Auth.authenticate, body, start, end)
  if (request === undefined) return
  member.readLinearizable({
    applied: () => logIn(member, call, request),
    refused: refusal => refuse(call, refusal),
  })
}

function logIn(member: Member, call: UnaryCall, login: AuthenticateRequest): void {
  const { auth } = member.state
  const warn = ({ code, message: error }: AuthError): void => {
    if (code !== 'AUTH_NOT_ENABLED') member.logger.warn('invalid authentication request', { user: login.name, error })
  }
  afterWork(member, call, auth.passwords.verify(auth.store, login), verifiedAt => propose(verifiedAt), warn)

  function propose(verifiedAt: number): void {
    const settled = encodeInternalAuthenticateRequest({ name: login.name, simpleToken: auth.tokens.newPrefix() })
    const waiter = new WaitingCall<LoginOutcome>(call, member, (_call, outcome) => applied(outcome, verifiedAt))
    member.propose(OperationField.authenticate, settled, 0, settled.length, waiter)
  }

  function applied({ revision, grant }: LoginOutcome, verifiedAt: number): void {
    if (grant.revision !== verifiedAt) {
      member.logger.info('revision when password checked became stale; retrying', { revision: verifiedAt })
      return logIn(member, call, login)
    }
    const issued = Promise.resolve().then(() => auth.tokens.issue(grant))
    afterWork(member, call, issued, token => {
      replyMessage(call, writeAuthenticateResponse, { header: member.messageHeader(revision), token })
    })
  }
}
