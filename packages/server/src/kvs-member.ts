import { createGrpcServer, type GrpcServer, type HttpExchange } from '@kvs/grpc'
import { decodeMemberChange, encodeMembers, formatId, MembershipError } from '@kvs/membership'
import type { Pipe } from '@kvs/net'
import type { ResponseHeader } from '@kvs/proto/rpc'
import {
  type ConfState,
  decodeConfChange,
  type Entry,
  type MemoryStorage,
  type Message,
  noNode,
  RaftNode,
  type Ready,
} from '@kvs/raft'
import { Applier } from './apply/applier.ts'
import { type AutoCompaction, startAutoCompaction } from './auto-compaction.ts'
import { Backups } from './backups.ts'
import type { OpenedLog } from './bootstrap.ts'
import { CommitPolicy } from './commit-policy.ts'
import { formatDuration } from './duration.ts'
import { FrontDoor } from './edge/front-door.ts'
import { HeaderWriter } from './edge/header.ts'
import { healthRoutes } from './edge/health.ts'
import { guardHttp, type HttpHandler, type HttpRoute, routeHttp } from './edge/http.ts'
import { serveExchange } from './edge/http2.ts'
import type { ConsensusStatus, Member } from './edge/member.ts'
import { clientMethods, methodShapes } from './edge/methods.ts'
import { operationRoutes } from './edge/operations.ts'
import { requestStats } from './edge/request-stats.ts'
import type { Effects } from './effects.ts'
import { encodeEntry, OperationField, ParsedEntry } from './entry.ts'
import { Refusal, ServerError } from './errors.ts'
import { memberGateway } from './gateway/gateway.ts'
import { snapDir, walDir } from './layout.ts'
import { LeaseExpiry } from './lease-expiry.ts'
import * as limits from './limits.ts'
import { Loop } from './loop.ts'
import { CallMetrics } from './metrics/calls.ts'
import { memberFamilies } from './metrics/families.ts'
import type { MetricFamily } from './metrics/family.ts'
import type { Measured } from './metrics/measured.ts'
import type { Metrics } from './metrics/metrics.ts'
import { grpcOptions, type MemberOptions, quotaBytes, requestTimeoutOf } from './options.ts'
import type { Clock, Logger, Random } from './parts.ts'
import { publish } from './publish.ts'
import { Quota } from './quota.ts'
import { raftConfig } from './raft-config.ts'
import { raftStatusJson } from './raft-status.ts'
import { Reads } from './read.ts'
import { RequestIds } from './request-id.ts'
import type { RunningMember, ServerParts } from './server.ts'
import { SlowRequests } from './slow-requests.ts'
import { SnapshotPolicy } from './snapshot-policy.ts'
import type { State } from './state.ts'
import { Storage } from './storage.ts'
import { type Proposer, type Waiter, WaitingTable } from './waiting.ts'

/** What was read before a member is made. */
interface OpenedMember extends OpenedLog {
  readonly effects: Effects
}

/** A member: the rooms joined. What happens in which order is in `loop.ts`. */
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
  /** Term, for headers. */
  term = 0
  readonly #parts: ServerParts
  readonly #raft: RaftNode
  readonly #loop: Loop
  readonly #storage: Storage
  readonly #applier: Applier
  readonly #reads: Reads
  readonly #waiting: WaitingTable
  readonly #commits: CommitPolicy
  readonly #snapshots: SnapshotPolicy
  readonly #expiry: LeaseExpiry
  #autoCompaction: AutoCompaction | undefined
  readonly #grpc: GrpcServer
  #routes: HttpHandler
  readonly #requestTimeoutMs: number
  #configuration: { readonly index: number; readonly confState: ConfState }
  #lead = 0n
  #committed = 0
  #timeoutTimer: unknown
  /** While the member starts: who waits until it serves. */
  #starting: { readonly serve: () => void; readonly fail: (error: Error) => void } | undefined
  #stopping: Promise<void> | undefined

  constructor(parts: ServerParts, options: MemberOptions, opened: OpenedMember, state: State) {
    const { clock, random, logger } = parts
    this.#parts = parts
    this.options = options
    this.clock = clock
    this.random = random
    this.logger = logger
    this.id = opened.memberId
    this.clusterId = opened.clusterId
    this.state = state
    this.effects = opened.effects
    this.metrics = state.metrics
    this.slow = new SlowRequests({ clock, logger, metrics: this.metrics, expectedMs: options.warningApplyDurationMs })
    this.#waiting = new WaitingTable(proposer => this.#gaveUp(proposer))
    this.quota = new Quota({ member: this, backend: state.backend, limitBytes: quotaBytes(options) })
    this.header = new HeaderWriter({ clusterId: this.clusterId, memberId: this.id })
    this.requestIds = new RequestIds(this.id, clock.wallNow())
    this.#requestTimeoutMs = requestTimeoutOf(options)
    this.#raft = new RaftNode(raftConfig({ id: this.id, storage: opened.log, options, random, logger }))
    this.#storage = new Storage({ wal: opened.wal, log: opened.log, fs: parts.fs, dir: walDir(options) })
    this.#configuration = opened.log.snapshot().metadata
    this.#snapshots = this.#makeSnapshots(opened.log)
    this.backups = this.#makeBackups(parts)
    this.#applier = new Applier({
      state,
      clock,
      slow: this.slow,
      slowMs: options.warningApplyDurationMs,
      quota: this.quota,
      applied: opened.log.firstIndex() - 1,
      waiting: this.#waiting,
      idPrefix: this.requestIds.prefix,
      configurationChanged: (entry, isNew) => this.#changeConfiguration(entry, isNew),
      termStarted: () => this.#termStarted(),
    })
    this.#loop = this.#makeLoop()
    this.#reads = new Reads({
      decidesAlone: () => this.#decidesAlone,
      readIndex: context => this.#loop.readIndex(context),
      applied: () => this.#applier.applied,
      metrics: this.metrics,
    })
    this.#commits = new CommitPolicy({
      backend: state.backend,
      commit: () => state.commit(),
      clock,
      intervalMs: options.backendBatchIntervalMs,
      operationsMax: options.backendBatchLimit,
      fatal: error => this.#fail(error),
    })
    this.#expiry = new LeaseExpiry(this)
    const onHandlerError = (error: unknown): void => this.#fail(error)
    const methods = clientMethods(this, onHandlerError)
    this.calls = new CallMetrics({
      methods: methodShapes(methods),
      measures: options.metrics === 'extensive',
      slowMs: options.warningUnaryRequestDurationMs,
      onSlow: (call, end) => logger.warn('request stats', requestStats(this, call, end)),
    })
    this.#grpc = this.#makeGrpc(methods, onHandlerError)
    const gateway = memberGateway({ ...options, methods, clock, observer: this.calls, onHandlerError })
    this.#routes = routeHttp([...gateway, ...operationRoutes(this)])
    const isAuthEnabled = (): boolean => state.auth.isEnabled
    this.frontDoor = new FrontDoor({ ...options, logger, isAuthEnabled }, (...request) => this.#routes(...request))
    this.probeRoutes = healthRoutes(this)
    this.metricFamilies = memberFamilies(this)
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
      observer: this.calls,
      onHandlerError,
      ...(options.servesPlainHttp ? { onOtherRequest } : {}),
    })
  }

  #setHooks(): void {
    this.state.background.setHooks({
      afterSlices: () => this.#turnEnded(),
      scrubbed: tookMs => this.#endBatch(tookMs),
      scrubEnded: scrub => this.#scrubEnded(scrub),
      fatal: error => this.#fail(error),
    })
  }

  #makeBackups({ fs, executor }: ServerParts): Backups {
    return new Backups({
      backend: this.state.backend,
      fs,
      dir: snapDir(this.options.dataDir),
      executor,
      confState: () => this.#configuration.confState,
    })
  }

  #makeSnapshots(log: MemoryStorage): SnapshotPolicy {
    const { index } = log.snapshot().metadata
    return new SnapshotPolicy({
      backend: this.state.backend,
      storage: this.#storage,
      count: this.options.snapshotCount,
      keepSegments: this.options.maxWals,
      lastIndex: index,
      configuration: () => this.#configuration,
      fatal: error => this.#fail(error),
    })
  }

  #makeLoop(): Loop {
    return new Loop({
      raft: this.#raft,
      clock: this.clock,
      tickMs: this.options.heartbeatIntervalMs,
      persist: messages => this.#storage.persist(messages),
      apply: entry => this.#applier.apply(entry),
      send: message => this.#send(message),
      stateChanged: ready => this.#stateChanged(ready),
      turnEnded: () => this.#turnEnded(),
      fatal: error => this.#fail(error),
    })
  }

  /** Starts consensus, and resolves once this member leads or follows, has caught up, and is published. */
  async start(): Promise<void> {
    this.logger.info('starting member', { 'member-id': formatId(this.id), 'cluster-id': formatId(this.clusterId) })
    let failed: Promise<never> | undefined
    const serving = new Promise<void>(serve => {
      failed = new Promise((_resolve, fail) => {
        this.#starting = { serve, fail }
      })
    })
    if (this.#raft.isOnlyVoter() || this.state.cluster.members.length <= 1) this.#loop.campaignSoon()
    this.#loop.start()
    await Promise.race([failed, serving.then(() => publish(this))])
    this.#starting = undefined
    this.#autoCompaction = startAutoCompaction(this)
    this.logger.info('ready to serve client requests')
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

  memberListJson(): string {
    return encodeMembers(this.state.cluster.members)
  }

  get pendingProposals(): number {
    return this.#waiting.size
  }

  get walBytes(): number {
    return this.#storage.writtenBytes
  }

  get grpcBytes(): GrpcServer['counters'] {
    return this.#grpc.counters
  }

  raftStatusJson(): string {
    return raftStatusJson(this.#raft.status())
  }

  get consensus(): ConsensusStatus {
    return {
      term: this.term,
      leader: this.#lead,
      committed: this.#committed,
      applied: this.#applier.applied,
      isLeader: this.#lead === this.id,
    }
  }

  messageHeader(revision: number): ResponseHeader {
    return { clusterId: this.clusterId, memberId: this.id, revision, raftTerm: this.term }
  }

  propose(field: OperationField, body: Uint8Array, start: number, end: number, proposer: Proposer): void {
    if (this.#stopping !== undefined) return proposer.refused(Refusal.of('STOPPED'))
    if (this.#committed - this.#applier.applied > this.#gapMax(field)) {
      return proposer.refused(Refusal.of('REQUEST_TOO_MANY_REQUESTS'))
    }
    const suffix = this.requestIds.next()
    const data = encodeEntry(field, body, start, end, this.requestIds.prefix, suffix, proposer.caller)
    if (data.length > this.options.maxRequestBytes) return proposer.refused(Refusal.of('REQUEST_TOO_LARGE'))
    proposer.entry = data
    this.#waiting.add(suffix, proposer)
    if (this.#timeoutTimer === undefined) this.#armTimeout()
    this.#loop.propose(data)
  }

  /** Revocations, which make room, may go on when others are told to wait. */
  #gapMax(field: OperationField): number {
    const isUrgent = field === OperationField.leaseRevoke && this.options.featureGates.PriorityRequest
    return limits.maxGapBetweenAppliedAndCommitted * (isUrgent ? 2 : 1)
  }

  /** Nobody knows what becomes of the entry; the request has failed. */
  #gaveUp({ entry, startedMs }: Proposer): void {
    this.metrics.proposalsFailed++
    const parsed = new ParsedEntry()
    if (entry === undefined || !parsed.parse(entry)) return
    const { request } = this.#applier.durationsOf(parsed.operation)
    request.observe(false, (this.clock.now() - startedMs) / 1000)
  }

  get readsAtOnce(): boolean {
    return this.#decidesAlone && this.#stopping === undefined
  }

  /** The only voter, once leader, has applied whatever was acknowledged. */
  get #decidesAlone(): boolean {
    return this.#lead === this.id && this.#raft.isOnlyVoter()
  }

  readLinearizable(waiter: Waiter<void>): void {
    if (this.#stopping !== undefined) waiter.refused(Refusal.of('STOPPED'))
    else this.#reads.read(waiter)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  /** Calls on their way may end, for a moment; then whoever waits is refused, and then dropped. */
  async #stop(): Promise<void> {
    this.logger.info('stopping member', { 'member-id': formatId(this.id) })
    const served = this.#grpc.close({ timeoutMs: limits.stopTimeoutMs })
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
    await this.#loop.settled()
    await this.#storage.close()
    await this.state.backend.close()
  }

  /** Ends everything that would go on by itself, and refuses whoever waits. */
  #halt(): void {
    this.#loop.stop()
    this.#commits.close()
    this.#snapshots.close()
    this.#expiry.close()
    this.#autoCompaction?.close()
    this.state.auth.close()
    this.state.background.close()
    if (this.#timeoutTimer !== undefined) this.clock.clearTimer(this.#timeoutTimer)
    this.#timeoutTimer = undefined
    this.#waiting.refuseAll(Refusal.of('STOPPED'))
    this.#reads.refuseAll(Refusal.of('STOPPED'))
  }

  /** Fail-stop: nothing is acknowledged from here on. A member that starts fails to, one that runs ends its process. */
  #fail(cause: unknown): void {
    if (this.#stopping !== undefined) return
    const error = cause instanceof Error ? cause : new Error(String(cause))
    this.#stopping = this.#close()
    if (this.#starting === undefined) this.#parts.onFatal(error)
    else this.#starting.fail(new ServerError('STORAGE', error.message, { cause: error }))
  }

  /** Lets go of connections and files after a failure; what they say no longer matters. */
  async #close(): Promise<void> {
    this.#halt()
    this.#grpc.flush()
    await this.#grpc.close({ timeoutMs: 0 })
    await this.backups.close()
    await this.#loop.settled()
    await this.#storage.close().catch(() => {})
    await this.state.backend.close().catch(() => {})
  }

  #stateChanged(ready: Ready): void {
    if (ready.hardState !== undefined) {
      this.term = ready.hardState.term
      this.#committed = ready.hardState.commit
    }
    if (ready.softState !== undefined) {
      const { lead } = ready.softState
      if (lead !== noNode && lead !== this.#lead) this.metrics.leaderChanges++
      this.#lead = lead
      if (this.#lead !== this.id) this.state.lessor.demote()
      this.#reads.retry()
    }
    for (const { requestContext, index } of ready.readStates) this.#reads.confirmed(requestContext, index)
  }

  /**
   * A configuration change was reached: it is checked and made in the member records if it is new, and told to raft. One
   * that is refused is told to raft as no change.
   */
  #changeConfiguration(entry: Entry, isNew: boolean): void {
    const change = decodeConfChange(entry.data)
    let isRefused = false
    try {
      if (isNew) this.state.cluster.apply(decodeMemberChange(change))
    } catch (error) {
      if (!(error instanceof MembershipError)) throw error
      isRefused = true
      this.logger.warn('refused a configuration change', { error: error.message })
    }
    const confState = this.#raft.applyConfChange(isRefused ? { ...change, nodeId: 0n } : change)
    this.#configuration = { index: entry.index, confState }
  }

  /** The first entry of a term was applied: all that was committed before is in the state. */
  #termStarted(): void {
    if (this.#lead === this.id) this.state.lessor.promote(this.options.electionTimeoutMs)
    this.#starting?.serve()
  }

  /** Removals of a scrub belong to no entry: unless one is half applied, they may be committed as they are. */
  #endBatch(tookMs: number): void {
    const { backend } = this.state
    this.metrics.scrubPauses.observe(tookMs)
    if (!this.#loop.isApplying) backend.forceConsistent(backend.consistent)
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
    this.state.auth.advanced(this.#applier.applied)
    this.#reads.advanced()
    this.#commits.changed()
    this.#snapshots.changed()
    this.#expiry.changed()
    this.quota.diskChanged(this.#storage.lacksSpace)
    this.#storage.forget(this.#applier.applied - this.options.snapshotCatchupEntries)
    this.#prove()
    this.#grpc.flush()
  }

  /** Before answers leave: from then on damage to what they promise is not taken for the end of an unfinished write. */
  #prove(): void {
    try {
      this.#storage.prove()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** The only member has nobody to send to. */
  #send(message: Message): void {
    this.logger.debug('dropping a message: no such peer', { to: formatId(message.to) })
  }

  /** While somebody waits: looks now and then whose time is up, and marks who has come since. */
  #armTimeout(): void {
    this.#timeoutTimer = this.clock.setTimer(limits.timeoutCheckMs, () => {
      this.#timeoutTimer = undefined
      const nowMs = this.clock.now()
      this.#waiting.mark(nowMs + this.#requestTimeoutMs - limits.timeoutCheckMs)
      this.#waiting.expire(nowMs)
      if (this.#waiting.size > 0) this.#armTimeout()
      this.#grpc.flush()
    })
  }
}
