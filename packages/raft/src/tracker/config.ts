import type { ConfState } from '../types.ts'

/** Who takes part: voters (two sets while joint), learners, and learners-to-be that still vote in the outgoing half. */
export interface TrackerConfig {
  readonly incoming: ReadonlySet<bigint>
  readonly outgoing: ReadonlySet<bigint>
  readonly autoLeave: boolean
  readonly learners: ReadonlySet<bigint>
  readonly learnersNext: ReadonlySet<bigint>
}

export const emptyConfig: TrackerConfig = {
  incoming: new Set(),
  outgoing: new Set(),
  autoLeave: false,
  learners: new Set(),
  learnersNext: new Set(),
}

export function sortedIds(ids: Iterable<bigint>): bigint[] {
  return [...ids].sort((a, b) => (a < b ? -1 : 1))
}

export function confStateOf(config: TrackerConfig): ConfState {
  return {
    voters: sortedIds(config.incoming),
    learners: sortedIds(config.learners),
    votersOutgoing: sortedIds(config.outgoing),
    learnersNext: sortedIds(config.learnersNext),
    autoLeave: config.autoLeave,
  }
}

/** `voters=(1 2)&&(1) learners=(3) learners_next=(4) autoleave`, ids in hex, absent parts left out. */
export function describeConfig(config: TrackerConfig): string {
  const set = (ids: ReadonlySet<bigint>): string =>
    `(${sortedIds(ids)
      .map(id => id.toString(16))
      .join(' ')})`
  let text = `voters=${set(config.incoming)}`
  if (config.outgoing.size > 0) text += `&&${set(config.outgoing)}`
  if (config.learners.size > 0) text += ` learners=${set(config.learners)}`
  if (config.learnersNext.size > 0) text += ` learners_next=${set(config.learnersNext)}`
  if (config.autoLeave) text += ' autoleave'
  return text
}
