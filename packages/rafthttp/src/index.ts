/**
 * How the members of a cluster talk to one another: raft's messages over WebSockets, snapshots and questions over HTTP, all
 * on etcd's peer port, with etcd's paths, headers, checks and log lines.
 *
 * - `createTransport`: sends and receives messages and snapshots, keeps the connections to all peers, probes them.
 * - `peerEndpoint`: what the peer port answers: the transport's paths and the member's services.
 * - `createPeerClient`: asks other members (members, promote, leases, hashes, versions).
 * - `@kvs/rafthttp/node` carries all this over byte pipes, `@kvs/rafthttp/memory` over a simulated network.
 *
 * Duties of the host: add a peer for every other member and remove it with the member; give every turn's messages to `send`
 * and call `flush` at the end of the turn; take what comes through `RaftReceiver` as input of a later turn; turn raft's
 * MsgSnap into `sendSnapshot`; stop when `removed` is called; have the peer port served before peers are added.
 *
 * Nothing here blocks: what cannot be sent is dropped, and the peer is reported unreachable. Raft sends again.
 *
 * ```ts
 * const transport = createTransport({ id, clusterId, version, urls, snapshotFormats, raft, wire, clock, random, logger, makeHash })
 * transport.addPeer(2n, ['http://10.0.0.2:2380'])
 * transport.send(ready.messages)
 * transport.flush()
 * ```
 */
export type { TransportTimes } from './context.ts'
export type { PeerTraffic, SnapshotTraffic } from './counters.ts'
export { describePeerState, describeTransportState } from './describe.ts'
export { type EndpointParts, peerEndpoint } from './endpoint.ts'
export { RaftHttpError, type RaftHttpErrorCode } from './errors.ts'
export type { PeerHashKv } from './hash-kv.ts'
export type { LocalMember } from './headers.ts'
export type { HistogramCounts } from './histogram.ts'
export { dialTimeoutMsDefault, leaseApplyTimeoutMs, readTimeoutMsMin, writeTimeoutMsMin } from './limits.ts'
export {
  createPeerClient,
  type PeerCallOptions,
  type PeerClient,
  type PeerClientOptions,
  type PeerMembers,
} from './peer-client.ts'
export type {
  IncomingSnapshot,
  RaftReceiver,
  TransportClock,
  TransportLogger,
  TransportRandom,
} from './ports.ts'
export type { ProbeStatus } from './prober.ts'
export type { PeerRoute } from './raft-routes.ts'
export type { PeerLeaseTimes, PeerServices, ServiceParts } from './service-routes.ts'
export type { MakeHash, RunningHash, SnapshotContent } from './snapshot-body.ts'
export type { OutgoingSnapshot } from './snapshot-sender.ts'
export {
  createTransport,
  type PeerState,
  type PeerTransport,
  type TransportOptions,
  type TransportState,
} from './transport.ts'
export type { VersionPair } from './version.ts'
export type {
  HeaderFields,
  Link,
  LinkAcceptance,
  LinkCall,
  LinkEvents,
  LinkReply,
  PeerEndpoint,
  PeerHandler,
  PeerRequest,
  PeerResponse,
  Wire,
  WireCall,
  WireReply,
} from './wire.ts'
