import type { AuthContent, AuthStorage, RoleRecord, UserRecord } from '@kvs/auth'
import type { Backend } from '@kvs/backend'
import { decodeRole, decodeUser, encodeRole, encodeUser, type PermissionType } from '@kvs/proto/auth'
import * as limits from '../limits.ts'
import { buckets } from '../state/buckets.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const enabledKey = encoder.encode('authEnabled')
const revisionKey = encoder.encode('authRevision')

/** Writes users, roles and the two facts about authentication as etcd does, so that backups have them, too. */
export function authStorage(backend: Backend): AuthStorage {
  return {
    saveEnabled: isEnabled => backend.put(buckets.auth, enabledKey, Uint8Array.of(isEnabled ? 1 : 0)),
    saveRevision: revision => {
      const value = new Uint8Array(8)
      new DataView(value.buffer).setBigUint64(0, BigInt(revision))
      backend.put(buckets.auth, revisionKey, value)
    },
    putUser: user => backend.put(buckets.authUsers, encoder.encode(user.name), encodeUserRecord(user)),
    deleteUser: name => backend.delete(buckets.authUsers, encoder.encode(name)),
    putRole: role => backend.put(buckets.authRoles, encoder.encode(role.name), encodeRoleRecord(role)),
    deleteRole: name => backend.delete(buckets.authRoles, encoder.encode(name)),
  }
}

/** Reads back what `authStorage` wrote, or etcd, in slices. */
export function* readAuth(backend: Backend): Generator<undefined, AuthContent> {
  let isEnabled = false
  let revision = 0
  for (const { key, value } of backend.records(buckets.auth)) {
    const name = decoder.decode(key)
    if (name === 'authEnabled') isEnabled = value.length === 1 && value[0] === 1
    else if (name === 'authRevision' && value.length === 8) revision = bigEndian(value)
  }
  const users = new Map<string, UserRecord>()
  const roles = new Map<string, RoleRecord>()
  for (const { value } of backend.records(buckets.authUsers)) {
    const user = decodeUserRecord(value)
    users.set(user.name, user)
    if (users.size % limits.sliceRecords === 0) yield
  }
  for (const { value } of backend.records(buckets.authRoles)) {
    const role = decodeRoleRecord(value)
    roles.set(role.name, role)
    if (roles.size % limits.sliceRecords === 0) yield
  }
  return { isEnabled, revision, users, roles }
}

function bigEndian(value: Uint8Array): number {
  return Number(new DataView(value.buffer, value.byteOffset, value.byteLength).getBigUint64(0))
}

function encodeUserRecord({ name, passwordHash, roles, noPassword }: UserRecord): Uint8Array {
  return encodeUser({ name: encoder.encode(name), password: passwordHash, roles, options: { noPassword } })
}

function decodeUserRecord(value: Uint8Array): UserRecord {
  const { name, password, roles, options } = decodeUser(value)
  const noPassword = options?.noPassword === true
  return { name: decoder.decode(name), passwordHash: password.slice(), roles, noPassword }
}

function encodeRoleRecord({ name, permissions }: RoleRecord): Uint8Array {
  const keyPermission = permissions.map(({ permType, key, rangeEnd }) => {
    return { permType: permType as PermissionType, key, rangeEnd }
  })
  return encodeRole({ name: encoder.encode(name), keyPermission })
}

function decodeRoleRecord(value: Uint8Array): RoleRecord {
  const { name, keyPermission } = decodeRole(value)
  const permissions = keyPermission.map(({ permType, key, rangeEnd }) => {
    return { permType, key: key.slice(), rangeEnd: rangeEnd.slice() }
  })
  return { name: decoder.decode(name), permissions }
}
