/**
 * The messages of etcd, typed, with their codecs: what goes over its gRPC ports, between its members and onto its disk.
 *
 * Each of etcd's proto packages is a door of its own, so that a program loads what it uses:
 *
 *   `@kvs/proto/rpc`         etcdserverpb: the public services KV, Watch, Lease, Cluster, Maintenance, Auth
 *   `@kvs/proto/lock`, `/election`, `/health`   the other public services
 *   `@kvs/proto/mvcc`        mvccpb: KeyValue, Event
 *   `@kvs/proto/internal`    etcdserverpb: InternalRaftRequest, the payload of log entries
 *   `@kvs/proto/etcdserver`  etcdserverpb: Metadata of the write-ahead log, the v2 Request of old logs
 *   `@kvs/proto/raft`, `/wal`, `/snap`          raftpb, walpb, snappb
 *   `@kvs/proto/auth`, `/membership`, `/lease`  authpb, membershippb, leasepb
 *   `@kvs/proto/reflection`, `/descriptors`      gRPC's reflection, and what it tells of the public services
 *   `@kvs/proto/schema`      the messages of the public services as tables, for whoever translates them
 *
 * For every message X there are: the record `X` as decoders return it (every field present; an absent message or oneof
 * member is `undefined`), `XInit` as encoders take it (every field optional), `encodeX`, `decodeX`, and `writeX`,
 * `readX` for one message inside another. Services are tables of `Method`s.
 *
 * Decoded bytes are views of the input: copy what outlives it. Quantities are safe integers, identities bigints; see
 * `ProtoError` for what cannot be decoded.
 *
 * ```ts
 * import { decodePutRequest, encodePutRequest } from '@kvs/proto/rpc'
 * const bytes = encodePutRequest({ key: new TextEncoder().encode('a'), lease: 7n })
 * decodePutRequest(bytes).lease // 7n
 * ```
 */
export { Reader, Writer } from 'protobufjs/minimal.js'
export type { FileDescriptor } from './descriptor.ts'
export { ProtoError, type ProtoErrorCode } from './errors.ts'
export { readQuantity, readUnsignedIdentity, writeIdentity, writeQuantity } from './integers.ts'
export { nestedLevelsMax } from './limits.ts'
export type { Method } from './method.ts'
export type { FieldSchema, MethodSchema } from './schema.ts'
