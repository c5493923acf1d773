import type { PermissionInit } from '@kvs/proto/auth'
import {
  Auth,
  type AuthDisableResponse,
  type AuthEnableResponse,
  type AuthRoleAddResponse,
  type AuthRoleDeleteResponse,
  type AuthRoleGetResponse,
  type AuthRoleGrantPermissionResponse,
  type AuthRoleListResponse,
  type AuthRoleRevokePermissionResponse,
  type AuthStatusResponse,
  type AuthUserAddResponse,
  type AuthUserChangePasswordResponse,
  type AuthUserDeleteResponse,
  type AuthUserGetResponse,
  type AuthUserGrantRoleResponse,
  type AuthUserListResponse,
  type AuthUserRevokeRoleResponse,
} from '@kvs/proto/rpc'
import type { Caller, RequestOptions } from './calls.ts'
import { type Range, rangeOf } from './keys.ts'

/** Users, roles and the switch that makes them count. */
export class AuthClient {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  enable(options?: RequestOptions): Promise<AuthEnableResponse> {
    return this.#caller.unary(Auth.authEnable, {}, options)
  }

  disable(options?: RequestOptions): Promise<AuthDisableResponse> {
    return this.#caller.unary(Auth.authDisable, {}, options)
  }

  status(options?: RequestOptions): Promise<AuthStatusResponse> {
    return this.#caller.unary(Auth.authStatus, {}, options)
  }

  /** Without a password the user can only come with a certificate. */
  addUser(
    user: { readonly name: string; readonly password?: string },
    options?: RequestOptions,
  ): Promise<AuthUserAddResponse> {
    const { name, password } = user
    const request = { name, password, options: { noPassword: password === undefined } }
    return this.#caller.unary(Auth.userAdd, request, options)
  }

  deleteUser(name: string, options?: RequestOptions): Promise<AuthUserDeleteResponse> {
    return this.#caller.unary(Auth.userDelete, { name }, options)
  }

  user(name: string, options?: RequestOptions): Promise<AuthUserGetResponse> {
    return this.#caller.unary(Auth.userGet, { name }, options)
  }

  users(options?: RequestOptions): Promise<AuthUserListResponse> {
    return this.#caller.unary(Auth.userList, {}, options)
  }

  changePassword(
    user: { readonly name: string; readonly password: string },
    options?: RequestOptions,
  ): Promise<AuthUserChangePasswordResponse> {
    return this.#caller.unary(Auth.userChangePassword, user, options)
  }

  grantRole(
    grant: { readonly user: string; readonly role: string },
    options?: RequestOptions,
  ): Promise<AuthUserGrantRoleResponse> {
    return this.#caller.unary(Auth.userGrantRole, grant, options)
  }

  revokeRole(
    grant: { readonly user: string; readonly role: string },
    options?: RequestOptions,
  ): Promise<AuthUserRevokeRoleResponse> {
    return this.#caller.unary(Auth.userRevokeRole, { name: grant.user, role: grant.role }, options)
  }

  addRole(name: string, options?: RequestOptions): Promise<AuthRoleAddResponse> {
    return this.#caller.unary(Auth.roleAdd, { name }, options)
  }

  deleteRole(role: string, options?: RequestOptions): Promise<AuthRoleDeleteResponse> {
    return this.#caller.unary(Auth.roleDelete, { role }, options)
  }

  role(role: string, options?: RequestOptions): Promise<AuthRoleGetResponse> {
    return this.#caller.unary(Auth.roleGet, { role }, options)
  }

  roles(options?: RequestOptions): Promise<AuthRoleListResponse> {
    return this.#caller.unary(Auth.roleList, {}, options)
  }

  grantPermission(
    grant: { readonly role: string; readonly keys: Range; readonly permission: PermissionInit['permType'] },
    options?: RequestOptions,
  ): Promise<AuthRoleGrantPermissionResponse> {
    const perm = { ...rangeOf(grant.keys), permType: grant.permission }
    return this.#caller.unary(Auth.roleGrantPermission, { name: grant.role, perm }, options)
  }

  revokePermission(
    grant: { readonly role: string; readonly keys: Range },
    options?: RequestOptions,
  ): Promise<AuthRoleRevokePermissionResponse> {
    return this.#caller.unary(Auth.roleRevokePermission, { role: grant.role, ...rangeOf(grant.keys) }, options)
  }
}
