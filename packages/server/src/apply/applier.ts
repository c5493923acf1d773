import { type Entry, EntryType } from '@kvs/raft'
import { assert } from '../assert.ts'
import type { Proposer, WaitingTable } from '../consensus/waiting.ts'
import { Refusal, ServerError } from '../errors.ts'
import type { OperationDurations } from '../metrics/metrics.ts'
import type { Clock } from '../parts.ts'
import { OperationField, ParsedEntry } from '../requests/entry.ts'
import type { SlowRequests } from '../slow-requests.ts'
import type { Quota } from '../state/quota.ts'
import type { State } from '../state/state.ts'
import { refusalByAuth } from './access.ts'
import { alarm, refusalByAlarm } from './alarm.ts'
import * as auth from './auth.ts'
import { clusterMemberAttrSet, clusterVersionSet, downgradeInfoSet, downgradeVersionTest } from './cluster.ts'
import * as kv from './kv.ts'
import * as lease from './lease.ts'
import { type Continuation, type Operation, refuse } from './operation.ts'
import { isOverQuota, OverQuota } from './quota.ts'
import { applyV2Request } from './v2.ts'

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
  [OperationField.authEnable, auth.authEnable],
  [OperationField.authDisable, auth.authDisable],
  [OperationField.authenticate, auth.authenticate],
  [OperationField.authStatus, auth.authStatus],
  [OperationField.authUserAdd, auth.authUserAdd],
  [OperationField.authUserDelete, auth.authUserDelete],
  [OperationField.authUserGet, auth.authUserGet],
  [OperationField.authUserChangePassword, auth.authUserChangePassword],
  [OperationField.authUserGrantRole, auth.authUserGrantRole],
  [OperationField.authUserRevokeRole, auth.authUserRevokeRole],
  [OperationField.authUserList, auth.authUserList],
  [OperationField.authRoleAdd, auth.authRoleAdd],
  [OperationField.authRoleDelete, auth.authRoleDelete],
  [OperationField.authRoleGet, auth.authRoleGet],
  [OperationField.authRoleGrantPermission, auth.authRoleGrantPermission],
  [OperationField.authRoleRevokePermission, auth.authRoleRevokePermission],
  [OperationField.authRoleList, auth.authRoleList],
  [OperationField.clusterVersionSet, clusterVersionSet],
  [OperationField.clusterMemberAttrSet, clusterMemberAttrSet],
  [OperationField.downgradeInfoSet, downgradeInfoSet],
  [OperationField.downgradeVersionTest, downgradeVersionTest],
])

export interface ApplierParts {
  readonly state: State
  readonly clock: Pick<Clock, 'now'>
  readonly slow: SlowRequests
  /** Entries that take longer are told to `slow`, as are those that are refused. */
  readonly slowMs: number
  readonly quota: Quota
  readonly waiting: WaitingTable
  /** Index of the entry before the first one that will come. */
  readonly applied: number
  /** The 16 bits that mark request ids of this member. */
  readonly idPrefix: number
  /** A configuration change was reached; `isNew` unless its effects are in the state file already. */
  readonly configurationChanged: (entry: Entry, isNew: boolean) => void
  /** The first entry of this term, which its leader wrote, was applied. */
  readonly termStarted: (term: number) => void
}

/**
 * Applies committed entries in order. Entries whose effects are in the state file already (after a restart) are passed
 * over, except that raft has to hear of configuration changes again.
 */
export class Applier {
  readonly #parts: ApplierParts
  readonly #parsed = new ParsedEntry()
  readonly #durations = new Map<number, OperationDurations>()
  /** Index of the last entry that was applied. */
  applied: number

  constructor(parts: ApplierParts) {
    this.#parts = parts
    this.applied = parts.applied
  }

  /** The state is that of a snapshot now, which contains the entries up to `index`. */
  installed(index: number): void {
    this.applied = index
  }

  /** Applies an entry, or its first slice. */
  apply(entry: Entry): Continuation | undefined {
    const { state } = this.#parts
    assert(entry.index === this.applied + 1, `entry ${entry.index} was handed to apply behind entry ${this.applied}`)
    const isNew = entry.index > state.backend.consistent.index
    let rest: Continuation | undefined
    if (entry.type !== EntryType.EntryNormal) this.#parts.configurationChanged(entry, isNew)
    else if (entry.data.length === 0) this.#parts.termStarted(entry.term)
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
    if (parsed.operation === OperationField.v2) return void applyV2Request(this.#parts.state.cluster, entry, parsed)
    const operation = operations.get(parsed.operation)
    if (operation === undefined) {
      throw new ServerError(
        'STORAGE',
        `entry ${entry.index} holds operation ${parsed.operation}, which this member lacks`,
      )
    }
    parsed.index = entry.index
    const { state, quota, clock } = this.#parts
    const startMs = clock.now()
    const proposer = this.#proposer(parsed)
    if (proposer !== undefined) {
      proposer.entryIndex = entry.index
      proposer.applyMs = startMs
    }
    const refusal =
      (state.auth.isEnabled ? refusalByAuth(state, entry.data, parsed, operation.name) : undefined) ??
      (state.alarms.any ? refusalByAlarm(state, entry.data, parsed) : undefined)
    let rest: Continuation | undefined
    let isOver = false
    if (refusal !== undefined) refuse(parsed, proposer, refusal)
    else {
      isOver = isOverQuota(quota, entry.data, parsed)
      rest = operation.apply(state, entry.data, parsed, isOver ? new OverQuota(quota, proposer) : proposer)
    }
    if (isOver) parsed.refusal ??= Refusal.of('NO_SPACE')
    if (rest === undefined) {
      this.#measure(entry, proposer, startMs)
      return undefined
    }
    const more = rest
    return () => {
      if (!more()) return false
      this.#measure(entry, proposer, startMs)
      return true
    }
  }

  /** Notes what the operation took that was parsed last: no other is before it is through. */
  #measure(entry: Entry, proposer: Proposer | undefined, startMs: number): void {
    const { clock, slow, slowMs } = this.#parts
    const { operation, refusal } = this.#parsed
    const nowMs = clock.now()
    const tookMs = nowMs - startMs
    const durations = this.durationsOf(operation)
    durations.apply.observe(refusal === undefined || refusal.code === 'COMPACTED', tookMs / 1000)
    if (proposer !== undefined) durations.request.observe(refusal === undefined, (nowMs - proposer.startedMs) / 1000)
    if (tookMs > slowMs || refusal !== undefined) slow.applied(entry.data, tookMs, refusal)
  }

  /** Where durations of an operation are counted. */
  durationsOf(operation: number): OperationDurations {
    let durations = this.#durations.get(operation)
    if (durations === undefined) {
      durations = this.#parts.state.metrics.operation(operations.get(operation)?.name ?? 'unknown')
      this.#durations.set(operation, durations)
    }
    return durations
  }

  #proposer(parsed: ParsedEntry): Proposer | undefined {
    return parsed.idPrefix === this.#parts.idPrefix ? this.#parts.waiting.take(parsed.idSuffix) : undefined
  }
}
