import { RaftHttpError } from './errors.ts'

/** What members compare to find out whether they still hold the same. */
export interface PeerHashKv {
  readonly clusterId: bigint
  readonly memberId: bigint
  /** Of the store, when the hash was made. */
  readonly revision: number
  readonly raftTerm: number
  readonly hash: number
  /** -1 where nothing was compacted. */
  readonly compactRevision: number
  /** Up to which revision was hashed; 0 from servers before 3.6. */
  readonly hashRevision: number
}

/** As Go writes a HashKVResponse: numbers without quotes, zeros left out. Ids exceed what JSON numbers hold here. */
export function encodeHashKv(value: PeerHashKv): string {
  const object = (fields: readonly (readonly [string, number | bigint | string])[]): string =>
    `{${fields.flatMap(([name, field]) => (field === 0 || field === 0n ? [] : [`"${name}":${field}`])).join(',')}}`
  const header = object([
    ['cluster_id', value.clusterId],
    ['member_id', value.memberId],
    ['revision', value.revision],
    ['raft_term', value.raftTerm],
  ])
  return object([
    ['header', header],
    ['hash', value.hash],
    ['compact_revision', value.compactRevision],
    ['hash_revision', value.hashRevision],
  ])
}

/** Reads what `encodeHashKv` or a member of Go's etcd wrote. Throws `BAD_REPLY`. */
export function decodeHashKv(text: string): PeerHashKv {
  // Parsed as JSON to be sure that it is some; the numbers are taken from the text, where they are exact.
  const problem = (): RaftHttpError => new RaftHttpError('BAD_REPLY', `no answer with a hash: ${text.slice(0, 100)}`)
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw problem()
  } catch {
    throw problem()
  }
  const field = (name: string): string => new RegExp(`"${name}"\\s*:\\s*"?(-?\\d{1,20})\\b`).exec(text)?.[1] ?? '0'
  return {
    clusterId: BigInt(field('cluster_id')),
    memberId: BigInt(field('member_id')),
    revision: Number(field('revision')),
    raftTerm: Number(field('raft_term')),
    hash: Number(field('hash')),
    compactRevision: Number(field('compact_revision')),
    hashRevision: Number(field('hash_revision')),
  }
}

/** The body of a request for a hash; `revision` 0 asks for the newest. */
export function encodeHashKvRequest(revision: number): string {
  return revision === 0 ? '{}' : `{"revision":${revision}}`
}

/** The revision asked for; undefined if the body is no such request. */
export function decodeHashKvRequest(text: string): number | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
    const revision = 'revision' in parsed ? parsed.revision : 0
    return typeof revision === 'number' && Number.isSafeInteger(revision) ? revision : undefined
  } catch {
    return undefined
  }
}
