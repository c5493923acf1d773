import type { Member as ClusterMember, MemberChange } from '@kvs/membership'
import type { ResponseHeader } from '@kvs/proto/rpc'
import type { ProgressStatus } from '@kvs/raft'
import type { PeerClient } from '@kvs/rafthttp'
import type { RequestIds } from '../consensus/request-id.ts'
import type { Proposer, Waiter } from '../consensus/waiting.ts'
import type { Failpoints } from '../failpoints/failpoints.ts'
import type { Leases } from '../leases/leases.ts'
import type { MemberOptions } from '../options.ts'
import type { Clock, Logger, Random } from '../parts.ts'
import type { OperationField } from '../requests/entry.ts'
import type { SlowRequests } from '../slow-requests.ts'
import type { Backups } from '../snapshots/backups.ts'
import type { Quota } from '../state/quota.ts'
import type { State } from '../state/state.ts'
import type { HeaderWriter } from './header.ts'

/** Consensus as seen from the edge. */
export interface ConsensusStatus {
  readonly term: number
  /** 0n: none known. */
  readonly leader: bigint
  readonly committed: number
  readonly applied: number
  readonly isLeader: boolean
}

/** What the services of the edge see of the member. */
export interface Member {
  readonly id: bigint
  readonly clusterId: bigint
  readonly options: MemberOptions
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly state: State
  /** What to say about reads that take too long. */
  readonly slow: SlowRequests
  readonly quota: Quota
  readonly backups: Backups
  readonly header: HeaderWriter
  readonly requestIds: RequestIds
  /** Current term, for headers. */
  readonly term: number
  readonly consensus: ConsensusStatus
  /** The header of answers that go through the generic codec; `revision` 0 leaves it out. */
  messageHeader(revision: number): ResponseHeader
  /** Proposes `body[start..end)` (copied at once) as operation `field`; `proposer` learns the outcome. */
  propose(field: OperationField, body: Uint8Array, start: number, end: number, proposer: Proposer): void
  /** Local state contains everything that was acknowledged: a linearizable read need not wait. */
  readonly readsAtOnce: boolean
  /** Calls back once local state contains everything acknowledged before this call; at once where that is so already. */
  readLinearizable(waiter: Waiter<void>): void
  /** Resolves when the write of the log that is under way is over; at once if there is none. */
  logWritten(): Promise<void>
  readonly failpoints: Failpoints | undefined
  /** Has no vote: it serves what needs none. */
  readonly isLearner: boolean
  /** Asks other members. */
  readonly peerClient: PeerClient
  /**
   * Proposes a change of the membership; `waiter` gets the members after it. There is no limit of time but the caller's:
   * once `isGone` says so, nobody waits any more.
   */
  changeMembers(change: MemberChange, waiter: Waiter<readonly ClusterMember[]>, isGone: () => boolean): void
  /** Monotonic time since when another member has been connected without a break; undefined if it is not. */
  connectedSince(id: bigint): number | undefined
  /** How far each member has followed; empty unless this member leads. */
  progress(): ReadonlyMap<bigint, ProgressStatus>
  /** Hands leadership over; how that ends is seen in `consensus`. */
  transferLeader(to: bigint): void
  /** It leads, and has not been held up so long that another may have taken over without its knowing. */
  readonly leadsSurely: boolean
  /** Resolves with true once what is committed now is applied, with false if that takes longer. */
  caughtUp(timeoutMs: number): Promise<boolean>
  /** What the primary of the leases says of them, wherever it is. */
  readonly leases: Leases
  /** Calls back when another leader comes to be known, or there is none. Returns how to take that back. */
  onLeaderChange(listener: () => void): () => void
}
