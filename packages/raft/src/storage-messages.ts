import { localAppendThread, localApplyThread } from './config.ts'
import { newMessage } from './message.ts'
import type { Raft } from './raft.ts'
import type { Ready } from './ready.ts'
import { type Entry, type Message, MessageType } from './types.ts'

/** Disk work as messages to two local threads, whose answers come back as messages (asynchronous storage writes). */

/** Work for the append thread, if there is any: what to write, and whom to tell once it is durable. */
export function appendMessage(raft: Raft, ready: Ready): Message | undefined {
  const { entries, hardState, snapshot } = ready
  const waiting = raft.messagesAfterAppend
  if (entries.length === 0 && hardState === undefined && snapshot === undefined && waiting.length === 0) {
    return undefined
  }
  const responses = needsAppendResponse(raft, ready) ? [...waiting, appendResponse(raft, ready)] : waiting
  return newMessage({
    type: MessageType.MsgStorageAppend,
    to: localAppendThread,
    from: raft.id,
    entries,
    snapshot,
    responses,
    ...hardState,
  })
}

/** Whether raft has to hear that something became durable. */
export function needsAppendResponse(raft: Raft, ready: Ready): boolean {
  return raft.log.unstable.entries.length > 0 || ready.snapshot !== undefined
}

/**
 * The append thread's answer. It names the last entry in memory, not the last one written with it: writes are done in
 * order, so all before it are durable by then. The term tells whether anything was overwritten meanwhile.
 */
export function appendResponse(raft: Raft, ready: Ready): Message {
  const hasEntries = raft.log.unstable.entries.length > 0
  const last = hasEntries ? raft.log.lastEntryId() : { index: 0, term: 0 }
  return newMessage({
    type: MessageType.MsgStorageAppendResp,
    to: raft.id,
    from: localAppendThread,
    term: raft.term,
    index: last.index,
    logTerm: last.term,
    snapshot: ready.snapshot,
  })
}

/** Work for the apply thread, if there is any. */
export function applyMessage(raft: Raft, ready: Ready): Message | undefined {
  const entries = ready.committedEntries
  if (entries.length === 0) return undefined
  return newMessage({
    type: MessageType.MsgStorageApply,
    to: localApplyThread,
    from: raft.id,
    entries,
    responses: [applyResponse(raft, entries)],
  })
}

export function applyResponse(raft: Raft, entries: readonly Entry[]): Message {
  return newMessage({ type: MessageType.MsgStorageApplyResp, to: raft.id, from: localApplyThread, entries })
}
