// Generated from proto/snap.proto by tools/protogen. Do not edit.
import { type Reader, Writer } from 'protobufjs/minimal.js'
import { decodeRange, endOf, noBytes, skipField } from '../runtime.ts'

export interface Snapshot {
  readonly crc: number
  readonly data: Uint8Array
}

/** What `encodeSnapshot` takes: absent fields have their zero value. */
export interface SnapshotInit {
  readonly crc?: number | undefined
  readonly data?: Uint8Array | undefined
}

/** Appends the fields of a Snapshot to `writer`. */
export function writeSnapshot(writer: Writer, message: SnapshotInit): Writer {
  writer.uint32(8)
  writer.uint32(message.crc ?? 0)
  if (message.data !== undefined && message.data.length > 0) {
    writer.uint32(18)
    writer.bytes(message.data)
  }
  return writer
}

/** Reads a Snapshot that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readSnapshot(reader: Reader, end: number): Snapshot {
  endOf(reader, end, reader.len)
  let crc: number = 0
  let data: Uint8Array = noBytes
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        crc = reader.uint32()
        break
      case 18:
        data = reader.bytes()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { crc, data }
}

export function encodeSnapshot(message: SnapshotInit): Uint8Array {
  return writeSnapshot(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeSnapshot(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Snapshot {
  return decodeRange('Snapshot', readSnapshot, bytes, start, end)
}
