/**
 * The member: consensus, log, state and the gRPC services of etcd, joined. It takes the world it lives in as parts (disk,
 * clock, chance, state file); `@kvs/server/embed` starts one with the real parts of this machine.
 *
 * ```ts
 * import { defaultOptions, startMember } from '@kvs/server'
 * const member = await startMember(parts, { ...defaultOptions, dataDir: '/data' })
 * listen(address, pipe => member.acceptGrpc(pipe))
 * ```
 *
 * The caller's duties: one member per data directory; after `onFatal` the process ends (nothing is acknowledged after
 * it); `stop` is awaited before the process ends, or the next start has more to replay.
 */
export type { TokenKeys } from './auth/auth-state.ts'
export { clientGuests, type PortGuest, type PortParts, servePort } from './client-port.ts'
export type { HttpHandler, HttpRequest, HttpResponse, HttpRoute } from './edge/http.ts'
export { Refusal, type RefusalCode, ServerError, type ServerErrorCode } from './errors.ts'
export { inlineExecutor } from './jobs/inline-executor.ts'
export type { JobWorld } from './jobs/world.ts'
export type { MetricFamily, MetricLabels, MetricSample } from './metrics/family.ts'
export { noPeers } from './no-peers.ts'
export { defaultOptions, type MemberOptions } from './options.ts'
export type { Clock, Executor, LogFields, Logger, PeerParts, PieceStream, Random } from './parts.ts'
export { type RunningMember, type ServerParts, startMember } from './server.ts'
export { allBuckets, buckets } from './state/buckets.ts'
export { version } from './version.ts'
