// Generated from proto/v3election.proto by tools/protogen. Do not edit.
import { type Reader, Writer } from 'protobufjs/minimal.js'
import { readIdentity, readQuantity, writeIdentity, writeQuantity } from '../integers.ts'
import type { Method } from '../method.ts'
import { decodeRange, endOf, noBytes, skipField } from '../runtime.ts'
import { type KeyValue, type KeyValueInit, readKeyValue, writeKeyValue } from './mvcc.ts'
import { type ResponseHeader, type ResponseHeaderInit, readResponseHeader, writeResponseHeader } from './rpc.ts'

export interface CampaignRequest {
  readonly name: Uint8Array
  readonly lease: bigint
  readonly value: Uint8Array
}

/** What `encodeCampaignRequest` takes: absent fields have their zero value. */
export interface CampaignRequestInit {
  readonly name?: Uint8Array | undefined
  readonly lease?: bigint | undefined
  readonly value?: Uint8Array | undefined
}

/** Appends the fields of a CampaignRequest to `writer`. */
export function writeCampaignRequest(writer: Writer, message: CampaignRequestInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writer.bytes(message.name)
  }
  if (message.lease !== undefined && message.lease !== 0n) {
    writer.uint32(16)
    writeIdentity(writer, message.lease)
  }
  if (message.value !== undefined && message.value.length > 0) {
    writer.uint32(26)
    writer.bytes(message.value)
  }
  return writer
}

/** Reads a CampaignRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readCampaignRequest(reader: Reader, end: number): CampaignRequest {
  endOf(reader, end, reader.len)
  let name: Uint8Array = noBytes
  let lease: bigint = 0n
  let value: Uint8Array = noBytes
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.bytes()
        break
      case 16:
        lease = readIdentity(reader)
        break
      case 26:
        value = reader.bytes()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name, lease, value }
}

export function encodeCampaignRequest(message: CampaignRequestInit): Uint8Array {
  return writeCampaignRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeCampaignRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): CampaignRequest {
  return decodeRange('CampaignRequest', readCampaignRequest, bytes, start, end)
}

export interface CampaignResponse {
  readonly header: ResponseHeader | undefined
  readonly leader: LeaderKey | undefined
}

/** What `encodeCampaignResponse` takes: absent fields have their zero value. */
export interface CampaignResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly leader?: LeaderKeyInit | undefined
}

/** Appends the fields of a CampaignResponse to `writer`. */
export function writeCampaignResponse(writer: Writer, message: CampaignResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.leader !== undefined) {
    writer.uint32(18)
    writeLeaderKey(writer.fork(), message.leader).ldelim()
  }
  return writer
}

/** Reads a CampaignResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readCampaignResponse(reader: Reader, end: number): CampaignResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let leader: LeaderKey | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        leader = readLeaderKey(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, leader }
}

export function encodeCampaignResponse(message: CampaignResponseInit): Uint8Array {
  return writeCampaignResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeCampaignResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): CampaignResponse {
  return decodeRange('CampaignResponse', readCampaignResponse, bytes, start, end)
}

export interface LeaderKey {
  readonly name: Uint8Array
  readonly key: Uint8Array
  readonly rev: number
  readonly lease: bigint
}

/** What `encodeLeaderKey` takes: absent fields have their zero value. */
export interface LeaderKeyInit {
  readonly name?: Uint8Array | undefined
  readonly key?: Uint8Array | undefined
  readonly rev?: number | undefined
  readonly lease?: bigint | undefined
}

/** Appends the fields of a LeaderKey to `writer`. */
export function writeLeaderKey(writer: Writer, message: LeaderKeyInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writer.bytes(message.name)
  }
  if (message.key !== undefined && message.key.length > 0) {
    writer.uint32(18)
    writer.bytes(message.key)
  }
  if (message.rev !== undefined && message.rev !== 0) {
    writer.uint32(24)
    writeQuantity(writer, message.rev)
  }
  if (message.lease !== undefined && message.lease !== 0n) {
    writer.uint32(32)
    writeIdentity(writer, message.lease)
  }
  return writer
}

/** Reads a LeaderKey that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaderKey(reader: Reader, end: number): LeaderKey {
  endOf(reader, end, reader.len)
  let name: Uint8Array = noBytes
  let key: Uint8Array = noBytes
  let rev: number = 0
  let lease: bigint = 0n
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.bytes()
        break
      case 18:
        key = reader.bytes()
        break
      case 24:
        rev = readQuantity(reader)
        break
      case 32:
        lease = readIdentity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name, key, rev, lease }
}

export function encodeLeaderKey(message: LeaderKeyInit): Uint8Array {
  return writeLeaderKey(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaderKey(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaderKey {
  return decodeRange('LeaderKey', readLeaderKey, bytes, start, end)
}

export interface LeaderRequest {
  readonly name: Uint8Array
}

/** What `encodeLeaderRequest` takes: absent fields have their zero value. */
export interface LeaderRequestInit {
  readonly name?: Uint8Array | undefined
}

/** Appends the fields of a LeaderRequest to `writer`. */
export function writeLeaderRequest(writer: Writer, message: LeaderRequestInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writer.bytes(message.name)
  }
  return writer
}

/** Reads a LeaderRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaderRequest(reader: Reader, end: number): LeaderRequest {
  endOf(reader, end, reader.len)
  let name: Uint8Array = noBytes
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.bytes()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name }
}

export function encodeLeaderRequest(message: LeaderRequestInit): Uint8Array {
  return writeLeaderRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaderRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaderRequest {
  return decodeRange('LeaderRequest', readLeaderRequest, bytes, start, end)
}

export interface LeaderResponse {
  readonly header: ResponseHeader | undefined
  readonly kv: KeyValue | undefined
}

/** What `encodeLeaderResponse` takes: absent fields have their zero value. */
export interface LeaderResponseInit {
  readonly header?: ResponseHeaderInit | undefined
  readonly kv?: KeyValueInit | undefined
}

/** Appends the fields of a LeaderResponse to `writer`. */
export function writeLeaderResponse(writer: Writer, message: LeaderResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  if (message.kv !== undefined) {
    writer.uint32(18)
    writeKeyValue(writer.fork(), message.kv).ldelim()
  }
  return writer
}

/** Reads a LeaderResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readLeaderResponse(reader: Reader, end: number): LeaderResponse {
  endOf(reader, end, reader.len)
  let header: ResponseHeader | undefined
  let kv: KeyValue | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        header = readResponseHeader(reader, reader.size() + reader.pos)
        break
      case 18:
        kv = readKeyValue(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { header, kv }
}

export function encodeLeaderResponse(message: LeaderResponseInit): Uint8Array {
  return writeLeaderResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeLeaderResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): LeaderResponse {
  return decodeRange('LeaderResponse', readLeaderResponse, bytes, start, end)
}

export interface ResignRequest {
  readonly leader: LeaderKey | undefined
}

/** What `encodeResignRequest` takes: absent fields have their zero value. */
export interface ResignRequestInit {
  readonly leader?: LeaderKeyInit | undefined
}

/** Appends the fields of a ResignRequest to `writer`. */
export function writeResignRequest(writer: Writer, message: ResignRequestInit): Writer {
  if (message.leader !== undefined) {
    writer.uint32(10)
    writeLeaderKey(writer.fork(), message.leader).ldelim()
  }
  return writer
}

/** Reads a ResignRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readResignRequest(reader: Reader, end: number): ResignRequest {
  endOf(reader, end, reader.len)
  let leader: LeaderKey | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        leader = readLeaderKey(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { leader }
}

export function encodeResignRequest(message: ResignRequestInit): Uint8Array {
  return writeResignRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeResignRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ResignRequest {
  return decodeRange('ResignRequest', readResignRequest, bytes, start, end)
}

export interface ResignResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeResignResponse` takes: absent fields have their zero value. */
export interface ResignResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a ResignResponse to `writer`. */
export function writeResignResponse(writer: Writer, message: ResignResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a ResignResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readResignResponse(reader: Reader, end: number): ResignResponse {
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

export function encodeResignResponse(message: ResignResponseInit): Uint8Array {
  return writeResignResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeResignResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ResignResponse {
  return decodeRange('ResignResponse', readResignResponse, bytes, start, end)
}

export interface ProclaimRequest {
  readonly leader: LeaderKey | undefined
  readonly value: Uint8Array
}

/** What `encodeProclaimRequest` takes: absent fields have their zero value. */
export interface ProclaimRequestInit {
  readonly leader?: LeaderKeyInit | undefined
  readonly value?: Uint8Array | undefined
}

/** Appends the fields of a ProclaimRequest to `writer`. */
export function writeProclaimRequest(writer: Writer, message: ProclaimRequestInit): Writer {
  if (message.leader !== undefined) {
    writer.uint32(10)
    writeLeaderKey(writer.fork(), message.leader).ldelim()
  }
  if (message.value !== undefined && message.value.length > 0) {
    writer.uint32(18)
    writer.bytes(message.value)
  }
  return writer
}

/** Reads a ProclaimRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readProclaimRequest(reader: Reader, end: number): ProclaimRequest {
  endOf(reader, end, reader.len)
  let leader: LeaderKey | undefined
  let value: Uint8Array = noBytes
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        leader = readLeaderKey(reader, reader.size() + reader.pos)
        break
      case 18:
        value = reader.bytes()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { leader, value }
}

export function encodeProclaimRequest(message: ProclaimRequestInit): Uint8Array {
  return writeProclaimRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeProclaimRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ProclaimRequest {
  return decodeRange('ProclaimRequest', readProclaimRequest, bytes, start, end)
}

export interface ProclaimResponse {
  readonly header: ResponseHeader | undefined
}

/** What `encodeProclaimResponse` takes: absent fields have their zero value. */
export interface ProclaimResponseInit {
  readonly header?: ResponseHeaderInit | undefined
}

/** Appends the fields of a ProclaimResponse to `writer`. */
export function writeProclaimResponse(writer: Writer, message: ProclaimResponseInit): Writer {
  if (message.header !== undefined) {
    writer.uint32(10)
    writeResponseHeader(writer.fork(), message.header).ldelim()
  }
  return writer
}

/** Reads a ProclaimResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readProclaimResponse(reader: Reader, end: number): ProclaimResponse {
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

export function encodeProclaimResponse(message: ProclaimResponseInit): Uint8Array {
  return writeProclaimResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeProclaimResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ProclaimResponse {
  return decodeRange('ProclaimResponse', readProclaimResponse, bytes, start, end)
}

/** The methods of service `v3electionpb.Election`. */
export const Election: {
  readonly campaign: Method<CampaignRequest, CampaignRequestInit, CampaignResponse, CampaignResponseInit>
  readonly proclaim: Method<ProclaimRequest, ProclaimRequestInit, ProclaimResponse, ProclaimResponseInit>
  readonly leader: Method<LeaderRequest, LeaderRequestInit, LeaderResponse, LeaderResponseInit>
  readonly observe: Method<LeaderRequest, LeaderRequestInit, LeaderResponse, LeaderResponseInit>
  readonly resign: Method<ResignRequest, ResignRequestInit, ResignResponse, ResignResponseInit>
} = {
  campaign: {
    path: '/v3electionpb.Election/Campaign',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeCampaignRequest,
    decodeRequest: decodeCampaignRequest,
    encodeResponse: encodeCampaignResponse,
    decodeResponse: decodeCampaignResponse,
  },
  proclaim: {
    path: '/v3electionpb.Election/Proclaim',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeProclaimRequest,
    decodeRequest: decodeProclaimRequest,
    encodeResponse: encodeProclaimResponse,
    decodeResponse: decodeProclaimResponse,
  },
  leader: {
    path: '/v3electionpb.Election/Leader',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeLeaderRequest,
    decodeRequest: decodeLeaderRequest,
    encodeResponse: encodeLeaderResponse,
    decodeResponse: decodeLeaderResponse,
  },
  observe: {
    path: '/v3electionpb.Election/Observe',
    clientStreams: false,
    serverStreams: true,
    encodeRequest: encodeLeaderRequest,
    decodeRequest: decodeLeaderRequest,
    encodeResponse: encodeLeaderResponse,
    decodeResponse: decodeLeaderResponse,
  },
  resign: {
    path: '/v3electionpb.Election/Resign',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeResignRequest,
    decodeRequest: decodeResignRequest,
    encodeResponse: encodeResignResponse,
    decodeResponse: decodeResignResponse,
  },
}
