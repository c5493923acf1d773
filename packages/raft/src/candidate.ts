import { campaign, poll } from './election.ts'
import { handleAppend, handleHeartbeat, handleSnapshot } from './follower.ts'
import { messageName } from './message.ts'
import type { Raft, StepResult } from './raft.ts'
import { broadcastAppend } from './replication.ts'
import { type Message, MessageType } from './types.ts'

const stateNames = {
  follower: 'StateFollower',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
  'pre-candidate': 'StatePreCandidate',
} as const

/** What a candidate or pre-candidate does with a message of its own term (paper 5.2). */
export function stepCandidate(raft: Raft, message: Message): StepResult {
  const isPre = raft.state === 'pre-candidate'
  switch (message.type) {
    case MessageType.MsgProp:
      raft.logger.info(`${raft.hexId} no leader at term ${raft.term}; dropping proposal`)
      return 'dropped'
    case MessageType.MsgApp:
      raft.becomeFollower(message.term, message.from)
      handleAppend(raft, message)
      return 'accepted'
    case MessageType.MsgHeartbeat:
      raft.becomeFollower(message.term, message.from)
      handleHeartbeat(raft, message)
      return 'accepted'
    case MessageType.MsgSnap:
      raft.becomeFollower(message.term, message.from)
      handleSnapshot(raft, message)
      return 'accepted'
    case MessageType.MsgVoteResp:
    case MessageType.MsgPreVoteResp:
      // Only answers to the present kind of round count.
      if (isPre === (message.type === MessageType.MsgPreVoteResp)) count(raft, message)
      return 'accepted'
    case MessageType.MsgTimeoutNow:
      raft.logger.debug(
        `${raft.hexId} [term ${raft.term} state ${stateNames[raft.state]}] ignored MsgTimeoutNow from ` +
          `${message.from.toString(16)}`,
      )
      return 'accepted'
    default:
      return 'accepted'
  }
}

function count(raft: Raft, message: Message): void {
  const { type, from } = message
  const { granted, rejected, result } = poll(raft, { from, type, granted: !message.reject })
  raft.logger.info(`${raft.hexId} has received ${granted} ${messageName(type)} votes and ${rejected} vote rejections`)
  if (result === 'lost') {
    // The message may carry a pre-candidate's future term: the own term stays.
    raft.becomeFollower(raft.term, 0n)
  } else if (result === 'won') {
    if (raft.state === 'pre-candidate') campaign(raft, 'election')
    else {
      raft.becomeLeader()
      broadcastAppend(raft)
    }
  }
}
