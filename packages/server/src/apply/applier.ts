import { type Entry, EntryType } from '@kvs/raft'
import { assert } from '../assert.ts'
import { OperationField, ParsedEntry } from '../entry.ts'
import { ServerError } from '../errors.ts'
import type { Quota } from '../quota.ts'
import type { State } from '../state.ts'
import type { Waiter, WaitingTable } from '../waiting.ts'
import { alarm, refusalByAlarm } from './alarm.ts'
import { clusterMemberAttrSet, clusterVersionSet } from './cluster.ts'
import * as kv from './kv.ts'
import * as lease from './lease.ts'
import type { Continuation, Operation } from './operation.ts'
import { isOverQuota, OverQuota } from './quota.ts'

/** The apply dispatcher: one row per replicated operation. */
const operations: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [OperationField.put, kv.put],
  [OperationField.range, kv.range],
  [OperationField.deleteRange, kv.deleteRange],
  [OperationField.txn, kv.txn],
  [OperationField.compaction, kv.compaction],
  [OperationField.leaseGrant, lease.leaseGrant],
  [OperationField.leaseRevoke, lease.leaseRevoke],
  [OperationField.leaseCheckpoint, lease.leaseCheckpoint],
  [OperationField.alarm, alarm],
  [OperationField.clusterVersionSet, clusterVersionSet],
  [OperationField.clusterMemberAttrSet, clusterMemberAttrSet],
])

export interface ApplierParts {
  readonly state: State
  readonly quota: Quota
  readonly waiting: WaitingTable
  /** Index of the entry before the first one that will come. */
  readonly applied: number
  /** The 16 bits that mark request ids of this member. */
  readonly idPrefix: number
  /** A configuration change was reached; `isNew` unless its effects are in the state file already. */
  readonly configurationChanged: (entry: Entry, isNew: boolean) => void
  /** The first entry of a leader's term was applied. */
  readonly termStarted: () => void
}

/**
 * Applies committed entries in order. Entries whose effects are in the state file already (after a restart) are passed
 * over, except that raft has to hear of configuration changes again.
 */
export class Applier {
  readonly #parts: ApplierParts
  readonly #parsed = new ParsedEntry()
  /** Index of the last entry that was applied. */
  applied: number

  constructor(parts: ApplierParts) {
    this.#parts = parts
    this.applied = parts.applied
  }

  /** Applies an entry, or its first slice. */
  apply(entry: Entry): Continuation | undefined {
    const { state } = this.#parts
    assert(entry.index === this.applied + 1, `entry ${entry.index} was handed to apply behind entry ${this.applied}`)
    const isNew = entry.index > state.backend.consistent.index
    let rest: Continuation | undefined
    if (entry.type !== EntryType.EntryNormal) this.#parts.configurationChanged(entry, isNew)
    else if (entry.data.length === 0) this.#parts.termStarted()
    else if (isNew) rest = this.#applyRequest(entry)
    if (rest === undefined) {
      this.#end(entry, isNew)
      return undefined
    }
    const more = rest
    return () => {
      if (!more()) return false
      this.#end(entry, isNew)
      return true
    }
  }

  #end(entry: Entry, isNew: boolean): void {
    this.applied = entry.index
    if (isNew) this.#parts.state.backend.endEntry({ index: entry.index, term: entry.term })
  }

  #applyRequest(entry: Entry): Continuation | undefined {
    const parsed = this.#parsed
    if (!parsed.parse(entry.data)) {
      throw new ServerError('STORAGE', `entry ${entry.index} of term ${entry.term} is no InternalRaftRequest`)
    }
    const operation = operations.get(parsed.operation)
    if (operation === undefined) {
      throw new ServerError(
        'STORAGE',
        `entry ${entry.index} holds operation ${parsed.operation}, which this member lacks`,
      )
    }
    const { state, quota } = this.#parts
    const waiter = this.#waiter(parsed)
    const refusal = state.alarms.any ? refusalByAlarm(state, entry.data, parsed) : undefined
    if (refusal !== undefined) {
      waiter?.refused(refusal)
      return undefined
    }
    const isOver = isOverQuota(quota, entry.data, parsed)
    return operation.apply(state, entry.data, parsed, isOver ? new OverQuota(quota, waiter) : waiter)
  }

  #waiter(parsed: ParsedEntry): Waiter | undefined {
    return parsed.idPrefix === this.#parts.idPrefix ? this.#parts.waiting.take(parsed.idSuffix) : undefined
  }
}
