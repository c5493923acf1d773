import { broken } from './assert.ts'
import { draftMessage } from './message.ts'
import type { Raft } from './raft.ts'
import { broadcastHeartbeat } from './replication.ts'
import { type Message, MessageType } from './types.ts'

/** Linearizable reads without the log (thesis 6.4): the leader proves that it still leads, then names its commit index. */

/** Takes a read request, of its own host or forwarded by a follower. */
export function requestRead(raft: Raft, request: Message): void {
  // Until it has committed an entry of its own term, a leader does not know what is committed: a leader of itself alone
  // neither, for its commit index on disk may be older than what it answered before it was restarted.
  if (hasCommittedInTerm(raft)) startRead(raft, request)
  else raft.pendingReads.push(request)
}

function startRead(raft: Raft, request: Message): void {
  const { committed } = raft.log
  const { option } = raft.readOnly
  // The only voter needs nobody's word. A leader that was removed does, even if one voter is left: that one may lead now.
  const isAlone = raft.tracker.isSingleton() && raft.tracker.isVoter(raft.id)
  if (isAlone || option === 'lease-based') answer(raft, request, committed)
  else broadcastHeartbeat(raft, raft.readOnly.add(request, committed, raft.id))
}

/** The first commit of the term: reads that waited for it may start. */
export function releasePendingReads(raft: Raft): void {
  if (raft.pendingReads.length === 0) return
  if (!hasCommittedInTerm(raft))
    broken(`reads are released at commit index ${raft.log.committed} of another term than ${raft.term}`)
  const pending = raft.pendingReads
  raft.pendingReads = []
  for (const request of pending) startRead(raft, request)
}

/** A heartbeat was answered: with a quorum of answers, its read and all before it are confirmed. */
export function confirmReads(raft: Raft, message: Message): void {
  if (raft.readOnly.option !== 'safe' || message.context.length === 0) return
  const acks = raft.readOnly.acknowledge(message.from, message.context)
  if (acks === undefined || raft.tracker.quorumOf(acks) !== 'won') return
  for (const { request, index } of raft.readOnly.advance(message.context)) answer(raft, request, index)
}

/** Tells whoever asked: the own host through `readStates`, another node by a message. */
function answer(raft: Raft, request: Message, index: number): void {
  const context = request.entries[0]?.data ?? new Uint8Array(0)
  if (request.from === 0n || request.from === raft.id) {
    raft.readStates.push({ index, requestContext: context })
  } else {
    const reply = draftMessage(MessageType.MsgReadIndexResp, request.from)
    reply.index = index
    reply.entries = request.entries
    raft.send(reply)
  }
}

function hasCommittedInTerm(raft: Raft): boolean {
  return raft.log.termOrZero(raft.log.committed) === raft.term
}
