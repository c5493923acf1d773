import type { WatchUpdate } from '@kvs/client'
import type {
  AlarmResponse,
  AuthDisableResponse,
  AuthEnableResponse,
  AuthRoleAddResponse,
  AuthRoleDeleteResponse,
  AuthRoleGetResponse,
  AuthRoleGrantPermissionResponse,
  AuthRoleListResponse,
  AuthRoleRevokePermissionResponse,
  AuthStatusResponse,
  AuthUserAddResponse,
  AuthUserChangePasswordResponse,
  AuthUserDeleteResponse,
  AuthUserGetResponse,
  AuthUserGrantRoleResponse,
  AuthUserListResponse,
  AuthUserRevokeRoleResponse,
  DeleteRangeResponse,
  HashKVResponse,
  LeaseGrantResponse,
  LeaseKeepAliveResponse,
  LeaseLeasesResponse,
  LeaseRevokeResponse,
  LeaseTimeToLiveResponse,
  MemberAddResponse,
  MemberListResponse,
  MemberPromoteResponse,
  MemberRemoveResponse,
  MemberUpdateResponse,
  MoveLeaderResponse,
  PutResponse,
  RangeResponse,
  StatusResponse,
  TxnResponse,
} from '@kvs/client/messages'

export interface EndpointHealth {
  readonly endpoint: string
  readonly health: boolean
  readonly took: string
  readonly error: string
}

export interface WatchAnswer extends WatchUpdate {
  readonly compactRevision: number
  readonly canceled: boolean
}

/** What commands have to say, by kind. Each output format says some or all of them. */
export interface Answers {
  readonly get: { readonly response: RangeResponse; readonly valueOnly: boolean }
  readonly put: { readonly response: PutResponse }
  readonly delete: { readonly response: DeleteRangeResponse }
  readonly txn: { readonly response: TxnResponse }
  readonly watch: { readonly response: WatchAnswer }
  readonly leaseGrant: { readonly response: LeaseGrantResponse }
  readonly leaseRevoke: { readonly response: LeaseRevokeResponse; readonly id: bigint }
  readonly leaseKeepAlive: { readonly response: LeaseKeepAliveResponse }
  readonly leaseTimeToLive: { readonly response: LeaseTimeToLiveResponse; readonly keys: boolean }
  readonly leases: { readonly response: LeaseLeasesResponse }
  readonly memberAdd: { readonly response: MemberAddResponse }
  readonly memberRemove: { readonly response: MemberRemoveResponse; readonly id: bigint }
  readonly memberUpdate: { readonly response: MemberUpdateResponse; readonly id: bigint }
  readonly memberPromote: { readonly response: MemberPromoteResponse; readonly id: bigint }
  readonly memberList: { readonly response: MemberListResponse }
  readonly endpointHealth: { readonly list: readonly EndpointHealth[] }
  readonly endpointStatus: {
    readonly list: readonly { readonly endpoint: string; readonly response: StatusResponse }[]
  }
  readonly endpointHashKv: {
    readonly list: readonly { readonly endpoint: string; readonly response: HashKVResponse }[]
  }
  readonly alarm: { readonly response: AlarmResponse }
  readonly moveLeader: { readonly response: MoveLeaderResponse; readonly leader: bigint; readonly target: bigint }
  readonly authStatus: { readonly response: AuthStatusResponse }
  readonly authEnable: { readonly response: AuthEnableResponse }
  readonly authDisable: { readonly response: AuthDisableResponse }
  readonly roleAdd: { readonly response: AuthRoleAddResponse; readonly role: string }
  readonly roleGet: { readonly response: AuthRoleGetResponse; readonly role: string }
  readonly roleDelete: { readonly response: AuthRoleDeleteResponse; readonly role: string }
  readonly roleList: { readonly response: AuthRoleListResponse }
  readonly roleGrant: { readonly response: AuthRoleGrantPermissionResponse; readonly role: string }
  readonly roleRevoke: {
    readonly response: AuthRoleRevokePermissionResponse
    readonly role: string
    readonly key: string
    readonly end: string
  }
  readonly userAdd: { readonly response: AuthUserAddResponse; readonly user: string }
  readonly userGet: { readonly response: AuthUserGetResponse; readonly user: string }
  readonly userDelete: { readonly response: AuthUserDeleteResponse; readonly user: string }
  readonly userList: { readonly response: AuthUserListResponse }
  readonly userPassword: { readonly response: AuthUserChangePasswordResponse }
  readonly userGrant: { readonly response: AuthUserGrantRoleResponse; readonly user: string; readonly role: string }
  readonly userRevoke: { readonly response: AuthUserRevokeRoleResponse; readonly user: string; readonly role: string }
}

export type AnswerKind = keyof Answers

/** One line of output; the line end is added. Bytes are written as they are. */
export type Line = string | Uint8Array

/** An output format: the kinds it can say. */
export type Format = { readonly [K in AnswerKind]?: (answer: Answers[K]) => readonly Line[] }
