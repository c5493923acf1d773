import { type AckedIndex, type MajorityConfig, majorityCommitted, majorityVote, type VoteResult } from './majority.ts'

/** A joint configuration (thesis 4.3): decisions need a majority of both halves. `outgoing` is empty outside of one. */
export interface JointConfig {
  readonly incoming: MajorityConfig
  readonly outgoing: MajorityConfig
}

/** Largest index acknowledged by majorities of both halves; infinity if there is no voter at all. */
export function jointCommitted(config: JointConfig, acked: AckedIndex): number {
  const incoming = majorityCommitted(config.incoming, acked)
  return Math.min(incoming, majorityCommitted(config.outgoing, acked))
}

/** Lost as soon as one half is lost, won once both are. */
export function jointVote(config: JointConfig, votes: ReadonlyMap<bigint, boolean>): VoteResult {
  const incoming = majorityVote(config.incoming, votes)
  const outgoing = majorityVote(config.outgoing, votes)
  if (incoming === outgoing) return incoming
  return incoming === 'lost' || outgoing === 'lost' ? 'lost' : 'pending'
}

/** Members of either half, ascending. */
export function jointIds(config: JointConfig): bigint[] {
  return [...new Set([...config.incoming, ...config.outgoing])].sort((a, b) => (a < b ? -1 : 1))
}
