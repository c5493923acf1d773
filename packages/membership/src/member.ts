import { MembershipError } from './errors.ts'
import { clusterIdOf, type MemberIdSalt, memberIdOf } from './id.ts'

/** A configured server of the cluster. */
export interface Member {
  readonly id: bigint
  /** Empty until the member has started and published it. */
  readonly name: string
  readonly peerUrls: readonly string[]
  /** Empty until the member has started and published them. */
  readonly clientUrls: readonly string[]
  readonly isLearner: boolean
}

/** What the raft library calls a ConfState. */
export interface MembershipConfState {
  readonly voters: readonly bigint[]
  readonly learners: readonly bigint[]
  readonly votersOutgoing: readonly bigint[]
  readonly learnersNext: readonly bigint[]
  readonly autoLeave: boolean
}

/** A member that has published its name has started. */
export function isStarted(member: Member): boolean {
  return member.name !== ''
}

/** A member with the id that follows from its URLs. URLs as `parseUrls` gives them. */
export function newMember(
  member: { readonly peerUrls: readonly string[]; readonly name?: string; readonly isLearner?: boolean },
  salt: MemberIdSalt,
): Member {
  const peerUrls = member.peerUrls.toSorted()
  const id = memberIdOf({ peerUrls, ...salt })
  return { id, name: member.name ?? '', peerUrls, clientUrls: [], isLearner: member.isLearner ?? false }
}

/** The founding members of `--initial-cluster`, ascending by id, and the id of their cluster. */
export function foundCluster(
  cluster: ReadonlyMap<string, readonly string[]>,
  token: string,
): { readonly clusterId: bigint; readonly members: readonly Member[] } {
  const members = new Map<bigint, Member>()
  for (const [name, peerUrls] of cluster) {
    const member = newMember({ name, peerUrls }, { token })
    if (members.has(member.id)) {
      throw new MembershipError('ID_EXISTS', `member exists with identical ID ${member.id.toString(16)}`)
    }
    members.set(member.id, member)
  }
  const sorted = [...members.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  return { clusterId: clusterIdOf(members.keys()), members: sorted }
}
