/**
 * The records of raft: what stands in the log, what members tell each other, what must survive a restart.
 *
 * They are plain readonly records. `@kvs/proto` generates the same shapes for etcd's `raftpb`, and a type test there
 * keeps the two mutually assignable, so a message goes to the wire without being mapped.
 *
 * Terms and indexes are safe integers. Node ids are opaque 64-bit numbers, hence `bigint`; id 0 means "none".
 */

/** What an entry carries: data of the application, or a change of the configuration (V1 or V2). */
export const EntryType = { EntryNormal: 0, EntryConfChange: 1, EntryConfChangeV2: 2 } as const
export type EntryType = (typeof EntryType)[keyof typeof EntryType]

/** Kinds of messages. `MsgStorage*` are the self-addressed ones of asynchronous storage writes. */
export const MessageType = {
  MsgHup: 0,
  MsgBeat: 1,
  MsgProp: 2,
  MsgApp: 3,
  MsgAppResp: 4,
  MsgVote: 5,
  MsgVoteResp: 6,
  MsgSnap: 7,
  MsgHeartbeat: 8,
  MsgHeartbeatResp: 9,
  MsgUnreachable: 10,
  MsgSnapStatus: 11,
  MsgCheckQuorum: 12,
  MsgTransferLeader: 13,
  MsgTimeoutNow: 14,
  MsgReadIndex: 15,
  MsgReadIndexResp: 16,
  MsgPreVote: 17,
  MsgPreVoteResp: 18,
  MsgStorageAppend: 19,
  MsgStorageAppendResp: 20,
  MsgStorageApply: 21,
  MsgStorageApplyResp: 22,
  MsgForgetLeader: 23,
} as const
export type MessageType = (typeof MessageType)[keyof typeof MessageType]

/** How a V2 change enters and leaves the joint configuration (thesis 4.3). */
export const ConfChangeTransition = {
  ConfChangeTransitionAuto: 0,
  ConfChangeTransitionJointImplicit: 1,
  ConfChangeTransitionJointExplicit: 2,
} as const
export type ConfChangeTransition = (typeof ConfChangeTransition)[keyof typeof ConfChangeTransition]

/** One operation on the configuration. */
export const ConfChangeType = {
  ConfChangeAddNode: 0,
  ConfChangeRemoveNode: 1,
  ConfChangeUpdateNode: 2,
  ConfChangeAddLearnerNode: 3,
} as const
export type ConfChangeType = (typeof ConfChangeType)[keyof typeof ConfChangeType]

/** One slot of the replicated log. `data` is empty for the first entry of a leader's term. */
export interface Entry {
  readonly term: number
  readonly index: number
  readonly type: EntryType
  readonly data: Uint8Array
}

/** The configuration a log prefix leads to. `votersOutgoing` is non-empty only while it is joint. */
export interface ConfState {
  readonly voters: readonly bigint[]
  readonly learners: readonly bigint[]
  readonly votersOutgoing: readonly bigint[]
  readonly learnersNext: readonly bigint[]
  readonly autoLeave: boolean
}

export interface SnapshotMetadata {
  readonly confState: ConfState
  readonly index: number
  readonly term: number
}

/** The state up to and including `metadata.index`; `data` belongs to the application. */
export interface Snapshot {
  readonly data: Uint8Array
  readonly metadata: SnapshotMetadata
}

/** What must be durable before a message that depends on it leaves. `vote` 0n: none given in this term. */
export interface HardState {
  readonly term: number
  readonly vote: bigint
  readonly commit: number
}

/** One message, from node to node or (storage messages) to a local thread of the host. */
export interface Message {
  readonly type: MessageType
  readonly to: bigint
  readonly from: bigint
  readonly term: number
  /** Term of the entry at `index`; in a rejected append response the term of `rejectHint`. */
  readonly logTerm: number
  readonly index: number
  readonly entries: readonly Entry[]
  readonly commit: number
  /** Set in `MsgStorageAppend` only: the vote to make durable. */
  readonly vote: bigint
  readonly snapshot: Snapshot | undefined
  readonly reject: boolean
  readonly rejectHint: number
  readonly context: Uint8Array
  /** Messages to deliver once the storage operation of this message is durable. */
  readonly responses: readonly Message[]
}

/** A change of one node (the form etcd proposes). `id` belongs to the application. */
export interface ConfChange {
  readonly type: ConfChangeType
  readonly nodeId: bigint
  readonly context: Uint8Array
  readonly id: bigint
}

export interface ConfChangeSingle {
  readonly type: ConfChangeType
  readonly nodeId: bigint
}

/** Several changes at once, through a joint configuration where more than one voter changes. */
export interface ConfChangeV2 {
  readonly transition: ConfChangeTransition
  readonly changes: readonly ConfChangeSingle[]
  readonly context: Uint8Array
}
