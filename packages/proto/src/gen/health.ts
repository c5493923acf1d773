// Generated from proto/health.proto by tools/protogen. Do not edit.
import { type Reader, Writer } from 'protobufjs/minimal.js'
import type { Method } from '../method.ts'
import { decodeRange, endOf, readMapEntry, skipField, writeText } from '../runtime.ts'

export interface HealthCheckRequest {
  readonly service: string
}

/** What `encodeHealthCheckRequest` takes: absent fields have their zero value. */
export interface HealthCheckRequestInit {
  readonly service?: string | undefined
}

/** Appends the fields of a HealthCheckRequest to `writer`. */
export function writeHealthCheckRequest(writer: Writer, message: HealthCheckRequestInit): Writer {
  if (message.service !== undefined && message.service.length > 0) {
    writer.uint32(10)
    writeText(writer, message.service)
  }
  return writer
}

/** Reads a HealthCheckRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readHealthCheckRequest(reader: Reader, end: number): HealthCheckRequest {
  endOf(reader, end, reader.len)
  let service: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        service = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { service }
}

export function encodeHealthCheckRequest(message: HealthCheckRequestInit): Uint8Array {
  return writeHealthCheckRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeHealthCheckRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): HealthCheckRequest {
  return decodeRange('HealthCheckRequest', readHealthCheckRequest, bytes, start, end)
}

export interface HealthCheckResponse {
  readonly status: HealthCheckResponseServingStatus
}

/** What `encodeHealthCheckResponse` takes: absent fields have their zero value. */
export interface HealthCheckResponseInit {
  readonly status?: HealthCheckResponseServingStatus | undefined
}

/** Appends the fields of a HealthCheckResponse to `writer`. */
export function writeHealthCheckResponse(writer: Writer, message: HealthCheckResponseInit): Writer {
  if (message.status !== undefined && message.status !== 0) {
    writer.uint32(8)
    writer.int32(message.status)
  }
  return writer
}

/** Reads a HealthCheckResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readHealthCheckResponse(reader: Reader, end: number): HealthCheckResponse {
  endOf(reader, end, reader.len)
  let status: HealthCheckResponseServingStatus = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        status = reader.int32() as HealthCheckResponseServingStatus
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { status }
}

export function encodeHealthCheckResponse(message: HealthCheckResponseInit): Uint8Array {
  return writeHealthCheckResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeHealthCheckResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): HealthCheckResponse {
  return decodeRange('HealthCheckResponse', readHealthCheckResponse, bytes, start, end)
}

export const HealthCheckResponseServingStatus: {
  readonly UNKNOWN: 0
  readonly SERVING: 1
  readonly NOT_SERVING: 2
  readonly SERVICE_UNKNOWN: 3
} = {
  UNKNOWN: 0,
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
}
export type HealthCheckResponseServingStatus = (typeof HealthCheckResponseServingStatus)[keyof typeof HealthCheckResponseServingStatus]

export type HealthListRequest = Readonly<Record<never, never>>

export type HealthListRequestInit = Readonly<Record<never, never>>

/** Appends the fields of a HealthListRequest to `writer`. */
export function writeHealthListRequest(writer: Writer, _message: HealthListRequestInit): Writer {
  return writer
}

/** Reads a HealthListRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readHealthListRequest(reader: Reader, end: number): HealthListRequest {
  endOf(reader, end, reader.len)
  while (reader.pos < end) skipField(reader, reader.tag())
  endOf(reader, reader.pos, end)
  return {  }
}

export function encodeHealthListRequest(message: HealthListRequestInit): Uint8Array {
  return writeHealthListRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeHealthListRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): HealthListRequest {
  return decodeRange('HealthListRequest', readHealthListRequest, bytes, start, end)
}

export interface HealthListResponse {
  readonly statuses: ReadonlyMap<string, HealthCheckResponse>
}

/** What `encodeHealthListResponse` takes: absent fields have their zero value. */
export interface HealthListResponseInit {
  readonly statuses?: ReadonlyMap<string, HealthCheckResponseInit> | undefined
}

/** Appends the fields of a HealthListResponse to `writer`. */
export function writeHealthListResponse(writer: Writer, message: HealthListResponseInit): Writer {
  for (const [key, value] of message.statuses ?? []) {
    writer.uint32(10).fork().uint32(10).string(key).uint32(18)
    writeHealthCheckResponse(writer.fork(), value).ldelim()
    writer.ldelim()
  }
  return writer
}

/** Reads a HealthListResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readHealthListResponse(reader: Reader, end: number): HealthListResponse {
  endOf(reader, end, reader.len)
  const statuses = new Map<string, HealthCheckResponse>()
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        readMapEntry(reader, (key, end) => statuses.set(key, readHealthCheckResponse(reader, end)))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { statuses }
}

export function encodeHealthListResponse(message: HealthListResponseInit): Uint8Array {
  return writeHealthListResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeHealthListResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): HealthListResponse {
  return decodeRange('HealthListResponse', readHealthListResponse, bytes, start, end)
}

/** The methods of service `grpc.health.v1.Health`. */
export const Health: {
  readonly check: Method<HealthCheckRequest, HealthCheckRequestInit, HealthCheckResponse, HealthCheckResponseInit>
  readonly list: Method<HealthListRequest, HealthListRequestInit, HealthListResponse, HealthListResponseInit>
  readonly watch: Method<HealthCheckRequest, HealthCheckRequestInit, HealthCheckResponse, HealthCheckResponseInit>
} = {
  check: {
    path: '/grpc.health.v1.Health/Check',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeHealthCheckRequest,
    decodeRequest: decodeHealthCheckRequest,
    encodeResponse: encodeHealthCheckResponse,
    decodeResponse: decodeHealthCheckResponse,
  },
  list: {
    path: '/grpc.health.v1.Health/List',
    clientStreams: false,
    serverStreams: false,
    encodeRequest: encodeHealthListRequest,
    decodeRequest: decodeHealthListRequest,
    encodeResponse: encodeHealthListResponse,
    decodeResponse: decodeHealthListResponse,
  },
  watch: {
    path: '/grpc.health.v1.Health/Watch',
    clientStreams: false,
    serverStreams: true,
    encodeRequest: encodeHealthCheckRequest,
    decodeRequest: decodeHealthCheckRequest,
    encodeResponse: encodeHealthCheckResponse,
    decodeResponse: decodeHealthCheckResponse,
  },
}
