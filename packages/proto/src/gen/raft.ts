// Generated from proto/raft.proto by tools/protogen. Do not edit.
import { type Reader, Writer } from 'protobufjs/minimal.js'
import { readExactUnsignedQuantity, readUnsignedIdentity, writeIdentity, writeQuantity } from '../integers.ts'
import { checkDepth, decodeRange, endOf, noBytes, skipField } from '../runtime.ts'

export const EntryType: {
  readonly EntryNormal: 0
  readonly EntryConfChange: 1
  readonly EntryConfChangeV2: 2
} = {
  EntryNormal: 0,
  EntryConfChange: 1,
  EntryConfChangeV2: 2,
}
export type EntryType = (typeof EntryType)[keyof typeof EntryType]

export const MessageType: {
  readonly MsgHup: 0
  readonly MsgBeat: 1
  readonly MsgProp: 2
  readonly MsgApp: 3
  readonly MsgAppResp: 4
  readonly MsgVote: 5
  readonly MsgVoteResp: 6
  readonly MsgSnap: 7
  readonly MsgHeartbeat: 8
  readonly MsgHeartbeatResp: 9
  readonly MsgUnreachable: 10
  readonly MsgSnapStatus: 11
  readonly MsgCheckQuorum: 12
  readonly MsgTransferLeader: 13
  readonly MsgTimeoutNow: 14
  readonly MsgReadIndex: 15
  readonly MsgReadIndexResp: 16
  readonly MsgPreVote: 17
  readonly MsgPreVoteResp: 18
  readonly MsgStorageAppend: 19
  readonly MsgStorageAppendResp: 20
  readonly MsgStorageApply: 21
  readonly MsgStorageApplyResp: 22
  readonly MsgForgetLeader: 23
} = {
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
}
export type MessageType = (typeof MessageType)[keyof typeof MessageType]

export const ConfChangeTransition: {
  readonly ConfChangeTransitionAuto: 0
  readonly ConfChangeTransitionJointImplicit: 1
  readonly ConfChangeTransitionJointExplicit: 2
} = {
  ConfChangeTransitionAuto: 0,
  ConfChangeTransitionJointImplicit: 1,
  ConfChangeTransitionJointExplicit: 2,
}
export type ConfChangeTransition = (typeof ConfChangeTransition)[keyof typeof ConfChangeTransition]

export const ConfChangeType: {
  readonly ConfChangeAddNode: 0
  readonly ConfChangeRemoveNode: 1
  readonly ConfChangeUpdateNode: 2
  readonly ConfChangeAddLearnerNode: 3
} = {
  ConfChangeAddNode: 0,
  ConfChangeRemoveNode: 1,
  ConfChangeUpdateNode: 2,
  ConfChangeAddLearnerNode: 3,
}
export type ConfChangeType = (typeof ConfChangeType)[keyof typeof ConfChangeType]

export interface Entry {
  readonly type: EntryType
  readonly term: number
  readonly index: number
  readonly data: Uint8Array
}

/** What `encodeEntry` takes: absent fields have their zero value. */
export interface EntryInit {
  readonly type?: EntryType | undefined
  readonly term?: number | undefined
  readonly index?: number | undefined
  readonly data?: Uint8Array | undefined
}

/** Appends the fields of a Entry to `writer`. */
export function writeEntry(writer: Writer, message: EntryInit): Writer {
  writer.uint32(8)
  writer.int32(message.type ?? 0)
  writer.uint32(16)
  writeQuantity(writer, message.term ?? 0)
  writer.uint32(24)
  writeQuantity(writer, message.index ?? 0)
  if (message.data !== undefined && message.data.length > 0) {
    writer.uint32(34)
    writer.bytes(message.data)
  }
  return writer
}

/** Reads a Entry that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readEntry(reader: Reader, end: number): Entry {
  endOf(reader, end, reader.len)
  let type: EntryType = 0
  let term: number = 0
  let index: number = 0
  let data: Uint8Array = noBytes
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        type = reader.int32() as EntryType
        break
      case 16:
        term = readExactUnsignedQuantity(reader, 'raftpb.Entry.Term')
        break
      case 24:
        index = readExactUnsignedQuantity(reader, 'raftpb.Entry.Index')
        break
      case 34:
        data = reader.bytes()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { type, term, index, data }
}

export function encodeEntry(message: EntryInit): Uint8Array {
  return writeEntry(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeEntry(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Entry {
  return decodeRange('Entry', readEntry, bytes, start, end)
}

export interface SnapshotMetadata {
  readonly confState: ConfState
  readonly index: number
  readonly term: number
}

/** What `encodeSnapshotMetadata` takes: absent fields have their zero value. */
export interface SnapshotMetadataInit {
  readonly confState?: ConfStateInit | undefined
  readonly index?: number | undefined
  readonly term?: number | undefined
}

/** Appends the fields of a SnapshotMetadata to `writer`. */
export function writeSnapshotMetadata(writer: Writer, message: SnapshotMetadataInit): Writer {
  writer.uint32(10)
  writeConfState(writer.fork(), message.confState ?? {}).ldelim()
  writer.uint32(16)
  writeQuantity(writer, message.index ?? 0)
  writer.uint32(24)
  writeQuantity(writer, message.term ?? 0)
  return writer
}

/** Reads a SnapshotMetadata that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readSnapshotMetadata(reader: Reader, end: number): SnapshotMetadata {
  endOf(reader, end, reader.len)
  let confState: ConfState | undefined
  let index: number = 0
  let term: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        confState = readConfState(reader, reader.size() + reader.pos)
        break
      case 16:
        index = readExactUnsignedQuantity(reader, 'raftpb.SnapshotMetadata.index')
        break
      case 24:
        term = readExactUnsignedQuantity(reader, 'raftpb.SnapshotMetadata.term')
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { confState: confState ?? decodeConfState(noBytes), index, term }
}

export function encodeSnapshotMetadata(message: SnapshotMetadataInit): Uint8Array {
  return writeSnapshotMetadata(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeSnapshotMetadata(bytes: Uint8Array, start: number = 0, end: number = bytes.length): SnapshotMetadata {
  return decodeRange('SnapshotMetadata', readSnapshotMetadata, bytes, start, end)
}

export interface Snapshot {
  readonly data: Uint8Array
  readonly metadata: SnapshotMetadata
}

/** What `encodeSnapshot` takes: absent fields have their zero value. */
export interface SnapshotInit {
  readonly data?: Uint8Array | undefined
  readonly metadata?: SnapshotMetadataInit | undefined
}

/** Appends the fields of a Snapshot to `writer`. */
export function writeSnapshot(writer: Writer, message: SnapshotInit): Writer {
  if (message.data !== undefined && message.data.length > 0) {
    writer.uint32(10)
    writer.bytes(message.data)
  }
  writer.uint32(18)
  writeSnapshotMetadata(writer.fork(), message.metadata ?? {}).ldelim()
  return writer
}

/** Reads a Snapshot that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readSnapshot(reader: Reader, end: number): Snapshot {
  endOf(reader, end, reader.len)
  let data: Uint8Array = noBytes
  let metadata: SnapshotMetadata | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        data = reader.bytes()
        break
      case 18:
        metadata = readSnapshotMetadata(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { data, metadata: metadata ?? decodeSnapshotMetadata(noBytes) }
}

export function encodeSnapshot(message: SnapshotInit): Uint8Array {
  return writeSnapshot(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeSnapshot(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Snapshot {
  return decodeRange('Snapshot', readSnapshot, bytes, start, end)
}

export interface Message {
  readonly type: MessageType
  readonly to: bigint
  readonly from: bigint
  readonly term: number
  readonly logTerm: number
  readonly index: number
  readonly entries: readonly Entry[]
  readonly commit: number
  readonly snapshot: Snapshot | undefined
  readonly reject: boolean
  readonly rejectHint: number
  readonly context: Uint8Array
  readonly vote: bigint
  readonly responses: readonly Message[]
}

/** What `encodeMessage` takes: absent fields have their zero value. */
export interface MessageInit {
  readonly type?: MessageType | undefined
  readonly to?: bigint | undefined
  readonly from?: bigint | undefined
  readonly term?: number | undefined
  readonly logTerm?: number | undefined
  readonly index?: number | undefined
  readonly entries?: readonly EntryInit[] | undefined
  readonly commit?: number | undefined
  readonly snapshot?: SnapshotInit | undefined
  readonly reject?: boolean | undefined
  readonly rejectHint?: number | undefined
  readonly context?: Uint8Array | undefined
  readonly vote?: bigint | undefined
  readonly responses?: readonly MessageInit[] | undefined
}

/** Appends the fields of a Message to `writer`. */
export function writeMessage(writer: Writer, message: MessageInit, depth: number = 0): Writer {
  checkDepth('Message', depth)
  writer.uint32(8)
  writer.int32(message.type ?? 0)
  writer.uint32(16)
  writeIdentity(writer, message.to ?? 0n)
  writer.uint32(24)
  writeIdentity(writer, message.from ?? 0n)
  writer.uint32(32)
  writeQuantity(writer, message.term ?? 0)
  writer.uint32(40)
  writeQuantity(writer, message.logTerm ?? 0)
  writer.uint32(48)
  writeQuantity(writer, message.index ?? 0)
  for (const value of message.entries ?? []) {
    writer.uint32(58)
    writeEntry(writer.fork(), value).ldelim()
  }
  writer.uint32(64)
  writeQuantity(writer, message.commit ?? 0)
  if (message.snapshot !== undefined) {
    writer.uint32(74)
    writeSnapshot(writer.fork(), message.snapshot).ldelim()
  }
  writer.uint32(80)
  writer.bool(message.reject ?? false)
  writer.uint32(88)
  writeQuantity(writer, message.rejectHint ?? 0)
  if (message.context !== undefined && message.context.length > 0) {
    writer.uint32(98)
    writer.bytes(message.context)
  }
  writer.uint32(104)
  writeIdentity(writer, message.vote ?? 0n)
  for (const value of message.responses ?? []) {
    writer.uint32(114)
    writeMessage(writer.fork(), value, depth + 1).ldelim()
  }
  return writer
}

/** Reads a Message that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMessage(reader: Reader, end: number, depth: number = 0): Message {
  checkDepth('Message', depth)
  endOf(reader, end, reader.len)
  let type: MessageType = 0
  let to: bigint = 0n
  let from: bigint = 0n
  let term: number = 0
  let logTerm: number = 0
  let index: number = 0
  let entries: Entry[] | undefined
  let commit: number = 0
  let snapshot: Snapshot | undefined
  let reject: boolean = false
  let rejectHint: number = 0
  let context: Uint8Array = noBytes
  let vote: bigint = 0n
  let responses: Message[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        type = reader.int32() as MessageType
        break
      case 16:
        to = readUnsignedIdentity(reader)
        break
      case 24:
        from = readUnsignedIdentity(reader)
        break
      case 32:
        term = readExactUnsignedQuantity(reader, 'raftpb.Message.term')
        break
      case 40:
        logTerm = readExactUnsignedQuantity(reader, 'raftpb.Message.logTerm')
        break
      case 48:
        index = readExactUnsignedQuantity(reader, 'raftpb.Message.index')
        break
      case 58:
        entries ??= []
        entries.push(readEntry(reader, reader.size() + reader.pos))
        break
      case 64:
        commit = readExactUnsignedQuantity(reader, 'raftpb.Message.commit')
        break
      case 74:
        snapshot = readSnapshot(reader, reader.size() + reader.pos)
        break
      case 80:
        reject = reader.bool()
        break
      case 88:
        rejectHint = readExactUnsignedQuantity(reader, 'raftpb.Message.rejectHint')
        break
      case 98:
        context = reader.bytes()
        break
      case 104:
        vote = readUnsignedIdentity(reader)
        break
      case 114:
        responses ??= []
        responses.push(readMessage(reader, reader.size() + reader.pos, depth + 1))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { type, to, from, term, logTerm, index, entries: entries ?? [], commit, snapshot, reject, rejectHint, context, vote, responses: responses ?? [] }
}

export function encodeMessage(message: MessageInit): Uint8Array {
  return writeMessage(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMessage(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Message {
  return decodeRange('Message', readMessage, bytes, start, end)
}

export interface HardState {
  readonly term: number
  readonly vote: bigint
  readonly commit: number
}

/** What `encodeHardState` takes: absent fields have their zero value. */
export interface HardStateInit {
  readonly term?: number | undefined
  readonly vote?: bigint | undefined
  readonly commit?: number | undefined
}

/** Appends the fields of a HardState to `writer`. */
export function writeHardState(writer: Writer, message: HardStateInit): Writer {
  writer.uint32(8)
  writeQuantity(writer, message.term ?? 0)
  writer.uint32(16)
  writeIdentity(writer, message.vote ?? 0n)
  writer.uint32(24)
  writeQuantity(writer, message.commit ?? 0)
  return writer
}

/** Reads a HardState that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readHardState(reader: Reader, end: number): HardState {
  endOf(reader, end, reader.len)
  let term: number = 0
  let vote: bigint = 0n
  let commit: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        term = readExactUnsignedQuantity(reader, 'raftpb.HardState.term')
        break
      case 16:
        vote = readUnsignedIdentity(reader)
        break
      case 24:
        commit = readExactUnsignedQuantity(reader, 'raftpb.HardState.commit')
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { term, vote, commit }
}

export function encodeHardState(message: HardStateInit): Uint8Array {
  return writeHardState(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeHardState(bytes: Uint8Array, start: number = 0, end: number = bytes.length): HardState {
  return decodeRange('HardState', readHardState, bytes, start, end)
}

export interface ConfState {
  readonly voters: readonly bigint[]
  readonly learners: readonly bigint[]
  readonly votersOutgoing: readonly bigint[]
  readonly learnersNext: readonly bigint[]
  readonly autoLeave: boolean
}

/** What `encodeConfState` takes: absent fields have their zero value. */
export interface ConfStateInit {
  readonly voters?: readonly bigint[] | undefined
  readonly learners?: readonly bigint[] | undefined
  readonly votersOutgoing?: readonly bigint[] | undefined
  readonly learnersNext?: readonly bigint[] | undefined
  readonly autoLeave?: boolean | undefined
}

/** Appends the fields of a ConfState to `writer`. */
export function writeConfState(writer: Writer, message: ConfStateInit): Writer {
  for (const value of message.voters ?? []) {
    writer.uint32(8)
    writeIdentity(writer, value)
  }
  for (const value of message.learners ?? []) {
    writer.uint32(16)
    writeIdentity(writer, value)
  }
  for (const value of message.votersOutgoing ?? []) {
    writer.uint32(24)
    writeIdentity(writer, value)
  }
  for (const value of message.learnersNext ?? []) {
    writer.uint32(32)
    writeIdentity(writer, value)
  }
  writer.uint32(40)
  writer.bool(message.autoLeave ?? false)
  return writer
}

/** Reads a ConfState that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readConfState(reader: Reader, end: number): ConfState {
  endOf(reader, end, reader.len)
  let voters: bigint[] | undefined
  let learners: bigint[] | undefined
  let votersOutgoing: bigint[] | undefined
  let learnersNext: bigint[] | undefined
  let autoLeave: boolean = false
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        voters ??= []
        voters.push(readUnsignedIdentity(reader))
        break
      case 10: {
        voters ??= []
        const packedEnd = endOf(reader, reader.size() + reader.pos, end)
        while (reader.pos < packedEnd) voters.push(readUnsignedIdentity(reader))
        break
      }
      case 16:
        learners ??= []
        learners.push(readUnsignedIdentity(reader))
        break
      case 18: {
        learners ??= []
        const packedEnd = endOf(reader, reader.size() + reader.pos, end)
        while (reader.pos < packedEnd) learners.push(readUnsignedIdentity(reader))
        break
      }
      case 24:
        votersOutgoing ??= []
        votersOutgoing.push(readUnsignedIdentity(reader))
        break
      case 26: {
        votersOutgoing ??= []
        const packedEnd = endOf(reader, reader.size() + reader.pos, end)
        while (reader.pos < packedEnd) votersOutgoing.push(readUnsignedIdentity(reader))
        break
      }
      case 32:
        learnersNext ??= []
        learnersNext.push(readUnsignedIdentity(reader))
        break
      case 34: {
        learnersNext ??= []
        const packedEnd = endOf(reader, reader.size() + reader.pos, end)
        while (reader.pos < packedEnd) learnersNext.push(readUnsignedIdentity(reader))
        break
      }
      case 40:
        autoLeave = reader.bool()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { voters: voters ?? [], learners: learners ?? [], votersOutgoing: votersOutgoing ?? [], learnersNext: learnersNext ?? [], autoLeave }
}

export function encodeConfState(message: ConfStateInit): Uint8Array {
  return writeConfState(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeConfState(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ConfState {
  return decodeRange('ConfState', readConfState, bytes, start, end)
}

export interface ConfChange {
  readonly id: bigint
  readonly type: ConfChangeType
  readonly nodeId: bigint
  readonly context: Uint8Array
}

/** What `encodeConfChange` takes: absent fields have their zero value. */
export interface ConfChangeInit {
  readonly id?: bigint | undefined
  readonly type?: ConfChangeType | undefined
  readonly nodeId?: bigint | undefined
  readonly context?: Uint8Array | undefined
}

/** Appends the fields of a ConfChange to `writer`. */
export function writeConfChange(writer: Writer, message: ConfChangeInit): Writer {
  writer.uint32(8)
  writeIdentity(writer, message.id ?? 0n)
  writer.uint32(16)
  writer.int32(message.type ?? 0)
  writer.uint32(24)
  writeIdentity(writer, message.nodeId ?? 0n)
  if (message.context !== undefined && message.context.length > 0) {
    writer.uint32(34)
    writer.bytes(message.context)
  }
  return writer
}

/** Reads a ConfChange that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readConfChange(reader: Reader, end: number): ConfChange {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  let type: ConfChangeType = 0
  let nodeId: bigint = 0n
  let context: Uint8Array = noBytes
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readUnsignedIdentity(reader)
        break
      case 16:
        type = reader.int32() as ConfChangeType
        break
      case 24:
        nodeId = readUnsignedIdentity(reader)
        break
      case 34:
        context = reader.bytes()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id, type, nodeId, context }
}

export function encodeConfChange(message: ConfChangeInit): Uint8Array {
  return writeConfChange(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeConfChange(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ConfChange {
  return decodeRange('ConfChange', readConfChange, bytes, start, end)
}

export interface ConfChangeSingle {
  readonly type: ConfChangeType
  readonly nodeId: bigint
}

/** What `encodeConfChangeSingle` takes: absent fields have their zero value. */
export interface ConfChangeSingleInit {
  readonly type?: ConfChangeType | undefined
  readonly nodeId?: bigint | undefined
}

/** Appends the fields of a ConfChangeSingle to `writer`. */
export function writeConfChangeSingle(writer: Writer, message: ConfChangeSingleInit): Writer {
  writer.uint32(8)
  writer.int32(message.type ?? 0)
  writer.uint32(16)
  writeIdentity(writer, message.nodeId ?? 0n)
  return writer
}

/** Reads a ConfChangeSingle that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readConfChangeSingle(reader: Reader, end: number): ConfChangeSingle {
  endOf(reader, end, reader.len)
  let type: ConfChangeType = 0
  let nodeId: bigint = 0n
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        type = reader.int32() as ConfChangeType
        break
      case 16:
        nodeId = readUnsignedIdentity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { type, nodeId }
}

export function encodeConfChangeSingle(message: ConfChangeSingleInit): Uint8Array {
  return writeConfChangeSingle(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeConfChangeSingle(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ConfChangeSingle {
  return decodeRange('ConfChangeSingle', readConfChangeSingle, bytes, start, end)
}

export interface ConfChangeV2 {
  readonly transition: ConfChangeTransition
  readonly changes: readonly ConfChangeSingle[]
  readonly context: Uint8Array
}

/** What `encodeConfChangeV2` takes: absent fields have their zero value. */
export interface ConfChangeV2Init {
  readonly transition?: ConfChangeTransition | undefined
  readonly changes?: readonly ConfChangeSingleInit[] | undefined
  readonly context?: Uint8Array | undefined
}

/** Appends the fields of a ConfChangeV2 to `writer`. */
export function writeConfChangeV2(writer: Writer, message: ConfChangeV2Init): Writer {
  writer.uint32(8)
  writer.int32(message.transition ?? 0)
  for (const value of message.changes ?? []) {
    writer.uint32(18)
    writeConfChangeSingle(writer.fork(), value).ldelim()
  }
  if (message.context !== undefined && message.context.length > 0) {
    writer.uint32(26)
    writer.bytes(message.context)
  }
  return writer
}

/** Reads a ConfChangeV2 that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readConfChangeV2(reader: Reader, end: number): ConfChangeV2 {
  endOf(reader, end, reader.len)
  let transition: ConfChangeTransition = 0
  let changes: ConfChangeSingle[] | undefined
  let context: Uint8Array = noBytes
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        transition = reader.int32() as ConfChangeTransition
        break
      case 18:
        changes ??= []
        changes.push(readConfChangeSingle(reader, reader.size() + reader.pos))
        break
      case 26:
        context = reader.bytes()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { transition, changes: changes ?? [], context }
}

export function encodeConfChangeV2(message: ConfChangeV2Init): Uint8Array {
  return writeConfChangeV2(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeConfChangeV2(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ConfChangeV2 {
  return decodeRange('ConfChangeV2', readConfChangeV2, bytes, start, end)
}
