import { type AuthInfo, rootRole } from './auth-info.ts'
import type { AuthStore } from './auth-store.ts'
import type { AuthErrorCode } from './errors.ts'
import { everything, type Grants } from './grants.ts'
import type { IntervalSet } from './interval-set.ts'
import { type KeySpan, keySpanOf, watchSpanOf } from './key-span.ts'

/** The keys of leases: who attaches a key to a lease, or ends it, touches what others have attached. */
export interface LeaseKeys {
  /** In order; undefined if there is no such lease. */
  keys(leaseId: bigint): Iterable<Uint8Array> | undefined
  /**
   * First and last key of a lease, undefined if it has none. Optional: with it, leases of many keys cost nothing where
   * one grant covers them all.
   */
  span?(leaseId: bigint): { readonly first: Uint8Array; readonly last: Uint8Array } | undefined
}

/** What the checks ask of requests; etcd's messages have these fields and more. */
export interface RangeAccess {
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
}

export interface PutAccess {
  readonly key: Uint8Array
  /** 0: none. */
  readonly lease: bigint
  readonly prevKv: boolean
}

export interface DeleteAccess extends RangeAccess {
  readonly prevKv: boolean
}

/** One of them is set, or none. */
export interface TxnOpAccess {
  readonly requestRange: RangeAccess | undefined
  readonly requestPut: PutAccess | undefined
  readonly requestDeleteRange: DeleteAccess | undefined
  readonly requestTxn: TxnAccess | undefined
}

export interface TxnAccess {
  readonly compare: readonly RangeAccess[]
  readonly success: readonly TxnOpAccess[]
  readonly failure: readonly TxnOpAccess[]
}

/** What a check found: undefined if the request may go on. */
export type AccessVerdict = AuthErrorCode | undefined

export interface AccessOptions {
  readonly store: AuthStore
  readonly leases: LeaseKeys
}

export function createAccess(options: AccessOptions): Access {
  return new Access(options.store, options.leases)
}

/**
 * Who may do what. Checks compute from the store and the leases, that is from replicated state, so at apply all members
 * come to the same verdict. While auth is off everything may go on.
 *
 * Key operations hold the identity against the current auth revision; administration and `checkUser` look at the name
 * only, as in etcd.
 */
export class Access {
  readonly #store: AuthStore
  readonly #leases: LeaseKeys

  constructor(store: AuthStore, leases: LeaseKeys) {
    this.#store = store
    this.#leases = leases
  }

  /** Whether every request about keys may go on, whatever it asks for: its key need not be looked at. */
  mayAll(info: AuthInfo | undefined): boolean {
    const grants = this.#grantsOf(info)
    return typeof grants !== 'string' && grants.isRoot
  }

  /** Put, alone or inside a transaction: WRITE on the key and on the keys of its lease, READ for the previous value. */
  checkPut(info: AuthInfo | undefined, request: PutAccess): AccessVerdict {
    const grants = this.#grantsOf(info)
    return typeof grants === 'string' ? grants : this.#checkPut(grants, request)
  }

  checkRange(info: AuthInfo | undefined, { key, rangeEnd }: RangeAccess): AccessVerdict {
    return this.#checkRead(info, keySpanOf(key, rangeEnd))
  }

  /** The whole range, at creation; ask again when the auth revision changes, with the user's name at that revision. */
  checkWatch(info: AuthInfo | undefined, { key, rangeEnd }: RangeAccess): AccessVerdict {
    return this.#checkRead(info, watchSpanOf(key, rangeEnd))
  }

  checkDelete(info: AuthInfo | undefined, request: DeleteAccess): AccessVerdict {
    const grants = this.#grantsOf(info)
    return typeof grants === 'string' ? grants : checkDelete(grants, request)
  }

  /**
   * READ for every compare, and for each operation of both branches what it needs alone, nested ones included: the
   * branch not taken would tell something by not being refused. Walks without recursion, however deep the nesting.
   */
  checkTxn(info: AuthInfo | undefined, request: TxnAccess): AccessVerdict {
    const grants = this.#grantsOf(info)
    if (typeof grants === 'string') return grants
    if (grants.isRoot) return undefined
    const waiting: TxnAccess[] = [request]
    for (let txn = waiting.pop(); txn !== undefined; txn = waiting.pop()) {
      for (const { key, rangeEnd } of txn.compare) {
        if (!grants.read.covers(keySpanOf(key, rangeEnd))) return 'PERMISSION_DENIED'
      }
      for (const branch of [txn.success, txn.failure]) {
        for (const op of branch) {
          if (op.requestTxn !== undefined) waiting.push(op.requestTxn)
          const verdict = this.#checkOp(grants, op)
          if (verdict !== undefined) return verdict
        }
      }
    }
    return undefined
  }

  /**
   * At apply: WRITE on all keys of the lease, whose deletion this is. A lease without keys, or none, is nobody's; that
   * somebody asks at all is `checkUser`'s, before the proposal.
   */
  checkLeaseRevoke(info: AuthInfo | undefined, leaseId: bigint): AccessVerdict {
    if (this.isAdmin(info)) return undefined
    return this.#checkLeaseKeys(info, leaseId, 'write')
  }

  /** WRITE on all keys of the lease. */
  checkLeaseKeepAlive(info: AuthInfo | undefined, leaseId: bigint): AccessVerdict {
    return this.checkUser(info) ?? this.checkLeaseRevoke(info, leaseId)
  }

  /** READ on all keys of the lease, if they are asked for. */
  checkLeaseTimeToLive(
    info: AuthInfo | undefined,
    request: { readonly id: bigint; readonly keys: boolean },
  ): AccessVerdict {
    const verdict = this.checkUser(info)
    if (verdict !== undefined || !request.keys || this.isAdmin(info)) return verdict
    return this.#checkLeaseKeys(info, request.id, 'read')
  }

  /** READ on the keys of all leases that are to be listed. */
  checkLeases(info: AuthInfo | undefined, leaseIds: Iterable<bigint>): AccessVerdict {
    const verdict = this.checkUser(info)
    if (verdict !== undefined || this.isAdmin(info)) return verdict
    for (const leaseId of leaseIds) {
      const denied = this.#checkLeaseKeys(info, leaseId, 'read')
      if (denied !== undefined) return denied
    }
    return undefined
  }

  /** Somebody asks: there was a token or a certificate. */
  checkUser(info: AuthInfo | undefined): AccessVerdict {
    return this.#store.isEnabled && isNobody(info) ? 'USER_EMPTY' : undefined
  }

  /** A user with role root. */
  checkAdmin(info: AuthInfo | undefined): AccessVerdict {
    if (!this.#store.isEnabled) return undefined
    if (info === undefined || info.username === '') return 'USER_EMPTY'
    const user = this.#store.user(info.username)
    if (user === undefined) return 'USER_NOT_FOUND'
    return user.roles.includes(rootRole) ? undefined : 'PERMISSION_DENIED'
  }

  /** As `checkAdmin`, as a question. True while auth is off. */
  isAdmin(info: AuthInfo | undefined): boolean {
    return this.checkAdmin(info) === undefined
  }

  /** Raising and clearing alarms is administration, looking at them is not. */
  checkAlarm(info: AuthInfo | undefined, isGet: boolean): AccessVerdict {
    return isGet ? this.checkUser(info) : this.checkAdmin(info)
  }

  /** Administrators, and everybody for himself. */
  checkUserGet(info: AuthInfo | undefined, name: string): AccessVerdict {
    const verdict = this.checkAdmin(info)
    return name === (info?.username ?? '') ? undefined : verdict
  }

  /** Administrators, and everybody for the roles he has. */
  checkRoleGet(info: AuthInfo | undefined, role: string): AccessVerdict {
    const verdict = this.checkAdmin(info)
    return this.#store.hasRole({ user: info?.username ?? '', role }) ? undefined : verdict
  }

  /** After a read that took its time: whether what it was checked against still stands. */
  checkUnchanged(info: AuthInfo | undefined): AccessVerdict {
    const revision = info?.revision ?? 0
    return revision !== 0 && revision !== this.#store.revision ? 'AUTH_OLD_REVISION' : undefined
  }

  /** What who asks may do, or why he may not even ask. */
  #grantsOf(info: AuthInfo | undefined): Grants | AuthErrorCode {
    const store = this.#store
    if (!store.isEnabled) return everything
    if (info === undefined || info.revision === 0) return 'USER_EMPTY'
    if (info.revision < store.revision) return 'AUTH_OLD_REVISION'
    return store.grantsOf(info.username) ?? 'PERMISSION_DENIED'
  }

  #checkRead(info: AuthInfo | undefined, span: KeySpan): AccessVerdict {
    const grants = this.#grantsOf(info)
    if (typeof grants === 'string') return grants
    return grants.isRoot || grants.read.covers(span) ? undefined : 'PERMISSION_DENIED'
  }

  #checkOp(grants: Grants, op: TxnOpAccess): AccessVerdict {
    if (op.requestPut !== undefined) return this.#checkPut(grants, op.requestPut)
    if (op.requestDeleteRange !== undefined) return checkDelete(grants, op.requestDeleteRange)
    if (op.requestRange === undefined) return undefined
    const { key, rangeEnd } = op.requestRange
    return grants.read.covers(keySpanOf(key, rangeEnd)) ? undefined : 'PERMISSION_DENIED'
  }

  #checkPut(grants: Grants, { key, lease, prevKv }: PutAccess): AccessVerdict {
    if (grants.isRoot) return undefined
    if (!grants.write.hasKey(key)) return 'PERMISSION_DENIED'
    if (lease !== 0n && !this.#coversLease(grants.write, lease)) return 'PERMISSION_DENIED'
    return prevKv && !grants.read.hasKey(key) ? 'PERMISSION_DENIED' : undefined
  }

  #checkLeaseKeys(info: AuthInfo | undefined, leaseId: bigint, access: 'read' | 'write'): AccessVerdict {
    const grants = this.#grantsOf(info)
    if (typeof grants === 'string') return this.#hasKeys(leaseId) ? grants : undefined
    return grants.isRoot || this.#coversLease(grants[access], leaseId) ? undefined : 'PERMISSION_DENIED'
  }

  #hasKeys(leaseId: bigint): boolean {
    for (const _ of this.#leases.keys(leaseId) ?? []) return true
    return false
  }

  #coversLease(set: IntervalSet, leaseId: bigint): boolean {
    const span = this.#leases.span?.(leaseId)
    if (span !== undefined && set.hasKey(span.last)) {
      if (set.covers({ kind: 'range', begin: span.first, end: span.last })) return true
    }
    for (const key of this.#leases.keys(leaseId) ?? []) {
      if (!set.hasKey(key)) return false
    }
    return true
  }
}

/** No identity, or that of an entry's header that names nobody. */
function isNobody(info: AuthInfo | undefined): boolean {
  return info === undefined || (info.username === '' && info.revision === 0)
}

function checkDelete(grants: Grants, { key, rangeEnd, prevKv }: DeleteAccess): AccessVerdict {
  if (grants.isRoot) return undefined
  const span = keySpanOf(key, rangeEnd)
  if (!grants.write.covers(span)) return 'PERMISSION_DENIED'
  return prevKv && !grants.read.covers(span) ? 'PERMISSION_DENIED' : undefined
}
