import type { MemberChange } from '@kvs/membership'
import { type ConfState, type Message, type NodeStatus, noNode, RaftNode, type Ready } from '@kvs/raft'
import { Applier } from '../apply/applier.ts'
import type { OpenedLog } from '../bootstrap/bootstrap.ts'
import type { ConsensusStatus } from '../edge/member.ts'
import { Refusal } from '../errors.ts'
import { walDir } from '../layout.ts'
import * as limits from '../limits.ts'
import { MembershipChanges } from '../membership/membership-changes.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { electionTicksOf, type MemberOptions, requestTimeoutOf } from '../options.ts'
import type { Clock } from '../parts.ts'
import { Peers } from '../peers/peers.ts'
import { encodeEntry, OperationField, ParsedEntry } from '../requests/entry.ts'
import type { ServerParts } from '../server.ts'
import type { SlowRequests } from '../slow-requests.ts'
import { ReceivedSnapshots } from '../snapshots/received-snapshots.ts'
import { SnapshotInstallation } from '../snapshots/snapshot-installation.ts'
import { SnapshotPolicy } from '../snapshots/snapshot-policy.ts'
import type { StateCopies } from '../snapshots/state-copies.ts'
import type { StageTimes } from '../stages.ts'
import type { EffectsBackend } from '../state/effects.ts'
import type { Quota } from '../state/quota.ts'
import type { State } from '../state/state.ts'
import { AppliedWatch } from './applied-watch.ts'
import { CommitPolicy } from './commit-policy.ts'
import { Loop } from './loop.ts'
import { QuorumContact } from './quorum-contact.ts'
import { raftConfig } from './raft-config.ts'
import { Reads } from './read.ts'
import type { RequestIds } from './request-id.ts'
import { type AppliedPoint, Storage } from './storage.ts'
import { type Proposer, type Waiter, WaitingTable } from './waiting.ts'

/** What a replica is made of. */
export interface ReplicaParts {
  readonly parts: ServerParts
  readonly options: MemberOptions
  readonly opened: OpenedLog
  readonly state: State
  /** The state file behind `state`. */
  readonly backend: EffectsBackend
  readonly copies: StateCopies
  readonly requestIds: RequestIds
  readonly slow: SlowRequests
  readonly quota: Quota
}

/** Whom a replica tells what happens. */
export interface ReplicaHooks {
  /** A turn is over: what was answered may leave. */
  turnEnded(): void
  /** Another leader than before is known, or none. */
  leaderChanged(): void
  /** The first entry of a term was applied: all that was committed before is in the state. */
  termStarted(): void
  /** The membership is another than before. */
  membersChanged(): void
  /** The cluster has removed this member for good. */
  removed(): void
  /** Something broke that must not. */
  fatal(error: unknown): void
}

const keptLog = { keepBytes: limits.catchUpBytesMax, memoryBytes: limits.catchUpMemoryBytesMax } as const

/**
 * Consensus and what follows from it: the log, the peers, the entries and reads that wait, and the state they end in.
 * What happens in which order is in `loop.ts`. Edges, which turn requests into this and outcomes into answers, come on
 * top.
 */
export class Replica {
  /** Term, for headers. */
  term = 0
  readonly peers: Peers
  readonly changes: MembershipChanges
  readonly waiting: WaitingTable
  readonly #appliedWatch: AppliedWatch
  readonly #clock: Clock
  readonly #options: MemberOptions
  readonly #metrics: Metrics
  readonly #stages: StageTimes
  readonly #state: State
  readonly #requestIds: RequestIds
  readonly #hooks: ReplicaHooks
  readonly #id: bigint
  readonly #raft: RaftNode
  readonly #loop: Loop
  readonly #storage: Storage
  readonly #applier: Applier
  readonly #reads: Reads
  readonly #commits: CommitPolicy
  readonly #contact = new QuorumContact()
  readonly #snapshots: SnapshotPolicy
  readonly #requestTimeoutMs: number
  #configuration: AppliedPoint
  #lead = 0n
  /** When this member learned of the present leader, or of there being none. */
  #leadSinceMs: number
  /** When this member last learned of another leader. */
  #lastElectionMs = Number.NEGATIVE_INFINITY
  #committed = 0
  #timeoutTimer: unknown
  /** Entries whose proposers were just told that it took too long. */
  readonly #givenUp = new Set<Uint8Array>()
  #closed: Refusal | undefined

  constructor(replica: ReplicaParts, hooks: ReplicaHooks) {
    const { parts, options, opened, state, requestIds } = replica
    const { clock, random, logger } = parts
    this.#clock = clock
    this.#options = options
    this.#metrics = state.metrics
    this.#stages = replica.slow.stages
    this.#state = state
    this.#requestIds = requestIds
    this.#hooks = hooks
    this.#id = opened.memberId
    this.#leadSinceMs = clock.now()
    this.#requestTimeoutMs = requestTimeoutOf(options)
    this.#appliedWatch = new AppliedWatch(clock, this.#requestTimeoutMs)
    this.waiting = new WaitingTable(proposer => this.#gaveUp(proposer))
    this.#configuration = configurationAtStart(opened, state)
    opened.log.beginWith(this.#configuration.confState)
    this.#raft = new RaftNode(raftConfig({ id: this.#id, storage: opened.log, options, random, logger }))
    this.#storage = new Storage({ ...parts, wal: opened.wal, log: opened.log, dir: walDir(options) })
    this.#snapshots = this.#makeSnapshots(opened.log.snapshot().metadata.index)
    this.#applier = this.#makeApplier(replica)
    const received = new ReceivedSnapshots({ ...parts, dataDir: options.dataDir })
    this.#loop = this.#makeLoop(this.#makeInstallation(replica, received), parts)
    this.peers = new Peers({
      ...parts,
      id: this.#id,
      clusterId: opened.clusterId,
      options,
      metrics: state.metrics,
      cluster: state.cluster,
      received,
      copies: replica.copies,
      loop: this.#loop,
      heard: message => this.#contact.heard(message, { term: this.term, nowMs: clock.now() }),
      removed: () => hooks.removed(),
    })
    this.changes = new MembershipChanges({
      cluster: state.cluster,
      requestIds,
      logger,
      propose: change => this.#loop.proposeConfChange(change),
      applyToRaft: change => this.#raft.applyConfChange(change),
      changed: change => this.#memberChanged(change),
    })
    this.#reads = new Reads({
      decidesAlone: () => this.decidesAlone,
      readIndex: context => this.#loop.readIndex(context),
      applied: () => this.#applier.applied,
      metrics: state.metrics,
      clock,
      requestIds,
      timeoutMs: this.#requestTimeoutMs,
      refused: () => hooks.turnEnded(),
    })
    this.#commits = new CommitPolicy({
      backend: state.backend,
      commit: () => state.commit(),
      clock,
      intervalMs: options.backendBatchIntervalMs,
      operationsMax: options.backendBatchLimit,
      fatal: error => hooks.fatal(error),
    })
    state.cluster.followVersions({ lowered: () => this.#snapshots.force() })
    opened.log.followState(() => this.#appliedPoint)
    this.peers.reset(state.cluster.members)
    for (const { id, peerUrls } of opened.remotes) this.peers.transport.addRemote(id, peerUrls)
  }

  #makeApplier({ parts, options, opened, state, requestIds, slow, quota }: ReplicaParts): Applier {
    return new Applier({
      state,
      clock: parts.clock,
      slow,
      slowMs: options.warningApplyDurationMs,
      quota,
      applied: opened.log.firstIndex() - 1,
      waiting: this.waiting,
      idPrefix: requestIds.prefix,
      configurationChanged: (entry, isNew) => {
        // At a start the configuration is that of the state already.
        if (entry.index <= this.#configuration.index) return
        this.#configuration = { index: entry.index, confState: this.changes.apply(entry, isNew) }
      },
      termStarted: term => this.#termStarted(term),
    })
  }

  #makeInstallation(replica: ReplicaParts, received: ReceivedSnapshots): SnapshotInstallation {
    const { parts, options, state, backend } = replica
    return new SnapshotInstallation({
      ...parts,
      dataDir: options.dataDir,
      state,
      backend,
      received,
      storage: this.#storage,
      noted: index => this.#snapshots.noted(index),
      installed: (index, confState) => this.#installed(index, confState),
      fatal: error => this.#hooks.fatal(error),
    })
  }

  #makeSnapshots(lastIndex: number): SnapshotPolicy {
    return new SnapshotPolicy({
      backend: this.#state.backend,
      storage: this.#storage,
      count: this.#options.snapshotCount,
      keepSegments: this.#options.maxWals,
      lastIndex,
      configuration: () => this.#configuration,
      fatal: error => this.#hooks.fatal(error),
    })
  }

  #makeLoop(installation: SnapshotInstallation, { failpoints }: ServerParts): Loop {
    return new Loop({
      failpoints,
      raft: this.#raft,
      clock: this.#clock,
      tickMs: this.#options.heartbeatIntervalMs,
      electionTicks: electionTicksOf(this.#options),
      persist: messages => this.#stages.timed(lastEntry(messages), () => this.#storage.persist(messages)),
      install: message => installation.prepare(message),
      apply: entry => this.#applier.apply(entry),
      send: message => this.peers.send(message),
      reaches: id => this.peers.transport.activeSince(id) !== undefined,
      sendOut: () => this.peers.sendOut(),
      stateChanged: ready => this.#stateChanged(ready),
      turnEnded: () => this.#turnEnded(),
      fatal: error => this.#hooks.fatal(error),
    })
  }

  /** Begins to take part in consensus. */
  start(): void {
    this.#loop.start()
  }

  /** Resolves when the disk is left alone. To be called after `close`. */
  async settled(): Promise<void> {
    await this.#loop.settled()
    await this.#storage.close()
  }

  /** Ends everything that would go on by itself, and refuses whoever waits. */
  close(refusal: Refusal): void {
    this.#closed = refusal
    this.#loop.stop()
    this.peers.stop()
    this.#commits.close()
    this.#snapshots.close()
    if (this.#timeoutTimer !== undefined) this.#clock.clearTimer(this.#timeoutTimer)
    this.#timeoutTimer = undefined
    this.waiting.refuseAll(refusal)
    this.changes.refuseAll(refusal)
    this.#reads.close(refusal)
    this.#appliedWatch.close()
  }

  get consensus(): ConsensusStatus {
    return {
      term: this.term,
      leader: this.#lead,
      committed: this.#committed,
      applied: this.#applier.applied,
      isLeader: this.#lead === this.#id,
    }
  }

  /** The configuration in force. */
  get confState(): ConfState {
    return this.#configuration.confState
  }

  /** What raft tells of itself; not for every request. */
  raftStatus(): NodeStatus {
    return this.#raft.status()
  }

  /** The only voter, once leader, has applied whatever was acknowledged. */
  get decidesAlone(): boolean {
    return this.#lead === this.#id && this.#raft.isOnlyVoter()
  }

  /**
   * This member leads, and has been neither held up nor cut off so long that another may have taken over without its
   * knowing: who follows elects nobody for an election timeout.
   */
  get leadsSurely(): boolean {
    if (this.#lead !== this.#id) return false
    if (this.#raft.isOnlyVoter()) return true
    const { electionTimeoutMs, heartbeatIntervalMs } = this.#options
    const nowMs = this.#clock.now()
    if (nowMs - this.#loop.lastTickMs > limits.ticksMissedMax * heartbeatIntervalMs) return false
    return this.#contact.hasMajority(this.confState.voters, {
      selfId: this.#id,
      fromMs: nowMs - electionTimeoutMs / 2,
    })
  }

  /** Resolves with true once what is committed now is applied, with false if that takes longer. */
  caughtUp(timeoutMs: number): Promise<boolean> {
    return this.#appliedWatch.wait(this.#committed, timeoutMs)
  }

  /** Resolves when the write of the log that is under way is over; at once if there is none. */
  logWritten(): Promise<void> {
    return this.#loop.settled()
  }

  get walBytes(): number {
    return this.#storage.writtenBytes
  }

  get lacksSpace(): boolean {
    return this.#storage.lacksSpace
  }

  /** An entry is half applied. */
  get isApplying(): boolean {
    return this.#loop.isApplying
  }

  propose(field: OperationField, body: Uint8Array, start: number, end: number, proposer: Proposer): void {
    if (this.#closed !== undefined) return proposer.refused(this.#closed)
    if (this.#committed - this.#applier.applied > this.#gapMax(field)) {
      return proposer.refused(Refusal.of('REQUEST_TOO_MANY_REQUESTS'))
    }
    const suffix = this.#requestIds.next()
    const data = encodeEntry(field, body, start, end, this.#requestIds.prefix, suffix, proposer.caller)
    if (data.length > this.#options.maxRequestBytes) return proposer.refused(Refusal.of('REQUEST_TOO_LARGE'))
    proposer.entry = data
    this.waiting.add(suffix, proposer)
    if (this.#timeoutTimer === undefined) this.#armTimeout()
    this.#loop.propose(data)
  }

  /** Revocations, which make room, may go on when others are told to wait. */
  #gapMax(field: OperationField): number {
    const isUrgent = field === OperationField.leaseRevoke && this.#options.featureGates.PriorityRequest
    return limits.maxGapBetweenAppliedAndCommitted * (isUrgent ? 2 : 1)
  }

  readLinearizable(waiter: Waiter<void>): void {
    if (this.#closed !== undefined) waiter.refused(this.#closed)
    else this.#reads.read(waiter)
  }

  /** Hands leadership over; how that ends is seen in `consensus`. */
  transferLeader(to: bigint): void {
    this.#loop.transferLeader(to)
  }

  /** A member that has just started need not wait for a whole election timeout where it sees others that can vote. */
  advanceElection(ticks: number): void {
    this.#loop.advanceTicks(ticks)
  }

  /** When the present leader came to be known here, or there came to be none. */
  get leadSinceMs(): number {
    return this.#leadSinceMs
  }

  /** Durations of an operation, by the entry that asked for it. */
  #gaveUp({ entry, startedMs }: Proposer): Refusal {
    this.#metrics.proposalsFailed++
    const parsed = new ParsedEntry()
    if (entry !== undefined && parsed.parse(entry)) {
      this.#givenUp.add(entry)
      const { request } = this.#applier.durationsOf(parsed.operation)
      request.observe(false, (this.#clock.now() - startedMs) / 1000)
    }
    return this.#timeoutOf(startedMs)
  }

  /** What kept a request waiting in vain, as far as this member can tell (etcd.md 2.9). */
  #timeoutOf(startedMs: number): Refusal {
    const { electionTimeoutMs } = this.#options
    const beforeLeadMs = this.#lastElectionMs - 2 * electionTimeoutMs
    if (startedMs > beforeLeadMs && startedMs < this.#lastElectionMs) return Refusal.of('TIMEOUT_DUE_TO_LEADER_FAIL')
    if (this.#lead === noNode) return Refusal.of('TIMEOUT')
    const isConnected = this.#lead === this.#id ? this.#hasQuorumSince(startedMs) : this.#sees(this.#lead, startedMs)
    return Refusal.of(isConnected ? 'TIMEOUT' : 'TIMEOUT_DUE_TO_CONNECTION_LOST')
  }

  #sees(id: bigint, sinceMs: number): boolean {
    return (this.peers.transport.activeSince(id) ?? Number.POSITIVE_INFINITY) <= sinceMs
  }

  #hasQuorumSince(sinceMs: number): boolean {
    const { members } = this.#state.cluster
    const connected = members.filter(({ id }) => id === this.#id || this.#sees(id, sinceMs))
    return connected.length > members.length / 2
  }

  get #appliedPoint(): AppliedPoint {
    return { index: this.#applier.applied, confState: this.#configuration.confState }
  }

  #stateChanged(ready: Ready): void {
    if (ready.hardState !== undefined) {
      this.term = ready.hardState.term
      if (ready.hardState.commit > this.#committed) this.#stages.committed(ready.hardState.commit)
      this.#committed = ready.hardState.commit
    }
    if (ready.softState !== undefined) this.#leadChanged(ready.softState.lead)
    for (const { requestContext, index } of ready.readStates) this.#reads.confirmed(requestContext, index)
  }

  #leadChanged(lead: bigint): void {
    const isOther = lead !== this.#lead
    if (isOther) this.#leadSinceMs = this.#clock.now()
    if (lead !== noNode && isOther) {
      this.#lastElectionMs = this.#leadSinceMs
      this.#metrics.leaderChanges++
    }
    this.#lead = lead
    if (isOther) this.#contact.reset()
    if (lead !== this.#id) {
      this.#state.lessor.demote()
      this.#withdrawLeaderOnly()
    }
    this.#reads.retry()
    if (!isOther) return
    this.peers.leadershipChanged()
    this.#hooks.leaderChanged()
  }

  /** What waits for the end of a transfer of leadership must not go to who leads after it. */
  #withdrawLeaderOnly(): void {
    if (this.#loop.queuedProposals === 0) return
    const entries = new Set<Uint8Array>()
    for (const { entry, isLeaderOnly } of this.waiting.proposers) if (isLeaderOnly && entry) entries.add(entry)
    this.#loop.withdraw(entries)
  }

  #memberChanged(change: MemberChange): void {
    if (change.type === 'remove') {
      this.peers.remove(change.id)
      if (change.id === this.#id) this.#hooks.removed()
    } else {
      const id = change.type === 'add' ? change.member.id : change.id
      const member = this.#state.cluster.memberSet.get(id)
      if (member !== undefined) this.peers.add(member)
    }
    this.#hooks.membersChanged()
  }

  /** The first entry of a term was applied: all that was committed before is in the state. */
  #termStarted(term: number): void {
    // Those of earlier terms come first where they had not been committed before.
    if (term !== this.term) return
    if (this.#lead === this.#id) this.#state.lessor.promote(this.#options.electionTimeoutMs)
    this.#reads.retry()
    this.#hooks.termStarted()
  }

  #installed(index: number, confState: ConfState): void {
    this.#configuration = { index, confState }
    this.#applier.installed(index)
    this.peers.reset(this.#state.cluster.members)
    this.#hooks.membersChanged()
  }

  #turnEnded(): void {
    const { applied } = this.#applier
    this.#state.auth.advanced(applied)
    this.#appliedWatch.advanced(applied)
    this.#reads.advanced()
    this.#commits.changed()
    this.#snapshots.changed()
    this.#storage.forget({ applied, keepCount: this.#keepCount, ...keptLog })
    this.#prove()
    this.#hooks.turnEnded()
  }

  /**
   * How many applied entries stay readable for raft. Each in memory outlives collections of garbage, so a member that nobody
   * follows keeps few: who joins it later needs a snapshot anyway, once the log has lost its beginning.
   */
  get #keepCount(): number {
    if (this.peers.holdBackLog) return limits.catchUpEntriesMax
    const { snapshotCatchupEntries } = this.#options
    if (!this.#raft.isAlone() || this.#storage.hasBeginning) return snapshotCatchupEntries
    return Math.min(snapshotCatchupEntries, limits.catchUpEntriesAlone)
  }

  /** Before answers leave: from then on damage to what they promise is not taken for the end of an unfinished write. */
  #prove(): void {
    try {
      this.#storage.prove()
    } catch (error) {
      this.#hooks.fatal(error)
    }
  }

  /** While somebody waits: looks now and then whose time is up, and marks who has come since. */
  #armTimeout(): void {
    this.#timeoutTimer = this.#clock.setTimer(limits.timeoutCheckMs, () => {
      this.#timeoutTimer = undefined
      const nowMs = this.#clock.now()
      this.waiting.mark(nowMs + this.#requestTimeoutMs - limits.timeoutCheckMs)
      this.waiting.expire(nowMs)
      if (this.#givenUp.size > 0) {
        if (this.#loop.queuedProposals > 0) this.#loop.withdraw(this.#givenUp)
        this.#givenUp.clear()
      }
      if (this.waiting.size > 0) this.#armTimeout()
      this.#hooks.turnEnded()
    })
  }
}

/**
 * The configuration that follows from the state, which knows which of the log's changes were refused; that of the log where
 * there is no state yet.
 */
function configurationAtStart({ log }: OpenedLog, { backend, cluster }: State): AppliedPoint {
  const { metadata } = log.snapshot()
  const { index } = backend.consistent
  return index > metadata.index ? { index, confState: cluster.memberSet.confState() } : metadata
}

/** Index of the last entry that these messages carry. */
function lastEntry(messages: readonly Message[]): number | undefined {
  for (let i = messages.length - 1; i >= 0; i--) {
    const last = messages[i]?.entries.at(-1)
    if (last !== undefined) return last.index
  }
  return undefined
}
