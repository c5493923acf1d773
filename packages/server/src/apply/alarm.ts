import {
  AlarmRequestAlarmAction as Action,
  type AlarmMember,
  AlarmType,
  decodeAlarmRequest,
  decodeTxnRequest,
} from '@kvs/proto/rpc'
import { Refusal } from '../errors.ts'
import { txnCostBytes } from '../requests/cost.ts'
import { OperationField, type ParsedEntry } from '../requests/entry.ts'
import type { State } from '../state/state.ts'
import type { Operation } from './operation.ts'
import type { AlarmOutcome } from './outcome.ts'

/** Lists, raises and ends alarms. The outcome has those that the request was about and that are active, or were. */
export const alarm: Operation = {
  name: 'Alarm',
  apply(state, data, entry, waiter) {
    const { action, memberId, alarm: type } = decodeAlarmRequest(data, entry.start, entry.end)
    const subject: AlarmMember = { memberId, alarm: type }
    let alarms: readonly AlarmMember[] = []
    if (action === Action.GET) alarms = state.alarms.list(type)
    else if (action === Action.ACTIVATE && type !== AlarmType.NONE) {
      state.alarms.activate(subject)
      alarms = [subject]
    } else if (action === Action.DEACTIVATE && state.alarms.deactivate(subject)) alarms = [subject]
    const outcome: AlarmOutcome = { revision: state.store.revision, alarms }
    waiter?.applied(outcome)
    return undefined
  },
}

/** Everything on keys and leases, but checkpoints. */
const refusedWhileCorrupt: ReadonlySet<number> = new Set([
  OperationField.put,
  OperationField.range,
  OperationField.deleteRange,
  OperationField.txn,
  OperationField.compaction,
  OperationField.leaseGrant,
  OperationField.leaseRevoke,
])

/** The refusal that the active alarms mean for an entry. Without space, only what makes the state grow is refused. */
export function refusalByAlarm({ alarms }: State, data: Uint8Array, entry: ParsedEntry): Refusal | undefined {
  const { operation } = entry
  if (alarms.has(AlarmType.CORRUPT) && refusedWhileCorrupt.has(operation)) return Refusal.of('CORRUPT')
  if (!alarms.has(AlarmType.NOSPACE)) return undefined
  const grows =
    operation === OperationField.put ||
    operation === OperationField.leaseGrant ||
    (operation === OperationField.txn && txnCostBytes(decodeTxnRequest(data, entry.start, entry.end)) > 0)
  return grows ? Refusal.of('NO_SPACE') : undefined
}
