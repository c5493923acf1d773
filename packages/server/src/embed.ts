/**
 * A member in this process, made of the real parts: this machine's disk, clock and network, the state in LMDB.
 *
 * ```ts
 * const member = await startEmbedded({ dataDir: './default.etcd' })
 * console.log(member.clientAddresses)
 * await member.stop()
 * ```
 */
import type { TlsServer } from '@kvs/net'
import { nodeFs } from '@kvs/vfs'
import { guardHttp, type HttpRoute, routeHttp } from './edge/http.ts'
import { systemClock } from './embed/clock.ts'
import { debugVars } from './embed/debug-vars.ts'
import { Http1 } from './embed/http1.ts'
import { MetricsPage } from './embed/metrics-page.ts'
import { type OpenPort, Ports } from './embed/ports.ts'
import { systemRandom } from './embed/random.ts'
import { startFields } from './embed/start-line.ts'
import { openStateFile } from './embed/state-file.ts'
import { type ListenTls, openTls, type TlsPlace } from './embed/tls.ts'
import { readTokenKeys } from './embed/token-keys.ts'
import { WorkerExecutor } from './embed/worker-executor.ts'
import { defaultOptions, type MemberOptions, quotaBytes } from './options.ts'
import type { Logger } from './parts.ts'
import { peerRoutes } from './peer/routes.ts'
import { type RunningMember, startMember } from './server.ts'

export type { ListenTls, Logger }

/** Options of a member that listens: etcd's flags by name. Everything but `dataDir` has etcd's default. */
export interface EmbedOptions extends Partial<Omit<MemberOptions, 'dataDir'>> {
  readonly dataDir: string
  readonly listenClientUrls?: readonly string[]
  readonly listenPeerUrls?: readonly string[]
  /** Ports that serve nothing but metrics and health. Default: none. */
  readonly listenMetricsUrls?: readonly string[]
  /** For client URLs that begin with `https` or `unixs`. */
  readonly clientTls?: ListenTls
  readonly peerTls?: ListenTls
  /** What `/debug/vars` says the process was started with. */
  readonly commandLine?: readonly string[]
  readonly logger?: Logger
  /** Something broke that must not: the member has stopped, the process should end. Default: throw it. */
  readonly onFatal?: (error: Error) => void
}

/** A member that serves its ports. */
export interface EmbeddedMember {
  readonly id: bigint
  readonly clusterId: bigint
  /** Where clients find it, as `host:port` or `unix:path`, with the ports the system chose. */
  readonly clientAddresses: readonly string[]
  readonly peerAddresses: readonly string[]
  readonly metricsAddresses: readonly string[]
  /** Stops serving, then the member. Idempotent. */
  stop(): Promise<void>
}

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Starts a member and serves its ports. Resolves when clients are served; throws `ServerError`. */
export async function startEmbedded(options: EmbedOptions): Promise<EmbeddedMember> {
  const logger = options.logger ?? silent
  const ports = new Ports(logger)
  const executor = new WorkerExecutor()
  try {
    // Ports first: a port in use is found out before anything is written.
    const peerUrls = options.listenPeerUrls ?? ['http://localhost:2380']
    const clientUrls = options.listenClientUrls ?? ['http://localhost:2379']
    const metricsUrls = options.listenMetricsUrls ?? []
    const { clientTls, peerTls } = await openBothTls(options, { clientUrls, peerUrls, metricsUrls, logger })
    const peers = await ports.open('peer endpoint', peerUrls, peerTls)
    const clients = await ports.open('client endpoint', clientUrls, clientTls)
    const metrics = await ports.open('metrics endpoint', metricsUrls, clientTls)
    const clientCertAuth = options.clientTls?.clientCertAuth === true
    const whole = { ...defaultOptions, clientCertAuth, ...options }
    const listen = { client: clientUrls, peer: peerUrls, metrics: metricsUrls }
    logger.info('starting an etcd server', startFields(whole, listen))
    const tokenKeys = await readTokenKeys(whole.authToken)
    const parts = { ...realParts(options, logger, executor), tokenKeys }
    const member = await startMember(parts, whole)
    const pages = operatorPages(member, options.commandLine ?? [])
    member.addRoutes([pages.metrics, pages.vars])
    const http1 = new Http1(guardHttp(member.handleHttp, logger), request => member.frontDoor.socketRefusal(request))
    ports.serve(clients, http1, pipe => member.acceptGrpc(pipe))
    ports.serve(peers, new Http1(guardHttp(routeHttp(peerRoutes(member)), logger)))
    ports.serve(metrics, new Http1(guardHttp(routeHttp([pages.metrics, ...member.probeRoutes]), logger)))
    for (const address of clients.addresses) logger.info('serving client traffic', { address })
    return new ListeningMember(member, { ports, executor, clients, peers, metrics })
  } catch (error) {
    await ports.close()
    await executor.close()
    throw error
  }
}

/** The TLS of the client's and the peers' ports; that of clients also serves ports for metrics. */
async function openBothTls(
  { dataDir, clientTls = {}, peerTls = {} }: EmbedOptions,
  ports: {
    readonly clientUrls: readonly string[]
    readonly peerUrls: readonly string[]
    readonly metricsUrls: readonly string[]
    readonly logger: Logger
  },
): Promise<{ readonly clientTls: TlsServer | undefined; readonly peerTls: TlsServer | undefined }> {
  const { logger } = ports
  const place = (kind: 'client' | 'peer', urls: readonly string[]): TlsPlace => ({
    name: `${kind} endpoint`,
    urls,
    fixturesDir: `${dataDir}/fixtures/${kind}`,
    isPeer: kind === 'peer',
    logger,
  })
  return {
    clientTls: await openTls(clientTls, place('client', [...ports.clientUrls, ...ports.metricsUrls])),
    peerTls: await openTls(peerTls, place('peer', ports.peerUrls)),
  }
}

function realParts(options: EmbedOptions, logger: Logger, executor: WorkerExecutor): Parameters<typeof startMember>[0] {
  return {
    clock: systemClock,
    random: systemRandom,
    logger,
    fs: nodeFs(),
    executor,
    openBackend: path => openStateFile(path, quotaBytes({ ...defaultOptions, ...options })),
    onFatal:
      options.onFatal ??
      (error => {
        throw error
      }),
  }
}

/** What operators read of a member that only a process of its own can tell. */
function operatorPages(
  member: RunningMember,
  commandLine: readonly string[],
): { readonly metrics: HttpRoute; readonly vars: HttpRoute } {
  const raftStatusJson = (): string => member.raftStatusJson()
  return {
    metrics: { path: '/metrics', handle: new MetricsPage(member.metricFamilies).handle },
    vars: { path: '/debug/vars', handle: debugVars({ commandLine, raftStatusJson }) },
  }
}

class ListeningMember implements EmbeddedMember {
  readonly clientAddresses: readonly string[]
  readonly peerAddresses: readonly string[]
  readonly metricsAddresses: readonly string[]
  readonly #member: RunningMember
  readonly #ports: Ports
  readonly #executor: WorkerExecutor

  constructor(
    member: RunningMember,
    parts: {
      readonly ports: Ports
      readonly executor: WorkerExecutor
      readonly clients: OpenPort
      readonly peers: OpenPort
      readonly metrics: OpenPort
    },
  ) {
    this.#member = member
    this.#ports = parts.ports
    this.#executor = parts.executor
    this.clientAddresses = parts.clients.addresses
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
    await this.#ports.close()
    await this.#member.stop()
    await this.#executor.close()
  }
}
