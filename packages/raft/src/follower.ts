import { broken } from './assert.ts'
import { noNode } from './config.ts'
import { hup } from './election.ts'
import { draftMessage, messageName } from './message.ts'
import type { Raft, StepResult } from './raft.ts'
import { type Message, MessageType, type Snapshot } from './types.ts'

/** What a follower does with a message of its own term. */
export function stepFollower(raft: Raft, message: Message): StepResult {
  switch (message.type) {
    case MessageType.MsgProp:
      return forwardProposal(raft, message)
    case MessageType.MsgApp:
    case MessageType.MsgHeartbeat:
    case MessageType.MsgSnap:
      hearFromLeader(raft, message)
      return 'accepted'
    case MessageType.MsgTransferLeader:
      forward(raft, message, 'leader transfer msg')
      return 'accepted'
    case MessageType.MsgReadIndex:
      forward(raft, message, 'index reading msg')
      return 'accepted'
    case MessageType.MsgForgetLeader:
      forgetLeader(raft)
      return 'accepted'
    case MessageType.MsgTimeoutNow:
      raft.logger.info(
        `${raft.hexId} [term ${raft.term}] received MsgTimeoutNow from ${message.from.toString(16)} and starts an ` +
          'election to get leadership.',
      )
      // A transfer never asks first: the leader wants to go, and knows that our log is complete.
      hup(raft, 'transfer')
      return 'accepted'
    case MessageType.MsgReadIndexResp:
      confirmRead(raft, message)
      return 'accepted'
    default:
      return 'accepted'
  }
}

function forwardProposal(raft: Raft, message: Message): StepResult {
  if (raft.lead === noNode) {
    raft.logger.info(`${raft.hexId} no leader at term ${raft.term}; dropping proposal`)
    return 'dropped'
  }
  if (raft.config.disableProposalForwarding) {
    raft.logger.info(
      `${raft.hexId} not forwarding to leader ${raft.lead.toString(16)} at term ${raft.term}; dropping proposal`,
    )
    return 'dropped'
  }
  raft.send({ ...message, term: 0, to: raft.lead })
  return 'accepted'
}

function forward(raft: Raft, message: Message, what: string): void {
  if (raft.lead === noNode) raft.logger.info(`${raft.hexId} no leader at term ${raft.term}; dropping ${what}`)
  else raft.send({ ...message, term: 0, to: raft.lead })
}

function hearFromLeader(raft: Raft, message: Message): void {
  raft.electionElapsed = 0
  raft.lead = message.from
  if (message.type === MessageType.MsgApp) handleAppend(raft, message)
  else if (message.type === MessageType.MsgHeartbeat) handleHeartbeat(raft, message)
  else handleSnapshot(raft, message)
}

function forgetLeader(raft: Raft): void {
  if (raft.config.readOnlyOption === 'lease-based') {
    raft.logger.error('ignoring MsgForgetLeader due to ReadOnlyLeaseBased')
    return
  }
  if (raft.lead === noNode) return
  raft.logger.info(`${raft.hexId} forgetting leader ${raft.lead.toString(16)} at term ${raft.term}`)
  raft.lead = noNode
}

function confirmRead(raft: Raft, message: Message): void {
  const request = message.entries[0]
  if (request === undefined || message.entries.length !== 1) {
    raft.logger.error(
      `${raft.hexId} invalid format of ${messageName(message.type)} from ${message.from.toString(16)}, entries count: ` +
        `${message.entries.length}`,
    )
    return
  }
  raft.readStates.push({ index: message.index, requestContext: request.data })
}

/** Takes entries of the leader, or tells it where the logs may meet (paper 5.3, figure 2: AppendEntries RPC). */
export function handleAppend(raft: Raft, message: Message): void {
  const { from, index, logTerm } = message
  if (index < raft.log.committed) {
    acknowledge(raft, from, raft.log.committed)
    return
  }
  const last = raft.log.maybeAppend({ term: logTerm, index }, message.entries, message.commit)
  if (last !== undefined) {
    acknowledge(raft, from, last)
    return
  }
  raft.logger.debug(
    `${raft.hexId} [logterm: ${raft.log.termOrZero(index)}, index: ${index}] rejected MsgApp [logterm: ${logTerm}, ` +
      `index: ${index}] from ${from.toString(16)}`,
  )
  // Skip back over whole terms: the leader need not probe entry by entry.
  const hint = raft.log.findConflictByTerm(Math.min(index, raft.log.lastIndex()), logTerm)
  const rejection = draftMessage(MessageType.MsgAppResp, from)
  rejection.index = index
  rejection.reject = true
  rejection.rejectHint = hint.index
  rejection.logTerm = hint.term
  raft.send(rejection)
}

/** Everything up to `index` is equal here; that is said once it is durable. */
function acknowledge(raft: Raft, to: bigint, index: number): void {
  const answer = draftMessage(MessageType.MsgAppResp, to)
  answer.index = index
  raft.send(answer)
}

export function handleHeartbeat(raft: Raft, message: Message): void {
  raft.log.commitTo(message.commit)
  const answer = draftMessage(MessageType.MsgHeartbeatResp, message.from)
  answer.context = message.context
  raft.send(answer)
}

export function handleSnapshot(raft: Raft, message: Message): void {
  const snapshot = message.snapshot
  const { index, term } = snapshot?.metadata ?? { index: 0, term: 0 }
  const what = `snapshot [index: ${index}, term: ${term}]`
  if (snapshot !== undefined && restoreSnapshot(raft, snapshot)) {
    raft.logger.info(`${raft.hexId} [commit: ${raft.log.committed}] restored ${what}`)
    acknowledge(raft, message.from, raft.log.lastIndex())
  } else {
    raft.logger.info(`${raft.hexId} [commit: ${raft.log.committed}] ignored ${what}`)
    acknowledge(raft, message.from, raft.log.committed)
  }
}

/** Replaces log and configuration by a snapshot (paper 7). False if it brings nothing, or cannot be for us. */
function restoreSnapshot(raft: Raft, snapshot: Snapshot): boolean {
  const { index, term, confState } = snapshot.metadata
  if (index <= raft.log.committed) return false
  if (raft.state !== 'follower') broken(`${raft.hexId} restores a snapshot as ${raft.state}`)
  const members = [...confState.voters, ...confState.learners, ...confState.votersOutgoing]
  if (!members.includes(raft.id)) {
    raft.logger.warning(
      `${raft.hexId} attempted to restore snapshot but it is not in the ConfState ` +
        `[${members.map(String).join(' ')}]; should never happen`,
    )
    return false
  }
  const what = `snapshot [index: ${index}, term: ${term}]`
  if (raft.log.matchTerm({ term, index })) {
    raft.logger.info(`${stateOf(raft)} fast-forwarded commit to ${what}`)
    raft.log.commitTo(index)
    return false
  }
  raft.log.restore(snapshot)
  raft.restoreConfig(confState)
  raft.logger.info(`${stateOf(raft)} restored ${what}`)
  return true
}

function stateOf(raft: Raft): string {
  const last = raft.log.lastEntryId()
  return `${raft.hexId} [commit: ${raft.log.committed}, lastindex: ${last.index}, lastterm: ${last.term}]`
}
