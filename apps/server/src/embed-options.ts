import {
  type DiscoveryOptions,
  type EmbedOptions,
  type FeatureGates,
  type ListenTls,
  parseFeatureGates,
  type TracingOptions,
} from '@kvs/server/embed'
import { parseDurationMs, UsageError } from './flag-values.ts'
import type { Values } from './values.ts'

/** Where others find this member. */
export interface Advertised {
  readonly peers: readonly string[]
  readonly clients: readonly string[]
}

/** What the flags mean for the member and its ports. Throws `UsageError`. */
export function embedOptions(values: Values, advertised: Advertised): EmbedOptions {
  return {
    ...memberOptions(values, advertised),
    ...storageOptions(values),
    ...clusterOptions(values),
    ...portOptions(values),
    ...operationOptions(values),
  }
}

type Part = Partial<EmbedOptions>

function memberOptions(values: Values, advertised: Advertised): Part & Pick<EmbedOptions, 'dataDir'> {
  const name = values.text('name')
  const isFoundElsewhere = values.list('discovery-endpoints').length > 0 || values.text('discovery-srv') !== ''
  const ownCluster = advertised.peers.map(url => `${name}=${url}`).join(',')
  return {
    name,
    dataDir: values.text('data-dir') || `${name}.etcd`,
    walDir: values.text('wal-dir'),
    initialCluster: values.text('initial-cluster') || (isFoundElsewhere ? '' : ownCluster),
    initialClusterToken: values.text('initial-cluster-token'),
    initialClusterState: values.text('initial-cluster-state') as 'new' | 'existing',
    initialAdvertisePeerUrls: advertised.peers,
    advertiseClientUrls: advertised.clients,
    heartbeatIntervalMs: values.number('heartbeat-interval'),
    electionTimeoutMs: values.number('election-timeout'),
    featureGates: featureGates(values.text('feature-gates')),
  }
}

function storageOptions(values: Values): Part {
  return {
    snapshotCount: values.number('snapshot-count') || 10_000,
    snapshotCatchupEntries: values.number('snapshot-catchup-entries'),
    maxWals: values.number('max-wals'),
    quotaBackendBytes: values.number('quota-backend-bytes'),
    backendBatchIntervalMs: values.number('backend-batch-interval') || 100,
    backendBatchLimit: values.number('backend-batch-limit') || 10_000,
    maxTxnOps: values.number('max-txn-ops'),
    maxRequestBytes: values.number('max-request-bytes'),
    ...autoCompaction(values.text('auto-compaction-mode'), values.text('auto-compaction-retention')),
    compactionBatchLimit: values.number('compaction-batch-limit') || 1000,
    compactionSleepIntervalMs: values.number('compaction-sleep-interval') || 10,
    bootstrapDefragThresholdMegabytes: values.number('bootstrap-defrag-threshold-megabytes'),
    unsafeNoFsync: values.boolean('unsafe-no-fsync'),
  }
}

/** What concerns clusters of several members. */
function clusterOptions(values: Values): Part {
  return {
    preVote: values.boolean('pre-vote'),
    initialElectionTickAdvance: values.boolean('initial-election-tick-advance'),
    strictReconfigCheck: values.boolean('strict-reconfig-check'),
    maxLearners: values.number('max-learners'),
    forceNewCluster: values.boolean('force-new-cluster'),
    corruptCheckTimeMs: values.number('corrupt-check-time'),
    compactHashCheckTimeMs: values.number('compact-hash-check-time'),
    downgradeCheckTimeMs: values.number('downgrade-check-time'),
    raftReadTimeoutMs: Math.max(raftTimeoutMsMin, values.number('raft-read-timeout')),
    raftWriteTimeoutMs: Math.max(raftTimeoutMsMin, values.number('raft-write-timeout')),
    discovery: discovery(values),
    discoverySrv: values.text('discovery-srv'),
    discoverySrvName: values.text('discovery-srv-name'),
  }
}
const raftTimeoutMsMin = 5000

function discovery(values: Values): DiscoveryOptions | undefined {
  const endpoints = values.list('discovery-endpoints')
  if (endpoints.length === 0) return undefined
  return {
    endpoints,
    token: values.text('discovery-token'),
    dialTimeoutMs: values.number('discovery-dial-timeout'),
    requestTimeoutMs: values.number('discovery-request-timeout'),
    keepaliveTimeMs: values.number('discovery-keepalive-time'),
    keepaliveTimeoutMs: values.number('discovery-keepalive-timeout'),
    insecureTransport: values.boolean('discovery-insecure-transport'),
    insecureSkipTlsVerify: values.boolean('discovery-insecure-skip-tls-verify'),
    certFile: values.text('discovery-cert'),
    keyFile: values.text('discovery-key'),
    caFile: values.text('discovery-cacert'),
    user: values.text('discovery-user'),
    password: values.text('discovery-password'),
  }
}

function portOptions(values: Values): Part {
  return {
    listenClientUrls: values.list('listen-client-urls'),
    listenClientHttpUrls: values.list('listen-client-http-urls'),
    listenPeerUrls: values.list('listen-peer-urls'),
    listenMetricsUrls: values.list('listen-metrics-urls'),
    socketReusePort: values.boolean('socket-reuse-port'),
    clientTls: clientTls(values),
    peerTls: peerTls(values),
    maxConcurrentStreams: streams(values.number('max-concurrent-streams')),
    grpcKeepaliveMinTimeMs: values.number('grpc-keepalive-min-time'),
    grpcKeepaliveIntervalMs: values.number('grpc-keepalive-interval'),
    grpcKeepaliveTimeoutMs: values.number('grpc-keepalive-timeout'),
    enableGrpcGateway: values.boolean('enable-grpc-gateway'),
    enableGrpcReflection: values.boolean('enable-grpc-reflection'),
    cors: origins(values.list('cors')),
    hostWhitelist: values.list('host-whitelist'),
    authToken: values.text('auth-token'),
    authTokenTtlMs: values.number('auth-token-ttl') * 1000,
    bcryptCost: values.number('bcrypt-cost'),
  }
}

function operationOptions(values: Values): Part {
  const metrics = values.text('metrics')
  if (metrics !== 'basic' && metrics !== 'extensive') {
    throw new UsageError(`invalid value "${metrics}" for flag -metrics: must be one of basic, extensive`, 1)
  }
  return {
    metrics,
    enablePprof: values.boolean('enable-pprof'),
    tracing: tracing(values),
    warningApplyDurationMs: values.number('warning-apply-duration'),
    warningUnaryRequestDurationMs: values.number('warning-unary-request-duration'),
    watchProgressNotifyIntervalMs: values.number('watch-progress-notify-interval') || 600_000,
  }
}

function tracing(values: Values): TracingOptions | undefined {
  if (!values.boolean('enable-distributed-tracing')) return undefined
  return {
    address: values.text('distributed-tracing-address'),
    serviceName: values.text('distributed-tracing-service-name'),
    instanceId: values.text('distributed-tracing-instance-id'),
    samplesPerMillion: values.number('distributed-tracing-sampling-rate'),
  }
}

/** What both kinds of ports share. */
function anyTls(values: Values): ListenTls {
  return {
    selfSignedValidityYears: values.number('self-signed-cert-validity') || 1,
    cipherSuites: values.list('cipher-suites'),
    minVersion: values.text('tls-min-version'),
    maxVersion: values.text('tls-max-version'),
  }
}

function clientTls(values: Values): ListenTls {
  return {
    ...anyTls(values),
    certFile: values.text('cert-file'),
    keyFile: values.text('key-file'),
    clientCertAuth: values.boolean('client-cert-auth'),
    trustedCaFile: values.text('trusted-ca-file'),
    crlFile: values.text('client-crl-file'),
    allowedCommonNames: values.list('client-cert-allowed-cn'),
    allowedHostnames: values.list('client-cert-allowed-hostname'),
    auto: values.boolean('auto-tls'),
  }
}

function peerTls(values: Values): ListenTls {
  return {
    ...anyTls(values),
    certFile: values.text('peer-cert-file'),
    keyFile: values.text('peer-key-file'),
    clientCertFile: values.text('peer-client-cert-file'),
    clientKeyFile: values.text('peer-client-key-file'),
    clientCertAuth: values.boolean('peer-client-cert-auth'),
    trustedCaFile: values.text('peer-trusted-ca-file'),
    crlFile: values.text('peer-crl-file'),
    allowedCommonNames: values.list('peer-cert-allowed-cn'),
    allowedHostnames: values.list('peer-cert-allowed-hostname'),
    skipClientSanVerification: values.boolean('peer-skip-client-san-verification'),
    auto: values.boolean('peer-auto-tls'),
  }
}

function featureGates(text: string): FeatureGates {
  try {
    return parseFeatureGates(text)
  } catch (error) {
    throw new UsageError(`invalid value ${JSON.stringify(text)} for flag -feature-gates: ${(error as Error).message}`)
  }
}

/** All origins, or some of them: as etcd, only those that name their port. */
function origins(cors: readonly string[]): readonly string[] {
  if (cors.length === 1 && cors[0] === '*') return cors
  const refuse = (what: string, origin: string): never => {
    throw new UsageError(`invalid value "${cors.join(',')}" for flag -cors: ${what}: ${origin}`)
  }
  for (const origin of cors) {
    const [, scheme, host = '', path] = /^([a-z]+):\/\/([^/]*)(\/.*)?$/.exec(origin) ?? []
    if (scheme !== 'http' && scheme !== 'https') refuse('URL scheme must be http or https', origin)
    if (!/^(\[[^\]]+\]|[^:]+):\d+$/.test(host)) refuse('URL address does not have the form "host:port"', origin)
    if (path !== undefined) refuse('URL must not contain a path', origin)
  }
  return cors
}

/** No limit is the largest number of 32 bits, or 0 as in gRPC. */
function streams(value: number): number {
  if (value > unlimitedStreams) {
    throw new UsageError(`invalid value "${value}" for flag -max-concurrent-streams: value out of range`)
  }
  return value || unlimitedStreams
}
const unlimitedStreams = 4_294_967_295

type AutoCompaction = Pick<EmbedOptions, 'autoCompactionMode' | 'autoCompactionRetention'>

const hourMs = 3_600_000

/** A bare number counts hours, or revisions. */
function autoCompaction(mode: string, retention: string): AutoCompaction {
  if (mode === '') throw new UsageError('undefined auto-compaction-mode', 1)
  if (mode !== 'periodic' && mode !== 'revision') throw new UsageError(`unknown auto-compaction-mode "${mode}"`, 1)
  const isNumber = /^\+?\d+$/.test(retention) && Number.isSafeInteger(Number(retention))
  if (mode === 'revision') {
    if (isNumber) return { autoCompactionMode: mode, autoCompactionRetention: Number(retention) }
    throw new UsageError(`error parsing CompactionRetention: "${retention}" is no number of revisions`, 1)
  }
  if (isNumber) return { autoCompactionMode: mode, autoCompactionRetention: Number(retention) * hourMs }
  try {
    return { autoCompactionMode: mode, autoCompactionRetention: parseDurationMs(retention) }
  } catch {
    throw new UsageError(`error parsing CompactionRetention: time: invalid duration "${retention}"`, 1)
  }
}
