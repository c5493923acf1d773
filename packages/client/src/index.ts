/**
 * A client of etcd's v3 API, for kvs and etcd alike.
 *
 * One `Client` serves a program: it holds one connection per endpoint, spreads calls over them, repeats what may be
 * repeated, and renews its token. `close` it (or let `await using` do so): open connections keep a program alive.
 *
 * - Keys and values are bytes; text is taken as UTF-8. Revisions and counts are numbers, ids (leases, members) bigints.
 * - Every failure is a `KvsError`: `code` is gRPC's name, `message` etcd's text, `reason` what programs act on.
 * - Reads, and what changes nothing the second time, are repeated after a loss of the server. Writes are repeated only if
 *   no server can have begun to process them; else the caller learns `UNAVAILABLE` and must look what became of them.
 * - Watchers outlive connections, and so do leases that are kept alive.
 *
 * ```ts
 * const client = connect({ endpoints: ['127.0.0.1:2379'] })
 * await client.put('config/a', '1')
 * for await (const event of client.watch({ prefix: 'config/' }).events()) console.log(event)
 * ```
 */
export { AuthClient } from './auth.ts'
export type { RequestOptions } from './calls.ts'
export { Client, type ClientOptions, type ClientParts } from './client.ts'
export { ClusterClient } from './cluster.ts'
export { type ClientTls, type ConnectOptions, connect } from './connect.ts'
export { type Endpoint, parseEndpoint } from './endpoints.ts'
export { isKvsError, KvsError, type KvsErrorCode, type KvsErrorDetails, type KvsErrorReason } from './errors.ts'
export { type GrpcTransportOptions, grpcTransport } from './grpc-transport.ts'
export { KeepAlive } from './keep-alive.ts'
export { type Bytes, prefixEnd, type Range, rangeOf, toBytes, toText } from './keys.ts'
export type { CompactOptions, PagesOptions } from './kv.ts'
export { LeaseClient } from './lease.ts'
export { MaintenanceClient } from './maintenance.ts'
export type { DeleteOptions, PutOptions, RangeOptions, ReadOptions } from './operations.ts'
export type {
  CallHandle,
  CallMetadata,
  CallOutcome,
  Channel,
  StreamCallInit,
  StreamHandle,
  StreamReceiver,
  Transport,
  TransportConnectOptions,
  UnaryCallInit,
  UnaryReceiver,
} from './ports.ts'
export { systemChance, systemClock } from './system-clock.ts'
export { type CompareOperator, compare, operation, TxnBuilder } from './txn.ts'
export { ClientWatcher, type WatchOptions, type WatchUpdate } from './watch.ts'
