/**
 * Who belongs to a cluster: the ids of members and clusters, the founding members of `--initial-cluster`, and the records
 * of members as they stand in configuration changes and in the state file. Pure: no disk, clock or network.
 *
 * ```ts
 * const members = parseInitialCluster('n1=http://10.0.0.1:2380,n2=http://10.0.0.2:2380')
 * const ids = [...members.values()].map(peerUrls => memberIdOf({ peerUrls, token: 'etcd-cluster' }))
 * clusterIdOf(ids)
 * ```
 */
export { MembershipError, type MembershipErrorCode } from './errors.ts'
export { clusterIdOf, memberIdOf } from './ids.ts'
export { parseInitialCluster } from './initial-cluster.ts'
export { decodeMember, encodeMember, type Member, type MemberChange } from './member.ts'
