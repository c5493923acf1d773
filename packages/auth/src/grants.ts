import { rootRole } from './auth-info.ts'
import { IntervalSet } from './interval-set.ts'
import { permitsRead, permitsWrite } from './permission.ts'
import type { RoleRecord, UserRecord } from './records.ts'

/** What one user may do, all roles taken together. */
export interface Grants {
  /** May do everything; the sets are empty then. */
  readonly isRoot: boolean
  readonly read: IntervalSet
  readonly write: IntervalSet
}

const nothing = IntervalSet.of([])

export const everything: Grants = { isRoot: true, read: nothing, write: nothing }

/** Roles that do not exist grant nothing. */
export function mergeGrants(user: UserRecord, roles: ReadonlyMap<string, RoleRecord>): Grants {
  if (user.roles.includes(rootRole)) return everything
  const permissions = user.roles.flatMap(name => roles.get(name)?.permissions ?? [])
  const reads = permissions.filter(permitsRead)
  const writes = permissions.filter(permitsWrite)
  const read = IntervalSet.of(reads)
  // Mostly all of them permit both: one set, half the memory.
  const isOne = reads.length === permissions.length && writes.length === permissions.length
  return { isRoot: false, read, write: isOne ? read : IntervalSet.of(writes) }
}
