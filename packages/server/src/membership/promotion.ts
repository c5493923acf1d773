import {
  type Member as ClusterMember,
  checkLearnerReady,
  checkPromotion,
  decodeMembers,
  formatId,
  MembershipError,
} from '@kvs/membership'
import { RaftHttpError } from '@kvs/rafthttp'
import type { Member } from '../edge/member.ts'
import { Refusal, type RefusalCode } from '../errors.ts'
import * as limits from '../limits.ts'
import { requestTimeoutOf } from '../options.ts'
import { refusalOfMembership } from './membership-changes.ts'

/** A learner that is to get a vote, and on whose behalf. */
export interface Promotion {
  readonly id: bigint
  /** The token of the caller, for the leader to ask who he is. */
  readonly token: string | undefined
  /** Nobody waits for it any more. */
  readonly signal: AbortSignal
}

type Members = readonly ClusterMember[]

/**
 * Makes a voter of a learner. Only the leader knows how far it has followed: another member asks the leader, whoever that
 * is, for as long as a request may take. Resolves with the members after it; rejects with a `Refusal`.
 */
export async function promote(member: Member, promotion: Promotion): Promise<Members> {
  const { clock, options } = member
  const endMs = clock.now() + requestTimeoutOf(options)
  for (;;) {
    const promoted = await promoteOnce(member, promotion, endMs)
    if (promoted !== undefined) return promoted
    if (promotion.signal.aborted) throw Refusal.of('CANCELED')
    if (clock.now() >= endMs) throw Refusal.of('TIMEOUT')
    await new Promise<void>(resolve => clock.setTimer(options.heartbeatIntervalMs, resolve))
  }
}

/** Undefined: there is no leader, or it cannot be reached, or it has just ceased to be one. */
async function promoteOnce(member: Member, promotion: Promotion, endMs: number): Promise<Members | undefined> {
  const { consensus } = member
  if (consensus.isLeader) {
    try {
      return await promoteHere(member, promotion)
    } catch (error) {
      if (error === Refusal.of('NOT_LEADER')) return undefined
      throw error
    }
  }
  const leader = member.state.cluster.memberSet.get(consensus.leader)
  return leader === undefined ? undefined : promoteThere(member, leader, promotion, endMs)
}

async function promoteThere(
  member: Member,
  leader: ClusterMember,
  { id, token, signal }: Promotion,
  endMs: number,
): Promise<Members | undefined> {
  const { clock, logger, peerClient } = member
  try {
    const timeoutMs = Math.max(1, endMs - clock.now())
    return decodeMembers(await peerClient.promote(leader.peerUrls, { id, token }, { timeoutMs, signal }))
  } catch (error) {
    // Given up here: the reason of a signal comes back as it is.
    if (signal.aborted) throw Refusal.of('CANCELED')
    if (!(error instanceof RaftHttpError) && !(error instanceof MembershipError)) throw error
    const refusal = error instanceof RaftHttpError ? refusalOfReply(error) : undefined
    if (refusal !== undefined) throw refusal
    const fields = { 'leader-id': formatId(leader.id), 'member-id': formatId(id), error: error.message }
    logger.warn('failed to have a learner promoted by the leader', fields)
    return undefined
  }
}

/** Makes a voter of a learner that has followed closely. Rejects with a `Refusal`, `NOT_LEADER` where this is not it. */
export async function promoteHere(member: Member, { id, signal }: Omit<Promotion, 'token'>): Promise<Members> {
  const { metrics } = member.state
  try {
    // What is committed now must be applied, or one that was just added is not known yet.
    if (!(await member.caughtUp(limits.promotionAppliedTimeoutMs))) throw Refusal.of('TIMEOUT_WAIT_APPLIED_INDEX')
    checkReady(member, id)
    const members = await new Promise<Members>((applied, refused) => {
      member.changeMembers({ type: 'promote', id }, { applied, refused }, () => signal.aborted)
      signal.addEventListener('abort', () => refused(Refusal.of('CANCELED')))
    })
    metrics.learnersPromoted++
    return members
  } catch (error) {
    const refusal = error instanceof MembershipError ? refusalOfMembership(error) : error
    if (refusal instanceof Refusal && refusal.code !== 'NOT_LEADER') metrics.promotionFailed(reasonOf(refusal))
    throw refusal
  }
}

/** Throws `NOT_LEADER` or a `MembershipError`. */
function checkReady(member: Member, id: bigint): void {
  const { memberSet } = member.state.cluster
  const progress = member.progress()
  const own = progress.get(member.id)
  if (own === undefined) throw Refusal.of('NOT_LEADER')
  const learner = progress.get(id)
  if (learner === undefined) throw Refusal.of('MEMBER_NOT_FOUND')
  checkLearnerReady(id, { learnerIndex: learner.match, leaderIndex: own.match })
  if (member.options.strictReconfigCheck) checkPromotion(memberSet, id)
}

/** What each of these refusals is called among members: bodies of answers, labels of metrics. */
const inner: Partial<Record<RefusalCode, string>> = {
  MEMBER_NOT_FOUND: 'membership: ID not found',
  MEMBER_NOT_LEARNER: 'membership: can only promote a learner member',
}

function reasonOf({ code, message }: Refusal): string {
  return inner[code] ?? message
}

/** A refusal as a member tells it to the one that asked. */
export function replyOfRefusal(refusal: Refusal): RaftHttpError {
  return new RaftHttpError('REFUSED', reasonOf(refusal), { status: statuses[refusal.code] ?? 500 })
}

const statuses: Partial<Record<RefusalCode, number>> = {
  MEMBER_NOT_FOUND: 404,
  MEMBER_NOT_LEARNER: 412,
  LEARNER_NOT_READY: 412,
}

/** What the leader's answer means to the caller; undefined: ask again. Other texts than these are no reason to stop. */
function refusalOfReply({ status, message }: RaftHttpError): Refusal | undefined {
  if (status === 404) return Refusal.of('MEMBER_NOT_FOUND')
  const code = final.find(known => message.includes(reasonOf(Refusal.of(known))))
  return code === undefined ? undefined : Refusal.of(code)
}

const final: readonly RefusalCode[] = [
  'LEARNER_NOT_READY',
  'MEMBER_NOT_LEARNER',
  'MEMBER_NOT_ENOUGH_STARTED',
  'PERMISSION_DENIED',
  'USER_EMPTY',
  'INVALID_AUTH_TOKEN',
  'AUTH_OLD_REVISION',
]
