import { decideClusterVersion, formatId, formatVersion, parseVersion, type Version } from '@kvs/membership'
import { encodeClusterVersionSetRequest } from '@kvs/proto/membership'
import { RaftHttpError } from '@kvs/rafthttp'
import type { Member } from './edge/member.ts'
import { OperationField } from './entry.ts'
import * as limits from './limits.ts'
import { version } from './version.ts'
import { OwnProposal } from './waiting.ts'

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
    if (this.#member.state.cluster.members.length <= 1) this.#decide(new Map())
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
    this.#ask().then(
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

  /** What the others run; a member that does not answer is not in the map. */
  async #ask(): Promise<ReadonlyMap<bigint, Version>> {
    const { id, logger, peerClient, state } = this.#member
    const versions = new Map<bigint, Version>()
    const others = state.cluster.members.filter(member => member.id !== id)
    await Promise.all(
      others.map(async ({ id: other, peerUrls }) => {
        try {
          const text = await peerClient.version(peerUrls, { timeoutMs: limits.versionTimeoutMs })
          const found = serverVersionIn(text)
          if (found !== undefined) versions.set(other, found)
        } catch (error) {
          if (!(error instanceof RaftHttpError)) throw error
          logger.warn('failed to get version', { 'remote-member-id': formatId(other), error: error.message })
        }
      }),
    )
    return versions
  }

  #decide(versions: ReadonlyMap<bigint, Version>): void {
    const { consensus, id, state } = this.#member
    if (!consensus.isLeader) return
    const serverVersions = state.cluster.members.map(member =>
      member.id === id ? parseVersion(version) : versions.get(member.id),
    )
    const present = state.cluster.version === undefined ? undefined : parseVersion(state.cluster.version)
    const decided = decideClusterVersion({ clusterVersion: present, serverVersions, downgrade: undefined })
    if (decided !== undefined) this.#propose(formatVersion(decided))
    this.#timer = this.#member.clock.setTimer(limits.versionCheckMs, () => {
      this.#timer = undefined
      if (this.#member.consensus.isLeader && this.#isUndecided) this.#look()
    })
  }

  /** The version may still rise: not all members have been seen to run this one. */
  get #isUndecided(): boolean {
    const { version: present } = this.#member.state.cluster
    return (
      present === undefined || present.split('.').slice(0, 2).join('.') !== version.split('.').slice(0, 2).join('.')
    )
  }

  #propose(decided: string): void {
    const { clock, logger } = this.#member
    const body = encodeClusterVersionSetRequest({ ver: decided })
    const proposal = new OwnProposal(clock.now(), {
      applied: () => logger.info('cluster version is updated', { 'cluster-version': decided }),
      refused: refusal => logger.warn('failed to update cluster version', { error: refusal.message }),
    })
    this.#member.propose(OperationField.clusterVersionSet, body, 0, body.length, proposal)
  }
}

function serverVersionIn(text: string): Version | undefined {
  try {
    const { etcdserver } = JSON.parse(text) as { readonly etcdserver?: unknown }
    return typeof etcdserver === 'string' ? parseVersion(etcdserver) : undefined
  } catch {
    return undefined
  }
}
