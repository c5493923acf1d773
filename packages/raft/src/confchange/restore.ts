import { type ConfChangeSingle, ConfChangeType, type ConfState } from '../types.ts'
import { type Changed, type ConfChangeState, enterJoint, simple } from './changer.ts'

/**
 * The configuration that `confState` describes, built by changes from `base`, which must be empty. A joint state is
 * built as it came about: first its outgoing voters, then one change that enters the joint configuration. Throws
 * `ConfChangeError` where no changes lead to `confState`.
 */
export function restore(base: ConfChangeState, confState: ConfState): Changed {
  const { voters, learners, votersOutgoing, learnersNext, autoLeave } = confState
  const incoming = [
    ...operations(ConfChangeType.ConfChangeRemoveNode, votersOutgoing),
    ...operations(ConfChangeType.ConfChangeAddNode, voters),
    ...operations(ConfChangeType.ConfChangeAddLearnerNode, learners),
    ...operations(ConfChangeType.ConfChangeAddLearnerNode, learnersNext),
  ]
  if (votersOutgoing.length === 0) return oneByOne(base, incoming)
  const outgoing = oneByOne(base, operations(ConfChangeType.ConfChangeAddNode, votersOutgoing))
  return enterJoint({ ...base, ...outgoing }, autoLeave, incoming)
}

function operations(type: ConfChangeType, ids: readonly bigint[]): ConfChangeSingle[] {
  return ids.map(nodeId => ({ type, nodeId }))
}

function oneByOne(base: ConfChangeState, changes: readonly ConfChangeSingle[]): Changed {
  let changed: Changed = { config: base.config, progress: base.progress }
  for (const change of changes) changed = simple({ ...base, ...changed }, [change])
  return changed
}
