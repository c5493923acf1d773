import type { Raft } from './raft.ts'
import type { SoftState } from './ready.ts'
import type { TrackerConfig } from './tracker/config.ts'
import type { Progress } from './tracker/progress.ts'
import type { HardState } from './types.ts'

/** What is cheap to tell about a node. */
export interface BasicStatus {
  readonly id: bigint
  readonly hardState: HardState
  readonly softState: SoftState
  readonly applied: number
  readonly leadTransferee: bigint
}

/** What a leader knows of one member; a copy. */
export type ProgressStatus = Readonly<
  Pick<
    Progress,
    'match' | 'next' | 'state' | 'sentCommit' | 'pendingSnapshot' | 'recentActive' | 'appendPaused' | 'isLearner'
  >
> & { readonly inflightCount: number; readonly inflightFull: boolean }

export interface NodeStatus extends BasicStatus {
  readonly config: TrackerConfig
  /** By id, ascending; empty unless this node leads. */
  readonly progress: ReadonlyMap<bigint, ProgressStatus>
}

export function basicStatusOf(raft: Raft): BasicStatus {
  return {
    id: raft.id,
    hardState: raft.hardState(),
    softState: { lead: raft.lead, raftState: raft.state },
    applied: raft.log.applied,
    leadTransferee: raft.leadTransferee,
  }
}

export function statusOf(raft: Raft): NodeStatus {
  const progress = new Map<bigint, ProgressStatus>()
  if (raft.state === 'leader') {
    for (const id of raft.tracker.ids) progress.set(id, progressStatusOf(raft.tracker.get(id) as Progress))
  }
  return { ...basicStatusOf(raft), config: raft.tracker.config, progress }
}

function progressStatusOf(progress: Progress): ProgressStatus {
  const { match, next, state, sentCommit, pendingSnapshot, recentActive, appendPaused, isLearner, inflights } = progress
  return {
    match,
    next,
    state,
    sentCommit,
    pendingSnapshot,
    recentActive,
    appendPaused,
    isLearner,
    inflightCount: inflights.count,
    inflightFull: inflights.isFull(),
  }
}
