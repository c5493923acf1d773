import {
  type ConfChange,
  type Entry,
  EntryType,
  type Message,
  MessageType,
  noNode,
  RaftError,
  type RaftNode,
  type Ready,
  type StepResult,
} from '@kvs/raft'
import type { Continuation } from '../apply/operation.ts'
import { InvariantError } from '../assert.ts'
import type { Failpoints } from '../failpoints/failpoints.ts'
import * as limits from '../limits.ts'
import type { Clock } from '../parts.ts'
import { Gathering } from './gathering.ts'

/** What the loop hands entries and messages to. Every callback is called from within a turn. */
export interface LoopParts {
  readonly raft: RaftNode
  readonly clock: Clock
  readonly tickMs: number
  /** Ticks of an election timeout. */
  readonly electionTicks: number
  /** Makes the entries and hard states of these messages durable, in order, and readable for raft. */
  readonly persist: (messages: readonly Message[]) => Promise<void>
  /**
   * Makes the snapshot of this message durable, and what it leads to ready beside the present state. The loop calls the
   * result, which puts the one in the place of the other, when no entry is being applied.
   */
  readonly install: (message: Message) => Promise<() => void>
  /** Applies one committed entry, or its first slice. */
  readonly apply: (entry: Entry) => Continuation | undefined
  /** Takes messages to peers. */
  readonly send: (message: Message) => void
  /** Whether this peer is connected. */
  readonly reaches: (id: bigint) => boolean
  /** What `send` took leaves, before this member's own disk is asked for anything. */
  readonly sendOut: () => void
  /** Leadership, term or the set of known facts about them changed. */
  readonly stateChanged: (ready: Ready) => void
  /** A turn is over: answers that were written may leave. */
  readonly turnEnded: () => void
  /** Something broke that must not: the member stops. */
  readonly fatal: (error: unknown) => void
  readonly failpoints?: Failpoints | undefined
}

/**
 * THE loop: everything that decides goes through here, one turn at a time.
 *
 * A turn takes what came in since the last one (proposals, messages, a tick, a finished write), lets raft think, and
 * serves what raft wants. The order is the one `@kvs/raft` demands of asynchronous storage writes:
 *
 *   1. messages to peers leave at once (a leader's appends overtake its own disk write, thesis 10.2.1)
 *   2. appends go to the log, in order, one durable write at a time; while it runs, the next batch gathers; a snapshot is
 *      a batch of its own, which is through once its state has taken the place of the present one
 *   3. what an append promised (our own vote, our own acknowledgement) is delivered only once it is durable
 *   4. committed entries are applied in order; a long one gives way between slices, and no later one starts before it
 *   5. raft learns what was applied; answers leave at the end of the turn
 */
export class Loop {
  readonly #parts: LoopParts
  readonly #raft: RaftNode
  #proposals: Uint8Array[] = []
  #proposalBytes = 0
  /** Proposals of other members, for the leader that this one is. */
  #forwarded: Message[] = []
  #forwardedCount = 0
  readonly #gathering: Gathering
  #changes: ConfChange[] = []
  /** Proposals of other members that raft would not take, and for how many ticks they go on waiting. */
  #held: { readonly message: Message; ticksLeft: number }[] = []
  #lead: bigint = noNode
  readonly #appends: Message[] = []
  readonly #applies: Message[] = []
  /** Entries of `#applies[0]` that are applied. */
  #appliedEntries = 0
  #applying: Continuation | undefined
  readonly #beforeSend: Gate = { state: 'open' }
  readonly #beforeApply: Gate = { state: 'open' }
  /** Raft was asked since something was sent. */
  #hasServed = false
  #appending = false
  /** Somebody waits until nothing is being applied; `false`: it will never be. */
  #onIdle: ((idle: boolean) => void) | undefined
  #scheduled = false
  #inTurn = false
  #stopped = false
  #tickTimer: unknown

  constructor(parts: LoopParts) {
    this.#parts = parts
    this.#raft = parts.raft
    this.#gathering = new Gathering(parts.clock, () => this.#turn())
  }

  /** Proposals that have not been handed to raft: this turn's, or those that wait for a leader. */
  get queuedProposals(): number {
    return this.#proposals.length
  }

  /** When raft was last told that time passes. A member that was held up since does not know yet what it missed. */
  get lastTickMs(): number {
    return this.#lastTickMs
  }
  #lastTickMs = Number.NEGATIVE_INFINITY

  /** An entry is being applied in slices: the state holds a part of it. */
  get isApplying(): boolean {
    return this.#applying !== undefined
  }

  /** Takes a proposal for the next turn. */
  propose(data: Uint8Array): void {
    this.#proposals.push(data)
    this.#proposalBytes += data.length
    this.schedule()
  }

  /** Those of these that still wait for a leader are not proposed any more: nobody waits for them. */
  withdraw(given: ReadonlySet<Uint8Array>): void {
    this.#proposals = this.#proposals.filter(data => !given.has(data))
    if (this.#proposals.length === 0 && this.#forwarded.length === 0) this.#proposalBytes = 0
  }

  proposeConfChange(change: ConfChange): void {
    this.#changes.push(change)
    this.schedule()
  }

  /**
   * Takes a message of a peer. Throws `RaftError` for one that cannot be. A proposal that comes while there is no leader,
   * or while leadership is handed over, is held for a while.
   */
  step(message: Message): void {
    if (this.#stopped) return
    this.schedule()
    if (message.type !== MessageType.MsgProp) this.#raft.step(message)
    else if (this.#lead === this.#raft.id && !changes(message)) this.#takeForwarded(message)
    else if (this.#offer(message) === 'dropped') this.#hold(message)
  }

  #takeForwarded(message: Message): void {
    this.#forwarded.push(message)
    this.#forwardedCount += message.entries.length
    for (const { data } of message.entries) this.#proposalBytes += data.length
  }

  #hold(message: Message): void {
    if (this.#held.length >= limits.heldProposalsMax) return
    // Raft gives a transfer up with the last of these ticks: then there must be time to take what was held.
    this.#held.push({ message, ticksLeft: this.#parts.electionTicks + 1 })
  }

  /** Hands leadership over to another voter. */
  transferLeader(to: bigint): void {
    this.#raft.transferLeader(to)
    this.schedule()
  }

  /** What was sent to this peer got lost. */
  reportUnreachable(id: bigint): void {
    if (this.#stopped) return
    this.#raft.reportUnreachable(id)
    this.schedule()
  }

  reportSnapshot(id: bigint, outcome: 'finished' | 'failed'): void {
    if (this.#stopped) return
    this.#raft.reportSnapshot(id, outcome)
    this.schedule()
  }

  /** Lets time pass for the next election, so that a member that has just started does not wait for all of it. */
  advanceTicks(ticks: number): void {
    if (this.#stopped) return
    for (let left = ticks; left > 0; left--) this.#raft.tick()
    this.schedule()
  }

  /** Asks raft to confirm that this member, or the leader it knows, still leads. */
  readIndex(context: Uint8Array): void {
    this.#raft.readIndex(context)
    this.schedule()
  }

  /** Who has nobody to wait for campaigns in the first turn instead of waiting for an election timeout. */
  #campaign = true

  /** Runs a turn once the inputs that are waiting now have been taken. */
  schedule(): void {
    if (this.#scheduled || this.#stopped) return
    this.#scheduled = true
    this.#parts.clock.defer(() => this.#turn())
  }

  /** Starts the election timer. */
  start(): void {
    this.#armTick()
    this.schedule()
  }

  stop(): void {
    this.#stopped = true
    if (this.#tickTimer !== undefined) this.#parts.clock.clearTimer(this.#tickTimer)
    this.#tickTimer = undefined
    this.#gathering.stop()
    this.#onIdle?.(false)
  }

  /** Resolves when the write in flight is over, well or badly; after `stop` no other follows it. */
  settled(): Promise<void> {
    return this.#write
  }
  #write: Promise<void> = Promise.resolve()

  #turn(): void {
    this.#scheduled = false
    if (this.#stopped || this.#inTurn || this.#beforeSend.state === 'shut') return
    this.#inTurn = true
    try {
      this.#takeProposals()
      do {
        while (this.#raft.hasReady()) this.#serve(this.#raft.ready())
        if (this.#holdsSending()) break
        this.#parts.sendOut()
        this.#append()
        this.#applyCommitted()
        this.#campaignOnce()
      } while (this.#raft.hasReady())
    } catch (error) {
      this.#fail(error)
    }
    this.#inTurn = false
    this.#armTick()
    this.#parts.turnEnded()
  }

  /** Only once what the log already holds is applied: before that raft refuses, for its configuration may be old. */
  #campaignOnce(): void {
    if (!this.#campaign || this.#raft.hasReady()) return
    if (this.#appending || this.#applies.length > 0) return
    this.#campaign = false
    if (this.#raft.isOnlyVoter()) this.#raft.campaign()
  }

  /**
   * What raft will not take now (leadership is being handed over) waits for a later turn, in its order. So does what would
   * be lost on its way to a leader that is gone: the next one, or this one when it is back, gets it.
   */
  #takeProposals(): void {
    if (this.#lead === noNode) return
    if (this.#lead !== this.#raft.id && !this.#parts.reaches(this.#lead)) return
    if (this.#held.length > 0) this.#takeHeld()
    if (this.#lead !== this.#raft.id || this.#raft.isOnlyVoter() || this.#mayPropose()) this.#propose()
    if (this.#changes.length > 0) {
      this.#changes = this.#changes.filter(
        change => this.#raft.isConfChangePending() || this.#raft.proposeConfChange(change) === 'dropped',
      )
    }
  }

  #mayPropose(): boolean {
    return this.#gathering.mayGo({
      waiting: this.#proposals.length + this.#forwardedCount,
      waitingBytes: this.#proposalBytes,
      uncommitted: this.#raft.uncommitted,
    })
  }

  /** This member's proposals and those it was told, as one. */
  #propose(): void {
    const own = this.#proposals
    const forwarded = this.#forwarded
    if (own.length === 0 && forwarded.length === 0) return
    const batch = own.slice()
    for (const { entries } of forwarded) for (const { data } of entries) batch.push(data)
    this.#proposalBytes = 0
    if (this.#raft.propose(batch) === 'dropped') return this.#holdForwarded()
    this.#proposals = []
    this.#forwarded = []
    this.#forwardedCount = 0
  }

  #holdForwarded(): void {
    for (const message of this.#forwarded.splice(0)) this.#hold(message)
    this.#forwardedCount = 0
  }

  #takeHeld(): void {
    this.#held = this.#held.filter(({ message }) => this.#offer(message) === 'dropped')
  }

  /** Changes of the configuration have to wait for one another: raft would drop the second without a word. */
  #offer(message: Message): StepResult {
    const mustWait = message.type === MessageType.MsgProp && this.#raft.isConfChangePending() && changes(message)
    return mustWait ? 'dropped' : this.#raft.step(message)
  }

  /** A failpoint keeps the loop from sending, and from everything but applying what is committed. */
  #holdsSending(): boolean {
    const { failpoints } = this.#parts
    if (failpoints === undefined || !this.#hasServed) return false
    const name = this.#lead === this.#raft.id ? 'raftBeforeLeaderSend' : 'raftBeforeFollowerSend'
    const isShut = this.#isShut(this.#beforeSend, () => failpoints.wait(name))
    if (isShut) this.#applyCommitted()
    else this.#hasServed = false
    return isShut
  }

  #holdsApplying({ type }: Entry): boolean {
    const { failpoints } = this.#parts
    if (failpoints === undefined) return false
    const name = type === EntryType.EntryNormal ? 'beforeApplyOneEntryNormal' : 'beforeApplyOneConfChange'
    return this.#isShut(this.#beforeApply, () => failpoints.wait(name))
  }

  /** Whether a failpoint shuts a gate, or has not opened it yet. Once it has, the next to come passes without a question. */
  #isShut(gate: Gate, wait: () => Promise<unknown> | undefined): boolean {
    if (gate.state === 'open') {
      const waiting = wait()
      if (waiting === undefined) return false
      gate.state = 'shut'
      const letThrough = (): void => {
        gate.state = 'lets one through'
        this.#turn()
      }
      waiting.then(letThrough, letThrough)
    } else if (gate.state === 'lets one through') {
      gate.state = 'open'
      return false
    }
    return true
  }

  #serve(ready: Ready): void {
    this.#hasServed = true
    if (ready.softState !== undefined) {
      this.#lead = ready.softState.lead
      // Whoever leads now is to have what this member was told as leader.
      if (this.#lead !== this.#raft.id) this.#holdForwarded()
      // Whoever waited for a leader is taken in a turn of its own.
      this.schedule()
    }
    if (ready.softState !== undefined || ready.hardState !== undefined || ready.readStates.length > 0) {
      this.#parts.stateChanged(ready)
    }
    for (const message of ready.messages) this.#route(message)
  }

  #route(message: Message): void {
    if (message.type === MessageType.MsgStorageAppend) this.#appends.push(message)
    else if (message.type === MessageType.MsgStorageApply) this.#applies.push(message)
    else this.#parts.send(message)
  }

  /** Writes everything that gathered as one batch, unless a write is in flight. */
  #append(): void {
    if (this.#appending || this.#appends.length === 0) return
    const batch = this.#nextBatch()
    const [first] = batch as readonly [Message]
    this.#appending = true
    const written = first.snapshot === undefined ? this.#parts.persist(batch) : this.#install(first)
    this.#write = written.then(
      () => this.#appended(batch),
      error => this.#fail(error),
    )
  }

  #nextBatch(): readonly Message[] {
    const at = this.#appends.findIndex(({ snapshot }) => snapshot !== undefined)
    if (at < 0) return this.#appends.splice(0)
    return this.#appends.splice(0, Math.max(1, at))
  }

  /** Entries that were committed before the snapshot may still be on their way into the state that it replaces. */
  async #install(message: Message): Promise<void> {
    const exchange = await this.#parts.install(message)
    const idle = await new Promise<boolean>(resolve => {
      this.#onIdle = resolve
      this.#tellIdle()
    })
    this.#onIdle = undefined
    if (idle) exchange()
  }

  #tellIdle(): void {
    if (this.#onIdle === undefined) return
    if (this.#stopped) this.#onIdle(false)
    else if (this.#applying === undefined && this.#applies.length === 0) this.#onIdle(true)
  }

  #appended(batch: readonly Message[]): void {
    this.#appending = false
    if (this.#stopped) return
    this.#hasServed = true
    try {
      for (const message of batch) this.#deliver(message.responses)
    } catch (error) {
      return this.#fail(error)
    }
    this.#turn()
  }

  /** What was promised for after the storage operation: to ourselves, or to peers. */
  #deliver(responses: readonly Message[]): void {
    for (const response of responses) {
      if (response.to === this.#raft.id) this.#stepOwn(response)
      else this.#parts.send(response)
    }
  }

  /** Who was removed while it wrote counts for nothing any more: not even what it tells itself. */
  #stepOwn(response: Message): void {
    try {
      this.#raft.step(response)
    } catch (error) {
      if (!(error instanceof RaftError) || error.code !== 'STEP_PEER_NOT_FOUND') throw error
    }
  }

  #applyCommitted(): void {
    while (this.#applying === undefined && this.#applies.length > 0) {
      const message = this.#applies[0] as Message
      while (this.#appliedEntries < message.entries.length) {
        const entry = message.entries[this.#appliedEntries] as Entry
        if (this.#holdsApplying(entry)) return
        this.#appliedEntries++
        this.#applying = this.#parts.apply(entry)
        if (this.#applying !== undefined) return this.#giveWay()
      }
      this.#applies.shift()
      this.#appliedEntries = 0
      this.#deliver(message.responses)
      // Changes that had to wait for this one have a turn of their own.
      if (this.#changes.length > 0 || this.#held.length > 0) this.schedule()
    }
    this.#tellIdle()
  }

  /** Goes on with a long entry in the next turn of the event loop. */
  #giveWay(): void {
    this.#parts.clock.defer(() => {
      const applying = this.#applying
      if (this.#stopped || applying === undefined) return
      try {
        if (!applying()) return this.#giveWay()
      } catch (error) {
        return this.#fail(error)
      }
      this.#applying = undefined
      this.#turn()
    })
  }

  /** Ticks go on while an election or a heartbeat may become due; who leads nobody else needs none. */
  #armTick(): void {
    if (this.#tickTimer !== undefined || this.#stopped || this.#quiet()) return
    this.#tickTimer = this.#parts.clock.setTimer(this.#parts.tickMs, () => {
      this.#tickTimer = undefined
      if (this.#stopped) return
      if (this.#beforeSend.state === 'shut') return this.#armTick()
      this.#lastTickMs = this.#parts.clock.now()
      this.#raft.tick()
      if (this.#held.length > 0) this.#held = this.#held.filter(held => --held.ticksLeft > 0)
      this.#turn()
    })
  }

  #quiet(): boolean {
    return this.#lead === this.#raft.id && this.#raft.isAlone()
  }

  #fail(error: unknown): void {
    if (this.#stopped) return
    this.stop()
    this.#parts.fatal(error instanceof Error ? error : new InvariantError(String(error)))
  }
}

/** A place where a failpoint may hold the loop. */
interface Gate {
  state: 'open' | 'shut' | 'lets one through'
}

function changes({ entries }: Message): boolean {
  return entries.some(({ type }) => type !== EntryType.EntryNormal)
}
