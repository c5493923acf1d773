import { AlarmRequestAlarmAction as Action, AlarmType, encodeAlarmRequest } from '@kvs/proto/rpc'
import { OwnProposal } from '../consensus/waiting.ts'
import type { Member } from '../edge/member.ts'
import { OperationField } from '../requests/entry.ts'

/** Raises the CORRUPT alarm of a member; member 0: somebody's, and nobody knows whose. */
export function raiseCorrupt(member: Pick<Member, 'clock' | 'logger' | 'propose'>, memberId: bigint): void {
  const body = encodeAlarmRequest({ action: Action.ACTIVATE, memberId, alarm: AlarmType.CORRUPT })
  const proposal = new OwnProposal(member.clock.now(), {
    applied: () => {},
    refused: refusal => member.logger.error('failed to raise the alarm CORRUPT', { error: refusal.message }),
  })
  member.propose(OperationField.alarm, body, 0, body.length, proposal)
}
