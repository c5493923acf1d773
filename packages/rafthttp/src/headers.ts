import { RaftHttpError, texts } from './errors.ts'
import { urlsPerRemoteMax } from './limits.ts'
import type { TransportLogger } from './ports.ts'
import { isPeerUrl } from './url-picker.ts'
import { incompatibilityOf, type VersionPair } from './version.ts'
import type { HeaderFields, PeerRequest } from './wire.ts'

/** The paths of the peer port that raft's traffic takes. */
export const paths = {
  raft: '/raft',
  probing: '/raft/probing',
  stream: '/raft/stream',
  snapshot: '/raft/snapshot',
} as const

/** The subprotocol of our streams: frames of messages (see `frame.ts`). */
export const streamProtocol = 'kvs.raft.v1'

/** Header fields of our own; members of Go's etcd neither send nor mind them. */
export const ownHeaders = {
  /** Which process of a member speaks: another one after each start. */
  incarnation: 'X-Kvs-Incarnation',
  /** Snapshot formats that the sender of this field takes, best first, separated by commas. */
  formats: 'X-Kvs-Snapshot-Formats',
  /** Format of the snapshot in this request. A missing one means etcd's: bbolt, without a trailer. */
  format: 'X-Kvs-Snapshot-Format',
  /** Its length in bytes, without message and trailer. */
  size: 'X-Kvs-Snapshot-Size',
} as const

/** Who this member is. */
export interface LocalMember {
  readonly id: bigint
  readonly clusterId: bigint
  readonly version: VersionPair
  /** Peer URLs it is found under, told to peers that do not know it yet. */
  readonly urls: readonly string[]
  readonly snapshotFormats: readonly string[]
}

/** This process of it. */
export interface LocalProcess extends LocalMember {
  /** Drawn at its start. */
  readonly incarnation: string
}

/** Ids as they are written and compared everywhere: lower-case hex without leading zeros. */
export function formatPeerId(id: bigint): string {
  return id.toString(16)
}

/** Reads an id as Go does; undefined if it is none. */
export function parsePeerId(text: string): bigint | undefined {
  return /^[0-9a-fA-F]{1,64}$/.test(text) && BigInt(`0x${text}`) < 1n << 64n ? BigInt(`0x${text}`) : undefined
}

/** The fields of every request to a peer. */
export function requestHeaders(local: LocalProcess): HeaderFields {
  const fields: [string, string][] = [
    ['X-Server-From', formatPeerId(local.id)],
    ['X-Server-Version', local.version.server],
    ['X-Min-Cluster-Version', local.version.minCluster],
    ['X-Etcd-Cluster-ID', formatPeerId(local.clusterId)],
    [ownHeaders.incarnation, local.incarnation],
  ]
  if (local.urls.length > 0) fields.push(['X-PeerURLs', local.urls.join(',')])
  if (local.snapshotFormats.length > 0) fields.push([ownHeaders.formats, local.snapshotFormats.join(',')])
  return fields
}

/** A list in one header field. */
export function parseList(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '')
}

/** Which process of a member sent a request or an answer; undefined if that is one of Go's etcd, which does not say. */
export function incarnationOf(said: Pick<PeerRequest, 'header'>): string | undefined {
  return said.header(ownHeaders.incarnation.toLowerCase())
}

/** The peer that sent a request, as far as its fields tell. */
export interface Sender {
  readonly id: bigint | undefined
  /** Where it says that it is found; empty if it does not say, or nonsense. */
  readonly urls: readonly string[]
}

export function senderOf(request: PeerRequest): Sender {
  const urls = parseList(request.header('x-peerurls')).slice(0, urlsPerRemoteMax)
  return {
    id: parsePeerId(request.header('x-server-from') ?? ''),
    urls: urls.every(isPeerUrl) ? urls : [],
  }
}

/** Refuses a request of another cluster or of a version too far away; throws `RaftHttpError` with etcd's text. */
export function checkCompatibility(local: LocalMember, request: PeerRequest, logger: TransportLogger): void {
  const name = request.header('x-server-from') ?? ''
  const orSilent = (value: string | undefined): string => (value === undefined || value === '' ? '2.0.0' : value)
  const server = orSilent(request.header('x-server-version'))
  const minCluster = orSilent(request.header('x-min-cluster-version'))
  const fields = {
    'local-member-id': formatPeerId(local.id),
    'local-member-cluster-id': formatPeerId(local.clusterId),
    'local-member-server-version': local.version.server,
    'local-member-server-minimum-cluster-version': local.version.minCluster,
    'remote-peer-server-name': name,
    'remote-peer-server-version': server,
    'remote-peer-server-minimum-cluster-version': minCluster,
  }
  const reason = incompatibilityOf(local.version, { name, server, minCluster })
  if (reason !== undefined) {
    logger.warn('failed version compatibility check', { ...fields, error: reason })
    throw new RaftHttpError('INCOMPATIBLE_VERSION', texts.incompatibleVersion, { status: 412 })
  }
  const clusterId = request.header('x-etcd-cluster-id') ?? ''
  if (clusterId !== formatPeerId(local.clusterId)) {
    logger.warn('request cluster ID mismatch', { ...fields, 'remote-peer-cluster-id': clusterId })
    throw new RaftHttpError('CLUSTER_ID_MISMATCH', texts.clusterIdMismatch, { status: 412 })
  }
}
