// Generated from proto/v3lock.proto by tools/protogen. Do not edit.
import { type Reader, Writer } from 'protobufjs/minimal.js'
import { readIdentity, writeIdentity } from '../integers.ts'
import type { Method } from '../method.ts'
import { decodeRange, endOf, noBytes, skipField } from '../runtime.ts'
import { type ResponseHeader, type ResponseHeaderInit, readResponseHeader, writeResponseHeader } from './rpc.ts'

export interface LockRequest {
  readonly name: Uint8Array
  readonly lease: bigint
}

/** What `encodeLockRequest` takes: absent fields have their zero value. */
export interface LockRequestInit {
  readonly name?: Uint8Array | undefined
  readonly lease?: bigint | undefined
}

/** Appends the fields of a LockRequest to `writer`. */
export function writeLockRequest(writer: Writer, message: LockRequestInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writer.bytes(message.name)
  }
  if (message.lease !== undefined && message.lease !== 0n) {
    writer.uint32(16)
    writeIdentity(writer, message.lease)
  }
  return writer
}

/** Reads a LockRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLockRequest(reader: Reader, end: number): LockRequest {
  endOf(reader, end, reader.len)
  let name: Uint8Array = noBytes
  let lease: bigint = 0n
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.bytes()
        break
      case 16:
        lease = readIdentity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name, lease }
}

export function encodeLockRequest(message: LockRequestInit): Uint8Array {
  return writeLockRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLockRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LockRequest {
  return decodeRange('LockRequest', readLockRequest, bytes, start, end)
}

export interface LockResponse {
  readonly header: ResponseHeader | undefined
  readonly key: Uint8Array
}

/** What `encodeLockResponse` takes: absent fields have their zero value. */
export interface LockResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly key?: Uint8Array | undefined
}

/** Appends the fields of a LockResponse to `writer`. */
export function writeLockResponse(writer: Writer, message: LockResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.key !== undefined && message.key.length > 0) {
    writer.uint32(18)
    writer.bytes(message.key)
  }
  return writer
}

/** Reads a LockResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLockResponse(reader: Reader, end: number): LockResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let key: Uint8Array = noBytes
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        key = reader.bytes()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, key }
}

export function encodeLockResponse(message: LockResponseInit): Uint8Array {
  return writeLockResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLockResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LockResponse {
  return decodeRange('LockResponse', readLockResponse, bytes, start, end)
}

export interface UnlockRequest {
  readonly key: Uint8Array
}

/** What `encodeUnlockRequest` takes: absent fields have their zero value. */
export interface UnlockRequestInit {
  readonly key?: Uint8Array | undefined
}

/** Appends the fields of a UnlockRequest to `writer`. */
export function writeUnlockRequest(writer: Writer, message: UnlockRequestInit): Writer {
  if (message.key !== undefined && message.key.length > 0) {
    writer.uint32(10)
    writer.bytes(message.key)
  }
  return writer
}

/** Reads a UnlockRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readUnlockRequest(reader: Reader, end: number): UnlockRequest {
  endOf(reader, end, reader.len)
  let key: Uint8Array = noBytes
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        key = reader.bytes()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { key }
}

export function encodeUnlockRequest(message: UnlockRequestInit): Uint8Array {
  return writeUnlockRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeUnlockRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): UnlockRequest {
  return decodeRange('UnlockRequest', readUnlockRequest, bytes, start, end)
}

export interface UnlockResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeUnlockResponse` takes: absent fields have their zero value. */
export interface UnlockResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a UnlockResponse to `writer`. */
export function writeUnlockResponse(writer: Writer, message: UnlockResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a UnlockResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readUnlockResponse(reader: Reader, end: number): UnlockResponse {
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

export function encodeUnlockResponse(message: UnlockResponseInit): Uint8Array {
  return writeUnlockResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeUnlockResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): UnlockResponse {
  return decodeRange('UnlockResponse', readUnlockResponse, bytes, start, end)
}

/** The methods of service `v3lockpb.Lock`. */
export const Lock: {
  readonly lock: Method<LockRequest, LockRequestInit, LockResponse, LockResponseInit>
  readonly unlock: Method<UnlockRequest, UnlockRequestInit, UnlockResponse, UnlockResponseInit>
} = {
  lock: {
    path: '/v3lockpb.Lock/Lock',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeLockRequest,
    decodeRequest: decodeLockRequest,
    encodeResponse: encodeLockResponse,
    decodeResponse: decodeLockResponse,
  },
  unlock: {
    path: '/v3lockpb.Lock/Unlock',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeUnlockRequest,
    decodeRequest: decodeUnlockRequest,
    encodeResponse: encodeUnlockResponse,
    decodeResponse: decodeUnlockResponse,
  },
}
