import {
  decodeMemberChange,
  encodeMemberChange,
  type Member,
  type MemberChange,
  MembershipError,
} from '@kvs/membership'
import { type ConfChange, type ConfState, decodeConfChange, type Entry } from '@kvs/raft'
import type { RequestIds } from '../consensus/request-id.ts'
import type { Waiter } from '../consensus/waiting.ts'
import { Refusal, type RefusalCode } from '../errors.ts'
import type { Logger } from '../parts.ts'
import type { ClusterState } from './cluster-state.ts'

export interface MembershipChangesParts {
  readonly cluster: ClusterState
  readonly requestIds: RequestIds
  readonly logger: Logger
  readonly propose: (change: ConfChange) => void
  /** Tells raft of a change that has its turn. */
  readonly applyToRaft: (change: ConfChange) => ConfState
  /** A change was made that had not been made before. */
  readonly changed: (change: MemberChange) => void
}

/** Who waits for a change: as long as his call goes on, for nobody can say how long a change may take. */
interface Proposer {
  readonly waiter: Waiter<readonly Member[]>
  readonly isGone: () => boolean
}

/**
 * Changes of the membership on their way through the log. They are checked again when they are applied, against what the
 * log says: what is refused then is refused on every member, and is no change for raft.
 */
export class MembershipChanges {
  readonly #parts: MembershipChangesParts
  readonly #waiting = new Map<bigint, Proposer>()

  constructor(parts: MembershipChangesParts) {
    this.#parts = parts
  }

  /** Proposes a change; `waiter` gets the members after it. */
  propose(change: MemberChange, waiter: Waiter<readonly Member[]>, isGone: () => boolean): void {
    const { requestIds, propose } = this.#parts
    for (const [id, proposer] of this.#waiting) if (proposer.isGone()) this.#waiting.delete(id)
    const id = requestIds.whole(requestIds.next())
    this.#waiting.set(id, { waiter, isGone })
    propose({ ...encodeMemberChange(change), id })
  }

  /**
   * A change has its turn in the log; `isNew` unless its effects are in the state already: a received state may hold more
   * than the snapshot it came with says.
   */
  apply(entry: Entry, isNew: boolean): ConfState {
    const { cluster, applyToRaft } = this.#parts
    const change = decodeConfChange(entry.data)
    const proposer = this.#waiting.get(change.id)
    this.#waiting.delete(change.id)
    const refusal = isNew ? this.#make(change) : undefined
    const isMade = isNew ? refusal === undefined : this.#wasMade(change)
    const confState = applyToRaft(isMade ? change : { ...change, nodeId: 0n })
    if (proposer?.isGone() === false) {
      if (refusal === undefined) proposer.waiter.applied(cluster.members)
      else proposer.waiter.refused(refusalOfMembership(refusal))
    }
    return confState
  }

  refuseAll(refusal: Refusal): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { waiter, isGone } of waiting) if (!isGone()) waiter.refused(refusal)
  }

  /** Whether a change was made that the state has behind it: who was ever a member is one, or was removed. */
  #wasMade(change: ConfChange): boolean {
    const { memberSet } = this.#parts.cluster
    return memberSet.isRemoved(change.nodeId) || memberSet.get(change.nodeId) !== undefined
  }

  #make(change: ConfChange): MembershipError | undefined {
    try {
      const made = decodeMemberChange(change)
      this.#parts.cluster.apply(made)
      this.#parts.changed(made)
      return undefined
    } catch (error) {
      if (!(error instanceof MembershipError)) throw error
      this.#parts.logger.warn('refused a configuration change', { error: error.message })
      return error
    }
  }
}

const refusals: Partial<Record<MembershipError['code'], RefusalCode>> = {
  ID_REMOVED: 'MEMBER_NOT_FOUND',
  ID_NOT_FOUND: 'MEMBER_NOT_FOUND',
  ID_EXISTS: 'MEMBER_EXIST',
  PEER_URL_EXISTS: 'PEER_URL_EXIST',
  NOT_LEARNER: 'MEMBER_NOT_LEARNER',
  LEARNER_NOT_READY: 'LEARNER_NOT_READY',
  TOO_MANY_LEARNERS: 'TOO_MANY_LEARNERS',
  NOT_ENOUGH_STARTED: 'MEMBER_NOT_ENOUGH_STARTED',
  UNHEALTHY: 'UNHEALTHY',
  BAD_URLS: 'MEMBER_BAD_UR_LS',
}

/** What a client is told about a change that cannot be made. */
export function refusalOfMembership(error: MembershipError): Refusal {
  const code = refusals[error.code]
  if (code === undefined) throw error
  return Refusal.of(code)
}
