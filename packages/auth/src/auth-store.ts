import { assert } from './assert.ts'
import { type AuthInfo, rootRole, rootUser } from './auth-info.ts'
import { decodeBase64 } from './base64.ts'
import { areEqualBytes, compareBytes, compareText } from './bytes.ts'
import { AuthError } from './errors.ts'
import { type Grants, mergeGrants } from './grants.ts'
import { isValidPermissionRange, ownedPermission, type Permission, PermissionType } from './permission.ts'
import type { AuthContent, AuthStorage, RoleRecord, UserRecord } from './records.ts'

/** What the store tells of its changes to who keeps the tokens. */
export interface TokenKeeper {
  enable(): void
  /** Forgets all tokens. */
  disable(): void
  /** Forgets the tokens of a user. */
  invalidateUser(name: string): void
}

export interface AuthStoreOptions {
  readonly storage: AuthStorage
  readonly tokens: TokenKeeper
  /** What was stored; undefined: nothing, this is a first start. */
  readonly content?: AuthContent | undefined
}

export interface UserAddition {
  readonly name: string
  /** Base64 of the bcrypt hash, as it stands in the log. Empty: no password will fit. */
  readonly hashedPassword: string
  /** The hash is not even looked at. */
  readonly noPassword: boolean
}

export interface PasswordChange {
  readonly name: string
  readonly hashedPassword: string
}

export interface RoleGrant {
  readonly user: string
  readonly role: string
}

export interface PermissionGrant {
  readonly role: string
  readonly permission: Permission | undefined
}

export interface PermissionRevocation {
  readonly role: string
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
}

export interface AuthStatus {
  readonly isEnabled: boolean
  readonly revision: number
  readonly userCount: number
  readonly roleCount: number
}

/** Makes the store of a member. At a first start it stores its first revision. */
export function createAuthStore(options: AuthStoreOptions): AuthStore {
  const { storage, tokens, content = { isEnabled: false, revision: 0, users: new Map(), roles: new Map() } } = options
  const store = new AuthStore(storage, tokens)
  store.restore(content)
  if (content.revision === 0) storage.saveRevision(store.revision)
  return store
}

/**
 * Users, roles and their permissions, as a replicated machine: what there is follows from the calls alone. Each call is
 * one applied request; one that throws has changed nothing. Who may ask is not its question (`access.ts`).
 */
export class AuthStore {
  readonly #storage: AuthStorage
  readonly #tokens: TokenKeeper
  #users = new Map<string, UserRecord>()
  #roles = new Map<string, RoleRecord>()
  #isEnabled = false
  #revision = 1
  /** Of this revision, by user; made when asked for. */
  readonly #grants = new Map<string, Grants>()

  constructor(storage: AuthStorage, tokens: TokenKeeper) {
    this.#storage = storage
    this.#tokens = tokens
  }

  get isEnabled(): boolean {
    return this.#isEnabled
  }

  /** The auth revision: grows with every change of users, roles and permissions, and when auth is switched off. */
  get revision(): number {
    return this.#revision
  }

  status(): AuthStatus {
    const { isEnabled, revision } = this
    return { isEnabled, revision, userCount: this.#users.size, roleCount: this.#roles.size }
  }

  /** Takes over what is stored: at start, and when a snapshot was installed; however much it is, at once. Stores nothing. */
  restore(content: AuthContent): void {
    this.#users = content.users
    this.#roles = content.roles
    this.#isEnabled = content.isEnabled
    this.#revision = Math.max(1, content.revision)
    this.#grants.clear()
    if (content.isEnabled) this.#tokens.enable()
    else this.#tokens.disable()
  }

  /** Switches auth on; nothing if it is. Throws `ROOT_USER_NOT_EXIST`, `ROOT_ROLE_NOT_EXIST`. */
  enable(): void {
    if (this.#isEnabled) return
    const root = this.#users.get(rootUser)
    if (root === undefined) throw new AuthError('ROOT_USER_NOT_EXIST')
    if (!root.roles.includes(rootRole)) throw new AuthError('ROOT_ROLE_NOT_EXIST')
    this.#storage.saveEnabled(true)
    this.#isEnabled = true
    this.#tokens.enable()
  }

  /** Switches auth off and forgets all tokens; nothing if it is off. */
  disable(): void {
    if (!this.#isEnabled) return
    this.#storage.saveEnabled(false)
    this.#isEnabled = false
    this.#changed()
    this.#tokens.disable()
  }

  /**
   * The applied half of a login, whose password was checked before it was proposed: who the token is for. Throws
   * `AUTH_NOT_ENABLED`, `AUTH_FAILED`.
   */
  authenticate(name: string): AuthInfo {
    if (!this.#isEnabled) throw new AuthError('AUTH_NOT_ENABLED')
    const user = this.#users.get(name)
    if (user === undefined || user.noPassword) throw new AuthError('AUTH_FAILED')
    return { username: name, revision: this.#revision }
  }

  /** Throws `USER_EMPTY`, `USER_ALREADY_EXIST`, `NO_PASSWORD_USER` (etcd's answer to a hash that is no base64). */
  userAdd({ name, hashedPassword, noPassword }: UserAddition): void {
    if (name === '') throw new AuthError('USER_EMPTY')
    if (this.#users.has(name)) throw new AuthError('USER_ALREADY_EXIST')
    const passwordHash = noPassword ? new Uint8Array(0) : decodeHash(hashedPassword)
    this.#saveUser({ name, passwordHash, roles: [], noPassword })
    this.#changed()
  }

  /** Throws `INVALID_AUTH_MGMT` (root while auth is on), `USER_NOT_FOUND`. */
  userDelete(name: string): void {
    if (this.#isEnabled && name === rootUser) throw new AuthError('INVALID_AUTH_MGMT')
    this.#findUser(name)
    this.#storage.deleteUser(name)
    this.#users.delete(name)
    this.#changed()
    this.#tokens.invalidateUser(name)
  }

  /** A user without password stays one. Throws `USER_NOT_FOUND`, `NO_PASSWORD_USER` (a hash that is no base64). */
  userChangePassword({ name, hashedPassword }: PasswordChange): void {
    const user = this.#findUser(name)
    const passwordHash = user.noPassword ? new Uint8Array(0) : decodeHash(hashedPassword)
    this.#saveUser({ ...user, passwordHash })
    this.#changed()
    this.#tokens.invalidateUser(name)
  }

  /** Nothing if the user has the role. Role root need not exist. Throws `USER_NOT_FOUND`, `ROLE_NOT_FOUND`. */
  userGrantRole({ user: name, role }: RoleGrant): void {
    const user = this.#findUser(name)
    if (role !== rootRole) this.#findRole(role)
    if (user.roles.includes(role)) return
    this.#saveUser({ ...user, roles: [...user.roles, role].sort(compareText) })
    this.#changed()
  }

  /** Throws `INVALID_AUTH_MGMT` (root's root role while auth is on), `USER_NOT_FOUND`, `ROLE_NOT_GRANTED`. */
  userRevokeRole({ user: name, role }: RoleGrant): void {
    if (this.#isEnabled && name === rootUser && role === rootRole) throw new AuthError('INVALID_AUTH_MGMT')
    const user = this.#findUser(name)
    if (!user.roles.includes(role)) throw new AuthError('ROLE_NOT_GRANTED')
    this.#saveUser({ ...user, roles: user.roles.filter(other => other !== role) })
    this.#changed()
  }

  /** The roles of a user. Throws `USER_NOT_FOUND`. */
  userGet(name: string): readonly string[] {
    return this.#findUser(name).roles
  }

  /** Names, in the order of their bytes. */
  userList(): string[] {
    return [...this.#users.keys()].sort(compareText)
  }

  /** Throws `ROLE_EMPTY`, `ROLE_ALREADY_EXIST`. */
  roleAdd(name: string): void {
    if (name === '') throw new AuthError('ROLE_EMPTY')
    if (this.#roles.has(name)) throw new AuthError('ROLE_ALREADY_EXIST')
    this.#saveRole({ name, permissions: [] })
    this.#changed()
  }

  /** Takes the role from all users as well. Throws `INVALID_AUTH_MGMT` (root while auth is on), `ROLE_NOT_FOUND`. */
  roleDelete(name: string): void {
    if (this.#isEnabled && name === rootRole) throw new AuthError('INVALID_AUTH_MGMT')
    this.#findRole(name)
    this.#storage.deleteRole(name)
    this.#roles.delete(name)
    for (const user of this.#users.values()) {
      if (user.roles.includes(name)) this.#saveUser({ ...user, roles: user.roles.filter(role => role !== name) })
    }
    this.#changed()
  }

  /** What a role permits; role root, if it exists, everything. Throws `ROLE_NOT_FOUND`. */
  roleGet(name: string): readonly Permission[] {
    const role = this.#findRole(name)
    return name === rootRole ? rootPermissions : role.permissions
  }

  /** Names, in the order of their bytes. */
  roleList(): string[] {
    return [...this.#roles.keys()].sort(compareText)
  }

  /**
   * Adds a permission, or changes its type if the role has one for the very range. As in etcd, that is looked for only
   * at the first permission that begins at the key: granted again, another one that begins there stays beside the new
   * one. Members of a mixed cluster must come to one list. Throws `PERMISSION_NOT_GIVEN`, `INVALID_AUTH_MGMT` (no valid
   * range), `ROLE_NOT_FOUND`.
   */
  roleGrantPermission({ role: name, permission }: PermissionGrant): void {
    if (permission === undefined) throw new AuthError('PERMISSION_NOT_GIVEN')
    if (!isValidPermissionRange(permission.key, permission.rangeEnd)) throw new AuthError('INVALID_AUTH_MGMT')
    const role = this.#findRole(name)
    const permissions = [...role.permissions]
    const begin = permissions.findIndex(({ key }) => compareBytes(key, permission.key) >= 0)
    const first = permissions[begin]
    if (first !== undefined && isSameRange(first, permission)) permissions[begin] = ownedPermission(permission)
    else {
      const behind = permissions.findIndex(({ key }) => compareBytes(key, permission.key) > 0)
      permissions.splice(behind < 0 ? permissions.length : behind, 0, ownedPermission(permission))
    }
    this.#saveRole({ name, permissions })
    this.#changed()
  }

  /** Takes back what was granted for the very range. Throws `ROLE_NOT_FOUND`, `PERMISSION_NOT_GRANTED`. */
  roleRevokePermission({ role: name, key, rangeEnd }: PermissionRevocation): void {
    const role = this.#findRole(name)
    const permissions = role.permissions.filter(permission => !isSameRange(permission, { key, rangeEnd }))
    if (permissions.length === role.permissions.length) throw new AuthError('PERMISSION_NOT_GRANTED')
    this.#saveRole({ name, permissions })
    this.#changed()
  }

  /** The user as stored, for who compares passwords. */
  user(name: string): UserRecord | undefined {
    return this.#users.get(name)
  }

  /** False also for users that do not exist. */
  hasRole({ user, role }: RoleGrant): boolean {
    return this.#users.get(user)?.roles.includes(role) === true
  }

  /** The identity under which the member itself asks, as when it revokes leases that have run out. */
  rootInfo(): AuthInfo {
    return { username: rootUser, revision: this.#revision }
  }

  /** What a user may do at this revision; undefined if there is none of that name. */
  grantsOf(name: string): Grants | undefined {
    const known = this.#grants.get(name)
    if (known !== undefined) return known
    const user = this.#users.get(name)
    if (user === undefined) return undefined
    const grants = mergeGrants(user, this.#roles)
    this.#grants.set(name, grants)
    return grants
  }

  #changed(): void {
    assert(this.#revision < Number.MAX_SAFE_INTEGER, 'the auth revision can be counted')
    this.#revision++
    this.#storage.saveRevision(this.#revision)
    this.#grants.clear()
  }

  #saveUser(user: UserRecord): void {
    this.#storage.putUser(user)
    this.#users.set(user.name, user)
  }

  #saveRole(role: RoleRecord): void {
    this.#storage.putRole(role)
    this.#roles.set(role.name, role)
  }

  #findUser(name: string): UserRecord {
    const user = this.#users.get(name)
    if (user === undefined) throw new AuthError('USER_NOT_FOUND')
    return user
  }

  #findRole(name: string): RoleRecord {
    const role = this.#roles.get(name)
    if (role === undefined) throw new AuthError('ROLE_NOT_FOUND')
    return role
  }
}

const rootPermissions: readonly Permission[] = [
  { permType: PermissionType.readwrite, key: new Uint8Array(0), rangeEnd: Uint8Array.of(0) },
]

function isSameRange(a: Pick<Permission, 'key' | 'rangeEnd'>, b: Pick<Permission, 'key' | 'rangeEnd'>): boolean {
  return areEqualBytes(a.key, b.key) && areEqualBytes(a.rangeEnd, b.rangeEnd)
}

function decodeHash(hashedPassword: string): Uint8Array {
  const hash = decodeBase64(hashedPassword)
  if (hash === undefined) throw new AuthError('NO_PASSWORD_USER')
  return hash
}
