import { formatVersion, isDowngradeDone, parseVersion } from '@kvs/membership'
import { encodeDowngradeInfoSetRequest } from '@kvs/proto/membership'
import { LeaderRounds } from '../consensus/leader-rounds.ts'
import { LeaderProposal } from '../consensus/waiting.ts'
import type { Member } from '../edge/member.ts'
import { OperationField } from '../requests/entry.ts'
import { versionsOfMembers } from './member-versions.ts'

/** While a downgrade is under way the leader looks now and then whether all members run its version; then it is over. */
export class DowngradeMonitor {
  readonly #member: Member
  readonly #rounds: LeaderRounds

  constructor(member: Member) {
    this.#member = member
    this.#rounds = new LeaderRounds({
      member,
      intervalMs: member.options.downgradeCheckTimeMs,
      isWanted: () => member.state.cluster.downgrade?.isEnabled === true,
      round: () => this.#look(),
    })
  }

  /** To be called when leadership, the membership or the downgrade have changed. */
  changed(): void {
    this.#rounds.changed()
  }

  close(): void {
    this.#rounds.close()
  }

  async #look(): Promise<void> {
    const { clock, consensus, logger, state } = this.#member
    const serverVersions = await versionsOfMembers(this.#member)
    const { downgrade, version } = state.cluster
    const clusterVersion = version === undefined ? undefined : parseVersion(version)
    if (!consensus.isLeader || !isDowngradeDone({ clusterVersion, serverVersions, downgrade })) return
    logger.info('the cluster has been downgraded', {
      'cluster-version': clusterVersion === undefined ? '' : formatVersion(clusterVersion),
    })
    const body = encodeDowngradeInfoSetRequest({ enabled: false })
    const proposal = new LeaderProposal(clock.now(), {
      applied: () => {},
      refused: refusal => logger.warn('failed to cancel downgrade', { error: refusal.message }),
    })
    this.#member.propose(OperationField.downgradeInfoSet, body, 0, body.length, proposal)
  }
}
