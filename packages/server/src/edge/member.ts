import type { ResponseHeader } from '@kvs/proto/rpc'
import type { Backups } from '../backups.ts'
import type { OperationField } from '../entry.ts'
import type { MemberOptions } from '../options.ts'
import type { Clock, Logger, Random } from '../parts.ts'
import type { Quota } from '../quota.ts'
import type { RequestIds } from '../request-id.ts'
import type { SlowRequests } from '../slow-requests.ts'
import type { State } from '../state.ts'
import type { Proposer, Waiter } from '../waiting.ts'
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
}
