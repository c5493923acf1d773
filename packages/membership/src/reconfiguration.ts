import { MembershipError } from './errors.ts'
import { formatId } from './id.ts'
import { isStarted } from './member.ts'
import type { MemberSet } from './member-set.ts'

/**
 * Strict reconfiguration: what the member that gets the call refuses before it proposes, because the cluster might lose
 * its quorum by it. Duplicates, unknown ids and the number of learners are checked at apply, see `MemberSet.check`.
 */
export interface Connections {
  /** This member; it counts as connected. */
  readonly selfId: bigint
  /** Connected without a break for `healthyAfterMs` or longer. */
  isHealthy(id: bigint): boolean
  /** Connected at all. */
  isConnected(id: bigint): boolean
}

/** After so long a connection without a break counts. */
export const healthyAfterMs = 5000

/** A learner may be promoted from this part of the leader's log on. */
export const learnerReadyFraction = 0.9

/** Votes that make a majority of `voterCount`. */
export function quorumOf(voterCount: number): number {
  return Math.floor(voterCount / 2) + 1
}

/** Throws `NOT_ENOUGH_STARTED` or `UNHEALTHY`. */
export function checkAddition(
  members: MemberSet,
  addition: { readonly isLearner: boolean },
  connections: Connections,
): void {
  const voters = members.voters()
  const startedCount = voters.filter(isStarted).length
  const quorum = quorumOf(voters.length + 1)
  const isSingle = voters.length === 1 && startedCount === 1
  if (!addition.isLearner && startedCount < quorum && !isSingle) {
    throw notEnoughStarted(`adding a member needs ${quorum} started ones, there are ${startedCount}`)
  }
  const activeCount = countActive(members, connections)
  if (voters.length !== 1 && activeCount < quorum) {
    throw unhealthy(`adding a member needs ${quorum} connected ones, there are ${activeCount}`)
  }
}

/** Throws `NOT_ENOUGH_STARTED` or `UNHEALTHY`. Unknown ids are treated like voters; applying refuses them. */
export function checkRemoval(members: MemberSet, id: bigint, connections: Connections): void {
  if (members.get(id)?.isLearner === true) return
  const voters = members.voters()
  const rest = voters.filter(member => member.id !== id)
  const startedCount = rest.filter(isStarted).length
  const quorum = quorumOf(rest.length)
  if (startedCount < quorum) {
    throw notEnoughStarted(`without ${formatId(id)} ${quorum} members must be started, there are ${startedCount}`)
  }
  if (id !== connections.selfId && !connections.isConnected(id)) return
  const activeCount = countActive(members, connections)
  const needed = quorumOf(voters.length - 1)
  if (activeCount - 1 < needed) {
    throw unhealthy(`without ${formatId(id)} ${needed} members must be connected, there are ${activeCount - 1}`)
  }
}

/** Throws `ID_NOT_FOUND`, `NOT_LEARNER` or `NOT_ENOUGH_STARTED`. Whether it has caught up: `isLearnerReady`. */
export function checkPromotion(members: MemberSet, id: bigint): void {
  members.check({ type: 'promote', id })
  const voters = members.voters()
  const startedCount = voters.filter(isStarted).length + 1
  const quorum = quorumOf(voters.length + 1)
  if (startedCount < quorum) {
    throw notEnoughStarted(`promoting a learner needs ${quorum} started members, there would be ${startedCount}`)
  }
}

/** Whether a learner has 90 % of what the leader has. */
export function isLearnerReady(match: { readonly learnerIndex: number; readonly leaderIndex: number }): boolean {
  return match.learnerIndex >= match.leaderIndex * learnerReadyFraction
}

/** Throws `LEARNER_NOT_READY`. */
export function checkLearnerReady(
  id: bigint,
  match: { readonly learnerIndex: number; readonly leaderIndex: number },
): void {
  if (isLearnerReady(match)) return
  const text = `learner ${formatId(id)} is at ${match.learnerIndex}, the leader at ${match.leaderIndex}`
  throw new MembershipError('LEARNER_NOT_READY', `membership: ${text}`)
}

function countActive(members: MemberSet, connections: Connections): number {
  return members.voters().filter(({ id }) => id === connections.selfId || connections.isHealthy(id)).length
}

function notEnoughStarted(why: string): MembershipError {
  return new MembershipError('NOT_ENOUGH_STARTED', `membership: not enough started members: ${why}`)
}

function unhealthy(why: string): MembershipError {
  return new MembershipError('UNHEALTHY', `membership: unhealthy cluster: ${why}`)
}
