import { createGrpcServer, type GrpcServer } from '@kvs/grpc'
import { decodeMemberChange, encodeMembers, formatId, MembershipError } from '@kvs/membership'
import type { Pipe } from '@kvs/net'
import type { ResponseHeader } from '@kvs/proto/rpc'
import {
  type ConfState,
  decodeConfChange,
  type Entry,
  type MemoryStorage,
  type Message,
  RaftNode,
  type Ready,
} from '@kvs/raft'
import { Applier } from './apply/applier.ts'
import { Backups } from './backups.ts'
import type { OpenedLog } from './bootstrap.ts'
import { CommitPolicy } from './commit-policy.ts'
import { HeaderWriter } from './edge/header.ts'
import { type HttpHandler, routeHttp } from './edge/http.ts'
import type { ConsensusStatus, Member } from './edge/member.ts'
import { clientMethods } from './edge/methods.ts'
import { operationRoutes } from './edge/operations.ts'
import { encodeEntry, type OperationField } from './entry.ts'
import { Refusal, ServerError } from './errors.ts'
import { snapDir, walDir } from './layout.ts'
import { LeaseExpiry } from './lease-expiry.ts'
import * as limits from './limits.ts'
import { Loop } from './loop.ts'
import { type MemberOptions, quotaBytes, requestTimeoutOf } from './options.ts'
import type { Clock, Logger, Random } from './parts.ts'
import { publish } from './publish.ts'
import { Quota } from './quota.ts'
import { raftConfig } from './raft-config.ts'
import { Reads } from './read.ts'
import { RequestIds } from './request-id.ts'
import type { RunningMember, ServerParts } from './server.ts'
import { SnapshotPolicy } from './snapshot-policy.ts'
import type { State } from './state.ts'
import { Storage } from './storage.ts'
import { type Waiter, WaitingTable } from './waiting.ts'

/** A member: the rooms joined. What happens in which order is in `loop.ts`. */
export class KvsMember implements Member, RunningMember {
  readonly id: bigint
  readonly clusterId: bigint
  readonly options: MemberOptions
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly state: State
  readonly quota: Quota
  readonly backups: Backups
  readonly header: HeaderWriter
  readonly requestIds: RequestIds
  readonly handleHttp: HttpHandler
  /** Term, for headers. */
  term = 0
  readonly #parts: ServerParts
  readonly #raft: RaftNode
  readonly #loop: Loop
  readonly #storage: Storage
  readonly #applier: Applier
  readonly #reads: Reads
  readonly #waiting = new WaitingTable()
  readonly #commits: CommitPolicy
  readonly #snapshots: SnapshotPolicy
  readonly #expiry: LeaseExpiry
  readonly #grpc: GrpcServer
  readonly #requestTimeoutMs: number
  #configuration: { readonly index: number; readonly confState: ConfState }
  #lead = 0n
  #committed = 0
  #timeoutTimer: unknown
  /** While the member starts: who waits until it serves. */
  #starting: { readonly serve: () => void; readonly fail: (error: Error) => void } | undefined
  #stopping: Promise<void> | undefined

  constructor(parts: ServerParts, options: MemberOptions, opened: OpenedLog, state: State) {
    const { clock, random, logger } = parts
    this.#parts = parts
    this.options = options
    this.clock = clock
    this.random = random
    this.logger = logger
    this.id = opened.memberId
    this.clusterId = opened.clusterId
    this.state = state
    this.quota = new Quota({ member: this, backend: state.backend, limitBytes: quotaBytes(options) })
    this.header = new HeaderWriter({ clusterId: this.clusterId, memberId: this.id })
    this.requestIds = new RequestIds(this.id, clock.wallNow())
    this.#requestTimeoutMs = requestTimeoutOf(options)
    this.#raft = new RaftNode(raftConfig({ id: this.id, storage: opened.log, options, random, logger }))
    this.#storage = new Storage({ wal: opened.wal, log: opened.log, fs: parts.fs, dir: walDir(options.dataDir) })
    this.#configuration = opened.log.snapshot().metadata
    this.#snapshots = this.#makeSnapshots(opened.log)
    this.backups = new Backups({
      backend: state.backend,
      fs: parts.fs,
      dir: snapDir(options.dataDir),
      executor: parts.executor,
      confState: () => this.#configuration.confState,
    })
    this.#applier = new Applier({
      state,
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
    })
    this.#commits = new CommitPolicy({
      backend: state.backend,
      clock,
      intervalMs: options.backendBatchIntervalMs,
      operationsMax: options.backendBatchLimit,
      fatal: error => this.#fail(error),
    })
    this.#expiry = new LeaseExpiry(this)
    this.#grpc = createGrpcServer({
      clock,
      methods: clientMethods(this),
      limits: { maxReceiveBytes: options.maxRequestBytes + limits.grpcOverheadBytes },
      pingPolicy: { minIntervalMs: limits.clientPingIntervalMsMin, permitWithoutStreams: false },
      onHandlerError: error => this.#fail(error),
    })
    this.handleHttp = routeHttp(operationRoutes(this))
    state.background.setHooks({
      afterSlices: () => this.#turnEnded(),
      scrubbed: () => this.#endBatch(),
      fatal: error => this.#fail(error),
    })
  }

  #makeSnapshots(log: MemoryStorage): SnapshotPolicy {
    const { index } = log.snapshot().metadata
    return new SnapshotPolicy({
      backend: this.state.backend,
      storage: this.#storage,
      count: this.options.snapshotCount,
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
    this.logger.info('ready to serve client requests')
  }

  acceptGrpc(pipe: Pipe): void {
    this.#grpc.accept(pipe)
  }

  memberListJson(): string {
    return encodeMembers(this.state.cluster.members)
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

  propose(field: OperationField, body: Uint8Array, start: number, end: number, waiter: Waiter): void {
    if (this.#stopping !== undefined) return waiter.refused(Refusal.of('STOPPED'))
    if (this.#committed - this.#applier.applied > limits.maxGapBetweenAppliedAndCommitted) {
      return waiter.refused(Refusal.of('REQUEST_TOO_MANY_REQUESTS'))
    }
    const suffix = this.requestIds.next()
    const data = encodeEntry(field, body, start, end, this.requestIds.prefix, suffix)
    if (data.length > this.options.maxRequestBytes) return waiter.refused(Refusal.of('REQUEST_TOO_LARGE'))
    this.#waiting.add(suffix, waiter)
    if (this.#timeoutTimer === undefined) this.#armTimeout()
    this.#loop.propose(data)
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
      this.#lead = ready.softState.lead
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
  #endBatch(): void {
    const { backend } = this.state
    if (!this.#loop.isApplying) backend.forceConsistent(backend.consistent)
  }

  #turnEnded(): void {
    this.#reads.advanced()
    this.#commits.changed()
    this.#snapshots.changed()
    this.#expiry.changed()
    this.#storage.forget(this.#applier.applied - limits.catchUpEntries)
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
