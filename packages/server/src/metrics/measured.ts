import type { TransportState } from '@kvs/rafthttp'
import type { ConsensusStatus } from '../edge/member.ts'
import type { MemberOptions } from '../options.ts'
import type { Effects } from '../state/effects.ts'
import type { State } from '../state/state.ts'
import type { CallMetrics } from './calls.ts'
import type { Metrics } from './metrics.ts'

/** What a scrape reads of a member. */
export interface Measured {
  readonly id: bigint
  readonly options: MemberOptions
  readonly state: State
  readonly effects: Effects
  readonly consensus: ConsensusStatus
  readonly metrics: Metrics
  readonly calls: CallMetrics
  readonly peerState: Pick<TransportState, 'peers' | 'unknown'>
  /** Proposals whose outcome is not known. */
  readonly pendingProposals: number
  /** Bytes written to the log since the start. */
  readonly walBytes: number
  /** Bytes of gRPC messages, without framing. */
  readonly grpcBytes: { readonly receivedBytes: number; readonly sentBytes: number }
}
