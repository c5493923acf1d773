import { assert, broken } from './assert.ts'
import { stepCandidate } from './candidate.ts'
import { type Changed, type ConfChangeState, enterJoint, leaveJoint, simple } from './confchange/changer.ts'
import { restore } from './confchange/restore.ts'
import { type FullConfig, type Logger, noNode } from './config.ts'
import { hup } from './election.ts'
import { stepFollower } from './follower.ts'
import { stepLeader } from './leader.ts'
import { RaftLog } from './log.ts'
import { type MessageDraft, messageName, newMessage } from './message.ts'
import { releasePendingReads } from './read-index.ts'
import { ReadOnlyQueue } from './read-only.ts'
import type { RaftState, ReadState } from './ready.ts'
import { appendEntries, broadcastAppend, maybeSendAppend } from './replication.ts'
import { answerOldTerm, answerVote, followNewerTerm } from './term.ts'
import { confStateOf, describeConfig, emptyConfig } from './tracker/config.ts'
import { Inflights } from './tracker/inflights.ts'
import { Progress } from './tracker/progress.ts'
import { ProgressTracker } from './tracker/tracker.ts'
import { type ConfChangeV2, type ConfState, EntryType, type HardState, type Message, MessageType } from './types.ts'
import { enterJointOf, isLeaveJoint, payloadSize, sizeEntries } from './wire.ts'

/** A proposal that nobody takes (no leader, a transfer under way, too much uncommitted) is dropped: try again later. */
export type StepResult = 'accepted' | 'dropped'

/**
 * The state of one node and its transitions. Terms are settled here, for all roles in one place; what a role does with a
 * message stands in `leader.ts`, `candidate.ts` and `follower.ts`. Hosts use `RaftNode`.
 */
export class Raft {
  readonly id: bigint
  readonly config: FullConfig
  readonly logger: Logger
  readonly log: RaftLog
  readonly tracker: ProgressTracker = new ProgressTracker()
  term = 0
  /** Whom this node voted for in `term`. */
  vote: bigint = noNode
  lead: bigint = noNode
  state: RaftState = 'follower'
  /** This node does not vote. */
  isLearner = false
  /** To whom leadership is being transferred (thesis 3.10). */
  leadTransferee: bigint = noNode
  /** A configuration change may be unapplied up to this index: only one at a time is proposed. */
  pendingConfIndex = 0
  readStates: ReadState[] = []
  readOnly: ReadOnlyQueue
  /** Reads that came before the leader had committed anything in its term. */
  pendingReads: Message[] = []
  /** Messages to send. */
  messages: Message[] = []
  /** Messages that promise durability: to be sent once everything appended so far is on disk. */
  messagesAfterAppend: Message[] = []
  /** Ticks since the last sign of a leader (follower), or since quorum was last checked (leader). */
  electionElapsed = 0
  heartbeatElapsed = 0
  randomizedElectionTimeout = 0
  #uncommittedBytes = 0
  /**
   * The configuration before a snapshot that the host has not restored yet. Changes handed out before the snapshot came
   * are made here: the configuration in force is the snapshot's, which has them.
   */
  #overtaken: Changed | undefined

  constructor(config: FullConfig) {
    this.id = config.id
    this.config = config
    this.logger = config.logger
    const { storage, logger, applied } = config
    this.log = new RaftLog({ storage, logger, maxApplyingBytes: config.maxCommittedSizePerReady })
    this.readOnly = new ReadOnlyQueue(config.readOnlyOption)
    const { hardState, confState } = storage.initialState()
    this.restoreConfig(confState)
    if (hardState.term !== 0 || hardState.vote !== noNode || hardState.commit !== 0) this.#load(hardState)
    if (applied > 0) this.log.appliedTo(applied, 0)
    this.becomeFollower(this.term, noNode)
    const peers = this.tracker.voterIds().map(id => id.toString(16))
    const last = this.log.lastEntryId()
    logger.info(
      `newRaft ${this.hexId} [peers: [${peers.join(',')}], term: ${this.term}, commit: ${this.log.committed}, ` +
        `applied: ${this.log.applied}, lastindex: ${last.index}, lastterm: ${last.term}]`,
    )
  }

  /** Own id as log lines show it. */
  get hexId(): string {
    return this.id.toString(16)
  }

  hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.log.committed }
  }

  #load(state: HardState): void {
    const { committed } = this.log
    const last = this.log.lastIndex()
    assert(
      state.commit >= committed && state.commit <= last,
      `${this.hexId} state.commit ${state.commit} is out of range [${committed}, ${last}]`,
    )
    this.log.committed = state.commit
    this.term = state.term
    this.vote = state.vote
  }

  /** Takes a message, settles terms, and lets the role act (paper 5.1). */
  step(message: Message): StepResult {
    if (message.term > this.term) {
      if (!followNewerTerm(this, message)) return 'accepted'
    } else if (message.term !== 0 && message.term < this.term) {
      answerOldTerm(this, message)
      return 'accepted'
    }
    const result = this.#act(message)
    this.#trace(messageName(message.type))
    return result
  }

  #act(message: Message): StepResult {
    switch (message.type) {
      case MessageType.MsgHup:
        hup(this, this.config.preVote ? 'pre-election' : 'election')
        return 'accepted'
      case MessageType.MsgStorageAppendResp:
        this.#appended(message)
        return 'accepted'
      case MessageType.MsgStorageApplyResp:
        this.#applied(message)
        return 'accepted'
      case MessageType.MsgVote:
      case MessageType.MsgPreVote:
        answerVote(this, message)
        return 'accepted'
      default:
        return this.#stepRole(message)
    }
  }

  #stepRole(message: Message): StepResult {
    if (this.state === 'leader') return stepLeader(this, message)
    return this.state === 'follower' ? stepFollower(this, message) : stepCandidate(this, message)
  }

  #appended(message: Message): void {
    if (message.index !== 0) this.log.unstable.stableTo(message.index, message.logTerm)
    if (message.snapshot !== undefined) this.appliedSnapshot(message.snapshot.metadata.index)
  }

  #applied({ entries }: Message): void {
    const last = entries.at(-1)
    if (last === undefined) return
    this.appliedTo(last.index, sizeEntries(entries))
    this.#uncommittedBytes = Math.max(0, this.#uncommittedBytes - payloadSize(entries))
  }

  appliedSnapshot(index: number): void {
    this.log.unstable.stableSnapshotTo(index)
    if (this.log.unstable.snapshot === undefined) this.#overtaken = undefined
    this.appliedTo(index, 0)
  }

  appliedTo(index: number, bytes: number): void {
    const applied = Math.max(index, this.log.applied)
    this.log.appliedTo(applied, bytes)
    const { config } = this.tracker
    if (!config.autoLeave || applied < this.pendingConfIndex || this.state !== 'leader') return
    // The configuration in force is joint and to be left without being told: propose that now.
    const leave = newMessage({
      type: MessageType.MsgProp,
      from: this.id,
      entries: [{ type: EntryType.EntryConfChangeV2, term: 0, index: 0, data: new Uint8Array(0) }],
    })
    const text = `initiating automatic transition out of joint configuration ${describeConfig(config)}`
    if (this.step(leave) === 'accepted') this.logger.info(text)
    else this.logger.debug(`not ${text}: raft proposal dropped`)
  }

  tick(): void {
    if (this.state === 'leader') this.#tickHeartbeat()
    else this.#tickElection()
  }

  #tickElection(): void {
    this.electionElapsed++
    if (!this.promotable() || this.electionElapsed < this.randomizedElectionTimeout) return
    this.electionElapsed = 0
    this.step(newMessage({ type: MessageType.MsgHup, from: this.id }))
  }

  #tickHeartbeat(): void {
    this.heartbeatElapsed++
    this.electionElapsed++
    if (this.electionElapsed >= this.config.electionTick) {
      this.electionElapsed = 0
      if (this.config.checkQuorum) this.step(newMessage({ type: MessageType.MsgCheckQuorum, from: this.id }))
      // A transfer that has not finished by now has failed.
      if (this.state === 'leader') this.abortLeaderTransfer()
    }
    if (this.state !== 'leader' || this.heartbeatElapsed < this.config.heartbeatTick) return
    this.heartbeatElapsed = 0
    this.step(newMessage({ type: MessageType.MsgBeat, from: this.id }))
  }

  /** Whether this node may campaign: it is a voter, and no snapshot waits to be restored. */
  promotable(): boolean {
    const own = this.tracker.get(this.id)
    return own !== undefined && !own.isLearner && this.log.unstable.snapshot === undefined
  }

  becomeFollower(term: number, lead: bigint): void {
    this.#reset(term)
    this.lead = lead
    this.state = 'follower'
    this.logger.info(`${this.hexId} became follower at term ${this.term}`)
    this.#trace('BecomeFollower')
  }

  becomeCandidate(): void {
    assert(this.state !== 'leader', 'invalid transition [leader -> candidate]')
    this.#reset(this.term + 1)
    this.vote = this.id
    this.state = 'candidate'
    this.logger.info(`${this.hexId} became candidate at term ${this.term}`)
    this.#trace('BecomeCandidate')
  }

  /** Neither term nor vote change: a pre-candidate disturbs nobody (thesis 9.6). */
  becomePreCandidate(): void {
    assert(this.state !== 'leader', 'invalid transition [leader -> pre-candidate]')
    this.tracker.resetVotes()
    this.lead = noNode
    this.state = 'pre-candidate'
    this.logger.info(`${this.hexId} became pre-candidate at term ${this.term}`)
  }

  becomeLeader(): void {
    assert(this.state !== 'follower', 'invalid transition [follower -> leader]')
    this.#reset(this.term)
    this.lead = this.id
    this.state = 'leader'
    const own = this.tracker.get(this.id)
    assert(own !== undefined, `leader ${this.hexId} is not in its own configuration`)
    own.becomeReplicate()
    own.recentActive = true
    // Whatever the log holds beyond the commit index may contain a configuration change (thesis 4.1).
    this.pendingConfIndex = this.log.lastIndex()
    const taken = appendEntries(this, [{ type: EntryType.EntryNormal, term: 0, index: 0, data: new Uint8Array(0) }])
    assert(taken, 'the empty entry of a new term was dropped')
    this.logger.info(`${this.hexId} became leader at term ${this.term}`)
    this.#trace('BecomeLeader')
  }

  #reset(term: number): void {
    if (this.term !== term) {
      this.term = term
      this.vote = noNode
    }
    this.lead = noNode
    this.electionElapsed = 0
    this.heartbeatElapsed = 0
    const { electionTick, random } = this.config
    this.randomizedElectionTimeout = electionTick + random(electionTick)
    this.abortLeaderTransfer()
    this.tracker.resetVotes()
    this.#resetProgress()
    this.pendingConfIndex = 0
    this.#uncommittedBytes = 0
    this.readOnly = new ReadOnlyQueue(this.config.readOnlyOption)
  }

  #resetProgress(): void {
    const last = this.log.lastIndex()
    const fresh = new Map<bigint, Progress>()
    for (const [id, { isLearner }] of this.tracker.progress) {
      const match = id === this.id ? last : 0
      const inflights = new Inflights(this.#inflightLimits)
      fresh.set(id, new Progress({ match, next: last + 1, inflights, isLearner, recentActive: false }))
    }
    this.tracker.set(this.tracker.config, fresh)
  }

  get #inflightLimits(): ConfChangeState['inflightLimits'] {
    return { sizeMax: this.config.maxInflightMsgs, bytesMax: this.config.maxInflightBytes }
  }

  abortLeaderTransfer(): void {
    this.leadTransferee = noNode
  }

  /** Counts what the application proposed. False if it goes beyond the limit; empty entries always pass. */
  takeUncommitted(bytes: number): boolean {
    const sum = this.#uncommittedBytes + bytes
    if (this.#uncommittedBytes > 0 && bytes > 0 && sum > this.config.maxUncommittedEntriesSize) return false
    this.#uncommittedBytes = sum
    return true
  }

  /** Commits what a quorum has, if it is of this term (paper 5.4.2). */
  maybeCommit(): boolean {
    return this.log.maybeCommit({ term: this.term, index: this.tracker.committed() })
  }

  /** Puts a message on its way: at once, or after everything appended so far is durable if it promises that. */
  send(message: MessageDraft): void {
    const { type } = message
    const isVote =
      type === MessageType.MsgVote ||
      type === MessageType.MsgVoteResp ||
      type === MessageType.MsgPreVote ||
      type === MessageType.MsgPreVoteResp
    const hasTerm = message.term !== 0
    if (hasTerm !== isVote) broken(`term should ${isVote ? '' : 'not '}be set when sending ${messageName(type)}`)
    // Proposals and reads that are forwarded belong to no term.
    if (!isVote && type !== MessageType.MsgProp && type !== MessageType.MsgReadIndex) message.term = this.term
    if (message.from === noNode) message.from = this.id
    const promises =
      type === MessageType.MsgAppResp || type === MessageType.MsgVoteResp || type === MessageType.MsgPreVoteResp
    if (promises) this.messagesAfterAppend.push(message)
    else {
      if (message.to === this.id) broken(`message should not be self-addressed when sending ${messageName(type)}`)
      this.messages.push(message)
    }
  }

  applyConfChange(change: ConfChangeV2): ConfState {
    if (this.#overtaken === undefined) return this.#switchTo(changedBy(this.#changeBase(this.tracker), change))
    this.#overtaken = changedBy(this.#changeBase(this.#overtaken), change)
    return confStateOf(this.#overtaken.config)
  }

  #changeBase({ config, progress }: Changed): ConfChangeState {
    return { config, progress, lastIndex: this.log.lastIndex(), inflightLimits: this.#inflightLimits }
  }

  /** Starts over from the configuration of a snapshot or of the storage. */
  restoreConfig(confState: ConfState): void {
    const { config, progress } = this.tracker
    if (this.log.unstable.snapshot !== undefined) this.#overtaken ??= { config, progress }
    this.tracker.set(emptyConfig, new Map())
    this.#switchTo(restore(this.#changeBase(this.tracker), confState))
  }

  #switchTo({ config, progress }: Changed): ConfState {
    this.tracker.set(config, progress)
    this.logger.info(`${this.hexId} switched to configuration ${describeConfig(config)}`)
    const confState = confStateOf(config)
    const own = this.tracker.get(this.id)
    this.isLearner = own?.isLearner ?? false
    if ((own === undefined || this.isLearner) && this.state === 'leader') {
      // A removed leader goes on until its removal is committed, unless it is to step down at once (thesis 4.2.2).
      if (this.config.stepDownOnRemoval) this.becomeFollower(this.term, noNode)
      return confState
    }
    if (this.state !== 'leader' || confState.voters.length === 0) return confState
    // With a smaller quorum more may be committed; new members are probed without waiting for a heartbeat.
    if (this.maybeCommit()) {
      releasePendingReads(this)
      broadcastAppend(this)
    } else for (const id of this.tracker.ids) if (id !== this.id) maybeSendAppend(this, id, false)
    if (this.leadTransferee !== noNode && !this.tracker.isVoter(this.leadTransferee)) this.abortLeaderTransfer()
    return confState
  }

  #trace(name: string): void {
    const { term, vote, state } = this
    this.config.trace({
      name,
      id: this.id,
      role: state,
      term,
      vote,
      commit: this.log.committed,
      lastIndex: this.log.lastIndex(),
    })
  }
}

/** The configuration after `change`. Throws `ConfChangeError`. */
function changedBy(base: ConfChangeState, change: ConfChangeV2): Changed {
  if (isLeaveJoint(change)) return leaveJoint(base)
  const { autoLeave, useJoint } = enterJointOf(change)
  return useJoint ? enterJoint(base, autoLeave, change.changes) : simple(base, change.changes)
}
