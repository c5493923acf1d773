import type { MethodHandler, UnaryCall, UnaryMethod } from '@kvs/grpc'
import {
  type Member as ClusterMember,
  type Connections,
  checkAddition,
  checkRemoval,
  healthyAfterMs,
  type MemberChange,
  MembershipError,
  newMember,
  parseUrls,
} from '@kvs/membership'
import {
  Cluster,
  type MemberListResponseInit,
  writeMemberAddResponse,
  writeMemberListResponse,
  writeMemberPromoteResponse,
  writeMemberRemoveResponse,
  writeMemberUpdateResponse,
} from '@kvs/proto/rpc'
import { Refusal } from '../errors.ts'
import { refusalOfMembership } from '../membership/membership-changes.ts'
import { promote } from '../membership/promotion.ts'
import { decodeOrFail, refuse, replyMessage } from './answer.ts'
import type { Member } from './member.ts'

/**
 * The Cluster service: who belongs to the cluster. What depends on flags of this member, or on what it sees of the
 * others, is decided before a change is proposed; what follows from the members alone, when it is applied. A change waits
 * for as long as its caller.
 */
export function clusterMethods(member: Member): Map<string, MethodHandler> {
  const unary = (handle: Handle): UnaryMethod => ({
    kind: 'unary',
    handle: (call, body, start, end) => handle(member, call, body, start, end),
  })
  return new Map<string, MethodHandler>([
    [Cluster.memberAdd.path, unary(memberAdd)],
    [Cluster.memberRemove.path, unary(memberRemove)],
    [Cluster.memberUpdate.path, unary(memberUpdate)],
    [Cluster.memberPromote.path, unary(memberPromote)],
    [Cluster.memberList.path, unary(memberList)],
  ])
}

type Handle = (member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number) => void

/** The new member's id follows from its URLs and the time. It has no name before it starts. */
function memberAdd(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, Cluster.memberAdd, body, start, end)
  if (request === undefined) return
  const { clock, options, state } = member
  const { isLearner } = request
  refusing(call, () => {
    const unixSeconds = Math.floor(clock.wallNow() / 1000)
    const added = newMember({ peerUrls: parseUrls(request.peerUrls), isLearner }, { unixSeconds })
    const { memberSet } = state.cluster
    if (options.strictReconfigCheck) checkAddition(memberSet, added, connectionsOf(member))
    if (isLearner && memberSet.learners().length >= options.maxLearners) {
      return refuse(call, Refusal.of('TOO_MANY_LEARNERS'))
    }
    change(member, call, { type: 'add', member: added, maxLearners: options.maxLearners }, members => {
      replyMessage(call, writeMemberAddResponse, { ...listOf(member, members), member: added })
    })
  })
}

function memberRemove(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, Cluster.memberRemove, body, start, end)
  if (request === undefined) return
  const { id } = request
  refusing(call, () => {
    if (member.options.strictReconfigCheck) checkRemoval(member.state.cluster.memberSet, id, connectionsOf(member))
    change(member, call, { type: 'remove', id }, members => {
      replyMessage(call, writeMemberRemoveResponse, listOf(member, members))
    })
  })
}

/** Peer URLs only. etcd takes any text for one, and all other members end over it. */
function memberUpdate(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, Cluster.memberUpdate, body, start, end)
  if (request === undefined) return
  const { id } = request
  refusing(call, () => {
    change(member, call, { type: 'update', id, peerUrls: parseUrls(request.peerUrls) }, members => {
      replyMessage(call, writeMemberUpdateResponse, listOf(member, members))
    })
  })
}

function memberPromote(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, Cluster.memberPromote, body, start, end)
  if (request === undefined) return
  const gone = new AbortController()
  call.onCancel = () => gone.abort()
  const token = call.metadata.get('token') ?? call.metadata.get('authorization')
  promote(member, { id: request.id, token, signal: gone.signal }).then(
    members => inBackground(member, () => replyMessage(call, writeMemberPromoteResponse, listOf(member, members))),
    error =>
      inBackground(member, () => {
        if (!(error instanceof Refusal)) throw error
        refuse(call, error)
      }),
  )
}

function memberList(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, Cluster.memberList, body, start, end)
  if (request === undefined) return
  const answer = (): void => {
    replyMessage(call, writeMemberListResponse, listOf(member, member.state.cluster.members))
  }
  if (!request.linearizable) return answer()
  member.readLinearizable({ applied: answer, refused: refusal => refuse(call, refusal) })
}

/** Proposes a change for a call. */
function change(
  member: Member,
  call: UnaryCall,
  proposed: MemberChange,
  answer: (members: readonly ClusterMember[]) => void,
): void {
  const waiter = { applied: answer, refused: (refusal: Refusal) => refuse(call, refusal) }
  member.changeMembers(proposed, waiter, () => call.ended)
}

/** Runs the checks of a change; a call whose change must not be is refused. */
function refusing(call: UnaryCall, propose: () => void): void {
  try {
    propose()
  } catch (error) {
    if (!(error instanceof MembershipError)) throw error
    refuse(call, refusalOfMembership(error))
  }
}

function connectionsOf(member: Member): Connections {
  const nowMs = member.clock.now()
  return {
    selfId: member.id,
    isConnected: id => member.connectedSince(id) !== undefined,
    isHealthy: id => nowMs - (member.connectedSince(id) ?? nowMs) >= healthyAfterMs,
  }
}

/** What is answered outside of a turn leaves from there at once. */
function inBackground({ state }: Member, answer: () => void): void {
  state.background.add(() => {
    answer()
    return true
  })
}

/** The answer of every change: all members, and a header without a revision. */
function listOf(member: Member, members: readonly ClusterMember[]): MemberListResponseInit {
  return { header: member.messageHeader(0), members }
}
