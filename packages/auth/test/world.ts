import {
  type AuthContent,
  type AuthErrorCode,
  type AuthStorage,
  type AuthStore,
  createAuthStore,
  createNoTokens,
  describeRole,
  describeUser,
  type PasswordExecutor,
  type Permission,
  type PermissionType,
  type RoleRecord,
  type TokenKeeper,
  type UserRecord,
} from '../src/index.ts'
import { passwordJobs } from '../src/jobs.ts'

/** A storage that can be looked at, and a store be restored from. */
export class MemoryStorage implements AuthStorage {
  isEnabled = false
  revision = 0
  readonly users = new Map<string, UserRecord>()
  readonly roles = new Map<string, RoleRecord>()
  /** What was written, in order. */
  readonly log: string[] = []

  saveEnabled(isEnabled: boolean): void {
    this.isEnabled = isEnabled
    this.log.push(`enabled ${isEnabled}`)
  }
  saveRevision(revision: number): void {
    this.revision = revision
    this.log.push(`revision ${revision}`)
  }
  putUser(user: UserRecord): void {
    this.users.set(user.name, structuredClone(user))
    this.log.push(`put user ${describeUser(user)}`)
  }
  deleteUser(name: string): void {
    this.users.delete(name)
    this.log.push(`delete user ${name}`)
  }
  putRole(role: RoleRecord): void {
    this.roles.set(role.name, structuredClone(role))
    this.log.push(`put role ${describeRole(role)}`)
  }
  deleteRole(name: string): void {
    this.roles.delete(name)
    this.log.push(`delete role ${name}`)
  }
  content(): AuthContent {
    const { isEnabled, revision, users, roles } = this
    return { isEnabled, revision, users: new Map(users), roles: new Map(roles) }
  }
}

export interface World {
  readonly storage: MemoryStorage
  readonly store: AuthStore
}

export function newWorld(tokens: TokenKeeper = createNoTokens()): World {
  const storage = new MemoryStorage()
  return { storage, store: createAuthStore({ storage, tokens }) }
}

/** Adds a user without password, with roles that exist or are made. */
export function addUser(store: AuthStore, name: string, roles: readonly string[] = []): void {
  store.userAdd({ name, hashedPassword: '', noPassword: true })
  for (const role of roles) {
    if (role !== 'root' && !store.roleList().includes(role)) store.roleAdd(role)
    store.userGrantRole({ user: name, role })
  }
}

/** User root, and auth on. */
export function enableAuth(store: AuthStore): void {
  if (store.user('root') === undefined) addUser(store, 'root', ['root'])
  store.enable()
}

/** One character is one byte. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0))
}

export function perm(type: keyof typeof PermissionType, key: string, rangeEnd = ''): Permission {
  return { permType: { read: 0, write: 1, readwrite: 2 }[type], key: bytes(key), rangeEnd: bytes(rangeEnd) }
}

export const inlineExecutor: PasswordExecutor = {
  async run(job, input) {
    const work = passwordJobs.get(job)
    if (work === undefined) throw new Error(`there is no job '${job}'`)
    return work(input)
  },
}

/** The code an action fails with, or undefined. */
export function codeOf(action: () => void): AuthErrorCode | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    return (error as { code: AuthErrorCode }).code
  }
}
