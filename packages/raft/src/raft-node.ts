import { assert } from './assert.ts'
import { fullConfig, localAppendThread, localApplyThread, noNode, type RaftConfig } from './config.ts'
import { RaftError } from './errors.ts'
import { contradictionOf, isLocalMessage, isResponseMessage, messageName, newMessage } from './message.ts'
import { Raft, type StepResult } from './raft.ts'
import type { Ready, SoftState } from './ready.ts'
import { type BasicStatus, basicStatusOf, type NodeStatus, statusOf } from './status.ts'
import { appendMessage, appendResponse, applyMessage, applyResponse, needsAppendResponse } from './storage-messages.ts'
import {
  type ConfChange,
  ConfChangeTransition,
  ConfChangeType,
  type ConfChangeV2,
  type ConfState,
  EntryType,
  type HardState,
  type Message,
  MessageType,
} from './types.ts'
import { confChangePayload, confChangeToV2, sizeEntries } from './wire.ts'

/** A founding member, with what its configuration change should carry. */
export interface Peer {
  readonly id: bigint
  readonly context?: Uint8Array
}

const emptyHardState: HardState = { term: 0, vote: noNode, commit: 0 }
const noBytes = new Uint8Array(0)

/** The state inside a node, for scripts that set what only chance sets. Not for hosts: it is not exported. */
export let stateOf: (node: RaftNode) => Raft

/**
 * One raft node: a value machine. Feed it ticks, messages and proposals; ask it what is to be done (`ready`); do that.
 * Nothing happens by itself, and nothing is thrown for what other nodes may legitimately do.
 */
export class RaftNode {
  readonly #raft: Raft
  readonly #asyncStorageWrites: boolean
  #previousSoftState: SoftState
  #previousHardState: HardState
  /** Own messages to step once the caller has written and applied (without asynchronous storage writes). */
  #stepsOnAdvance: Message[] = []

  static {
    stateOf = node => node.#raft
  }

  /** Throws `RaftError` (`CONFIG`) for a configuration that cannot work. */
  constructor(config: RaftConfig) {
    this.#raft = new Raft(fullConfig(config))
    this.#asyncStorageWrites = config.asyncStorageWrites ?? false
    this.#previousSoftState = this.#softState()
    this.#previousHardState = this.#raft.hardState()
  }

  get id(): bigint {
    return this.#raft.id
  }

  /** Lets one tick of time pass. */
  tick(): void {
    this.#raft.tick()
  }

  /** Time passes for elections only: for hosts that know that the group is at rest and save the rest of `tick`. */
  tickQuiesced(): void {
    this.#raft.electionElapsed++
  }

  /** Starts an election, if this node may. */
  campaign(): void {
    this.#raft.step(newMessage({ type: MessageType.MsgHup }))
  }

  /** Proposes data, all or nothing, in order. An empty list is accepted and does nothing. */
  propose(data: readonly Uint8Array[]): StepResult {
    if (data.length === 0) return 'accepted'
    const entries = data.map(item => ({ type: EntryType.EntryNormal, term: 0, index: 0, data: item }))
    return this.#raft.step(newMessage({ type: MessageType.MsgProp, from: this.#raft.id, entries }))
  }

  /** Proposes a configuration change. One that must not be made now becomes an empty entry (it is logged). */
  proposeConfChange(change: ConfChange | ConfChangeV2): StepResult {
    const { type, data } = confChangePayload(change)
    const entries = [{ type, term: 0, index: 0, data }]
    return this.#raft.step(newMessage({ type: MessageType.MsgProp, from: this.#raft.id, entries }))
  }

  /**
   * Makes a committed configuration change. To be called for every one, when it is applied; a change the application
   * refuses is passed with `nodeId` 0n. Throws `ConfChangeError` if it cannot follow from the configuration in force.
   */
  applyConfChange(change: ConfChange | ConfChangeV2): ConfState {
    return this.#raft.applyConfChange(confChangeToV2(change))
  }

  /**
   * Takes a message of another node, or a response of a local thread. Throws `STEP_LOCAL_MESSAGE` for a message that
   * nobody else may send, `STEP_PEER_NOT_FOUND` for an answer of a node that is not in the configuration, `MALFORMED` for
   * a message that contradicts itself. Nothing has changed then.
   */
  step(message: Message): StepResult {
    const fromThread = message.from === localAppendThread || message.from === localApplyThread
    if (isLocalMessage(message.type) && !fromThread) throw new RaftError('STEP_LOCAL_MESSAGE')
    if (isResponseMessage(message.type) && !fromThread && this.#raft.tracker.get(message.from) === undefined) {
      throw new RaftError('STEP_PEER_NOT_FOUND')
    }
    const contradiction = contradictionOf(message)
    if (contradiction !== undefined) {
      throw new RaftError('MALFORMED', `${messageName(message.type)} of ${message.from.toString(16)} ${contradiction}`)
    }
    return this.#raft.step(message)
  }

  /** Asks for confirmation that local state up to some index is current; the answer is a `ReadState` with `context`. */
  readIndex(context: Uint8Array): void {
    const entries = [{ type: EntryType.EntryNormal, term: 0, index: 0, data: context }]
    this.#raft.step(newMessage({ type: MessageType.MsgReadIndex, entries }))
  }

  /** Asks the leader to hand over to `transferee`. */
  transferLeader(transferee: bigint): void {
    this.#raft.step(newMessage({ type: MessageType.MsgTransferLeader, from: transferee }))
  }

  /** A follower forgets its leader, so that it may grant pre-votes. */
  forgetLeader(): void {
    this.#raft.step(newMessage({ type: MessageType.MsgForgetLeader }))
  }

  /** The last message to `id` could not be delivered. */
  reportUnreachable(id: bigint): void {
    this.#raft.step(newMessage({ type: MessageType.MsgUnreachable, from: id }))
  }

  /** How sending a snapshot to `id` ended. */
  reportSnapshot(id: bigint, outcome: 'finished' | 'failed'): void {
    this.#raft.step(newMessage({ type: MessageType.MsgSnapStatus, from: id, reject: outcome === 'failed' }))
  }

  /**
   * Writes the first entries of a new group into an empty log: one change per peer, as if they had been committed.
   * Throws `MISUSE` if the storage holds anything.
   */
  bootstrap(peers: readonly Peer[]): void {
    const raft = this.#raft
    if (peers.length === 0) throw new RaftError('MISUSE', 'must provide at least one peer to Bootstrap')
    if (raft.log.lastIndex() !== 0) throw new RaftError('MISUSE', "can't bootstrap a nonempty Storage")
    this.#previousHardState = emptyHardState
    raft.becomeFollower(1, noNode)
    const changes = peers.map(peer => ({
      type: ConfChangeType.ConfChangeAddNode,
      nodeId: peer.id,
      context: peer.context ?? noBytes,
      id: 0n,
    }))
    raft.log.append(changes.map((change, i) => ({ ...confChangePayload(change), term: 1, index: i + 1 })))
    raft.log.committed = changes.length
    for (const { nodeId, type } of changes) {
      const transition = ConfChangeTransition.ConfChangeTransitionAuto
      raft.applyConfChange({ transition, changes: [{ type, nodeId }], context: noBytes })
    }
  }

  /** Whether `ready` would have anything. */
  hasReady(): boolean {
    const raft = this.#raft
    if (raft.messages.length > 0 || raft.messagesAfterAppend.length > 0 || raft.readStates.length > 0) return true
    if (raft.log.unstable.hasNextEntries() || raft.log.unstable.nextSnapshot() !== undefined) return true
    if (raft.log.hasNextCommittedEntries(this.#applyUnstable)) return true
    return this.#changedSoftState() !== undefined || this.#changedHardState() !== undefined
  }

  /**
   * What is to be done now. Taking it means doing it: the same is not handed out twice. Without asynchronous storage
   * writes `advance` must follow before the next call (`MISUSE`).
   */
  ready(): Ready {
    const raft = this.#raft
    if (!this.#asyncStorageWrites && this.#stepsOnAdvance.length > 0) {
      throw new RaftError('MISUSE', 'two accepted Ready structs without call to Advance')
    }
    const entries = raft.log.unstable.nextEntries()
    const hardState = this.#changedHardState()
    const now = raft.hardState()
    const before = this.#previousHardState
    const ready: Ready = {
      softState: this.#changedSoftState(),
      hardState,
      readStates: raft.readStates,
      entries,
      snapshot: raft.log.unstable.nextSnapshot(),
      committedEntries: raft.log.nextCommittedEntries(this.#applyUnstable),
      messages: raft.messages,
      mustSync: entries.length > 0 || now.term !== before.term || now.vote !== before.vote,
    }
    const complete = { ...ready, messages: this.#messagesOf(ready) }
    this.#accept(complete)
    return complete
  }

  #messagesOf(ready: Ready): readonly Message[] {
    const raft = this.#raft
    if (!this.#asyncStorageWrites) {
      const toOthers = raft.messagesAfterAppend.filter(message => message.to !== raft.id)
      return toOthers.length === 0 ? ready.messages : [...ready.messages, ...toOthers]
    }
    const append = appendMessage(raft, ready)
    const apply = applyMessage(raft, ready)
    const storage = [append, apply].filter(message => message !== undefined)
    return storage.length === 0 ? ready.messages : [...ready.messages, ...storage]
  }

  #accept(ready: Ready): void {
    const raft = this.#raft
    if (ready.softState !== undefined) this.#previousSoftState = ready.softState
    if (ready.hardState !== undefined) this.#previousHardState = ready.hardState
    if (ready.readStates.length > 0) raft.readStates = []
    if (!this.#asyncStorageWrites) this.#noteSteps(ready)
    raft.messages = []
    raft.messagesAfterAppend = []
    raft.log.unstable.acceptInProgress()
    const last = ready.committedEntries.at(-1)
    if (last !== undefined) {
      raft.log.acceptApplying(last.index, sizeEntries(ready.committedEntries), this.#applyUnstable)
    }
  }

  #noteSteps(ready: Ready): void {
    const raft = this.#raft
    const steps = raft.messagesAfterAppend.filter(message => message.to === raft.id)
    if (needsAppendResponse(raft, ready)) steps.push(appendResponse(raft, ready))
    if (ready.committedEntries.length > 0) steps.push(applyResponse(raft, ready.committedEntries))
    this.#stepsOnAdvance = steps
  }

  /** Everything of the last `Ready` is durable, sent and applied. Not to be called with asynchronous storage writes. */
  advance(): void {
    assert(!this.#asyncStorageWrites, 'advance must not be called with asynchronous storage writes')
    const steps = this.#stepsOnAdvance
    this.#stepsOnAdvance = []
    for (const message of steps) this.#raft.step(message)
  }

  /** Entries of the log that are not committed. */
  get uncommitted(): number {
    return this.#raft.log.lastIndex() - this.#raft.log.committed
  }

  /** A leader would turn a configuration change that is proposed now into an empty entry: an earlier one is not applied yet. */
  isConfChangePending(): boolean {
    return this.#raft.pendingConfIndex > this.#raft.log.applied
  }

  /** Whether this node is the only voter of its configuration. */
  isOnlyVoter(): boolean {
    const { tracker } = this.#raft
    return tracker.isSingleton() && tracker.isVoter(this.#raft.id)
  }

  /** Whether the configuration has this node and no other, not even a learner. */
  isAlone(): boolean {
    return this.isOnlyVoter() && this.#raft.tracker.ids.length === 1
  }

  basicStatus(): BasicStatus {
    return basicStatusOf(this.#raft)
  }

  status(): NodeStatus {
    return statusOf(this.#raft)
  }

  /** Committed entries may be applied before they are durable here only if both are served by one Ready. */
  get #applyUnstable(): boolean {
    return !this.#asyncStorageWrites
  }

  #softState(): SoftState {
    return { lead: this.#raft.lead, raftState: this.#raft.state }
  }

  #changedSoftState(): SoftState | undefined {
    const { lead, raftState } = this.#previousSoftState
    return lead === this.#raft.lead && raftState === this.#raft.state ? undefined : this.#softState()
  }

  #changedHardState(): HardState | undefined {
    const { term, vote, commit } = this.#previousHardState
    const raft = this.#raft
    const changed = raft.term !== term || raft.vote !== vote || raft.log.committed !== commit
    return changed ? raft.hardState() : undefined
  }
}
