import type { Store, WriteTxn } from '@kvs/mvcc'
import type { DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest } from '@kvs/proto/rpc'
import { Refusal } from '../errors.ts'
import { storeCompare, storeRange } from '../requests.ts'
import type { OpOutcome } from './outcome.ts'

/**
 * Transactions, in three passes so that none half-applies: decide every branch against the state before the transaction
 * (nested ones too), check whatever may fail on the branches taken, then execute.
 */
export interface TxnPlan {
  readonly succeeded: boolean
  readonly steps: readonly TxnStep[]
}

type TxnStep = { readonly op: RequestOp; readonly nested: TxnPlan | undefined }

export function planTxn(store: Store, request: TxnRequest): TxnPlan {
  const succeeded = request.compare.every(compare => {
    const condition = storeCompare(compare)
    return typeof condition === 'boolean' ? condition : store.holds(condition)
  })
  const branch = succeeded ? request.success : request.failure
  return {
    succeeded,
    steps: branch.map(op => ({
      op,
      nested: op.requestTxn === undefined ? undefined : planTxn(store, op.requestTxn),
    })),
  }
}

/** What the check must ask besides the store. */
export interface LeaseLookup {
  has(id: bigint): boolean
}

/** The refusal that the branches taken would meet, or undefined. `deleted` gathers what the steps before have deleted. */
export function checkPlan(
  plan: TxnPlan,
  store: Store,
  leases: LeaseLookup,
  deleted: DeleteRangeRequest[] = [],
): Refusal | undefined {
  for (const { op, nested } of plan.steps) {
    let refusal: Refusal | undefined
    if (op.requestRange !== undefined) refusal = checkRange(op.requestRange, store)
    else if (op.requestPut !== undefined) refusal = checkPut(op.requestPut, store, leases, deleted)
    else if (op.requestDeleteRange !== undefined) deleted.push(op.requestDeleteRange)
    else if (nested !== undefined) refusal = checkPlan(nested, store, leases, deleted)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function checkRange(request: RangeRequest, store: Store): Refusal | undefined {
  if (request.revision === 0) return undefined
  if (request.revision > store.revision) return Refusal.of('FUTURE_REV')
  if (request.revision < store.compactRevision) return Refusal.of('COMPACTED')
  return undefined
}

/**
 * What a put keeps must still be there when its turn comes. Deletions can be in the way, for the duplicate rule lets open
 * intervals pass; earlier puts of the same key cannot.
 */
function checkPut(
  request: PutRequest,
  store: Store,
  leases: LeaseLookup,
  deleted: readonly DeleteRangeRequest[],
): Refusal | undefined {
  const { key, lease, ignoreValue, ignoreLease } = request
  if (ignoreValue || ignoreLease) {
    const present = store.range({ key, countOnly: true }).count > 0
    if (!present || deleted.some(range => covers(range, key))) return Refusal.of('KEY_NOT_FOUND')
  }
  // Here the key is looked up before the lease; a put of its own does it the other way round.
  return lease !== 0n && !leases.has(lease) ? Refusal.of('LEASE_NOT_FOUND') : undefined
}

function covers({ key: from, rangeEnd: to }: DeleteRangeRequest, key: Uint8Array): boolean {
  if (to.length === 0) return compareBytes(from, key) === 0
  const isOpen = to.length === 1 && to[0] === 0
  return compareBytes(from, key) <= 0 && (isOpen || compareBytes(key, to) < 0)
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number)
  return a.length - b.length
}

/** Executes a checked plan. Ranges are left out unless `wanted`: only who waits needs their results. */
export function executePlan(plan: TxnPlan, txn: WriteTxn, wanted: boolean): OpOutcome[] {
  const outcomes: OpOutcome[] = []
  for (const { op, nested } of plan.steps) {
    if (op.requestPut !== undefined) outcomes.push(executePut(op.requestPut, txn))
    else if (op.requestDeleteRange !== undefined) {
      const { key, rangeEnd, prevKv } = op.requestDeleteRange
      const { deleted, previous } = txn.deleteRange({ key, rangeEnd, wantPrevious: prevKv && wanted })
      outcomes.push({ kind: 'delete', deleted, previous, revision: txnRevision(txn) })
    } else if (op.requestRange !== undefined) {
      if (wanted) {
        const result = txn.range(storeRange(op.requestRange))
        outcomes.push({ kind: 'range', result, revision: txnRevision(txn) })
      }
    } else if (nested !== undefined) {
      outcomes.push({ kind: 'txn', succeeded: nested.succeeded, ops: executePlan(nested, txn, wanted) })
    }
  }
  return outcomes
}

function executePut(request: PutRequest, txn: WriteTxn): OpOutcome {
  const previous = txn.put({
    key: request.key,
    value: request.value,
    lease: request.lease,
    ignoreValue: request.ignoreValue,
    ignoreLease: request.ignoreLease,
    wantPrevious: request.prevKv,
  })
  return { kind: 'put', previous, revision: txnRevision(txn) }
}

/** The revision inner answers carry: the new one as soon as something was written. */
function txnRevision(txn: WriteTxn): number {
  return txn.changes > 0 ? txn.revision : txn.revision - 1
}

/** Executes a plan that only reads. */
export function readPlan(plan: TxnPlan, store: Store): OpOutcome[] {
  return plan.steps.map(({ op }) => {
    const result = store.range(storeRange(op.requestRange as RangeRequest))
    result.kvs.freeze()
    return { kind: 'range', result, revision: store.revision }
  })
}

/** Whether both branches hold only plain ranges: such a transaction is not replicated. */
export function isReadOnly(request: TxnRequest): boolean {
  const plainRange = (op: RequestOp): boolean => op.requestRange !== undefined
  return request.success.every(plainRange) && request.failure.every(plainRange)
}

/** Whether a read-only transaction may be answered from local state. */
export function isSerializable(request: TxnRequest): boolean {
  return [...request.success, ...request.failure].every(op => op.requestRange?.serializable === true)
}
