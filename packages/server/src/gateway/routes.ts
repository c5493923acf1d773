import { Election } from '@kvs/proto/election'
import { Lock } from '@kvs/proto/lock'
import { Auth, Cluster, KV, Lease, Maintenance, Watch } from '@kvs/proto/rpc'

/** A path of the gateway and the method behind it. All are asked with POST. */
export interface GatewayRoute {
  readonly path: string
  readonly method: { readonly path: string; readonly clientStreams: boolean; readonly serverStreams: boolean }
}

/** etcd's table: some methods have two paths, and what is not here (`RangeStream`, health) has none. */
export const gatewayRoutes: readonly GatewayRoute[] = [
  { path: '/v3/kv/range', method: KV.range },
  { path: '/v3/kv/put', method: KV.put },
  { path: '/v3/kv/deleterange', method: KV.deleteRange },
  { path: '/v3/kv/txn', method: KV.txn },
  { path: '/v3/kv/compaction', method: KV.compact },
  { path: '/v3/watch', method: Watch.watch },
  { path: '/v3/lease/grant', method: Lease.leaseGrant },
  { path: '/v3/lease/revoke', method: Lease.leaseRevoke },
  { path: '/v3/kv/lease/revoke', method: Lease.leaseRevoke },
  { path: '/v3/lease/keepalive', method: Lease.leaseKeepAlive },
  { path: '/v3/lease/timetolive', method: Lease.leaseTimeToLive },
  { path: '/v3/kv/lease/timetolive', method: Lease.leaseTimeToLive },
  { path: '/v3/lease/leases', method: Lease.leaseLeases },
  { path: '/v3/kv/lease/leases', method: Lease.leaseLeases },
  { path: '/v3/cluster/member/add', method: Cluster.memberAdd },
  { path: '/v3/cluster/member/remove', method: Cluster.memberRemove },
  { path: '/v3/cluster/member/update', method: Cluster.memberUpdate },
  { path: '/v3/cluster/member/list', method: Cluster.memberList },
  { path: '/v3/cluster/member/promote', method: Cluster.memberPromote },
  { path: '/v3/maintenance/alarm', method: Maintenance.alarm },
  { path: '/v3/maintenance/status', method: Maintenance.status },
  { path: '/v3/maintenance/defragment', method: Maintenance.defragment },
  { path: '/v3/maintenance/hash', method: Maintenance.hash },
  { path: '/v3/maintenance/hashkv', method: Maintenance.hashKV },
  { path: '/v3/maintenance/snapshot', method: Maintenance.snapshot },
  { path: '/v3/maintenance/transfer-leadership', method: Maintenance.moveLeader },
  { path: '/v3/maintenance/downgrade', method: Maintenance.downgrade },
  { path: '/v3/auth/enable', method: Auth.authEnable },
  { path: '/v3/auth/disable', method: Auth.authDisable },
  { path: '/v3/auth/status', method: Auth.authStatus },
  { path: '/v3/auth/authenticate', method: Auth.authenticate },
  { path: '/v3/auth/user/add', method: Auth.userAdd },
  { path: '/v3/auth/user/get', method: Auth.userGet },
  { path: '/v3/auth/user/list', method: Auth.userList },
  { path: '/v3/auth/user/delete', method: Auth.userDelete },
  { path: '/v3/auth/user/changepw', method: Auth.userChangePassword },
  { path: '/v3/auth/user/grant', method: Auth.userGrantRole },
  { path: '/v3/auth/user/revoke', method: Auth.userRevokeRole },
  { path: '/v3/auth/role/add', method: Auth.roleAdd },
  { path: '/v3/auth/role/get', method: Auth.roleGet },
  { path: '/v3/auth/role/list', method: Auth.roleList },
  { path: '/v3/auth/role/delete', method: Auth.roleDelete },
  { path: '/v3/auth/role/grant', method: Auth.roleGrantPermission },
  { path: '/v3/auth/role/revoke', method: Auth.roleRevokePermission },
  { path: '/v3/lock/lock', method: Lock.lock },
  { path: '/v3/lock/unlock', method: Lock.unlock },
  { path: '/v3/election/campaign', method: Election.campaign },
  { path: '/v3/election/proclaim', method: Election.proclaim },
  { path: '/v3/election/leader', method: Election.leader },
  { path: '/v3/election/observe', method: Election.observe },
  { path: '/v3/election/resign', method: Election.resign },
]
