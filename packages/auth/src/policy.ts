/**
 * What a call needs while auth is on. `open`: nothing · `token`: nothing, but a token that is given must be good ·
 * `user`: somebody (`checkUser`) · `admin`: role root (`checkAdmin`) · `keys`: permissions on the keys it touches, by
 * the check of its own (`checkPut`, `checkTxn` …) · `self`: role root, or the asker's own record (`checkUserGet`,
 * `checkRoleGet`) · `alarm`: `checkAlarm`.
 */
export type AuthPolicy = 'open' | 'token' | 'user' | 'admin' | 'keys' | 'self' | 'alarm'

/**
 * Every call of etcd's client port, by method path. A path that is not here is refused: a new call is answered by
 * nobody until somebody has thought of who may make it (CVE-2026-33413).
 */
export const callPolicies = {
  '/etcdserverpb.KV/Range': 'keys',
  '/etcdserverpb.KV/RangeStream': 'keys',
  '/etcdserverpb.KV/Put': 'keys',
  '/etcdserverpb.KV/DeleteRange': 'keys',
  '/etcdserverpb.KV/Txn': 'keys',
  '/etcdserverpb.KV/Compact': 'admin',
  '/etcdserverpb.Watch/Watch': 'keys',
  '/etcdserverpb.Lease/LeaseGrant': 'user',
  '/etcdserverpb.Lease/LeaseRevoke': 'keys',
  '/etcdserverpb.Lease/LeaseKeepAlive': 'keys',
  '/etcdserverpb.Lease/LeaseTimeToLive': 'keys',
  '/etcdserverpb.Lease/LeaseLeases': 'keys',
  '/etcdserverpb.Cluster/MemberAdd': 'admin',
  '/etcdserverpb.Cluster/MemberRemove': 'admin',
  '/etcdserverpb.Cluster/MemberUpdate': 'admin',
  '/etcdserverpb.Cluster/MemberList': 'user',
  '/etcdserverpb.Cluster/MemberPromote': 'admin',
  '/etcdserverpb.Maintenance/Alarm': 'alarm',
  '/etcdserverpb.Maintenance/Status': 'user',
  '/etcdserverpb.Maintenance/Defragment': 'admin',
  '/etcdserverpb.Maintenance/Hash': 'admin',
  '/etcdserverpb.Maintenance/HashKV': 'admin',
  '/etcdserverpb.Maintenance/Snapshot': 'admin',
  '/etcdserverpb.Maintenance/MoveLeader': 'admin',
  '/etcdserverpb.Maintenance/Downgrade': 'admin',
  '/etcdserverpb.Auth/AuthEnable': 'admin',
  '/etcdserverpb.Auth/AuthDisable': 'admin',
  '/etcdserverpb.Auth/AuthStatus': 'token',
  '/etcdserverpb.Auth/Authenticate': 'open',
  '/etcdserverpb.Auth/UserAdd': 'admin',
  '/etcdserverpb.Auth/UserGet': 'self',
  '/etcdserverpb.Auth/UserList': 'admin',
  '/etcdserverpb.Auth/UserDelete': 'admin',
  '/etcdserverpb.Auth/UserChangePassword': 'admin',
  '/etcdserverpb.Auth/UserGrantRole': 'admin',
  '/etcdserverpb.Auth/UserRevokeRole': 'admin',
  '/etcdserverpb.Auth/RoleAdd': 'admin',
  '/etcdserverpb.Auth/RoleGet': 'self',
  '/etcdserverpb.Auth/RoleList': 'admin',
  '/etcdserverpb.Auth/RoleDelete': 'admin',
  '/etcdserverpb.Auth/RoleGrantPermission': 'admin',
  '/etcdserverpb.Auth/RoleRevokePermission': 'admin',
  '/v3lockpb.Lock/Lock': 'keys',
  '/v3lockpb.Lock/Unlock': 'keys',
  '/v3electionpb.Election/Campaign': 'keys',
  '/v3electionpb.Election/Proclaim': 'keys',
  '/v3electionpb.Election/Leader': 'keys',
  '/v3electionpb.Election/Observe': 'keys',
  '/v3electionpb.Election/Resign': 'keys',
  '/grpc.health.v1.Health/Check': 'open',
  '/grpc.health.v1.Health/List': 'open',
  '/grpc.health.v1.Health/Watch': 'open',
} as const

/** The calls that have a policy. A table of handlers typed by it cannot name another one. */
export type CallPath = keyof typeof callPolicies

const policyByPath: ReadonlyMap<string, AuthPolicy> = new Map(Object.entries(callPolicies))

/** Undefined: refuse. */
export function policyOfCall(path: string): AuthPolicy | undefined {
  return policyByPath.get(path)
}

/**
 * What a replicated request needs when it is applied, by its name in the log; the identity is that of the entry's
 * header. `open` ones were checked before they were proposed, or come from members. Again, what is not here is refused.
 */
export const applyPolicies = {
  Put: 'keys',
  Range: 'keys',
  DeleteRange: 'keys',
  Txn: 'keys',
  LeaseRevoke: 'keys',
  Compaction: 'open',
  LeaseGrant: 'open',
  LeaseCheckpoint: 'open',
  Alarm: 'open',
  Authenticate: 'open',
  AuthStatus: 'open',
  AuthEnable: 'admin',
  AuthDisable: 'admin',
  AuthUserAdd: 'admin',
  AuthUserDelete: 'admin',
  AuthUserGet: 'self',
  AuthUserChangePassword: 'admin',
  AuthUserGrantRole: 'admin',
  AuthUserRevokeRole: 'admin',
  AuthUserList: 'admin',
  AuthRoleList: 'admin',
  AuthRoleAdd: 'admin',
  AuthRoleDelete: 'admin',
  AuthRoleGet: 'self',
  AuthRoleGrantPermission: 'admin',
  AuthRoleRevokePermission: 'admin',
  ClusterVersionSet: 'open',
  ClusterMemberAttrSet: 'open',
  DowngradeInfoSet: 'open',
  DowngradeVersionTest: 'open',
} as const

/** The replicated requests that have a policy. */
export type AppliedRequestName = keyof typeof applyPolicies

const policyByRequest: ReadonlyMap<string, AuthPolicy> = new Map(Object.entries(applyPolicies))

/** Undefined: refuse. */
export function policyOfApplied(name: string): AuthPolicy | undefined {
  return policyByRequest.get(name)
}
