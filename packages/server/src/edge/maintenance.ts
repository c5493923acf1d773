import type { MethodHandler, UnaryCall, UnaryMethod } from '@kvs/grpc'
import { Maintenance, writeStatusResponse } from '@kvs/proto/rpc'
import { Refusal } from '../errors.ts'
import { quotaBytes } from '../options.ts'
import { describeAlarm } from '../state/alarms.ts'
import { storageVersionIn, version } from '../version.ts'
import { replyMessage } from './answer.ts'
import type { Member } from './member.ts'

/** What a client can ask about the member. */
export function statusMethods(member: Member): Map<string, MethodHandler> {
  const unary = (handle: UnaryMethod['handle']): UnaryMethod => ({ kind: 'unary', handle })
  return new Map<string, MethodHandler>([[Maintenance.status.path, unary(call => status(member, call))]])
}

function status(member: Member, call: UnaryCall): void {
  const { state, consensus } = member
  const sizes = state.backend.sizes()
  const { downgrade } = state.cluster
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
    isLearner: member.isLearner,
    storageVersion: storageVersionIn(state.cluster.version),
    downgradeInfo: { enabled: downgrade?.isEnabled, targetVersion: downgrade?.targetVersion },
  })
}
