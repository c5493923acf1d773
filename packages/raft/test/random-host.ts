import type { SeededRandom } from '@kvs/testing'
import {
  type ConfChange,
  ConfChangeError,
  type ConfChangeV2,
  type ConfState,
  decodeConfChange,
  decodeConfChangeV2,
  type Entry,
  EntryType,
  type HardState,
  MemoryStorage,
  type Message,
  MessageType,
  type RaftConfig,
  RaftError,
  RaftNode,
  type Ready,
  type Snapshot,
} from '../src/index.ts'
import type { Invariants, Observed } from './invariants.ts'

/** A disk whose snapshot is not always at hand. */
export class Disk extends MemoryStorage {
  isPreparing = false

  override snapshot(): Snapshot {
    if (this.isPreparing) throw new RaftError('SNAPSHOT_TEMPORARILY_UNAVAILABLE')
    return super.snapshot()
  }

  /** The snapshot on disk, at hand or not. */
  get newest(): Snapshot {
    return super.snapshot()
  }
}

/** Where a host without asynchronous storage writes is with its Ready. */
interface Serving {
  readonly ready: Ready
  isWritten: boolean
  isSent: boolean
  /** Committed entries applied so far. */
  applied: number
}

export type Note = (what: string, subject?: Message) => void

/** What happened at hosts, summed over worlds. */
export interface HostCounts {
  tornWrites: number
  snapshotsMade: number
  snapshotsRestored: number
  configurations: number
  jointConfigurations: number
  learners: number
}

export interface HostParts {
  readonly counts: HostCounts
  readonly id: bigint
  readonly config: Omit<RaftConfig, 'id' | 'storage' | 'applied'>
  readonly disk: Disk
  readonly random: SeededRandom
  readonly invariants: Invariants
  readonly post: (messages: readonly Message[]) => void
  readonly confirmed: (id: bigint, context: Uint8Array, index: number) => void
  readonly note: Note
}

/** Stands in a view for an entry of which only the place is known. */
function standIn(index: number, term: number): Entry {
  return { term, index, type: EntryType.EntryNormal, data: new Uint8Array(0) }
}

/** A host that does its duties in small steps with anything in between, and may end in the middle of them. */
export class RandomHost implements Observed {
  readonly id: bigint
  readonly disk: Disk
  view: (Entry | undefined)[] = []
  /** Undefined while the process is down. */
  node: RaftNode | undefined
  /** What the state machine is after `appliedTo`; gone with the process, as all in memory. */
  hash = 0
  appliedTo = 0
  confState: ConfState
  readonly #parts: HostParts
  readonly #isAsync: boolean
  #serving: Serving | undefined
  /** Work of the two threads, and their answers. */
  #appends: Message[] = []
  #applies: Message[] = []
  #inbox: Message[] = []
  /** Commit index that survives a power cut: later ones were written without a sync. */
  #syncedCommit = 0

  constructor(parts: HostParts) {
    this.id = parts.id
    this.disk = parts.disk
    this.#parts = parts
    this.#isAsync = parts.config.asyncStorageWrites ?? false
    this.confState = this.disk.newest.metadata.confState
    this.start()
  }

  get isUp(): boolean {
    return this.node !== undefined
  }

  /** A new process: everything it knows is on the disk. */
  start(): void {
    const { metadata, data } = this.disk.newest
    this.appliedTo = metadata.index
    this.hash = data.length === 0 ? 0 : new DataView(data.buffer, data.byteOffset).getUint32(0)
    this.confState = metadata.confState
    const { disk } = this
    const first = disk.firstIndex()
    this.view = []
    if (first > 1) this.view[first - 1] = standIn(first - 1, disk.term(first - 1))
    for (const entry of disk.entries(first, disk.lastIndex() + 1, Number.MAX_SAFE_INTEGER))
      this.view[entry.index] = entry
    const { hardState } = disk.initialState()
    // Entries may be applied, and a snapshot made of them, before the commit index that allows it is on disk.
    if (hardState.commit < metadata.index) disk.setHardState({ ...hardState, commit: metadata.index })
    this.#syncedCommit = disk.initialState().hardState.commit
    this.#parts.invariants.restarted(this.id, this.disk.initialState().hardState.term)
    this.node = new RaftNode({ ...this.#parts.config, id: this.id, storage: this.disk, applied: metadata.index })
    this.observe()
  }

  /** The process ends. What was not synced may be lost, and the write at hand may be torn. */
  crash(): void {
    const { random } = this.#parts
    const unwritten = this.#unwritten
    if (unwritten !== undefined && unwritten.snapshot === undefined && random.chance(0.5)) {
      const torn = unwritten.entries.slice(0, random.below(unwritten.entries.length + 1))
      this.#parts.invariants.writing(this, this.disk.initialState().hardState, torn)
      this.disk.append(torn)
      if (torn.length > 0) {
        this.#parts.counts.tornWrites++
        this.#parts.note(`${this.id}: torn write of ${torn.length} of ${unwritten.entries.length} entries`)
      }
    }
    const { hardState } = this.disk.initialState()
    if (random.chance(0.5)) {
      const commit = Math.max(this.#syncedCommit, this.disk.newest.metadata.index, this.disk.firstIndex() - 1)
      this.disk.setHardState({ ...hardState, commit: Math.min(commit, hardState.commit) })
    }
    this.node = undefined
    this.#serving = undefined
    this.#appends = []
    this.#applies = []
    this.#inbox = []
  }

  /** The write at hand, if there is one. */
  get #unwritten(): { readonly entries: readonly Entry[]; readonly snapshot: Snapshot | undefined } | undefined {
    if (this.#isAsync) return this.#appends[0]
    return this.#serving?.isWritten === false ? this.#serving.ready : undefined
  }

  /** Whether a crash now would lose entries. */
  get isWriting(): boolean {
    return (this.#unwritten?.entries.length ?? 0) > 0
  }

  observe(): void {
    const { node } = this
    if (node !== undefined) this.#parts.invariants.observe(this, node.basicStatus(), () => node.status().config)
  }

  /** Does something to the node, if it is up, and checks what came of it. */
  act(what: (node: RaftNode) => void): void {
    if (this.node === undefined) return
    what(this.node)
    this.observe()
  }

  /** Delivers a message. Answers of nodes that are no members are refused, that is all. */
  deliver(message: Message): void {
    this.act(node => {
      try {
        node.step(message)
      } catch (error) {
        if (!(error instanceof RaftError) || error.code !== 'STEP_PEER_NOT_FOUND') throw error
      }
    })
  }

  get hasWork(): boolean {
    if (this.node === undefined) return false
    const isWaiting =
      this.#serving !== undefined || this.#appends.length + this.#applies.length + this.#inbox.length > 0
    return isWaiting || this.node.hasReady()
  }

  /** One step of the duties of a host, drawn from what may be done next. */
  work(): void {
    if (this.node === undefined) return
    const steps: (() => void)[] = []
    if (this.#serving !== undefined) this.#stepsOf(this.#serving, steps)
    else if (this.node.hasReady()) steps.push(() => this.#take())
    if (this.#appends.length > 0) steps.push(() => this.#append())
    if (this.#applies.length > 0) steps.push(() => this.#apply())
    if (this.#inbox.length > 0) steps.push(() => this.deliver(this.#inbox.shift() as Message))
    if (steps.length > 0) this.#parts.random.pick(steps)()
  }

  #take(): void {
    const ready = (this.node as RaftNode).ready()
    if (ready.snapshot !== undefined) {
      const { index, term } = ready.snapshot.metadata
      this.view = []
      this.view[index] = standIn(index, term)
    }
    const first = ready.entries[0]
    if (first !== undefined) this.view.length = Math.min(this.view.length, first.index)
    for (const entry of ready.entries) this.view[entry.index] = entry
    this.#parts.invariants.appended(this, ready.entries)
    for (const { index, requestContext } of ready.readStates) this.#parts.confirmed(this.id, requestContext, index)
    if (this.#isAsync) this.#dispatch(ready.messages)
    else this.#serving = { ready, isWritten: false, isSent: false, applied: 0 }
    this.observe()
  }

  /** A host without asynchronous writes: write, send, apply, advance. A leader may send its appends before it writes. */
  #stepsOf(serving: Serving, steps: (() => void)[]): void {
    const { ready } = serving
    const leads = this.node?.basicStatus().softState.raftState === 'leader'
    const sendsEarly = leads && ready.messages.every(({ type }) => type === MessageType.MsgApp)
    if (!serving.isWritten) {
      steps.push(() => {
        this.#write(ready.entries, ready.hardState, ready.snapshot, ready.mustSync)
        serving.isWritten = true
      })
    }
    if (!serving.isSent && (serving.isWritten || sendsEarly)) {
      steps.push(() => {
        serving.isSent = true
        this.#send(ready.messages)
      })
    }
    if (!serving.isWritten || !serving.isSent) return
    const next = ready.committedEntries[serving.applied]
    if (next !== undefined) {
      steps.push(() => {
        serving.applied++
        this.#applyEntry(next)
      })
    } else {
      steps.push(() => {
        this.#serving = undefined
        this.act(node => node.advance())
      })
    }
  }

  #dispatch(messages: readonly Message[]): void {
    this.#appends.push(...messages.filter(({ type }) => type === MessageType.MsgStorageAppend))
    this.#applies.push(...messages.filter(({ type }) => type === MessageType.MsgStorageApply))
    this.#send(
      messages.filter(({ type }) => type !== MessageType.MsgStorageAppend && type !== MessageType.MsgStorageApply),
    )
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) this.#parts.invariants.sending(message, this.disk)
    this.#parts.post(messages)
  }

  #append(): void {
    const { entries, snapshot, term, vote, commit, responses } = this.#appends.shift() as Message
    const state = term === 0 && vote === 0n && commit === 0 ? undefined : { term, vote, commit }
    this.#write(entries, state, snapshot, entries.length > 0 || responses.length > 0)
    this.#inbox.push(...responses.filter(({ to }) => to === this.id))
    this.#send(responses.filter(({ to }) => to !== this.id))
  }

  #apply(): void {
    const { entries, responses } = this.#applies.shift() as Message
    for (const entry of entries) this.#applyEntry(entry)
    this.#inbox.push(...responses)
  }

  #write(
    entries: readonly Entry[],
    state: HardState | undefined,
    snapshot: Snapshot | undefined,
    mustSync: boolean,
  ): void {
    const { disk } = this
    const before = disk.initialState().hardState
    const next = state ?? before
    const isNewTerm = next.term !== before.term || next.vote !== before.vote
    this.#parts.invariants.writing(this, next, entries)
    if (snapshot !== undefined) {
      this.#parts.note(`${this.id}: restores a snapshot at ${snapshot.metadata.index}`)
      this.#parts.counts.snapshotsRestored++
      disk.applySnapshot(snapshot)
      this.appliedTo = snapshot.metadata.index
      this.hash = new DataView(snapshot.data.buffer, snapshot.data.byteOffset).getUint32(0)
      this.confState = snapshot.metadata.confState
    }
    disk.append(entries)
    disk.setHardState(next)
    if (mustSync || snapshot !== undefined || isNewTerm) this.#syncedCommit = next.commit
  }

  #applyEntry(entry: Entry): void {
    // A snapshot that was restored meanwhile has it.
    if (entry.index <= this.appliedTo) return
    if (entry.index !== this.appliedTo + 1)
      throw new Error(`${this.id} is to apply ${entry.index} after ${this.appliedTo}`)
    this.appliedTo = entry.index
    let hash = Math.imul(this.hash ^ entry.index, 0x01000193) ^ entry.term
    for (const byte of entry.data) hash = Math.imul(hash ^ byte, 0x01000193)
    this.hash = hash >>> 0
    this.#parts.invariants.applied(this.id, entry, this.hash)
    if (entry.type === EntryType.EntryNormal) return
    this.#changeConfig(
      entry.type === EntryType.EntryConfChange ? decodeConfChange(entry.data) : decodeConfChangeV2(entry.data),
    )
  }

  #changeConfig(change: ConfChange | ConfChangeV2): void {
    this.act(node => {
      try {
        this.confState = node.applyConfChange(change)
      } catch (error) {
        if (!(error instanceof ConfChangeError)) throw error
        // All refuse it alike: what it would do is passed over.
        const refused =
          'changes' in change
            ? { ...change, changes: change.changes.map(({ type }) => ({ type, nodeId: 0n })) }
            : { ...change, nodeId: 0n }
        this.confState = node.applyConfChange(refused)
      }
    })
    const { counts } = this.#parts
    counts.configurations++
    if (this.confState.votersOutgoing.length > 0) counts.jointConfigurations++
    if (this.confState.learners.length > 0) counts.learners++
  }

  /** Makes a snapshot of what is applied, and forgets a part of the log before it. */
  compact(): void {
    const { disk, node } = this
    if (node === undefined || node.basicStatus().applied !== this.appliedTo) return
    if (this.appliedTo <= disk.newest.metadata.index || this.appliedTo > disk.lastIndex()) return
    const data = new Uint8Array(4)
    new DataView(data.buffer).setUint32(0, this.hash)
    disk.createSnapshot({ index: this.appliedTo, confState: this.confState, data })
    this.#syncedCommit = disk.initialState().hardState.commit
    const index = this.#parts.random.between(disk.firstIndex(), this.appliedTo)
    disk.compact(index)
    this.#parts.counts.snapshotsMade++
    this.#parts.note(`${this.id}: snapshot at ${this.appliedTo}, log from ${index + 1}`)
  }
}
