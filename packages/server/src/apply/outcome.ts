import type { KeyValueList, RangeResult } from '@kvs/mvcc'
import type { AlarmMember } from '@kvs/proto/rpc'

/**
 * What applied operations tell those who wait for them. Answers are local: nothing here is part of the replicated state.
 * Outcomes of puts are one object used over and over: read them during the call.
 */

export interface PutOutcome {
  revision: number
  /** The overwritten record, if it was asked for and there was one. */
  previous: Uint8Array | undefined
}

export interface DeleteOutcome {
  readonly revision: number
  readonly deleted: number
  readonly previous: KeyValueList
}

/** Result of one operation of a transaction, in its order. */
export type OpOutcome =
  | { readonly kind: 'range'; readonly result: RangeResult; readonly revision: number }
  | { readonly kind: 'put'; readonly previous: Uint8Array | undefined; readonly revision: number }
  | {
      readonly kind: 'delete'
      readonly deleted: number
      readonly previous: KeyValueList
      readonly revision: number
    }
  | { readonly kind: 'txn'; readonly succeeded: boolean; readonly ops: readonly OpOutcome[] }

export interface TxnOutcome {
  readonly revision: number
  readonly succeeded: boolean
  readonly ops: readonly OpOutcome[]
}

/** Outcome of everything whose answer is a header only. */
export interface RevisionOutcome {
  readonly revision: number
}

export interface AlarmOutcome extends RevisionOutcome {
  readonly alarms: readonly AlarmMember[]
}

export interface LeaseGrantOutcome extends RevisionOutcome {
  readonly id: bigint
  readonly ttlSeconds: number
}
