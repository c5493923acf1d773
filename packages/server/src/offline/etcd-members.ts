import type { Backend, Bucket } from '@kvs/backend'
import { memoryBackend } from '@kvs/backend/memory'
import { decodeAttributes, decodeMember, decodeMemberChange, MembershipError, parseId } from '@kvs/membership'
import { decodeClusterMemberAttrSetRequest, decodeClusterVersionSetRequest } from '@kvs/proto/membership'
import { decodeConfChange, type Entry, EntryType } from '@kvs/raft'
import { applyV2Request } from '../apply/v2.ts'
import { ServerError } from '../errors.ts'
import { ClusterState, memberRecord } from '../membership/cluster-state.ts'
import { OperationField, ParsedEntry } from '../requests/entry.ts'
import { allBuckets, buckets } from '../state/buckets.ts'
import type { StateRecord } from './fill-state.ts'
import type { StateReader } from './state-reader.ts'

/**
 * Who is a member at one entry of a log of etcd's. Up to 3.6 etcd goes by the store of its second API, of which every `.snap`
 * file has a dump, and by the entries behind it; the buckets of its database may be ahead of it, or behind.
 */
export class EtcdMembers {
  readonly #backend = memoryBackend({ buckets: allBuckets })
  readonly #cluster: ClusterState
  /** Keys of the second API in the dump: they have no place in kvs. */
  readonly foreignKeys: number

  private constructor(fill: (backend: Backend) => number) {
    this.foreignKeys = fill(this.#backend)
    this.#cluster = new ClusterState(this.#backend)
  }

  /** By the data of a `.snap` file; without one, at the beginning of the log. Throws `ServerError`. */
  static inDump(dump: Uint8Array | undefined): EtcdMembers {
    return new EtcdMembers(backend => (dump === undefined ? 0 : loadDump(backend, dump)))
  }

  /** By the buckets of the database. */
  static async inDatabase(state: StateReader): Promise<EtcdMembers> {
    const records: [Bucket, StateRecord][] = []
    for (const bucket of ownBuckets) {
      for await (const record of state.records(bucket.name)) records.push([bucket, record])
    }
    return new EtcdMembers(backend => {
      for (const [bucket, record] of records) backend.put(bucket, ...record)
      return 0
    })
  }

  get members(): ClusterState['members'] {
    return this.#cluster.members
  }

  /** Takes what an entry says about members and the version of the cluster. */
  apply(entry: Entry): void {
    if (entry.type === EntryType.EntryConfChange) return this.#change(entry)
    const parsed = new ParsedEntry()
    if (entry.type !== EntryType.EntryNormal || !parsed.parse(entry.data)) {
      throw new ServerError('STORAGE', `entry ${entry.index} of term ${entry.term} is none that etcd writes`)
    }
    const { operation, start, end } = parsed
    if (operation === OperationField.v2) applyV2Request(this.#cluster, entry, parsed)
    else if (operation === OperationField.clusterVersionSet) {
      this.#cluster.setVersion(decodeClusterVersionSetRequest(entry.data, start, end).ver)
    } else if (operation === OperationField.clusterMemberAttrSet) {
      const { memberId, memberAttributes } = decodeClusterMemberAttrSetRequest(entry.data, start, end)
      if (memberAttributes !== undefined) this.#cluster.publish(memberId, memberAttributes)
    }
  }

  /** The buckets about members as they are at that entry. */
  records(): ReadonlyMap<string, StateRecord[]> {
    const of = (bucket: Bucket): StateRecord[] =>
      [...this.#backend.records(bucket)].map(({ key, value }) => [key, value] as const)
    return new Map(ownBuckets.map(bucket => [bucket.name, of(bucket)]))
  }

  /** A change that is refused is one that etcd refused too. */
  #change({ data, index }: Entry): void {
    try {
      this.#cluster.apply(decodeMemberChange(decodeConfChange(data)))
    } catch (cause) {
      if (!(cause instanceof MembershipError)) throw cause
      if (cause.code !== 'BAD_JSON' && cause.code !== 'BAD_CHANGE') return
      throw new ServerError('STORAGE', `entry ${index}: ${cause.message}`, { cause })
    }
  }
}

/** The buckets about members and the version of their cluster. */
const ownBuckets: readonly Bucket[] = [buckets.members, buckets.membersRemoved, buckets.cluster]

/** Returns the number of keys of the second API. */
function loadDump(backend: Backend, dump: Uint8Array): number {
  const root = rootOf(dump)
  const cluster = childrenOf(root, '0')
  for (const [name, member] of Object.entries(childrenOf({ Children: cluster }, 'members'))) {
    const id = parseId(name)
    const raft = member.Children?.['raftAttributes']?.Value
    if (id === undefined || raft === undefined) throw damaged(`member ${name}`)
    const attributes = member.Children?.['attributes']?.Value
    const known = attributes === undefined ? undefined : decodeAttributes(attributes)
    backend.put(buckets.members, ...memberRecord({ ...decodeMember(raft), ...known, id }))
  }
  for (const name of Object.keys(childrenOf({ Children: cluster }, 'removed_members'))) {
    backend.put(buckets.membersRemoved, encoder.encode(name), encoder.encode('removed'))
  }
  const version = cluster['version']?.Value
  if (version !== undefined) backend.put(buckets.cluster, encoder.encode('clusterVersion'), encoder.encode(version))
  return Object.values(childrenOf(root, '1')).reduce((sum, node) => sum + leavesOf(node), 0)
}

/** A node of the store of the second API. */
interface V2Node {
  readonly Value?: string
  readonly Children?: Readonly<Record<string, V2Node>> | null
}

function rootOf(dump: Uint8Array): V2Node {
  try {
    const { Root: root } = JSON.parse(decoder.decode(dump)) as { readonly Root?: V2Node }
    if (root !== undefined) return root
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw damaged('its beginning')
}

function childrenOf(node: V2Node, name: string): Readonly<Record<string, V2Node>> {
  return node.Children?.[name]?.Children ?? {}
}

function leavesOf(node: V2Node): number {
  const children = Object.values(node.Children ?? {})
  return node.Children === undefined || node.Children === null
    ? 1
    : children.reduce((sum, child) => sum + leavesOf(child), 0)
}

function damaged(what: string): ServerError {
  return new ServerError('STORAGE', `the dump of members in the '.snap' file is damaged: ${what}`)
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
