import type { MethodHandler, UnaryCall } from '@kvs/grpc'
import { AlarmRequestAlarmAction as Action, Maintenance, writeAlarmResponse } from '@kvs/proto/rpc'
import type { AlarmOutcome } from '../apply/outcome.ts'
import { Refusal } from '../errors.ts'
import { OperationField } from '../requests/entry.ts'
import { decodeOrFail, refuse, replyMessage, WaitingCall } from './answer.ts'
import { asCaller, isPermitted, proposeAs } from './caller.ts'
import type { Member } from './member.ts'

/** `Maintenance.Alarm`: replicated even where it only lists. */
export function alarmMethods(member: Member): Map<string, MethodHandler> {
  const handle = (call: UnaryCall, body: Uint8Array, start: number, end: number): void => {
    const request = decodeOrFail(call, Maintenance.alarm, body, start, end)
    if (request === undefined) return
    const isKnown = (Object.values(Action) as number[]).includes(request.action)
    if (!isKnown) return refuse(call, Refusal.of('UNKNOWN_METHOD'))
    const { auth } = member.state
    if (!auth.isEnabled) return proposeAs(member, call, OperationField.alarm, answerAlarm, body, start, end)
    const kept = body.slice(start, end)
    asCaller(member, call, caller => {
      if (!isPermitted(call, auth.access.checkAlarm(caller, request.action === Action.GET))) return
      const waiter = new WaitingCall<AlarmOutcome>(call, member, answerAlarm, caller)
      member.propose(OperationField.alarm, kept, 0, kept.length, waiter)
    })
  }
  return new Map<string, MethodHandler>([[Maintenance.alarm.path, { kind: 'unary', handle }]])
}

function answerAlarm(call: UnaryCall, { revision, alarms }: AlarmOutcome, member: Member): void {
  replyMessage(call, writeAlarmResponse, { header: member.messageHeader(revision), alarms })
}
