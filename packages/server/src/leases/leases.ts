import { encodeLeaseCheckpointRequest } from '@kvs/proto/rpc'
import { leaseApplyTimeoutMs, type PeerLeaseTimes, RaftHttpError } from '@kvs/rafthttp'
import { OwnProposal } from '../consensus/waiting.ts'
import type { Member } from '../edge/member.ts'
import { Refusal } from '../errors.ts'
import * as limits from '../limits.ts'
import { requestTimeoutOf } from '../options.ts'
import { OperationField } from '../requests/entry.ts'

/** What there is to be known of a lease; undefined if there is none. */
export type Found<Answer> = Answer | undefined
/** Not to be had here: this member is not, or no longer, the primary. */
export const elsewhere: unique symbol = Symbol('elsewhere')

/**
 * What the primary of the leases says of them. Time passes for leases only there, on the leader: other members ask it over
 * the peer port, again and again while leaders change, as long as a request may take.
 */
export class Leases {
  readonly #member: Member
  readonly #closing = new AbortController()

  constructor(member: Member) {
    this.#member = member
  }

  /** Nobody is asked any more; who waits is refused. */
  close(): void {
    this.#closing.abort()
  }

  /** Renews a lease where that takes no waiting; undefined if it does, 0 if there is none. */
  renewAtOnce(id: bigint): number | undefined {
    const { consensus, failpoints, leadsSurely, options, state } = this.#member
    const { lessor, metrics } = state
    if (!lessor.isPrimary || !leadsSurely || failpoints?.isSet('beforeCheckpointInLeaseRenew')) return undefined
    const isKnown = lessor.has(id)
    // A lease that is known may have been revoked since: what is asked at the same moment has no order.
    const mayAnswer = isKnown && options.featureGates.FastLeaseKeepAlive
    if (!mayAnswer && consensus.applied < consensus.committed) return undefined
    if (!isKnown) return 0
    const renewal = lessor.renew(id)
    if (renewal.outcome !== 'renewed' || renewal.isCheckpointed) return undefined
    metrics.leasesRenewed++
    return renewal.ttlSeconds
  }

  /** The time to live that a lease got by its renewal, 0 if there is none. Throws `Refusal`. */
  async renew(id: bigint, signal: AbortSignal): Promise<number> {
    const { peerClient } = this.#member
    const found = await this.#fromPrimary(
      () => this.renewHere(id),
      (urls, options) => peerClient.renewLease(urls, id, options),
      signal,
    )
    return found ?? 0
  }

  /** Throws `Refusal`. */
  timesOf(
    lease: { readonly id: bigint; readonly wantsKeys: boolean },
    signal: AbortSignal,
  ): Promise<Found<PeerLeaseTimes>> {
    const { peerClient } = this.#member
    return this.#fromPrimary(
      () => this.timesHere(lease),
      (urls, options) => peerClient.leaseTimes(urls, lease, options),
      signal,
    )
  }

  /** Renews a lease of which this member is the primary. Throws `Refusal`. */
  async renewHere(id: bigint): Promise<Found<number> | typeof elsewhere> {
    const { consensus, failpoints, options, state } = this.#member
    const { lessor, metrics } = state
    if (!consensus.isLeader || !(await this.#leads())) return elsewhere
    if (!(options.featureGates.FastLeaseKeepAlive && lessor.has(id))) await this.#caughtUp()
    if (!lessor.isPrimary) return elsewhere
    if (!lessor.has(id)) return undefined
    if (failpoints !== undefined && !lessor.isExpired(id)) {
      await failpoints.wait('beforeCheckpointInLeaseRenew')
      if (!lessor.isPrimary) return elsewhere
      if (!lessor.has(id)) return undefined
    }
    const renewal = lessor.renew(id)
    if (renewal.outcome === 'expiring') return this.#end(id)
    if (renewal.isCheckpointed) await this.#forgetCheckpoint(id)
    metrics.leasesRenewed++
    return renewal.ttlSeconds
  }

  /** Throws `Refusal`. */
  async timesHere({
    id,
    wantsKeys,
  }: {
    readonly id: bigint
    readonly wantsKeys: boolean
  }): Promise<Found<PeerLeaseTimes> | typeof elsewhere> {
    const { lessor } = this.#member.state
    if (!this.#member.consensus.isLeader) return elsewhere
    await this.#caughtUp()
    if (!this.#member.consensus.isLeader) throw Refusal.of('LEADER_CHANGED')
    if (!lessor.isPrimary) return elsewhere
    if (!lessor.has(id)) return undefined
    const { remainingSeconds: ttlSeconds, grantedSeconds: grantedTtlSeconds } = lessor.timeToLive(id)
    return { ttlSeconds, grantedTtlSeconds, keys: wantsKeys ? [...lessor.keys(id)] : [] }
  }

  async #fromPrimary<Answer>(
    here: () => Promise<Found<Answer> | typeof elsewhere>,
    ask: (urls: readonly string[], options: { timeoutMs: number; signal: AbortSignal }) => Promise<Answer>,
    signal: AbortSignal,
  ): Promise<Found<Answer>> {
    const { clock, consensus, options } = this.#member
    const deadlineMs = clock.now() + requestTimeoutOf(options)
    for (let { leader } = consensus; ; { leader } = this.#member.consensus) {
      if (this.#closing.signal.aborted) throw Refusal.of('STOPPED')
      if (signal.aborted) throw Refusal.of('CANCELED')
      const timeoutMs = deadlineMs - clock.now()
      if (timeoutMs <= 0) throw Refusal.of(leader === 0n ? 'NO_LEADER' : 'TIMEOUT')
      const answer =
        leader === this.#member.id
          ? await here()
          : await this.#elsewhere(urls => ask(urls.urls, { timeoutMs, signal: urls.signal }), signal)
      if (answer !== elsewhere) return answer
      await this.#rest(Math.min(limits.leaseRetryMs, Math.max(1, deadlineMs - clock.now())), signal)
    }
  }

  /** Asks the leader, as long as it is that. Whatever goes wrong, the next try may go better. */
  async #elsewhere<Answer>(
    ask: (leader: { readonly urls: readonly string[]; readonly signal: AbortSignal }) => Promise<Answer>,
    signal: AbortSignal,
  ): Promise<Found<Answer> | typeof elsewhere> {
    const { consensus, state } = this.#member
    const urls = state.cluster.memberSet.get(consensus.leader)?.peerUrls
    if (urls === undefined) return elsewhere
    const giveUp = new AbortController()
    const abort = (): void => giveUp.abort()
    const forget = this.#member.onLeaderChange(abort)
    signal.addEventListener('abort', abort)
    this.#closing.signal.addEventListener('abort', abort)
    try {
      return await ask({ urls, signal: giveUp.signal })
    } catch (error) {
      // Given up here: the reason of a signal comes back as it is.
      if (giveUp.signal.aborted) return elsewhere
      if (!(error instanceof RaftHttpError)) throw error
      return error.status === 404 && error.message.includes(leaseNotFound) ? undefined : elsewhere
    } finally {
      forget()
      signal.removeEventListener('abort', abort)
      this.#closing.signal.removeEventListener('abort', abort)
    }
  }

  #rest(durationMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#member
    return new Promise(resolve => {
      const end = (): void => {
        clock.clearTimer(timer)
        signal.removeEventListener('abort', end)
        this.#closing.signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = clock.setTimer(durationMs, end)
      signal.addEventListener('abort', end)
      this.#closing.signal.addEventListener('abort', end)
    })
  }

  /** False if another leads by now. */
  async #leads(): Promise<boolean> {
    if (this.#member.leadsSurely) return true
    const refusal = await new Promise<Refusal | undefined>(resolve =>
      this.#member.readLinearizable({ applied: () => resolve(undefined), refused: resolve }),
    )
    return refusal === undefined && this.#member.consensus.isLeader
  }

  async #caughtUp(): Promise<void> {
    if (await this.#member.caughtUp(leaseApplyTimeoutMs)) return
    throw Refusal.of('TIMEOUT_WAIT_APPLIED_INDEX')
  }

  /** The lease has run out, and its revocation is on its way. */
  #end(id: bigint): Promise<undefined | typeof elsewhere> {
    return new Promise(resolve => {
      this.#member.state.lessor.onGone(id, why => resolve(why === 'revoked' ? undefined : elsewhere))
    })
  }

  /** The others believe that the lease has less time left: the next leader would go by that. */
  #forgetCheckpoint(id: bigint): Promise<void> {
    const body = encodeLeaseCheckpointRequest({ checkpoints: [{ id, remainingTtl: 0 }] })
    return new Promise((applied, refused) => {
      const proposal = new OwnProposal(this.#member.clock.now(), { applied: () => applied(), refused })
      this.#member.propose(OperationField.leaseCheckpoint, body, 0, body.length, proposal)
    })
  }
}

/** What peers are told of a lease that is not there. */
export const leaseNotFound = 'lease not found'
