// Generated from proto/membership.proto by tools/protogen. Do not edit.
import { type Reader, Writer } from 'protobufjs/minimal.js'
import { readUnsignedIdentity, writeIdentity } from '../integers.ts'
import { decodeRange, endOf, skipField, writeText } from '../runtime.ts'

export interface RaftAttributes {
  readonly peerUrls: readonly string[]
  readonly isLearner: boolean
}

/** What `encodeRaftAttributes` takes: absent fields have their zero value. */
export interface RaftAttributesInit {
  readonly peerUrls?: readonly string[] | undefined
  readonly isLearner?: boolean | undefined
}

/** Appends the fields of a RaftAttributes to `writer`. */
export function writeRaftAttributes(writer: Writer, message: RaftAttributesInit): Writer {
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

/** Reads a RaftAttributes that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readRaftAttributes(reader: Reader, end: number): RaftAttributes {
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

export function encodeRaftAttributes(message: RaftAttributesInit): Uint8Array {
  return writeRaftAttributes(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeRaftAttributes(bytes: Uint8Array, start: number = 0, end: number = bytes.length): RaftAttributes {
  return decodeRange('RaftAttributes', readRaftAttributes, bytes, start, end)
}

export interface Attributes {
  readonly name: string
  readonly clientUrls: readonly string[]
}

/** What `encodeAttributes` takes: absent fields have their zero value. */
export interface AttributesInit {
  readonly name?: string | undefined
  readonly clientUrls?: readonly string[] | undefined
}

/** Appends the fields of a Attributes to `writer`. */
export function writeAttributes(writer: Writer, message: AttributesInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writeText(writer, message.name)
  }
  for (const value of message.clientUrls ?? []) {
    writer.uint32(18)
    writeText(writer, value)
  }
  return writer
}

/** Reads a Attributes that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readAttributes(reader: Reader, end: number): Attributes {
  endOf(reader, end, reader.len)
  let name: string = ''
  let clientUrls: string[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.stringVerify()
        break
      case 18:
        clientUrls ??= []
        clientUrls.push(reader.stringVerify())
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name, clientUrls: clientUrls ?? [] }
}

export function encodeAttributes(message: AttributesInit): Uint8Array {
  return writeAttributes(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeAttributes(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Attributes {
  return decodeRange('Attributes', readAttributes, bytes, start, end)
}

export interface Member {
  readonly id: bigint
  readonly raftAttributes: RaftAttributes | undefined
  readonly memberAttributes: Attributes | undefined
}

/** What `encodeMember` takes: absent fields have their zero value. */
export interface MemberInit {
  readonly id?: bigint | undefined
  readonly raftAttributes?: RaftAttributesInit | undefined
  readonly memberAttributes?: AttributesInit | undefined
}

/** Appends the fields of a Member to `writer`. */
export function writeMember(writer: Writer, message: MemberInit): Writer {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.id)
  }
  if (message.raftAttributes !== undefined) {
    writer.uint32(18)
    writeRaftAttributes(writer.fork(), message.raftAttributes).ldelim()
  }
  if (message.memberAttributes !== undefined) {
    writer.uint32(26)
    writeAttributes(writer.fork(), message.memberAttributes).ldelim()
  }
  return writer
}

/** Reads a Member that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readMember(reader: Reader, end: number): Member {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  let raftAttributes: RaftAttributes | undefined
  let memberAttributes: Attributes | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readUnsignedIdentity(reader)
        break
      case 18:
        raftAttributes = readRaftAttributes(reader, reader.size() + reader.pos)
        break
      case 26:
        memberAttributes = readAttributes(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id, raftAttributes, memberAttributes }
}

export function encodeMember(message: MemberInit): Uint8Array {
  return writeMember(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeMember(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Member {
  return decodeRange('Member', readMember, bytes, start, end)
}

export interface ClusterVersionSetRequest {
  readonly ver: string
}

/** What `encodeClusterVersionSetRequest` takes: absent fields have their zero value. */
export interface ClusterVersionSetRequestInit {
  readonly ver?: string | undefined
}

/** Appends the fields of a ClusterVersionSetRequest to `writer`. */
export function writeClusterVersionSetRequest(writer: Writer, message: ClusterVersionSetRequestInit): Writer {
  if (message.ver !== undefined && message.ver.length > 0) {
    writer.uint32(10)
    writeText(writer, message.ver)
  }
  return writer
}

/** Reads a ClusterVersionSetRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readClusterVersionSetRequest(reader: Reader, end: number): ClusterVersionSetRequest {
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

export function encodeClusterVersionSetRequest(message: ClusterVersionSetRequestInit): Uint8Array {
  return writeClusterVersionSetRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeClusterVersionSetRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ClusterVersionSetRequest {
  return decodeRange('ClusterVersionSetRequest', readClusterVersionSetRequest, bytes, start, end)
}

export interface ClusterMemberAttrSetRequest {
  readonly memberId: bigint
  readonly memberAttributes: Attributes | undefined
}

/** What `encodeClusterMemberAttrSetRequest` takes: absent fields have their zero value. */
export interface ClusterMemberAttrSetRequestInit {
  readonly memberId?: bigint | undefined
  readonly memberAttributes?: AttributesInit | undefined
}

/** Appends the fields of a ClusterMemberAttrSetRequest to `writer`. */
export function writeClusterMemberAttrSetRequest(writer: Writer, message: ClusterMemberAttrSetRequestInit): Writer {
  if (message.memberId !== undefined && message.memberId !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.memberId)
  }
  if (message.memberAttributes !== undefined) {
    writer.uint32(18)
    writeAttributes(writer.fork(), message.memberAttributes).ldelim()
  }
  return writer
}

/** Reads a ClusterMemberAttrSetRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readClusterMemberAttrSetRequest(reader: Reader, end: number): ClusterMemberAttrSetRequest {
  endOf(reader, end, reader.len)
  let memberId: bigint = 0n
  let memberAttributes: Attributes | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        memberId = readUnsignedIdentity(reader)
        break
      case 18:
        memberAttributes = readAttributes(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { memberId, memberAttributes }
}

export function encodeClusterMemberAttrSetRequest(message: ClusterMemberAttrSetRequestInit): Uint8Array {
  return writeClusterMemberAttrSetRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeClusterMemberAttrSetRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ClusterMemberAttrSetRequest {
  return decodeRange('ClusterMemberAttrSetRequest', readClusterMemberAttrSetRequest, bytes, start, end)
}

export interface DowngradeInfoSetRequest {
  readonly enabled: boolean
  readonly ver: string
}

/** What `encodeDowngradeInfoSetRequest` takes: absent fields have their zero value. */
export interface DowngradeInfoSetRequestInit {
  readonly enabled?: boolean | undefined
  readonly ver?: string | undefined
}

/** Appends the fields of a DowngradeInfoSetRequest to `writer`. */
export function writeDowngradeInfoSetRequest(writer: Writer, message: DowngradeInfoSetRequestInit): Writer {
  if (message.enabled !== undefined && message.enabled !== false) {
    writer.uint32(8)
    writer.bool(message.enabled)
  }
  if (message.ver !== undefined && message.ver.length > 0) {
    writer.uint32(18)
    writeText(writer, message.ver)
  }
  return writer
}

/** Reads a DowngradeInfoSetRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readDowngradeInfoSetRequest(reader: Reader, end: number): DowngradeInfoSetRequest {
  endOf(reader, end, reader.len)
  let enabled: boolean = false
  let ver: string = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        enabled = reader.bool()
        break
      case 18:
        ver = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { enabled, ver }
}

export function encodeDowngradeInfoSetRequest(message: DowngradeInfoSetRequestInit): Uint8Array {
  return writeDowngradeInfoSetRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeDowngradeInfoSetRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): DowngradeInfoSetRequest {
  return decodeRange('DowngradeInfoSetRequest', readDowngradeInfoSetRequest, bytes, start, end)
}
