import { LeaderRounds } from '../consensus/leader-rounds.ts'
import type { Member } from '../edge/member.ts'
import * as limits from '../limits.ts'
import type { Effects } from '../state/effects.ts'
import { CompactionCheck } from './compaction-check.ts'
import { EffectsCheck } from './effects-check.ts'
import { checkPeriodically } from './periodic-check.ts'

/**
 * The leader finds out whether the members still hold the same. Of its effects every window is compared, always; the two
 * checks of etcd, which read what is stored, are to be asked for.
 */
export class CorruptionMonitor {
  readonly #checks: readonly LeaderRounds[]

  constructor(member: Member & { readonly effects: Effects }) {
    const { corruptCheckTimeMs, compactHashCheckTimeMs, featureGates } = member.options
    const effects = new EffectsCheck(member)
    const compactions = new CompactionCheck(member)
    const hasOthers = (): boolean => member.state.cluster.members.length > 1
    this.#checks = [
      new LeaderRounds({
        member,
        intervalMs: limits.effectsCheckMs,
        round: signal => effects.check(signal),
        isWanted: hasOthers,
      }),
      new LeaderRounds({
        member,
        intervalMs: corruptCheckTimeMs,
        round: signal => checkPeriodically(member, signal),
        isWanted: () => true,
      }),
      new LeaderRounds({
        member,
        intervalMs: featureGates.CompactHashCheck ? compactHashCheckTimeMs : 0,
        round: signal => compactions.check(signal),
        isWanted: hasOthers,
      }),
    ]
  }

  /** To be called when leadership or the membership have changed. */
  changed(): void {
    for (const check of this.#checks) check.changed()
  }

  close(): void {
    for (const check of this.#checks) check.close()
  }
}
