import { type Entry, type Message, MessageType } from './types.ts'

const noBytes = new Uint8Array(0)
const noEntries: readonly Entry[] = []
const noResponses: readonly Message[] = []

/** A message in the making: nobody else has seen it yet. */
export type MessageDraft = { -readonly [K in keyof Message]: Message[K] }

/** A message with nothing but type and addressee. Every message begins here, so all have one shape. */
export function draftMessage(type: MessageType, to: bigint): MessageDraft {
  return {
    type,
    to,
    from: 0n,
    term: 0,
    logTerm: 0,
    index: 0,
    entries: noEntries,
    commit: 0,
    vote: 0n,
    snapshot: undefined,
    reject: false,
    rejectHint: 0,
    context: noBytes,
    responses: noResponses,
  }
}

/** A message with the given fields; all others are zero. */
export function newMessage(init: Partial<Message> & { readonly type: MessageType }): Message {
  return Object.assign(draftMessage(init.type, 0n), init)
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

/** What a message contradicts itself in; undefined for one that could be. Nothing such may reach the log. */
export function contradictionOf(message: Message): string | undefined {
  const { type, term, entries, snapshot } = message
  if (type === MessageType.MsgProp) return entries.length === 0 ? 'proposes nothing' : undefined
  if (type === MessageType.MsgSnap && snapshot !== undefined && snapshot.metadata.term > term) {
    return `brings a snapshot of term ${snapshot.metadata.term} in term ${term}`
  }
  return type === MessageType.MsgApp ? contradictionOfEntries(message) : undefined
}

function contradictionOfEntries({ term, index, logTerm, entries }: Message): string | undefined {
  let before = { index, term: logTerm }
  for (const entry of entries) {
    if (entry.index !== before.index + 1 || entry.term < before.term) {
      return `has entry ${entry.term}/${entry.index} after ${before.term}/${before.index}`
    }
    before = entry
  }
  return before.term > term ? `has an entry of term ${before.term} in term ${term}` : undefined
}
