import type { Backend } from '@kvs/backend'
import { decodeMember, encodeMember, type Member } from '@kvs/membership'
import { buckets } from './buckets.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const clusterVersionKey = encoder.encode('clusterVersion')

/** What the log says about the cluster: its members, its version. Kept in the state file, with a copy in memory. */
export class ClusterState {
  readonly #backend: Backend
  readonly #members = new Map<bigint, Member>()
  #version: string | undefined

  constructor(backend: Backend) {
    this.#backend = backend
    for (const { value } of backend.records(buckets.members)) {
      const member = decodeMember(decoder.decode(value))
      this.#members.set(member.id, member)
    }
    const version = backend.get(buckets.cluster, clusterVersionKey)
    this.#version = version === undefined ? undefined : decoder.decode(version)
  }

  /** Ascending by id. */
  get members(): readonly Member[] {
    return [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** `3.7.0`, or undefined before the first decision. */
  get version(): string | undefined {
    return this.#version
  }

  member(id: bigint): Member | undefined {
    return this.#members.get(id)
  }

  saveMember(member: Member): void {
    this.#members.set(member.id, member)
    this.#backend.put(buckets.members, memberKey(member.id), encoder.encode(encodeMember(member)))
  }

  removeMember(id: bigint): void {
    this.#members.delete(id)
    this.#backend.delete(buckets.members, memberKey(id))
    this.#backend.put(buckets.membersRemoved, memberKey(id), encoder.encode('removed'))
  }

  isRemoved(id: bigint): boolean {
    return this.#backend.get(buckets.membersRemoved, memberKey(id)) !== undefined
  }

  setVersion(version: string): void {
    this.#version = version
    this.#backend.put(buckets.cluster, clusterVersionKey, encoder.encode(version))
  }
}

const memberKey = (id: bigint): Uint8Array => encoder.encode(id.toString(16))
