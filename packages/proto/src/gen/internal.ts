// Generated from proto/raft-internal.proto by tools/protogen. Do not edit.
import { type Reader, Writer } from 'protobufjs/minimal.js'
import { readUnsignedIdentity, readUnsignedQuantity, writeIdentity, writeQuantity } from '../integers.ts'
import { decodeRange, endOf, skipField, writeText } from '../runtime.ts'
import { type ClusterMemberAttrSetRequest, type ClusterMemberAttrSetRequestInit, readClusterMemberAttrSetRequest, writeClusterMemberAttrSetRequest, type ClusterVersionSetRequest, type ClusterVersionSetRequestInit, readClusterVersionSetRequest, writeClusterVersionSetRequest, type DowngradeInfoSetRequest, type DowngradeInfoSetRequestInit, readDowngradeInfoSetRequest, writeDowngradeInfoSetRequest } from './membership.ts'
import { type AlarmRequest, type AlarmRequestInit, readAlarmRequest, writeAlarmRequest, type AuthDisableRequest, type AuthDisableRequestInit, readAuthDisableRequest, writeAuthDisableRequest, type AuthEnableRequest, type AuthEnableRequestInit, readAuthEnableRequest, writeAuthEnableRequest, type AuthRoleAddRequest, type AuthRoleAddRequestInit, readAuthRoleAddRequest, writeAuthRoleAddRequest, type AuthRoleDeleteRequest, type AuthRoleDeleteRequestInit, readAuthRoleDeleteRequest, writeAuthRoleDeleteRequest, type AuthRoleGetRequest, type AuthRoleGetRequestInit, readAuthRoleGetRequest, writeAuthRoleGetRequest, type AuthRoleGrantPermissionRequest, type AuthRoleGrantPermissionRequestInit, readAuthRoleGrantPermissionRequest, writeAuthRoleGrantPermissionRequest, type AuthRoleListRequest, type AuthRoleListRequestInit, readAuthRoleListRequest, writeAuthRoleListRequest, type AuthRoleRevokePermissionRequest, type AuthRoleRevokePermissionRequestInit, readAuthRoleRevokePermissionRequest, writeAuthRoleRevokePermissionRequest, type AuthStatusRequest, type AuthStatusRequestInit, readAuthStatusRequest, writeAuthStatusRequest, type AuthUserAddRequest, type AuthUserAddRequestInit, readAuthUserAddRequest, writeAuthUserAddRequest, type AuthUserChangePasswordRequest, type AuthUserChangePasswordRequestInit, readAuthUserChangePasswordRequest, writeAuthUserChangePasswordRequest, type AuthUserDeleteRequest, type AuthUserDeleteRequestInit, readAuthUserDeleteRequest, writeAuthUserDeleteRequest, type AuthUserGetRequest, type AuthUserGetRequestInit, readAuthUserGetRequest, writeAuthUserGetRequest, type AuthUserGrantRoleRequest, type AuthUserGrantRoleRequestInit, readAuthUserGrantRoleRequest, writeAuthUserGrantRoleRequest, type AuthUserListRequest, type AuthUserListRequestInit, readAuthUserListRequest, writeAuthUserListRequest, type AuthUserRevokeRoleRequest, type AuthUserRevokeRoleRequestInit, readAuthUserRevokeRoleRequest, writeAuthUserRevokeRoleRequest, type CompactionRequest, type CompactionRequestInit, readCompactionRequest, writeCompactionRequest, type DeleteRangeRequest, type DeleteRangeRequestInit, readDeleteRangeRequest, writeDeleteRangeRequest, type DowngradeVersionTestRequest, type DowngradeVersionTestRequestInit, readDowngradeVersionTestRequest, writeDowngradeVersionTestRequest, type LeaseCheckpointRequest, type LeaseCheckpointRequestInit, readLeaseCheckpointRequest, writeLeaseCheckpointRequest, type LeaseGrantRequest, type LeaseGrantRequestInit, readLeaseGrantRequest, writeLeaseGrantRequest, type LeaseRevokeRequest, type LeaseRevokeRequestInit, readLeaseRevokeRequest, writeLeaseRevokeRequest, type PutRequest, type PutRequestInit, readPutRequest, writePutRequest, type RangeRequest, type RangeRequestInit, readRangeRequest, writeRangeRequest, type TxnRequest, type TxnRequestInit, readTxnRequest, writeTxnRequest } from './rpc.ts'
import { type Request, type RequestInit, readRequest, writeRequest } from './etcdserver.ts'

export interface RequestHeader {
  readonly id: bigint
  readonly username: string
  readonly authRevision: number
}

/** What `encodeRequestHeader` takes: absent fields have their zero value. */
export interface RequestHeaderInit {
  readonly id?: bigint | undefined
  readonly username?: string | undefined
  readonly authRevision?: number | undefined
}

/** Appends the fields of a RequestHeader to `writer`. */
export function writeRequestHeader(writer: Writer, message: RequestHeaderInit): Writer {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.id)
  }
  if (message.username !== undefined && message.username.length > 0) {
    writer.uint32(18)
    writeText(writer, message.username)
  }
  if (message.authRevision !== undefined && message.authRevision !== 0) {
    writer.uint32(24)
    writeQuantity(writer, message.authRevision)
  }
  return writer
}

/** Reads a RequestHeader that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readRequestHeader(reader: Reader, end: number): RequestHeader {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  let username: string = ''
  let authRevision: number = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readUnsignedIdentity(reader)
        break
      case 18:
        username = reader.stringVerify()
        break
      case 24:
        authRevision = readUnsignedQuantity(reader)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id, username, authRevision }
}

export function encodeRequestHeader(message: RequestHeaderInit): Uint8Array {
  return writeRequestHeader(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeRequestHeader(bytes: Uint8Array, start: number = 0, end: number = bytes.length): RequestHeader {
  return decodeRange('RequestHeader', readRequestHeader, bytes, start, end)
}

export interface InternalRaftRequest {
  readonly id: bigint
  readonly v2: Request | undefined
  readonly range: RangeRequest | undefined
  readonly put: PutRequest | undefined
  readonly deleteRange: DeleteRangeRequest | undefined
  readonly txn: TxnRequest | undefined
  readonly compaction: CompactionRequest | undefined
  readonly leaseGrant: LeaseGrantRequest | undefined
  readonly leaseRevoke: LeaseRevokeRequest | undefined
  readonly alarm: AlarmRequest | undefined
  readonly leaseCheckpoint: LeaseCheckpointRequest | undefined
  readonly header: RequestHeader | undefined
  readonly authEnable: AuthEnableRequest | undefined
  readonly authDisable: AuthDisableRequest | undefined
  readonly authenticate: InternalAuthenticateRequest | undefined
  readonly authStatus: AuthStatusRequest | undefined
  readonly authUserAdd: AuthUserAddRequest | undefined
  readonly authUserDelete: AuthUserDeleteRequest | undefined
  readonly authUserGet: AuthUserGetRequest | undefined
  readonly authUserChangePassword: AuthUserChangePasswordRequest | undefined
  readonly authUserGrantRole: AuthUserGrantRoleRequest | undefined
  readonly authUserRevokeRole: AuthUserRevokeRoleRequest | undefined
  readonly authUserList: AuthUserListRequest | undefined
  readonly authRoleList: AuthRoleListRequest | undefined
  readonly authRoleAdd: AuthRoleAddRequest | undefined
  readonly authRoleDelete: AuthRoleDeleteRequest | undefined
  readonly authRoleGet: AuthRoleGetRequest | undefined
  readonly authRoleGrantPermission: AuthRoleGrantPermissionRequest | undefined
  readonly authRoleRevokePermission: AuthRoleRevokePermissionRequest | undefined
  readonly clusterVersionSet: ClusterVersionSetRequest | undefined
  readonly clusterMemberAttrSet: ClusterMemberAttrSetRequest | undefined
  readonly downgradeInfoSet: DowngradeInfoSetRequest | undefined
  readonly downgradeVersionTest: DowngradeVersionTestRequest | undefined
}

/** What `encodeInternalRaftRequest` takes: absent fields have their zero value. */
export interface InternalRaftRequestInit {
  readonly id?: bigint | undefined
  readonly v2?: RequestInit | undefined
  readonly range?: RangeRequestInit | undefined
  readonly put?: PutRequestInit | undefined
  readonly deleteRange?: DeleteRangeRequestInit | undefined
  readonly txn?: TxnRequestInit | undefined
  readonly compaction?: CompactionRequestInit | undefined
  readonly leaseGrant?: LeaseGrantRequestInit | undefined
  readonly leaseRevoke?: LeaseRevokeRequestInit | undefined
  readonly alarm?: AlarmRequestInit | undefined
  readonly leaseCheckpoint?: LeaseCheckpointRequestInit | undefined
  readonly header?: RequestHeaderInit | undefined
  readonly authEnable?: AuthEnableRequestInit | undefined
  readonly authDisable?: AuthDisableRequestInit | undefined
  readonly authenticate?: InternalAuthenticateRequestInit | undefined
  readonly authStatus?: AuthStatusRequestInit | undefined
  readonly authUserAdd?: AuthUserAddRequestInit | undefined
  readonly authUserDelete?: AuthUserDeleteRequestInit | undefined
  readonly authUserGet?: AuthUserGetRequestInit | undefined
  readonly authUserChangePassword?: AuthUserChangePasswordRequestInit | undefined
  readonly authUserGrantRole?: AuthUserGrantRoleRequestInit | undefined
  readonly authUserRevokeRole?: AuthUserRevokeRoleRequestInit | undefined
  readonly authUserList?: AuthUserListRequestInit | undefined
  readonly authRoleList?: AuthRoleListRequestInit | undefined
  readonly authRoleAdd?: AuthRoleAddRequestInit | undefined
  readonly authRoleDelete?: AuthRoleDeleteRequestInit | undefined
  readonly authRoleGet?: AuthRoleGetRequestInit | undefined
  readonly authRoleGrantPermission?: AuthRoleGrantPermissionRequestInit | undefined
  readonly authRoleRevokePermission?: AuthRoleRevokePermissionRequestInit | undefined
  readonly clusterVersionSet?: ClusterVersionSetRequestInit | undefined
  readonly clusterMemberAttrSet?: ClusterMemberAttrSetRequestInit | undefined
  readonly downgradeInfoSet?: DowngradeInfoSetRequestInit | undefined
  readonly downgradeVersionTest?: DowngradeVersionTestRequestInit | undefined
}

/** Appends the fields of a InternalRaftRequest to `writer`. */
export function writeInternalRaftRequest(writer: Writer, message: InternalRaftRequestInit): Writer {
  if (message.id !== undefined && message.id !== 0n) {
    writer.uint32(8)
    writeIdentity(writer, message.id)
  }
  if (message.v2 !== undefined) {
    writer.uint32(18)
    writeRequest(writer.fork(), message.v2).ldelim()
  }
  if (message.range !== undefined) {
    writer.uint32(26)
    writeRangeRequest(writer.fork(), message.range).ldelim()
  }
  if (message.put !== undefined) {
    writer.uint32(34)
    writePutRequest(writer.fork(), message.put).ldelim()
  }
  if (message.deleteRange !== undefined) {
    writer.uint32(42)
    writeDeleteRangeRequest(writer.fork(), message.deleteRange).ldelim()
  }
  if (message.txn !== undefined) {
    writer.uint32(50)
    writeTxnRequest(writer.fork(), message.txn).ldelim()
  }
  if (message.compaction !== undefined) {
    writer.uint32(58)
    writeCompactionRequest(writer.fork(), message.compaction).ldelim()
  }
  if (message.leaseGrant !== undefined) {
    writer.uint32(66)
    writeLeaseGrantRequest(writer.fork(), message.leaseGrant).ldelim()
  }
  if (message.leaseRevoke !== undefined) {
    writer.uint32(74)
    writeLeaseRevokeRequest(writer.fork(), message.leaseRevoke).ldelim()
  }
  if (message.alarm !== undefined) {
    writer.uint32(82)
    writeAlarmRequest(writer.fork(), message.alarm).ldelim()
  }
  if (message.leaseCheckpoint !== undefined) {
    writer.uint32(90)
    writeLeaseCheckpointRequest(writer.fork(), message.leaseCheckpoint).ldelim()
  }
  if (message.header !== undefined) {
    writer.uint32(802)
    writeRequestHeader(writer.fork(), message.header).ldelim()
  }
  if (message.authEnable !== undefined) {
    writer.uint32(8002)
    writeAuthEnableRequest(writer.fork(), message.authEnable).ldelim()
  }
  if (message.authDisable !== undefined) {
    writer.uint32(8090)
    writeAuthDisableRequest(writer.fork(), message.authDisable).ldelim()
  }
  if (message.authenticate !== undefined) {
    writer.uint32(8098)
    writeInternalAuthenticateRequest(writer.fork(), message.authenticate).ldelim()
  }
  if (message.authStatus !== undefined) {
    writer.uint32(8106)
    writeAuthStatusRequest(writer.fork(), message.authStatus).ldelim()
  }
  if (message.authUserAdd !== undefined) {
    writer.uint32(8802)
    writeAuthUserAddRequest(writer.fork(), message.authUserAdd).ldelim()
  }
  if (message.authUserDelete !== undefined) {
    writer.uint32(8810)
    writeAuthUserDeleteRequest(writer.fork(), message.authUserDelete).ldelim()
  }
  if (message.authUserGet !== undefined) {
    writer.uint32(8818)
    writeAuthUserGetRequest(writer.fork(), message.authUserGet).ldelim()
  }
  if (message.authUserChangePassword !== undefined) {
    writer.uint32(8826)
    writeAuthUserChangePasswordRequest(writer.fork(), message.authUserChangePassword).ldelim()
  }
  if (message.authUserGrantRole !== undefined) {
    writer.uint32(8834)
    writeAuthUserGrantRoleRequest(writer.fork(), message.authUserGrantRole).ldelim()
  }
  if (message.authUserRevokeRole !== undefined) {
    writer.uint32(8842)
    writeAuthUserRevokeRoleRequest(writer.fork(), message.authUserRevokeRole).ldelim()
  }
  if (message.authUserList !== undefined) {
    writer.uint32(8850)
    writeAuthUserListRequest(writer.fork(), message.authUserList).ldelim()
  }
  if (message.authRoleList !== undefined) {
    writer.uint32(8858)
    writeAuthRoleListRequest(writer.fork(), message.authRoleList).ldelim()
  }
  if (message.authRoleAdd !== undefined) {
    writer.uint32(9602)
    writeAuthRoleAddRequest(writer.fork(), message.authRoleAdd).ldelim()
  }
  if (message.authRoleDelete !== undefined) {
    writer.uint32(9610)
    writeAuthRoleDeleteRequest(writer.fork(), message.authRoleDelete).ldelim()
  }
  if (message.authRoleGet !== undefined) {
    writer.uint32(9618)
    writeAuthRoleGetRequest(writer.fork(), message.authRoleGet).ldelim()
  }
  if (message.authRoleGrantPermission !== undefined) {
    writer.uint32(9626)
    writeAuthRoleGrantPermissionRequest(writer.fork(), message.authRoleGrantPermission).ldelim()
  }
  if (message.authRoleRevokePermission !== undefined) {
    writer.uint32(9634)
    writeAuthRoleRevokePermissionRequest(writer.fork(), message.authRoleRevokePermission).ldelim()
  }
  if (message.clusterVersionSet !== undefined) {
    writer.uint32(10402)
    writeClusterVersionSetRequest(writer.fork(), message.clusterVersionSet).ldelim()
  }
  if (message.clusterMemberAttrSet !== undefined) {
    writer.uint32(10410)
    writeClusterMemberAttrSetRequest(writer.fork(), message.clusterMemberAttrSet).ldelim()
  }
  if (message.downgradeInfoSet !== undefined) {
    writer.uint32(10418)
    writeDowngradeInfoSetRequest(writer.fork(), message.downgradeInfoSet).ldelim()
  }
  if (message.downgradeVersionTest !== undefined) {
    writer.uint32(79202)
    writeDowngradeVersionTestRequest(writer.fork(), message.downgradeVersionTest).ldelim()
  }
  return writer
}

/** Reads a InternalRaftRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readInternalRaftRequest(reader: Reader, end: number): InternalRaftRequest {
  endOf(reader, end, reader.len)
  let id: bigint = 0n
  let v2: Request | undefined
  let range: RangeRequest | undefined
  let put: PutRequest | undefined
  let deleteRange: DeleteRangeRequest | undefined
  let txn: TxnRequest | undefined
  let compaction: CompactionRequest | undefined
  let leaseGrant: LeaseGrantRequest | undefined
  let leaseRevoke: LeaseRevokeRequest | undefined
  let alarm: AlarmRequest | undefined
  let leaseCheckpoint: LeaseCheckpointRequest | undefined
  let header: RequestHeader | undefined
  let authEnable: AuthEnableRequest | undefined
  let authDisable: AuthDisableRequest | undefined
  let authenticate: InternalAuthenticateRequest | undefined
  let authStatus: AuthStatusRequest | undefined
  let authUserAdd: AuthUserAddRequest | undefined
  let authUserDelete: AuthUserDeleteRequest | undefined
  let authUserGet: AuthUserGetRequest | undefined
  let authUserChangePassword: AuthUserChangePasswordRequest | undefined
  let authUserGrantRole: AuthUserGrantRoleRequest | undefined
  let authUserRevokeRole: AuthUserRevokeRoleRequest | undefined
  let authUserList: AuthUserListRequest | undefined
  let authRoleList: AuthRoleListRequest | undefined
  let authRoleAdd: AuthRoleAddRequest | undefined
  let authRoleDelete: AuthRoleDeleteRequest | undefined
  let authRoleGet: AuthRoleGetRequest | undefined
  let authRoleGrantPermission: AuthRoleGrantPermissionRequest | undefined
  let authRoleRevokePermission: AuthRoleRevokePermissionRequest | undefined
  let clusterVersionSet: ClusterVersionSetRequest | undefined
  let clusterMemberAttrSet: ClusterMemberAttrSetRequest | undefined
  let downgradeInfoSet: DowngradeInfoSetRequest | undefined
  let downgradeVersionTest: DowngradeVersionTestRequest | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        id = readUnsignedIdentity(reader)
        break
      case 18:
        v2 = readRequest(reader, reader.size() + reader.pos)
        break
      case 26:
        range = readRangeRequest(reader, reader.size() + reader.pos)
        break
      case 34:
        put = readPutRequest(reader, reader.size() + reader.pos)
        break
      case 42:
        deleteRange = readDeleteRangeRequest(reader, reader.size() + reader.pos)
        break
      case 50:
        txn = readTxnRequest(reader, reader.size() + reader.pos)
        break
      case 58:
        compaction = readCompactionRequest(reader, reader.size() + reader.pos)
        break
      case 66:
        leaseGrant = readLeaseGrantRequest(reader, reader.size() + reader.pos)
        break
      case 74:
        leaseRevoke = readLeaseRevokeRequest(reader, reader.size() + reader.pos)
        break
      case 82:
        alarm = readAlarmRequest(reader, reader.size() + reader.pos)
        break
      case 90:
        leaseCheckpoint = readLeaseCheckpointRequest(reader, reader.size() + reader.pos)
        break
      case 802:
        header = readRequestHeader(reader, reader.size() + reader.pos)
        break
      case 8002:
        authEnable = readAuthEnableRequest(reader, reader.size() + reader.pos)
        break
      case 8090:
        authDisable = readAuthDisableRequest(reader, reader.size() + reader.pos)
        break
      case 8098:
        authenticate = readInternalAuthenticateRequest(reader, reader.size() + reader.pos)
        break
      case 8106:
        authStatus = readAuthStatusRequest(reader, reader.size() + reader.pos)
        break
      case 8802:
        authUserAdd = readAuthUserAddRequest(reader, reader.size() + reader.pos)
        break
      case 8810:
        authUserDelete = readAuthUserDeleteRequest(reader, reader.size() + reader.pos)
        break
      case 8818:
        authUserGet = readAuthUserGetRequest(reader, reader.size() + reader.pos)
        break
      case 8826:
        authUserChangePassword = readAuthUserChangePasswordRequest(reader, reader.size() + reader.pos)
        break
      case 8834:
        authUserGrantRole = readAuthUserGrantRoleRequest(reader, reader.size() + reader.pos)
        break
      case 8842:
        authUserRevokeRole = readAuthUserRevokeRoleRequest(reader, reader.size() + reader.pos)
        break
      case 8850:
        authUserList = readAuthUserListRequest(reader, reader.size() + reader.pos)
        break
      case 8858:
        authRoleList = readAuthRoleListRequest(reader, reader.size() + reader.pos)
        break
      case 9602:
        authRoleAdd = readAuthRoleAddRequest(reader, reader.size() + reader.pos)
        break
      case 9610:
        authRoleDelete = readAuthRoleDeleteRequest(reader, reader.size() + reader.pos)
        break
      case 9618:
        authRoleGet = readAuthRoleGetRequest(reader, reader.size() + reader.pos)
        break
      case 9626:
        authRoleGrantPermission = readAuthRoleGrantPermissionRequest(reader, reader.size() + reader.pos)
        break
      case 9634:
        authRoleRevokePermission = readAuthRoleRevokePermissionRequest(reader, reader.size() + reader.pos)
        break
      case 10402:
        clusterVersionSet = readClusterVersionSetRequest(reader, reader.size() + reader.pos)
        break
      case 10410:
        clusterMemberAttrSet = readClusterMemberAttrSetRequest(reader, reader.size() + reader.pos)
        break
      case 10418:
        downgradeInfoSet = readDowngradeInfoSetRequest(reader, reader.size() + reader.pos)
        break
      case 79202:
        downgradeVersionTest = readDowngradeVersionTestRequest(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { id, v2, range, put, deleteRange, txn, compaction, leaseGrant, leaseRevoke, alarm, leaseCheckpoint, header, authEnable, authDisable, authenticate, authStatus, authUserAdd, authUserDelete, authUserGet, authUserChangePassword, authUserGrantRole, authUserRevokeRole, authUserList, authRoleList, authRoleAdd, authRoleDelete, authRoleGet, authRoleGrantPermission, authRoleRevokePermission, clusterVersionSet, clusterMemberAttrSet, downgradeInfoSet, downgradeVersionTest }
}

export function encodeInternalRaftRequest(message: InternalRaftRequestInit): Uint8Array {
  return writeInternalRaftRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeInternalRaftRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): InternalRaftRequest {
  return decodeRange('InternalRaftRequest', readInternalRaftRequest, bytes, start, end)
}

export type EmptyResponse = Readonly<Record<never, never>>

export type EmptyResponseInit = Readonly<Record<never, never>>

/** Appends the fields of a EmptyResponse to `writer`. */
export function writeEmptyResponse(writer: Writer, _message: EmptyResponseInit): Writer {
  return writer
}

/** Reads a EmptyResponse that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readEmptyResponse(reader: Reader, end: number): EmptyResponse {
  endOf(reader, end, reader.len)
  while (reader.pos < end) skipField(reader, reader.tag())
  endOf(reader, reader.pos, end)
  return {  }
}

export function encodeEmptyResponse(message: EmptyResponseInit): Uint8Array {
  return writeEmptyResponse(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeEmptyResponse(bytes: Uint8Array, start: number = 0, end: number = bytes.length): EmptyResponse {
  return decodeRange('EmptyResponse', readEmptyResponse, bytes, start, end)
}

export interface InternalAuthenticateRequest {
  readonly name: string
  readonly password: string
  readonly simpleToken: string
}

/** What `encodeInternalAuthenticateRequest` takes: absent fields have their zero value. */
export interface InternalAuthenticateRequestInit {
  readonly name?: string | undefined
  readonly password?: string | undefined
  readonly simpleToken?: string | undefined
}

/** Appends the fields of a InternalAuthenticateRequest to `writer`. */
export function writeInternalAuthenticateRequest(writer: Writer, message: InternalAuthenticateRequestInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writeText(writer, message.name)
  }
  if (message.password !== undefined && message.password.length > 0) {
    writer.uint32(18)
    writeText(writer, message.password)
  }
  if (message.simpleToken !== undefined && message.simpleToken.length > 0) {
    writer.uint32(26)
    writeText(writer, message.simpleToken)
  }
  return writer
}

/** Reads a InternalAuthenticateRequest that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readInternalAuthenticateRequest(reader: Reader, end: number): InternalAuthenticateRequest {
  endOf(reader, end, reader.len)
  let name: string = ''
  let password: string = ''
  let simpleToken: string = ''
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
        simpleToken = reader.stringVerify()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name, password, simpleToken }
}

export function encodeInternalAuthenticateRequest(message: InternalAuthenticateRequestInit): Uint8Array {
  return writeInternalAuthenticateRequest(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeInternalAuthenticateRequest(bytes: Uint8Array, start: number = 0, end: number = bytes.length): InternalAuthenticateRequest {
  return decodeRange('InternalAuthenticateRequest', readInternalAuthenticateRequest, bytes, start, end)
}
