// @ts-check
/**
 * How names and types of the schema become those of TypeScript: the tables a reader may want to change.
 */

/** Generated module of each .proto file. `exact`: its integers come from disks and peers, not from clients. */
export const modules = {
  'kv.proto': { module: 'mvcc', exact: true },
  'auth.proto': { module: 'auth', exact: true },
  'membership.proto': { module: 'membership', exact: true },
  'rpc.proto': { module: 'rpc', exact: false },
  'etcdserver.proto': { module: 'etcdserver', exact: true },
  'raft-internal.proto': { module: 'internal', exact: false },
  'lease.proto': { module: 'lease', exact: true },
  'raft.proto': { module: 'raft', exact: true },
  'record.proto': { module: 'wal', exact: true },
  'snap.proto': { module: 'snap', exact: true },
  'v3lock.proto': { module: 'lock', exact: false },
  'v3election.proto': { module: 'election', exact: false },
  'health.proto': { module: 'health', exact: false },
  'reflection.proto': { module: 'reflection', exact: false },
}

/** 64-bit fields that are identities (bigint). All other 64-bit fields are quantities (number). */
const identities = new Set(
  `id lease leader vote to from nodeId clusterId memberId targetId voters learners votersOutgoing learnersNext`.split(
    ' ',
  ),
)

/** proto2 messages that gogo's encoders always write, so they are never absent here either. */
const alwaysPresent = new Set(['raftpb.Snapshot.metadata', 'raftpb.SnapshotMetadata.conf_state'])

/** proto2 scalars that tell absent from zero. */
const triState = new Set(['etcdserverpb.Request.PrevExist', 'etcdserverpb.Request.Refresh'])

/** @param {string} camelName */
export const isIdentity = camelName => identities.has(camelName)
/** @param {string} qualifiedField */
export const isAlwaysPresent = qualifiedField => alwaysPresent.has(qualifiedField)
/** @param {string} qualifiedField */
export const isTriState = qualifiedField => triState.has(qualifiedField)

/** `peerURLs`, `remaining_TTL`, `ID` → `peerUrls`, `remainingTtl`, `id`.
 * @param {string} name */
export function camel(name) {
  const words = name.match(/[A-Z]{2,}s?(?![a-z])|[A-Z]?[a-z0-9]+|[A-Z]+/g) ?? [name]
  return words
    .map(word => word.toLowerCase())
    .map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('')
}

/** TypeScript name of a message or an enum: nested ones carry their parent's name unless they repeat it.
 * @param {import('protobufjs').ReflectionObject} object
 * @returns {string} */
export function typeName(object) {
  const parent = object.parent
  if (parent === null || !('fields' in parent)) return object.name
  return object.name.startsWith(parent.name) ? object.name : typeName(parent) + object.name
}

/** `etcdserverpb.PutRequest` without the leading dot.
 * @param {import('protobufjs').ReflectionObject} object */
export const qualified = object => object.fullName.replace(/^\./, '')
