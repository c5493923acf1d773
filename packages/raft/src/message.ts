import { type Message, MessageType } from './types.ts'

const noBytes = new Uint8Array(0)

/** A message with the given fields; all others are zero. Every message is made here, so all have one shape. */
export function newMessage(init: Partial<Message> & { readonly type: MessageType }): Message {
  return {
    type: init.type,
    to: init.to ?? 0n,
    from: init.from ?? 0n,
    term: init.term ?? 0,
    logTerm: init.logTerm ?? 0,
    index: init.index ?? 0,
    entries: init.entries ?? [],
    commit: init.commit ?? 0,
    vote: init.vote ?? 0n,
    snapshot: init.snapshot,
    reject: init.reject ?? false,
    rejectHint: init.rejectHint ?? 0,
    context: init.context ?? noBytes,
    responses: init.responses ?? [],
  }
}

const local: ReadonlySet<MessageType> = new Set<MessageType>([
  MessageType.MsgHup,
  MessageType.MsgBeat,
  MessageType.MsgUnreachable,
  MessageType.MsgSnapStatus,
  MessageType.MsgCheckQuorum,
  MessageType.MsgStorageAppend,
  MessageType.MsgStorageAppendResp,
  MessageType.MsgStorageApply,
  MessageType.MsgStorageApplyResp,
])

const responses: ReadonlySet<MessageType> = new Set<MessageType>([
  MessageType.MsgAppResp,
  MessageType.MsgVoteResp,
  MessageType.MsgHeartbeatResp,
  MessageType.MsgUnreachable,
  MessageType.MsgReadIndexResp,
  MessageType.MsgPreVoteResp,
  MessageType.MsgStorageAppendResp,
  MessageType.MsgStorageApplyResp,
])

/** Messages a node only sends to itself. */
export const isLocalMessage = (type: MessageType): boolean => local.has(type)

/** Messages that answer another. */
export const isResponseMessage = (type: MessageType): boolean => responses.has(type)

/** Name of a message type, `MsgApp`. */
export function messageName(type: MessageType): string {
  return names.get(type) ?? `${type}`
}
const names = new Map(Object.entries(MessageType).map(([name, type]) => [type, name]))
