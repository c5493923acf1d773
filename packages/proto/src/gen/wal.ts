// Generated from proto/record.proto by tools/protogen. Do not edit.
import { type Reader, Writer } from 'protobufjs/minimal.js'
import { readExactQuantity, readExactUnsignedQuantity, writeQuantity } from '../integers.ts'
import { decodeRange, endOf, noBytes, skipField } from '../runtime.ts'
import { type ConfState, type ConfStateInit, readConfState, writeConfState } from './raft.ts'

export interface Record {
  readonly type: number
  readonly crc: number
  readonly data: Uint8Array
}

/** What `encodeRecord` takes: absent fields have their zero value. */
export interface RecordInit {
  readonly type?: number | undefined
  readonly crc?: number | undefined
  readonly data?: Uint8Array | undefined
}

/** Appends the fields of a Record to `writer`. */
export function writeRecord(writer: Writer, message: RecordInit): Writer {
  writer.uint32(8)
  writeQuantity(writer, message.type ?? 0)
  writer.uint32(16)
  writer.uint32(message.crc ?? 0)
  if (message.data !== undefined && message.data.length > 0) {
    writer.uint32(26)
    writer.bytes(message.data)
  }
  return writer
}

/** Reads a Record that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readRecord(reader: Reader, end: number): Record {
  endOf(reader, end, reader.len)
  let type: number = 0
  let crc: number = 0
  let data: Uint8Array = noBytes
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        type = readExactQuantity(reader, 'walpb.Record.type')
        break
      case 16:
        crc = reader.uint32()
        break
      case 26:
        data = reader.bytes()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { type, crc, data }
}

export function encodeRecord(message: RecordInit): Uint8Array {
  return writeRecord(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeRecord(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Record {
  return decodeRange('Record', readRecord, bytes, start, end)
}

export interface Snapshot {
  readonly index: number
  readonly term: number
  readonly confState: ConfState | undefined
}

/** What `encodeSnapshot` takes: absent fields have their zero value. */
export interface SnapshotInit {
  readonly index?: number | undefined
  readonly term?: number | undefined
  readonly confState?: ConfStateInit | undefined
}

/** Appends the fields of a Snapshot to `writer`. */
export function writeSnapshot(writer: Writer, message: SnapshotInit): Writer {
  writer.uint32(8)
  writeQuantity(writer, message.index ?? 0)
  writer.uint32(16)
  writeQuantity(writer, message.term ?? 0)
  if (message.confState !== undefined) {
    writer.uint32(26)
    writeConfState(writer.fork(), message.confState).ldelim()
  }
  return writer
}

/** Reads a Snapshot that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readSnapshot(reader: Reader, end: number): Snapshot {
  endOf(reader, end, reader.len)
  let index: number = 0
  let term: number = 0
  let confState: ConfState | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        index = readExactUnsignedQuantity(reader, 'walpb.Snapshot.index')
        break
      case 16:
        term = readExactUnsignedQuantity(reader, 'walpb.Snapshot.term')
        break
      case 26:
        confState = readConfState(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { index, term, confState }
}

export function encodeSnapshot(message: SnapshotInit): Uint8Array {
  return writeSnapshot(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeSnapshot(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Snapshot {
  return decodeRange('Snapshot', readSnapshot, bytes, start, end)
}
