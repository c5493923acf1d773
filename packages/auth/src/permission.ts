import { compareBytes } from './bytes.ts'
import { isOpenEnd } from './key-span.ts'

/** authpb.Permission.Type. What a role holds may be another number: such a permission permits nothing. */
export const PermissionType = { read: 0, write: 1, readwrite: 2 } as const

/** authpb.Permission: `rangeEnd` empty is the single key, `"\0"` is open. */
export interface Permission {
  readonly permType: number
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
}

/** A key that is not empty, and an end that is empty, open or behind it. All keys are `"\0"` with the open end. */
export function isValidPermissionRange(key: Uint8Array, rangeEnd: Uint8Array): boolean {
  if (key.length === 0) return false
  return rangeEnd.length === 0 || isOpenEnd(rangeEnd) || compareBytes(key, rangeEnd) < 0
}

export function permitsRead(permission: Permission): boolean {
  return permission.permType === PermissionType.read || permission.permType === PermissionType.readwrite
}

export function permitsWrite(permission: Permission): boolean {
  return permission.permType === PermissionType.write || permission.permType === PermissionType.readwrite
}

/** A copy that shares no bytes with what it was made of. */
export function ownedPermission({ permType, key, rangeEnd }: Permission): Permission {
  return { permType, key: key.slice(), rangeEnd: rangeEnd.slice() }
}
