// Generated from proto/rpc.proto, proto/v3lock.proto, proto/v3election.proto by tools/protogen. Do not edit.
import type { FieldSchema, MethodSchema } from '../schema.ts'

/** Messages by qualified name: their fields by number. */
export const messageSchemas: Readonly<Record<string, readonly FieldSchema[]>> = {
  'authpb.Permission': [
    { name: 'permType', id: 1, kind: 'enum', type: 'authpb.Permission.Type' },
    { name: 'key', id: 2, kind: 'bytes' },
    { name: 'range_end', id: 3, kind: 'bytes' },
  ],
  'authpb.UserAddOptions': [
    { name: 'no_password', id: 1, kind: 'bool' },
  ],
  'etcdserverpb.AlarmMember': [
    { name: 'memberID', id: 1, kind: 'uint64' },
    { name: 'alarm', id: 2, kind: 'enum', type: 'etcdserverpb.AlarmType' },
  ],
  'etcdserverpb.AlarmRequest': [
    { name: 'action', id: 1, kind: 'enum', type: 'etcdserverpb.AlarmRequest.AlarmAction' },
    { name: 'memberID', id: 2, kind: 'uint64' },
    { name: 'alarm', id: 3, kind: 'enum', type: 'etcdserverpb.AlarmType' },
  ],
  'etcdserverpb.AlarmResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'alarms', id: 2, kind: 'message', type: 'etcdserverpb.AlarmMember', many: true },
  ],
  'etcdserverpb.AuthDisableRequest': [],
  'etcdserverpb.AuthDisableResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.AuthEnableRequest': [],
  'etcdserverpb.AuthEnableResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.AuthRoleAddRequest': [
    { name: 'name', id: 1, kind: 'string' },
  ],
  'etcdserverpb.AuthRoleAddResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.AuthRoleDeleteRequest': [
    { name: 'role', id: 1, kind: 'string' },
  ],
  'etcdserverpb.AuthRoleDeleteResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.AuthRoleGetRequest': [
    { name: 'role', id: 1, kind: 'string' },
  ],
  'etcdserverpb.AuthRoleGetResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'perm', id: 2, kind: 'message', type: 'authpb.Permission', many: true },
  ],
  'etcdserverpb.AuthRoleGrantPermissionRequest': [
    { name: 'name', id: 1, kind: 'string' },
    { name: 'perm', id: 2, kind: 'message', type: 'authpb.Permission' },
  ],
  'etcdserverpb.AuthRoleGrantPermissionResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.AuthRoleListRequest': [],
  'etcdserverpb.AuthRoleListResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'roles', id: 2, kind: 'string', many: true },
  ],
  'etcdserverpb.AuthRoleRevokePermissionRequest': [
    { name: 'role', id: 1, kind: 'string' },
    { name: 'key', id: 2, kind: 'bytes' },
    { name: 'range_end', id: 3, kind: 'bytes' },
  ],
  'etcdserverpb.AuthRoleRevokePermissionResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.AuthStatusRequest': [],
  'etcdserverpb.AuthStatusResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'enabled', id: 2, kind: 'bool' },
    { name: 'authRevision', id: 3, kind: 'uint64' },
  ],
  'etcdserverpb.AuthUserAddRequest': [
    { name: 'name', id: 1, kind: 'string' },
    { name: 'password', id: 2, kind: 'string' },
    { name: 'options', id: 3, kind: 'message', type: 'authpb.UserAddOptions' },
    { name: 'hashedPassword', id: 4, kind: 'string' },
  ],
  'etcdserverpb.AuthUserAddResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.AuthUserChangePasswordRequest': [
    { name: 'name', id: 1, kind: 'string' },
    { name: 'password', id: 2, kind: 'string' },
    { name: 'hashedPassword', id: 3, kind: 'string' },
  ],
  'etcdserverpb.AuthUserChangePasswordResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.AuthUserDeleteRequest': [
    { name: 'name', id: 1, kind: 'string' },
  ],
  'etcdserverpb.AuthUserDeleteResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.AuthUserGetRequest': [
    { name: 'name', id: 1, kind: 'string' },
  ],
  'etcdserverpb.AuthUserGetResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'roles', id: 2, kind: 'string', many: true },
  ],
  'etcdserverpb.AuthUserGrantRoleRequest': [
    { name: 'user', id: 1, kind: 'string' },
    { name: 'role', id: 2, kind: 'string' },
  ],
  'etcdserverpb.AuthUserGrantRoleResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.AuthUserListRequest': [],
  'etcdserverpb.AuthUserListResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'users', id: 2, kind: 'string', many: true },
  ],
  'etcdserverpb.AuthUserRevokeRoleRequest': [
    { name: 'name', id: 1, kind: 'string' },
    { name: 'role', id: 2, kind: 'string' },
  ],
  'etcdserverpb.AuthUserRevokeRoleResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.AuthenticateRequest': [
    { name: 'name', id: 1, kind: 'string' },
    { name: 'password', id: 2, kind: 'string' },
  ],
  'etcdserverpb.AuthenticateResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'token', id: 2, kind: 'string' },
  ],
  'etcdserverpb.CompactionRequest': [
    { name: 'revision', id: 1, kind: 'int64' },
    { name: 'physical', id: 2, kind: 'bool' },
  ],
  'etcdserverpb.CompactionResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.Compare': [
    { name: 'result', id: 1, kind: 'enum', type: 'etcdserverpb.Compare.CompareResult' },
    { name: 'target', id: 2, kind: 'enum', type: 'etcdserverpb.Compare.CompareTarget' },
    { name: 'key', id: 3, kind: 'bytes' },
    { name: 'version', id: 4, kind: 'int64', oneof: 'target_union' },
    { name: 'create_revision', id: 5, kind: 'int64', oneof: 'target_union' },
    { name: 'mod_revision', id: 6, kind: 'int64', oneof: 'target_union' },
    { name: 'value', id: 7, kind: 'bytes', oneof: 'target_union' },
    { name: 'lease', id: 8, kind: 'int64', oneof: 'target_union' },
    { name: 'range_end', id: 64, kind: 'bytes' },
  ],
  'etcdserverpb.DefragmentRequest': [],
  'etcdserverpb.DefragmentResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.DeleteRangeRequest': [
    { name: 'key', id: 1, kind: 'bytes' },
    { name: 'range_end', id: 2, kind: 'bytes' },
    { name: 'prev_kv', id: 3, kind: 'bool' },
  ],
  'etcdserverpb.DeleteRangeResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'deleted', id: 2, kind: 'int64' },
    { name: 'prev_kvs', id: 3, kind: 'message', type: 'mvccpb.KeyValue', many: true },
  ],
  'etcdserverpb.DowngradeInfo': [
    { name: 'enabled', id: 1, kind: 'bool' },
    { name: 'targetVersion', id: 2, kind: 'string' },
  ],
  'etcdserverpb.DowngradeRequest': [
    { name: 'action', id: 1, kind: 'enum', type: 'etcdserverpb.DowngradeRequest.DowngradeAction' },
    { name: 'version', id: 2, kind: 'string' },
  ],
  'etcdserverpb.DowngradeResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'version', id: 2, kind: 'string' },
  ],
  'etcdserverpb.HashKVRequest': [
    { name: 'revision', id: 1, kind: 'int64' },
  ],
  'etcdserverpb.HashKVResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'hash', id: 2, kind: 'uint32' },
    { name: 'compact_revision', id: 3, kind: 'int64' },
    { name: 'hash_revision', id: 4, kind: 'int64' },
  ],
  'etcdserverpb.HashRequest': [],
  'etcdserverpb.HashResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'hash', id: 2, kind: 'uint32' },
  ],
  'etcdserverpb.LeaseGrantRequest': [
    { name: 'TTL', id: 1, kind: 'int64' },
    { name: 'ID', id: 2, kind: 'int64' },
  ],
  'etcdserverpb.LeaseGrantResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'ID', id: 2, kind: 'int64' },
    { name: 'TTL', id: 3, kind: 'int64' },
    { name: 'error', id: 4, kind: 'string' },
  ],
  'etcdserverpb.LeaseKeepAliveRequest': [
    { name: 'ID', id: 1, kind: 'int64' },
  ],
  'etcdserverpb.LeaseKeepAliveResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'ID', id: 2, kind: 'int64' },
    { name: 'TTL', id: 3, kind: 'int64' },
  ],
  'etcdserverpb.LeaseLeasesRequest': [],
  'etcdserverpb.LeaseLeasesResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'leases', id: 2, kind: 'message', type: 'etcdserverpb.LeaseStatus', many: true },
  ],
  'etcdserverpb.LeaseRevokeRequest': [
    { name: 'ID', id: 1, kind: 'int64' },
  ],
  'etcdserverpb.LeaseRevokeResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.LeaseStatus': [
    { name: 'ID', id: 1, kind: 'int64' },
  ],
  'etcdserverpb.LeaseTimeToLiveRequest': [
    { name: 'ID', id: 1, kind: 'int64' },
    { name: 'keys', id: 2, kind: 'bool' },
  ],
  'etcdserverpb.LeaseTimeToLiveResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'ID', id: 2, kind: 'int64' },
    { name: 'TTL', id: 3, kind: 'int64' },
    { name: 'grantedTTL', id: 4, kind: 'int64' },
    { name: 'keys', id: 5, kind: 'bytes', many: true },
  ],
  'etcdserverpb.Member': [
    { name: 'ID', id: 1, kind: 'uint64' },
    { name: 'name', id: 2, kind: 'string' },
    { name: 'peerURLs', id: 3, kind: 'string', many: true },
    { name: 'clientURLs', id: 4, kind: 'string', many: true },
    { name: 'isLearner', id: 5, kind: 'bool' },
  ],
  'etcdserverpb.MemberAddRequest': [
    { name: 'peerURLs', id: 1, kind: 'string', many: true },
    { name: 'isLearner', id: 2, kind: 'bool' },
  ],
  'etcdserverpb.MemberAddResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'member', id: 2, kind: 'message', type: 'etcdserverpb.Member' },
    { name: 'members', id: 3, kind: 'message', type: 'etcdserverpb.Member', many: true },
  ],
  'etcdserverpb.MemberListRequest': [
    { name: 'linearizable', id: 1, kind: 'bool' },
  ],
  'etcdserverpb.MemberListResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'members', id: 2, kind: 'message', type: 'etcdserverpb.Member', many: true },
  ],
  'etcdserverpb.MemberPromoteRequest': [
    { name: 'ID', id: 1, kind: 'uint64' },
  ],
  'etcdserverpb.MemberPromoteResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'members', id: 2, kind: 'message', type: 'etcdserverpb.Member', many: true },
  ],
  'etcdserverpb.MemberRemoveRequest': [
    { name: 'ID', id: 1, kind: 'uint64' },
  ],
  'etcdserverpb.MemberRemoveResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'members', id: 2, kind: 'message', type: 'etcdserverpb.Member', many: true },
  ],
  'etcdserverpb.MemberUpdateRequest': [
    { name: 'ID', id: 1, kind: 'uint64' },
    { name: 'peerURLs', id: 2, kind: 'string', many: true },
  ],
  'etcdserverpb.MemberUpdateResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'members', id: 2, kind: 'message', type: 'etcdserverpb.Member', many: true },
  ],
  'etcdserverpb.MoveLeaderRequest': [
    { name: 'targetID', id: 1, kind: 'uint64' },
  ],
  'etcdserverpb.MoveLeaderResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'etcdserverpb.PutRequest': [
    { name: 'key', id: 1, kind: 'bytes' },
    { name: 'value', id: 2, kind: 'bytes' },
    { name: 'lease', id: 3, kind: 'int64' },
    { name: 'prev_kv', id: 4, kind: 'bool' },
    { name: 'ignore_value', id: 5, kind: 'bool' },
    { name: 'ignore_lease', id: 6, kind: 'bool' },
  ],
  'etcdserverpb.PutResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'prev_kv', id: 2, kind: 'message', type: 'mvccpb.KeyValue' },
  ],
  'etcdserverpb.RangeRequest': [
    { name: 'key', id: 1, kind: 'bytes' },
    { name: 'range_end', id: 2, kind: 'bytes' },
    { name: 'limit', id: 3, kind: 'int64' },
    { name: 'revision', id: 4, kind: 'int64' },
    { name: 'sort_order', id: 5, kind: 'enum', type: 'etcdserverpb.RangeRequest.SortOrder' },
    { name: 'sort_target', id: 6, kind: 'enum', type: 'etcdserverpb.RangeRequest.SortTarget' },
    { name: 'serializable', id: 7, kind: 'bool' },
    { name: 'keys_only', id: 8, kind: 'bool' },
    { name: 'count_only', id: 9, kind: 'bool' },
    { name: 'min_mod_revision', id: 10, kind: 'int64' },
    { name: 'max_mod_revision', id: 11, kind: 'int64' },
    { name: 'min_create_revision', id: 12, kind: 'int64' },
    { name: 'max_create_revision', id: 13, kind: 'int64' },
  ],
  'etcdserverpb.RangeResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'kvs', id: 2, kind: 'message', type: 'mvccpb.KeyValue', many: true },
    { name: 'more', id: 3, kind: 'bool' },
    { name: 'count', id: 4, kind: 'int64' },
  ],
  'etcdserverpb.RangeStreamResponse': [
    { name: 'range_response', id: 1, kind: 'message', type: 'etcdserverpb.RangeResponse' },
  ],
  'etcdserverpb.RequestOp': [
    { name: 'request_range', id: 1, kind: 'message', type: 'etcdserverpb.RangeRequest', oneof: 'request' },
    { name: 'request_put', id: 2, kind: 'message', type: 'etcdserverpb.PutRequest', oneof: 'request' },
    { name: 'request_delete_range', id: 3, kind: 'message', type: 'etcdserverpb.DeleteRangeRequest', oneof: 'request' },
    { name: 'request_txn', id: 4, kind: 'message', type: 'etcdserverpb.TxnRequest', oneof: 'request' },
  ],
  'etcdserverpb.ResponseHeader': [
    { name: 'cluster_id', id: 1, kind: 'uint64' },
    { name: 'member_id', id: 2, kind: 'uint64' },
    { name: 'revision', id: 3, kind: 'int64' },
    { name: 'raft_term', id: 4, kind: 'uint64' },
  ],
  'etcdserverpb.ResponseOp': [
    { name: 'response_range', id: 1, kind: 'message', type: 'etcdserverpb.RangeResponse', oneof: 'response' },
    { name: 'response_put', id: 2, kind: 'message', type: 'etcdserverpb.PutResponse', oneof: 'response' },
    { name: 'response_delete_range', id: 3, kind: 'message', type: 'etcdserverpb.DeleteRangeResponse', oneof: 'response' },
    { name: 'response_txn', id: 4, kind: 'message', type: 'etcdserverpb.TxnResponse', oneof: 'response' },
  ],
  'etcdserverpb.SnapshotRequest': [],
  'etcdserverpb.SnapshotResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'remaining_bytes', id: 2, kind: 'uint64' },
    { name: 'blob', id: 3, kind: 'bytes' },
    { name: 'version', id: 4, kind: 'string' },
  ],
  'etcdserverpb.StatusRequest': [],
  'etcdserverpb.StatusResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'version', id: 2, kind: 'string' },
    { name: 'dbSize', id: 3, kind: 'int64' },
    { name: 'leader', id: 4, kind: 'uint64' },
    { name: 'raftIndex', id: 5, kind: 'uint64' },
    { name: 'raftTerm', id: 6, kind: 'uint64' },
    { name: 'raftAppliedIndex', id: 7, kind: 'uint64' },
    { name: 'errors', id: 8, kind: 'string', many: true },
    { name: 'dbSizeInUse', id: 9, kind: 'int64' },
    { name: 'isLearner', id: 10, kind: 'bool' },
    { name: 'storageVersion', id: 11, kind: 'string' },
    { name: 'dbSizeQuota', id: 12, kind: 'int64' },
    { name: 'downgradeInfo', id: 13, kind: 'message', type: 'etcdserverpb.DowngradeInfo' },
  ],
  'etcdserverpb.TxnRequest': [
    { name: 'compare', id: 1, kind: 'message', type: 'etcdserverpb.Compare', many: true },
    { name: 'success', id: 2, kind: 'message', type: 'etcdserverpb.RequestOp', many: true },
    { name: 'failure', id: 3, kind: 'message', type: 'etcdserverpb.RequestOp', many: true },
  ],
  'etcdserverpb.TxnResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'succeeded', id: 2, kind: 'bool' },
    { name: 'responses', id: 3, kind: 'message', type: 'etcdserverpb.ResponseOp', many: true },
  ],
  'etcdserverpb.WatchCancelRequest': [
    { name: 'watch_id', id: 1, kind: 'int64' },
  ],
  'etcdserverpb.WatchCreateRequest': [
    { name: 'key', id: 1, kind: 'bytes' },
    { name: 'range_end', id: 2, kind: 'bytes' },
    { name: 'start_revision', id: 3, kind: 'int64' },
    { name: 'progress_notify', id: 4, kind: 'bool' },
    { name: 'filters', id: 5, kind: 'enum', type: 'etcdserverpb.WatchCreateRequest.FilterType', many: true },
    { name: 'prev_kv', id: 6, kind: 'bool' },
    { name: 'watch_id', id: 7, kind: 'int64' },
    { name: 'fragment', id: 8, kind: 'bool' },
  ],
  'etcdserverpb.WatchProgressRequest': [],
  'etcdserverpb.WatchRequest': [
    { name: 'create_request', id: 1, kind: 'message', type: 'etcdserverpb.WatchCreateRequest', oneof: 'request_union' },
    { name: 'cancel_request', id: 2, kind: 'message', type: 'etcdserverpb.WatchCancelRequest', oneof: 'request_union' },
    { name: 'progress_request', id: 3, kind: 'message', type: 'etcdserverpb.WatchProgressRequest', oneof: 'request_union' },
  ],
  'etcdserverpb.WatchResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'watch_id', id: 2, kind: 'int64' },
    { name: 'created', id: 3, kind: 'bool' },
    { name: 'canceled', id: 4, kind: 'bool' },
    { name: 'compact_revision', id: 5, kind: 'int64' },
    { name: 'cancel_reason', id: 6, kind: 'string' },
    { name: 'fragment', id: 7, kind: 'bool' },
    { name: 'events', id: 11, kind: 'message', type: 'mvccpb.Event', many: true },
  ],
  'mvccpb.Event': [
    { name: 'type', id: 1, kind: 'enum', type: 'mvccpb.Event.EventType' },
    { name: 'kv', id: 2, kind: 'message', type: 'mvccpb.KeyValue' },
    { name: 'prev_kv', id: 3, kind: 'message', type: 'mvccpb.KeyValue' },
  ],
  'mvccpb.KeyValue': [
    { name: 'key', id: 1, kind: 'bytes' },
    { name: 'create_revision', id: 2, kind: 'int64' },
    { name: 'mod_revision', id: 3, kind: 'int64' },
    { name: 'version', id: 4, kind: 'int64' },
    { name: 'value', id: 5, kind: 'bytes' },
    { name: 'lease', id: 6, kind: 'int64' },
  ],
  'v3electionpb.CampaignRequest': [
    { name: 'name', id: 1, kind: 'bytes' },
    { name: 'lease', id: 2, kind: 'int64' },
    { name: 'value', id: 3, kind: 'bytes' },
  ],
  'v3electionpb.CampaignResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'leader', id: 2, kind: 'message', type: 'v3electionpb.LeaderKey' },
  ],
  'v3electionpb.LeaderKey': [
    { name: 'name', id: 1, kind: 'bytes' },
    { name: 'key', id: 2, kind: 'bytes' },
    { name: 'rev', id: 3, kind: 'int64' },
    { name: 'lease', id: 4, kind: 'int64' },
  ],
  'v3electionpb.LeaderRequest': [
    { name: 'name', id: 1, kind: 'bytes' },
  ],
  'v3electionpb.LeaderResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'kv', id: 2, kind: 'message', type: 'mvccpb.KeyValue' },
  ],
  'v3electionpb.ProclaimRequest': [
    { name: 'leader', id: 1, kind: 'message', type: 'v3electionpb.LeaderKey' },
    { name: 'value', id: 2, kind: 'bytes' },
  ],
  'v3electionpb.ProclaimResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'v3electionpb.ResignRequest': [
    { name: 'leader', id: 1, kind: 'message', type: 'v3electionpb.LeaderKey' },
  ],
  'v3electionpb.ResignResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
  'v3lockpb.LockRequest': [
    { name: 'name', id: 1, kind: 'bytes' },
    { name: 'lease', id: 2, kind: 'int64' },
  ],
  'v3lockpb.LockResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
    { name: 'key', id: 2, kind: 'bytes' },
  ],
  'v3lockpb.UnlockRequest': [
    { name: 'key', id: 1, kind: 'bytes' },
  ],
  'v3lockpb.UnlockResponse': [
    { name: 'header', id: 1, kind: 'message', type: 'etcdserverpb.ResponseHeader' },
  ],
}

/** Enums by qualified name: their values by name. */
export const enumSchemas: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'authpb.Permission.Type': { READ: 0, WRITE: 1, READWRITE: 2 },
  'etcdserverpb.AlarmRequest.AlarmAction': { GET: 0, ACTIVATE: 1, DEACTIVATE: 2 },
  'etcdserverpb.AlarmType': { NONE: 0, NOSPACE: 1, CORRUPT: 2 },
  'etcdserverpb.Compare.CompareResult': { EQUAL: 0, GREATER: 1, LESS: 2, NOT_EQUAL: 3 },
  'etcdserverpb.Compare.CompareTarget': { VERSION: 0, CREATE: 1, MOD: 2, VALUE: 3, LEASE: 4 },
  'etcdserverpb.DowngradeRequest.DowngradeAction': { VALIDATE: 0, ENABLE: 1, CANCEL: 2 },
  'etcdserverpb.RangeRequest.SortOrder': { NONE: 0, ASCEND: 1, DESCEND: 2 },
  'etcdserverpb.RangeRequest.SortTarget': { KEY: 0, VERSION: 1, CREATE: 2, MOD: 3, VALUE: 4 },
  'etcdserverpb.WatchCreateRequest.FilterType': { NOPUT: 0, NODELETE: 1 },
  'mvccpb.Event.EventType': { PUT: 0, DELETE: 1 },
}

/** Methods by path: their messages by qualified name. */
export const methodSchemas: Readonly<Record<string, MethodSchema>> = {
  '/etcdserverpb.KV/Range': { request: 'etcdserverpb.RangeRequest', response: 'etcdserverpb.RangeResponse' },
  '/etcdserverpb.KV/RangeStream': { request: 'etcdserverpb.RangeRequest', response: 'etcdserverpb.RangeStreamResponse' },
  '/etcdserverpb.KV/Put': { request: 'etcdserverpb.PutRequest', response: 'etcdserverpb.PutResponse' },
  '/etcdserverpb.KV/DeleteRange': { request: 'etcdserverpb.DeleteRangeRequest', response: 'etcdserverpb.DeleteRangeResponse' },
  '/etcdserverpb.KV/Txn': { request: 'etcdserverpb.TxnRequest', response: 'etcdserverpb.TxnResponse' },
  '/etcdserverpb.KV/Compact': { request: 'etcdserverpb.CompactionRequest', response: 'etcdserverpb.CompactionResponse' },
  '/etcdserverpb.Watch/Watch': { request: 'etcdserverpb.WatchRequest', response: 'etcdserverpb.WatchResponse' },
  '/etcdserverpb.Lease/LeaseGrant': { request: 'etcdserverpb.LeaseGrantRequest', response: 'etcdserverpb.LeaseGrantResponse' },
  '/etcdserverpb.Lease/LeaseRevoke': { request: 'etcdserverpb.LeaseRevokeRequest', response: 'etcdserverpb.LeaseRevokeResponse' },
  '/etcdserverpb.Lease/LeaseKeepAlive': { request: 'etcdserverpb.LeaseKeepAliveRequest', response: 'etcdserverpb.LeaseKeepAliveResponse' },
  '/etcdserverpb.Lease/LeaseTimeToLive': { request: 'etcdserverpb.LeaseTimeToLiveRequest', response: 'etcdserverpb.LeaseTimeToLiveResponse' },
  '/etcdserverpb.Lease/LeaseLeases': { request: 'etcdserverpb.LeaseLeasesRequest', response: 'etcdserverpb.LeaseLeasesResponse' },
  '/etcdserverpb.Cluster/MemberAdd': { request: 'etcdserverpb.MemberAddRequest', response: 'etcdserverpb.MemberAddResponse' },
  '/etcdserverpb.Cluster/MemberRemove': { request: 'etcdserverpb.MemberRemoveRequest', response: 'etcdserverpb.MemberRemoveResponse' },
  '/etcdserverpb.Cluster/MemberUpdate': { request: 'etcdserverpb.MemberUpdateRequest', response: 'etcdserverpb.MemberUpdateResponse' },
  '/etcdserverpb.Cluster/MemberList': { request: 'etcdserverpb.MemberListRequest', response: 'etcdserverpb.MemberListResponse' },
  '/etcdserverpb.Cluster/MemberPromote': { request: 'etcdserverpb.MemberPromoteRequest', response: 'etcdserverpb.MemberPromoteResponse' },
  '/etcdserverpb.Maintenance/Alarm': { request: 'etcdserverpb.AlarmRequest', response: 'etcdserverpb.AlarmResponse' },
  '/etcdserverpb.Maintenance/Status': { request: 'etcdserverpb.StatusRequest', response: 'etcdserverpb.StatusResponse' },
  '/etcdserverpb.Maintenance/Defragment': { request: 'etcdserverpb.DefragmentRequest', response: 'etcdserverpb.DefragmentResponse' },
  '/etcdserverpb.Maintenance/Hash': { request: 'etcdserverpb.HashRequest', response: 'etcdserverpb.HashResponse' },
  '/etcdserverpb.Maintenance/HashKV': { request: 'etcdserverpb.HashKVRequest', response: 'etcdserverpb.HashKVResponse' },
  '/etcdserverpb.Maintenance/Snapshot': { request: 'etcdserverpb.SnapshotRequest', response: 'etcdserverpb.SnapshotResponse' },
  '/etcdserverpb.Maintenance/MoveLeader': { request: 'etcdserverpb.MoveLeaderRequest', response: 'etcdserverpb.MoveLeaderResponse' },
  '/etcdserverpb.Maintenance/Downgrade': { request: 'etcdserverpb.DowngradeRequest', response: 'etcdserverpb.DowngradeResponse' },
  '/etcdserverpb.Auth/AuthEnable': { request: 'etcdserverpb.AuthEnableRequest', response: 'etcdserverpb.AuthEnableResponse' },
  '/etcdserverpb.Auth/AuthDisable': { request: 'etcdserverpb.AuthDisableRequest', response: 'etcdserverpb.AuthDisableResponse' },
  '/etcdserverpb.Auth/AuthStatus': { request: 'etcdserverpb.AuthStatusRequest', response: 'etcdserverpb.AuthStatusResponse' },
  '/etcdserverpb.Auth/Authenticate': { request: 'etcdserverpb.AuthenticateRequest', response: 'etcdserverpb.AuthenticateResponse' },
  '/etcdserverpb.Auth/UserAdd': { request: 'etcdserverpb.AuthUserAddRequest', response: 'etcdserverpb.AuthUserAddResponse' },
  '/etcdserverpb.Auth/UserGet': { request: 'etcdserverpb.AuthUserGetRequest', response: 'etcdserverpb.AuthUserGetResponse' },
  '/etcdserverpb.Auth/UserList': { request: 'etcdserverpb.AuthUserListRequest', response: 'etcdserverpb.AuthUserListResponse' },
  '/etcdserverpb.Auth/UserDelete': { request: 'etcdserverpb.AuthUserDeleteRequest', response: 'etcdserverpb.AuthUserDeleteResponse' },
  '/etcdserverpb.Auth/UserChangePassword': { request: 'etcdserverpb.AuthUserChangePasswordRequest', response: 'etcdserverpb.AuthUserChangePasswordResponse' },
  '/etcdserverpb.Auth/UserGrantRole': { request: 'etcdserverpb.AuthUserGrantRoleRequest', response: 'etcdserverpb.AuthUserGrantRoleResponse' },
  '/etcdserverpb.Auth/UserRevokeRole': { request: 'etcdserverpb.AuthUserRevokeRoleRequest', response: 'etcdserverpb.AuthUserRevokeRoleResponse' },
  '/etcdserverpb.Auth/RoleAdd': { request: 'etcdserverpb.AuthRoleAddRequest', response: 'etcdserverpb.AuthRoleAddResponse' },
  '/etcdserverpb.Auth/RoleGet': { request: 'etcdserverpb.AuthRoleGetRequest', response: 'etcdserverpb.AuthRoleGetResponse' },
  '/etcdserverpb.Auth/RoleList': { request: 'etcdserverpb.AuthRoleListRequest', response: 'etcdserverpb.AuthRoleListResponse' },
  '/etcdserverpb.Auth/RoleDelete': { request: 'etcdserverpb.AuthRoleDeleteRequest', response: 'etcdserverpb.AuthRoleDeleteResponse' },
  '/etcdserverpb.Auth/RoleGrantPermission': { request: 'etcdserverpb.AuthRoleGrantPermissionRequest', response: 'etcdserverpb.AuthRoleGrantPermissionResponse' },
  '/etcdserverpb.Auth/RoleRevokePermission': { request: 'etcdserverpb.AuthRoleRevokePermissionRequest', response: 'etcdserverpb.AuthRoleRevokePermissionResponse' },
  '/v3lockpb.Lock/Lock': { request: 'v3lockpb.LockRequest', response: 'v3lockpb.LockResponse' },
  '/v3lockpb.Lock/Unlock': { request: 'v3lockpb.UnlockRequest', response: 'v3lockpb.UnlockResponse' },
  '/v3electionpb.Election/Campaign': { request: 'v3electionpb.CampaignRequest', response: 'v3electionpb.CampaignResponse' },
  '/v3electionpb.Election/Proclaim': { request: 'v3electionpb.ProclaimRequest', response: 'v3electionpb.ProclaimResponse' },
  '/v3electionpb.Election/Leader': { request: 'v3electionpb.LeaderRequest', response: 'v3electionpb.LeaderResponse' },
  '/v3electionpb.Election/Observe': { request: 'v3electionpb.LeaderRequest', response: 'v3electionpb.LeaderResponse' },
  '/v3electionpb.Election/Resign': { request: 'v3electionpb.ResignRequest', response: 'v3electionpb.ResignResponse' },
}
