import {
  type ConfState,
  decodeConfChange,
  decodeConfChangeV2,
  type Entry,
  EntryType,
  type HardState,
  MemoryStorage,
  type Message,
  MessageType,
  newMessage,
  type ProgressStatus,
  type RaftConfig,
  RaftError,
  RaftNode,
  type ReadState,
  type Snapshot,
  type StepResult,
} from '../src/index.ts'

/* A small world for tests: nodes that serve their Ready at once, and a network between them that can be cut. */

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)
export const noLimit: number = Number.MAX_SAFE_INTEGER
export const electionTick = 10

export function entry(term: number, index: number, data = ''): Entry {
  return { term, index, type: EntryType.EntryNormal, data: text(data) }
}

/** Entries 1, 2, 3 … with these terms. */
export function logOf(...terms: number[]): Entry[] {
  return terms.map((term, i) => entry(term, i + 1))
}

export function confState(parts: Partial<ConfState>): ConfState {
  return { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false, ...parts }
}

export function snapshotAt(index: number, term: number, members: Partial<ConfState>): Snapshot {
  return { data: text(`state at ${index}`), metadata: { index, term, confState: confState(members) } }
}

/** A storage whose first configuration is given instead of being the result of entries. */
class FoundedStorage extends MemoryStorage {
  readonly #founders: ConfState

  constructor(founders: ConfState) {
    super()
    this.#founders = founders
  }

  override initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    const { hardState, confState: stored } = super.initialState()
    return { hardState, confState: this.snapshot().metadata.index === 0 ? this.#founders : stored }
  }
}

export interface HostInit extends Partial<Omit<RaftConfig, 'storage' | 'logger'>> {
  readonly id: bigint
  readonly members?: Partial<ConfState>
  readonly hardState?: Partial<HardState>
  readonly log?: readonly Entry[]
  readonly snapshot?: Snapshot
}

/** One node with its disk and its state machine. Election timeouts are the shortest unless `timeoutDraw` says more. */
export class Host {
  readonly id: bigint
  readonly storage: MemoryStorage
  readonly applied: Entry[] = []
  readonly restored: Snapshot[] = []
  readonly readStates: ReadState[] = []
  readonly lines: string[] = []
  timeoutDraw = 0
  node: RaftNode
  confState: ConfState
  readonly #config: RaftConfig

  constructor({ id, members = {}, hardState, log, snapshot, ...rest }: HostInit) {
    this.id = id
    this.confState = confState(members)
    this.storage = new FoundedStorage(this.confState)
    if (snapshot !== undefined) this.storage.applySnapshot(snapshot)
    if (hardState !== undefined) this.storage.setHardState({ term: 0, vote: 0n, commit: 0, ...hardState })
    if (log !== undefined) this.storage.append(log)
    const note = (line: string): void => {
      this.lines.push(line)
    }
    this.#config = {
      electionTick,
      heartbeatTick: 1,
      maxInflightMsgs: 256,
      random: () => this.timeoutDraw,
      ...rest,
      id,
      storage: this.storage,
      logger: { debug: note, info: note, warning: note, error: note },
    }
    this.node = new RaftNode(this.#config)
  }

  /** A new process on the same disk. */
  restart(changes: Partial<RaftConfig> = {}): void {
    this.applied.length = 0
    this.node = new RaftNode({ ...this.#config, ...changes })
  }

  /** Serves every Ready there is, and returns what has to go to others. */
  serve(): Message[] {
    const messages: Message[] = []
    while (this.node.hasReady()) {
      const ready = this.node.ready()
      if (ready.snapshot !== undefined) {
        this.storage.applySnapshot(ready.snapshot)
        this.restored.push(ready.snapshot)
        this.confState = ready.snapshot.metadata.confState
      }
      this.storage.append(ready.entries)
      if (ready.hardState !== undefined) this.storage.setHardState(ready.hardState)
      messages.push(...ready.messages)
      this.readStates.push(...ready.readStates)
      for (const committed of ready.committedEntries) this.#apply(committed)
      this.node.advance()
    }
    return messages
  }

  #apply(committed: Entry): void {
    this.applied.push(committed)
    const { type, data } = committed
    if (type === EntryType.EntryConfChange) this.confState = this.node.applyConfChange(decodeConfChange(data))
    if (type === EntryType.EntryConfChangeV2) this.confState = this.node.applyConfChange(decodeConfChangeV2(data))
  }

  /** Steps a message of `from` (term: own term unless given), serves, and returns what goes to others. */
  receive(init: Partial<Message> & { readonly type: MessageType }): Message[] {
    this.node.step(newMessage({ to: this.id, term: this.term, ...init }))
    return this.serve()
  }

  tick(times = 1): Message[] {
    const messages: Message[] = []
    for (let i = 0; i < times; i++) {
      this.node.tick()
      messages.push(...this.serve())
    }
    return messages
  }

  propose(...data: string[]): StepResult {
    return this.node.propose(data.map(text))
  }

  /** Campaigns and lets all voters agree. Returns what the new leader sends first. */
  becomeLeader(): Message[] {
    this.node.campaign()
    const messages: Message[] = []
    // A round for pre-votes, if there is one, and a round for votes.
    for (let round = 0; round < 2; round++) {
      for (const request of this.serve()) {
        const { to: from, term } = request
        const to = this.id
        if (request.type === MessageType.MsgVote)
          this.node.step(newMessage({ type: MessageType.MsgVoteResp, from, to, term }))
        else if (request.type === MessageType.MsgPreVote) {
          this.node.step(newMessage({ type: MessageType.MsgPreVoteResp, from, to, term }))
        } else messages.push(request)
      }
    }
    messages.push(...this.serve())
    if (this.state !== 'leader') throw new Error(`${this.id} is ${this.state} and not leader`)
    return messages
  }

  get state(): string {
    return this.node.basicStatus().softState.raftState
  }

  get lead(): bigint {
    return this.node.basicStatus().softState.lead
  }

  get term(): number {
    return this.node.basicStatus().hardState.term
  }

  get vote(): bigint {
    return this.node.basicStatus().hardState.vote
  }

  get commit(): number {
    return this.node.basicStatus().hardState.commit
  }

  /** What the leader knows of `id`. */
  progress(id: bigint): ProgressStatus {
    const progress = this.node.status().progress.get(id)
    if (progress === undefined) throw new Error(`no progress of ${id} at ${this.id}`)
    return progress
  }

  /** The durable log. */
  get log(): readonly Entry[] {
    return this.storage.entries(this.storage.firstIndex(), this.storage.lastIndex() + 1, noLimit)
  }

  get terms(): number[] {
    return this.log.map(({ term }) => term)
  }

  /** Texts of the applied normal entries that are not empty. */
  get appliedTexts(): string[] {
    const normal = this.applied.filter(({ type, data }) => type === EntryType.EntryNormal && data.length > 0)
    return normal.map(({ data }) => new TextDecoder().decode(data))
  }

  /** Takes a snapshot of the applied state, and forgets the log up to there. */
  compact(): void {
    const index = this.node.basicStatus().applied
    this.storage.createSnapshot({ index, confState: this.confState, data: text(`state at ${index}`) })
    this.storage.compact(index)
  }
}

/** Nodes and the messages between them. Nothing is lost or late unless a test says so. */
export class Network {
  readonly hosts: Map<bigint, Host> = new Map()
  /** Everything that was sent, in order, lost or not. */
  readonly sent: Message[] = []
  /** Messages held back by `hold`. */
  readonly held: Message[] = []
  #queue: Message[] = []
  readonly #cuts = new Set<string>()
  #isLost: (message: Message) => boolean = () => false
  #isHeld: (message: Message) => boolean = () => false

  constructor(hosts: readonly Host[]) {
    for (const host of hosts) this.hosts.set(host.id, host)
  }

  host(id: bigint): Host {
    const host = this.hosts.get(id)
    if (host === undefined) throw new Error(`no host ${id}`)
    return host
  }

  /** Cuts the link between two nodes, both ways. */
  cut(a: bigint, b: bigint): void {
    this.#cuts.add(`${a}>${b}`)
    this.#cuts.add(`${b}>${a}`)
  }

  isolate(id: bigint): void {
    for (const other of this.hosts.keys()) if (other !== id) this.cut(id, other)
  }

  /** Loses messages for which `isLost` holds, from now on. */
  lose(isLost: (message: Message) => boolean): void {
    this.#isLost = isLost
  }

  /** Holds messages back, from now on, until `release`. */
  hold(isHeld: (message: Message) => boolean): void {
    this.#isHeld = isHeld
  }

  release(): void {
    this.#isHeld = () => false
    this.#queue.push(...this.held.splice(0))
    this.settle()
  }

  heal(): void {
    this.#cuts.clear()
    this.#isLost = () => false
  }

  /** Serves and delivers until nothing is left to do. */
  settle(): void {
    do {
      for (const host of this.hosts.values()) this.#post(host.serve())
      const messages = this.#queue
      this.#queue = []
      for (const message of messages) this.#deliver(message)
    } while (this.#queue.length > 0 || [...this.hosts.values()].some(host => host.node.hasReady()))
  }

  #post(messages: readonly Message[]): void {
    this.sent.push(...messages)
    this.#queue.push(...messages)
  }

  #deliver(message: Message): void {
    const host = this.hosts.get(message.to)
    if (host === undefined || this.#cuts.has(`${message.from}>${message.to}`) || this.#isLost(message)) return
    if (this.#isHeld(message)) {
      this.held.push(message)
      return
    }
    try {
      host.node.step(message)
    } catch (error) {
      // An answer of a node that was removed meanwhile.
      if (!(error instanceof RaftError) || error.code !== 'STEP_PEER_NOT_FOUND') throw error
    }
    this.#post(host.serve())
  }

  campaign(id: bigint): void {
    this.host(id).node.campaign()
    this.settle()
  }

  propose(id: bigint, ...data: string[]): StepResult {
    const result = this.host(id).propose(...data)
    this.settle()
    return result
  }

  /** Lets time pass at one node, or at all in turn. */
  tick(times = 1, ids: readonly bigint[] = [...this.hosts.keys()]): void {
    for (let i = 0; i < times; i++) {
      for (const id of ids) {
        this.host(id).node.tick()
        this.settle()
      }
    }
  }

  states(): string[] {
    return [...this.hosts.values()].map(host => host.state)
  }

  leader(): Host {
    const leaders = [...this.hosts.values()].filter(host => host.state === 'leader')
    const newest = leaders.sort((a, b) => b.term - a.term)[0]
    if (newest === undefined) throw new Error('nobody leads')
    return newest
  }
}

/** Nodes 1 to `count`, all voters, with equal settings. */
export function networkOf(count: number, init: Omit<HostInit, 'id'> = {}): Network {
  const voters = Array.from({ length: count }, (_, i) => BigInt(i + 1))
  return new Network(voters.map(id => new Host({ members: { voters }, ...init, id })))
}
