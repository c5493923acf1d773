import type { Backend } from '@kvs/backend'
import {
  compareVersions,
  type DowngradeInfo,
  decodeDowngrade,
  decodeMember,
  encodeDowngrade,
  encodeMember,
  formatId,
  type Member,
  MemberSet,
  parseId,
  parseVersion,
} from '@kvs/membership'
import { buckets } from '../state/buckets.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const clusterVersionKey = encoder.encode('clusterVersion')
const downgradeKey = encoder.encode('downgrade')

/** Who is told of decisions about versions when they are applied. */
export interface VersionListeners {
  /** There is a version of the cluster, where there was none. */
  decided?(): void
  /** The version of the cluster went down. */
  lowered?(): void
  /** A downgrade began or ended. */
  downgradeChanged?(): void
}

/** What the log says about the cluster: its members, its version. Kept in the state file, with a copy in memory. */
export class ClusterState {
  readonly #backend: Backend
  #members: MemberSet
  #version: string | undefined
  #downgrade: DowngradeInfo | undefined
  readonly #listeners: VersionListeners[] = []

  constructor(backend: Backend) {
    this.#backend = backend
    this.#members = storedMembers(backend)
    this.#version = storedVersion(backend)
    this.#downgrade = storedDowngrade(backend)
  }

  /** Reads everything again, when the state file was replaced by that of a snapshot. */
  restore(): void {
    this.#members = storedMembers(this.#backend)
    const isDecided = this.#version !== undefined
    this.#version = storedVersion(this.#backend)
    if (!isDecided && this.#version !== undefined) for (const listener of this.#listeners) listener.decided?.()
    this.#downgrade = storedDowngrade(this.#backend)
    for (const listener of this.#listeners) listener.downgradeChanged?.()
  }

  followVersions(listeners: VersionListeners): void {
    this.#listeners.push(listeners)
  }

  /** For checks before a change is proposed; not to be changed. */
  get memberSet(): MemberSet {
    return this.#members
  }

  /** Ascending by id. */
  get members(): readonly Member[] {
    return this.#members.members()
  }

  /** `3.7.0`, or undefined before the first decision. */
  get version(): string | undefined {
    return this.#version
  }

  /** The downgrade that is under way, or the last one; undefined if there never was one. */
  get downgrade(): DowngradeInfo | undefined {
    return this.#downgrade
  }

  /** Makes a change of the members. Throws `MembershipError` if it cannot follow from the present ones. */
  apply(change: Parameters<MemberSet['apply']>[0]): void {
    const member = this.#members.apply(change)
    if (change.type !== 'remove') return this.#save(member)
    this.#backend.delete(buckets.members, memberKey(change.id))
    this.#backend.put(buckets.membersRemoved, memberKey(change.id), encoder.encode('removed'))
  }

  /** Takes what a member says about itself; nothing if it is none. */
  publish(id: bigint, attributes: Pick<Member, 'name' | 'clientUrls'>): void {
    const member = this.#members.publish(id, attributes)
    if (member !== undefined) this.#save(member)
  }

  setVersion(version: string): void {
    const before = this.#version
    this.#version = version
    this.#backend.put(buckets.cluster, clusterVersionKey, encoder.encode(version))
    if (before === undefined) for (const listener of this.#listeners) listener.decided?.()
    else if (compareVersions(parseVersion(version), parseVersion(before)) < 0) {
      for (const listener of this.#listeners) listener.lowered?.()
    }
  }

  setDowngrade(downgrade: DowngradeInfo): void {
    this.#downgrade = downgrade
    this.#backend.put(buckets.cluster, downgradeKey, encoder.encode(encodeDowngrade(downgrade)))
    for (const listener of this.#listeners) listener.downgradeChanged?.()
  }

  #save(member: Member): void {
    this.#backend.put(buckets.members, ...memberRecord(member))
  }
}

function storedMembers(backend: Backend): MemberSet {
  const members = [...backend.records(buckets.members)].map(({ value }) => decodeMember(decoder.decode(value)))
  const removedIds = [...backend.records(buckets.membersRemoved)].flatMap(({ key }) => {
    const id = parseId(decoder.decode(key))
    return id === undefined ? [] : [id]
  })
  return new MemberSet({ members, removedIds })
}

function storedVersion(backend: Backend): string | undefined {
  const version = backend.get(buckets.cluster, clusterVersionKey)
  return version === undefined ? undefined : decoder.decode(version)
}

function storedDowngrade(backend: Backend): DowngradeInfo | undefined {
  const downgrade = backend.get(buckets.cluster, downgradeKey)
  return downgrade === undefined ? undefined : decodeDowngrade(decoder.decode(downgrade))
}

/** A member as it stands in its bucket. */
export function memberRecord(member: Member): [key: Uint8Array, value: Uint8Array] {
  return [memberKey(member.id), encoder.encode(encodeMember(member))]
}

const memberKey = (id: bigint): Uint8Array => encoder.encode(formatId(id))
