import { assert, broken } from './assert.ts'
import { hasCode } from './errors.ts'
import { draftMessage } from './message.ts'
import type { Raft } from './raft.ts'
import { describeProgress, type Progress } from './tracker/progress.ts'
import { type ConfState, type Entry, MessageType, type Snapshot } from './types.ts'
import { payloadSize } from './wire.ts'

/** Copying the leader's log to the others (paper 5.3), by snapshot where the log no longer reaches back (paper 7). */

/** Appends to the own log, giving entries their term and index. False if too much is uncommitted already. */
export function appendEntries(raft: Raft, entries: readonly Entry[]): boolean {
  const last = raft.log.lastIndex()
  if (!raft.takeUncommitted(payloadSize(entries))) {
    raft.logger.debug(
      `${raft.hexId} appending new entries to log would exceed uncommitted entry size limit; dropping proposal`,
    )
    return false
  }
  const placed = entries.map(({ type, data }, i) => ({ type, term: raft.term, index: last + 1 + i, data }))
  raft.log.append(placed)
  // The own acknowledgement counts once the entries are durable, like that of any follower.
  const own = draftMessage(MessageType.MsgAppResp, raft.id)
  own.index = last + placed.length
  raft.send(own)
  return true
}

/** Sends an append, even an empty one, unless the follower is paused. */
export function sendAppend(raft: Raft, to: bigint): void {
  maybeSendAppend(raft, to, true)
}

/** Sends an append if there is something to send (or `evenEmpty`) and the follower is not paused. */
export function maybeSendAppend(raft: Raft, to: bigint, evenEmpty: boolean): boolean {
  const progress = progressOf(raft, to)
  if (progress.isPaused()) return false
  const index = progress.next - 1
  const logTerm = raft.log.term(index)
  // The log was truncated behind what the follower needs: only a snapshot helps.
  if (logTerm === undefined) return maybeSendSnapshot(raft, to, progress)
  // With a full window only empty appends go out: they let the follower tell how far it is.
  const isThrottled = progress.state === 'replicate' && progress.inflights.isFull()
  const entries = isThrottled ? [] : raft.log.entries(progress.next, raft.config.maxSizePerMsg)
  if (entries !== undefined && entries.length === 0 && !evenEmpty) return false
  if (entries === undefined) return maybeSendSnapshot(raft, to, progress)
  const commit = raft.log.committed
  const append = draftMessage(MessageType.MsgApp, to)
  append.index = index
  append.logTerm = logTerm
  append.entries = entries
  append.commit = commit
  raft.send(append)
  progress.sentEntries(entries.length, payloadSize(entries))
  progress.noteSentCommit(commit)
  return true
}

function maybeSendSnapshot(raft: Raft, to: bigint, progress: Progress): boolean {
  const follower = to.toString(16)
  if (!progress.recentActive) {
    raft.logger.debug(`ignore sending snapshot to ${follower} since it is not recently active`)
    return false
  }
  const snapshot = snapshotToSend(raft, follower)
  if (snapshot === undefined) return false
  const { index, term, confState } = snapshot.metadata
  assert(index !== 0, 'need non-empty snapshot')
  // Who is no member of its configuration ignores a snapshot, and would be sent the same one again at once.
  if (!isMemberOf(confState, to)) {
    raft.logger.debug(`ignore sending snapshot[index: ${index}, term: ${term}] to ${follower} since it is not in it`)
    return false
  }
  raft.logger.debug(
    `${raft.hexId} [firstindex: ${raft.log.firstIndex()}, commit: ${raft.log.committed}] sent snapshot[index: ${index}, ` +
      `term: ${term}] to ${follower} [${describeProgress(progress)}]`,
  )
  progress.becomeSnapshot(index)
  raft.logger.debug(`${raft.hexId} paused sending replication messages to ${follower} [${describeProgress(progress)}]`)
  const message = draftMessage(MessageType.MsgSnap, to)
  message.snapshot = snapshot
  raft.send(message)
  return true
}

function isMemberOf({ voters, learners, votersOutgoing }: ConfState, id: bigint): boolean {
  return voters.includes(id) || learners.includes(id) || votersOutgoing.includes(id)
}

function snapshotToSend(raft: Raft, follower: string): Snapshot | undefined {
  try {
    return raft.log.snapshot()
  } catch (error) {
    if (!hasCode(error, 'SNAPSHOT_TEMPORARILY_UNAVAILABLE')) throw error
    raft.logger.debug(
      `${raft.hexId} failed to send snapshot to ${follower} because snapshot is temporarily unavailable`,
    )
    return undefined
  }
}

/** A heartbeat commits no more than the follower is known to have. */
function sendHeartbeat(raft: Raft, to: bigint, context: Uint8Array | undefined): void {
  const progress = progressOf(raft, to)
  const commit = Math.min(progress.match, raft.log.committed)
  const heartbeat = draftMessage(MessageType.MsgHeartbeat, to)
  heartbeat.commit = commit
  if (context !== undefined) heartbeat.context = context
  raft.send(heartbeat)
  progress.noteSentCommit(commit)
}

export function broadcastAppend(raft: Raft): void {
  for (const id of raft.tracker.ids) if (id !== raft.id) sendAppend(raft, id)
}

/** Heartbeats to all, carrying the newest read that waits unless `context` says which. */
export function broadcastHeartbeat(raft: Raft, context?: Uint8Array): void {
  const carried = context ?? raft.readOnly.lastContext()
  for (const id of raft.tracker.ids) if (id !== raft.id) sendHeartbeat(raft, id, carried)
}

export function sendTimeoutNow(raft: Raft, to: bigint): void {
  raft.send(draftMessage(MessageType.MsgTimeoutNow, to))
}

function progressOf(raft: Raft, id: bigint): Progress {
  const progress = raft.tracker.get(id)
  return progress ?? broken(`no progress of ${id.toString(16)}`)
}
