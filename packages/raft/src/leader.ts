import { broken } from './assert.ts'
import { noNode } from './config.ts'
import { confChangeText } from './describe.ts'
import { messageName } from './message.ts'
import type { Raft, StepResult } from './raft.ts'
import { confirmReads, releasePendingReads, requestRead } from './read-index.ts'
import {
  appendEntries,
  broadcastAppend,
  broadcastHeartbeat,
  maybeSendAppend,
  sendAppend,
  sendTimeoutNow,
} from './replication.ts'
import { describeConfig } from './tracker/config.ts'
import { describeProgress, type Progress } from './tracker/progress.ts'
import { transferLeader } from './transfer.ts'
import { type Entry, EntryType, type Message, MessageType } from './types.ts'
import { confChangeToV2, decodeConfChange, decodeConfChangeV2 } from './wire.ts'

/** What a leader does with a message of its own term. */
export function stepLeader(raft: Raft, message: Message): StepResult {
  switch (message.type) {
    case MessageType.MsgBeat:
      broadcastHeartbeat(raft)
      return 'accepted'
    case MessageType.MsgCheckQuorum:
      checkQuorum(raft)
      return 'accepted'
    case MessageType.MsgProp:
      return propose(raft, message)
    case MessageType.MsgReadIndex:
      requestRead(raft, message)
      return 'accepted'
    case MessageType.MsgForgetLeader:
      return 'accepted'
    default:
      stepFrom(raft, message)
      return 'accepted'
  }
}

/** Messages that make sense only from, or about, a member. */
function stepFrom(raft: Raft, message: Message): void {
  const progress = raft.tracker.get(message.from)
  if (progress === undefined) {
    raft.logger.debug(`${raft.hexId} no progress available for ${message.from.toString(16)}`)
    return
  }
  switch (message.type) {
    case MessageType.MsgAppResp:
      progress.recentActive = true
      if (message.reject) probeBack(raft, message, progress)
      else acknowledge(raft, message, progress)
      return
    case MessageType.MsgHeartbeatResp:
      heartbeatAnswered(raft, message, progress)
      return
    case MessageType.MsgSnapStatus:
      snapshotReported(raft, message, progress)
      return
    case MessageType.MsgUnreachable:
      // While replicating optimistically, everything in flight is lost with the connection.
      if (progress.state === 'replicate') progress.becomeProbe()
      raft.logger.debug(
        `${raft.hexId} failed to send message to ${message.from.toString(16)} because it is unreachable ` +
          `[${describeProgress(progress)}]`,
      )
      return
    case MessageType.MsgTransferLeader:
      transferLeader(raft, message.from, progress)
      return
    default:
  }
}

/** Steps down if no quorum was heard of since the last check (thesis 6.2). */
function checkQuorum(raft: Raft): void {
  if (!raft.tracker.quorumActive()) {
    raft.logger.warning(`${raft.hexId} stepped down to follower since quorum is not active`)
    raft.becomeFollower(raft.term, noNode)
  }
  for (const [id, progress] of raft.tracker.progress) if (id !== raft.id) progress.recentActive = false
}

function propose(raft: Raft, message: Message): StepResult {
  if (message.entries.length === 0) broken(`${raft.hexId} stepped empty MsgProp`)
  // A leader that was removed takes nothing new.
  if (raft.tracker.get(raft.id) === undefined) return 'dropped'
  if (raft.leadTransferee !== noNode) {
    raft.logger.debug(
      `${raft.hexId} [term ${raft.term}] transfer leadership to ${raft.leadTransferee.toString(16)} is in progress; ` +
        'dropping proposal',
    )
    return 'dropped'
  }
  const entries = message.entries.some(isConfChange)
    ? message.entries.map((entry, i) => (isConfChange(entry) ? checkConfChange(raft, entry, i) : entry))
    : message.entries
  if (!appendEntries(raft, entries)) return 'dropped'
  broadcastAppend(raft)
  return 'accepted'
}

const isConfChange = (entry: Entry): boolean => entry.type !== EntryType.EntryNormal

/** The entry itself, or an empty one where the change must not be made now. */
function checkConfChange(raft: Raft, entry: Entry, position: number): Entry {
  const change =
    entry.type === EntryType.EntryConfChange ? decodeConfChange(entry.data) : decodeConfChangeV2(entry.data)
  const { config } = raft.tracker
  const isJoint = config.outgoing.size > 0
  const leaves = confChangeToV2(change).changes.length === 0
  let problem: string | undefined
  if (raft.pendingConfIndex > raft.log.applied) {
    problem = `possible unapplied conf change at index ${raft.pendingConfIndex} (applied to ${raft.log.applied})`
  } else if (isJoint && !leaves) problem = 'must transition out of joint config first'
  else if (!isJoint && leaves) problem = 'not in joint state; refusing empty conf change'
  if (problem !== undefined && !raft.config.disableConfChangeValidation) {
    raft.logger.info(
      `${raft.hexId} ignoring conf change ${confChangeText(change)} at config ${describeConfig(config)}: ${problem}`,
    )
    return { type: EntryType.EntryNormal, term: 0, index: 0, data: new Uint8Array(0) }
  }
  raft.pendingConfIndex = raft.log.lastIndex() + position + 1
  return entry
}

/** The follower's log does not have the entry before those sent: go back to where the logs may meet (paper 5.3). */
function probeBack(raft: Raft, message: Message, progress: Progress): void {
  const follower = message.from.toString(16)
  raft.logger.debug(
    `${raft.hexId} received ${messageName(message.type)}(rejected, hint: (index ${message.rejectHint}, term ` +
      `${message.logTerm})) from ${follower} for index ${message.index}`,
  )
  const hint =
    message.logTerm > 0 ? raft.log.findConflictByTerm(message.rejectHint, message.logTerm).index : message.rejectHint
  if (!progress.maybeDecreaseTo(message.index, hint)) return
  raft.logger.debug(`${raft.hexId} decreased progress of ${follower} to [${describeProgress(progress)}]`)
  if (progress.state === 'replicate') progress.becomeProbe()
  sendAppend(raft, message.from)
}

function acknowledge(raft: Raft, message: Message, progress: Progress): void {
  const { from, index } = message
  const last = raft.log.lastIndex()
  // Only this leader appends in its term: who has more than it has, or it has lost what it had.
  if (index > last) broken(`${from.toString(16)} acknowledged(${index}), which is out of range [lastIndex(${last})]`)
  // An acknowledgement of what is known already still ends probing.
  const isNews = progress.maybeUpdate(index) || (progress.match === index && progress.state === 'probe')
  if (!isNews) return
  if (progress.state === 'probe') progress.becomeReplicate()
  else if (progress.state === 'replicate') progress.inflights.freeUpTo(index)
  else if (progress.match + 1 >= raft.log.firstIndex()) {
    raft.logger.debug(
      `${raft.hexId} recovered from needing snapshot, resumed sending replication messages to ` +
        `${from.toString(16)} [${describeProgress(progress)}]`,
    )
    progress.becomeProbe()
    progress.becomeReplicate()
  }
  if (raft.maybeCommit()) {
    releasePendingReads(raft)
    broadcastAppend(raft)
  } else if (from !== raft.id && progress.canBumpCommit(raft.log.committed)) {
    // The follower may not know of commits that were made while it was paused.
    sendAppend(raft, from)
  }
  if (from === raft.id) return
  // The window has room again: several size-limited messages may go at once.
  while (maybeSendAppend(raft, from, false));
  if (from === raft.leadTransferee && progress.match === raft.log.lastIndex()) {
    raft.logger.info(`${raft.hexId} sent MsgTimeoutNow to ${from.toString(16)} after received MsgAppResp`)
    sendTimeoutNow(raft, from)
  }
}

function heartbeatAnswered(raft: Raft, message: Message, progress: Progress): void {
  progress.recentActive = true
  progress.appendPaused = false
  // With a full window an empty append goes out, in case everything that filled it was lost.
  if (progress.match < raft.log.lastIndex() || progress.state === 'probe') sendAppend(raft, message.from)
  confirmReads(raft, message)
}

function snapshotReported(raft: Raft, message: Message, progress: Progress): void {
  if (progress.state !== 'snapshot') return
  const follower = message.from.toString(16)
  // After a failure probing must not begin behind a snapshot that was never restored.
  if (message.reject) progress.pendingSnapshot = 0
  progress.becomeProbe()
  const outcome = message.reject ? 'failed' : 'succeeded'
  raft.logger.debug(
    `${raft.hexId} snapshot ${outcome}, resumed sending replication messages to ${follower} ` +
      `[${describeProgress(progress)}]`,
  )
  // Wait for the follower's own word, or (after a failure) for the next heartbeat, before sending more.
  progress.appendPaused = true
}
