import type { MethodHandler, UnaryCall, UnaryMethod } from '@kvs/grpc'
import { Cluster, Maintenance, writeMemberListResponse, writeStatusResponse } from '@kvs/proto/rpc'
import { describeAlarm } from '../alarms.ts'
import { Refusal } from '../errors.ts'
import { quotaBytes } from '../options.ts'
import { storageVersion, version } from '../version.ts'
import { decodeOrFail, refuse, replyMessage } from './answer.ts'
import type { Member } from './member.ts'

/** What a client can ask about the member and the cluster. */
export function statusMethods(member: Member): Map<string, MethodHandler> {
  const unary = (handle: UnaryMethod['handle']): UnaryMethod => ({ kind: 'unary', handle })
  return new Map<string, MethodHandler>([
    [Maintenance.status.path, unary(call => status(member, call))],
    [Cluster.memberList.path, unary((call, body, start, end) => memberList(member, call, body, start, end))],
  ])
}

function status(member: Member, call: UnaryCall): void {
  const { state, consensus } = member
  const sizes = state.backend.sizes()
  replyMessage(call, writeStatusResponse, {
    header: member.messageHeader(state.store.revision),
    version,
    dbSize: sizes.allocatedBytes,
    dbSizeInUse: sizes.inUseBytes,
    dbSizeQuota: quotaBytes(member.options),
    leader: consensus.leader,
    raftIndex: consensus.committed,
    raftTerm: consensus.term,
    raftAppliedIndex: consensus.applied,
    errors: [
      ...(consensus.leader === 0n ? [Refusal.of('NO_LEADER').message] : []),
      ...state.alarms.list().map(describeAlarm),
    ],
    isLearner: false,
    storageVersion,
    downgradeInfo: {},
  })
}

function memberList(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, Cluster.memberList, body, start, end)
  if (request === undefined) return
  const answer = (): void => {
    replyMessage(call, writeMemberListResponse, {
      header: member.messageHeader(0),
      members: member.state.cluster.members,
    })
  }
  if (!request.linearizable) return answer()
  member.readLinearizable({ applied: answer, refused: refusal => refuse(call, refusal) })
}
