/**
 * Codes of `MembershipError`, with what etcd calls them.
 *
 * At apply: `ID_REMOVED` the id was a member once and is banned · `ID_EXISTS` · `ID_NOT_FOUND` · `PEER_URL_EXISTS` ·
 * `NOT_LEARNER` only a learner can be promoted · `TOO_MANY_LEARNERS`.
 * Before a proposal: `NOT_ENOUGH_STARTED` · `UNHEALTHY` · `LEARNER_NOT_READY`.
 * Input: `BAD_URLS` · `BAD_JSON` · `BAD_CHANGE` a configuration change that no member proposes · `BAD_VERSION` ·
 * `BAD_DOWNGRADE_TARGET` · `CLUSTER_MISMATCH` the cluster to join is not the one that was configured.
 */
export type MembershipErrorCode =
  | 'ID_REMOVED'
  | 'ID_EXISTS'
  | 'ID_NOT_FOUND'
  | 'PEER_URL_EXISTS'
  | 'NOT_LEARNER'
  | 'TOO_MANY_LEARNERS'
  | 'NOT_ENOUGH_STARTED'
  | 'UNHEALTHY'
  | 'LEARNER_NOT_READY'
  | 'BAD_URLS'
  | 'BAD_JSON'
  | 'BAD_CHANGE'
  | 'BAD_VERSION'
  | 'BAD_DOWNGRADE_TARGET'
  | 'CLUSTER_MISMATCH'

export class MembershipError extends Error {
  override readonly name: string = 'MembershipError'
  readonly code: MembershipErrorCode

  constructor(code: MembershipErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
