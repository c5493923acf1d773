import { RaftError } from './errors.ts'
import {
  type ConfChange,
  type ConfChangeSingle,
  ConfChangeTransition,
  type ConfChangeType,
  type ConfChangeV2,
  type Entry,
  EntryType,
} from './types.ts'
import { type FieldHandlers, FieldWriter, readFields } from './wire-fields.ts'

/*
 * What raft must know of the wire: how many bytes an entry takes there (limits are stated in encoded bytes), and the
 * form of configuration changes, which stand encoded in entries. proto2, package raftpb. Numbers are always written,
 * zero or not, and bytes only when there are some, so the sizes are those of the bytes that go out.
 */

/** Bytes of the varint of a non-negative safe integer. */
export function sizeVarint(value: number): number {
  let size = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}

/** Bytes of an encoded entry without the length prefix it has inside of a message. */
export function sizeEntry(entry: Entry): number {
  const { length } = entry.data
  const data = length === 0 ? 0 : 1 + sizeVarint(length) + length
  return 2 + 1 + sizeVarint(entry.term) + 1 + sizeVarint(entry.index) + data
}

export function sizeEntries(entries: readonly Entry[]): number {
  let size = 0
  for (const entry of entries) size += sizeEntry(entry)
  return size
}

/** Bytes that count against the limit of uncommitted data: what the application proposed, and nothing for its slot. */
export function payloadSize(entries: readonly Entry[]): number {
  let size = 0
  for (const entry of entries) size += entry.data.length
  return size
}

/**
 * How many of `entries[start..end)` fit into `maxSizeBytes` encoded bytes. At least one if there is any, whatever its
 * size, so that a limit never stops progress.
 */
export function countWithin(
  entries: readonly Entry[],
  range: { readonly start: number; readonly end: number },
  maxSizeBytes: number,
): number {
  const available = range.end - range.start
  if (available <= 1) return Math.max(available, 0)
  let size = 0
  for (let at = range.start; at < range.end; at++) {
    size += sizeEntry(entries[at] as Entry)
    if (size > maxSizeBytes && at > range.start) return at - range.start
  }
  return available
}

/** The longest prefix within `maxSizeBytes`, at least one entry; `entries` itself if all fit. */
export function limitSize(entries: readonly Entry[], maxSizeBytes: number): readonly Entry[] {
  const count = countWithin(entries, { start: 0, end: entries.length }, maxSizeBytes)
  return count === entries.length ? entries : entries.slice(0, count)
}

export function encodeConfChange(change: ConfChange): Uint8Array {
  const writer = new FieldWriter()
  writer.varint(1, change.id)
  writer.varint(2, BigInt(change.type))
  writer.varint(3, change.nodeId)
  if (change.context.length > 0) writer.bytes(4, change.context)
  return writer.finish()
}

export function encodeConfChangeV2(change: ConfChangeV2): Uint8Array {
  const writer = new FieldWriter()
  writer.varint(1, BigInt(change.transition))
  for (const { type, nodeId } of change.changes) {
    const single = new FieldWriter()
    single.varint(1, BigInt(type))
    single.varint(2, nodeId)
    writer.bytes(2, single.finish())
  }
  if (change.context.length > 0) writer.bytes(3, change.context)
  return writer.finish()
}

/** `context` is a view of `bytes`. Throws `RaftError` with code `MALFORMED`. */
export function decodeConfChange(bytes: Uint8Array): ConfChange {
  const change = { id: 0n, type: 0 as ConfChangeType, nodeId: 0n, context: new Uint8Array(0) as Uint8Array }
  readNamed('ConfChange', bytes, {
    varint: (field, value) => {
      if (field === 1) change.id = value
      else if (field === 2) change.type = enumOf(value) as ConfChangeType
      else if (field === 3) change.nodeId = value
    },
    bytes: (field, value) => {
      if (field === 4) change.context = value
    },
  })
  return change
}

/** No bytes are a change without any part: the one that leaves a joint configuration. Throws like `decodeConfChange`. */
export function decodeConfChangeV2(bytes: Uint8Array): ConfChangeV2 {
  const changes: ConfChangeSingle[] = []
  let transition: ConfChangeTransition = ConfChangeTransition.ConfChangeTransitionAuto
  let context: Uint8Array = new Uint8Array(0)
  readNamed('ConfChangeV2', bytes, {
    varint: (field, value) => {
      if (field === 1) transition = enumOf(value) as ConfChangeTransition
    },
    bytes: (field, value) => {
      if (field === 2) changes.push(decodeSingle(value))
      else if (field === 3) context = value
    },
  })
  return { transition, changes, context }
}

function decodeSingle(bytes: Uint8Array): ConfChangeSingle {
  const single = { type: 0 as ConfChangeType, nodeId: 0n }
  readFields(bytes, {
    varint: (field, value) => {
      if (field === 1) single.type = enumOf(value) as ConfChangeType
      else if (field === 2) single.nodeId = value
    },
    bytes: () => {},
  })
  return single
}

function readNamed(name: string, bytes: Uint8Array, handlers: FieldHandlers): void {
  try {
    readFields(bytes, handlers)
  } catch (cause) {
    if (!(cause instanceof RaftError)) throw cause
    throw new RaftError('MALFORMED', `malformed ${name}: ${cause.message}`, { cause })
  }
}

/** Enums are 32 bits wide; higher bits on the wire are dropped. Values unknown here pass, for who applies them to judge. */
function enumOf(value: bigint): number {
  return Number(BigInt.asIntN(32, value))
}

/** The type and the data of the entry that proposes `change`; no change leaves a joint configuration, and has no data. */
export function confChangePayload(change: ConfChange | ConfChangeV2 | undefined): {
  readonly type: EntryType
  readonly data: Uint8Array
} {
  if (change === undefined) return { type: EntryType.EntryConfChangeV2, data: new Uint8Array(0) }
  if ('changes' in change) return { type: EntryType.EntryConfChangeV2, data: encodeConfChangeV2(change) }
  return { type: EntryType.EntryConfChange, data: encodeConfChange(change) }
}

/** The same operation in the V2 form; a V2 change is returned as it is. */
export function confChangeToV2(change: ConfChange | ConfChangeV2): ConfChangeV2 {
  if ('changes' in change) return change
  return {
    transition: ConfChangeTransition.ConfChangeTransitionAuto,
    changes: [{ type: change.type, nodeId: change.nodeId }],
    context: change.context,
  }
}

/** A change without operations and with the default transition; the context does not matter. */
export function isLeaveJoint(change: ConfChangeV2): boolean {
  return change.transition === ConfChangeTransition.ConfChangeTransitionAuto && change.changes.length === 0
}

/**
 * Whether `change` goes through a joint configuration (more than one operation, or asked for), and whether that one is
 * then left without being told. Throws `RaftError` (`MALFORMED`) for a transition that is not known.
 */
export function enterJointOf(change: ConfChangeV2): { readonly autoLeave: boolean; readonly useJoint: boolean } {
  switch (change.transition) {
    case ConfChangeTransition.ConfChangeTransitionAuto: {
      const useJoint = change.changes.length > 1
      return { autoLeave: useJoint, useJoint }
    }
    case ConfChangeTransition.ConfChangeTransitionJointImplicit:
      return { autoLeave: true, useJoint: true }
    case ConfChangeTransition.ConfChangeTransitionJointExplicit:
      return { autoLeave: false, useJoint: true }
    default:
      throw new RaftError('MALFORMED', `unknown transition: ${change.transition as number}`)
  }
}
