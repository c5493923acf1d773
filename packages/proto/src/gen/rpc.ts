// Generated from proto/rpc.proto by tools/protogen. Do not edit.
import { type Reader, Writer } from 'protobufjs/minimal.js'
import { readIdentity, readQuantity, readUnsignedIdentity, readUnsignedQuantity, writeIdentity, writeQuantity } from '../integers.ts'
import type { Method } from '../method.ts'
import { checkDepth, decodeRange, endOf, noBytes, skipField, writeText } from '../runtime.ts'
import { type Event, type EventInit, readEvent, writeEvent, type KeyValue, type KeyValueInit, readKeyValue, writeKeyValue } from './mvcc.ts'
import { type Permission, type PermissionInit, readPermission, writePermission, type UserAddOptions, type UserAddOptionsInit, readUserAddOptions, writeUserAddOptions } from './auth.ts'

export const AlarmType: {
  readonly NONE: 0
  readonly NOSPACE: 1
  readonly CORRUPT: 2
} = {
  NONE: 0,
  NOSPACE: 1,
  CORRUPT: 2,
}
export type AlarmType = (typeof AlarmType)[keyof typeof AlarmType]

export interface ResponseHeader {
  readonly clusterId: bigint
  readonly memberId: bigint
  readonly revision: number
  readonly raftTerm: number
}

/** What `encodeResponseHeader` takes: absent fields have their zero value. */
export interface ResponseHeaderInit {
  readonly clusterId?: bigint | undefined
  readonly memberId?: bigint | undefined
  readonly revision?: number | undefined
  readonly raftTerm?: number | undefined
}

/** Appends the fields of a ResponseHeader to `writer`. */
export function writeResponseHeader(writer: Writer, message: ResponseHeaderInit): Writer {
  if (message.clusterId !== undefined && message.clusterId !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.clusterId)
  }
  if (message.memberId !== undefined && message.memberId !== 0n) {
    writer.uint32(16)
    writeIdentity(writer, message.memberId)
  }
  if (message.revision !== undefined && message.revision !== 0) {
    writer.uint32(24)
    writeQuantity(writer, message.revision)
  }
  if (message.raftTerm !== undefined && message.raftTerm !== 0) {
    writer.uint32(32)
    writeQuantity(writer, message.raftTerm)
  }
  return writer
}

/** Reads a ResponseHeader that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readResponseHeader(reader: Reader, end: number): ResponseHeader {
  endOf(reader, end, reader.len)
  let clusterId: bigint = 0n
  let memberId: bigint = 0n
  let revision: number = 0
  let raftTerm: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        clusterId = readUnsignedIdentity(reader)
        break
      case 16:
        memberId = readUnsignedIdentity(reader)
        break
      case 24:
        revision = readQuantity(reader)
        break
      case 32:
        raftTerm = readUnsignedQuantity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { clusterId, memberId, revision, raftTerm }
}

export function encodeResponseHeader(message: ResponseHeaderInit): Uint8Array {
  return writeResponseHeader(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeResponseHeader(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ResponseHeader {
  return decodeRange('ResponseHeader', readResponseHeader, bytes, start, end)
}

export interface RangeRequest {
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
  readonly limit: number
  readonly revision: number
  readonly sortOrder: RangeRequestSortOrder
  readonly sortTarget: RangeRequestSortTarget
  readonly serializable: boolean
  readonly keysOnly: boolean
  readonly countOnly: boolean
  readonly minModRevision: number
  readonly maxModRevision: number
  readonly minCreateRevision: number
  readonly maxCreateRevision: number
}

/** What `encodeRangeRequest` takes: absent fields have their zero value. */
export interface RangeRequestInit {
  readonly key?: Uint8Array | undefined
  readonly rangeEnd?: Uint8Array | undefined
  readonly limit?: number | undefined
  readonly revision?: number | undefined
  readonly sortOrder?: RangeRequestSortOrder | undefined
  readonly sortTarget?: RangeRequestSortTarget | undefined
  readonly serializable?: boolean | undefined
  readonly keysOnly?: boolean | undefined
  readonly countOnly?: boolean | undefined
  readonly minModRevision?: number | undefined
  readonly maxModRevision?: number | undefined
  readonly minCreateRevision?: number | undefined
  readonly maxCreateRevision?: number | undefined
}

/** Appends the fields of a RangeRequest to `writer`. */
export function writeRangeRequest(writer: Writer, message: RangeRequestInit): Writer {
  if (message.key !== undefined && message.key.length > 0) {
    writer.uint32(10)
    writer.bytes(message.key)
  }
  if (message.rangeEnd !== undefined && message.rangeEnd.length > 0) {
    writer.uint32(18)
    writer.bytes(message.rangeEnd)
  }
  if (message.limit !== undefined && message.limit !== 0) {
    writer.uint32(24)
    writeQuantity(writer, message.limit)
  }
  if (message.revision !== undefined && message.revision !== 0) {
    writer.uint32(32)
    writeQuantity(writer, message.revision)
  }
  if (message.sortOrder !== undefined && message.sortOrder !== 0) {
    writer.uint32(40)
    writer.int32(message.sortOrder)
  }
  if (message.sortTarget !== undefined && message.sortTarget !== 0) {
    writer.uint32(48)
    writer.int32(message.sortTarget)
  }
  if (message.serializable !== undefined && message.serializable !== false) {
    writer.uint32(56)
    writer.bool(message.serializable)
  }
  if (message.keysOnly !== undefined && message.keysOnly !== false) {
    writer.uint32(64)
    writer.bool(message.keysOnly)
  }
  if (message.countOnly !== undefined && message.countOnly !== false) {
    writer.uint32(72)
    writer.bool(message.countOnly)
  }
  if (message.minModRevision !== undefined && message.minModRevision !== 0) {
    writer.uint32(80)
    writeQuantity(writer, message.minModRevision)
  }
  if (message.maxModRevision !== undefined && message.maxModRevision !== 0) {
    writer.uint32(88)
    writeQuantity(writer, message.maxModRevision)
  }
  if (message.minCreateRevision !== undefined && message.minCreateRevision !== 0) {
    writer.uint32(96)
    writeQuantity(writer, message.minCreateRevision)
  }
  if (message.maxCreateRevision !== undefined && message.maxCreateRevision !== 0) {
    writer.uint32(104)
    writeQuantity(writer, message.maxCreateRevision)
  }
  return writer
}

/** Reads a RangeRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readRangeRequest(reader: Reader, end: number): RangeRequest {
  endOf(reader, end, reader.len)
  let key: Uint8Array = noBytes
  let rangeEnd: Uint8Array = noBytes
  let limit: number = 0
  let revision: number = 0
  let sortOrder: RangeRequestSortOrder = 0
  let sortTarget: RangeRequestSortTarget = 0
  let serializable: boolean = false
  let keysOnly: boolean = false
  let countOnly: boolean = false
  let minModRevision: number = 0
  let maxModRevision: number = 0
  let minCreateRevision: number = 0
  let maxCreateRevision: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        key = reader.bytes()
        break
      case 18:
        rangeEnd = reader.bytes()
        break
      case 24:
        limit = readQuantity(reader)
        break
      case 32:
        revision = readQuantity(reader)
        break
      case 40:
        sortOrder = reader.int32() as RangeRequestSortOrder
        break
      case 48:
        sortTarget = reader.int32() as RangeRequestSortTarget
        break
      case 56:
        serializable = reader.bool()
        break
      case 64:
        keysOnly = reader.bool()
        break
      case 72:
        countOnly = reader.bool()
        break
      case 80:
        minModRevision = readQuantity(reader)
        break
      case 88:
        maxModRevision = readQuantity(reader)
        break
      case 96:
        minCreateRevision = readQuantity(reader)
        break
      case 104:
        maxCreateRevision = readQuantity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { key, rangeEnd, limit, revision, sortOrder, sortTarget, serializable, keysOnly, countOnly, minModRevision, maxModRevision, minCreateRevision, maxCreateRevision }
}

export function encodeRangeRequest(message: RangeRequestInit): Uint8Array {
  return writeRangeRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeRangeRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): RangeRequest {
  return decodeRange('RangeRequest', readRangeRequest, bytes, start, end)
}

export const RangeRequestSortOrder: {
  readonly NONE: 0
  readonly ASCEND: 1
  readonly DESCEND: 2
} = {
  NONE: 0,
  ASCEND: 1,
  DESCEND: 2,
}
export type RangeRequestSortOrder = (typeof RangeRequestSortOrder)[keyof typeof RangeRequestSortOrder]

export const RangeRequestSortTarget: {
  readonly KEY: 0
  readonly VERSION: 1
  readonly CREATE: 2
  readonly MOD: 3
  readonly VALUE: 4
} = {
  KEY: 0,
  VERSION: 1,
  CREATE: 2,
  MOD: 3,
  VALUE: 4,
}
export type RangeRequestSortTarget = (typeof RangeRequestSortTarget)[keyof typeof RangeRequestSortTarget]

export interface RangeResponse {
  readonly header: ResponseHeader | undefined
  readonly kvs: readonly KeyValue[]
  readonly more: boolean
  readonly count: number
}

/** What `encodeRangeResponse` takes: absent fields have their zero value. */
export interface RangeResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly kvs?: readonly KeyValueInit[] | undefined
  readonly more?: boolean | undefined
  readonly count?: number | undefined
}

/** Appends the fields of a RangeResponse to `writer`. */
export function writeRangeResponse(writer: Writer, message: RangeResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  for (const value of message.kvs ?? []) {
    writer.uint32(18)
    writeKeyValue(writer.fork(), value).ldelim()
  }
  if (message.more !== undefined && message.more !== false) {
    writer.uint32(24)
    writer.bool(message.more)
  }
  if (message.count !== undefined && message.count !== 0) {
    writer.uint32(32)
    writeQuantity(writer, message.count)
  }
  return writer
}

/** Reads a RangeResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readRangeResponse(reader: Reader, end: number): RangeResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let kvs: KeyValue[] | undefined
  let more: boolean = false
  let count: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        kvs ??= []
        kvs.push(readKeyValue(reader, reader.size() + reader.pos))
        break
      case 24:
        more = reader.bool()
        break
      case 32:
        count = readQuantity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, kvs: kvs ?? [], more, count }
}

export function encodeRangeResponse(message: RangeResponseInit): Uint8Array {
  return writeRangeResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeRangeResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): RangeResponse {
  return decodeRange('RangeResponse', readRangeResponse, bytes, start, end)
}

export interface PutRequest {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly lease: bigint
  readonly prevKv: boolean
  readonly ignoreValue: boolean
  readonly ignoreLease: boolean
}

/** What `encodePutRequest` takes: absent fields have their zero value. */
export interface PutRequestInit {
  readonly key?: Uint8Array | undefined
  readonly value?: Uint8Array | undefined
  readonly lease?: bigint | undefined
  readonly prevKv?: boolean | undefined
  readonly ignoreValue?: boolean | undefined
  readonly ignoreLease?: boolean | undefined
}

/** Appends the fields of a PutRequest to `writer`. */
export function writePutRequest(writer: Writer, message: PutRequestInit): Writer {
  if (message.key !== undefined && message.key.length > 0) {
    writer.uint32(10)
    writer.bytes(message.key)
  }
  if (message.value !== undefined && message.value.length > 0) {
    writer.uint32(18)
    writer.bytes(message.value)
  }
  if (message.lease !== undefined && message.lease !== 0n) {
    writer.uint32(24)
    writeIdentity(writer, message.lease)
  }
  if (message.prevKv !== undefined && message.prevKv !== false) {
    writer.uint32(32)
    writer.bool(message.prevKv)
  }
  if (message.ignoreValue !== undefined && message.ignoreValue !== false) {
    writer.uint32(40)
    writer.bool(message.ignoreValue)
  }
  if (message.ignoreLease !== undefined && message.ignoreLease !== false) {
    writer.uint32(48)
    writer.bool(message.ignoreLease)
  }
  return writer
}

/** Reads a PutRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readPutRequest(reader: Reader, end: number): PutRequest {
  endOf(reader, end, reader.len)
  let key: Uint8Array = noBytes
  let value: Uint8Array = noBytes
  let lease: bigint = 0n
  let prevKv: boolean = false
  let ignoreValue: boolean = false
  let ignoreLease: boolean = false
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        key = reader.bytes()
        break
      case 18:
        value = reader.bytes()
        break
      case 24:
        lease = readIdentity(reader)
        break
      case 32:
        prevKv = reader.bool()
        break
      case 40:
        ignoreValue = reader.bool()
        break
      case 48:
        ignoreLease = reader.bool()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { key, value, lease, prevKv, ignoreValue, ignoreLease }
}

export function encodePutRequest(message: PutRequestInit): Uint8Array {
  return writePutRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodePutRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): PutRequest {
  return decodeRange('PutRequest', readPutRequest, bytes, start, end)
}

export interface PutResponse {
  readonly header: ResponseHeader | undefined
  readonly prevKv: KeyValue | undefined
}

/** What `encodePutResponse` takes: absent fields have their zero value. */
export interface PutResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly prevKv?: KeyValueInit | undefined
}

/** Appends the fields of a PutResponse to `writer`. */
export function writePutResponse(writer: Writer, message: PutResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.prevKv !== undefined) {
    writer.uint32(18)
    writeKeyValue(writer.fork(), message.prevKv).ldelim()
  }
  return writer
}

/** Reads a PutResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readPutResponse(reader: Reader, end: number): PutResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let prevKv: KeyValue | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        prevKv = readKeyValue(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, prevKv }
}

export function encodePutResponse(message: PutResponseInit): Uint8Array {
  return writePutResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodePutResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): PutResponse {
  return decodeRange('PutResponse', readPutResponse, bytes, start, end)
}

export interface DeleteRangeRequest {
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
  readonly prevKv: boolean
}

/** What `encodeDeleteRangeRequest` takes: absent fields have their zero value. */
export interface DeleteRangeRequestInit {
  readonly key?: Uint8Array | undefined
  readonly rangeEnd?: Uint8Array | undefined
  readonly prevKv?: boolean | undefined
}

/** Appends the fields of a DeleteRangeRequest to `writer`. */
export function writeDeleteRangeRequest(writer: Writer, message: DeleteRangeRequestInit): Writer {
  if (message.key !== undefined && message.key.length > 0) {
    writer.uint32(10)
    writer.bytes(message.key)
  }
  if (message.rangeEnd !== undefined && message.rangeEnd.length > 0) {
    writer.uint32(18)
    writer.bytes(message.rangeEnd)
  }
  if (message.prevKv !== undefined && message.prevKv !== false) {
    writer.uint32(24)
    writer.bool(message.prevKv)
  }
  return writer
}

/** Reads a DeleteRangeRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readDeleteRangeRequest(reader: Reader, end: number): DeleteRangeRequest {
  endOf(reader, end, reader.len)
  let key: Uint8Array = noBytes
  let rangeEnd: Uint8Array = noBytes
  let prevKv: boolean = false
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        key = reader.bytes()
        break
      case 18:
        rangeEnd = reader.bytes()
        break
      case 24:
        prevKv = reader.bool()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { key, rangeEnd, prevKv }
}

export function encodeDeleteRangeRequest(message: DeleteRangeRequestInit): Uint8Array {
  return writeDeleteRangeRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeDeleteRangeRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): DeleteRangeRequest {
  return decodeRange('DeleteRangeRequest', readDeleteRangeRequest, bytes, start, end)
}

export interface DeleteRangeResponse {
  readonly header: ResponseHeader | undefined
  readonly deleted: number
  readonly prevKvs: readonly KeyValue[]
}

/** What `encodeDeleteRangeResponse` takes: absent fields have their zero value. */
export interface DeleteRangeResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly deleted?: number | undefined
  readonly prevKvs?: readonly KeyValueInit[] | undefined
}

/** Appends the fields of a DeleteRangeResponse to `writer`. */
export function writeDeleteRangeResponse(writer: Writer, message: DeleteRangeResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.deleted !== undefined && message.deleted !== 0) {
    writer.uint32(16)
    writeQuantity(writer, message.deleted)
  }
  for (const value of message.prevKvs ?? []) {
    writer.uint32(26)
    writeKeyValue(writer.fork(), value).ldelim()
  }
  return writer
}

/** Reads a DeleteRangeResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readDeleteRangeResponse(reader: Reader, end: number): DeleteRangeResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let deleted: number = 0
  let prevKvs: KeyValue[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 16:
        deleted = readQuantity(reader)
        break
      case 26:
        prevKvs ??= []
        prevKvs.push(readKeyValue(reader, reader.size() + reader.pos))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, deleted, prevKvs: prevKvs ?? [] }
}

export function encodeDeleteRangeResponse(message: DeleteRangeResponseInit): Uint8Array {
  return writeDeleteRangeResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeDeleteRangeResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): DeleteRangeResponse {
  return decodeRange('DeleteRangeResponse', readDeleteRangeResponse, bytes, start, end)
}

export interface RequestOp {
  readonly requestRange: RangeRequest | undefined
  readonly requestPut: PutRequest | undefined
  readonly requestDeleteRange: DeleteRangeRequest | undefined
  readonly requestTxn: TxnRequest | undefined
}

/** What `encodeRequestOp` takes: absent fields have their zero value. */
export interface RequestOpInit {
  readonly requestRange?: RangeRequestInit | undefined
  readonly requestPut?: PutRequestInit | undefined
  readonly requestDeleteRange?: DeleteRangeRequestInit | undefined
  readonly requestTxn?: TxnRequestInit | undefined
}

/** Appends the fields of a RequestOp to `writer`. */
export function writeRequestOp(writer: Writer, message: RequestOpInit, depth: number = 0): Writer {
  checkDepth('RequestOp', depth)
  if (message.requestRange !== undefined) {
    writer.uint32(10)
    writeRangeRequest(writer.fork(), message.requestRange).ldelim()
  }
  if (message.requestPut !== undefined) {
    writer.uint32(18)
    writePutRequest(writer.fork(), message.requestPut).ldelim()
  }
  if (message.requestDeleteRange !== undefined) {
    writer.uint32(26)
    writeDeleteRangeRequest(writer.fork(), message.requestDeleteRange).ldelim()
  }
  if (message.requestTxn !== undefined) {
    writer.uint32(34)
    writeTxnRequest(writer.fork(), message.requestTxn, depth + 1).ldelim()
  }
  return writer
}

/** Reads a RequestOp that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readRequestOp(reader: Reader, end: number, depth: number = 0): RequestOp {
  checkDepth('RequestOp', depth)
  endOf(reader, end, reader.len)
  let requestRange: RangeRequest | undefined
  let requestPut: PutRequest | undefined
  let requestDeleteRange: DeleteRangeRequest | undefined
  let requestTxn: TxnRequest | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        requestRange = readRangeRequest(reader, reader.size() + reader.pos)
        requestPut = undefined
        requestDeleteRange = undefined
        requestTxn = undefined
        break
      case 18:
        requestPut = readPutRequest(reader, reader.size() + reader.pos)
        requestRange = undefined
        requestDeleteRange = undefined
        requestTxn = undefined
        break
      case 26:
        requestDeleteRange = readDeleteRangeRequest(reader, reader.size() + reader.pos)
        requestRange = undefined
        requestPut = undefined
        requestTxn = undefined
        break
      case 34:
        requestTxn = readTxnRequest(reader, reader.size() + reader.pos, depth + 1)
        requestRange = undefined
        requestPut = undefined
        requestDeleteRange = undefined
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { requestRange, requestPut, requestDeleteRange, requestTxn }
}

export function encodeRequestOp(message: RequestOpInit): Uint8Array {
  return writeRequestOp(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeRequestOp(bytes: Uint8Array, start: number = 0, end: number = bytes.length): RequestOp {
  return decodeRange('RequestOp', readRequestOp, bytes, start, end)
}

export interface ResponseOp {
  readonly responseRange: RangeResponse | undefined
  readonly responsePut: PutResponse | undefined
  readonly responseDeleteRange: DeleteRangeResponse | undefined
  readonly responseTxn: TxnResponse | undefined
}

/** What `encodeResponseOp` takes: absent fields have their zero value. */
export interface ResponseOpInit {
  readonly responseRange?: RangeResponseInit | undefined
  readonly responsePut?: PutResponseInit | undefined
  readonly responseDeleteRange?: DeleteRangeResponseInit | undefined
  readonly responseTxn?: TxnResponseInit | undefined
}

/** Appends the fields of a ResponseOp to `writer`. */
export function writeResponseOp(writer: Writer, message: ResponseOpInit, depth: number = 0): Writer {
  checkDepth('ResponseOp', depth)
  if (message.responseRange !== undefined) {
    writer.uint32(10)
    writeRangeResponse(writer.fork(), message.responseRange).ldelim()
  }
  if (message.responsePut !== undefined) {
    writer.uint32(18)
    writePutResponse(writer.fork(), message.responsePut).ldelim()
  }
  if (message.responseDeleteRange !== undefined) {
    writer.uint32(26)
    writeDeleteRangeResponse(writer.fork(), message.responseDeleteRange).ldelim()
  }
  if (message.responseTxn !== undefined) {
    writer.uint32(34)
    writeTxnResponse(writer.fork(), message.responseTxn, depth + 1).ldelim()
  }
  return writer
}

/** Reads a ResponseOp that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readResponseOp(reader: Reader, end: number, depth: number = 0): ResponseOp {
  checkDepth('ResponseOp', depth)
  endOf(reader, end, reader.len)
  let responseRange: RangeResponse | undefined
  let responsePut: PutResponse | undefined
  let responseDeleteRange: DeleteRangeResponse | undefined
  let responseTxn: TxnResponse | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        responseRange = readRangeResponse(reader, reader.size() + reader.pos)
        responsePut = undefined
        responseDeleteRange = undefined
        responseTxn = undefined
        break
      case 18:
        responsePut = readPutResponse(reader, reader.size() + reader.pos)
        responseRange = undefined
        responseDeleteRange = undefined
        responseTxn = undefined
        break
      case 26:
        responseDeleteRange = readDeleteRangeResponse(reader, reader.size() + reader.pos)
        responseRange = undefined
        responsePut = undefined
        responseTxn = undefined
        break
      case 34:
        responseTxn = readTxnResponse(reader, reader.size() + reader.pos, depth + 1)
        responseRange = undefined
        responsePut = undefined
        responseDeleteRange = undefined
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { responseRange, responsePut, responseDeleteRange, responseTxn }
}

export function encodeResponseOp(message: ResponseOpInit): Uint8Array {
  return writeResponseOp(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeResponseOp(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ResponseOp {
  return decodeRange('ResponseOp', readResponseOp, bytes, start, end)
}

export interface Compare {
  readonly result: CompareResult
  readonly target: CompareTarget
  readonly key: Uint8Array
  readonly version: number | undefined
  readonly createRevision: number | undefined
  readonly modRevision: number | undefined
  readonly value: Uint8Array | undefined
  readonly lease: bigint | undefined
  readonly rangeEnd: Uint8Array
}

/** What `encodeCompare` takes: absent fields have their zero value. */
export interface CompareInit {
  readonly result?: CompareResult | undefined
  readonly target?: CompareTarget | undefined
  readonly key?: Uint8Array | undefined
  readonly version?: number | undefined
  readonly createRevision?: number | undefined
  readonly modRevision?: number | undefined
  readonly value?: Uint8Array | undefined
  readonly lease?: bigint | undefined
  readonly rangeEnd?: Uint8Array | undefined
}

/** Appends the fields of a Compare to `writer`. */
export function writeCompare(writer: Writer, message: CompareInit): Writer {
  if (message.result !== undefined && message.result !== 0) {
    writer.uint32(8)
    writer.int32(message.result)
  }
  if (message.target !== undefined && message.target !== 0) {
    writer.uint32(16)
    writer.int32(message.target)
  }
  if (message.key !== undefined && message.key.length > 0) {
    writer.uint32(26)
    writer.bytes(message.key)
  }
  if (message.version !== undefined) {
    writer.uint32(32)
    writeQuantity(writer, message.version)
  }
  if (message.createRevision !== undefined) {
    writer.uint32(40)
    writeQuantity(writer, message.createRevision)
  }
  if (message.modRevision !== undefined) {
    writer.uint32(48)
    writeQuantity(writer, message.modRevision)
  }
  if (message.value !== undefined) {
    writer.uint32(58)
    writer.bytes(message.value)
  }
  if (message.lease !== undefined) {
    writer.uint32(64)
    writeIdentity(writer, message.lease)
  }
  if (message.rangeEnd !== undefined && message.rangeEnd.length > 0) {
    writer.uint32(514)
    writer.bytes(message.rangeEnd)
  }
  return writer
}

/** Reads a Compare that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readCompare(reader: Reader, end: number): Compare {
  endOf(reader, end, reader.len)
  let result: CompareResult = 0
  let target: CompareTarget = 0
  let key: Uint8Array = noBytes
  let version: number | undefined
  let createRevision: number | undefined
  let modRevision: number | undefined
  let value: Uint8Array | undefined
  let lease: bigint | undefined
  let rangeEnd: Uint8Array = noBytes
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        result = reader.int32() as CompareResult
        break
      case 16:
        target = reader.int32() as CompareTarget
        break
      case 26:
        key = reader.bytes()
        break
      case 32:
        version = readQuantity(reader)
        createRevision = undefined
        modRevision = undefined
        value = undefined
        lease = undefined
        break
      case 40:
        createRevision = readQuantity(reader)
        version = undefined
        modRevision = undefined
        value = undefined
        lease = undefined
        break
      case 48:
        modRevision = readQuantity(reader)
        version = undefined
        createRevision = undefined
        value = undefined
        lease = undefined
        break
      case 58:
        value = reader.bytes()
        version = undefined
        createRevision = undefined
        modRevision = undefined
        lease = undefined
        break
      case 64:
        lease = readIdentity(reader)
        version = undefined
        createRevision = undefined
        modRevision = undefined
        value = undefined
        break
      case 514:
        rangeEnd = reader.bytes()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { result, target, key, version, createRevision, modRevision, value, lease, rangeEnd }
}

export function encodeCompare(message: CompareInit): Uint8Array {
  return writeCompare(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeCompare(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Compare {
  return decodeRange('Compare', readCompare, bytes, start, end)
}

export const CompareResult: {
  readonly EQUAL: 0
  readonly GREATER: 1
  readonly LESS: 2
  readonly NOT_EQUAL: 3
} = {
  EQUAL: 0,
  GREATER: 1,
  LESS: 2,
  NOT_EQUAL: 3,
}
export type CompareResult = (typeof CompareResult)[keyof typeof CompareResult]

export const CompareTarget: {
  readonly VERSION: 0
  readonly CREATE: 1
  readonly MOD: 2
  readonly VALUE: 3
  readonly LEASE: 4
} = {
  VERSION: 0,
  CREATE: 1,
  MOD: 2,
  VALUE: 3,
  LEASE: 4,
}
export type CompareTarget = (typeof CompareTarget)[keyof typeof CompareTarget]

export interface TxnRequest {
  readonly compare: readonly Compare[]
  readonly success: readonly RequestOp[]
  readonly failure: readonly RequestOp[]
}

/** What `encodeTxnRequest` takes: absent fields have their zero value. */
export interface TxnRequestInit {
  readonly compare?: readonly CompareInit[] | undefined
  readonly success?: readonly RequestOpInit[] | undefined
  readonly failure?: readonly RequestOpInit[] | undefined
}

/** Appends the fields of a TxnRequest to `writer`. */
export function writeTxnRequest(writer: Writer, message: TxnRequestInit, depth: number = 0): Writer {
  checkDepth('TxnRequest', depth)
  for (const value of message.compare ?? []) {
    writer.uint32(10)
    writeCompare(writer.fork(), value).ldelim()
  }
  for (const value of message.success ?? []) {
    writer.uint32(18)
    writeRequestOp(writer.fork(), value, depth + 1).ldelim()
  }
  for (const value of message.failure ?? []) {
    writer.uint32(26)
    writeRequestOp(writer.fork(), value, depth + 1).ldelim()
  }
  return writer
}

/** Reads a TxnRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readTxnRequest(reader: Reader, end: number, depth: number = 0): TxnRequest {
  checkDepth('TxnRequest', depth)
  endOf(reader, end, reader.len)
  let compare: Compare[] | undefined
  let success: RequestOp[] | undefined
  let failure: RequestOp[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        compare ??= []
        compare.push(readCompare(reader, reader.size() + reader.pos))
        break
      case 18:
        success ??= []
        success.push(readRequestOp(reader, reader.size() + reader.pos, depth + 1))
        break
      case 26:
        failure ??= []
        failure.push(readRequestOp(reader, reader.size() + reader.pos, depth + 1))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { compare: compare ?? [], success: success ?? [], failure: failure ?? [] }
}

export function encodeTxnRequest(message: TxnRequestInit): Uint8Array {
  return writeTxnRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeTxnRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): TxnRequest {
  return decodeRange('TxnRequest', readTxnRequest, bytes, start, end)
}

export interface TxnResponse {
  readonly header: ResponseHeader | undefined
  readonly succeeded: boolean
  readonly responses: readonly ResponseOp[]
}

/** What `encodeTxnResponse` takes: absent fields have their zero value. */
export interface TxnResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly succeeded?: boolean | undefined
  readonly responses?: readonly ResponseOpInit[] | undefined
}

/** Appends the fields of a TxnResponse to `writer`. */
export function writeTxnResponse(writer: Writer, message: TxnResponseInit, depth: number = 0): Writer {
  checkDepth('TxnResponse', depth)
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.succeeded !== undefined && message.succeeded !== false) {
    writer.uint32(16)
    writer.bool(message.succeeded)
  }
  for (const value of message.responses ?? []) {
    writer.uint32(26)
    writeResponseOp(writer.fork(), value, depth + 1).ldelim()
  }
  return writer
}

/** Reads a TxnResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readTxnResponse(reader: Reader, end: number, depth: number = 0): TxnResponse {
  checkDepth('TxnResponse', depth)
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let succeeded: boolean = false
  let responses: ResponseOp[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 16:
        succeeded = reader.bool()
        break
      case 26:
        responses ??= []
        responses.push(readResponseOp(reader, reader.size() + reader.pos, depth + 1))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, succeeded, responses: responses ?? [] }
}

export function encodeTxnResponse(message: TxnResponseInit): Uint8Array {
  return writeTxnResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeTxnResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): TxnResponse {
  return decodeRange('TxnResponse', readTxnResponse, bytes, start, end)
}

export interface CompactionRequest {
  readonly revision: number
  readonly physical: boolean
}

/** What `encodeCompactionRequest` takes: absent fields have their zero value. */
export interface CompactionRequestInit {
  readonly revision?: number | undefined
  readonly physical?: boolean | undefined
}

/** Appends the fields of a CompactionRequest to `writer`. */
export function writeCompactionRequest(writer: Writer, message: CompactionRequestInit): Writer {
  if (message.revision !== undefined && message.revision !== 0) {
    writer.uint32(8)
    writeQuantity(writer, message.revision)
  }
  if (message.physical !== undefined && message.physical !== false) {
    writer.uint32(16)
    writer.bool(message.physical)
  }
  return writer
}

/** Reads a CompactionRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readCompactionRequest(reader: Reader, end: number): CompactionRequest {
  endOf(reader, end, reader.len)
  let revision: number = 0
  let physical: boolean = false
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        revision = readQuantity(reader)
        break
      case 16:
        physical = reader.bool()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { revision, physical }
}

export function encodeCompactionRequest(message: CompactionRequestInit): Uint8Array {
  return writeCompactionRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeCompactionRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): CompactionRequest {
  return decodeRange('CompactionRequest', readCompactionRequest, bytes, start, end)
}

export interface CompactionResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeCompactionResponse` takes: absent fields have their zero value. */
export interface CompactionResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a CompactionResponse to `writer`. */
export function writeCompactionResponse(writer: Writer, message: CompactionResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a CompactionResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readCompactionResponse(reader: Reader, end: number): CompactionResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeCompactionResponse(message: CompactionResponseInit): Uint8Array {
  return writeCompactionResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeCompactionResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): CompactionResponse {
  return decodeRange('CompactionResponse', readCompactionResponse, bytes, start, end)
}

export type HashRequest = Readonly<Record<never, never>>

export type HashRequestInit = Readonly<Record<never, never>>

/** Appends the fields of a HashRequest to `writer`. */
export function writeHashRequest(writer: Writer, _message: HashRequestInit): Writer {
  return writer
}

/** Reads a HashRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readHashRequest(reader: Reader, end: number): HashRequest {
  endOf(reader, end, reader.len)
  while (reader.pos < end) skipField(reader, reader.tag())
  endOf(reader, reader.pos, end)
  return {  }
}

export function encodeHashRequest(message: HashRequestInit): Uint8Array {
  return writeHashRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeHashRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): HashRequest {
  return decodeRange('HashRequest', readHashRequest, bytes, start, end)
}

export interface HashKVRequest {
  readonly revision: number
}

/** What `encodeHashKVRequest` takes: absent fields have their zero value. */
export interface HashKVRequestInit {
  readonly revision?: number | undefined
}

/** Appends the fields of a HashKVRequest to `writer`. */
export function writeHashKVRequest(writer: Writer, message: HashKVRequestInit): Writer {
  if (message.revision !== undefined && message.revision !== 0) {
    writer.uint32(8)
    writeQuantity(writer, message.revision)
  }
  return writer
}

/** Reads a HashKVRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readHashKVRequest(reader: Reader, end: number): HashKVRequest {
  endOf(reader, end, reader.len)
  let revision: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        revision = readQuantity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { revision }
}

export function encodeHashKVRequest(message: HashKVRequestInit): Uint8Array {
  return writeHashKVRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeHashKVRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): HashKVRequest {
  return decodeRange('HashKVRequest', readHashKVRequest, bytes, start, end)
}

export interface HashKVResponse {
  readonly header: ResponseHeader | undefined
  readonly hash: number
  readonly compactRevision: number
  readonly hashRevision: number
}

/** What `encodeHashKVResponse` takes: absent fields have their zero value. */
export interface HashKVResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly hash?: number | undefined
  readonly compactRevision?: number | undefined
  readonly hashRevision?: number | undefined
}

/** Appends the fields of a HashKVResponse to `writer`. */
export function writeHashKVResponse(writer: Writer, message: HashKVResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.hash !== undefined && message.hash !== 0) {
    writer.uint32(16)
    writer.uint32(message.hash)
  }
  if (message.compactRevision !== undefined && message.compactRevision !== 0) {
    writer.uint32(24)
    writeQuantity(writer, message.compactRevision)
  }
  if (message.hashRevision !== undefined && message.hashRevision !== 0) {
    writer.uint32(32)
    writeQuantity(writer, message.hashRevision)
  }
  return writer
}

/** Reads a HashKVResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readHashKVResponse(reader: Reader, end: number): HashKVResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let hash: number = 0
  let compactRevision: number = 0
  let hashRevision: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 16:
        hash = reader.uint32()
        break
      case 24:
        compactRevision = readQuantity(reader)
        break
      case 32:
        hashRevision = readQuantity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, hash, compactRevision, hashRevision }
}

export function encodeHashKVResponse(message: HashKVResponseInit): Uint8Array {
  return writeHashKVResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeHashKVResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): HashKVResponse {
  return decodeRange('HashKVResponse', readHashKVResponse, bytes, start, end)
}

export interface HashResponse {
  readonly header: ResponseHeader | undefined
  readonly hash: number
}

/** What `encodeHashResponse` takes: absent fields have their zero value. */
export interface HashResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly hash?: number | undefined
}

/** Appends the fields of a HashResponse to `writer`. */
export function writeHashResponse(writer: Writer, message: HashResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.hash !== undefined && message.hash !== 0) {
    writer.uint32(16)
    writer.uint32(message.hash)
  }
  return writer
}

/** Reads a HashResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readHashResponse(reader: Reader, end: number): HashResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let hash: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 16:
        hash = reader.uint32()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, hash }
}

export function encodeHashResponse(message: HashResponseInit): Uint8Array {
  return writeHashResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeHashResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): HashResponse {
  return decodeRange('HashResponse', readHashResponse, bytes, start, end)
}

export type SnapshotRequest = Readonly<Record<never, never>>

export type SnapshotRequestInit = Readonly<Record<never, never>>

/** Appends the fields of a SnapshotRequest to `writer`. */
export function writeSnapshotRequest(writer: Writer, _message: SnapshotRequestInit): Writer {
  return writer
}

/** Reads a SnapshotRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readSnapshotRequest(reader: Reader, end: number): SnapshotRequest {
  endOf(reader, end, reader.len)
  while (reader.pos < end) skipField(reader, reader.tag())
  endOf(reader, reader.pos, end)
  return {  }
}

export function encodeSnapshotRequest(message: SnapshotRequestInit): Uint8Array {
  return writeSnapshotRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeSnapshotRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): SnapshotRequest {
  return decodeRange('SnapshotRequest', readSnapshotRequest, bytes, start, end)
}

export interface SnapshotResponse {
  readonly header: ResponseHeader | undefined
  readonly remainingBytes: number
  readonly blob: Uint8Array
  readonly version: string
}

/** What `encodeSnapshotResponse` takes: absent fields have their zero value. */
export interface SnapshotResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly remainingBytes?: number | undefined
  readonly blob?: Uint8Array | undefined
  readonly version?: string | undefined
}

/** Appends the fields of a SnapshotResponse to `writer`. */
export function writeSnapshotResponse(writer: Writer, message: SnapshotResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.remainingBytes !== undefined && message.remainingBytes !== 0) {
    writer.uint32(16)
    writeQuantity(writer, message.remainingBytes)
  }
  if (message.blob !== undefined && message.blob.length > 0) {
    writer.uint32(26)
    writer.bytes(message.blob)
  }
  if (message.version !== undefined && message.version.length > 0) {
    writer.uint32(34)
    writeText(writer, message.version)
  }
  return writer
}

/** Reads a SnapshotResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readSnapshotResponse(reader: Reader, end: number): SnapshotResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let remainingBytes: number = 0
  let blob: Uint8Array = noBytes
  let version: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 16:
        remainingBytes = readUnsignedQuantity(reader)
        break
      case 26:
        blob = reader.bytes()
        break
      case 34:
        version = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, remainingBytes, blob, version }
}

export function encodeSnapshotResponse(message: SnapshotResponseInit): Uint8Array {
  return writeSnapshotResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeSnapshotResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): SnapshotResponse {
  return decodeRange('SnapshotResponse', readSnapshotResponse, bytes, start, end)
}

export interface WatchRequest {
  readonly createRequest: WatchCreateRequest | undefined
  readonly cancelRequest: WatchCancelRequest | undefined
  readonly progressRequest: WatchProgressRequest | undefined
}

/** What `encodeWatchRequest` takes: absent fields have their zero value. */
export interface WatchRequestInit {
  readonly createRequest?: WatchCreateRequestInit | undefined
  readonly cancelRequest?: WatchCancelRequestInit | undefined
  readonly progressRequest?: WatchProgressRequestInit | undefined
}

/** Appends the fields of a WatchRequest to `writer`. */
export function writeWatchRequest(writer: Writer, message: WatchRequestInit): Writer {
  if (message.createRequest !== undefined) {
    writer.uint32(10)
    writeWatchCreateRequest(writer.fork(), message.createRequest).ldelim()
  }
  if (message.cancelRequest !== undefined) {
    writer.uint32(18)
    writeWatchCancelRequest(writer.fork(), message.cancelRequest).ldelim()
  }
  if (message.progressRequest !== undefined) {
    writer.uint32(26)
    writeWatchProgressRequest(writer.fork(), message.progressRequest).ldelim()
  }
  return writer
}

/** Reads a WatchRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readWatchRequest(reader: Reader, end: number): WatchRequest {
  endOf(reader, end, reader.len)
  let createRequest: WatchCreateRequest | undefined
  let cancelRequest: WatchCancelRequest | undefined
  let progressRequest: WatchProgressRequest | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        createRequest = readWatchCreateRequest(reader, reader.size() + reader.pos)
        cancelRequest = undefined
        progressRequest = undefined
        break
      case 18:
        cancelRequest = readWatchCancelRequest(reader, reader.size() + reader.pos)
        createRequest = undefined
        progressRequest = undefined
        break
      case 26:
        progressRequest = readWatchProgressRequest(reader, reader.size() + reader.pos)
        createRequest = undefined
        cancelRequest = undefined
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { createRequest, cancelRequest, progressRequest }
}

export function encodeWatchRequest(message: WatchRequestInit): Uint8Array {
  return writeWatchRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeWatchRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): WatchRequest {
  return decodeRange('WatchRequest', readWatchRequest, bytes, start, end)
}

export interface WatchCreateRequest {
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
  readonly startRevision: number
  readonly progressNotify: boolean
  readonly filters: readonly WatchCreateRequestFilterType[]
  readonly prevKv: boolean
  readonly watchId: number
  readonly fragment: boolean
}

/** What `encodeWatchCreateRequest` takes: absent fields have their zero value. */
export interface WatchCreateRequestInit {
  readonly key?: Uint8Array | undefined
  readonly rangeEnd?: Uint8Array | undefined
  readonly startRevision?: number | undefined
  readonly progressNotify?: boolean | undefined
  readonly filters?: readonly WatchCreateRequestFilterType[] | undefined
  readonly prevKv?: boolean | undefined
  readonly watchId?: number | undefined
  readonly fragment?: boolean | undefined
}

/** Appends the fields of a WatchCreateRequest to `writer`. */
export function writeWatchCreateRequest(writer: Writer, message: WatchCreateRequestInit): Writer {
  if (message.key !== undefined && message.key.length > 0) {
    writer.uint32(10)
    writer.bytes(message.key)
  }
  if (message.rangeEnd !== undefined && message.rangeEnd.length > 0) {
    writer.uint32(18)
    writer.bytes(message.rangeEnd)
  }
  if (message.startRevision !== undefined && message.startRevision !== 0) {
    writer.uint32(24)
    writeQuantity(writer, message.startRevision)
  }
  if (message.progressNotify !== undefined && message.progressNotify !== false) {
    writer.uint32(32)
    writer.bool(message.progressNotify)
  }
  if (message.filters !== undefined && message.filters.length > 0) {
    writer.uint32(42).fork()
    for (const value of message.filters) writer.int32(value)
    writer.ldelim()
  }
  if (message.prevKv !== undefined && message.prevKv !== false) {
    writer.uint32(48)
    writer.bool(message.prevKv)
  }
  if (message.watchId !== undefined && message.watchId !== 0) {
    writer.uint32(56)
    writeQuantity(writer, message.watchId)
  }
  if (message.fragment !== undefined && message.fragment !== false) {
    writer.uint32(64)
    writer.bool(message.fragment)
  }
  return writer
}

/** Reads a WatchCreateRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readWatchCreateRequest(reader: Reader, end: number): WatchCreateRequest {
  endOf(reader, end, reader.len)
  let key: Uint8Array = noBytes
  let rangeEnd: Uint8Array = noBytes
  let startRevision: number = 0
  let progressNotify: boolean = false
  let filters: WatchCreateRequestFilterType[] | undefined
  let prevKv: boolean = false
  let watchId: number = 0
  let fragment: boolean = false
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        key = reader.bytes()
        break
      case 18:
        rangeEnd = reader.bytes()
        break
      case 24:
        startRevision = readQuantity(reader)
        break
      case 32:
        progressNotify = reader.bool()
        break
      case 40:
        filters ??= []
        filters.push(reader.int32() as WatchCreateRequestFilterType)
        break
      case 42: {
        filters ??= []
        const packedEnd = endOf(reader, reader.size() + reader.pos, end)
        while (reader.pos < packedEnd) filters.push(reader.int32() as WatchCreateRequestFilterType)
        break
      }
      case 48:
        prevKv = reader.bool()
        break
      case 56:
        watchId = readQuantity(reader)
        break
      case 64:
        fragment = reader.bool()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { key, rangeEnd, startRevision, progressNotify, filters: filters ?? [], prevKv, watchId, fragment }
}

export function encodeWatchCreateRequest(message: WatchCreateRequestInit): Uint8Array {
  return writeWatchCreateRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeWatchCreateRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): WatchCreateRequest {
  return decodeRange('WatchCreateRequest', readWatchCreateRequest, bytes, start, end)
}

export const WatchCreateRequestFilterType: {
  readonly NOPUT: 0
  readonly NODELETE: 1
} = {
  NOPUT: 0,
  NODELETE: 1,
}
export type WatchCreateRequestFilterType = (typeof WatchCreateRequestFilterType)[keyof typeof WatchCreateRequestFilterType]

export interface WatchCancelRequest {
  readonly watchId: number
}

/** What `encodeWatchCancelRequest` takes: absent fields have their zero value. */
export interface WatchCancelRequestInit {
  readonly watchId?: number | undefined
}

/** Appends the fields of a WatchCancelRequest to `writer`. */
export function writeWatchCancelRequest(writer: Writer, message: WatchCancelRequestInit): Writer {
  if (message.watchId !== undefined && message.watchId !== 0) {
    writer.uint32(8)
    writeQuantity(writer, message.watchId)
  }
  return writer
}

/** Reads a WatchCancelRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readWatchCancelRequest(reader: Reader, end: number): WatchCancelRequest {
  endOf(reader, end, reader.len)
  let watchId: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        watchId = readQuantity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { watchId }
}

export function encodeWatchCancelRequest(message: WatchCancelRequestInit): Uint8Array {
  return writeWatchCancelRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeWatchCancelRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): WatchCancelRequest {
  return decodeRange('WatchCancelRequest', readWatchCancelRequest, bytes, start, end)
}

export type WatchProgressRequest = Readonly<Record<never, never>>

export type WatchProgressRequestInit = Readonly<Record<never, never>>

/** Appends the fields of a WatchProgressRequest to `writer`. */
export function writeWatchProgressRequest(writer: Writer, _message: WatchProgressRequestInit): Writer {
  return writer
}

/** Reads a WatchProgressRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readWatchProgressRequest(reader: Reader, end: number): WatchProgressRequest {
  endOf(reader, end, reader.len)
  while (reader.pos < end) skipField(reader, reader.tag())
  endOf(reader, reader.pos, end)
  return {  }
}

export function encodeWatchProgressRequest(message: WatchProgressRequestInit): Uint8Array {
  return writeWatchProgressRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeWatchProgressRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): WatchProgressRequest {
  return decodeRange('WatchProgressRequest', readWatchProgressRequest, bytes, start, end)
}

export interface WatchResponse {
  readonly header: ResponseHeader | undefined
  readonly watchId: number
  readonly created: boolean
  readonly canceled: boolean
  readonly compactRevision: number
  readonly cancelReason: string
  readonly fragment: boolean
  readonly events: readonly Event[]
}

/** What `encodeWatchResponse` takes: absent fields have their zero value. */
export interface WatchResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly watchId?: number | undefined
  readonly created?: boolean | undefined
  readonly canceled?: boolean | undefined
  readonly compactRevision?: number | undefined
  readonly cancelReason?: string | undefined
  readonly fragment?: boolean | undefined
  readonly events?: readonly EventInit[] | undefined
}

/** Appends the fields of a WatchResponse to `writer`. */
export function writeWatchResponse(writer: Writer, message: WatchResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.watchId !== undefined && message.watchId !== 0) {
    writer.uint32(16)
    writeQuantity(writer, message.watchId)
  }
  if (message.created !== undefined && message.created !== false) {
    writer.uint32(24)
    writer.bool(message.created)
  }
  if (message.canceled !== undefined && message.canceled !== false) {
    writer.uint32(32)
    writer.bool(message.canceled)
  }
  if (message.compactRevision !== undefined && message.compactRevision !== 0) {
    writer.uint32(40)
    writeQuantity(writer, message.compactRevision)
  }
  if (message.cancelReason !== undefined && message.cancelReason.length > 0) {
    writer.uint32(50)
    writeText(writer, message.cancelReason)
  }
  if (message.fragment !== undefined && message.fragment !== false) {
    writer.uint32(56)
    writer.bool(message.fragment)
  }
  for (const value of message.events ?? []) {
    writer.uint32(90)
    writeEvent(writer.fork(), value).ldelim()
  }
  return writer
}

/** Reads a WatchResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readWatchResponse(reader: Reader, end: number): WatchResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let watchId: number = 0
  let created: boolean = false
  let canceled: boolean = false
  let compactRevision: number = 0
  let cancelReason: string = ''
  let fragment: boolean = false
  let events: Event[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 16:
        watchId = readQuantity(reader)
        break
      case 24:
        created = reader.bool()
        break
      case 32:
        canceled = reader.bool()
        break
      case 40:
        compactRevision = readQuantity(reader)
        break
      case 50:
        cancelReason = reader.stringVerify()
        break
      case 56:
        fragment = reader.bool()
        break
      case 90:
        events ??= []
        events.push(readEvent(reader, reader.size() + reader.pos))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, watchId, created, canceled, compactRevision, cancelReason, fragment, events: events ?? [] }
}

export function encodeWatchResponse(message: WatchResponseInit): Uint8Array {
  return writeWatchResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeWatchResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): WatchResponse {
  return decodeRange('WatchResponse', readWatchResponse, bytes, start, end)
}

export interface LeaseGrantRequest {
  readonly ttl: number
  readonly id: bigint
}

/** What `encodeLeaseGrantRequest` takes: absent fields have their zero value. */
export interface LeaseGrantRequestInit {
  readonly ttl?: number | undefined
  readonly id?: bigint | undefined
}

/** Appends the fields of a LeaseGrantRequest to `writer`. */
export function writeLeaseGrantRequest(writer: Writer, message: LeaseGrantRequestInit): Writer {
  if (message.ttl !== undefined && message.ttl !== 0) {
    writer.uint32(8)
    writeQuantity(writer, message.ttl)
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(16)
    writeIdentity(writer, message.id)
  }
  return writer
}

/** Reads a LeaseGrantRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseGrantRequest(reader: Reader, end: number): LeaseGrantRequest {
  endOf(reader, end, reader.len)
  let ttl: number = 0
  let id: bigint = 0n
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        ttl = readQuantity(reader)
        break
      case 16:
        id = readIdentity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { ttl, id }
}

export function encodeLeaseGrantRequest(message: LeaseGrantRequestInit): Uint8Array {
  return writeLeaseGrantRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseGrantRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseGrantRequest {
  return decodeRange('LeaseGrantRequest', readLeaseGrantRequest, bytes, start, end)
}

export interface LeaseGrantResponse {
  readonly header: ResponseHeader | undefined
  readonly id: bigint
  readonly ttl: number
  readonly error: string
}

/** What `encodeLeaseGrantResponse` takes: absent fields have their zero value. */
export interface LeaseGrantResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly id?: bigint | undefined
  readonly ttl?: number | undefined
  readonly error?: string | undefined
}

/** Appends the fields of a LeaseGrantResponse to `writer`. */
export function writeLeaseGrantResponse(writer: Writer, message: LeaseGrantResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(16)
    writeIdentity(writer, message.id)
  }
  if (message.ttl !== undefined && message.ttl !== 0) {
    writer.uint32(24)
    writeQuantity(writer, message.ttl)
  }
  if (message.error !== undefined && message.error.length > 0) {
    writer.uint32(34)
    writeText(writer, message.error)
  }
  return writer
}

/** Reads a LeaseGrantResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseGrantResponse(reader: Reader, end: number): LeaseGrantResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let id: bigint = 0n
  let ttl: number = 0
  let error: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 16:
        id = readIdentity(reader)
        break
      case 24:
        ttl = readQuantity(reader)
        break
      case 34:
        error = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, id, ttl, error }
}

export function encodeLeaseGrantResponse(message: LeaseGrantResponseInit): Uint8Array {
  return writeLeaseGrantResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseGrantResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseGrantResponse {
  return decodeRange('LeaseGrantResponse', readLeaseGrantResponse, bytes, start, end)
}

export interface LeaseRevokeRequest {
  readonly id: bigint
}

/** What `encodeLeaseRevokeRequest` takes: absent fields have their zero value. */
export interface LeaseRevokeRequestInit {
  readonly id?: bigint | undefined
}

/** Appends the fields of a LeaseRevokeRequest to `writer`. */
export function writeLeaseRevokeRequest(writer: Writer, message: LeaseRevokeRequestInit): Writer {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.id)
  }
  return writer
}

/** Reads a LeaseRevokeRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseRevokeRequest(reader: Reader, end: number): LeaseRevokeRequest {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readIdentity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id }
}

export function encodeLeaseRevokeRequest(message: LeaseRevokeRequestInit): Uint8Array {
  return writeLeaseRevokeRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseRevokeRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseRevokeRequest {
  return decodeRange('LeaseRevokeRequest', readLeaseRevokeRequest, bytes, start, end)
}

export interface LeaseRevokeResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeLeaseRevokeResponse` takes: absent fields have their zero value. */
export interface LeaseRevokeResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a LeaseRevokeResponse to `writer`. */
export function writeLeaseRevokeResponse(writer: Writer, message: LeaseRevokeResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a LeaseRevokeResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseRevokeResponse(reader: Reader, end: number): LeaseRevokeResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeLeaseRevokeResponse(message: LeaseRevokeResponseInit): Uint8Array {
  return writeLeaseRevokeResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseRevokeResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseRevokeResponse {
  return decodeRange('LeaseRevokeResponse', readLeaseRevokeResponse, bytes, start, end)
}

export interface LeaseCheckpoint {
  readonly id: bigint
  readonly remainingTtl: number
}

/** What `encodeLeaseCheckpoint` takes: absent fields have their zero value. */
export interface LeaseCheckpointInit {
  readonly id?: bigint | undefined
  readonly remainingTtl?: number | undefined
}

/** Appends the fields of a LeaseCheckpoint to `writer`. */
export function writeLeaseCheckpoint(writer: Writer, message: LeaseCheckpointInit): Writer {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.id)
  }
  if (message.remainingTtl !== undefined && message.remainingTtl !== 0) {
    writer.uint32(16)
    writeQuantity(writer, message.remainingTtl)
  }
  return writer
}

/** Reads a LeaseCheckpoint that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseCheckpoint(reader: Reader, end: number): LeaseCheckpoint {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  let remainingTtl: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readIdentity(reader)
        break
      case 16:
        remainingTtl = readQuantity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id, remainingTtl }
}

export function encodeLeaseCheckpoint(message: LeaseCheckpointInit): Uint8Array {
  return writeLeaseCheckpoint(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseCheckpoint(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseCheckpoint {
  return decodeRange('LeaseCheckpoint', readLeaseCheckpoint, bytes, start, end)
}

export interface LeaseCheckpointRequest {
  readonly checkpoints: readonly LeaseCheckpoint[]
}

/** What `encodeLeaseCheckpointRequest` takes: absent fields have their zero value. */
export interface LeaseCheckpointRequestInit {
  readonly checkpoints?: readonly LeaseCheckpointInit[] | undefined
}

/** Appends the fields of a LeaseCheckpointRequest to `writer`. */
export function writeLeaseCheckpointRequest(writer: Writer, message: LeaseCheckpointRequestInit): Writer {
  for (const value of message.checkpoints ?? []) {
    writer.uint32(10)
    writeLeaseCheckpoint(writer.fork(), value).ldelim()
  }
  return writer
}

/** Reads a LeaseCheckpointRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseCheckpointRequest(reader: Reader, end: number): LeaseCheckpointRequest {
  endOf(reader, end, reader.len)
  let checkpoints: LeaseCheckpoint[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        checkpoints ??= []
        checkpoints.push(readLeaseCheckpoint(reader, reader.size() + reader.pos))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { checkpoints: checkpoints ?? [] }
}

export function encodeLeaseCheckpointRequest(message: LeaseCheckpointRequestInit): Uint8Array {
  return writeLeaseCheckpointRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseCheckpointRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseCheckpointRequest {
  return decodeRange('LeaseCheckpointRequest', readLeaseCheckpointRequest, bytes, start, end)
}

export interface LeaseCheckpointResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeLeaseCheckpointResponse` takes: absent fields have their zero value. */
export interface LeaseCheckpointResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a LeaseCheckpointResponse to `writer`. */
export function writeLeaseCheckpointResponse(writer: Writer, message: LeaseCheckpointResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a LeaseCheckpointResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseCheckpointResponse(reader: Reader, end: number): LeaseCheckpointResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeLeaseCheckpointResponse(message: LeaseCheckpointResponseInit): Uint8Array {
  return writeLeaseCheckpointResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseCheckpointResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseCheckpointResponse {
  return decodeRange('LeaseCheckpointResponse', readLeaseCheckpointResponse, bytes, start, end)
}

export interface LeaseKeepAliveRequest {
  readonly id: bigint
}

/** What `encodeLeaseKeepAliveRequest` takes: absent fields have their zero value. */
export interface LeaseKeepAliveRequestInit {
  readonly id?: bigint | undefined
}

/** Appends the fields of a LeaseKeepAliveRequest to `writer`. */
export function writeLeaseKeepAliveRequest(writer: Writer, message: LeaseKeepAliveRequestInit): Writer {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.id)
  }
  return writer
}

/** Reads a LeaseKeepAliveRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseKeepAliveRequest(reader: Reader, end: number): LeaseKeepAliveRequest {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readIdentity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id }
}

export function encodeLeaseKeepAliveRequest(message: LeaseKeepAliveRequestInit): Uint8Array {
  return writeLeaseKeepAliveRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseKeepAliveRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseKeepAliveRequest {
  return decodeRange('LeaseKeepAliveRequest', readLeaseKeepAliveRequest, bytes, start, end)
}

export interface LeaseKeepAliveResponse {
  readonly header: ResponseHeader | undefined
  readonly id: bigint
  readonly ttl: number
}

/** What `encodeLeaseKeepAliveResponse` takes: absent fields have their zero value. */
export interface LeaseKeepAliveResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly id?: bigint | undefined
  readonly ttl?: number | undefined
}

/** Appends the fields of a LeaseKeepAliveResponse to `writer`. */
export function writeLeaseKeepAliveResponse(writer: Writer, message: LeaseKeepAliveResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(16)
    writeIdentity(writer, message.id)
  }
  if (message.ttl !== undefined && message.ttl !== 0) {
    writer.uint32(24)
    writeQuantity(writer, message.ttl)
  }
  return writer
}

/** Reads a LeaseKeepAliveResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseKeepAliveResponse(reader: Reader, end: number): LeaseKeepAliveResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let id: bigint = 0n
  let ttl: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 16:
        id = readIdentity(reader)
        break
      case 24:
        ttl = readQuantity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, id, ttl }
}

export function encodeLeaseKeepAliveResponse(message: LeaseKeepAliveResponseInit): Uint8Array {
  return writeLeaseKeepAliveResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseKeepAliveResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseKeepAliveResponse {
  return decodeRange('LeaseKeepAliveResponse', readLeaseKeepAliveResponse, bytes, start, end)
}

export interface LeaseTimeToLiveRequest {
  readonly id: bigint
  readonly keys: boolean
}

/** What `encodeLeaseTimeToLiveRequest` takes: absent fields have their zero value. */
export interface LeaseTimeToLiveRequestInit {
  readonly id?: bigint | undefined
  readonly keys?: boolean | undefined
}

/** Appends the fields of a LeaseTimeToLiveRequest to `writer`. */
export function writeLeaseTimeToLiveRequest(writer: Writer, message: LeaseTimeToLiveRequestInit): Writer {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.id)
  }
  if (message.keys !== undefined && message.keys !== false) {
    writer.uint32(16)
    writer.bool(message.keys)
  }
  return writer
}

/** Reads a LeaseTimeToLiveRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseTimeToLiveRequest(reader: Reader, end: number): LeaseTimeToLiveRequest {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  let keys: boolean = false
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readIdentity(reader)
        break
      case 16:
        keys = reader.bool()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id, keys }
}

export function encodeLeaseTimeToLiveRequest(message: LeaseTimeToLiveRequestInit): Uint8Array {
  return writeLeaseTimeToLiveRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseTimeToLiveRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseTimeToLiveRequest {
  return decodeRange('LeaseTimeToLiveRequest', readLeaseTimeToLiveRequest, bytes, start, end)
}

export interface LeaseTimeToLiveResponse {
  readonly header: ResponseHeader | undefined
  readonly id: bigint
  readonly ttl: number
  readonly grantedTtl: number
  readonly keys: readonly Uint8Array[]
}

/** What `encodeLeaseTimeToLiveResponse` takes: absent fields have their zero value. */
export interface LeaseTimeToLiveResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly id?: bigint | undefined
  readonly ttl?: number | undefined
  readonly grantedTtl?: number | undefined
  readonly keys?: readonly Uint8Array[] | undefined
}

/** Appends the fields of a LeaseTimeToLiveResponse to `writer`. */
export function writeLeaseTimeToLiveResponse(writer: Writer, message: LeaseTimeToLiveResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(16)
    writeIdentity(writer, message.id)
  }
  if (message.ttl !== undefined && message.ttl !== 0) {
    writer.uint32(24)
    writeQuantity(writer, message.ttl)
  }
  if (message.grantedTtl !== undefined && message.grantedTtl !== 0) {
    writer.uint32(32)
    writeQuantity(writer, message.grantedTtl)
  }
  for (const value of message.keys ?? []) {
    writer.uint32(42)
    writer.bytes(value)
  }
  return writer
}

/** Reads a LeaseTimeToLiveResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseTimeToLiveResponse(reader: Reader, end: number): LeaseTimeToLiveResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let id: bigint = 0n
  let ttl: number = 0
  let grantedTtl: number = 0
  let keys: Uint8Array[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 16:
        id = readIdentity(reader)
        break
      case 24:
        ttl = readQuantity(reader)
        break
      case 32:
        grantedTtl = readQuantity(reader)
        break
      case 42:
        keys ??= []
        keys.push(reader.bytes())
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, id, ttl, grantedTtl, keys: keys ?? [] }
}

export function encodeLeaseTimeToLiveResponse(message: LeaseTimeToLiveResponseInit): Uint8Array {
  return writeLeaseTimeToLiveResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseTimeToLiveResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseTimeToLiveResponse {
  return decodeRange('LeaseTimeToLiveResponse', readLeaseTimeToLiveResponse, bytes, start, end)
}

export type LeaseLeasesRequest = Readonly<Record<never, never>>

export type LeaseLeasesRequestInit = Readonly<Record<never, never>>

/** Appends the fields of a LeaseLeasesRequest to `writer`. */
export function writeLeaseLeasesRequest(writer: Writer, _message: LeaseLeasesRequestInit): Writer {
  return writer
}

/** Reads a LeaseLeasesRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseLeasesRequest(reader: Reader, end: number): LeaseLeasesRequest {
  endOf(reader, end, reader.len)
  while (reader.pos < end) skipField(reader, reader.tag())
  endOf(reader, reader.pos, end)
  return {  }
}

export function encodeLeaseLeasesRequest(message: LeaseLeasesRequestInit): Uint8Array {
  return writeLeaseLeasesRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseLeasesRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseLeasesRequest {
  return decodeRange('LeaseLeasesRequest', readLeaseLeasesRequest, bytes, start, end)
}

export interface LeaseStatus {
  readonly id: bigint
}

/** What `encodeLeaseStatus` takes: absent fields have their zero value. */
export interface LeaseStatusInit {
  readonly id?: bigint | undefined
}

/** Appends the fields of a LeaseStatus to `writer`. */
export function writeLeaseStatus(writer: Writer, message: LeaseStatusInit): Writer {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.id)
  }
  return writer
}

/** Reads a LeaseStatus that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseStatus(reader: Reader, end: number): LeaseStatus {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readIdentity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id }
}

export function encodeLeaseStatus(message: LeaseStatusInit): Uint8Array {
  return writeLeaseStatus(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseStatus(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseStatus {
  return decodeRange('LeaseStatus', readLeaseStatus, bytes, start, end)
}

export interface LeaseLeasesResponse {
  readonly header: ResponseHeader | undefined
  readonly leases: readonly LeaseStatus[]
}

/** What `encodeLeaseLeasesResponse` takes: absent fields have their zero value. */
export interface LeaseLeasesResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly leases?: readonly LeaseStatusInit[] | undefined
}

/** Appends the fields of a LeaseLeasesResponse to `writer`. */
export function writeLeaseLeasesResponse(writer: Writer, message: LeaseLeasesResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  for (const value of message.leases ?? []) {
    writer.uint32(18)
    writeLeaseStatus(writer.fork(), value).ldelim()
  }
  return writer
}

/** Reads a LeaseLeasesResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseLeasesResponse(reader: Reader, end: number): LeaseLeasesResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let leases: LeaseStatus[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        leases ??= []
        leases.push(readLeaseStatus(reader, reader.size() + reader.pos))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, leases: leases ?? [] }
}

export function encodeLeaseLeasesResponse(message: LeaseLeasesResponseInit): Uint8Array {
  return writeLeaseLeasesResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseLeasesResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseLeasesResponse {
  return decodeRange('LeaseLeasesResponse', readLeaseLeasesResponse, bytes, start, end)
}

export interface Member {
  readonly id: bigint
  readonly name: string
  readonly peerUrls: readonly string[]
  readonly clientUrls: readonly string[]
  readonly isLearner: boolean
}

/** What `encodeMember` takes: absent fields have their zero value. */
export interface MemberInit {
  readonly id?: bigint | undefined
  readonly name?: string | undefined
  readonly peerUrls?: readonly string[] | undefined
  readonly clientUrls?: readonly string[] | undefined
  readonly isLearner?: boolean | undefined
}

/** Appends the fields of a Member to `writer`. */
export function writeMember(writer: Writer, message: MemberInit): Writer {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.id)
  }
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(18)
    writeText(writer, message.name)
  }
  for (const value of message.peerUrls ?? []) {
    writer.uint32(26)
    writeText(writer, value)
  }
  for (const value of message.clientUrls ?? []) {
    writer.uint32(34)
    writeText(writer, value)
  }
  if (message.isLearner !== undefined && message.isLearner !== false) {
    writer.uint32(40)
    writer.bool(message.isLearner)
  }
  return writer
}

/** Reads a Member that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMember(reader: Reader, end: number): Member {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  let name: string = ''
  let peerUrls: string[] | undefined
  let clientUrls: string[] | undefined
  let isLearner: boolean = false
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readUnsignedIdentity(reader)
        break
      case 18:
        name = reader.stringVerify()
        break
      case 26:
        peerUrls ??= []
        peerUrls.push(reader.stringVerify())
        break
      case 34:
        clientUrls ??= []
        clientUrls.push(reader.stringVerify())
        break
      case 40:
        isLearner = reader.bool()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id, name, peerUrls: peerUrls ?? [], clientUrls: clientUrls ?? [], isLearner }
}

export function encodeMember(message: MemberInit): Uint8Array {
  return writeMember(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMember(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Member {
  return decodeRange('Member', readMember, bytes, start, end)
}

export interface MemberAddRequest {
  readonly peerUrls: readonly string[]
  readonly isLearner: boolean
}

/** What `encodeMemberAddRequest` takes: absent fields have their zero value. */
export interface MemberAddRequestInit {
  readonly peerUrls?: readonly string[] | undefined
  readonly isLearner?: boolean | undefined
}

/** Appends the fields of a MemberAddRequest to `writer`. */
export function writeMemberAddRequest(writer: Writer, message: MemberAddRequestInit): Writer {
  for (const value of message.peerUrls ?? []) {
    writer.uint32(10)
    writeText(writer, value)
  }
  if (message.isLearner !== undefined && message.isLearner !== false) {
    writer.uint32(16)
    writer.bool(message.isLearner)
  }
  return writer
}

/** Reads a MemberAddRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMemberAddRequest(reader: Reader, end: number): MemberAddRequest {
  endOf(reader, end, reader.len)
  let peerUrls: string[] | undefined
  let isLearner: boolean = false
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        peerUrls ??= []
        peerUrls.push(reader.stringVerify())
        break
      case 16:
        isLearner = reader.bool()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { peerUrls: peerUrls ?? [], isLearner }
}

export function encodeMemberAddRequest(message: MemberAddRequestInit): Uint8Array {
  return writeMemberAddRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMemberAddRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): MemberAddRequest {
  return decodeRange('MemberAddRequest', readMemberAddRequest, bytes, start, end)
}

export interface MemberAddResponse {
  readonly header: ResponseHeader | undefined
  readonly member: Member | undefined
  readonly members: readonly Member[]
}

/** What `encodeMemberAddResponse` takes: absent fields have their zero value. */
export interface MemberAddResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly member?: MemberInit | undefined
  readonly members?: readonly MemberInit[] | undefined
}

/** Appends the fields of a MemberAddResponse to `writer`. */
export function writeMemberAddResponse(writer: Writer, message: MemberAddResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.member !== undefined) {
    writer.uint32(18)
    writeMember(writer.fork(), message.member).ldelim()
  }
  for (const value of message.members ?? []) {
    writer.uint32(26)
    writeMember(writer.fork(), value).ldelim()
  }
  return writer
}

/** Reads a MemberAddResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMemberAddResponse(reader: Reader, end: number): MemberAddResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let member: Member | undefined
  let members: Member[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        member = readMember(reader, reader.size() + reader.pos)
        break
      case 26:
        members ??= []
        members.push(readMember(reader, reader.size() + reader.pos))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, member, members: members ?? [] }
}

export function encodeMemberAddResponse(message: MemberAddResponseInit): Uint8Array {
  return writeMemberAddResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMemberAddResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): MemberAddResponse {
  return decodeRange('MemberAddResponse', readMemberAddResponse, bytes, start, end)
}

export interface MemberRemoveRequest {
  readonly id: bigint
}

/** What `encodeMemberRemoveRequest` takes: absent fields have their zero value. */
export interface MemberRemoveRequestInit {
  readonly id?: bigint | undefined
}

/** Appends the fields of a MemberRemoveRequest to `writer`. */
export function writeMemberRemoveRequest(writer: Writer, message: MemberRemoveRequestInit): Writer {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.id)
  }
  return writer
}

/** Reads a MemberRemoveRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMemberRemoveRequest(reader: Reader, end: number): MemberRemoveRequest {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readUnsignedIdentity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id }
}

export function encodeMemberRemoveRequest(message: MemberRemoveRequestInit): Uint8Array {
  return writeMemberRemoveRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMemberRemoveRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): MemberRemoveRequest {
  return decodeRange('MemberRemoveRequest', readMemberRemoveRequest, bytes, start, end)
}

export interface MemberRemoveResponse {
  readonly header: ResponseHeader | undefined
  readonly members: readonly Member[]
}

/** What `encodeMemberRemoveResponse` takes: absent fields have their zero value. */
export interface MemberRemoveResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly members?: readonly MemberInit[] | undefined
}

/** Appends the fields of a MemberRemoveResponse to `writer`. */
export function writeMemberRemoveResponse(writer: Writer, message: MemberRemoveResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  for (const value of message.members ?? []) {
    writer.uint32(18)
    writeMember(writer.fork(), value).ldelim()
  }
  return writer
}

/** Reads a MemberRemoveResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMemberRemoveResponse(reader: Reader, end: number): MemberRemoveResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let members: Member[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        members ??= []
        members.push(readMember(reader, reader.size() + reader.pos))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, members: members ?? [] }
}

export function encodeMemberRemoveResponse(message: MemberRemoveResponseInit): Uint8Array {
  return writeMemberRemoveResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMemberRemoveResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): MemberRemoveResponse {
  return decodeRange('MemberRemoveResponse', readMemberRemoveResponse, bytes, start, end)
}

export interface MemberUpdateRequest {
  readonly id: bigint
  readonly peerUrls: readonly string[]
}

/** What `encodeMemberUpdateRequest` takes: absent fields have their zero value. */
export interface MemberUpdateRequestInit {
  readonly id?: bigint | undefined
  readonly peerUrls?: readonly string[] | undefined
}

/** Appends the fields of a MemberUpdateRequest to `writer`. */
export function writeMemberUpdateRequest(writer: Writer, message: MemberUpdateRequestInit): Writer {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.id)
  }
  for (const value of message.peerUrls ?? []) {
    writer.uint32(18)
    writeText(writer, value)
  }
  return writer
}

/** Reads a MemberUpdateRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMemberUpdateRequest(reader: Reader, end: number): MemberUpdateRequest {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  let peerUrls: string[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readUnsignedIdentity(reader)
        break
      case 18:
        peerUrls ??= []
        peerUrls.push(reader.stringVerify())
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id, peerUrls: peerUrls ?? [] }
}

export function encodeMemberUpdateRequest(message: MemberUpdateRequestInit): Uint8Array {
  return writeMemberUpdateRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMemberUpdateRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): MemberUpdateRequest {
  return decodeRange('MemberUpdateRequest', readMemberUpdateRequest, bytes, start, end)
}

export interface MemberUpdateResponse {
  readonly header: ResponseHeader | undefined
  readonly members: readonly Member[]
}

/** What `encodeMemberUpdateResponse` takes: absent fields have their zero value. */
export interface MemberUpdateResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly members?: readonly MemberInit[] | undefined
}

/** Appends the fields of a MemberUpdateResponse to `writer`. */
export function writeMemberUpdateResponse(writer: Writer, message: MemberUpdateResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  for (const value of message.members ?? []) {
    writer.uint32(18)
    writeMember(writer.fork(), value).ldelim()
  }
  return writer
}

/** Reads a MemberUpdateResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMemberUpdateResponse(reader: Reader, end: number): MemberUpdateResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let members: Member[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        members ??= []
        members.push(readMember(reader, reader.size() + reader.pos))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, members: members ?? [] }
}

export function encodeMemberUpdateResponse(message: MemberUpdateResponseInit): Uint8Array {
  return writeMemberUpdateResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMemberUpdateResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): MemberUpdateResponse {
  return decodeRange('MemberUpdateResponse', readMemberUpdateResponse, bytes, start, end)
}

export interface MemberListRequest {
  readonly linearizable: boolean
}

/** What `encodeMemberListRequest` takes: absent fields have their zero value. */
export interface MemberListRequestInit {
  readonly linearizable?: boolean | undefined
}

/** Appends the fields of a MemberListRequest to `writer`. */
export function writeMemberListRequest(writer: Writer, message: MemberListRequestInit): Writer {
  if (message.linearizable !== undefined && message.linearizable !== false) {
    writer.uint32(8)
    writer.bool(message.linearizable)
  }
  return writer
}

/** Reads a MemberListRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMemberListRequest(reader: Reader, end: number): MemberListRequest {
  endOf(reader, end, reader.len)
  let linearizable: boolean = false
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        linearizable = reader.bool()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { linearizable }
}

export function encodeMemberListRequest(message: MemberListRequestInit): Uint8Array {
  return writeMemberListRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMemberListRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): MemberListRequest {
  return decodeRange('MemberListRequest', readMemberListRequest, bytes, start, end)
}

export interface MemberListResponse {
  readonly header: ResponseHeader | undefined
  readonly members: readonly Member[]
}

/** What `encodeMemberListResponse` takes: absent fields have their zero value. */
export interface MemberListResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly members?: readonly MemberInit[] | undefined
}

/** Appends the fields of a MemberListResponse to `writer`. */
export function writeMemberListResponse(writer: Writer, message: MemberListResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  for (const value of message.members ?? []) {
    writer.uint32(18)
    writeMember(writer.fork(), value).ldelim()
  }
  return writer
}

/** Reads a MemberListResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMemberListResponse(reader: Reader, end: number): MemberListResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let members: Member[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        members ??= []
        members.push(readMember(reader, reader.size() + reader.pos))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, members: members ?? [] }
}

export function encodeMemberListResponse(message: MemberListResponseInit): Uint8Array {
  return writeMemberListResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMemberListResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): MemberListResponse {
  return decodeRange('MemberListResponse', readMemberListResponse, bytes, start, end)
}

export interface MemberPromoteRequest {
  readonly id: bigint
}

/** What `encodeMemberPromoteRequest` takes: absent fields have their zero value. */
export interface MemberPromoteRequestInit {
  readonly id?: bigint | undefined
}

/** Appends the fields of a MemberPromoteRequest to `writer`. */
export function writeMemberPromoteRequest(writer: Writer, message: MemberPromoteRequestInit): Writer {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.id)
  }
  return writer
}

/** Reads a MemberPromoteRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMemberPromoteRequest(reader: Reader, end: number): MemberPromoteRequest {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readUnsignedIdentity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id }
}

export function encodeMemberPromoteRequest(message: MemberPromoteRequestInit): Uint8Array {
  return writeMemberPromoteRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMemberPromoteRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): MemberPromoteRequest {
  return decodeRange('MemberPromoteRequest', readMemberPromoteRequest, bytes, start, end)
}

export interface MemberPromoteResponse {
  readonly header: ResponseHeader | undefined
  readonly members: readonly Member[]
}

/** What `encodeMemberPromoteResponse` takes: absent fields have their zero value. */
export interface MemberPromoteResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly members?: readonly MemberInit[] | undefined
}

/** Appends the fields of a MemberPromoteResponse to `writer`. */
export function writeMemberPromoteResponse(writer: Writer, message: MemberPromoteResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  for (const value of message.members ?? []) {
    writer.uint32(18)
    writeMember(writer.fork(), value).ldelim()
  }
  return writer
}

/** Reads a MemberPromoteResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMemberPromoteResponse(reader: Reader, end: number): MemberPromoteResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let members: Member[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        members ??= []
        members.push(readMember(reader, reader.size() + reader.pos))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, members: members ?? [] }
}

export function encodeMemberPromoteResponse(message: MemberPromoteResponseInit): Uint8Array {
  return writeMemberPromoteResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMemberPromoteResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): MemberPromoteResponse {
  return decodeRange('MemberPromoteResponse', readMemberPromoteResponse, bytes, start, end)
}

export type DefragmentRequest = Readonly<Record<never, never>>

export type DefragmentRequestInit = Readonly<Record<never, never>>

/** Appends the fields of a DefragmentRequest to `writer`. */
export function writeDefragmentRequest(writer: Writer, _message: DefragmentRequestInit): Writer {
  return writer
}

/** Reads a DefragmentRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readDefragmentRequest(reader: Reader, end: number): DefragmentRequest {
  endOf(reader, end, reader.len)
  while (reader.pos < end) skipField(reader, reader.tag())
  endOf(reader, reader.pos, end)
  return {  }
}

export function encodeDefragmentRequest(message: DefragmentRequestInit): Uint8Array {
  return writeDefragmentRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeDefragmentRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): DefragmentRequest {
  return decodeRange('DefragmentRequest', readDefragmentRequest, bytes, start, end)
}

export interface DefragmentResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeDefragmentResponse` takes: absent fields have their zero value. */
export interface DefragmentResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a DefragmentResponse to `writer`. */
export function writeDefragmentResponse(writer: Writer, message: DefragmentResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a DefragmentResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readDefragmentResponse(reader: Reader, end: number): DefragmentResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeDefragmentResponse(message: DefragmentResponseInit): Uint8Array {
  return writeDefragmentResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeDefragmentResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): DefragmentResponse {
  return decodeRange('DefragmentResponse', readDefragmentResponse, bytes, start, end)
}

export interface MoveLeaderRequest {
  readonly targetId: bigint
}

/** What `encodeMoveLeaderRequest` takes: absent fields have their zero value. */
export interface MoveLeaderRequestInit {
  readonly targetId?: bigint | undefined
}

/** Appends the fields of a MoveLeaderRequest to `writer`. */
export function writeMoveLeaderRequest(writer: Writer, message: MoveLeaderRequestInit): Writer {
  if (message.targetId !== undefined && message.targetId !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.targetId)
  }
  return writer
}

/** Reads a MoveLeaderRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMoveLeaderRequest(reader: Reader, end: number): MoveLeaderRequest {
  endOf(reader, end, reader.len)
  let targetId: bigint = 0n
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        targetId = readUnsignedIdentity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { targetId }
}

export function encodeMoveLeaderRequest(message: MoveLeaderRequestInit): Uint8Array {
  return writeMoveLeaderRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMoveLeaderRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): MoveLeaderRequest {
  return decodeRange('MoveLeaderRequest', readMoveLeaderRequest, bytes, start, end)
}

export interface MoveLeaderResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeMoveLeaderResponse` takes: absent fields have their zero value. */
export interface MoveLeaderResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a MoveLeaderResponse to `writer`. */
export function writeMoveLeaderResponse(writer: Writer, message: MoveLeaderResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a MoveLeaderResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMoveLeaderResponse(reader: Reader, end: number): MoveLeaderResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeMoveLeaderResponse(message: MoveLeaderResponseInit): Uint8Array {
  return writeMoveLeaderResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMoveLeaderResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): MoveLeaderResponse {
  return decodeRange('MoveLeaderResponse', readMoveLeaderResponse, bytes, start, end)
}

export interface AlarmRequest {
  readonly action: AlarmRequestAlarmAction
  readonly memberId: bigint
  readonly alarm: AlarmType
}

/** What `encodeAlarmRequest` takes: absent fields have their zero value. */
export interface AlarmRequestInit {
  readonly action?: AlarmRequestAlarmAction | undefined
  readonly memberId?: bigint | undefined
  readonly alarm?: AlarmType | undefined
}

/** Appends the fields of a AlarmRequest to `writer`. */
export function writeAlarmRequest(writer: Writer, message: AlarmRequestInit): Writer {
  if (message.action !== undefined && message.action !== 0) {
    writer.uint32(8)
    writer.int32(message.action)
  }
  if (message.memberId !== undefined && message.memberId !== 0n) {
    writer.uint32(16)
    writeIdentity(writer, message.memberId)
  }
  if (message.alarm !== undefined && message.alarm !== 0) {
    writer.uint32(24)
    writer.int32(message.alarm)
  }
  return writer
}

/** Reads a AlarmRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAlarmRequest(reader: Reader, end: number): AlarmRequest {
  endOf(reader, end, reader.len)
  let action: AlarmRequestAlarmAction = 0
  let memberId: bigint = 0n
  let alarm: AlarmType = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        action = reader.int32() as AlarmRequestAlarmAction
        break
      case 16:
        memberId = readUnsignedIdentity(reader)
        break
      case 24:
        alarm = reader.int32() as AlarmType
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { action, memberId, alarm }
}

export function encodeAlarmRequest(message: AlarmRequestInit): Uint8Array {
  return writeAlarmRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAlarmRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AlarmRequest {
  return decodeRange('AlarmRequest', readAlarmRequest, bytes, start, end)
}

export const AlarmRequestAlarmAction: {
  readonly GET: 0
  readonly ACTIVATE: 1
  readonly DEACTIVATE: 2
} = {
  GET: 0,
  ACTIVATE: 1,
  DEACTIVATE: 2,
}
export type AlarmRequestAlarmAction = (typeof AlarmRequestAlarmAction)[keyof typeof AlarmRequestAlarmAction]

export interface AlarmMember {
  readonly memberId: bigint
  readonly alarm: AlarmType
}

/** What `encodeAlarmMember` takes: absent fields have their zero value. */
export interface AlarmMemberInit {
  readonly memberId?: bigint | undefined
  readonly alarm?: AlarmType | undefined
}

/** Appends the fields of a AlarmMember to `writer`. */
export function writeAlarmMember(writer: Writer, message: AlarmMemberInit): Writer {
  if (message.memberId !== undefined && message.memberId !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.memberId)
  }
  if (message.alarm !== undefined && message.alarm !== 0) {
    writer.uint32(16)
    writer.int32(message.alarm)
  }
  return writer
}

/** Reads a AlarmMember that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAlarmMember(reader: Reader, end: number): AlarmMember {
  endOf(reader, end, reader.len)
  let memberId: bigint = 0n
  let alarm: AlarmType = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        memberId = readUnsignedIdentity(reader)
        break
      case 16:
        alarm = reader.int32() as AlarmType
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { memberId, alarm }
}

export function encodeAlarmMember(message: AlarmMemberInit): Uint8Array {
  return writeAlarmMember(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAlarmMember(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AlarmMember {
  return decodeRange('AlarmMember', readAlarmMember, bytes, start, end)
}

export interface AlarmResponse {
  readonly header: ResponseHeader | undefined
  readonly alarms: readonly AlarmMember[]
}

/** What `encodeAlarmResponse` takes: absent fields have their zero value. */
export interface AlarmResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly alarms?: readonly AlarmMemberInit[] | undefined
}

/** Appends the fields of a AlarmResponse to `writer`. */
export function writeAlarmResponse(writer: Writer, message: AlarmResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  for (const value of message.alarms ?? []) {
    writer.uint32(18)
    writeAlarmMember(writer.fork(), value).ldelim()
  }
  return writer
}

/** Reads a AlarmResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAlarmResponse(reader: Reader, end: number): AlarmResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let alarms: AlarmMember[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        alarms ??= []
        alarms.push(readAlarmMember(reader, reader.size() + reader.pos))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, alarms: alarms ?? [] }
}

export function encodeAlarmResponse(message: AlarmResponseInit): Uint8Array {
  return writeAlarmResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAlarmResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AlarmResponse {
  return decodeRange('AlarmResponse', readAlarmResponse, bytes, start, end)
}

export interface DowngradeRequest {
  readonly action: DowngradeRequestDowngradeAction
  readonly version: string
}

/** What `encodeDowngradeRequest` takes: absent fields have their zero value. */
export interface DowngradeRequestInit {
  readonly action?: DowngradeRequestDowngradeAction | undefined
  readonly version?: string | undefined
}

/** Appends the fields of a DowngradeRequest to `writer`. */
export function writeDowngradeRequest(writer: Writer, message: DowngradeRequestInit): Writer {
  if (message.action !== undefined && message.action !== 0) {
    writer.uint32(8)
    writer.int32(message.action)
  }
  if (message.version !== undefined && message.version.length > 0) {
    writer.uint32(18)
    writeText(writer, message.version)
  }
  return writer
}

/** Reads a DowngradeRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readDowngradeRequest(reader: Reader, end: number): DowngradeRequest {
  endOf(reader, end, reader.len)
  let action: DowngradeRequestDowngradeAction = 0
  let version: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        action = reader.int32() as DowngradeRequestDowngradeAction
        break
      case 18:
        version = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { action, version }
}

export function encodeDowngradeRequest(message: DowngradeRequestInit): Uint8Array {
  return writeDowngradeRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeDowngradeRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): DowngradeRequest {
  return decodeRange('DowngradeRequest', readDowngradeRequest, bytes, start, end)
}

export const DowngradeRequestDowngradeAction: {
  readonly VALIDATE: 0
  readonly ENABLE: 1
  readonly CANCEL: 2
} = {
  VALIDATE: 0,
  ENABLE: 1,
  CANCEL: 2,
}
export type DowngradeRequestDowngradeAction = (typeof DowngradeRequestDowngradeAction)[keyof typeof DowngradeRequestDowngradeAction]

export interface DowngradeResponse {
  readonly header: ResponseHeader | undefined
  readonly version: string
}

/** What `encodeDowngradeResponse` takes: absent fields have their zero value. */
export interface DowngradeResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly version?: string | undefined
}

/** Appends the fields of a DowngradeResponse to `writer`. */
export function writeDowngradeResponse(writer: Writer, message: DowngradeResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.version !== undefined && message.version.length > 0) {
    writer.uint32(18)
    writeText(writer, message.version)
  }
  return writer
}

/** Reads a DowngradeResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readDowngradeResponse(reader: Reader, end: number): DowngradeResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let version: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        version = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, version }
}

export function encodeDowngradeResponse(message: DowngradeResponseInit): Uint8Array {
  return writeDowngradeResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeDowngradeResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): DowngradeResponse {
  return decodeRange('DowngradeResponse', readDowngradeResponse, bytes, start, end)
}

export interface DowngradeVersionTestRequest {
  readonly ver: string
}

/** What `encodeDowngradeVersionTestRequest` takes: absent fields have their zero value. */
export interface DowngradeVersionTestRequestInit {
  readonly ver?: string | undefined
}

/** Appends the fields of a DowngradeVersionTestRequest to `writer`. */
export function writeDowngradeVersionTestRequest(writer: Writer, message: DowngradeVersionTestRequestInit): Writer {
  if (message.ver !== undefined && message.ver.length > 0) {
    writer.uint32(10)
    writeText(writer, message.ver)
  }
  return writer
}

/** Reads a DowngradeVersionTestRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readDowngradeVersionTestRequest(reader: Reader, end: number): DowngradeVersionTestRequest {
  endOf(reader, end, reader.len)
  let ver: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        ver = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { ver }
}

export function encodeDowngradeVersionTestRequest(message: DowngradeVersionTestRequestInit): Uint8Array {
  return writeDowngradeVersionTestRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeDowngradeVersionTestRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): DowngradeVersionTestRequest {
  return decodeRange('DowngradeVersionTestRequest', readDowngradeVersionTestRequest, bytes, start, end)
}

export type StatusRequest = Readonly<Record<never, never>>

export type StatusRequestInit = Readonly<Record<never, never>>

/** Appends the fields of a StatusRequest to `writer`. */
export function writeStatusRequest(writer: Writer, _message: StatusRequestInit): Writer {
  return writer
}

/** Reads a StatusRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readStatusRequest(reader: Reader, end: number): StatusRequest {
  endOf(reader, end, reader.len)
  while (reader.pos < end) skipField(reader, reader.tag())
  endOf(reader, reader.pos, end)
  return {  }
}

export function encodeStatusRequest(message: StatusRequestInit): Uint8Array {
  return writeStatusRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeStatusRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): StatusRequest {
  return decodeRange('StatusRequest', readStatusRequest, bytes, start, end)
}

export interface StatusResponse {
  readonly header: ResponseHeader | undefined
  readonly version: string
  readonly dbSize: number
  readonly leader: bigint
  readonly raftIndex: number
  readonly raftTerm: number
  readonly raftAppliedIndex: number
  readonly errors: readonly string[]
  readonly dbSizeInUse: number
  readonly isLearner: boolean
  readonly storageVersion: string
  readonly dbSizeQuota: number
  readonly downgradeInfo: DowngradeInfo | undefined
}

/** What `encodeStatusResponse` takes: absent fields have their zero value. */
export interface StatusResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly version?: string | undefined
  readonly dbSize?: number | undefined
  readonly leader?: bigint | undefined
  readonly raftIndex?: number | undefined
  readonly raftTerm?: number | undefined
  readonly raftAppliedIndex?: number | undefined
  readonly errors?: readonly string[] | undefined
  readonly dbSizeInUse?: number | undefined
  readonly isLearner?: boolean | undefined
  readonly storageVersion?: string | undefined
  readonly dbSizeQuota?: number | undefined
  readonly downgradeInfo?: DowngradeInfoInit | undefined
}

/** Appends the fields of a StatusResponse to `writer`. */
export function writeStatusResponse(writer: Writer, message: StatusResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.version !== undefined && message.version.length > 0) {
    writer.uint32(18)
    writeText(writer, message.version)
  }
  if (message.dbSize !== undefined && message.dbSize !== 0) {
    writer.uint32(24)
    writeQuantity(writer, message.dbSize)
  }
  if (message.leader !== undefined && message.leader !== 0n) {
    writer.uint32(32)
    writeIdentity(writer, message.leader)
  }
  if (message.raftIndex !== undefined && message.raftIndex !== 0) {
    writer.uint32(40)
    writeQuantity(writer, message.raftIndex)
  }
  if (message.raftTerm !== undefined && message.raftTerm !== 0) {
    writer.uint32(48)
    writeQuantity(writer, message.raftTerm)
  }
  if (message.raftAppliedIndex !== undefined && message.raftAppliedIndex !== 0) {
    writer.uint32(56)
    writeQuantity(writer, message.raftAppliedIndex)
  }
  for (const value of message.errors ?? []) {
    writer.uint32(66)
    writeText(writer, value)
  }
  if (message.dbSizeInUse !== undefined && message.dbSizeInUse !== 0) {
    writer.uint32(72)
    writeQuantity(writer, message.dbSizeInUse)
  }
  if (message.isLearner !== undefined && message.isLearner !== false) {
    writer.uint32(80)
    writer.bool(message.isLearner)
  }
  if (message.storageVersion !== undefined && message.storageVersion.length > 0) {
    writer.uint32(90)
    writeText(writer, message.storageVersion)
  }
  if (message.dbSizeQuota !== undefined && message.dbSizeQuota !== 0) {
    writer.uint32(96)
    writeQuantity(writer, message.dbSizeQuota)
  }
  if (message.downgradeInfo !== undefined) {
    writer.uint32(106)
    writeDowngradeInfo(writer.fork(), message.downgradeInfo).ldelim()
  }
  return writer
}

/** Reads a StatusResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readStatusResponse(reader: Reader, end: number): StatusResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let version: string = ''
  let dbSize: number = 0
  let leader: bigint = 0n
  let raftIndex: number = 0
  let raftTerm: number = 0
  let raftAppliedIndex: number = 0
  let errors: string[] | undefined
  let dbSizeInUse: number = 0
  let isLearner: boolean = false
  let storageVersion: string = ''
  let dbSizeQuota: number = 0
  let downgradeInfo: DowngradeInfo | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        version = reader.stringVerify()
        break
      case 24:
        dbSize = readQuantity(reader)
        break
      case 32:
        leader = readUnsignedIdentity(reader)
        break
      case 40:
        raftIndex = readUnsignedQuantity(reader)
        break
      case 48:
        raftTerm = readUnsignedQuantity(reader)
        break
      case 56:
        raftAppliedIndex = readUnsignedQuantity(reader)
        break
      case 66:
        errors ??= []
        errors.push(reader.stringVerify())
        break
      case 72:
        dbSizeInUse = readQuantity(reader)
        break
      case 80:
        isLearner = reader.bool()
        break
      case 90:
        storageVersion = reader.stringVerify()
        break
      case 96:
        dbSizeQuota = readQuantity(reader)
        break
      case 106:
        downgradeInfo = readDowngradeInfo(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, version, dbSize, leader, raftIndex, raftTerm, raftAppliedIndex, errors: errors ?? [], dbSizeInUse, isLearner, storageVersion, dbSizeQuota, downgradeInfo }
}

export function encodeStatusResponse(message: StatusResponseInit): Uint8Array {
  return writeStatusResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeStatusResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): StatusResponse {
  return decodeRange('StatusResponse', readStatusResponse, bytes, start, end)
}

export interface DowngradeInfo {
  readonly enabled: boolean
  readonly targetVersion: string
}

/** What `encodeDowngradeInfo` takes: absent fields have their zero value. */
export interface DowngradeInfoInit {
  readonly enabled?: boolean | undefined
  readonly targetVersion?: string | undefined
}

/** Appends the fields of a DowngradeInfo to `writer`. */
export function writeDowngradeInfo(writer: Writer, message: DowngradeInfoInit): Writer {
  if (message.enabled !== undefined && message.enabled !== false) {
    writer.uint32(8)
    writer.bool(message.enabled)
  }
  if (message.targetVersion !== undefined && message.targetVersion.length > 0) {
    writer.uint32(18)
    writeText(writer, message.targetVersion)
  }
  return writer
}

/** Reads a DowngradeInfo that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readDowngradeInfo(reader: Reader, end: number): DowngradeInfo {
  endOf(reader, end, reader.len)
  let enabled: boolean = false
  let targetVersion: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        enabled = reader.bool()
        break
      case 18:
        targetVersion = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { enabled, targetVersion }
}

export function encodeDowngradeInfo(message: DowngradeInfoInit): Uint8Array {
  return writeDowngradeInfo(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeDowngradeInfo(bytes: Uint8Array, start: number = 0, end: number = bytes.length): DowngradeInfo {
  return decodeRange('DowngradeInfo', readDowngradeInfo, bytes, start, end)
}

export type AuthEnableRequest = Readonly<Record<never, never>>

export type AuthEnableRequestInit = Readonly<Record<never, never>>

/** Appends the fields of a AuthEnableRequest to `writer`. */
export function writeAuthEnableRequest(writer: Writer, _message: AuthEnableRequestInit): Writer {
  return writer
}

/** Reads a AuthEnableRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthEnableRequest(reader: Reader, end: number): AuthEnableRequest {
  endOf(reader, end, reader.len)
  while (reader.pos < end) skipField(reader, reader.tag())
  endOf(reader, reader.pos, end)
  return {  }
}

export function encodeAuthEnableRequest(message: AuthEnableRequestInit): Uint8Array {
  return writeAuthEnableRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthEnableRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthEnableRequest {
  return decodeRange('AuthEnableRequest', readAuthEnableRequest, bytes, start, end)
}

export type AuthDisableRequest = Readonly<Record<never, never>>

export type AuthDisableRequestInit = Readonly<Record<never, never>>

/** Appends the fields of a AuthDisableRequest to `writer`. */
export function writeAuthDisableRequest(writer: Writer, _message: AuthDisableRequestInit): Writer {
  return writer
}

/** Reads a AuthDisableRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthDisableRequest(reader: Reader, end: number): AuthDisableRequest {
  endOf(reader, end, reader.len)
  while (reader.pos < end) skipField(reader, reader.tag())
  endOf(reader, reader.pos, end)
  return {  }
}

export function encodeAuthDisableRequest(message: AuthDisableRequestInit): Uint8Array {
  return writeAuthDisableRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthDisableRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthDisableRequest {
  return decodeRange('AuthDisableRequest', readAuthDisableRequest, bytes, start, end)
}

export type AuthStatusRequest = Readonly<Record<never, never>>

export type AuthStatusRequestInit = Readonly<Record<never, never>>

/** Appends the fields of a AuthStatusRequest to `writer`. */
export function writeAuthStatusRequest(writer: Writer, _message: AuthStatusRequestInit): Writer {
  return writer
}

/** Reads a AuthStatusRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthStatusRequest(reader: Reader, end: number): AuthStatusRequest {
  endOf(reader, end, reader.len)
  while (reader.pos < end) skipField(reader, reader.tag())
  endOf(reader, reader.pos, end)
  return {  }
}

export function encodeAuthStatusRequest(message: AuthStatusRequestInit): Uint8Array {
  return writeAuthStatusRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthStatusRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthStatusRequest {
  return decodeRange('AuthStatusRequest', readAuthStatusRequest, bytes, start, end)
}

export interface AuthenticateRequest {
  readonly name: string
  readonly password: string
}

/** What `encodeAuthenticateRequest` takes: absent fields have their zero value. */
export interface AuthenticateRequestInit {
  readonly name?: string | undefined
  readonly password?: string | undefined
}

/** Appends the fields of a AuthenticateRequest to `writer`. */
export function writeAuthenticateRequest(writer: Writer, message: AuthenticateRequestInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writeText(writer, message.name)
  }
  if (message.password !== undefined && message.password.length > 0) {
    writer.uint32(18)
    writeText(writer, message.password)
  }
  return writer
}

/** Reads a AuthenticateRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthenticateRequest(reader: Reader, end: number): AuthenticateRequest {
  endOf(reader, end, reader.len)
  let name: string = ''
  let password: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.stringVerify()
        break
      case 18:
        password = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name, password }
}

export function encodeAuthenticateRequest(message: AuthenticateRequestInit): Uint8Array {
  return writeAuthenticateRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthenticateRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthenticateRequest {
  return decodeRange('AuthenticateRequest', readAuthenticateRequest, bytes, start, end)
}

export interface AuthUserAddRequest {
  readonly name: string
  readonly password: string
  readonly options: UserAddOptions | undefined
  readonly hashedPassword: string
}

/** What `encodeAuthUserAddRequest` takes: absent fields have their zero value. */
export interface AuthUserAddRequestInit {
  readonly name?: string | undefined
  readonly password?: string | undefined
  readonly options?: UserAddOptionsInit | undefined
  readonly hashedPassword?: string | undefined
}

/** Appends the fields of a AuthUserAddRequest to `writer`. */
export function writeAuthUserAddRequest(writer: Writer, message: AuthUserAddRequestInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writeText(writer, message.name)
  }
  if (message.password !== undefined && message.password.length > 0) {
    writer.uint32(18)
    writeText(writer, message.password)
  }
  if (message.options !== undefined) {
    writer.uint32(26)
    writeUserAddOptions(writer.fork(), message.options).ldelim()
  }
  if (message.hashedPassword !== undefined && message.hashedPassword.length > 0) {
    writer.uint32(34)
    writeText(writer, message.hashedPassword)
  }
  return writer
}

/** Reads a AuthUserAddRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthUserAddRequest(reader: Reader, end: number): AuthUserAddRequest {
  endOf(reader, end, reader.len)
  let name: string = ''
  let password: string = ''
  let options: UserAddOptions | undefined
  let hashedPassword: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.stringVerify()
        break
      case 18:
        password = reader.stringVerify()
        break
      case 26:
        options = readUserAddOptions(reader, reader.size() + reader.pos)
        break
      case 34:
        hashedPassword = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name, password, options, hashedPassword }
}

export function encodeAuthUserAddRequest(message: AuthUserAddRequestInit): Uint8Array {
  return writeAuthUserAddRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthUserAddRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthUserAddRequest {
  return decodeRange('AuthUserAddRequest', readAuthUserAddRequest, bytes, start, end)
}

export interface AuthUserGetRequest {
  readonly name: string
}

/** What `encodeAuthUserGetRequest` takes: absent fields have their zero value. */
export interface AuthUserGetRequestInit {
  readonly name?: string | undefined
}

/** Appends the fields of a AuthUserGetRequest to `writer`. */
export function writeAuthUserGetRequest(writer: Writer, message: AuthUserGetRequestInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writeText(writer, message.name)
  }
  return writer
}

/** Reads a AuthUserGetRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthUserGetRequest(reader: Reader, end: number): AuthUserGetRequest {
  endOf(reader, end, reader.len)
  let name: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name }
}

export function encodeAuthUserGetRequest(message: AuthUserGetRequestInit): Uint8Array {
  return writeAuthUserGetRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthUserGetRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthUserGetRequest {
  return decodeRange('AuthUserGetRequest', readAuthUserGetRequest, bytes, start, end)
}

export interface AuthUserDeleteRequest {
  readonly name: string
}

/** What `encodeAuthUserDeleteRequest` takes: absent fields have their zero value. */
export interface AuthUserDeleteRequestInit {
  readonly name?: string | undefined
}

/** Appends the fields of a AuthUserDeleteRequest to `writer`. */
export function writeAuthUserDeleteRequest(writer: Writer, message: AuthUserDeleteRequestInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writeText(writer, message.name)
  }
  return writer
}

/** Reads a AuthUserDeleteRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthUserDeleteRequest(reader: Reader, end: number): AuthUserDeleteRequest {
  endOf(reader, end, reader.len)
  let name: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name }
}

export function encodeAuthUserDeleteRequest(message: AuthUserDeleteRequestInit): Uint8Array {
  return writeAuthUserDeleteRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthUserDeleteRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthUserDeleteRequest {
  return decodeRange('AuthUserDeleteRequest', readAuthUserDeleteRequest, bytes, start, end)
}

export interface AuthUserChangePasswordRequest {
  readonly name: string
  readonly password: string
  readonly hashedPassword: string
}

/** What `encodeAuthUserChangePasswordRequest` takes: absent fields have their zero value. */
export interface AuthUserChangePasswordRequestInit {
  readonly name?: string | undefined
  readonly password?: string | undefined
  readonly hashedPassword?: string | undefined
}

/** Appends the fields of a AuthUserChangePasswordRequest to `writer`. */
export function writeAuthUserChangePasswordRequest(writer: Writer, message: AuthUserChangePasswordRequestInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writeText(writer, message.name)
  }
  if (message.password !== undefined && message.password.length > 0) {
    writer.uint32(18)
    writeText(writer, message.password)
  }
  if (message.hashedPassword !== undefined && message.hashedPassword.length > 0) {
    writer.uint32(26)
    writeText(writer, message.hashedPassword)
  }
  return writer
}

/** Reads a AuthUserChangePasswordRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthUserChangePasswordRequest(reader: Reader, end: number): AuthUserChangePasswordRequest {
  endOf(reader, end, reader.len)
  let name: string = ''
  let password: string = ''
  let hashedPassword: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.stringVerify()
        break
      case 18:
        password = reader.stringVerify()
        break
      case 26:
        hashedPassword = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name, password, hashedPassword }
}

export function encodeAuthUserChangePasswordRequest(message: AuthUserChangePasswordRequestInit): Uint8Array {
  return writeAuthUserChangePasswordRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthUserChangePasswordRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthUserChangePasswordRequest {
  return decodeRange('AuthUserChangePasswordRequest', readAuthUserChangePasswordRequest, bytes, start, end)
}

export interface AuthUserGrantRoleRequest {
  readonly user: string
  readonly role: string
}

/** What `encodeAuthUserGrantRoleRequest` takes: absent fields have their zero value. */
export interface AuthUserGrantRoleRequestInit {
  readonly user?: string | undefined
  readonly role?: string | undefined
}

/** Appends the fields of a AuthUserGrantRoleRequest to `writer`. */
export function writeAuthUserGrantRoleRequest(writer: Writer, message: AuthUserGrantRoleRequestInit): Writer {
  if (message.user !== undefined && message.user.length > 0) {
    writer.uint32(10)
    writeText(writer, message.user)
  }
  if (message.role !== undefined && message.role.length > 0) {
    writer.uint32(18)
    writeText(writer, message.role)
  }
  return writer
}

/** Reads a AuthUserGrantRoleRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthUserGrantRoleRequest(reader: Reader, end: number): AuthUserGrantRoleRequest {
  endOf(reader, end, reader.len)
  let user: string = ''
  let role: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        user = reader.stringVerify()
        break
      case 18:
        role = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { user, role }
}

export function encodeAuthUserGrantRoleRequest(message: AuthUserGrantRoleRequestInit): Uint8Array {
  return writeAuthUserGrantRoleRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthUserGrantRoleRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthUserGrantRoleRequest {
  return decodeRange('AuthUserGrantRoleRequest', readAuthUserGrantRoleRequest, bytes, start, end)
}

export interface AuthUserRevokeRoleRequest {
  readonly name: string
  readonly role: string
}

/** What `encodeAuthUserRevokeRoleRequest` takes: absent fields have their zero value. */
export interface AuthUserRevokeRoleRequestInit {
  readonly name?: string | undefined
  readonly role?: string | undefined
}

/** Appends the fields of a AuthUserRevokeRoleRequest to `writer`. */
export function writeAuthUserRevokeRoleRequest(writer: Writer, message: AuthUserRevokeRoleRequestInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writeText(writer, message.name)
  }
  if (message.role !== undefined && message.role.length > 0) {
    writer.uint32(18)
    writeText(writer, message.role)
  }
  return writer
}

/** Reads a AuthUserRevokeRoleRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthUserRevokeRoleRequest(reader: Reader, end: number): AuthUserRevokeRoleRequest {
  endOf(reader, end, reader.len)
  let name: string = ''
  let role: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.stringVerify()
        break
      case 18:
        role = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name, role }
}

export function encodeAuthUserRevokeRoleRequest(message: AuthUserRevokeRoleRequestInit): Uint8Array {
  return writeAuthUserRevokeRoleRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthUserRevokeRoleRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthUserRevokeRoleRequest {
  return decodeRange('AuthUserRevokeRoleRequest', readAuthUserRevokeRoleRequest, bytes, start, end)
}

export interface AuthRoleAddRequest {
  readonly name: string
}

/** What `encodeAuthRoleAddRequest` takes: absent fields have their zero value. */
export interface AuthRoleAddRequestInit {
  readonly name?: string | undefined
}

/** Appends the fields of a AuthRoleAddRequest to `writer`. */
export function writeAuthRoleAddRequest(writer: Writer, message: AuthRoleAddRequestInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writeText(writer, message.name)
  }
  return writer
}

/** Reads a AuthRoleAddRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthRoleAddRequest(reader: Reader, end: number): AuthRoleAddRequest {
  endOf(reader, end, reader.len)
  let name: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name }
}

export function encodeAuthRoleAddRequest(message: AuthRoleAddRequestInit): Uint8Array {
  return writeAuthRoleAddRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthRoleAddRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthRoleAddRequest {
  return decodeRange('AuthRoleAddRequest', readAuthRoleAddRequest, bytes, start, end)
}

export interface AuthRoleGetRequest {
  readonly role: string
}

/** What `encodeAuthRoleGetRequest` takes: absent fields have their zero value. */
export interface AuthRoleGetRequestInit {
  readonly role?: string | undefined
}

/** Appends the fields of a AuthRoleGetRequest to `writer`. */
export function writeAuthRoleGetRequest(writer: Writer, message: AuthRoleGetRequestInit): Writer {
  if (message.role !== undefined && message.role.length > 0) {
    writer.uint32(10)
    writeText(writer, message.role)
  }
  return writer
}

/** Reads a AuthRoleGetRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthRoleGetRequest(reader: Reader, end: number): AuthRoleGetRequest {
  endOf(reader, end, reader.len)
  let role: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        role = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { role }
}

export function encodeAuthRoleGetRequest(message: AuthRoleGetRequestInit): Uint8Array {
  return writeAuthRoleGetRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthRoleGetRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthRoleGetRequest {
  return decodeRange('AuthRoleGetRequest', readAuthRoleGetRequest, bytes, start, end)
}

export type AuthUserListRequest = Readonly<Record<never, never>>

export type AuthUserListRequestInit = Readonly<Record<never, never>>

/** Appends the fields of a AuthUserListRequest to `writer`. */
export function writeAuthUserListRequest(writer: Writer, _message: AuthUserListRequestInit): Writer {
  return writer
}

/** Reads a AuthUserListRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthUserListRequest(reader: Reader, end: number): AuthUserListRequest {
  endOf(reader, end, reader.len)
  while (reader.pos < end) skipField(reader, reader.tag())
  endOf(reader, reader.pos, end)
  return {  }
}

export function encodeAuthUserListRequest(message: AuthUserListRequestInit): Uint8Array {
  return writeAuthUserListRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthUserListRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthUserListRequest {
  return decodeRange('AuthUserListRequest', readAuthUserListRequest, bytes, start, end)
}

export type AuthRoleListRequest = Readonly<Record<never, never>>

export type AuthRoleListRequestInit = Readonly<Record<never, never>>

/** Appends the fields of a AuthRoleListRequest to `writer`. */
export function writeAuthRoleListRequest(writer: Writer, _message: AuthRoleListRequestInit): Writer {
  return writer
}

/** Reads a AuthRoleListRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthRoleListRequest(reader: Reader, end: number): AuthRoleListRequest {
  endOf(reader, end, reader.len)
  while (reader.pos < end) skipField(reader, reader.tag())
  endOf(reader, reader.pos, end)
  return {  }
}

export function encodeAuthRoleListRequest(message: AuthRoleListRequestInit): Uint8Array {
  return writeAuthRoleListRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthRoleListRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthRoleListRequest {
  return decodeRange('AuthRoleListRequest', readAuthRoleListRequest, bytes, start, end)
}

export interface AuthRoleDeleteRequest {
  readonly role: string
}

/** What `encodeAuthRoleDeleteRequest` takes: absent fields have their zero value. */
export interface AuthRoleDeleteRequestInit {
  readonly role?: string | undefined
}

/** Appends the fields of a AuthRoleDeleteRequest to `writer`. */
export function writeAuthRoleDeleteRequest(writer: Writer, message: AuthRoleDeleteRequestInit): Writer {
  if (message.role !== undefined && message.role.length > 0) {
    writer.uint32(10)
    writeText(writer, message.role)
  }
  return writer
}

/** Reads a AuthRoleDeleteRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthRoleDeleteRequest(reader: Reader, end: number): AuthRoleDeleteRequest {
  endOf(reader, end, reader.len)
  let role: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        role = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { role }
}

export function encodeAuthRoleDeleteRequest(message: AuthRoleDeleteRequestInit): Uint8Array {
  return writeAuthRoleDeleteRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthRoleDeleteRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthRoleDeleteRequest {
  return decodeRange('AuthRoleDeleteRequest', readAuthRoleDeleteRequest, bytes, start, end)
}

export interface AuthRoleGrantPermissionRequest {
  readonly name: string
  readonly perm: Permission | undefined
}

/** What `encodeAuthRoleGrantPermissionRequest` takes: absent fields have their zero value. */
export interface AuthRoleGrantPermissionRequestInit {
  readonly name?: string | undefined
  readonly perm?: PermissionInit | undefined
}

/** Appends the fields of a AuthRoleGrantPermissionRequest to `writer`. */
export function writeAuthRoleGrantPermissionRequest(writer: Writer, message: AuthRoleGrantPermissionRequestInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writeText(writer, message.name)
  }
  if (message.perm !== undefined) {
    writer.uint32(18)
    writePermission(writer.fork(), message.perm).ldelim()
  }
  return writer
}

/** Reads a AuthRoleGrantPermissionRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthRoleGrantPermissionRequest(reader: Reader, end: number): AuthRoleGrantPermissionRequest {
  endOf(reader, end, reader.len)
  let name: string = ''
  let perm: Permission | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.stringVerify()
        break
      case 18:
        perm = readPermission(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name, perm }
}

export function encodeAuthRoleGrantPermissionRequest(message: AuthRoleGrantPermissionRequestInit): Uint8Array {
  return writeAuthRoleGrantPermissionRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthRoleGrantPermissionRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthRoleGrantPermissionRequest {
  return decodeRange('AuthRoleGrantPermissionRequest', readAuthRoleGrantPermissionRequest, bytes, start, end)
}

export interface AuthRoleRevokePermissionRequest {
  readonly role: string
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
}

/** What `encodeAuthRoleRevokePermissionRequest` takes: absent fields have their zero value. */
export interface AuthRoleRevokePermissionRequestInit {
  readonly role?: string | undefined
  readonly key?: Uint8Array | undefined
  readonly rangeEnd?: Uint8Array | undefined
}

/** Appends the fields of a AuthRoleRevokePermissionRequest to `writer`. */
export function writeAuthRoleRevokePermissionRequest(writer: Writer, message: AuthRoleRevokePermissionRequestInit): Writer {
  if (message.role !== undefined && message.role.length > 0) {
    writer.uint32(10)
    writeText(writer, message.role)
  }
  if (message.key !== undefined && message.key.length > 0) {
    writer.uint32(18)
    writer.bytes(message.key)
  }
  if (message.rangeEnd !== undefined && message.rangeEnd.length > 0) {
    writer.uint32(26)
    writer.bytes(message.rangeEnd)
  }
  return writer
}

/** Reads a AuthRoleRevokePermissionRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthRoleRevokePermissionRequest(reader: Reader, end: number): AuthRoleRevokePermissionRequest {
  endOf(reader, end, reader.len)
  let role: string = ''
  let key: Uint8Array = noBytes
  let rangeEnd: Uint8Array = noBytes
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        role = reader.stringVerify()
        break
      case 18:
        key = reader.bytes()
        break
      case 26:
        rangeEnd = reader.bytes()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { role, key, rangeEnd }
}

export function encodeAuthRoleRevokePermissionRequest(message: AuthRoleRevokePermissionRequestInit): Uint8Array {
  return writeAuthRoleRevokePermissionRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthRoleRevokePermissionRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthRoleRevokePermissionRequest {
  return decodeRange('AuthRoleRevokePermissionRequest', readAuthRoleRevokePermissionRequest, bytes, start, end)
}

export interface AuthEnableResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeAuthEnableResponse` takes: absent fields have their zero value. */
export interface AuthEnableResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a AuthEnableResponse to `writer`. */
export function writeAuthEnableResponse(writer: Writer, message: AuthEnableResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a AuthEnableResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthEnableResponse(reader: Reader, end: number): AuthEnableResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeAuthEnableResponse(message: AuthEnableResponseInit): Uint8Array {
  return writeAuthEnableResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthEnableResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthEnableResponse {
  return decodeRange('AuthEnableResponse', readAuthEnableResponse, bytes, start, end)
}

export interface AuthDisableResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeAuthDisableResponse` takes: absent fields have their zero value. */
export interface AuthDisableResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a AuthDisableResponse to `writer`. */
export function writeAuthDisableResponse(writer: Writer, message: AuthDisableResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a AuthDisableResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthDisableResponse(reader: Reader, end: number): AuthDisableResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeAuthDisableResponse(message: AuthDisableResponseInit): Uint8Array {
  return writeAuthDisableResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthDisableResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthDisableResponse {
  return decodeRange('AuthDisableResponse', readAuthDisableResponse, bytes, start, end)
}

export interface AuthStatusResponse {
  readonly header: ResponseHeader | undefined
  readonly enabled: boolean
  readonly authRevision: number
}

/** What `encodeAuthStatusResponse` takes: absent fields have their zero value. */
export interface AuthStatusResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly enabled?: boolean | undefined
  readonly authRevision?: number | undefined
}

/** Appends the fields of a AuthStatusResponse to `writer`. */
export function writeAuthStatusResponse(writer: Writer, message: AuthStatusResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.enabled !== undefined && message.enabled !== false) {
    writer.uint32(16)
    writer.bool(message.enabled)
  }
  if (message.authRevision !== undefined && message.authRevision !== 0) {
    writer.uint32(24)
    writeQuantity(writer, message.authRevision)
  }
  return writer
}

/** Reads a AuthStatusResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthStatusResponse(reader: Reader, end: number): AuthStatusResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let enabled: boolean = false
  let authRevision: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 16:
        enabled = reader.bool()
        break
      case 24:
        authRevision = readUnsignedQuantity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, enabled, authRevision }
}

export function encodeAuthStatusResponse(message: AuthStatusResponseInit): Uint8Array {
  return writeAuthStatusResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthStatusResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthStatusResponse {
  return decodeRange('AuthStatusResponse', readAuthStatusResponse, bytes, start, end)
}

export interface AuthenticateResponse {
  readonly header: ResponseHeader | undefined
  readonly token: string
}

/** What `encodeAuthenticateResponse` takes: absent fields have their zero value. */
export interface AuthenticateResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly token?: string | undefined
}

/** Appends the fields of a AuthenticateResponse to `writer`. */
export function writeAuthenticateResponse(writer: Writer, message: AuthenticateResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.token !== undefined && message.token.length > 0) {
    writer.uint32(18)
    writeText(writer, message.token)
  }
  return writer
}

/** Reads a AuthenticateResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthenticateResponse(reader: Reader, end: number): AuthenticateResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let token: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        token = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, token }
}

export function encodeAuthenticateResponse(message: AuthenticateResponseInit): Uint8Array {
  return writeAuthenticateResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthenticateResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthenticateResponse {
  return decodeRange('AuthenticateResponse', readAuthenticateResponse, bytes, start, end)
}

export interface AuthUserAddResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeAuthUserAddResponse` takes: absent fields have their zero value. */
export interface AuthUserAddResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a AuthUserAddResponse to `writer`. */
export function writeAuthUserAddResponse(writer: Writer, message: AuthUserAddResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a AuthUserAddResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthUserAddResponse(reader: Reader, end: number): AuthUserAddResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeAuthUserAddResponse(message: AuthUserAddResponseInit): Uint8Array {
  return writeAuthUserAddResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthUserAddResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthUserAddResponse {
  return decodeRange('AuthUserAddResponse', readAuthUserAddResponse, bytes, start, end)
}

export interface AuthUserGetResponse {
  readonly header: ResponseHeader | undefined
  readonly roles: readonly string[]
}

/** What `encodeAuthUserGetResponse` takes: absent fields have their zero value. */
export interface AuthUserGetResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly roles?: readonly string[] | undefined
}

/** Appends the fields of a AuthUserGetResponse to `writer`. */
export function writeAuthUserGetResponse(writer: Writer, message: AuthUserGetResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  for (const value of message.roles ?? []) {
    writer.uint32(18)
    writeText(writer, value)
  }
  return writer
}

/** Reads a AuthUserGetResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthUserGetResponse(reader: Reader, end: number): AuthUserGetResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let roles: string[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        roles ??= []
        roles.push(reader.stringVerify())
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, roles: roles ?? [] }
}

export function encodeAuthUserGetResponse(message: AuthUserGetResponseInit): Uint8Array {
  return writeAuthUserGetResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthUserGetResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthUserGetResponse {
  return decodeRange('AuthUserGetResponse', readAuthUserGetResponse, bytes, start, end)
}

export interface AuthUserDeleteResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeAuthUserDeleteResponse` takes: absent fields have their zero value. */
export interface AuthUserDeleteResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a AuthUserDeleteResponse to `writer`. */
export function writeAuthUserDeleteResponse(writer: Writer, message: AuthUserDeleteResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a AuthUserDeleteResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthUserDeleteResponse(reader: Reader, end: number): AuthUserDeleteResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeAuthUserDeleteResponse(message: AuthUserDeleteResponseInit): Uint8Array {
  return writeAuthUserDeleteResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthUserDeleteResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthUserDeleteResponse {
  return decodeRange('AuthUserDeleteResponse', readAuthUserDeleteResponse, bytes, start, end)
}

export interface AuthUserChangePasswordResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeAuthUserChangePasswordResponse` takes: absent fields have their zero value. */
export interface AuthUserChangePasswordResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a AuthUserChangePasswordResponse to `writer`. */
export function writeAuthUserChangePasswordResponse(writer: Writer, message: AuthUserChangePasswordResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a AuthUserChangePasswordResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthUserChangePasswordResponse(reader: Reader, end: number): AuthUserChangePasswordResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeAuthUserChangePasswordResponse(message: AuthUserChangePasswordResponseInit): Uint8Array {
  return writeAuthUserChangePasswordResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthUserChangePasswordResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthUserChangePasswordResponse {
  return decodeRange('AuthUserChangePasswordResponse', readAuthUserChangePasswordResponse, bytes, start, end)
}

export interface AuthUserGrantRoleResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeAuthUserGrantRoleResponse` takes: absent fields have their zero value. */
export interface AuthUserGrantRoleResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a AuthUserGrantRoleResponse to `writer`. */
export function writeAuthUserGrantRoleResponse(writer: Writer, message: AuthUserGrantRoleResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a AuthUserGrantRoleResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthUserGrantRoleResponse(reader: Reader, end: number): AuthUserGrantRoleResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeAuthUserGrantRoleResponse(message: AuthUserGrantRoleResponseInit): Uint8Array {
  return writeAuthUserGrantRoleResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthUserGrantRoleResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthUserGrantRoleResponse {
  return decodeRange('AuthUserGrantRoleResponse', readAuthUserGrantRoleResponse, bytes, start, end)
}

export interface AuthUserRevokeRoleResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeAuthUserRevokeRoleResponse` takes: absent fields have their zero value. */
export interface AuthUserRevokeRoleResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a AuthUserRevokeRoleResponse to `writer`. */
export function writeAuthUserRevokeRoleResponse(writer: Writer, message: AuthUserRevokeRoleResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a AuthUserRevokeRoleResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthUserRevokeRoleResponse(reader: Reader, end: number): AuthUserRevokeRoleResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeAuthUserRevokeRoleResponse(message: AuthUserRevokeRoleResponseInit): Uint8Array {
  return writeAuthUserRevokeRoleResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthUserRevokeRoleResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthUserRevokeRoleResponse {
  return decodeRange('AuthUserRevokeRoleResponse', readAuthUserRevokeRoleResponse, bytes, start, end)
}

export interface AuthRoleAddResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeAuthRoleAddResponse` takes: absent fields have their zero value. */
export interface AuthRoleAddResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a AuthRoleAddResponse to `writer`. */
export function writeAuthRoleAddResponse(writer: Writer, message: AuthRoleAddResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a AuthRoleAddResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthRoleAddResponse(reader: Reader, end: number): AuthRoleAddResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeAuthRoleAddResponse(message: AuthRoleAddResponseInit): Uint8Array {
  return writeAuthRoleAddResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthRoleAddResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthRoleAddResponse {
  return decodeRange('AuthRoleAddResponse', readAuthRoleAddResponse, bytes, start, end)
}

export interface AuthRoleGetResponse {
  readonly header: ResponseHeader | undefined
  readonly perm: readonly Permission[]
}

/** What `encodeAuthRoleGetResponse` takes: absent fields have their zero value. */
export interface AuthRoleGetResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly perm?: readonly PermissionInit[] | undefined
}

/** Appends the fields of a AuthRoleGetResponse to `writer`. */
export function writeAuthRoleGetResponse(writer: Writer, message: AuthRoleGetResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  for (const value of message.perm ?? []) {
    writer.uint32(18)
    writePermission(writer.fork(), value).ldelim()
  }
  return writer
}

/** Reads a AuthRoleGetResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthRoleGetResponse(reader: Reader, end: number): AuthRoleGetResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let perm: Permission[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        perm ??= []
        perm.push(readPermission(reader, reader.size() + reader.pos))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, perm: perm ?? [] }
}

export function encodeAuthRoleGetResponse(message: AuthRoleGetResponseInit): Uint8Array {
  return writeAuthRoleGetResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthRoleGetResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthRoleGetResponse {
  return decodeRange('AuthRoleGetResponse', readAuthRoleGetResponse, bytes, start, end)
}

export interface AuthRoleListResponse {
  readonly header: ResponseHeader | undefined
  readonly roles: readonly string[]
}

/** What `encodeAuthRoleListResponse` takes: absent fields have their zero value. */
export interface AuthRoleListResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly roles?: readonly string[] | undefined
}

/** Appends the fields of a AuthRoleListResponse to `writer`. */
export function writeAuthRoleListResponse(writer: Writer, message: AuthRoleListResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  for (const value of message.roles ?? []) {
    writer.uint32(18)
    writeText(writer, value)
  }
  return writer
}

/** Reads a AuthRoleListResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthRoleListResponse(reader: Reader, end: number): AuthRoleListResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let roles: string[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        roles ??= []
        roles.push(reader.stringVerify())
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, roles: roles ?? [] }
}

export function encodeAuthRoleListResponse(message: AuthRoleListResponseInit): Uint8Array {
  return writeAuthRoleListResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthRoleListResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthRoleListResponse {
  return decodeRange('AuthRoleListResponse', readAuthRoleListResponse, bytes, start, end)
}

export interface AuthUserListResponse {
  readonly header: ResponseHeader | undefined
  readonly users: readonly string[]
}

/** What `encodeAuthUserListResponse` takes: absent fields have their zero value. */
export interface AuthUserListResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly users?: readonly string[] | undefined
}

/** Appends the fields of a AuthUserListResponse to `writer`. */
export function writeAuthUserListResponse(writer: Writer, message: AuthUserListResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  for (const value of message.users ?? []) {
    writer.uint32(18)
    writeText(writer, value)
  }
  return writer
}

/** Reads a AuthUserListResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthUserListResponse(reader: Reader, end: number): AuthUserListResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let users: string[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        users ??= []
        users.push(reader.stringVerify())
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, users: users ?? [] }
}

export function encodeAuthUserListResponse(message: AuthUserListResponseInit): Uint8Array {
  return writeAuthUserListResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthUserListResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthUserListResponse {
  return decodeRange('AuthUserListResponse', readAuthUserListResponse, bytes, start, end)
}

export interface AuthRoleDeleteResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeAuthRoleDeleteResponse` takes: absent fields have their zero value. */
export interface AuthRoleDeleteResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a AuthRoleDeleteResponse to `writer`. */
export function writeAuthRoleDeleteResponse(writer: Writer, message: AuthRoleDeleteResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a AuthRoleDeleteResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthRoleDeleteResponse(reader: Reader, end: number): AuthRoleDeleteResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeAuthRoleDeleteResponse(message: AuthRoleDeleteResponseInit): Uint8Array {
  return writeAuthRoleDeleteResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthRoleDeleteResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthRoleDeleteResponse {
  return decodeRange('AuthRoleDeleteResponse', readAuthRoleDeleteResponse, bytes, start, end)
}

export interface AuthRoleGrantPermissionResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeAuthRoleGrantPermissionResponse` takes: absent fields have their zero value. */
export interface AuthRoleGrantPermissionResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a AuthRoleGrantPermissionResponse to `writer`. */
export function writeAuthRoleGrantPermissionResponse(writer: Writer, message: AuthRoleGrantPermissionResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a AuthRoleGrantPermissionResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthRoleGrantPermissionResponse(reader: Reader, end: number): AuthRoleGrantPermissionResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeAuthRoleGrantPermissionResponse(message: AuthRoleGrantPermissionResponseInit): Uint8Array {
  return writeAuthRoleGrantPermissionResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthRoleGrantPermissionResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthRoleGrantPermissionResponse {
  return decodeRange('AuthRoleGrantPermissionResponse', readAuthRoleGrantPermissionResponse, bytes, start, end)
}

export interface AuthRoleRevokePermissionResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeAuthRoleRevokePermissionResponse` takes: absent fields have their zero value. */
export interface AuthRoleRevokePermissionResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a AuthRoleRevokePermissionResponse to `writer`. */
export function writeAuthRoleRevokePermissionResponse(writer: Writer, message: AuthRoleRevokePermissionResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a AuthRoleRevokePermissionResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAuthRoleRevokePermissionResponse(reader: Reader, end: number): AuthRoleRevokePermissionResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header }
}

export function encodeAuthRoleRevokePermissionResponse(message: AuthRoleRevokePermissionResponseInit): Uint8Array {
  return writeAuthRoleRevokePermissionResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAuthRoleRevokePermissionResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): AuthRoleRevokePermissionResponse {
  return decodeRange('AuthRoleRevokePermissionResponse', readAuthRoleRevokePermissionResponse, bytes, start, end)
}

export interface RangeStreamResponse {
  readonly rangeResponse: RangeResponse | undefined
}

/** What `encodeRangeStreamResponse` takes: absent fields have their zero value. */
export interface RangeStreamResponseInit {
  readonly rangeResponse?: RangeResponseInit | undefined
}

/** Appends the fields of a RangeStreamResponse to `writer`. */
export function writeRangeStreamResponse(writer: Writer, message: RangeStreamResponseInit): Writer {
  if (message.rangeResponse !== undefined) {
    writer.uint32(10)
    writeRangeResponse(writer.fork(), message.rangeResponse).ldelim()
  }
  return writer
}

/** Reads a RangeStreamResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readRangeStreamResponse(reader: Reader, end: number): RangeStreamResponse {
  endOf(reader, end, reader.len)
  let rangeResponse: RangeResponse | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        rangeResponse = readRangeResponse(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { rangeResponse }
}

export function encodeRangeStreamResponse(message: RangeStreamResponseInit): Uint8Array {
  return writeRangeStreamResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeRangeStreamResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): RangeStreamResponse {
  return decodeRange('RangeStreamResponse', readRangeStreamResponse, bytes, start, end)
}

/** The methods of service `etcdserverpb.KV`. */
export const KV: {
  readonly range: Method<RangeRequest, RangeRequestInit, RangeResponse, RangeResponseInit>
  readonly rangeStream: Method<RangeRequest, RangeRequestInit, RangeStreamResponse, RangeStreamResponseInit>
  readonly put: Method<PutRequest, PutRequestInit, PutResponse, PutResponseInit>
  readonly deleteRange: Method<DeleteRangeRequest, DeleteRangeRequestInit, DeleteRangeResponse, DeleteRangeResponseInit>
  readonly txn: Method<TxnRequest, TxnRequestInit, TxnResponse, TxnResponseInit>
  readonly compact: Method<CompactionRequest, CompactionRequestInit, CompactionResponse, CompactionResponseInit>
} = {
  range: {
    path: '/etcdserverpb.KV/Range',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeRangeRequest,
    decodeRequest: decodeRangeRequest,
    encodeResponse: encodeRangeResponse,
    decodeResponse: decodeRangeResponse,
  },
  rangeStream: {
    path: '/etcdserverpb.KV/RangeStream',
    clientStreams: false,
    serverStreams: true,
    encodeRequest: encodeRangeRequest,
    decodeRequest: decodeRangeRequest,
    encodeResponse: encodeRangeStreamResponse,
    decodeResponse: decodeRangeStreamResponse,
  },
  put: {
    path: '/etcdserverpb.KV/Put',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodePutRequest,
    decodeRequest: decodePutRequest,
    encodeResponse: encodePutResponse,
    decodeResponse: decodePutResponse,
  },
  deleteRange: {
    path: '/etcdserverpb.KV/DeleteRange',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeDeleteRangeRequest,
    decodeRequest: decodeDeleteRangeRequest,
    encodeResponse: encodeDeleteRangeResponse,
    decodeResponse: decodeDeleteRangeResponse,
  },
  txn: {
    path: '/etcdserverpb.KV/Txn',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeTxnRequest,
    decodeRequest: decodeTxnRequest,
    encodeResponse: encodeTxnResponse,
    decodeResponse: decodeTxnResponse,
  },
  compact: {
    path: '/etcdserverpb.KV/Compact',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeCompactionRequest,
    decodeRequest: decodeCompactionRequest,
    encodeResponse: encodeCompactionResponse,
    decodeResponse: decodeCompactionResponse,
  },
}

/** The methods of service `etcdserverpb.Watch`. */
export const Watch: {
  readonly watch: Method<WatchRequest, WatchRequestInit, WatchResponse, WatchResponseInit>
} = {
  watch: {
    path: '/etcdserverpb.Watch/Watch',
    clientStreams: true,
    serverStreams: true,
    encodeRequest: encodeWatchRequest,
    decodeRequest: decodeWatchRequest,
    encodeResponse: encodeWatchResponse,
    decodeResponse: decodeWatchResponse,
  },
}

/** The methods of service `etcdserverpb.Lease`. */
export const Lease: {
  readonly leaseGrant: Method<LeaseGrantRequest, LeaseGrantRequestInit, LeaseGrantResponse, LeaseGrantResponseInit>
  readonly leaseRevoke: Method<LeaseRevokeRequest, LeaseRevokeRequestInit, LeaseRevokeResponse, LeaseRevokeResponseInit>
  readonly leaseKeepAlive: Method<LeaseKeepAliveRequest, LeaseKeepAliveRequestInit, LeaseKeepAliveResponse, LeaseKeepAliveResponseInit>
  readonly leaseTimeToLive: Method<LeaseTimeToLiveRequest, LeaseTimeToLiveRequestInit, LeaseTimeToLiveResponse, LeaseTimeToLiveResponseInit>
  readonly leaseLeases: Method<LeaseLeasesRequest, LeaseLeasesRequestInit, LeaseLeasesResponse, LeaseLeasesResponseInit>
} = {
  leaseGrant: {
    path: '/etcdserverpb.Lease/LeaseGrant',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeLeaseGrantRequest,
    decodeRequest: decodeLeaseGrantRequest,
    encodeResponse: encodeLeaseGrantResponse,
    decodeResponse: decodeLeaseGrantResponse,
  },
  leaseRevoke: {
    path: '/etcdserverpb.Lease/LeaseRevoke',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeLeaseRevokeRequest,
    decodeRequest: decodeLeaseRevokeRequest,
    encodeResponse: encodeLeaseRevokeResponse,
    decodeResponse: decodeLeaseRevokeResponse,
  },
  leaseKeepAlive: {
    path: '/etcdserverpb.Lease/LeaseKeepAlive',
    clientStreams: true,
    serverStreams: true,
    encodeRequest: encodeLeaseKeepAliveRequest,
    decodeRequest: decodeLeaseKeepAliveRequest,
    encodeResponse: encodeLeaseKeepAliveResponse,
    decodeResponse: decodeLeaseKeepAliveResponse,
  },
  leaseTimeToLive: {
    path: '/etcdserverpb.Lease/LeaseTimeToLive',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeLeaseTimeToLiveRequest,
    decodeRequest: decodeLeaseTimeToLiveRequest,
    encodeResponse: encodeLeaseTimeToLiveResponse,
    decodeResponse: decodeLeaseTimeToLiveResponse,
  },
  leaseLeases: {
    path: '/etcdserverpb.Lease/LeaseLeases',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeLeaseLeasesRequest,
    decodeRequest: decodeLeaseLeasesRequest,
    encodeResponse: encodeLeaseLeasesResponse,
    decodeResponse: decodeLeaseLeasesResponse,
  },
}

/** The methods of service `etcdserverpb.Cluster`. */
export const Cluster: {
  readonly memberAdd: Method<MemberAddRequest, MemberAddRequestInit, MemberAddResponse, MemberAddResponseInit>
  readonly memberRemove: Method<MemberRemoveRequest, MemberRemoveRequestInit, MemberRemoveResponse, MemberRemoveResponseInit>
  readonly memberUpdate: Method<MemberUpdateRequest, MemberUpdateRequestInit, MemberUpdateResponse, MemberUpdateResponseInit>
  readonly memberList: Method<MemberListRequest, MemberListRequestInit, MemberListResponse, MemberListResponseInit>
  readonly memberPromote: Method<MemberPromoteRequest, MemberPromoteRequestInit, MemberPromoteResponse, MemberPromoteResponseInit>
} = {
  memberAdd: {
    path: '/etcdserverpb.Cluster/MemberAdd',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeMemberAddRequest,
    decodeRequest: decodeMemberAddRequest,
    encodeResponse: encodeMemberAddResponse,
    decodeResponse: decodeMemberAddResponse,
  },
  memberRemove: {
    path: '/etcdserverpb.Cluster/MemberRemove',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeMemberRemoveRequest,
    decodeRequest: decodeMemberRemoveRequest,
    encodeResponse: encodeMemberRemoveResponse,
    decodeResponse: decodeMemberRemoveResponse,
  },
  memberUpdate: {
    path: '/etcdserverpb.Cluster/MemberUpdate',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeMemberUpdateRequest,
    decodeRequest: decodeMemberUpdateRequest,
    encodeResponse: encodeMemberUpdateResponse,
    decodeResponse: decodeMemberUpdateResponse,
  },
  memberList: {
    path: '/etcdserverpb.Cluster/MemberList',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeMemberListRequest,
    decodeRequest: decodeMemberListRequest,
    encodeResponse: encodeMemberListResponse,
    decodeResponse: decodeMemberListResponse,
  },
  memberPromote: {
    path: '/etcdserverpb.Cluster/MemberPromote',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeMemberPromoteRequest,
    decodeRequest: decodeMemberPromoteRequest,
    encodeResponse: encodeMemberPromoteResponse,
    decodeResponse: decodeMemberPromoteResponse,
  },
}

/** The methods of service `etcdserverpb.Maintenance`. */
export const Maintenance: {
  readonly alarm: Method<AlarmRequest, AlarmRequestInit, AlarmResponse, AlarmResponseInit>
  readonly status: Method<StatusRequest, StatusRequestInit, StatusResponse, StatusResponseInit>
  readonly defragment: Method<DefragmentRequest, DefragmentRequestInit, DefragmentResponse, DefragmentResponseInit>
  readonly hash: Method<HashRequest, HashRequestInit, HashResponse, HashResponseInit>
  readonly hashKV: Method<HashKVRequest, HashKVRequestInit, HashKVResponse, HashKVResponseInit>
  readonly snapshot: Method<SnapshotRequest, SnapshotRequestInit, SnapshotResponse, SnapshotResponseInit>
  readonly moveLeader: Method<MoveLeaderRequest, MoveLeaderRequestInit, MoveLeaderResponse, MoveLeaderResponseInit>
  readonly downgrade: Method<DowngradeRequest, DowngradeRequestInit, DowngradeResponse, DowngradeResponseInit>
} = {
  alarm: {
    path: '/etcdserverpb.Maintenance/Alarm',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAlarmRequest,
    decodeRequest: decodeAlarmRequest,
    encodeResponse: encodeAlarmResponse,
    decodeResponse: decodeAlarmResponse,
  },
  status: {
    path: '/etcdserverpb.Maintenance/Status',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeStatusRequest,
    decodeRequest: decodeStatusRequest,
    encodeResponse: encodeStatusResponse,
    decodeResponse: decodeStatusResponse,
  },
  defragment: {
    path: '/etcdserverpb.Maintenance/Defragment',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeDefragmentRequest,
    decodeRequest: decodeDefragmentRequest,
    encodeResponse: encodeDefragmentResponse,
    decodeResponse: decodeDefragmentResponse,
  },
  hash: {
    path: '/etcdserverpb.Maintenance/Hash',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeHashRequest,
    decodeRequest: decodeHashRequest,
    encodeResponse: encodeHashResponse,
    decodeResponse: decodeHashResponse,
  },
  hashKV: {
    path: '/etcdserverpb.Maintenance/HashKV',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeHashKVRequest,
    decodeRequest: decodeHashKVRequest,
    encodeResponse: encodeHashKVResponse,
    decodeResponse: decodeHashKVResponse,
  },
  snapshot: {
    path: '/etcdserverpb.Maintenance/Snapshot',
    clientStreams: false,
    serverStreams: true,
    encodeRequest: encodeSnapshotRequest,
    decodeRequest: decodeSnapshotRequest,
    encodeResponse: encodeSnapshotResponse,
    decodeResponse: decodeSnapshotResponse,
  },
  moveLeader: {
    path: '/etcdserverpb.Maintenance/MoveLeader',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeMoveLeaderRequest,
    decodeRequest: decodeMoveLeaderRequest,
    encodeResponse: encodeMoveLeaderResponse,
    decodeResponse: decodeMoveLeaderResponse,
  },
  downgrade: {
    path: '/etcdserverpb.Maintenance/Downgrade',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeDowngradeRequest,
    decodeRequest: decodeDowngradeRequest,
    encodeResponse: encodeDowngradeResponse,
    decodeResponse: decodeDowngradeResponse,
  },
}

/** The methods of service `etcdserverpb.Auth`. */
export const Auth: {
  readonly authEnable: Method<AuthEnableRequest, AuthEnableRequestInit, AuthEnableResponse, AuthEnableResponseInit>
  readonly authDisable: Method<AuthDisableRequest, AuthDisableRequestInit, AuthDisableResponse, AuthDisableResponseInit>
  readonly authStatus: Method<AuthStatusRequest, AuthStatusRequestInit, AuthStatusResponse, AuthStatusResponseInit>
  readonly authenticate: Method<AuthenticateRequest, AuthenticateRequestInit, AuthenticateResponse, AuthenticateResponseInit>
  readonly userAdd: Method<AuthUserAddRequest, AuthUserAddRequestInit, AuthUserAddResponse, AuthUserAddResponseInit>
  readonly userGet: Method<AuthUserGetRequest, AuthUserGetRequestInit, AuthUserGetResponse, AuthUserGetResponseInit>
  readonly userList: Method<AuthUserListRequest, AuthUserListRequestInit, AuthUserListResponse, AuthUserListResponseInit>
  readonly userDelete: Method<AuthUserDeleteRequest, AuthUserDeleteRequestInit, AuthUserDeleteResponse, AuthUserDeleteResponseInit>
  readonly userChangePassword: Method<AuthUserChangePasswordRequest, AuthUserChangePasswordRequestInit, AuthUserChangePasswordResponse, AuthUserChangePasswordResponseInit>
  readonly userGrantRole: Method<AuthUserGrantRoleRequest, AuthUserGrantRoleRequestInit, AuthUserGrantRoleResponse, AuthUserGrantRoleResponseInit>
  readonly userRevokeRole: Method<AuthUserRevokeRoleRequest, AuthUserRevokeRoleRequestInit, AuthUserRevokeRoleResponse, AuthUserRevokeRoleResponseInit>
  readonly roleAdd: Method<AuthRoleAddRequest, AuthRoleAddRequestInit, AuthRoleAddResponse, AuthRoleAddResponseInit>
  readonly roleGet: Method<AuthRoleGetRequest, AuthRoleGetRequestInit, AuthRoleGetResponse, AuthRoleGetResponseInit>
  readonly roleList: Method<AuthRoleListRequest, AuthRoleListRequestInit, AuthRoleListResponse, AuthRoleListResponseInit>
  readonly roleDelete: Method<AuthRoleDeleteRequest, AuthRoleDeleteRequestInit, AuthRoleDeleteResponse, AuthRoleDeleteResponseInit>
  readonly roleGrantPermission: Method<AuthRoleGrantPermissionRequest, AuthRoleGrantPermissionRequestInit, AuthRoleGrantPermissionResponse, AuthRoleGrantPermissionResponseInit>
  readonly roleRevokePermission: Method<AuthRoleRevokePermissionRequest, AuthRoleRevokePermissionRequestInit, AuthRoleRevokePermissionResponse, AuthRoleRevokePermissionResponseInit>
} = {
  authEnable: {
    path: '/etcdserverpb.Auth/AuthEnable',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthEnableRequest,
    decodeRequest: decodeAuthEnableRequest,
    encodeResponse: encodeAuthEnableResponse,
    decodeResponse: decodeAuthEnableResponse,
  },
  authDisable: {
    path: '/etcdserverpb.Auth/AuthDisable',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthDisableRequest,
    decodeRequest: decodeAuthDisableRequest,
    encodeResponse: encodeAuthDisableResponse,
    decodeResponse: decodeAuthDisableResponse,
  },
  authStatus: {
    path: '/etcdserverpb.Auth/AuthStatus',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthStatusRequest,
    decodeRequest: decodeAuthStatusRequest,
    encodeResponse: encodeAuthStatusResponse,
    decodeResponse: decodeAuthStatusResponse,
  },
  authenticate: {
    path: '/etcdserverpb.Auth/Authenticate',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthenticateRequest,
    decodeRequest: decodeAuthenticateRequest,
    encodeResponse: encodeAuthenticateResponse,
    decodeResponse: decodeAuthenticateResponse,
  },
  userAdd: {
    path: '/etcdserverpb.Auth/UserAdd',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthUserAddRequest,
    decodeRequest: decodeAuthUserAddRequest,
    encodeResponse: encodeAuthUserAddResponse,
    decodeResponse: decodeAuthUserAddResponse,
  },
  userGet: {
    path: '/etcdserverpb.Auth/UserGet',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthUserGetRequest,
    decodeRequest: decodeAuthUserGetRequest,
    encodeResponse: encodeAuthUserGetResponse,
    decodeResponse: decodeAuthUserGetResponse,
  },
  userList: {
    path: '/etcdserverpb.Auth/UserList',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthUserListRequest,
    decodeRequest: decodeAuthUserListRequest,
    encodeResponse: encodeAuthUserListResponse,
    decodeResponse: decodeAuthUserListResponse,
  },
  userDelete: {
    path: '/etcdserverpb.Auth/UserDelete',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthUserDeleteRequest,
    decodeRequest: decodeAuthUserDeleteRequest,
    encodeResponse: encodeAuthUserDeleteResponse,
    decodeResponse: decodeAuthUserDeleteResponse,
  },
  userChangePassword: {
    path: '/etcdserverpb.Auth/UserChangePassword',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthUserChangePasswordRequest,
    decodeRequest: decodeAuthUserChangePasswordRequest,
    encodeResponse: encodeAuthUserChangePasswordResponse,
    decodeResponse: decodeAuthUserChangePasswordResponse,
  },
  userGrantRole: {
    path: '/etcdserverpb.Auth/UserGrantRole',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthUserGrantRoleRequest,
    decodeRequest: decodeAuthUserGrantRoleRequest,
    encodeResponse: encodeAuthUserGrantRoleResponse,
    decodeResponse: decodeAuthUserGrantRoleResponse,
  },
  userRevokeRole: {
    path: '/etcdserverpb.Auth/UserRevokeRole',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthUserRevokeRoleRequest,
    decodeRequest: decodeAuthUserRevokeRoleRequest,
    encodeResponse: encodeAuthUserRevokeRoleResponse,
    decodeResponse: decodeAuthUserRevokeRoleResponse,
  },
  roleAdd: {
    path: '/etcdserverpb.Auth/RoleAdd',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthRoleAddRequest,
    decodeRequest: decodeAuthRoleAddRequest,
    encodeResponse: encodeAuthRoleAddResponse,
    decodeResponse: decodeAuthRoleAddResponse,
  },
  roleGet: {
    path: '/etcdserverpb.Auth/RoleGet',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthRoleGetRequest,
    decodeRequest: decodeAuthRoleGetRequest,
    encodeResponse: encodeAuthRoleGetResponse,
    decodeResponse: decodeAuthRoleGetResponse,
  },
  roleList: {
    path: '/etcdserverpb.Auth/RoleList',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthRoleListRequest,
    decodeRequest: decodeAuthRoleListRequest,
    encodeResponse: encodeAuthRoleListResponse,
    decodeResponse: decodeAuthRoleListResponse,
  },
  roleDelete: {
    path: '/etcdserverpb.Auth/RoleDelete',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthRoleDeleteRequest,
    decodeRequest: decodeAuthRoleDeleteRequest,
    encodeResponse: encodeAuthRoleDeleteResponse,
    decodeResponse: decodeAuthRoleDeleteResponse,
  },
  roleGrantPermission: {
    path: '/etcdserverpb.Auth/RoleGrantPermission',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthRoleGrantPermissionRequest,
    decodeRequest: decodeAuthRoleGrantPermissionRequest,
    encodeResponse: encodeAuthRoleGrantPermissionResponse,
    decodeResponse: decodeAuthRoleGrantPermissionResponse,
  },
  roleRevokePermission: {
    path: '/etcdserverpb.Auth/RoleRevokePermission',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeAuthRoleRevokePermissionRequest,
    decodeRequest: decodeAuthRoleRevokePermissionRequest,
    encodeResponse: encodeAuthRoleRevokePermissionResponse,
    decodeResponse: decodeAuthRoleRevokePermissionResponse,
  },
}
