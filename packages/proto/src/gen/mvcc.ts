// Generated from proto/kv.proto by tools/protogen. Do not edit.
import { type Reader, Writer } from 'protobufjs/minimal.js'
import { readExactQuantity, readIdentity, writeIdentity, writeQuantity } from '../integers.ts'
import { decodeRange, endOf, noBytes, skipField } from '../runtime.ts'

export interface KeyValue {
  readonly key: Uint8Array
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
  readonly value: Uint8Array
  readonly lease: bigint
}

/** What `encodeKeyValue` takes: absent fields have their zero value. */
export interface KeyValueInit {
  readonly key?: Uint8Array | undefined
  readonly createRevision?: number | undefined
  readonly modRevision?: number | undefined
  readonly version?: number | undefined
  readonly value?: Uint8Array | undefined
  readonly lease?: bigint | undefined
}

/** Appends the fields of a KeyValue to `writer`. */
export function writeKeyValue(writer: Writer, message: KeyValueInit): Writer {
  if (message.key !== undefined && message.key.length > 0) {
    writer.uint32(10)
    writer.bytes(message.key)
  }
  if (message.createRevision !== undefined && message.createRevision !== 0) {
    writer.uint32(16)
    writeQuantity(writer, message.createRevision)
  }
  if (message.modRevision !== undefined && message.modRevision !== 0) {
    writer.uint32(24)
    writeQuantity(writer, message.modRevision)
  }
  if (message.version !== undefined && message.version !== 0) {
    writer.uint32(32)
    writeQuantity(writer, message.version)
  }
  if (message.value !== undefined && message.value.length > 0) {
    writer.uint32(42)
    writer.bytes(message.value)
  }
  if (message.lease !== undefined && message.lease !== 0n) {
    writer.uint32(48)
    writeIdentity(writer, message.lease)
  }
  return writer
}

/** Reads a KeyValue that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readKeyValue(reader: Reader, end: number): KeyValue {
  endOf(reader, end, reader.len)
  let key: Uint8Array = noBytes
  let createRevision: number = 0
  let modRevision: number = 0
  let version: number = 0
  let value: Uint8Array = noBytes
  let lease: bigint = 0n
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        key = reader.bytes()
        break
      case 16:
        createRevision = readExactQuantity(reader, 'mvccpb.KeyValue.create_revision')
        break
      case 24:
        modRevision = readExactQuantity(reader, 'mvccpb.KeyValue.mod_revision')
        break
      case 32:
        version = readExactQuantity(reader, 'mvccpb.KeyValue.version')
        break
      case 42:
        value = reader.bytes()
        break
      case 48:
        lease = readIdentity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { key, createRevision, modRevision, version, value, lease }
}

export function encodeKeyValue(message: KeyValueInit): Uint8Array {
  return writeKeyValue(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeKeyValue(bytes: Uint8Array, start: number = 0, end: number = bytes.length): KeyValue {
  return decodeRange('KeyValue', readKeyValue, bytes, start, end)
}

export interface Event {
  readonly type: EventType
  readonly kv: KeyValue | undefined
  readonly prevKv: KeyValue | undefined
}

/** What `encodeEvent` takes: absent fields have their zero value. */
export interface EventInit {
  readonly type?: EventType | undefined
  readonly kv?: KeyValueInit | undefined
  readonly prevKv?: KeyValueInit | undefined
}

/** Appends the fields of a Event to `writer`. */
export function writeEvent(writer: Writer, message: EventInit): Writer {
  if (message.type !== undefined && message.type !== 0) {
    writer.uint32(8)
    writer.int32(message.type)
  }
  if (message.kv !== undefined) {
    writer.uint32(18)
    writeKeyValue(writer.fork(), message.kv).ldelim()
  }
  if (message.prevKv !== undefined) {
    writer.uint32(26)
    writeKeyValue(writer.fork(), message.prevKv).ldelim()
  }
  return writer
}

/** Reads a Event that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readEvent(reader: Reader, end: number): Event {
  endOf(reader, end, reader.len)
  let type: EventType = 0
  let kv: KeyValue | undefined
  let prevKv: KeyValue | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        type = reader.int32() as EventType
        break
      case 18:
        kv = readKeyValue(reader, reader.size() + reader.pos)
        break
      case 26:
        prevKv = readKeyValue(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { type, kv, prevKv }
}

export function encodeEvent(message: EventInit): Uint8Array {
  return writeEvent(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeEvent(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Event {
  return decodeRange('Event', readEvent, bytes, start, end)
}

export const EventType: {
  readonly PUT: 0
  readonly DELETE: 1
} = {
  PUT: 0,
  DELETE: 1,
}
export type EventType = (typeof EventType)[keyof typeof EventType]
