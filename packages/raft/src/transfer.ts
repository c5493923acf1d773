import { noNode } from './config.ts'
import type { Raft } from './raft.ts'
import { sendAppend, sendTimeoutNow } from './replication.ts'
import type { Progress } from './tracker/progress.ts'

/**
 * Hands leadership over (thesis 3.10): bring the target's log up to date, then tell it to campaign at once. Proposals are
 * dropped meanwhile; after an election timeout the transfer is given up.
 */
export function transferLeader(raft: Raft, to: bigint, progress: Progress): void {
  const at = `${raft.hexId} [term ${raft.term}]`
  const target = to.toString(16)
  if (progress.isLearner) {
    raft.logger.debug(`${raft.hexId} is learner. Ignored transferring leadership`)
    return
  }
  const previous = raft.leadTransferee
  if (previous === to) {
    raft.logger.info(`${at} transfer leadership to ${target} is in progress, ignores request to same node ${target}`)
    return
  }
  if (previous !== noNode) {
    raft.abortLeaderTransfer()
    raft.logger.info(`${at} abort previous transferring leadership to ${previous.toString(16)}`)
  }
  if (to === raft.id) {
    raft.logger.debug(`${raft.hexId} is already leader. Ignored transferring leadership to self`)
    return
  }
  raft.logger.info(`${at} starts to transfer leadership to ${target}`)
  raft.electionElapsed = 0
  raft.leadTransferee = to
  if (progress.match === raft.log.lastIndex()) {
    sendTimeoutNow(raft, to)
    raft.logger.info(
      `${raft.hexId} sends MsgTimeoutNow to ${target} immediately as ${target} already has up-to-date log`,
    )
  } else sendAppend(raft, to)
}
