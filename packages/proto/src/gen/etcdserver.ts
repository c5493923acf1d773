// Generated from proto/etcdserver.proto by tools/protogen. Do not edit.
import { type Reader, Writer } from 'protobufjs/minimal.js'
import { readExactQuantity, readExactUnsignedQuantity, readUnsignedIdentity, writeIdentity, writeQuantity } from '../integers.ts'
import { decodeRange, endOf, skipField, writeText } from '../runtime.ts'

export interface Metadata {
  readonly nodeId: bigint
  readonly clusterId: bigint
}

/** What `encodeMetadata` takes: absent fields have their zero value. */
export interface MetadataInit {
  readonly nodeId?: bigint | undefined
  readonly clusterId?: bigint | undefined
}

/** Appends the fields of a Metadata to `writer`. */
export function writeMetadata(writer: Writer, message: MetadataInit): Writer {
  writer.uint32(8)
  writeIdentity(writer, message.nodeId ?? 0n)
  writer.uint32(16)
  writeIdentity(writer, message.clusterId ?? 0n)
  return writer
}

/** Reads a Metadata that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMetadata(reader: Reader, end: number): Metadata {
  endOf(reader, end, reader.len)
  let nodeId: bigint = 0n
  let clusterId: bigint = 0n
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        nodeId = readUnsignedIdentity(reader)
        break
      case 16:
        clusterId = readUnsignedIdentity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { nodeId, clusterId }
}

export function encodeMetadata(message: MetadataInit): Uint8Array {
  return writeMetadata(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMetadata(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Metadata {
  return decodeRange('Metadata', readMetadata, bytes, start, end)
}

export interface Request {
  readonly id: bigint
  readonly method: string
  readonly path: string
  readonly val: string
  readonly dir: boolean
  readonly prevValue: string
  readonly prevIndex: number
  readonly prevExist: boolean | undefined
  readonly expiration: number
  readonly wait: boolean
  readonly since: number
  readonly recursive: boolean
  readonly sorted: boolean
  readonly quorum: boolean
  readonly time: number
  readonly stream: boolean
  readonly refresh: boolean | undefined
}

/** What `encodeRequest` takes: absent fields have their zero value. */
export interface RequestInit {
  readonly id?: bigint | undefined
  readonly method?: string | undefined
  readonly path?: string | undefined
  readonly val?: string | undefined
  readonly dir?: boolean | undefined
  readonly prevValue?: string | undefined
  readonly prevIndex?: number | undefined
  readonly prevExist?: boolean | undefined
  readonly expiration?: number | undefined
  readonly wait?: boolean | undefined
  readonly since?: number | undefined
  readonly recursive?: boolean | undefined
  readonly sorted?: boolean | undefined
  readonly quorum?: boolean | undefined
  readonly time?: number | undefined
  readonly stream?: boolean | undefined
  readonly refresh?: boolean | undefined
}

/** Appends the fields of a Request to `writer`. */
export function writeRequest(writer: Writer, message: RequestInit): Writer {
  writer.uint32(8)
  writeIdentity(writer, message.id ?? 0n)
  writer.uint32(18)
  writeText(writer, message.method ?? '')
  writer.uint32(26)
  writeText(writer, message.path ?? '')
  writer.uint32(34)
  writeText(writer, message.val ?? '')
  writer.uint32(40)
  writer.bool(message.dir ?? false)
  writer.uint32(50)
  writeText(writer, message.prevValue ?? '')
  writer.uint32(56)
  writeQuantity(writer, message.prevIndex ?? 0)
  if (message.prevExist !== undefined) {
    writer.uint32(64)
    writer.bool(message.prevExist)
  }
  writer.uint32(72)
  writeQuantity(writer, message.expiration ?? 0)
  writer.uint32(80)
  writer.bool(message.wait ?? false)
  writer.uint32(88)
  writeQuantity(writer, message.since ?? 0)
  writer.uint32(96)
  writer.bool(message.recursive ?? false)
  writer.uint32(104)
  writer.bool(message.sorted ?? false)
  writer.uint32(112)
  writer.bool(message.quorum ?? false)
  writer.uint32(120)
  writeQuantity(writer, message.time ?? 0)
  writer.uint32(128)
  writer.bool(message.stream ?? false)
  if (message.refresh !== undefined) {
    writer.uint32(136)
    writer.bool(message.refresh)
  }
  return writer
}

/** Reads a Request that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readRequest(reader: Reader, end: number): Request {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  let method: string = ''
  let path: string = ''
  let val: string = ''
  let dir: boolean = false
  let prevValue: string = ''
  let prevIndex: number = 0
  let prevExist: boolean | undefined
  let expiration: number = 0
  let wait: boolean = false
  let since: number = 0
  let recursive: boolean = false
  let sorted: boolean = false
  let quorum: boolean = false
  let time: number = 0
  let stream: boolean = false
  let refresh: boolean | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readUnsignedIdentity(reader)
        break
      case 18:
        method = reader.string()
        break
      case 26:
        path = reader.string()
        break
      case 34:
        val = reader.string()
        break
      case 40:
        dir = reader.bool()
        break
      case 50:
        prevValue = reader.string()
        break
      case 56:
        prevIndex = readExactUnsignedQuantity(reader, 'etcdserverpb.Request.PrevIndex')
        break
      case 64:
        prevExist = reader.bool()
        break
      case 72:
        expiration = readExactQuantity(reader, 'etcdserverpb.Request.Expiration')
        break
      case 80:
        wait = reader.bool()
        break
      case 88:
        since = readExactUnsignedQuantity(reader, 'etcdserverpb.Request.Since')
        break
      case 96:
        recursive = reader.bool()
        break
      case 104:
        sorted = reader.bool()
        break
      case 112:
        quorum = reader.bool()
        break
      case 120:
        time = readExactQuantity(reader, 'etcdserverpb.Request.Time')
        break
      case 128:
        stream = reader.bool()
        break
      case 136:
        refresh = reader.bool()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id, method, path, val, dir, prevValue, prevIndex, prevExist, expiration, wait, since, recursive, sorted, quorum, time, stream, refresh }
}

export function encodeRequest(message: RequestInit): Uint8Array {
  return writeRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Request {
  return decodeRange('Request', readRequest, bytes, start, end)
}
