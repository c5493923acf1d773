import { decideClusterVersion, formatVersion, parseVersion, type Version } from '@kvs/membership'
import { encodeClusterVersionSetRequest } from '@kvs/proto/membership'
import { LeaderProposal } from '../consensus/waiting.ts'
import type { Member } from '../edge/member.ts'
import * as limits from '../limits.ts'
import { OperationField } from '../requests/entry.ts'
import { version } from '../version.ts'
import { versionsOfMembers } from './member-versions.ts'

/**
 * The leader compares the versions of all members, and raises that of the cluster to the lowest of them. Where nothing
 * is left to be decided, no timer runs.
 */
export class ClusterVersionMonitor {
  readonly #member: Member
  #timer: unknown
  #isLooking = false
  #closed = false

  constructor(member: Member) {
    this.#member = member
  }

  /** This member leads, and has applied the first entry of its term. */
  termStarted(): void {
    this.#disarm()
    if (this.#member.state.cluster.members.length <= 1) this.#decide([parseVersion(version)])
    else this.#look()
  }

  leaderChanged(): void {
    if (!this.#member.consensus.isLeader) this.#disarm()
  }

  close(): void {
    this.#closed = true
    this.#disarm()
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#member.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    if (this.#isLooking || this.#closed) return
    this.#isLooking = true
    versionsOfMembers(this.#member).then(
      versions => {
        this.#isLooking = false
        if (!this.#closed) this.#decide(versions)
      },
      error => {
        this.#isLooking = false
        throw error
      },
    )
  }

  #decide(serverVersions: readonly (Version | undefined)[]): void {
    const { consensus, state } = this.#member
    if (!consensus.isLeader) return
    const present = state.cluster.version === undefined ? undefined : parseVersion(state.cluster.version)
    const decided = decideClusterVersion({
      clusterVersion: present,
      serverVersions,
      downgrade: state.cluster.downgrade,
    })
    if (decided !== undefined) this.#propose(formatVersion(decided))
    this.#arm()
  }

  /** To be called when a downgrade has begun or ended. */
  downgradeChanged(): void {
    if (this.#timer === undefined && this.#member.consensus.isLeader) this.#arm()
  }

  #arm(): void {
    if (this.#closed) return
    this.#timer = this.#member.clock.setTimer(limits.versionCheckMs, () => {
      this.#timer = undefined
      if (this.#member.consensus.isLeader && this.#isUndecided) this.#look()
    })
  }

  /** The version may still rise, for not all members have been seen to run this one, or is to fall. */
  get #isUndecided(): boolean {
    const { downgrade, version: present } = this.#member.state.cluster
    return (
      downgrade?.isEnabled === true ||
      present === undefined ||
      present.split('.').slice(0, 2).join('.') !== version.split('.').slice(0, 2).join('.')
    )
  }

  #propose(decided: string): void {
    const { clock, logger } = this.#member
    const body = encodeClusterVersionSetRequest({ ver: decided })
    const proposal = new LeaderProposal(clock.now(), {
      applied: () => logger.info('cluster version is updated', { 'cluster-version': decided }),
      refused: refusal => logger.warn('failed to update cluster version', { error: refusal.message }),
    })
    this.#member.propose(OperationField.clusterVersionSet, body, 0, body.length, proposal)
  }
}
