/**
 * Who belongs to a cluster: ids, peer URLs, the set of members and its changes, the checks before a change, and the
 * version that the members agree on. Everything here computes from its arguments; the rules, the JSON and the ids are
 * etcd's, so a cluster may be mixed.
 *
 * Duties of the caller: propose a change only after the checks of `checkAddition`, `checkRemoval` or `checkPromotion`,
 * apply it with `MemberSet.apply` in log order, and tell raft of a refused one as of a change to node 0. `maxLearners` is
 * a flag of one member: give it to `check` before proposing, and with the change, so that all decide alike by it.
 *
 * ```ts
 * import { foundCluster, MemberSet, parseInitialCluster } from '@kvs/membership'
 *
 * const { clusterId, members } = foundCluster(parseInitialCluster('n1=http://127.0.0.1:2380'), 'etcd-cluster')
 * const set = new MemberSet({ members })
 * set.apply({ type: 'update', id: members[0].id, peerUrls: ['http://10.0.0.1:2380'] })
 * ```
 */
export {
  type ConfChangeParts,
  decodeMemberChange,
  describeMemberChange,
  encodeMemberChange,
  type MemberChange,
} from './change.ts'
export { describeMember, describeMemberSet } from './describe.ts'
export { MembershipError, type MembershipErrorCode } from './errors.ts'
export { clusterIdOf, formatId, type MemberIdSalt, memberIdOf, parseId } from './id.ts'
export { matchRunningCluster } from './join.ts'
export { foundCluster, isStarted, type Member, type MembershipConfState, newMember } from './member.ts'
export {
  type DowngradeInfo,
  decodeAttributes,
  decodeConfState,
  decodeDowngrade,
  decodeMember,
  decodeMembers,
  encodeAttributes,
  encodeConfState,
  encodeDowngrade,
  encodeMember,
  encodeMembers,
  encodeRaftAttributes,
} from './member-json.ts'
export { type CheckOptions, MemberSet, type MemberSetContent } from './member-set.ts'
export {
  type Connections,
  checkAddition,
  checkLearnerReady,
  checkPromotion,
  checkRemoval,
  healthyAfterMs,
  isLearnerReady,
  learnerReadyFraction,
  quorumOf,
} from './reconfiguration.ts'
export { areSameUrls, formatInitialCluster, parseInitialCluster, parseUrls } from './urls.ts'
export {
  type Capability,
  type ClusterVersionState,
  canJoinCluster,
  checkDowngradeTarget,
  compareVersions,
  decideClusterVersion,
  formatMajorMinor,
  formatVersion,
  hasCapability,
  isDowngradeDone,
  lowestServerVersion,
  majorMinorOf,
  minClusterVersion,
  parseVersion,
  type Version,
} from './version.ts'
