import { bcryptCostDefault, simpleTokenTtlMsDefault } from '@kvs/auth'
import type { GrpcServerOptions } from '@kvs/grpc'
import { formatDuration } from './duration.ts'
import { ServerError } from './errors.ts'
import { defaultFeatureGates, type FeatureGates } from './feature-gates.ts'
import * as limits from './limits.ts'

/** How a member is configured. Names follow etcd's flags; defaults are etcd's. */
export interface MemberOptions {
  /** Human-readable name, unique in the cluster. */
  readonly name: string
  /** The data directory; everything this member owns lies under it. */
  readonly dataDir: string
  /** `name=url,name=url…` of the founding members. Used on the first start only. */
  readonly initialCluster: string
  readonly initialClusterToken: string
  /** `existing`: this member was added to a running cluster, and joins it on its first start. */
  readonly initialClusterState: 'new' | 'existing'
  /** Peer URLs told to the other members. */
  readonly initialAdvertisePeerUrls: readonly string[]
  /** Client URLs told to clients. */
  readonly advertiseClientUrls: readonly string[]
  readonly heartbeatIntervalMs: number
  readonly electionTimeoutMs: number
  readonly maxRequestBytes: number
  readonly maxTxnOps: number
  /** 0: 2 GiB; negative: no quota. */
  readonly quotaBackendBytes: number
  /** Entries between two snapshots, after which older ones are not kept in the log. */
  readonly snapshotCount: number
  readonly backendBatchIntervalMs: number
  readonly backendBatchLimit: number
  /** Jitter of up to a tenth is added. */
  readonly watchProgressNotifyIntervalMs: number
  /** Length at which a segment of the log is closed; etcd's unless a test wants shorter ones. */
  readonly walSegmentBytes: number
  /** Where the log lies; empty: below the data directory. */
  readonly walDir: string
  /** Segments of the log that are kept, needed or not; 0: all. */
  readonly maxWals: number
  /** Records removed at once after a compaction, and the rest in between. */
  readonly compactionBatchLimit: number
  readonly compactionSleepIntervalMs: number
  /** What `autoCompactionRetention` counts: milliseconds of history, or revisions. */
  readonly autoCompactionMode: 'periodic' | 'revision'
  /** How much of the history is kept; 0: nothing is compacted by itself. */
  readonly autoCompactionRetention: number
  /** Calls that one connection may have open; etcd's default, which stands for no limit of its own, is bounded here. */
  readonly maxConcurrentStreams: number
  /** Clients that ping more often are sent away. 0: gRPC's own five minutes. */
  readonly grpcKeepaliveMinTimeMs: number
  /** Silent clients are pinged so often, and dropped if they do not answer in time. 0: etcd's defaults. */
  readonly grpcKeepaliveIntervalMs: number
  readonly grpcKeepaliveTimeoutMs: number
  /** Entries and reads that take longer are warned about. */
  readonly warningApplyDurationMs: number
  readonly warningUnaryRequestDurationMs: number
  /** `extensive`: gRPC latencies by method, too. */
  readonly metrics: 'basic' | 'extensive'
  /** Asks the others before it campaigns, so that a member that was away does not disturb a leader. */
  readonly preVote: boolean
  /** Which tokens users get: `simple`, `jwt,…` as in etcd's flag, or none if empty. */
  readonly authToken: string
  /** Simple tokens live this long after their last use. */
  readonly authTokenTtlMs: number
  /** Rounds of bcrypt are 2 to the power of this: 4 to 31. */
  readonly bcryptCost: number
  /** The common name of a client's certificate is the name of a user, where no token is given. */
  readonly clientCertAuth: boolean
  /** Serves the API as JSON over HTTP, too. */
  readonly enableGrpcGateway: boolean
  /** Origins of pages that may read what is answered by HTTP; `*` for all. */
  readonly cors: readonly string[]
  /** What this host may be called in plain HTTP; `*` for anything. */
  readonly hostWhitelist: readonly string[]
  /** Skips every sync of the log: acknowledged writes are lost in a power cut. */
  readonly unsafeNoFsync: boolean
  /** Entries kept in memory behind the applied one, for members that lag a little. */
  readonly snapshotCatchupEntries: number
  /** The state file is defragmented at the start if that frees at least so much; 0: never. */
  readonly bootstrapDefragThresholdMegabytes: number
  readonly featureGates: FeatureGates
  /** Whoever speaks plain HTTP/2 on a pipe for gRPC is answered, too. */
  readonly servesPlainHttp: boolean
  /** The first election comes sooner than after a whole timeout. */
  readonly initialElectionTickAdvance: boolean
  /** Refuses changes of members that would cost the quorum. */
  readonly strictReconfigCheck: boolean
  readonly maxLearners: number
  /** This member, with its data, becomes a cluster of its own. */
  readonly forceNewCluster: boolean
  /** Time between comparisons of the members, of what compactions left, and looks at a downgrade; 0: never. */
  readonly corruptCheckTimeMs: number
  readonly compactHashCheckTimeMs: number
  readonly downgradeCheckTimeMs: number
  /** A peer may be silent, or not take what it is sent, for so long. */
  readonly raftReadTimeoutMs: number
  readonly raftWriteTimeoutMs: number
  /** Another cluster that tells who founds this one. */
  readonly discovery: DiscoveryOptions | undefined
  /** A DNS domain whose SRV records tell who founds this cluster, and a suffix of the service's name; empty: none. */
  readonly discoverySrv: string
  readonly discoverySrvName: string
}

/** How the discovery cluster is asked: etcd's `--discovery-…` flags by name. */
export interface DiscoveryOptions {
  readonly endpoints: readonly string[]
  readonly token: string
  readonly dialTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly keepaliveTimeMs: number
  readonly keepaliveTimeoutMs: number
  readonly insecureTransport: boolean
  readonly insecureSkipTlsVerify: boolean
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string
  readonly user: string
  readonly password: string
}

export const defaultOptions: Omit<MemberOptions, 'dataDir'> = {
  name: 'default',
  initialCluster: 'default=http://localhost:2380',
  initialClusterToken: 'etcd-cluster',
  initialClusterState: 'new',
  initialAdvertisePeerUrls: ['http://localhost:2380'],
  advertiseClientUrls: ['http://localhost:2379'],
  heartbeatIntervalMs: 100,
  electionTimeoutMs: 1000,
  maxRequestBytes: limits.maxRequestBytesDefault,
  maxTxnOps: 128,
  quotaBackendBytes: 0,
  snapshotCount: 10_000,
  backendBatchIntervalMs: 100,
  backendBatchLimit: 10_000,
  watchProgressNotifyIntervalMs: 600_000,
  walSegmentBytes: 64_000_000,
  walDir: '',
  maxWals: limits.maxWalsDefault,
  compactionBatchLimit: limits.compactionBatchLimitDefault,
  compactionSleepIntervalMs: limits.compactionSleepIntervalMsDefault,
  autoCompactionMode: 'periodic',
  autoCompactionRetention: 0,
  maxConcurrentStreams: limits.unlimitedStreams,
  grpcKeepaliveMinTimeMs: limits.clientPingIntervalMsMin,
  grpcKeepaliveIntervalMs: limits.keepaliveIntervalMsDefault,
  grpcKeepaliveTimeoutMs: limits.keepaliveTimeoutMsDefault,
  warningApplyDurationMs: 100,
  warningUnaryRequestDurationMs: 300,
  metrics: 'basic',
  preVote: true,
  enableGrpcGateway: true,
  cors: ['*'],
  hostWhitelist: ['*'],
  authToken: 'simple',
  authTokenTtlMs: simpleTokenTtlMsDefault,
  bcryptCost: bcryptCostDefault,
  clientCertAuth: false,
  unsafeNoFsync: false,
  snapshotCatchupEntries: limits.catchUpEntriesDefault,
  bootstrapDefragThresholdMegabytes: 0,
  featureGates: defaultFeatureGates,
  servesPlainHttp: true,
  initialElectionTickAdvance: true,
  strictReconfigCheck: true,
  maxLearners: 1,
  forceNewCluster: false,
  corruptCheckTimeMs: 0,
  compactHashCheckTimeMs: 60_000,
  downgradeCheckTimeMs: 5000,
  raftReadTimeoutMs: limits.raftTimeoutMsMin,
  raftWriteTimeoutMs: limits.raftTimeoutMsMin,
  discovery: undefined,
  discoverySrv: '',
  discoverySrvName: '',
}

/** Refuses options that cannot work together, in etcd's words. Throws `ServerError` with code `CONFIG`. */
export function checkOptions(options: MemberOptions): void {
  const { heartbeatIntervalMs, electionTimeoutMs } = options
  const refuse = (message: string): never => {
    throw new ServerError('CONFIG', message)
  }
  if (heartbeatIntervalMs <= 0) refuse(`--heartbeat-interval must be >0 (set to ${heartbeatIntervalMs}ms)`)
  if (electionTimeoutMs <= 0) refuse(`--election-timeout must be >0 (set to ${electionTimeoutMs}ms)`)
  if (5 * heartbeatIntervalMs > electionTimeoutMs) {
    refuse(
      `--election-timeout[${electionTimeoutMs}ms] should be at least as 5 times as --heartbeat-interval[${heartbeatIntervalMs}ms]`,
    )
  }
  if (electionTimeoutMs > limits.electionTimeoutMsMax) {
    refuse(`--election-timeout[${electionTimeoutMs}ms] is too long, and should be set less than 50000ms`)
  }
  if (options.name.length === 0) refuse('--name must not be empty')
  if (!(options.autoCompactionRetention >= 0)) refuse('--auto-compaction-retention must not be negative')
  if (!(options.compactionBatchLimit >= 1)) refuse('--compaction-batch-limit must not be negative')
  if (!(options.maxConcurrentStreams >= 1)) refuse('--max-concurrent-streams must be at least 1')
  if (!(options.compactHashCheckTimeMs > 0)) {
    refuse(`--compact-hash-check-time must be >0 (set to ${formatDuration(options.compactHashCheckTimeMs)})`)
  }
  const { LeaseCheckpoint, LeaseCheckpointPersist } = options.featureGates
  if (LeaseCheckpointPersist && !LeaseCheckpoint) {
    refuse('enabling feature gate LeaseCheckpointPersist requires enabling feature gate LeaseCheckpoint')
  }
}

const quotaDefaultBytes = 2 * 1024 * 1024 * 1024

/** The quota in bytes; 0 where there is none. */
export function quotaBytes(options: MemberOptions): number {
  if (options.quotaBackendBytes === 0) return quotaDefaultBytes
  return Math.max(0, options.quotaBackendBytes)
}

/** What the options mean for the gRPC server; 0 stands for gRPC's own figures. */
export function grpcOptions(
  options: MemberOptions,
): Pick<GrpcServerOptions, 'limits' | 'http2Limits' | 'pingPolicy' | 'keepalive'> {
  const { maxConcurrentStreams, grpcKeepaliveMinTimeMs, grpcKeepaliveIntervalMs, grpcKeepaliveTimeoutMs } = options
  const isPolite = grpcKeepaliveIntervalMs > 0 && grpcKeepaliveTimeoutMs > 0
  return {
    limits: { maxReceiveBytes: options.maxRequestBytes + limits.grpcOverheadBytes },
    ...(maxConcurrentStreams === limits.unlimitedStreams ? {} : { http2Limits: { maxConcurrentStreams } }),
    ...(grpcKeepaliveMinTimeMs > 0
      ? { pingPolicy: { minIntervalMs: grpcKeepaliveMinTimeMs, permitWithoutStreams: false } }
      : {}),
    ...(isPolite
      ? {
          keepalive: {
            intervalMs: grpcKeepaliveIntervalMs,
            timeoutMs: grpcKeepaliveTimeoutMs,
            permitWithoutStreams: true,
          },
        }
      : {}),
  }
}

/** An election timeout, in ticks: heartbeats. */
export function electionTicksOf({ electionTimeoutMs, heartbeatIntervalMs }: MemberOptions): number {
  return Math.floor(electionTimeoutMs / heartbeatIntervalMs)
}

/** How long a request waits for its entry: etcd's ReqTimeout. */
export function requestTimeoutOf({ electionTimeoutMs }: MemberOptions): number {
  return limits.requestTimeoutMs + 2 * electionTimeoutMs
}
