import type { Permission } from './permission.ts'

/**
 * authpb.User, as the store keeps it. The host writes `options` always, as etcd does, also when `noPassword` is false.
 */
export interface UserRecord {
  readonly name: string
  /** The bcrypt hash in ASCII; empty: no password fits. */
  readonly passwordHash: Uint8Array
  /** Names, in the order of their bytes. */
  readonly roles: readonly string[]
  /** Such a user is known by certificate only. */
  readonly noPassword: boolean
}

/** authpb.Role. */
export interface RoleRecord {
  readonly name: string
  /** In the order of their keys. */
  readonly permissions: readonly Permission[]
}

/**
 * Where changes go: buckets `auth`, `authUsers` and `authRoles`, records by name. Called before the change is visible.
 */
export interface AuthStorage {
  /** Bucket `auth`, key `authEnabled`: one byte. */
  saveEnabled(isEnabled: boolean): void
  /** Bucket `auth`, key `authRevision`: 8 bytes, big-endian. */
  saveRevision(revision: number): void
  putUser(user: UserRecord): void
  deleteUser(name: string): void
  putRole(role: RoleRecord): void
  deleteRole(name: string): void
}

/** All that is stored. The maps, by name, are the store's own from then on. */
export interface AuthContent {
  readonly isEnabled: boolean
  /** 0: nothing was stored yet. */
  readonly revision: number
  readonly users: Map<string, UserRecord>
  readonly roles: Map<string, RoleRecord>
}
