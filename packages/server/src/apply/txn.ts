import type { Compare, RangeCursor, RangeResult, Store, WriteTxn } from '@kvs/mvcc'
import type { DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest } from '@kvs/proto/rpc'
import { Refusal } from '../errors.ts'
import * as limits from '../limits.ts'
import { storeCompare, storeRange } from '../requests/requests.ts'
import type { OpOutcome } from './outcome.ts'
import type { SliceBudget, Slices } from './slices.ts'

/**
 * Transactions, in three passes so that none half-applies: decide every branch against the state before the transaction
 * (nested ones too), check whatever may fail on the branches taken, then execute.
 */
export interface TxnPlan {
  readonly succeeded: boolean
  readonly steps: readonly TxnStep[]
}

type TxnStep = { readonly op: RequestOp; readonly nested: TxnPlan | undefined }

export function* planTxn(store: Store, request: TxnRequest, budget: SliceBudget): Slices<TxnPlan> {
  let succeeded = true
  for (const compare of request.compare) {
    const condition = storeCompare(compare)
    succeeded = typeof condition === 'boolean' ? condition : yield* holds(store, condition, budget)
    if (!succeeded) break
  }
  const branch = succeeded ? request.success : request.failure
  const steps: TxnStep[] = []
  for (const op of branch) {
    steps.push({ op, nested: op.requestTxn === undefined ? undefined : yield* planTxn(store, op.requestTxn, budget) })
  }
  return { succeeded, steps }
}

function* holds(store: Store, condition: Compare, budget: SliceBudget): Slices<boolean> {
  const cursor = store.openCompare(condition)
  while (!cursor.step(budget)) yield* budget.spend(budget.records)
  yield* budget.spend(1)
  return cursor.result()
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

/** Where and how a plan is executed. */
export interface PlanRun {
  readonly txn: WriteTxn
  /** Ranges are left out without: only who waits needs their results. */
  readonly wanted: boolean
  readonly budget: SliceBudget
}

/** Executes a checked plan. */
export function* executePlan(plan: TxnPlan, run: PlanRun): Slices<OpOutcome[]> {
  const outcomes: OpOutcome[] = []
  for (const { op, nested } of plan.steps) {
    if (op.requestPut !== undefined) outcomes.push(executePut(op.requestPut, run.txn))
    else if (op.requestDeleteRange !== undefined) outcomes.push(yield* executeDelete(op.requestDeleteRange, run))
    else if (op.requestRange !== undefined) {
      if (run.wanted) outcomes.push(yield* executeRange(op.requestRange, run))
    } else if (nested !== undefined) {
      outcomes.push({ kind: 'txn', succeeded: nested.succeeded, ops: yield* executePlan(nested, run) })
    }
  }
  return outcomes
}

function* executeDelete(request: DeleteRangeRequest, { txn, wanted, budget }: PlanRun): Slices<OpOutcome> {
  const { key, rangeEnd, prevKv } = request
  const cursor = txn.openDelete({ key, rangeEnd, wantPrevious: prevKv && wanted })
  while (!cursor.step(budget)) yield* budget.spend(budget.records)
  const { deleted, previous } = cursor.result()
  yield* budget.spend(Math.max(1, Math.min(deleted, budget.records)))
  return { kind: 'delete', deleted, previous, revision: txnRevision(txn) }
}

function* executeRange(request: RangeRequest, { txn, budget }: PlanRun): Slices<OpOutcome> {
  const revision = txnRevision(txn)
  if (request.rangeEnd.length === 0) return { kind: 'range', result: txn.range(storeRange(request)), revision }
  const result = yield* readToEnd(txn.openRange(storeRange(request)), budget.isDue)
  result.kvs.freeze()
  yield* budget.spend(Math.max(1, Math.min(result.count, budget.records)))
  return { kind: 'range', result, revision }
}

const rangeStep = { records: limits.sliceRangeRecords, bytes: limits.sliceRangeBytes }

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

/** Executes a plan that only reads; what is written meanwhile is not seen. */
export function* readPlan(plan: TxnPlan, store: Store, isDue: () => boolean): Slices<OpOutcome[]> {
  const { revision } = store
  // Opened at once: the state as it is now stays readable as long as somebody reads it.
  const reads = plan.steps.map(({ op }) => openRead(store, op.requestRange as RangeRequest))
  const outcomes: OpOutcome[] = []
  try {
    for (const read of reads) {
      const result = 'step' in read ? yield* readToEnd(read, isDue) : read
      result.kvs.freeze()
      outcomes.push({ kind: 'range', result, revision })
    }
  } finally {
    for (const read of reads) if ('step' in read) read.close()
  }
  return outcomes
}

function* readToEnd(cursor: RangeCursor, isDue: () => boolean): Slices<RangeResult> {
  while (!cursor.step({ ...rangeStep, isDue })) yield
  return cursor.result()
}

function openRead(store: Store, request: RangeRequest): RangeCursor | RangeResult {
  if (request.rangeEnd.length > 0) return store.openRange(storeRange(request))
  const result = store.range(storeRange(request))
  result.kvs.freeze()
  return result
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
