/**
 * A member in this process, made of the real parts: this machine's disk, clock and network, the state in LMDB.
 *
 * ```ts
 * const member = await startEmbedded({ dataDir: './default.etcd' })
 * console.log(member.clientAddresses)
 * await member.stop()
 * ```
 */
import type { Pipe } from '@kvs/net'
import type { PeerEndpoint } from '@kvs/rafthttp'
import { nodeFs } from '@kvs/vfs'
import { walExists } from '@kvs/wal'
import { guardHttp, type HttpRoute, routeHttp } from './edge/http.ts'
import { systemClock } from './embed/clock.ts'
import { debugVars } from './embed/debug-vars.ts'
import { FoundingEndpoint } from './embed/founding-endpoint.ts'
import { gzip } from './embed/gzip.ts'
import { Http1 } from './embed/http1.ts'
import { logLevelRoute } from './embed/log-level.ts'
import { MetricsPage } from './embed/metrics-page.ts'
import { takeProcess } from './embed/own-process.ts'
import { openPeerWire } from './embed/peer-wire.ts'
import { type OpenPort, Ports } from './embed/ports.ts'
import { pprofRoute } from './embed/pprof.ts'
import { systemRandom } from './embed/random.ts'
import { type ListenUrls, startFields } from './embed/start-line.ts'
import { openStateFile } from './embed/state-file.ts'
import { type ListenTls, openTls, type TlsPlace } from './embed/tls.ts'
import { readTokenKeys } from './embed/token-keys.ts'
import { openTracing, type Tracing } from './embed/tracing.ts'
import { WorkerExecutor } from './embed/worker-executor.ts'
import { FailpointError } from './failpoints/error.ts'
import { type FailpointParts, Failpoints, parseSettings } from './failpoints/failpoints.ts'
import { type FeatureGates, parseFeatureGates } from './feature-gates.ts'
import { walDir } from './layout.ts'
import { type DiscoveryOptions, defaultOptions, type MemberOptions, quotaBytes } from './options.ts'
import type { Logger, PeerParts } from './parts.ts'
import { type RunningMember, type ServerParts, startMember } from './server.ts'
import type { TracingOptions } from './tracing/options.ts'

export type { DiscoveryOptions, FailpointParts, FeatureGates, ListenTls, Logger, TracingOptions }
export { FailpointError, Failpoints, parseFeatureGates, parseSettings }

/** Options of a member that listens: etcd's flags by name. Everything but `dataDir` has etcd's default. */
export interface EmbedOptions extends Partial<Omit<MemberOptions, 'dataDir'>> {
  readonly dataDir: string
  readonly listenClientUrls?: readonly string[]
  /** Ports that serve plain HTTP to clients; those of `listenClientUrls` are then for gRPC only. Default: none. */
  readonly listenClientHttpUrls?: readonly string[]
  readonly listenPeerUrls?: readonly string[]
  /** Ports that serve nothing but metrics and health. Default: none. */
  readonly listenMetricsUrls?: readonly string[]
  /** For client URLs that begin with `https` or `unixs`. */
  readonly clientTls?: ListenTls
  readonly peerTls?: ListenTls
  /** Other processes may listen on the same ports. Needs Node.js 22.12. */
  readonly socketReusePort?: boolean
  /** Clients may ask what services and messages there are (`grpc.reflection`, v1 and v1alpha). */
  readonly enableGrpcReflection?: boolean
  /** Serves profiles below `/debug/pprof/`, to whoever reaches the client port. */
  readonly enablePprof?: boolean
  /** Where traces of calls go. Default: nowhere. */
  readonly tracing?: TracingOptions | undefined
  /** Changes the level of `logger` (`PUT /config/local/log`); false for a word that is no level. Default: it stays. */
  readonly setLogLevel?: (level: string) => boolean
  /**
   * The process is there for this member: how it collects garbage, and how its threads share cores, may be set so that the
   * event loop seldom stands still. It stays so when the member stops.
   */
  readonly ownsProcess?: boolean
  /** What `/debug/vars` says the process was started with. */
  readonly commandLine?: readonly string[]
  readonly logger?: Logger
  /** Something broke that must not: the member has stopped, the process should end. Default: throw it. */
  readonly onFatal?: (error: Error) => void
  /** The cluster has removed this member for good: it is to be stopped. Default: it goes on, alone. */
  readonly onRemoved?: () => void
  /** Where tests hold the member up, fail what it does or end it. Default: nowhere. */
  readonly failpoints?: Failpoints | undefined
  /** Ends a start that waits for other members; it then rejects. */
  readonly signal?: AbortSignal | undefined
}

/** A member that serves its ports. */
export interface EmbeddedMember {
  readonly id: bigint
  readonly clusterId: bigint
  /** Where clients find it, as `host:port` or `unix:path`, with the ports the system chose. */
  readonly clientAddresses: readonly string[]
  readonly clientHttpAddresses: readonly string[]
  readonly peerAddresses: readonly string[]
  readonly metricsAddresses: readonly string[]
  /** Stops serving, then the member. Idempotent. */
  stop(): Promise<void>
}

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Starts a member and serves its ports. Resolves when clients are served; throws `ServerError`. */
export async function startEmbedded(options: EmbedOptions): Promise<EmbeddedMember> {
  const logger = options.logger ?? silent
  const ports = new Ports({ logger, reusePort: options.socketReusePort === true })
  const executor = new WorkerExecutor()
  if (options.ownsProcess === true) await takeProcess()
  let tracing: Tracing | undefined
  try {
    // Ports first: a port in use is found out before anything is written.
    const listen = listenUrls(options)
    const open = await openPorts(options, ports, listen)
    const clientCertAuth = options.clientTls?.clientCertAuth === true
    const servesPlainHttp = listen.clientHttp.length === 0
    const asTold = { ...defaultOptions, clientCertAuth, servesPlainHttp, ...options }
    logger.info('starting an etcd server', startFields(asTold, listen))
    const whole = await withFounders(asTold, { logger, signal: options.signal })
    const tokenKeys = await readTokenKeys(whole.authToken)
    const founding = new FoundingEndpoint()
    const founds = (): void => ports.servePeers(open.peers, founding)
    const serve = (endpoint: PeerEndpoint): void => {
      founding.serve(endpoint)
      if (open.peers.accept === undefined) ports.servePeers(open.peers, endpoint)
    }
    tracing = await openTracing(options.tracing, logger)
    const parts = {
      ...realParts(options, logger, executor),
      tokenKeys,
      onCallEnded: tracing?.ended,
      descriptors: await descriptors(options),
      peers: { ...open.peerWire, founds, serve },
    }
    const member = await startMember(parts, whole)
    const pages = operatorPages(member, options)
    member.addRoutes([pages.metrics, ...pages.others])
    const http1 = new Http1(guardHttp(member.handleHttp, logger), request => member.frontDoor.socketRefusal(request))
    const grpc = (pipe: Pipe): void => member.acceptGrpc(pipe)
    ports.serve(open.clients, { grpc, http1: servesPlainHttp ? http1 : undefined })
    ports.serve(open.clientHttp, { http1 })
    const watched = routeHttp([pages.metrics, ...member.probeRoutes])
    ports.serve(open.metrics, { http1: new Http1(guardHttp(watched, logger)) })
    for (const address of open.clients.addresses) logger.info('serving client traffic', { address })
    return new ListeningMember(member, { ports, executor, tracing, ...open })
  } catch (error) {
    await ports.close()
    await executor.close()
    await tracing?.close()
    throw error
  }
}

/** The options with the founders of the cluster, where somebody else is to be asked for them: once, before it is founded. */
async function withFounders<Options extends MemberOptions>(
  options: Options,
  parts: { readonly logger: Logger; readonly signal: AbortSignal | undefined },
): Promise<Options> {
  const { discovery, discoverySrv, initialClusterState } = options
  const asks = discovery !== undefined || discoverySrv !== ''
  if (!asks || initialClusterState !== 'new' || (await walExists(nodeFs(), walDir(options)))) return options
  const { discoverFounders } = await import('./embed/discovery.ts')
  return discoverFounders(options, parts)
}

function listenUrls(options: EmbedOptions): ListenUrls {
  return {
    client: options.listenClientUrls ?? ['http://localhost:2379'],
    clientHttp: options.listenClientHttpUrls ?? [],
    peer: options.listenPeerUrls ?? ['http://localhost:2380'],
    metrics: options.listenMetricsUrls ?? [],
  }
}

/** The ports of a member by what they are for. */
interface OpenPorts {
  readonly clients: OpenPort
  readonly clientHttp: OpenPort
  readonly peers: OpenPort
  readonly metrics: OpenPort
  /** The way out to peers. */
  readonly peerWire: Pick<PeerParts, 'wire' | 'makeHash'>
}

/** Listens; the TLS of clients also serves the ports for metrics. */
async function openPorts(options: EmbedOptions, ports: Ports, urls: ListenUrls): Promise<OpenPorts> {
  const { dataDir, logger = silent, clientTls = {}, peerTls = {} } = options
  const place = (kind: 'client' | 'peer', own: readonly string[], alpn?: readonly string[]): TlsPlace => ({
    ...{
      name: `${kind} endpoint`,
      urls: own,
      fixturesDir: `${dataDir}/fixtures/${kind}`,
      isPeer: kind === 'peer',
      logger,
    },
    ...(alpn === undefined ? {} : { alpn }),
  })
  const isSplit = urls.clientHttp.length > 0
  // A certificate of its own is for all ports of clients.
  const forClients = [...urls.client, ...urls.clientHttp, ...urls.metrics]
  const clientsTls = await openTls(clientTls, place('client', forClients))
  const grpcTls = isSplit ? await openTls(clientTls, place('client', urls.client, ['h2'])) : clientsTls
  const httpTls = isSplit ? await openTls(clientTls, place('client', forClients, ['http/1.1'])) : undefined
  // What peers say is HTTP/1.1, and WebSockets on it.
  const peerPlace = place('peer', urls.peer, ['http/1.1'])
  const peersTls = await openTls(peerTls, peerPlace)
  return {
    peers: await ports.open('peer endpoint', urls.peer, peersTls),
    clients: await ports.open('client endpoint', urls.client, grpcTls),
    clientHttp: await ports.open('client HTTP endpoint', urls.clientHttp, httpTls),
    metrics: await ports.open('metrics endpoint', urls.metrics, clientsTls),
    peerWire: openPeerWire(peerTls, peerPlace),
  }
}

/** They are loaded only where they are told. */
async function descriptors({ enableGrpcReflection = false }: EmbedOptions): Promise<ServerParts['descriptors']> {
  return enableGrpcReflection ? (await import('@kvs/proto/descriptors')).fileDescriptors : undefined
}

function realParts(options: EmbedOptions, logger: Logger, executor: WorkerExecutor): Omit<ServerParts, 'peers'> {
  return {
    clock: systemClock,
    random: systemRandom,
    logger,
    fs: nodeFs(),
    executor,
    compressors: [gzip],
    failpoints: options.failpoints,
    openBackend: path => openStateFile(path, quotaBytes({ ...defaultOptions, ...options }), options.failpoints),
    onFatal:
      options.onFatal ??
      (error => {
        throw error
      }),
    onRemoved: options.onRemoved ?? (() => {}),
    signal: options.signal,
  }
}

/** What operators read of a member that only a process of its own can tell. */
function operatorPages(
  member: RunningMember,
  { commandLine = [], enablePprof = false, setLogLevel }: EmbedOptions,
): { readonly metrics: HttpRoute; readonly others: readonly HttpRoute[] } {
  const raftStatusJson = (): string => member.raftStatusJson()
  const isAuthEnabled = (): boolean => member.isAuthEnabled
  return {
    metrics: { path: '/metrics', handle: new MetricsPage(member.metricFamilies).handle },
    others: [
      { path: '/debug/vars', handle: debugVars({ commandLine, raftStatusJson }) },
      ...(enablePprof ? [pprofRoute({ commandLine, isAuthEnabled })] : []),
      ...(setLogLevel === undefined ? [] : [logLevelRoute({ setLogLevel, isAuthEnabled })]),
    ],
  }
}

class ListeningMember implements EmbeddedMember {
  readonly clientAddresses: readonly string[]
  readonly clientHttpAddresses: readonly string[]
  readonly peerAddresses: readonly string[]
  readonly metricsAddresses: readonly string[]
  readonly #member: RunningMember
  readonly #ports: Ports
  readonly #peers: OpenPort
  readonly #executor: WorkerExecutor
  readonly #tracing: Tracing | undefined

  constructor(
    member: RunningMember,
    parts: OpenPorts & {
      readonly ports: Ports
      readonly executor: WorkerExecutor
      readonly tracing: Tracing | undefined
    },
  ) {
    this.#member = member
    this.#ports = parts.ports
    this.#peers = parts.peers
    this.#executor = parts.executor
    this.#tracing = parts.tracing
    this.clientAddresses = parts.clients.addresses
    this.clientHttpAddresses = parts.clientHttp.addresses
    this.peerAddresses = parts.peers.addresses
    this.metricsAddresses = parts.metrics.addresses
  }

  get id(): bigint {
    return this.#member.id
  }

  get clusterId(): bigint {
    return this.#member.clusterId
  }

  async stop(): Promise<void> {
    // A leader that stops hands over: it goes on talking with its peers for that long.
    await this.#ports.closeToClients(this.#peers)
    await this.#member.stop()
    await this.#ports.close()
    await this.#executor.close()
    await this.#tracing?.close()
  }
}
