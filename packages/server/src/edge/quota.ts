import type { UnaryCall } from '@kvs/grpc'
import { Refusal } from '../errors.ts'
import { refuse } from './answer.ts'
import type { Member } from './member.ts'

/** Refuses a call that the quota has no room for; every such call raises the alarm, as in etcd. */
export function refuseOverQuota(member: Member, call: UnaryCall): void {
  member.quota.raiseAlarm(() => refuse(call, Refusal.of('NO_SPACE')))
}
