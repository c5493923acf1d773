import type { Backend } from '@kvs/backend'
import type { CallEnd, Compressor, ServerCall } from '@kvs/grpc'
import { canJoinCluster, parseVersion } from '@kvs/membership'
import type { Pipe } from '@kvs/net'
import type { FileDescriptor } from '@kvs/proto'
import type { Fs } from '@kvs/vfs'
import type { TokenKeys } from './auth/auth-state.ts'
import {
  newestKnownSnapshot,
  type OpenedLog,
  openLog,
  prepareDirectories,
  refuseIfInUse,
  refuseIfStateMissing,
} from './bootstrap/bootstrap.ts'
import { defragmentAtStart } from './bootstrap/start-defragment.ts'
import { walTiming } from './consensus/storage.ts'
import type { FrontDoor } from './edge/front-door.ts'
import type { HttpHandler, HttpRoute } from './edge/http.ts'
import { ServerError } from './errors.ts'
import type { Failpoints } from './failpoints/failpoints.ts'
import { KvsMember } from './kvs-member.ts'
import { stateFile } from './layout.ts'
import type { ClusterState } from './membership/cluster-state.ts'
import type { MetricFamily } from './metrics/family.ts'
import { Metrics } from './metrics/metrics.ts'
import { checkOptions, type MemberOptions } from './options.ts'
import type { Clock, Executor, Logger, PeerParts, Random } from './parts.ts'
import { isAsReceived } from './snapshots/received-mark.ts'
import { ReceivedSnapshots } from './snapshots/received-snapshots.ts'
import { EffectsBackend } from './state/effects.ts'
import { openState } from './state/open-state.ts'
import { version } from './version.ts'

/** The parts a member is made of. `@kvs/server/embed` brings the real ones, tests and the simulator others. */
export interface ServerParts {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly fs: Fs
  /** Work off the loop. Closed by whoever made it, after the member has stopped. */
  readonly executor: Executor
  /** Encodings of messages beside the plain one. */
  readonly compressors?: readonly Compressor[]
  /** What clients are told about services and messages (`grpc.reflection`). Default: nothing. */
  readonly descriptors?: readonly FileDescriptor[] | undefined
  /** What becomes of calls that are over, besides being counted: traces. */
  readonly onCallEnded?: ((call: ServerCall, end: Readonly<CallEnd>) => void) | undefined
  /** Where `authToken` asks for signed tokens: what its key files hold. */
  readonly tokenKeys?: TokenKeys | undefined
  /** The way to the other members. */
  readonly peers: PeerParts
  /** Opens the state file at `path` with etcd's buckets. */
  readonly openBackend: (path: string) => Promise<Backend>
  /** Something broke that must not: the member has stopped taking requests, and the process should end. */
  readonly onFatal: (error: Error) => void
  /** The cluster has removed this member for good: it is to be stopped, and there is nothing wrong with it. */
  readonly onRemoved: () => void
  /** Where tests hold the member up, fail what it does or end it. Default: nowhere. */
  readonly failpoints?: Failpoints | undefined
  /** Ends a start that waits for other members. */
  readonly signal?: AbortSignal | undefined
}

/** A running member. */
export interface RunningMember {
  readonly id: bigint
  readonly clusterId: bigint
  /** Serves a gRPC client at the other end of the pipe. */
  acceptGrpc(pipe: Pipe): void
  /** Answers plain HTTP of the client port; over HTTP/2 it comes through `acceptGrpc`. */
  readonly handleHttp: HttpHandler
  /** What that passes first; it also tells who may speak WebSocket. */
  readonly frontDoor: Pick<FrontDoor, 'socketRefusal'>
  /** Adds to what that answers; these go before what is there. */
  addRoutes(routes: readonly HttpRoute[]): void
  /** The part of that which tells how the member is, for ports that serve nothing else. */
  readonly probeRoutes: readonly HttpRoute[]
  /** What there is to scrape, by name. Reading samples is cheap; what they are read from costs next to nothing. */
  readonly metricFamilies: readonly MetricFamily[]
  /** Users are told apart. */
  readonly isAuthEnabled: boolean
  /** How consensus stands, as etcd's `raft.status` says it. */
  raftStatusJson(): string
  /** Stops: refuses what waits, writes what is committed, closes the files. Idempotent. */
  stop(): Promise<void>
}

/**
 * Opens a member on its data directory and takes it into service: resolves when it may serve clients. Throws
 * `ServerError`.
 */
export async function startMember(parts: ServerParts, options: MemberOptions): Promise<RunningMember> {
  checkOptions(options)
  await prepareDirectories(parts.fs, options)
  await refuseIfInUse(parts.fs, options)
  const metrics = new Metrics()
  const received = new ReceivedSnapshots({ ...parts, dataDir: options.dataDir })
  await received.finish(() => newestKnownSnapshot(parts.fs, options), parts.openBackend)
  await refuseIfStateMissing(parts.fs, options)
  const backend = new EffectsBackend(await parts.openBackend(stateFile(options.dataDir)))
  let member: KvsMember | undefined
  let log: OpenedLog | undefined
  try {
    await defragmentAtStart(backend, options, parts.logger)
    const timing = walTiming({ ...parts, metrics })
    const { peers } = parts
    const { consistent } = backend
    log = await openLog({
      ...parts,
      options,
      wire: peers.wire,
      founds: () => peers.founds?.(),
      timing,
      consistent,
      isAsReceived: isAsReceived(backend),
    })
    const state = await openState({ ...parts, backend, options, metrics })
    refuseIfTooOld(state.cluster)
    member = new KvsMember(parts, options, { ...log, state, backend })
    await member.start()
    return member
  } catch (error) {
    if (member !== undefined) await member.stop()
    else {
      await log?.wal.close()
      await backend.close()
    }
    throw error
  }
}

/** A server must not be older than what the cluster of its data has agreed on, unless that falls back to its version. */
function refuseIfTooOld({ version: clusterVersion, downgrade }: ClusterState): void {
  if (clusterVersion === undefined) return
  if (canJoinCluster(parseVersion(version), { version: parseVersion(clusterVersion), downgrade })) return
  const text = 'invalid downgrade; server version is lower than determined cluster version'
  throw new ServerError('DATA_DIR', `${text} (server ${version}, cluster ${clusterVersion})`)
}
