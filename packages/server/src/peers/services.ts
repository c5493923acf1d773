import type { AuthInfo } from '@kvs/auth'
import { encodeMembers } from '@kvs/membership'
import { MvccError } from '@kvs/mvcc'
import {
  leaseApplyTimeoutMs,
  type PeerHashKv,
  type PeerLeaseTimes,
  type PeerRoute,
  type PeerServices,
  RaftHttpError,
} from '@kvs/rafthttp'
import type { AuthState } from '../auth/auth-state.ts'
import { refusalOfAuth, refusalOfVerdict } from '../auth/refusals.ts'
import { effectsJson, effectsPath } from '../corruption/effects-check.ts'
import { hashInSlices } from '../corruption/hash.ts'
import type { Member } from '../edge/member.ts'
import { Refusal } from '../errors.ts'
import { elsewhere, leaseNotFound } from '../leases/leases.ts'
import { type Promotion, promoteHere, replyOfRefusal } from '../membership/promotion.ts'
import type { Effects } from '../state/effects.ts'
import { versionJson } from '../version.ts'

/** What this member answers other members who ask it: who belongs to the cluster, hashes, leases it keeps. */
export function peerServices(member: Member): PeerServices {
  return {
    clusterId: member.clusterId,
    versionJson: () => versionJson(member.state.cluster.version),
    membersJson: () => encodeMembers(member.state.cluster.members),
    promote: (id, token, signal) => promoteFor(member, { id, token, signal }),
    hashKv: (revision, signal) => hashKv(member, revision, signal),
    applied: () => applied(member),
    renewLease: id => renewLease(member, id),
    leaseTimes: (id, wantsKeys) => leaseTimes(member, id, wantsKeys),
    downgradeEnabled: async () => {
      await linearized(member)
      return member.state.cluster.downgrade?.isEnabled === true
    },
  }
}

function refused(text: string, status: number): RaftHttpError {
  return new RaftHttpError('REFUSED', text, { status })
}

/** Makes a voter of a learner for a user that another member has heard, if that may be. */
async function promoteFor(member: Member, promotion: Promotion): Promise<string> {
  const { auth } = member.state
  try {
    if (auth.isEnabled) await permitted(auth, promotion.token)
    return encodeMembers(await promoteHere(member, promotion))
  } catch (error) {
    throw error instanceof Refusal ? replyOfRefusal(error) : error
  }
}

async function permitted(auth: AuthState, token: string | undefined): Promise<void> {
  let caller: AuthInfo | undefined
  try {
    caller = await auth.identifyToken(token)
  } catch (error) {
    throw refusalOfAuth(error)
  }
  const verdict = auth.access.checkAdmin(caller)
  if (verdict !== undefined) throw refusalOfVerdict(verdict)
}

function linearized(member: Member): Promise<void> {
  return new Promise((resolve, reject) => member.readLinearizable({ applied: resolve, refused: reject }))
}

/** The hash of everything at a revision, in slices. */
async function hashKv(member: Member, revision: number, signal: AbortSignal): Promise<PeerHashKv> {
  const { state, clusterId, id, term } = member
  try {
    const { hash, compactRevision, revision: hashRevision } = await hashInSlices(state, revision, signal)
    const header = { clusterId, memberId: id, revision: state.store.revision, raftTerm: term }
    return { ...header, hash, compactRevision, hashRevision }
  } catch (error) {
    if (!(error instanceof MvccError)) throw error
    const code = error.code === 'COMPACTED' ? 'COMPACTED' : 'FUTURE_REV'
    throw refused(Refusal.of(code).message.replace('etcdserver: ', ''), 400)
  }
}

/** What members ask of each other beyond etcd's own questions. */
export function ownPeerRoutes({ effects }: { readonly effects: Effects }): readonly PeerRoute[] {
  const handle: PeerRoute['handle'] = async request => {
    if (request.method !== 'GET') return { status: 405, headers: [['Allow', 'GET']], body: new Uint8Array(0) }
    const body = new TextEncoder().encode(effectsJson(effects))
    return { status: 200, headers: [['Content-Type', 'application/json']], body }
  }
  return [{ path: effectsPath, handle }]
}

/** Resolves when everything is applied that is committed now. */
async function applied(member: Member): Promise<void> {
  if (await member.caughtUp(leaseApplyTimeoutMs)) return
  throw refused('waiting for node to catch up its applied index has timed out', 408)
}

async function renewLease(member: Member, id: bigint): Promise<number> {
  return answerOf(await asPeer(member.leases.renewHere(id)))
}

async function leaseTimes(member: Member, id: bigint, wantsKeys: boolean): Promise<PeerLeaseTimes> {
  return answerOf(await asPeer(member.leases.timesHere({ id, wantsKeys })))
}

/** What a client would be told goes to a peer as 500, and he asks again. */
function asPeer<Answer>(answer: Promise<Answer>): Promise<Answer> {
  return answer.catch((error: unknown) => {
    throw error instanceof Refusal ? refused(error.message, 500) : error
  })
}

function answerOf<Answer>(answer: Answer | undefined | typeof elsewhere): Answer {
  if (answer === elsewhere) throw refused(Refusal.of('NOT_PRIMARY_LESSOR').message, 500)
  if (answer === undefined) throw refused(leaseNotFound, 404)
  return answer
}
