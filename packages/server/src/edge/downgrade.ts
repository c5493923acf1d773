import type { MethodHandler, UnaryCall } from '@kvs/grpc'
import {
  checkDowngradeTarget,
  formatMajorMinor,
  formatVersion,
  MembershipError,
  majorMinorOf,
  parseVersion,
  type Version,
} from '@kvs/membership'
import { encodeDowngradeInfoSetRequest } from '@kvs/proto/membership'
import { DowngradeRequestDowngradeAction as Action, Maintenance, writeDowngradeResponse } from '@kvs/proto/rpc'
import { Refusal } from '../errors.ts'
import { OperationField } from '../requests/entry.ts'
import { decodeOrFail, refuse, replyMessage, WaitingCall } from './answer.ts'
import type { Member } from './member.ts'

/** `Maintenance.Downgrade`: allows the cluster to fall back by one minor version, and takes that back. */
export function downgradeMethods(member: Member): Map<string, MethodHandler> {
  const handle = (call: UnaryCall, body: Uint8Array, start: number, end: number): void => {
    const request = decodeOrFail(call, Maintenance.downgrade, body, start, end)
    if (request === undefined) return
    switch (request.action) {
      case Action.VALIDATE:
        return validate(member, call, request.version, () => answerDowngrade(call, undefined, member))
      case Action.ENABLE:
        return validate(member, call, request.version, target => set(member, call, formatVersion(target)))
      case Action.CANCEL:
        return cancel(member, call)
      default:
        refuse(call, Refusal.of('UNKNOWN_METHOD'))
    }
  }
  return new Map<string, MethodHandler>([[Maintenance.downgrade.path, { kind: 'unary', handle }]])
}

/** The checks in etcd's order: format, a version of the cluster, what the log says, one minor below, none under way. */
function validate(member: Member, call: UnaryCall, text: string, go: (target: Version) => void): void {
  const { cluster } = member.state
  const target = versionIn(text)
  if (target === undefined) return refuse(call, Refusal.of('WRONG_DOWNGRADE_VERSION_FORMAT'))
  if (cluster.version === undefined) return refuse(call, Refusal.of('CLUSTER_VERSION_UNAVAILABLE'))
  const check = (): void => {
    try {
      checkDowngradeTarget(parseVersion(cluster.version ?? ''), target)
    } catch (error) {
      if (!(error instanceof MembershipError)) throw error
      return refuse(call, Refusal.of('INVALID_DOWNGRADE_TARGET_VERSION'))
    }
    if (cluster.downgrade?.isEnabled === true) return refuse(call, Refusal.of('DOWNGRADE_IN_PROCESS'))
    go(target)
  }
  member.readLinearizable({ applied: check, refused: refusal => refuse(call, refusal) })
}

/** `3.6` or `3.6.0`; the patch does not count. */
function versionIn(text: string): Version | undefined {
  try {
    return majorMinorOf(parseVersion(text))
  } catch {
    return undefined
  }
}

/** As etcd, nobody is told that there was nothing to cancel. */
function cancel(member: Member, call: UnaryCall): void {
  const go = (): void => {
    if (member.state.cluster.downgrade?.isEnabled === true) return set(member, call, undefined)
    member.logger.error('failed to cancel downgrade', { error: Refusal.of('NO_INFLIGHT_DOWNGRADE').message })
    answerDowngrade(call, undefined, member)
  }
  member.readLinearizable({ applied: go, refused: refusal => refuse(call, refusal) })
}

/** `target` undefined: none. */
function set(member: Member, call: UnaryCall, target: string | undefined): void {
  const body = encodeDowngradeInfoSetRequest({ enabled: target !== undefined, ver: target ?? '' })
  member.propose(OperationField.downgradeInfoSet, body, 0, body.length, new WaitingCall(call, member, answerDowngrade))
}

function answerDowngrade(call: UnaryCall, _outcome: unknown, member: Member): void {
  const { cluster, store } = member.state
  const header = member.messageHeader(store.revision)
  const version = cluster.version === undefined ? '' : formatMajorMinor(parseVersion(cluster.version))
  replyMessage(call, writeDowngradeResponse, { header, version })
}
