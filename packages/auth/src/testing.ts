/**
 * Who may do what, worked out the slow way from the rules of etcd.md 2.8 and nothing else: permissions one by one,
 * ranges by the keys in which coverage could end. It shares no code with what it judges. Keys are texts of one
 * character per byte, whose order is that of the bytes.
 */

export type OraclePermission = {
  readonly type: 'read' | 'write' | 'readwrite'
  readonly key: string
  readonly end: string
}

export interface OracleWorld {
  readonly isEnabled: boolean
  readonly revision: number
  /** Roles by name; a user may name one that is not there. */
  readonly roles: Readonly<Record<string, readonly OraclePermission[]>>
  readonly users: Readonly<Record<string, readonly string[]>>
  readonly leases: ReadonlyMap<bigint, readonly string[]>
}

export type OracleInfo = { readonly username: string; readonly revision: number } | undefined

export type OracleOp =
  | { readonly kind: 'range'; readonly key: string; readonly end: string }
  | { readonly kind: 'watch'; readonly key: string; readonly end: string }
  | { readonly kind: 'put'; readonly key: string; readonly lease: bigint; readonly prevKv: boolean }
  | { readonly kind: 'delete'; readonly key: string; readonly end: string; readonly prevKv: boolean }
  | {
      readonly kind: 'txn'
      readonly compare: readonly { readonly key: string; readonly end: string }[]
      readonly success: readonly OracleOp[]
      readonly failure: readonly OracleOp[]
    }
  | { readonly kind: 'revoke' | 'keepalive'; readonly lease: bigint }
  | { readonly kind: 'ttl'; readonly lease: bigint; readonly keys: boolean }
  | { readonly kind: 'leases' }
  | { readonly kind: 'admin' | 'user' }
  | { readonly kind: 'userGet' | 'roleGet'; readonly name: string }

/** What the asker needs: to read or write a range of keys. */
interface Need {
  readonly access: 'read' | 'write'
  readonly key: string
  readonly end: string
}

export function oracle(world: OracleWorld, info: OracleInfo, op: OracleOp): string | undefined {
  if (!world.isEnabled) return undefined
  switch (op.kind) {
    case 'admin':
      return admin(world, info)
    case 'user':
      return nobody(info) ? 'USER_EMPTY' : undefined
    case 'userGet':
      return op.name === (info?.username ?? '') ? undefined : admin(world, info)
    case 'roleGet':
      return world.users[info?.username ?? '']?.includes(op.name) ? undefined : admin(world, info)
    case 'revoke':
      return leaseNeeds(world, info, [op.lease], 'write')
    case 'keepalive':
      return nobody(info) ? 'USER_EMPTY' : leaseNeeds(world, info, [op.lease], 'write')
    case 'ttl':
      return nobody(info) ? 'USER_EMPTY' : leaseNeeds(world, info, op.keys ? [op.lease] : [], 'read')
    case 'leases':
      return nobody(info) ? 'USER_EMPTY' : leaseNeeds(world, info, [...world.leases.keys()], 'read')
    default:
      return grant(world, info, needs(world, op))
  }
}

function nobody(info: OracleInfo): boolean {
  return info === undefined || (info.username === '' && info.revision === 0)
}

function admin(world: OracleWorld, info: OracleInfo): string | undefined {
  if (info === undefined || info.username === '') return 'USER_EMPTY'
  if (!(info.username in world.users)) return 'USER_NOT_FOUND'
  return world.users[info.username]!.includes('root') ? undefined : 'PERMISSION_DENIED'
}

function leaseNeeds(
  world: OracleWorld,
  info: OracleInfo,
  leases: readonly bigint[],
  access: 'read' | 'write',
): string | undefined {
  if (admin(world, info) === undefined) return undefined
  const keys = leases.flatMap(id => world.leases.get(id) ?? [])
  if (keys.length === 0) return undefined
  return grant(
    world,
    info,
    keys.map(key => ({ access, key, end: '' })),
  )
}

function needs(world: OracleWorld, op: OracleOp): Need[] {
  switch (op.kind) {
    case 'range':
      return [{ access: 'read', key: op.key, end: op.end }]
    case 'watch':
      return [{ access: 'read', key: op.key === '' ? '\0' : op.key, end: op.end }]
    case 'put': {
      const touched = [op.key, ...(world.leases.get(op.lease) ?? [])]
      const writes = touched.map((key): Need => ({ access: 'write', key, end: '' }))
      return op.prevKv ? [...writes, { access: 'read', key: op.key, end: '' }] : writes
    }
    case 'delete': {
      const write: Need = { access: 'write', key: op.key, end: op.end }
      return op.prevKv ? [write, { ...write, access: 'read' }] : [write]
    }
    case 'txn':
      return [
        ...op.compare.map(({ key, end }): Need => ({ access: 'read', key, end })),
        ...[...op.success, ...op.failure].flatMap(inner => needs(world, inner)),
      ]
    default:
      throw new Error(`${op.kind} is not about keys`)
  }
}

function grant(world: OracleWorld, info: OracleInfo, wanted: readonly Need[]): string | undefined {
  if (info === undefined || info.revision === 0) return 'USER_EMPTY'
  if (info.revision < world.revision) return 'AUTH_OLD_REVISION'
  const roles = world.users[info.username]
  if (roles === undefined) return 'PERMISSION_DENIED'
  if (roles.includes('root')) return undefined
  const permissions = roles.flatMap(role => world.roles[role] ?? [])
  return wanted.every(need => isCovered(permissions, need)) ? undefined : 'PERMISSION_DENIED'
}

/** A range is covered if no key in it is a hole. The first hole is its first key, or where some permission ends. */
function isCovered(permissions: readonly OraclePermission[], { access, key, end }: Need): boolean {
  const useful = permissions.filter(({ type }) => type === access || type === 'readwrite')
  if (end === '') return holds(useful, key)
  const isIn = (candidate: string): boolean => candidate >= key && (end === '\0' || candidate < end)
  const ends = useful.map(permission => (permission.end === '' ? `${permission.key}\0` : permission.end))
  return [key, ...ends.filter(isIn)].every(candidate => holds(useful, candidate))
}

function holds(permissions: readonly OraclePermission[], key: string): boolean {
  return permissions.some(({ key: begin, end }) => {
    if (end === '') return key === begin
    return key >= begin && (end === '\0' || key < end)
  })
}
