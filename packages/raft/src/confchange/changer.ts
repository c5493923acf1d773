import type { TrackerConfig } from '../tracker/config.ts'
import { Inflights } from '../tracker/inflights.ts'
import { Progress } from '../tracker/progress.ts'
import type { ProgressMap } from '../tracker/tracker.ts'
import { type ConfChangeSingle, ConfChangeType } from '../types.ts'
import { ConfChangeError } from './errors.ts'

/** What a change starts from. It is only read. */
export interface ConfChangeState {
  readonly config: TrackerConfig
  readonly progress: ProgressMap
  /** Last index of the own log: where probing of new members starts. */
  readonly lastIndex: number
  /** Limits of the windows that new members get. */
  readonly inflightLimits: { readonly sizeMax: number; readonly bytesMax: number }
}

/**
 * The configuration after a change. `Progress` objects of members whose role stays are those of the base; the others
 * are new ones that share their window with the old, so the base must be given up for this.
 */
export interface Changed {
  readonly config: TrackerConfig
  readonly progress: ProgressMap
}

/**
 * Changes that together alter the set of voters by one at most, which needs no joint configuration (thesis 4.1).
 * Throws `ConfChangeError`.
 */
export function simple(base: ConfChangeState, changes: readonly ConfChangeSingle[]): Changed {
  checkInvariants(base)
  if (isJoint(base.config)) {
    throw new ConfChangeError('SIMPLE_IN_JOINT', "can't apply simple config change in joint config")
  }
  const draft = draftOf(base)
  applyAll(draft, base, changes)
  if (countDifferent(base.config.incoming, draft.incoming) > 1) {
    throw new ConfChangeError('NEEDS_JOINT', 'more than one voter changed without entering joint config')
  }
  return checked(draft)
}

/**
 * Any changes, by way of a joint configuration (thesis 4.3): the present voters become the outgoing half, and the
 * changes make the incoming one. `autoLeave` is kept in the configuration for whoever leaves it. Throws
 * `ConfChangeError`.
 */
export function enterJoint(base: ConfChangeState, autoLeave: boolean, changes: readonly ConfChangeSingle[]): Changed {
  checkInvariants(base)
  if (isJoint(base.config)) throw new ConfChangeError('ALREADY_JOINT', 'config is already joint')
  if (base.config.incoming.size === 0) {
    throw new ConfChangeError('NO_VOTERS', "can't make a zero-voter config joint")
  }
  const draft = draftOf(base)
  draft.outgoing = new Set(draft.incoming)
  applyAll(draft, base, changes)
  draft.autoLeave = autoLeave
  return checked(draft)
}

/**
 * Drops the outgoing half: who is neither voter nor learner of the incoming one is no member any more, and who waited
 * to be a learner becomes one. Throws `ConfChangeError`.
 */
export function leaveJoint(base: ConfChangeState): Changed {
  checkInvariants(base)
  if (!isJoint(base.config)) throw new ConfChangeError('NOT_JOINT', "can't leave a non-joint config")
  const draft = draftOf(base)
  for (const id of draft.learnersNext) {
    draft.learners.add(id)
    setLearner(draft, id, true)
  }
  for (const id of draft.outgoing) {
    if (!draft.incoming.has(id) && !draft.learners.has(id)) draft.progress.delete(id)
  }
  draft.learnersNext = new Set()
  draft.outgoing = new Set()
  draft.autoLeave = false
  return checked(draft)
}

/** The next configuration in the making. */
interface Draft {
  readonly incoming: Set<bigint>
  outgoing: Set<bigint>
  autoLeave: boolean
  readonly learners: Set<bigint>
  learnersNext: Set<bigint>
  readonly progress: Map<bigint, Progress>
}

function draftOf({ config, progress }: ConfChangeState): Draft {
  return {
    incoming: new Set(config.incoming),
    outgoing: new Set(config.outgoing),
    autoLeave: config.autoLeave,
    learners: new Set(config.learners),
    learnersNext: new Set(config.learnersNext),
    progress: new Map(progress),
  }
}

function applyAll(draft: Draft, base: ConfChangeState, changes: readonly ConfChangeSingle[]): void {
  for (const { type, nodeId } of changes) {
    // Id 0 stands for a committed change that the application decided not to carry out.
    if (nodeId === 0n) continue
    switch (type) {
      case ConfChangeType.ConfChangeAddNode:
        makeVoter(draft, base, nodeId)
        break
      case ConfChangeType.ConfChangeAddLearnerNode:
        makeLearner(draft, base, nodeId)
        break
      case ConfChangeType.ConfChangeRemoveNode:
        remove(draft, nodeId)
        break
      case ConfChangeType.ConfChangeUpdateNode:
        break
      default:
        throw new ConfChangeError('UNKNOWN_TYPE', `unexpected conf type ${type as number}`)
    }
  }
  if (draft.incoming.size === 0) throw new ConfChangeError('REMOVED_ALL_VOTERS', 'removed all voters')
}

function makeVoter(draft: Draft, base: ConfChangeState, id: bigint): void {
  if (draft.progress.has(id)) setLearner(draft, id, false)
  else draft.progress.set(id, newProgress(base, false))
  draft.learners.delete(id)
  draft.learnersNext.delete(id)
  draft.incoming.add(id)
}

function makeLearner(draft: Draft, base: ConfChangeState, id: bigint): void {
  const progress = draft.progress.get(id)
  if (progress === undefined) {
    draft.learners.add(id)
    draft.progress.set(id, newProgress(base, true))
    return
  }
  if (progress.isLearner) return
  draft.incoming.delete(id)
  // Nobody is voter and learner at once: who still votes in the outgoing half becomes a learner when that is left.
  if (draft.outgoing.has(id)) draft.learnersNext.add(id)
  else {
    draft.learners.add(id)
    setLearner(draft, id, true)
  }
}

function remove(draft: Draft, id: bigint): void {
  draft.incoming.delete(id)
  draft.learners.delete(id)
  draft.learnersNext.delete(id)
  if (!draft.outgoing.has(id)) draft.progress.delete(id)
}

/**
 * A member just added counts as active, or the leader's next check of its quorum could miss it unheard. Its probing
 * starts at the leader's last entry; a member with an empty log then asks for what it needs.
 */
function newProgress(base: ConfChangeState, isLearner: boolean): Progress {
  const inflights = new Inflights(base.inflightLimits)
  return new Progress({ match: 0, next: Math.max(base.lastIndex, 1), inflights, isLearner, recentActive: true })
}

/** Puts a copy with the other role in the place of the progress of `id`, so that the base keeps its own. */
function setLearner(draft: Draft, id: bigint, isLearner: boolean): void {
  const old = draft.progress.get(id) as Progress
  if (old.isLearner === isLearner) return
  const { match, next, inflights, recentActive } = old
  const copy = new Progress({ match, next, inflights, isLearner, recentActive })
  copy.state = old.state
  copy.sentCommit = old.sentCommit
  copy.pendingSnapshot = old.pendingSnapshot
  copy.appendPaused = old.appendPaused
  draft.progress.set(id, copy)
}

function checked(draft: Draft): Changed {
  const { progress, ...config } = draft
  checkInvariants({ config, progress })
  return { config, progress }
}

/** An empty configuration passes: the first one is made from it. */
function checkInvariants({ config, progress }: Changed): void {
  const { incoming, outgoing, learners, learnersNext } = config
  for (const ids of [incoming, outgoing, learners, learnersNext]) {
    for (const id of ids) invariant(progress.has(id), `no progress for ${id}`)
  }
  for (const id of learnersNext) {
    invariant(outgoing.has(id), `${id} is in LearnersNext, but not Voters[1]`)
    const isLearner = progress.get(id)?.isLearner === true
    invariant(!isLearner, `${id} is in LearnersNext, but is already marked as learner`)
  }
  for (const id of learners) {
    invariant(!outgoing.has(id), `${id} is in Learners and Voters[1]`)
    invariant(!incoming.has(id), `${id} is in Learners and Voters[0]`)
    invariant(progress.get(id)?.isLearner === true, `${id} is in Learners, but is not marked as learner`)
  }
  if (!isJoint(config)) invariant(!config.autoLeave, 'AutoLeave must be false when not joint')
}

function invariant(holds: boolean, message: string): void {
  if (!holds) throw new ConfChangeError('INVARIANT', message)
}

function isJoint(config: TrackerConfig): boolean {
  return config.outgoing.size > 0
}

function countDifferent(left: ReadonlySet<bigint>, right: ReadonlySet<bigint>): number {
  let count = 0
  for (const id of left) if (!right.has(id)) count++
  for (const id of right) if (!left.has(id)) count++
  return count
}
