import { noNode } from './config.ts'
import { campaignTransferContext } from './election.ts'
import { draftMessage, messageName, newMessage } from './message.ts'
import type { Raft } from './raft.ts'
import { type Message, MessageType } from './types.ts'

/** Settling terms: what happens before any role sees a message (paper 5.1), and who gets a vote (paper 5.2, 5.4.1). */

/** A message of a newer term. False if it is to be ignored. */
export function followNewerTerm(raft: Raft, message: Message): boolean {
  const { type } = message
  const asksForVote = type === MessageType.MsgVote || type === MessageType.MsgPreVote
  if (asksForVote && !isForced(message) && hasLease(raft)) {
    const remaining = raft.config.electionTick - raft.electionElapsed
    raft.logger.info(
      `${ownState(raft)} ignored ${requestOf(message)} at term ${raft.term}: lease is not expired ` +
        `(remaining ticks: ${remaining})`,
    )
    return false
  }
  // A pre-vote never changes the term: it asks about a term that may never come. A granted answer carries that term too.
  if (type === MessageType.MsgPreVote || (type === MessageType.MsgPreVoteResp && !message.reject)) return true
  raft.logger.info(
    `${raft.hexId} [term: ${raft.term}] received a ${messageName(type)} message with higher term from ` +
      `${message.from.toString(16)} [term: ${message.term}]`,
  )
  const fromLeader = type === MessageType.MsgApp || type === MessageType.MsgHeartbeat || type === MessageType.MsgSnap
  raft.becomeFollower(message.term, fromLeader ? message.from : noNode)
  return true
}

/** Leadership transfers override the lease. */
function isForced({ context }: Message): boolean {
  return (
    context.length === campaignTransferContext.length && context.every((byte, i) => byte === campaignTransferContext[i])
  )
}

/** Within an election timeout of a leader's last sign, votes are not given away (thesis 4.2.3). */
function hasLease(raft: Raft): boolean {
  return raft.config.checkQuorum && raft.lead !== noNode && raft.electionElapsed < raft.config.electionTick
}

/** A message of an older term: mostly ignored, but some senders would otherwise never learn that they are behind. */
export function answerOldTerm(raft: Raft, message: Message): void {
  const { type, from } = message
  const { checkQuorum, preVote } = raft.config
  if ((checkQuorum || preVote) && (type === MessageType.MsgHeartbeat || type === MessageType.MsgApp)) {
    // A leader that was cut off keeps its term; our answer makes it step down.
    raft.send(draftMessage(MessageType.MsgAppResp, from))
  } else if (type === MessageType.MsgPreVote) {
    raft.logger.info(`${ownState(raft)} rejected ${requestOf(message)} at term ${raft.term}`)
    raft.send(newMessage({ type: MessageType.MsgPreVoteResp, to: from, term: raft.term, reject: true }))
  } else if (type === MessageType.MsgStorageAppendResp) {
    if (message.index !== 0) {
      // These entries may have been overwritten in memory since: they must not be taken for durable.
      raft.logger.info(
        `${raft.hexId} [term: ${raft.term}] ignored entry appends from a ${messageName(type)} message with lower ` +
          `term [term: ${message.term}]`,
      )
    }
    if (message.snapshot !== undefined) raft.appliedSnapshot(message.snapshot.metadata.index)
  } else {
    raft.logger.info(
      `${raft.hexId} [term: ${raft.term}] ignored a ${messageName(type)} message with lower term from ` +
        `${from.toString(16)} [term: ${message.term}]`,
    )
  }
}

/** Grants or rejects a vote: one per term, and only to logs that are as up to date as ours. */
export function answerVote(raft: Raft, message: Message): void {
  const { type, from } = message
  const isPreVote = type === MessageType.MsgPreVote
  const canVote =
    raft.vote === from || (raft.vote === noNode && raft.lead === noNode) || (isPreVote && message.term > raft.term)
  const answer = isPreVote ? MessageType.MsgPreVoteResp : MessageType.MsgVoteResp
  if (!canVote || !raft.log.isUpToDate({ term: message.logTerm, index: message.index })) {
    raft.logger.info(`${ownState(raft)} rejected ${requestOf(message)} at term ${raft.term}`)
    raft.send(newMessage({ type: answer, to: from, term: raft.term, reject: true }))
    return
  }
  raft.logger.info(
    `${ownState(raft)} cast ${messageName(type)} for ${from.toString(16)} [logterm: ${message.logTerm}, ` +
      `index: ${message.index}] at term ${raft.term}`,
  )
  // The answer carries the term that was asked about: a pre-candidate's future term, for it would ignore an older one.
  raft.send(newMessage({ type: answer, to: from, term: message.term }))
  if (isPreVote) return
  raft.electionElapsed = 0
  raft.vote = from
}

function ownState(raft: Raft): string {
  const { term, index } = raft.log.lastEntryId()
  return `${raft.hexId} [logterm: ${term}, index: ${index}, vote: ${raft.vote.toString(16)}]`
}

function requestOf({ type, from, logTerm, index }: Message): string {
  return `${messageName(type)} from ${from.toString(16)} [logterm: ${logTerm}, index: ${index}]`
}
