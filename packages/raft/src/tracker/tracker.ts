import { jointCommitted, jointIds, jointVote } from '../quorum/joint.ts'
import type { VoteResult } from '../quorum/majority.ts'
import { emptyConfig, sortedIds, type TrackerConfig } from './config.ts'
import type { Progress } from './progress.ts'

/** Progress by id. */
export type ProgressMap = ReadonlyMap<bigint, Progress>

/** The configuration in force, what the leader knows of everyone in it, and the votes of the present election. */
export class ProgressTracker {
  #config: TrackerConfig = emptyConfig
  #progress: ProgressMap = new Map()
  /** Ids of all members in ascending order: everything goes round in this order. */
  #ids: readonly bigint[] = []
  readonly #votes = new Map<bigint, boolean>()

  get config(): TrackerConfig {
    return this.#config
  }

  get progress(): ProgressMap {
    return this.#progress
  }

  get ids(): readonly bigint[] {
    return this.#ids
  }

  set(config: TrackerConfig, progress: ProgressMap): void {
    this.#config = config
    this.#progress = progress
    this.#ids = sortedIds(progress.keys())
  }

  get(id: bigint): Progress | undefined {
    return this.#progress.get(id)
  }

  isSingleton(): boolean {
    return this.#config.incoming.size === 1 && this.#config.outgoing.size === 0
  }

  isVoter(id: bigint): boolean {
    return this.#config.incoming.has(id) || this.#config.outgoing.has(id)
  }

  /** Voters of both halves, ascending. */
  voterIds(): bigint[] {
    return jointIds(this.#config)
  }

  /** Largest index that a quorum has. */
  committed(): number {
    return jointCommitted(this.#config, this.#matchOf)
  }
  readonly #matchOf = (id: bigint): number | undefined => this.#progress.get(id)?.match

  /** Whether a quorum was heard of lately. */
  quorumActive(): boolean {
    const votes = new Map<bigint, boolean>()
    for (const [id, progress] of this.#progress) if (!progress.isLearner) votes.set(id, progress.recentActive)
    return jointVote(this.#config, votes) === 'won'
  }

  resetVotes(): void {
    this.#votes.clear()
  }

  /** The first vote of each member counts. */
  recordVote(id: bigint, granted: boolean): void {
    if (!this.#votes.has(id)) this.#votes.set(id, granted)
  }

  tallyVotes(): { readonly granted: number; readonly rejected: number; readonly result: VoteResult } {
    let granted = 0
    let rejected = 0
    for (const [id, progress] of this.#progress) {
      const vote = progress.isLearner ? undefined : this.#votes.get(id)
      if (vote === true) granted++
      else if (vote === false) rejected++
    }
    return { granted, rejected, result: jointVote(this.#config, this.#votes) }
  }

  /** Result of a round in which exactly `acked` have answered. */
  quorumOf(acked: ReadonlySet<bigint>): VoteResult {
    const votes = new Map<bigint, boolean>()
    for (const id of acked) votes.set(id, true)
    return jointVote(this.#config, votes)
  }
}
