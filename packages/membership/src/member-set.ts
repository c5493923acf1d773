import type { MemberChange } from './change.ts'
import { MembershipError } from './errors.ts'
import { compareIds, formatId } from './id.ts'
import type { Member, MembershipConfState } from './member.ts'

export interface MemberSetContent {
  readonly members: Iterable<Member>
  /** Ids that were members once. */
  readonly removedIds?: Iterable<bigint>
}

export interface CheckOptions {
  /** How many learners there may be where the change does not say it; undefined: any number. */
  readonly maxLearners?: number | undefined
}

/**
 * The members of a cluster and the ids that were removed from it. Changes are applied in log order on all members, so
 * what `check` refuses is refused everywhere.
 */
export class MemberSet {
  readonly #members = new Map<bigint, Member>()
  readonly #removed = new Set<bigint>()

  constructor(content: MemberSetContent) {
    for (const member of content.members) this.#members.set(member.id, member)
    for (const id of content.removedIds ?? []) this.#removed.add(id)
  }

  get size(): number {
    return this.#members.size
  }

  get(id: bigint): Member | undefined {
    return this.#members.get(id)
  }

  /** Ascending by id. */
  members(): Member[] {
    return [...this.#members.values()].sort((a, b) => compareIds(a.id, b.id))
  }

  voters(): Member[] {
    return this.members().filter(member => !member.isLearner)
  }

  learners(): Member[] {
    return this.members().filter(member => member.isLearner)
  }

  /** Removed ids stay banned for ever. */
  isRemoved(id: bigint): boolean {
    return this.#removed.has(id)
  }

  /** Ascending. */
  removedIds(): bigint[] {
    return [...this.#removed].sort(compareIds)
  }

  /** Throws `ID_REMOVED`, `ID_EXISTS`, `ID_NOT_FOUND`, `PEER_URL_EXISTS`, `NOT_LEARNER` or `TOO_MANY_LEARNERS`. */
  check(change: MemberChange, options: CheckOptions = {}): void {
    const id = change.type === 'add' ? change.member.id : change.id
    if (this.#removed.has(id)) throw refuse('ID_REMOVED', 'membership: ID removed', id)
    const member = this.#members.get(id)
    if (change.type === 'add') {
      if (member !== undefined) throw refuse('ID_EXISTS', 'membership: ID exists', id)
      this.#checkPeerUrls(change.member.peerUrls, id)
      if (change.member.isLearner) this.#checkLearners(change.maxLearners ?? options.maxLearners, id)
      return
    }
    if (member === undefined) throw refuse('ID_NOT_FOUND', 'membership: ID not found', id)
    if (change.type === 'update') this.#checkPeerUrls(change.peerUrls, id)
    if (change.type === 'promote' && !member.isLearner) {
      throw refuse('NOT_LEARNER', 'membership: can only promote a learner member', id)
    }
  }

  /** Checks and applies. Returns the member as it is now; the removed one for `remove`. */
  apply(change: MemberChange, options: CheckOptions = {}): Member {
    this.check(change, options)
    if (change.type === 'add') return this.#set(change.member)
    const member = this.#members.get(change.id)!
    switch (change.type) {
      case 'promote':
        return this.#set({ ...member, isLearner: false })
      case 'update':
        return this.#set({ ...member, peerUrls: change.peerUrls })
      case 'remove':
        this.#members.delete(change.id)
        this.#removed.add(change.id)
        return member
    }
  }

  /** Takes over what a member published about itself; `undefined` (and nothing happens) if it is no member. */
  publish(id: bigint, attributes: Pick<Member, 'name' | 'clientUrls'>): Member | undefined {
    const member = this.#members.get(id)
    if (member === undefined) return undefined
    return this.#set({ ...member, name: attributes.name, clientUrls: attributes.clientUrls })
  }

  /** The configuration of raft with these members. */
  confState(): MembershipConfState {
    const ids = (members: readonly Member[]): bigint[] => members.map(member => member.id)
    const joint = { votersOutgoing: [], learnersNext: [], autoLeave: false }
    return { voters: ids(this.voters()), learners: ids(this.learners()), ...joint }
  }

  clone(): MemberSet {
    return new MemberSet({ members: this.#members.values(), removedIds: this.#removed })
  }

  #set(member: Member): Member {
    this.#members.set(member.id, member)
    return member
  }

  #checkPeerUrls(peerUrls: readonly string[], id: bigint): void {
    for (const other of this.#members.values()) {
      if (other.id === id) continue
      const taken = peerUrls.find(url => other.peerUrls.includes(url))
      if (taken !== undefined) throw refuse('PEER_URL_EXISTS', `membership: peerURL exists (${taken})`, id)
    }
  }

  #checkLearners(maxLearners: number | undefined, id: bigint): void {
    if (maxLearners === undefined || this.learners().length < maxLearners) return
    throw refuse('TOO_MANY_LEARNERS', 'membership: too many learner members in cluster', id)
  }
}

function refuse(code: MembershipError['code'], message: string, id: bigint): MembershipError {
  return new MembershipError(code, `${message}: ${formatId(id)}`)
}
