/** A random history of one store, the same for the same seed: requests, one after the other. */
import type { Method } from '@kvs/proto'
import {
  type CompareInit,
  CompareResult,
  CompareTarget,
  KV,
  Lease,
  type PutRequestInit,
  type RangeRequestInit,
  type RequestOpInit,
  RangeRequestSortOrder as SortOrder,
} from '@kvs/proto/rpc'
import type { SeededRandom } from '@kvs/testing'

/** A request as it is sent. */
export interface Operation {
  readonly name: string
  readonly path: string
  readonly request: Uint8Array
}

/** What the answers have told so far. */
export interface Seen {
  readonly revision: number
  /** 0 before the first compaction. */
  readonly compactRevision: number
}

const plainKeys = 240
const binaryKeys = 60
const valueBytesMax = 400
const leaseSeconds = 1_000_000
const nestingMax = 2
/** Everything there is. */
const open = Uint8Array.of(0)

/** How often each kind comes, in parts of their sum. */
const weights = {
  put: 420,
  putLeased: 90,
  putKeeping: 40,
  delete: 120,
  deleteRange: 30,
  deleteAll: 1,
  txn: 180,
  range: 30,
  grant: 40,
  revoke: 25,
  revokeUnknown: 3,
  putUnknownLease: 3,
  compact: 6,
  compactWrongly: 2,
} as const

export class History {
  readonly #random: SeededRandom
  readonly #keys: readonly Uint8Array[]
  readonly #leases: bigint[] = []
  /** Transactions ask either for keys and leases or for revisions that are not there: see `#txn`. */
  #asksForLost: 'keys' | 'revisions' = 'keys'
  #seen: Seen = { revision: 1, compactRevision: 0 }

  constructor(random: SeededRandom) {
    this.#random = random
    const named = Array.from({ length: plainKeys }, (_, i) => new TextEncoder().encode(`dir${i % 7}/key${i}`))
    const binary = Array.from({ length: binaryKeys }, () => random.bytes(random.between(1, 9)))
    this.#keys = [...named, ...binary]
  }

  /** The next request, given what the answers to those before have told; no compaction unless it `mayCompact`. */
  next(seen: Seen, mayCompact: boolean): Operation {
    this.#seen = seen
    const kinds = Object.entries(weights)
    let at = this.#random.below(kinds.reduce((sum, [, weight]) => sum + weight, 0))
    const kind = kinds.find(([, weight]) => {
      at -= weight
      return at < 0
    })?.[0] as keyof typeof weights
    return this.#make(kind === 'compact' && !mayCompact ? 'put' : kind)
  }

  #make(kind: keyof typeof weights): Operation {
    this.#asksForLost = this.#random.chance(0.5) ? 'keys' : 'revisions'
    switch (kind) {
      case 'put':
        return operation(KV.put, this.#put())
      case 'putLeased':
        return operation(KV.put, { ...this.#put(), lease: this.#lease() })
      case 'putKeeping':
        return operation(KV.put, this.#keepingPut())
      case 'putUnknownLease':
        return operation(KV.put, { ...this.#put(), lease: this.#newLease() })
      case 'delete':
        return operation(KV.deleteRange, { key: this.#key(), prevKv: this.#random.chance(0.3) })
      case 'deleteRange':
        return operation(KV.deleteRange, { ...this.#interval(), prevKv: this.#random.chance(0.3) })
      case 'deleteAll':
        return operation(KV.deleteRange, { key: open, rangeEnd: open, prevKv: true })
      case 'txn':
        return operation(KV.txn, this.#txn(0))
      case 'range':
        return operation(KV.range, this.#range())
      case 'grant': {
        const id = this.#newLease()
        this.#leases.push(id)
        return operation(Lease.leaseGrant, { id, ttl: leaseSeconds })
      }
      case 'revoke':
        return operation(Lease.leaseRevoke, { id: this.#takeLease() })
      case 'revokeUnknown':
        return operation(Lease.leaseRevoke, { id: this.#newLease() })
      case 'compact': {
        const { revision, compactRevision } = this.#seen
        const physical = this.#random.chance(0.3)
        return operation(KV.compact, { revision: this.#random.between(compactRevision + 1, revision), physical })
      }
      case 'compactWrongly': {
        const { revision, compactRevision } = this.#seen
        return operation(KV.compact, { revision: this.#random.chance(0.5) ? compactRevision : revision + 1 })
      }
    }
  }

  #key(): Uint8Array {
    return this.#random.pick(this.#keys)
  }

  #put(): PutRequestInit {
    const value = this.#random.bytes(this.#random.below(valueBytesMax))
    return { key: this.#key(), value, prevKv: this.#random.chance(0.2) }
  }

  /** A put that keeps the value or the lease of a key, which may be missing. */
  #keepingPut(): PutRequestInit {
    const put = this.#put()
    if (this.#random.chance(0.5)) return { ...put, ignoreLease: true }
    return { key: put.key, lease: this.#random.chance(0.5) ? this.#lease() : 0n, ignoreValue: true, prevKv: put.prevKv }
  }

  /** A put that keeps something, and may ask for a lease that is not there. */
  #losingPut(): PutRequestInit {
    const put = this.#keepingPut()
    return put.ignoreLease !== true && this.#random.chance(0.2) ? { ...put, lease: this.#newLease() } : put
  }

  /** Two keys in order, near one another as often as not. */
  #interval(): { readonly key: Uint8Array; readonly rangeEnd: Uint8Array } {
    const key = this.#key()
    if (this.#random.chance(0.1)) return { key, rangeEnd: this.#key() }
    const rangeEnd = key.slice()
    const last = rangeEnd.length - 1
    rangeEnd[last] = Math.min(0xff, (rangeEnd[last] as number) + this.#random.between(1, 3))
    return { key, rangeEnd }
  }

  #range(): RangeRequestInit {
    const { revision, compactRevision } = this.#seen
    const beyond = this.#asksForLost === 'revisions' ? 2 : 0
    const first = Math.max(1, compactRevision - beyond)
    return {
      ...(this.#random.chance(0.2) ? { key: this.#key() } : this.#interval()),
      revision: this.#random.chance(0.7) ? 0 : this.#random.between(first, revision + beyond),
      limit: this.#random.chance(0.5) ? 0 : this.#random.between(1, 5),
      serializable: this.#random.chance(0.2),
      countOnly: this.#random.chance(0.1),
      ...(this.#random.chance(0.5) ? this.#selection() : {}),
    }
  }

  /** Filters, and an order that has no ties: which of them comes first etcd leaves open. */
  #selection(): RangeRequestInit {
    const random = this.#random
    const bound = (): number => (random.chance(0.7) ? 0 : random.between(1, this.#seen.revision + 1))
    return {
      sortOrder: random.pick([SortOrder.NONE, SortOrder.ASCEND, SortOrder.DESCEND]),
      minModRevision: bound(),
      maxModRevision: bound(),
      minCreateRevision: bound(),
      maxCreateRevision: bound(),
    }
  }

  /**
   * Version 3.4 checks all puts of a transaction before its ranges, later versions check them in order: which refusal is
   * told differs if there are both kinds.
   */
  #txn(depth: number): { compare: CompareInit[]; success: RequestOpInit[]; failure: RequestOpInit[] } {
    const branch = (): RequestOpInit[] => Array.from({ length: this.#random.below(5) }, () => this.#op(depth))
    const compare = Array.from({ length: this.#random.below(3) }, () => this.#compare())
    return { compare, success: branch(), failure: branch() }
  }

  #op(depth: number): RequestOpInit {
    const at = this.#random.below(20)
    if (at < 10) return { requestPut: at < 7 ? this.#put() : { ...this.#put(), lease: this.#lease() } }
    if (at < 11) return { requestPut: this.#asksForLost === 'keys' ? this.#losingPut() : this.#put() }
    if (at < 14) return { requestDeleteRange: { key: this.#key(), prevKv: this.#random.chance(0.5) } }
    if (at < 15) return { requestDeleteRange: this.#interval() }
    if (at < 16 && depth < nestingMax) return { requestTxn: this.#txn(depth + 1) }
    return { requestRange: this.#range() }
  }

  #compare(): CompareInit {
    const random = this.#random
    const result = random.pick([
      CompareResult.EQUAL,
      CompareResult.GREATER,
      CompareResult.LESS,
      CompareResult.NOT_EQUAL,
    ])
    const at = random.chance(0.9) ? { key: this.#key(), result } : { ...this.#interval(), result }
    const revision = random.below(this.#seen.revision + 2)
    switch (random.below(5)) {
      case 0:
        return { ...at, target: CompareTarget.VERSION, version: random.below(4) }
      case 1:
        return { ...at, target: CompareTarget.CREATE, createRevision: revision }
      case 2:
        return { ...at, target: CompareTarget.MOD, modRevision: revision }
      case 3:
        return { ...at, target: CompareTarget.VALUE, value: random.bytes(1) }
      default:
        return { ...at, target: CompareTarget.LEASE, lease: random.chance(0.5) ? 0n : this.#lease() }
    }
  }

  /** A lease that is there, if there is one. */
  #lease(): bigint {
    return this.#leases.length === 0 ? 0n : this.#random.pick(this.#leases)
  }

  #takeLease(): bigint {
    if (this.#leases.length === 0) return this.#newLease()
    return this.#leases.splice(this.#random.below(this.#leases.length), 1)[0] as bigint
  }

  /** An id of 63 bits, or a negative one. */
  #newLease(): bigint {
    const id = (BigInt(this.#random.uint32()) << 31n) | BigInt(this.#random.uint32() >>> 1) | 1n
    return this.#random.chance(0.1) ? -id : id
  }
}

function operation<Init>(
  { path, encodeRequest }: Pick<Method<never, Init, unknown, never>, 'path' | 'encodeRequest'>,
  request: Init,
): Operation {
  return { name: path.slice(path.lastIndexOf('/') + 1), path, request: encodeRequest(request) }
}
