import { createGrpcServer, type GrpcServer, type HttpExchange } from '@kvs/grpc'
import { type Member as ClusterMember, formatId, type MemberChange } from '@kvs/membership'
import type { Pipe } from '@kvs/net'
import type { ResponseHeader } from '@kvs/proto/rpc'
import type { ProgressStatus } from '@kvs/raft'
import { createPeerClient, type PeerClient, peerEndpoint, type TransportState } from '@kvs/rafthttp'
import { type AutoCompaction, startAutoCompaction } from './auto-compaction.ts'
import type { OpenedLog } from './bootstrap/bootstrap.ts'
import { ElectionAdvance } from './consensus/election-advance.ts'
import { handOverLeadership } from './consensus/leadership.ts'
import { raftStatusJson } from './consensus/raft-status.ts'
import { Replica } from './consensus/replica.ts'
import { RequestIds } from './consensus/request-id.ts'
import type { Proposer, Waiter } from './consensus/waiting.ts'
import { checkAtStart } from './corruption/initial-check.ts'
import { CorruptionMonitor } from './corruption/monitor.ts'
import { formatDuration } from './duration.ts'
import { Admission } from './edge/admission.ts'
import { FrontDoor } from './edge/front-door.ts'
import { HeaderWriter } from './edge/header.ts'
import { healthRoutes } from './edge/health.ts'
import { guardHttp, type HttpHandler, type HttpRoute, routeHttp } from './edge/http.ts'
import { serveExchange } from './edge/http2.ts'
import type { ConsensusStatus, Member } from './edge/member.ts'
import { clientMethods, methodShapes } from './edge/methods.ts'
import { operationRoutes } from './edge/operations.ts'
import { requestStats } from './edge/request-stats.ts'
import { Refusal, ServerError } from './errors.ts'
import type { Failpoints } from './failpoints/failpoints.ts'
import { memberGateway } from './gateway/gateway.ts'
import { snapDir } from './layout.ts'
import { LeaseCheckpoints } from './leases/lease-checkpoints.ts'
import { LeaseExpiry } from './leases/lease-expiry.ts'
import { Leases } from './leases/leases.ts'
import * as limits from './limits.ts'
import { ClusterVersionMonitor } from './membership/cluster-version.ts'
import { DowngradeMonitor } from './membership/downgrade-monitor.ts'
import { publish } from './membership/publish.ts'
import { CallMetrics } from './metrics/calls.ts'
import { memberFamilies } from './metrics/families.ts'
import type { MetricFamily } from './metrics/family.ts'
import type { Measured } from './metrics/measured.ts'
import type { Metrics } from './metrics/metrics.ts'
import { grpcOptions, type MemberOptions, quotaBytes } from './options.ts'
import type { Clock, Logger, Random } from './parts.ts'
import { ownPeerRoutes, peerServices } from './peers/services.ts'
import type { OperationField } from './requests/entry.ts'
import type { RunningMember, ServerParts } from './server.ts'
import { SlowRequests } from './slow-requests.ts'
import { Backups } from './snapshots/backups.ts'
import { StateCopies } from './snapshots/state-copies.ts'
import type { Effects, EffectsBackend } from './state/effects.ts'
import { Quota } from './state/quota.ts'
import type { State } from './state/state.ts'

/** What was read before a member is made. */
export interface OpenedMember extends OpenedLog {
  readonly state: State
  /** The state file behind it. */
  readonly backend: EffectsBackend
}

/** A member: the replica, and on top of it everything that clients, operators and peers can ask. */
export class KvsMember implements Member, Measured, RunningMember {
  readonly id: bigint
  readonly clusterId: bigint
  readonly options: MemberOptions
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly state: State
  readonly effects: Effects
  readonly quota: Quota
  readonly backups: Backups
  readonly header: HeaderWriter
  readonly requestIds: RequestIds
  readonly frontDoor: FrontDoor
  readonly probeRoutes: readonly HttpRoute[]
  readonly metricFamilies: readonly MetricFamily[]
  readonly metrics: Metrics
  readonly calls: CallMetrics
  readonly slow: SlowRequests
  readonly peerClient: PeerClient
  readonly leases: Leases
  isLearner = false
  readonly #parts: ServerParts
  readonly #replica: Replica
  readonly #copies: StateCopies
  readonly #expiry: LeaseExpiry
  readonly #checkpoints: LeaseCheckpoints
  readonly #version: ClusterVersionMonitor
  readonly #corruption: CorruptionMonitor
  readonly #downgrade: DowngradeMonitor
  readonly #electionAdvance: ElectionAdvance
  readonly #admission: Admission
  #autoCompaction: AutoCompaction | undefined
  readonly #grpc: GrpcServer
  #routes: HttpHandler
  /** While the member starts: who waits until it can be published. */
  #starting: { readonly serve: () => void; readonly fail: (error: Error) => void } | undefined
  readonly #leadWatchers = new Set<() => void>()
  #removalTimer: unknown
  #stopping: Promise<void> | undefined

  constructor(parts: ServerParts, options: MemberOptions, opened: OpenedMember) {
    const { clock, random, logger, fs } = parts
    const { state, backend } = opened
    this.#parts = parts
    this.options = options
    this.clock = clock
    this.random = random
    this.logger = logger
    this.id = opened.memberId
    this.clusterId = opened.clusterId
    this.state = state
    this.effects = backend.effects
    this.metrics = state.metrics
    this.slow = new SlowRequests({ clock, logger, metrics: this.metrics, expectedMs: options.warningApplyDurationMs })
    this.quota = new Quota({ member: this, backend, limitBytes: quotaBytes(options) })
    this.header = new HeaderWriter({ clusterId: this.clusterId, memberId: this.id })
    this.requestIds = new RequestIds(this.id, clock.wallNow())
    this.#copies = new StateCopies({ backend, fs, dir: snapDir(options.dataDir) })
    this.#replica = this.#makeReplica(opened)
    this.peerClient = createPeerClient({ wire: parts.peers.wire, clock, clusterId: this.clusterId })
    this.backups = new Backups({
      copies: this.#copies,
      executor: parts.executor,
      clock,
      confState: () => this.#replica.confState,
      sizes: () => backend.sizes(),
      logSyncs: () => this.state.metrics.walSyncs.count,
    })
    this.leases = new Leases(this)
    this.#expiry = new LeaseExpiry(this)
    this.#checkpoints = new LeaseCheckpoints(this)
    this.#version = new ClusterVersionMonitor(this)
    this.#corruption = new CorruptionMonitor(this)
    this.#downgrade = new DowngradeMonitor(this)
    this.#electionAdvance = new ElectionAdvance(this, this.#replica)
    const onHandlerError = (error: unknown): void => this.#fail(error)
    this.#admission = new Admission(this)
    const methods = this.#admission.guard(clientMethods(this, onHandlerError, parts.descriptors))
    this.calls = new CallMetrics({
      methods: methodShapes(methods),
      measures: options.metrics === 'extensive',
      slowMs: options.warningUnaryRequestDurationMs,
      onSlow: (call, end) => logger.warn('request stats', requestStats(this, call, end)),
      onEnded: parts.onCallEnded,
    })
    this.#grpc = this.#makeGrpc(methods, onHandlerError)
    const gateway = memberGateway({ ...options, methods, clock, observer: this.calls, onHandlerError })
    this.#routes = routeHttp([...gateway, ...operationRoutes(this)])
    const isAuthEnabled = (): boolean => state.auth.isEnabled
    this.frontDoor = new FrontDoor({ ...options, logger, isAuthEnabled }, (...request) => this.#routes(...request))
    this.probeRoutes = healthRoutes(this)
    this.metricFamilies = memberFamilies(this)
    this.#membersChanged()
    state.cluster.followVersions({ downgradeChanged: () => this.#downgradeChanged() })
    this.#setHooks()
  }

  #makeGrpc(methods: ReturnType<typeof clientMethods>, onHandlerError: (error: unknown) => void): GrpcServer {
    const { options, logger } = this
    const flush = (): void => this.#grpc.flush()
    const onOtherRequest = (exchange: HttpExchange): void =>
      serveExchange(exchange, guardHttp(this.handleHttp, logger), flush)
    return createGrpcServer({
      ...grpcOptions(options),
      clock: this.clock,
      methods,
      compressors: this.#parts.compressors ?? [],
      observer: this.calls,
      onHandlerError,
      ...(options.servesPlainHttp ? { onOtherRequest } : {}),
    })
  }

  #makeReplica(opened: OpenedMember): Replica {
    const { options, requestIds, slow, quota } = this
    const { state, backend } = opened
    const parts = this.#parts
    return new Replica(
      { parts, options, opened, state, backend, copies: this.#copies, requestIds, slow, quota },
      {
        turnEnded: () => this.#turnEnded(),
        leaderChanged: () => this.#leaderChanged(),
        termStarted: () => this.#termStarted(),
        membersChanged: () => this.#membersChanged(),
        removed: () => this.#removed(),
        fatal: error => this.#fail(error),
      },
    )
  }

  #setHooks(): void {
    this.state.background.setHooks({
      afterSlices: () => this.#turnEnded(),
      scrubbed: tookMs => this.#endBatch(tookMs),
      scrubEnded: scrub => this.#scrubEnded(scrub),
      fatal: error => this.#fail(error),
    })
  }

  /**
   * Takes part in consensus, and resolves once this member has been published: it knows a leader, and has caught up. What
   * it waits for may never come, so `parts.signal` ends it.
   */
  async start(): Promise<void> {
    const { clock, logger } = this
    logger.info('starting member', { 'member-id': formatId(this.id), 'cluster-id': formatId(this.clusterId) })
    await this.#checkAtStart()
    const endpoint = peerEndpoint({
      transport: this.#replica.peers.transport,
      services: peerServices(this),
      more: ownPeerRoutes(this),
      clock,
      logger,
    })
    this.#parts.peers.serve(endpoint)
    let failed: Promise<never> | undefined
    const serving = new Promise<void>(serve => {
      failed = new Promise((_resolve, fail) => {
        this.#starting = { serve, fail }
      })
    })
    const giveUp = (): void => this.#starting?.fail(givenUp())
    const { signal } = this.#parts
    if (signal?.aborted === true) giveUp()
    signal?.addEventListener('abort', giveUp)
    try {
      this.#replica.start()
      this.#electionAdvance.start()
      await Promise.race([failed, serving.then(() => publish(this)).then(() => this.#versionDecided())])
    } finally {
      signal?.removeEventListener('abort', giveUp)
    }
    this.#starting = undefined
    // A scrub that the life before did not finish goes on, though nobody may ever ask for anything.
    if (this.state.store.scrubPending) this.state.background.wake()
    this.#autoCompaction = startAutoCompaction(this)
    logger.info('ready to serve client requests')
  }

  async #checkAtStart(): Promise<void> {
    if (!this.options.featureGates.InitialCorruptCheck || this.state.backend.consistent.index === 0) return
    const signal = this.#parts.signal ?? new AbortController().signal
    try {
      await checkAtStart(this, signal)
    } catch (error) {
      throw signal.aborted ? givenUp() : error
    }
  }

  addRoutes(routes: readonly HttpRoute[]): void {
    this.#routes = routeHttp(routes, this.#routes)
  }

  get handleHttp(): HttpHandler {
    return this.frontDoor.handle
  }

  acceptGrpc(pipe: Pipe): void {
    this.#grpc.accept(pipe)
  }

  get isAuthEnabled(): boolean {
    return this.state.auth.isEnabled
  }

  get pendingProposals(): number {
    return this.#replica.waiting.size
  }

  get walBytes(): number {
    return this.#replica.walBytes
  }

  get grpcBytes(): GrpcServer['counters'] {
    return this.#grpc.counters
  }

  get peerState(): TransportState {
    return this.#replica.peers.state
  }

  raftStatusJson(): string {
    return raftStatusJson(this.#replica.raftStatus())
  }

  get term(): number {
    return this.#replica.term
  }

  get consensus(): ConsensusStatus {
    return this.#replica.consensus
  }

  messageHeader(revision: number): ResponseHeader {
    return { clusterId: this.clusterId, memberId: this.id, revision, raftTerm: this.term }
  }

  propose(field: OperationField, body: Uint8Array, start: number, end: number, proposer: Proposer): void {
    if (this.#isStopped) return proposer.refused(Refusal.of('STOPPED'))
    this.#replica.propose(field, body, start, end, proposer)
  }

  get readsAtOnce(): boolean {
    return this.#replica.decidesAlone && this.#stopping === undefined
  }

  readLinearizable(waiter: Waiter<void>): void {
    if (this.#isStopped) waiter.refused(Refusal.of('STOPPED'))
    else this.#replica.readLinearizable(waiter)
  }

  logWritten(): Promise<void> {
    return this.#replica.logWritten()
  }

  get failpoints(): Failpoints | undefined {
    return this.#parts.failpoints
  }

  changeMembers(change: MemberChange, waiter: Waiter<readonly ClusterMember[]>, isGone: () => boolean): void {
    if (this.#isStopped) waiter.refused(Refusal.of('STOPPED'))
    else this.#replica.changes.propose(change, waiter, isGone)
  }

  connectedSince(id: bigint): number | undefined {
    return this.#replica.peers.transport.activeSince(id)
  }

  progress(): ReadonlyMap<bigint, ProgressStatus> {
    return this.#replica.raftStatus().progress
  }

  get leadsSurely(): boolean {
    return this.#replica.leadsSurely
  }

  caughtUp(timeoutMs: number): Promise<boolean> {
    return this.#replica.caughtUp(timeoutMs)
  }

  transferLeader(to: bigint): void {
    this.#replica.transferLeader(to)
  }

  onLeaderChange(listener: () => void): () => void {
    this.#leadWatchers.add(listener)
    return () => this.#leadWatchers.delete(listener)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  /**
   * Leadership goes to another member first, and calls on their way may end, for a moment; then whoever waits is refused,
   * and then dropped.
   */
  async #stop(): Promise<void> {
    this.logger.info('stopping member', { 'member-id': formatId(this.id) })
    const served = this.#grpc.close({ timeoutMs: limits.stopTimeoutMs })
    await handOverLeadership(this)
    let timer: unknown
    const late = new Promise<void>(resolve => {
      timer = this.clock.setTimer(limits.stopTimeoutMs / 2, resolve)
    })
    await Promise.race([served, late])
    this.clock.clearTimer(timer)
    this.#halt()
    this.#grpc.flush()
    await served
    await this.backups.close()
    await this.#replica.settled()
    await this.state.backend.close()
  }

  /** Ends everything that would go on by itself, and refuses whoever waits. */
  #halt(): void {
    this.#isStopped = true
    this.#electionAdvance.close()
    this.#admission.close()
    this.#version.close()
    this.#corruption.close()
    this.#downgrade.close()
    this.leases.close()
    this.#expiry.close()
    this.#checkpoints.close()
    this.#autoCompaction?.close()
    this.#copies.close()
    this.state.auth.close()
    this.state.background.close()
    if (this.#removalTimer !== undefined) this.clock.clearTimer(this.#removalTimer)
    this.#removalTimer = undefined
    this.#replica.close(Refusal.of('STOPPED'))
    this.#leadWatchers.clear()
  }
  #isStopped = false

  /** Fail-stop: nothing is acknowledged from here on. A member that starts fails to, one that runs ends its process. */
  #fail(cause: unknown): void {
    if (this.#isStopped) return
    const error = cause instanceof Error ? cause : new Error(String(cause))
    const isStopping = this.#stopping !== undefined
    this.#stopping = this.#close()
    if (this.#starting !== undefined) {
      this.#starting.fail(new ServerError('STORAGE', error.message, { cause: error }))
    } else if (!isStopping) this.#parts.onFatal(error)
  }

  /** Lets go of connections and files after a failure; what they say no longer matters. */
  async #close(): Promise<void> {
    this.#halt()
    this.#grpc.flush()
    await this.#grpc.close({ timeoutMs: 0 })
    await this.backups.close()
    await this.#replica.settled().catch(() => {})
    await this.state.backend.close().catch(() => {})
  }

  /** Who follows can be published as soon as there is a leader; who leads, when its term has begun. */
  #leaderChanged(): void {
    const { leader, isLeader } = this.consensus
    if (leader !== 0n && !isLeader) this.#starting?.serve()
    this.#version.leaderChanged()
    this.#downgrade.changed()
    this.#admission.changed()
    this.#corruption.changed()
    for (const listener of [...this.#leadWatchers]) listener()
  }

  #termStarted(): void {
    if (!this.consensus.isLeader) return
    this.#version.termStarted()
    this.#starting?.serve()
  }

  /** What a cluster can do goes by its version: until that is decided it can do nothing, and clients are not served. */
  #versionDecided(): Promise<void> {
    const { cluster } = this.state
    if (cluster.version !== undefined) return Promise.resolve()
    return new Promise(resolve => cluster.followVersions({ decided: resolve }))
  }

  #downgradeChanged(): void {
    this.#version.downgradeChanged()
    this.#downgrade.changed()
  }

  #membersChanged(): void {
    this.isLearner = this.state.cluster.memberSet.get(this.id)?.isLearner === true
    this.#admission.changed()
    this.#corruption.changed()
  }

  /** What is on its way to the others still leaves. */
  #removed(): void {
    this.#removalTimer ??= this.clock.setTimer(limits.removalDelayMs, () => this.#parts.onRemoved())
  }

  /** Removals of a scrub belong to no entry: unless one is half applied, they may be committed as they are. */
  #endBatch(tookMs: number): void {
    const { backend } = this.state
    this.metrics.scrubPauses.observe(tookMs)
    if (!this.#replica.isApplying) backend.forceConsistent(backend.consistent)
  }

  #scrubEnded({ revision, tookMs }: { readonly revision: number; readonly tookMs: number }): void {
    const { backend, store } = this.state
    this.metrics.scrubs.observe(tookMs)
    this.metrics.lastScrubAtSeconds = Math.floor(this.clock.wallNow() / 1000)
    const { allocatedBytes, inUseBytes } = backend.sizes()
    const hash = store.compactionHashes().find(known => known.revision === revision)?.hash
    this.logger.info('finished scheduled compaction', {
      'compact-revision': revision,
      took: formatDuration(tookMs),
      ...(hash === undefined ? {} : { hash }),
      'current-db-size-bytes': allocatedBytes,
      'current-db-size-in-use-bytes': inUseBytes,
    })
  }

  #turnEnded(): void {
    this.#expiry.changed()
    this.#checkpoints.changed()
    this.quota.diskChanged(this.#replica.lacksSpace)
    this.#grpc.flush()
  }
}

const givenUp = (): ServerError => new ServerError('STOPPED', 'the start was given up')
