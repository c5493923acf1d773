import type { RaftConfig, Logger as RaftLogger, RaftStorage } from '@kvs/raft'
import * as limits from '../limits.ts'
import { electionTicksOf, type MemberOptions } from '../options.ts'
import type { Logger, Random } from '../parts.ts'

/** Raft as etcd runs it: pre-vote (unless it is off) and check-quorum on, and here with asynchronous storage writes. */
export function raftConfig(parts: {
  readonly id: bigint
  readonly storage: RaftStorage
  readonly options: MemberOptions
  readonly random: Random
  readonly logger: Logger
}): RaftConfig {
  const { options, random } = parts
  return {
    id: parts.id,
    storage: parts.storage,
    electionTick: electionTicksOf(options),
    heartbeatTick: 1,
    asyncStorageWrites: true,
    maxSizePerMsg: limits.maxSizePerMessageBytes,
    maxInflightMsgs: limits.maxInflightMessages,
    maxInflightBytes: limits.maxInflightBytes,
    checkQuorum: true,
    preVote: options.preVote,
    random: bound => random.below(bound),
    logger: raftLogger(parts.logger),
  }
}

/** Raft's sentences as log lines of the member, logged by raft itself as far as anybody can see. */
function raftLogger({ debug, info, warn, error }: Logger): RaftLogger {
  return { debug, info, warning: warn, error }
}
