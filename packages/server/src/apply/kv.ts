import { type Cursor, type DeleteResult, MvccError, type WriteTxn } from '@kvs/mvcc'
import {
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodeRangeRequest,
  decodeTxnRequest,
  type TxnRequest,
} from '@kvs/proto/rpc'
import type { Waiter } from '../consensus/waiting.ts'
import { Refusal, type RefusalCode } from '../errors.ts'
import * as limits from '../limits.ts'
import type { ParsedEntry } from '../requests/entry.ts'
import { PutFields } from '../requests/put-fields.ts'
import { storeRange } from '../requests/requests.ts'
import type { State } from '../state/state.ts'
import { type Operation, refuse } from './operation.ts'
import type { PutOutcome, TxnOutcome } from './outcome.ts'
import { endWrite, endWriteInSlices, runSlices, SliceBudget, type Slices } from './slices.ts'
import { checkPlan, executePlan, planTxn } from './txn.ts'

const fields = new PutFields()
const putOutcome: PutOutcome = { revision: 0, previous: undefined }

/** Texts of the store's refusals. */
const refusals: Partial<Record<string, RefusalCode>> = {
  COMPACTED: 'COMPACTED',
  FUTURE_REVISION: 'FUTURE_REV',
  KEY_NOT_FOUND: 'KEY_NOT_FOUND',
}

/** The refusal a store's error stands for; anything else is thrown on. */
export function refusalOf(error: unknown): Refusal {
  const code = error instanceof MvccError ? refusals[error.code] : undefined
  if (code === undefined) throw error
  return Refusal.of(code)
}

export const put: Operation = {
  name: 'Put',
  apply(state, data, entry, waiter) {
    if (!fields.parse(data, entry.start, entry.end)) throw new Error('a put in the log cannot be read')
    const lease = fields.lease
    if (fields.hasLease && !state.lessor.has(lease)) return refuse(entry, waiter, Refusal.of('LEASE_NOT_FOUND'))
    const txn = state.store.write()
    let previous: Uint8Array | undefined
    let refusal: Refusal | undefined
    try {
      previous = txn.put({
        key: data,
        keyStart: fields.keyStart,
        keyEnd: fields.keyEnd,
        value: data,
        valueStart: fields.valueStart,
        valueEnd: fields.valueEnd,
        lease,
        ignoreValue: fields.ignoreValue,
        ignoreLease: fields.ignoreLease,
        wantPrevious: fields.prevKv && waiter !== undefined,
      })
    } catch (error) {
      refusal = refusalOf(error)
    }
    putOutcome.revision = endWrite(state, txn)
    putOutcome.previous = previous
    if (refusal !== undefined) return refuse(entry, waiter, refusal)
    waiter?.applied(putOutcome)
    return undefined
  },
}

export const deleteRange: Operation = {
  name: 'DeleteRange',
  apply(state, data, entry, waiter) {
    const { key, rangeEnd, prevKv } = decodeDeleteRangeRequest(data, entry.start, entry.end)
    const txn = state.store.write()
    const cursor = txn.openDelete({ key, rangeEnd, wantPrevious: prevKv && waiter !== undefined })
    return runSlices(state.background, deleteInSlices(state, txn, cursor, waiter))
  },
}

function* deleteInSlices(
  state: State,
  txn: WriteTxn,
  cursor: Cursor<DeleteResult>,
  waiter: Waiter | undefined,
): Slices<void> {
  const budget = { records: limits.sliceRecords, isDue: state.background.isDue }
  while (!cursor.step(budget)) yield
  const { deleted, previous } = cursor.result()
  const revision = yield* endWriteInSlices(state, txn)
  waiter?.applied({ revision, deleted, previous })
}

export const range: Operation = {
  name: 'Range',
  apply(state, data, entry, waiter) {
    if (waiter === undefined) return undefined
    try {
      const result = state.store.range(storeRange(decodeRangeRequest(data, entry.start, entry.end)))
      waiter.applied({ kind: 'range', result, revision: state.store.revision })
    } catch (error) {
      refuse(entry, waiter, refusalOf(error))
    }
    return undefined
  },
}

export const txn: Operation = {
  name: 'Txn',
  apply(state, data, entry, waiter) {
    return runSlices(
      state.background,
      txnInSlices(state, decodeTxnRequest(data, entry.start, entry.end), entry, waiter),
    )
  },
}

function* txnInSlices(state: State, request: TxnRequest, entry: ParsedEntry, waiter: Waiter | undefined): Slices<void> {
  const budget = new SliceBudget(state.background.isDue)
  const plan = yield* planTxn(state.store, request, budget)
  const refusal = checkPlan(plan, state.store, state.lessor)
  if (refusal !== undefined) return refuse(entry, waiter, refusal)
  const write = state.store.write()
  const ops = yield* executePlan(plan, { txn: write, wanted: waiter !== undefined, budget })
  const outcome: TxnOutcome = { revision: yield* endWriteInSlices(state, write), succeeded: plan.succeeded, ops }
  waiter?.applied(outcome)
}

export const compaction: Operation = {
  name: 'Compaction',
  apply(state, data, entry, waiter) {
    const { revision, physical } = decodeCompactionRequest(data, entry.start, entry.end)
    try {
      state.compact(revision)
    } catch (error) {
      return refuse(entry, waiter, refusalOf(error))
    }
    const outcome = { revision: state.store.revision }
    if (physical && waiter !== undefined) {
      // The answer means that the space is free on disk. A commit that fails stops the member elsewhere.
      const answer = (): void => waiter.applied(outcome)
      state.background.whenScrubbed(() => void state.commit().then(answer, () => {}))
    }
    if (!physical) waiter?.applied(outcome)
    state.background.wake()
    return undefined
  },
}
