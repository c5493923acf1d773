import { formatId } from './id.ts'
import { isStarted, type Member } from './member.ts'
import type { MemberSet } from './member-set.ts'

/** `8e9e05c52164694d n1 [http://a:2380] clients [http://a:2379]`; says so when a member is a learner or not started. */
export function describeMember(member: Member): string {
  const { id, name, peerUrls, clientUrls, isLearner } = member
  const parts = [formatId(id), isStarted(member) ? name : '(not started)', `[${peerUrls.join(' ')}]`]
  if (clientUrls.length > 0) parts.push(`clients [${clientUrls.join(' ')}]`)
  if (isLearner) parts.push('learner')
  return parts.join(' ')
}

/** One line per member, then the removed ids if there are any. */
export function describeMemberSet(set: MemberSet): string {
  const removed = set.removedIds()
  const lines = set.members().map(describeMember)
  if (removed.length > 0) lines.push(`removed ${removed.map(formatId).join(' ')}`)
  return lines.join('\n')
}
