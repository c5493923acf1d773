// Generated from proto/reflection.proto by tools/protogen. Do not edit.
import { type Reader, Writer } from 'protobufjs/minimal.js'
import type { Method } from '../method.ts'
import { decodeRange, endOf, skipField, writeText } from '../runtime.ts'

/** The methods of service `grpc.reflection.v1.ServerReflection`. */
export const ServerReflection: {
  readonly serverReflectionInfo: Method<ServerReflectionRequest, ServerReflectionRequestInit, ServerReflectionResponse, ServerReflectionResponseInit>
} = {
  serverReflectionInfo: {
    path: '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    clientStreams: true,
    serverStreams: true,
    encodeRequest: encodeServerReflectionRequest,
    decodeRequest: decodeServerReflectionRequest,
    encodeResponse: encodeServerReflectionResponse,
    decodeResponse: decodeServerReflectionResponse,
  },
}

export interface ServerReflectionRequest {
  readonly host: string
  readonly fileByFilename: string | undefined
  readonly fileContainingSymbol: string | undefined
  readonly fileContainingExtension: ExtensionRequest | undefined
  readonly allExtensionNumbersOfType: string | undefined
  readonly listServices: string | undefined
}

/** What `encodeServerReflectionRequest` takes: absent fields have their zero value. */
export interface ServerReflectionRequestInit {
  readonly host?: string | undefined
  readonly fileByFilename?: string | undefined
  readonly fileContainingSymbol?: string | undefined
  readonly fileContainingExtension?: ExtensionRequestInit | undefined
  readonly allExtensionNumbersOfType?: string | undefined
  readonly listServices?: string | undefined
}

/** Appends the fields of a ServerReflectionRequest to `writer`. */
export function writeServerReflectionRequest(writer: Writer, message: ServerReflectionRequestInit): Writer {
  if (message.host !== undefined && message.host.length > 0) {
    writer.uint32(10)
    writeText(writer, message.host)
  }
  if (message.fileByFilename !== undefined) {
    writer.uint32(26)
    writeText(writer, message.fileByFilename)
  }
  if (message.fileContainingSymbol !== undefined) {
    writer.uint32(34)
    writeText(writer, message.fileContainingSymbol)
  }
  if (message.fileContainingExtension !== undefined) {
    writer.uint32(42)
    writeExtensionRequest(writer.fork(), message.fileContainingExtension).ldelim()
  }
  if (message.allExtensionNumbersOfType !== undefined) {
    writer.uint32(50)
    writeText(writer, message.allExtensionNumbersOfType)
  }
  if (message.listServices !== undefined) {
    writer.uint32(58)
    writeText(writer, message.listServices)
  }
  return writer
}

/** Reads a ServerReflectionRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readServerReflectionRequest(reader: Reader, end: number): ServerReflectionRequest {
  endOf(reader, end, reader.len)
  let host: string = ''
  let fileByFilename: string | undefined
  let fileContainingSymbol: string | undefined
  let fileContainingExtension: ExtensionRequest | undefined
  let allExtensionNumbersOfType: string | undefined
  let listServices: string | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        host = reader.stringVerify()
        break
      case 26:
        fileByFilename = reader.stringVerify()
        fileContainingSymbol = undefined
        fileContainingExtension = undefined
        allExtensionNumbersOfType = undefined
        listServices = undefined
        break
      case 34:
        fileContainingSymbol = reader.stringVerify()
        fileByFilename = undefined
        fileContainingExtension = undefined
        allExtensionNumbersOfType = undefined
        listServices = undefined
        break
      case 42:
        fileContainingExtension = readExtensionRequest(reader, reader.size() + reader.pos)
        fileByFilename = undefined
        fileContainingSymbol = undefined
        allExtensionNumbersOfType = undefined
        listServices = undefined
        break
      case 50:
        allExtensionNumbersOfType = reader.stringVerify()
        fileByFilename = undefined
        fileContainingSymbol = undefined
        fileContainingExtension = undefined
        listServices = undefined
        break
      case 58:
        listServices = reader.stringVerify()
        fileByFilename = undefined
        fileContainingSymbol = undefined
        fileContainingExtension = undefined
        allExtensionNumbersOfType = undefined
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { host, fileByFilename, fileContainingSymbol, fileContainingExtension, allExtensionNumbersOfType, listServices }
}

export function encodeServerReflectionRequest(message: ServerReflectionRequestInit): Uint8Array {
  return writeServerReflectionRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeServerReflectionRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ServerReflectionRequest {
  return decodeRange('ServerReflectionRequest', readServerReflectionRequest, bytes, start, end)
}

export interface ExtensionRequest {
  readonly containingType: string
  readonly extensionNumber: number
}

/** What `encodeExtensionRequest` takes: absent fields have their zero value. */
export interface ExtensionRequestInit {
  readonly containingType?: string | undefined
  readonly extensionNumber?: number | undefined
}

/** Appends the fields of a ExtensionRequest to `writer`. */
export function writeExtensionRequest(writer: Writer, message: ExtensionRequestInit): Writer {
  if (message.containingType !== undefined && message.containingType.length > 0) {
    writer.uint32(10)
    writeText(writer, message.containingType)
  }
  if (message.extensionNumber !== undefined && message.extensionNumber !== 0) {
    writer.uint32(16)
    writer.int32(message.extensionNumber)
  }
  return writer
}

/** Reads a ExtensionRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readExtensionRequest(reader: Reader, end: number): ExtensionRequest {
  endOf(reader, end, reader.len)
  let containingType: string = ''
  let extensionNumber: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        containingType = reader.stringVerify()
        break
      case 16:
        extensionNumber = reader.int32()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { containingType, extensionNumber }
}

export function encodeExtensionRequest(message: ExtensionRequestInit): Uint8Array {
  return writeExtensionRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeExtensionRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ExtensionRequest {
  return decodeRange('ExtensionRequest', readExtensionRequest, bytes, start, end)
}

export interface ServerReflectionResponse {
  readonly validHost: string
  readonly originalRequest: ServerReflectionRequest | undefined
  readonly fileDescriptorResponse: FileDescriptorResponse | undefined
  readonly allExtensionNumbersResponse: ExtensionNumberResponse | undefined
  readonly listServicesResponse: ListServiceResponse | undefined
  readonly errorResponse: ErrorResponse | undefined
}

/** What `encodeServerReflectionResponse` takes: absent fields have their zero value. */
export interface ServerReflectionResponseInit {
  readonly validHost?: string | undefined
  readonly originalRequest?: ServerReflectionRequestInit | undefined
  readonly fileDescriptorResponse?: FileDescriptorResponseInit | undefined
  readonly allExtensionNumbersResponse?: ExtensionNumberResponseInit | undefined
  readonly listServicesResponse?: ListServiceResponseInit | undefined
  readonly errorResponse?: ErrorResponseInit | undefined
}

/** Appends the fields of a ServerReflectionResponse to `writer`. */
export function writeServerReflectionResponse(writer: Writer, message: ServerReflectionResponseInit): Writer {
  if (message.validHost !== undefined && message.validHost.length > 0) {
    writer.uint32(10)
    writeText(writer, message.validHost)
  }
  if (message.originalRequest !== undefined) {
    writer.uint32(18)
    writeServerReflectionRequest(writer.fork(), message.originalRequest).ldelim()
  }
  if (message.fileDescriptorResponse !== undefined) {
    writer.uint32(34)
    writeFileDescriptorResponse(writer.fork(), message.fileDescriptorResponse).ldelim()
  }
  if (message.allExtensionNumbersResponse !== undefined) {
    writer.uint32(42)
    writeExtensionNumberResponse(writer.fork(), message.allExtensionNumbersResponse).ldelim()
  }
  if (message.listServicesResponse !== undefined) {
    writer.uint32(50)
    writeListServiceResponse(writer.fork(), message.listServicesResponse).ldelim()
  }
  if (message.errorResponse !== undefined) {
    writer.uint32(58)
    writeErrorResponse(writer.fork(), message.errorResponse).ldelim()
  }
  return writer
}

/** Reads a ServerReflectionResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readServerReflectionResponse(reader: Reader, end: number): ServerReflectionResponse {
  endOf(reader, end, reader.len)
  let validHost: string = ''
  let originalRequest: ServerReflectionRequest | undefined
  let fileDescriptorResponse: FileDescriptorResponse | undefined
  let allExtensionNumbersResponse: ExtensionNumberResponse | undefined
  let listServicesResponse: ListServiceResponse | undefined
  let errorResponse: ErrorResponse | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        validHost = reader.stringVerify()
        break
      case 18:
        originalRequest = readServerReflectionRequest(reader, reader.size() + reader.pos)
        break
      case 34:
        fileDescriptorResponse = readFileDescriptorResponse(reader, reader.size() + reader.pos)
        allExtensionNumbersResponse = undefined
        listServicesResponse = undefined
        errorResponse = undefined
        break
      case 42:
        allExtensionNumbersResponse = readExtensionNumberResponse(reader, reader.size() + reader.pos)
        fileDescriptorResponse = undefined
        listServicesResponse = undefined
        errorResponse = undefined
        break
      case 50:
        listServicesResponse = readListServiceResponse(reader, reader.size() + reader.pos)
        fileDescriptorResponse = undefined
        allExtensionNumbersResponse = undefined
        errorResponse = undefined
        break
      case 58:
        errorResponse = readErrorResponse(reader, reader.size() + reader.pos)
        fileDescriptorResponse = undefined
        allExtensionNumbersResponse = undefined
        listServicesResponse = undefined
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { validHost, originalRequest, fileDescriptorResponse, allExtensionNumbersResponse, listServicesResponse, errorResponse }
}

export function encodeServerReflectionResponse(message: ServerReflectionResponseInit): Uint8Array {
  return writeServerReflectionResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeServerReflectionResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ServerReflectionResponse {
  return decodeRange('ServerReflectionResponse', readServerReflectionResponse, bytes, start, end)
}

export interface FileDescriptorResponse {
  readonly fileDescriptorProto: readonly Uint8Array[]
}

/** What `encodeFileDescriptorResponse` takes: absent fields have their zero value. */
export interface FileDescriptorResponseInit {
  readonly fileDescriptorProto?: readonly Uint8Array[] | undefined
}

/** Appends the fields of a FileDescriptorResponse to `writer`. */
export function writeFileDescriptorResponse(writer: Writer, message: FileDescriptorResponseInit): Writer {
  for (const value of message.fileDescriptorProto ?? []) {
    writer.uint32(10)
    writer.bytes(value)
  }
  return writer
}

/** Reads a FileDescriptorResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readFileDescriptorResponse(reader: Reader, end: number): FileDescriptorResponse {
  endOf(reader, end, reader.len)
  let fileDescriptorProto: Uint8Array[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        fileDescriptorProto ??= []
        fileDescriptorProto.push(reader.bytes())
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { fileDescriptorProto: fileDescriptorProto ?? [] }
}

export function encodeFileDescriptorResponse(message: FileDescriptorResponseInit): Uint8Array {
  return writeFileDescriptorResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeFileDescriptorResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): FileDescriptorResponse {
  return decodeRange('FileDescriptorResponse', readFileDescriptorResponse, bytes, start, end)
}

export interface ExtensionNumberResponse {
  readonly baseTypeName: string
  readonly extensionNumber: readonly number[]
}

/** What `encodeExtensionNumberResponse` takes: absent fields have their zero value. */
export interface ExtensionNumberResponseInit {
  readonly baseTypeName?: string | undefined
  readonly extensionNumber?: readonly number[] | undefined
}

/** Appends the fields of a ExtensionNumberResponse to `writer`. */
export function writeExtensionNumberResponse(writer: Writer, message: ExtensionNumberResponseInit): Writer {
  if (message.baseTypeName !== undefined && message.baseTypeName.length > 0) {
    writer.uint32(10)
    writeText(writer, message.baseTypeName)
  }
  if (message.extensionNumber !== undefined && message.extensionNumber.length > 0) {
    writer.uint32(18).fork()
    for (const value of message.extensionNumber) writer.int32(value)
    writer.ldelim()
  }
  return writer
}

/** Reads a ExtensionNumberResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readExtensionNumberResponse(reader: Reader, end: number): ExtensionNumberResponse {
  endOf(reader, end, reader.len)
  let baseTypeName: string = ''
  let extensionNumber: number[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        baseTypeName = reader.stringVerify()
        break
      case 16:
        extensionNumber ??= []
        extensionNumber.push(reader.int32())
        break
      case 18: {
        extensionNumber ??= []
        const packedEnd = endOf(reader, reader.size() + reader.pos, end)
        while (reader.pos < packedEnd) extensionNumber.push(reader.int32())
        break
      }
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { baseTypeName, extensionNumber: extensionNumber ?? [] }
}

export function encodeExtensionNumberResponse(message: ExtensionNumberResponseInit): Uint8Array {
  return writeExtensionNumberResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeExtensionNumberResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ExtensionNumberResponse {
  return decodeRange('ExtensionNumberResponse', readExtensionNumberResponse, bytes, start, end)
}

export interface ListServiceResponse {
  readonly service: readonly ServiceResponse[]
}

/** What `encodeListServiceResponse` takes: absent fields have their zero value. */
export interface ListServiceResponseInit {
  readonly service?: readonly ServiceResponseInit[] | undefined
}

/** Appends the fields of a ListServiceResponse to `writer`. */
export function writeListServiceResponse(writer: Writer, message: ListServiceResponseInit): Writer {
  for (const value of message.service ?? []) {
    writer.uint32(10)
    writeServiceResponse(writer.fork(), value).ldelim()
  }
  return writer
}

/** Reads a ListServiceResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readListServiceResponse(reader: Reader, end: number): ListServiceResponse {
  endOf(reader, end, reader.len)
  let service: ServiceResponse[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        service ??= []
        service.push(readServiceResponse(reader, reader.size() + reader.pos))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { service: service ?? [] }
}

export function encodeListServiceResponse(message: ListServiceResponseInit): Uint8Array {
  return writeListServiceResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeListServiceResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ListServiceResponse {
  return decodeRange('ListServiceResponse', readListServiceResponse, bytes, start, end)
}

export interface ServiceResponse {
  readonly name: string
}

/** What `encodeServiceResponse` takes: absent fields have their zero value. */
export interface ServiceResponseInit {
  readonly name?: string | undefined
}

/** Appends the fields of a ServiceResponse to `writer`. */
export function writeServiceResponse(writer: Writer, message: ServiceResponseInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writeText(writer, message.name)
  }
  return writer
}

/** Reads a ServiceResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readServiceResponse(reader: Reader, end: number): ServiceResponse {
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

export function encodeServiceResponse(message: ServiceResponseInit): Uint8Array {
  return writeServiceResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeServiceResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ServiceResponse {
  return decodeRange('ServiceResponse', readServiceResponse, bytes, start, end)
}

export interface ErrorResponse {
  readonly errorCode: number
  readonly errorMessage: string
}

/** What `encodeErrorResponse` takes: absent fields have their zero value. */
export interface ErrorResponseInit {
  readonly errorCode?: number | undefined
  readonly errorMessage?: string | undefined
}

/** Appends the fields of a ErrorResponse to `writer`. */
export function writeErrorResponse(writer: Writer, message: ErrorResponseInit): Writer {
  if (message.errorCode !== undefined && message.errorCode !== 0) {
    writer.uint32(8)
    writer.int32(message.errorCode)
  }
  if (message.errorMessage !== undefined && message.errorMessage.length > 0) {
    writer.uint32(18)
    writeText(writer, message.errorMessage)
  }
  return writer
}

/** Reads a ErrorResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readErrorResponse(reader: Reader, end: number): ErrorResponse {
  endOf(reader, end, reader.len)
  let errorCode: number = 0
  let errorMessage: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        errorCode = reader.int32()
        break
      case 18:
        errorMessage = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { errorCode, errorMessage }
}

export function encodeErrorResponse(message: ErrorResponseInit): Uint8Array {
  return writeErrorResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeErrorResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ErrorResponse {
  return decodeRange('ErrorResponse', readErrorResponse, bytes, start, end)
}
