// Generated from proto/lease.proto by tools/protogen. Do not edit.
import { type Reader, Writer } from 'protobufjs/minimal.js'
import { readExactQuantity, readIdentity, writeIdentity, writeQuantity } from '../integers.ts'
import { decodeRange, endOf, skipField } from '../runtime.ts'
import { type LeaseTimeToLiveRequest, type LeaseTimeToLiveRequestInit, readLeaseTimeToLiveRequest, writeLeaseTimeToLiveRequest, type LeaseTimeToLiveResponse, type LeaseTimeToLiveResponseInit, readLeaseTimeToLiveResponse, writeLeaseTimeToLiveResponse } from './rpc.ts'

export interface Lease {
  readonly id: bigint
  readonly ttl: number
  readonly remainingTtl: number
}

/** What `encodeLease` takes: absent fields have their zero value. */
export interface LeaseInit {
  readonly id?: bigint | undefined
  readonly ttl?: number | undefined
  readonly remainingTtl?: number | undefined
}

/** Appends the fields of a Lease to `writer`. */
export function writeLease(writer: Writer, message: LeaseInit): Writer {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.id)
  }
  if (message.ttl !== undefined && message.ttl !== 0) {
    writer.uint32(16)
    writeQuantity(writer, message.ttl)
  }
  if (message.remainingTtl !== undefined && message.remainingTtl !== 0) {
    writer.uint32(24)
    writeQuantity(writer, message.remainingTtl)
  }
  return writer
}

/** Reads a Lease that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLease(reader: Reader, end: number): Lease {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  let ttl: number = 0
  let remainingTtl: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readIdentity(reader)
        break
      case 16:
        ttl = readExactQuantity(reader, 'leasepb.Lease.TTL')
        break
      case 24:
        remainingTtl = readExactQuantity(reader, 'leasepb.Lease.RemainingTTL')
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id, ttl, remainingTtl }
}

export function encodeLease(message: LeaseInit): Uint8Array {
  return writeLease(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLease(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Lease {
  return decodeRange('Lease', readLease, bytes, start, end)
}

export interface LeaseInternalRequest {
  readonly leaseTimeToLiveRequest: LeaseTimeToLiveRequest | undefined
}

/** What `encodeLeaseInternalRequest` takes: absent fields have their zero value. */
export interface LeaseInternalRequestInit {
  readonly leaseTimeToLiveRequest?: LeaseTimeToLiveRequestInit | undefined
}

/** Appends the fields of a LeaseInternalRequest to `writer`. */
export function writeLeaseInternalRequest(writer: Writer, message: LeaseInternalRequestInit): Writer {
  if (message.leaseTimeToLiveRequest !== undefined) {
    writer.uint32(10)
    writeLeaseTimeToLiveRequest(writer.fork(), message.leaseTimeToLiveRequest).ldelim()
  }
  return writer
}

/** Reads a LeaseInternalRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseInternalRequest(reader: Reader, end: number): LeaseInternalRequest {
  endOf(reader, end, reader.len)
  let leaseTimeToLiveRequest: LeaseTimeToLiveRequest | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        leaseTimeToLiveRequest = readLeaseTimeToLiveRequest(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { leaseTimeToLiveRequest }
}

export function encodeLeaseInternalRequest(message: LeaseInternalRequestInit): Uint8Array {
  return writeLeaseInternalRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseInternalRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseInternalRequest {
  return decodeRange('LeaseInternalRequest', readLeaseInternalRequest, bytes, start, end)
}

export interface LeaseInternalResponse {
  readonly leaseTimeToLiveResponse: LeaseTimeToLiveResponse | undefined
}

/** What `encodeLeaseInternalResponse` takes: absent fields have their zero value. */
export interface LeaseInternalResponseInit {
  readonly leaseTimeToLiveResponse?: LeaseTimeToLiveResponseInit | undefined
}

/** Appends the fields of a LeaseInternalResponse to `writer`. */
export function writeLeaseInternalResponse(writer: Writer, message: LeaseInternalResponseInit): Writer {
  if (message.leaseTimeToLiveResponse !== undefined) {
    writer.uint32(10)
    writeLeaseTimeToLiveResponse(writer.fork(), message.leaseTimeToLiveResponse).ldelim()
  }
  return writer
}

/** Reads a LeaseInternalResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaseInternalResponse(reader: Reader, end: number): LeaseInternalResponse {
  endOf(reader, end, reader.len)
  let leaseTimeToLiveResponse: LeaseTimeToLiveResponse | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        leaseTimeToLiveResponse = readLeaseTimeToLiveResponse(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { leaseTimeToLiveResponse }
}

export function encodeLeaseInternalResponse(message: LeaseInternalResponseInit): Uint8Array {
  return writeLeaseInternalResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaseInternalResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaseInternalResponse {
  return decodeRange('LeaseInternalResponse', readLeaseInternalResponse, bytes, start, end)
}
