import type { AuthStore, Permission, TokenGrant } from '@kvs/auth'
import { decodeInternalAuthenticateRequest } from '@kvs/proto/internal'
import {
  decodeAuthRoleAddRequest,
  decodeAuthRoleDeleteRequest,
  decodeAuthRoleGetRequest,
  decodeAuthRoleGrantPermissionRequest,
  decodeAuthRoleRevokePermissionRequest,
  decodeAuthUserAddRequest,
  decodeAuthUserChangePasswordRequest,
  decodeAuthUserDeleteRequest,
  decodeAuthUserGetRequest,
  decodeAuthUserGrantRoleRequest,
  decodeAuthUserRevokeRoleRequest,
} from '@kvs/proto/rpc'
import { refusalOfAuth } from '../auth/refusals.ts'
import { Refusal } from '../errors.ts'
import type { ParsedEntry } from '../requests/entry.ts'
import { type Operation, refuse } from './operation.ts'
import type { RevisionOutcome } from './outcome.ts'

/** What applied requests about users, roles and logins tell those who wait. */
export interface LoginOutcome extends RevisionOutcome {
  readonly grant: TokenGrant
}

export interface AuthStatusOutcome extends RevisionOutcome {
  readonly enabled: boolean
  readonly authRevision: number
}

export interface NamesOutcome extends RevisionOutcome {
  readonly names: readonly string[]
}

export interface PermissionsOutcome extends RevisionOutcome {
  readonly permissions: readonly Permission[]
}

/** A question about users and roles; what `ask` throws is the refusal. */
function question(name: string, ask: (store: AuthStore, data: Uint8Array, entry: ParsedEntry) => object): Operation {
  return {
    name,
    apply(state, data, entry, waiter) {
      try {
        const outcome = ask(state.auth.store, data, entry)
        waiter?.applied({ ...outcome, revision: state.store.revision })
      } catch (error) {
        return refuse(entry, waiter, error instanceof Refusal ? error : refusalOfAuth(error))
      }
      return undefined
    },
  }
}

/** A change of users and roles, whose answer is a header; one that throws has changed nothing. */
function change(name: string, make: (store: AuthStore, data: Uint8Array, entry: ParsedEntry) => void): Operation {
  return question(name, (store, data, entry) => {
    make(store, data, entry)
    return {}
  })
}

export const authEnable: Operation = change('AuthEnable', store => store.enable())
export const authDisable: Operation = change('AuthDisable', store => store.disable())

export const authStatus: Operation = question('AuthStatus', store => {
  return { enabled: store.isEnabled, authRevision: store.revision }
})

/** Every member that applies a login knows its token from now on; the one where somebody waits hands it out. */
export const authenticate: Operation = {
  name: 'Authenticate',
  apply(state, data, entry, waiter) {
    const { name, simpleToken: prefix } = decodeInternalAuthenticateRequest(data, entry.start, entry.end)
    try {
      const grant = { ...state.auth.store.authenticate(name), prefix, index: entry.index }
      state.auth.granted(grant)
      const outcome: LoginOutcome = { revision: state.store.revision, grant }
      waiter?.applied(outcome)
    } catch (error) {
      return refuse(entry, waiter, refusalOfAuth(error))
    }
    return undefined
  },
}

/** A password is hashed before it is proposed. One that stands in the log is of a version that must not go on doing so. */
function mustBeHashed({ password }: { readonly password: string }): void {
  if (password !== '') throw Refusal.of('INVALID_AUTH_MGMT')
}

export const authUserAdd: Operation = change('AuthUserAdd', (store, data, { start, end }) => {
  const request = decodeAuthUserAddRequest(data, start, end)
  mustBeHashed(request)
  const { name, hashedPassword, options } = request
  store.userAdd({ name, hashedPassword, noPassword: options?.noPassword === true })
})

export const authUserDelete: Operation = change('AuthUserDelete', (store, data, { start, end }) => {
  store.userDelete(decodeAuthUserDeleteRequest(data, start, end).name)
})

export const authUserGet: Operation = question('AuthUserGet', (store, data, { start, end }) => {
  return { names: store.userGet(decodeAuthUserGetRequest(data, start, end).name) }
})

export const authUserChangePassword: Operation = change('AuthUserChangePassword', (store, data, { start, end }) => {
  const request = decodeAuthUserChangePasswordRequest(data, start, end)
  mustBeHashed(request)
  store.userChangePassword({ name: request.name, hashedPassword: request.hashedPassword })
})

export const authUserGrantRole: Operation = change('AuthUserGrantRole', (store, data, { start, end }) => {
  store.userGrantRole(decodeAuthUserGrantRoleRequest(data, start, end))
})

export const authUserRevokeRole: Operation = change('AuthUserRevokeRole', (store, data, { start, end }) => {
  const { name: user, role } = decodeAuthUserRevokeRoleRequest(data, start, end)
  store.userRevokeRole({ user, role })
})

export const authUserList: Operation = question('AuthUserList', store => ({ names: store.userList() }))

export const authRoleAdd: Operation = change('AuthRoleAdd', (store, data, { start, end }) => {
  store.roleAdd(decodeAuthRoleAddRequest(data, start, end).name)
})

export const authRoleDelete: Operation = change('AuthRoleDelete', (store, data, { start, end }) => {
  store.roleDelete(decodeAuthRoleDeleteRequest(data, start, end).role)
})

export const authRoleGet: Operation = question('AuthRoleGet', (store, data, { start, end }) => {
  return { permissions: store.roleGet(decodeAuthRoleGetRequest(data, start, end).role) }
})

export const authRoleGrantPermission: Operation = change('AuthRoleGrantPermission', (store, data, { start, end }) => {
  const { name: role, perm: permission } = decodeAuthRoleGrantPermissionRequest(data, start, end)
  store.roleGrantPermission({ role, permission })
})

export const authRoleRevokePermission: Operation = change('AuthRoleRevokePermission', (store, data, { start, end }) => {
  store.roleRevokePermission(decodeAuthRoleRevokePermissionRequest(data, start, end))
})

export const authRoleList: Operation = question('AuthRoleList', store => ({ names: store.roleList() }))
