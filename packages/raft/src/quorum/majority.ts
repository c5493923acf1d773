/**
 * Majorities (paper 5.2, 5.3): what a set of voters agrees on. An empty set agrees with everything, which makes the
 * absent half of a joint configuration neutral.
 */

/** Index that every voter has acknowledged; `undefined` while a voter has not been heard of. */
export type AckedIndex = (id: bigint) => number | undefined

/** Result of an election so far. */
export type VoteResult = 'won' | 'lost' | 'pending'

export type MajorityConfig = ReadonlySet<bigint>

const scratch: number[] = []

/** Largest index acknowledged by a majority; infinity for no voters. */
export function majorityCommitted(voters: MajorityConfig, acked: AckedIndex): number {
  if (voters.size === 0) return Number.POSITIVE_INFINITY
  scratch.length = 0
  for (const id of voters) insertSorted(acked(id) ?? 0)
  return scratch[scratch.length - (Math.floor(scratch.length / 2) + 1)] as number
}

function insertSorted(index: number): void {
  let at = scratch.length
  scratch.push(index)
  for (; at > 0 && (scratch[at - 1] as number) > index; at--) scratch[at] = scratch[at - 1] as number
  scratch[at] = index
}

/** Counts the votes of a majority; no voters means a won election. */
export function majorityVote(voters: MajorityConfig, votes: ReadonlyMap<bigint, boolean>): VoteResult {
  if (voters.size === 0) return 'won'
  let granted = 0
  let missing = 0
  for (const id of voters) {
    const vote = votes.get(id)
    if (vote === undefined) missing++
    else if (vote) granted++
  }
  const quorum = Math.floor(voters.size / 2) + 1
  if (granted >= quorum) return 'won'
  return granted + missing >= quorum ? 'pending' : 'lost'
}
