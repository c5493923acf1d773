import { MembershipError } from './errors.ts'
import { formatId } from './id.ts'
import type { Member } from './member.ts'
import { decodeChangeContext, memberFields } from './member-json.ts'
import { utf8Bytes, utf8Text } from './utf8.ts'

/** A change of the membership, as it is proposed and applied. */
export type MemberChange =
  /** `maxLearners`: how many learners there may be, by the member that asks; undefined: any number. */
  | { readonly type: 'add'; readonly member: Member; readonly maxLearners?: number | undefined }
  | { readonly type: 'promote'; readonly id: bigint }
  | { readonly type: 'update'; readonly id: bigint; readonly peerUrls: readonly string[] }
  | { readonly type: 'remove'; readonly id: bigint }

/** The part of raftpb.ConfChange that says what changes. `type`: 0 add, 1 remove, 2 update, 3 add a learner. */
export interface ConfChangeParts {
  readonly type: 0 | 1 | 2 | 3
  readonly nodeId: bigint
  readonly context: Uint8Array
}

export function encodeMemberChange(change: MemberChange): ConfChangeParts {
  switch (change.type) {
    case 'add': {
      const { member, maxLearners } = change
      const type = member.isLearner ? 3 : 0
      // A field that etcd passes over: there every member goes by its own flag, and members with different ones differ.
      const limit = member.isLearner && maxLearners !== undefined ? `,"maxLearners":${maxLearners}` : ''
      return { type, nodeId: member.id, context: utf8Bytes(`{${memberFields(member)}${limit}}`) }
    }
    case 'promote': {
      const context = utf8Bytes(`{"id":${change.id},"peerURLs":null,"isPromote":true}`)
      return { type: 0, nodeId: change.id, context }
    }
    case 'update': {
      const { id, peerUrls } = change
      const member: Member = { id, peerUrls, name: '', clientUrls: [], isLearner: false }
      return { type: 2, nodeId: id, context: utf8Bytes(`{${memberFields(member)}}`) }
    }
    case 'remove':
      return { type: 1, nodeId: change.id, context: new Uint8Array(0) }
  }
}

/** Throws `BAD_JSON` or `BAD_CHANGE` for what no member proposes. */
export function decodeMemberChange(parts: {
  readonly type: number
  readonly nodeId: bigint
  readonly context: Uint8Array
}): MemberChange {
  const { type, nodeId } = parts
  if (type === 1) return { type: 'remove', id: nodeId }
  const { member, isPromote, maxLearners } = decodeChangeContext(utf8Text(parts.context))
  if (member.id !== nodeId) {
    throw badChange(`the change is for ${formatId(nodeId)}, its context for ${formatId(member.id)}`)
  }
  if (type === 2) return { type: 'update', id: nodeId, peerUrls: member.peerUrls }
  if (type !== 0 && type !== 3) throw badChange(`a change of type ${type}`)
  if (isPromote) return { type: 'promote', id: nodeId }
  if (member.isLearner !== (type === 3)) throw badChange('the type of the change and its context differ over a learner')
  return maxLearners === undefined ? { type: 'add', member } : { type: 'add', member, maxLearners }
}

/** One line for logs. */
export function describeMemberChange(change: MemberChange): string {
  switch (change.type) {
    case 'add': {
      const { id, isLearner, peerUrls } = change.member
      return `add ${isLearner ? 'learner' : 'member'} ${formatId(id)} [${peerUrls.join(' ')}]`
    }
    case 'promote':
      return `promote learner ${formatId(change.id)}`
    case 'update':
      return `update member ${formatId(change.id)} [${change.peerUrls.join(' ')}]`
    case 'remove':
      return `remove member ${formatId(change.id)}`
  }
}

function badChange(what: string): MembershipError {
  return new MembershipError('BAD_CHANGE', `membership: ${what}`)
}
