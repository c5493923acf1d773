import {
  Cluster,
  type MemberAddResponse,
  type MemberListResponse,
  type MemberPromoteResponse,
  type MemberRemoveResponse,
  type MemberUpdateResponse,
} from '@kvs/proto/rpc'
import type { Caller, RequestOptions } from './calls.ts'

/** The members of the cluster. */
export class ClusterClient {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  /** `linearizable: false` asks a member for what it knows, which may be old. */
  members(options: { readonly linearizable?: boolean } & RequestOptions = {}): Promise<MemberListResponse> {
    return this.#caller.unary(Cluster.memberList, { linearizable: options.linearizable ?? true }, options)
  }

  add(
    peerUrls: readonly string[],
    options: { readonly learner?: boolean } & RequestOptions = {},
  ): Promise<MemberAddResponse> {
    return this.#caller.unary(Cluster.memberAdd, { peerUrls, isLearner: options.learner }, options)
  }

  remove(id: bigint, options?: RequestOptions): Promise<MemberRemoveResponse> {
    return this.#caller.unary(Cluster.memberRemove, { id }, options)
  }

  update(id: bigint, peerUrls: readonly string[], options?: RequestOptions): Promise<MemberUpdateResponse> {
    return this.#caller.unary(Cluster.memberUpdate, { id, peerUrls }, options)
  }

  /** Makes a learner a voting member. */
  promote(id: bigint, options?: RequestOptions): Promise<MemberPromoteResponse> {
    return this.#caller.unary(Cluster.memberPromote, { id }, options)
  }
}
