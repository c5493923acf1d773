import { SeededRandom } from '@kvs/testing'
import {
  type ConfChange,
  ConfChangeTransition,
  ConfChangeType,
  type ConfChangeV2,
  describeMessage,
  type Entry,
  EntryType,
  type Message,
  MessageType,
  type RaftConfig,
} from '../src/index.ts'
import { Invariants } from './invariants.ts'
import { Disk, type HostCounts, RandomHost } from './random-host.ts'

/* One seed, one world: up to seven nodes, everything that can go wrong, and the checks after every step. */

const universe = 7
const electionTick = 10
/** Lines of the story that a failure prints. */
const tailLines = 80

/** What happened, summed over worlds: a test of nothing must not pass. */
export interface Counts extends HostCounts {
  steps: number
  elections: number
  commits: number
  reads: number
  crashes: number
  transfers: number
  messages: number
  lost: number
  leftByLeader: number
}

export function noCounts(): Counts {
  return {
    steps: 0,
    elections: 0,
    commits: 0,
    reads: 0,
    crashes: 0,
    tornWrites: 0,
    snapshotsMade: 0,
    snapshotsRestored: 0,
    configurations: 0,
    jointConfigurations: 0,
    learners: 0,
    transfers: 0,
    messages: 0,
    lost: 0,
    leftByLeader: 0,
  }
}

type Line = string | { readonly what: string; readonly message: Message }

/** Probabilities and limits of one world. */
interface Weather {
  readonly loss: number
  readonly duplication: number
  readonly changes: boolean
  readonly crashes: number
  readonly partitions: number
}

export class RandomWorld {
  readonly #random: SeededRandom
  readonly #hosts = new Map<bigint, RandomHost>()
  readonly #invariants: Invariants
  readonly #counts: Counts
  readonly #weather: Weather
  readonly #story: Line[] = []
  readonly #reads = new Map<string, number>()
  #inFlight: Message[] = []
  /** Sides of a partition; nodes talk only within theirs. */
  #sides = new Map<bigint, number>()
  #serial = 0

  constructor(seed: number, counts: Counts) {
    const random = new SeededRandom(seed)
    this.#random = random
    this.#counts = counts
    const ids = Array.from({ length: universe }, (_, i) => BigInt(i + 1))
    const disks = new Map(ids.map(id => [id, new Disk()]))
    this.#invariants = new Invariants(disks)
    this.#weather = {
      loss: random.pick([0, 0.02, 0.1, 0.3]),
      duplication: random.pick([0, 0.05, 0.2]),
      changes: random.chance(0.6),
      crashes: random.pick([0, 2, 6]),
      partitions: random.pick([0, 1, 3]),
    }
    const founders = ids.slice(0, random.between(1, 5))
    const config = this.#configOf(random)
    const asyncShare = random.pick([0, 0.5, 1])
    this.#note(`seed ${seed}: founders ${founders}, ${JSON.stringify({ ...this.#weather, ...config, asyncShare })}`)
    for (const id of ids) {
      const disk = disks.get(id) as Disk
      const draw = random.fork()
      this.#hosts.set(
        id,
        new RandomHost({
          id,
          disk,
          random,
          invariants: this.#invariants,
          config: { ...config, asyncStorageWrites: random.chance(asyncShare), random: bound => draw.below(bound) },
          post: messages => this.#post(messages),
          confirmed: (reader, context, index) => this.#confirmed(reader, context, index),
          note: (what, message) => this.#note(what, message),
          counts,
        }),
      )
    }
    this.#found(founders)
  }

  #configOf(random: SeededRandom): Omit<RaftConfig, 'id' | 'storage' | 'random'> {
    const maxSizePerMsg = random.pick([0, 40, 200, Number.MAX_SAFE_INTEGER])
    return {
      electionTick,
      heartbeatTick: random.pick([1, 3]),
      maxInflightMsgs: random.pick([1, 3, 256]),
      maxSizePerMsg,
      maxInflightBytes: random.pick([0, maxSizePerMsg]),
      maxCommittedSizePerReady: random.pick([0, 40]),
      maxUncommittedEntriesSize: random.pick([0, 60]),
      preVote: random.chance(0.5),
      checkQuorum: random.chance(0.5),
      stepDownOnRemoval: random.chance(0.5),
      disableProposalForwarding: random.chance(0.2),
    }
  }

  #found(founders: readonly bigint[]): void {
    const peers = founders.map(id => ({ id }))
    this.#invariants.found(founders.map((_, i) => foundingEntry(i + 1)))
    for (const id of founders) {
      const host = this.#host(id)
      host.act(node => node.bootstrap(peers))
      // Founding is written at once: a founder that lost this would be a new node.
      while (host.disk.lastIndex() < founders.length) host.work()
    }
  }

  #host(id: bigint): RandomHost {
    const host = this.#hosts.get(id)
    if (host === undefined) throw new Error(`no host ${id}`)
    return host
  }

  #note(what: string, message?: Message): void {
    this.#story.push(message === undefined ? what : { what, message })
    if (this.#story.length > 2 * tailLines) this.#story.splice(0, tailLines)
  }

  /** The end of the story, for the report of a failure. */
  get tail(): string {
    const lines = this.#story.slice(-tailLines)
    return lines
      .map(line => (typeof line === 'string' ? line : `${line.what} ${describeMessage(line.message)}`))
      .join('\n')
  }

  #post(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#counts.messages++
      this.#inFlight.push(message)
      if (this.#random.chance(this.#weather.duplication)) this.#inFlight.push(message)
    }
    while (this.#inFlight.length > 400) this.#lose(this.#takeMessage())
  }

  #takeMessage(): Message {
    const at = this.#random.chance(0.5) ? 0 : this.#random.below(this.#inFlight.length)
    return this.#inFlight.splice(at, 1)[0] as Message
  }

  #lose(message: Message): void {
    this.#counts.lost++
    this.#note('lost', message)
    const sender = this.#host(message.from)
    if (message.type === MessageType.MsgSnap) sender.act(node => node.reportSnapshot(message.to, 'failed'))
    else if (this.#random.chance(0.3)) sender.act(node => node.reportUnreachable(message.to))
  }

  #deliver(): void {
    if (this.#inFlight.length === 0) return
    const message = this.#takeMessage()
    const to = this.#hosts.get(message.to)
    const isCut = this.#sides.get(message.from) !== this.#sides.get(message.to)
    if (to === undefined || !to.isUp || isCut || this.#random.chance(this.#weather.loss)) {
      this.#lose(message)
      return
    }
    this.#note('=>', message)
    to.deliver(message)
    if (message.type === MessageType.MsgSnap) {
      this.#host(message.from).act(node => node.reportSnapshot(message.to, 'finished'))
    }
  }

  #confirmed(id: bigint, context: Uint8Array, index: number): void {
    const wanted = this.#reads.get(`${id}/${context.join()}`)
    this.#counts.reads++
    if (wanted === undefined) throw new Error(`${id} confirms a read that nobody asked for`)
    if (index < wanted)
      throw new Error(`stale read at ${id}: confirmed at ${index}, committed was ${wanted} when it came`)
  }

  #read(host: RandomHost): void {
    const serial = this.#serial++
    const context = Uint8Array.of(serial & 0xff, (serial >> 8) & 0xff, serial >> 16)
    this.#reads.set(`${host.id}/${context.join()}`, this.#invariants.committed)
    this.#note(`${host.id}: asks for a read of ${this.#invariants.committed}`)
    host.act(node => node.readIndex(context))
  }

  #propose(host: RandomHost): void {
    const serial = this.#serial++
    const data = Array.from({ length: this.#random.between(1, 3) }, () =>
      new Uint8Array(this.#random.below(30)).fill(serial),
    )
    const to = this.#random.chance(0.5) ? (this.#leader() ?? host) : host
    to.act(node => node.propose(data))
  }

  #proposeChange(any: RandomHost): void {
    const host = this.#random.chance(0.5) ? (this.#leader() ?? any) : any
    const change = this.#anyChange()
    this.#note(
      `${host.id}: proposes ${JSON.stringify(change, (_, value) => (typeof value === 'bigint' ? `${value}` : value))}`,
    )
    host.act(node => node.proposeConfChange(change))
  }

  #anyChange(): ConfChange | ConfChangeV2 {
    const random = this.#random
    const single = () => ({
      type: random.pick([
        ConfChangeType.ConfChangeAddNode,
        ConfChangeType.ConfChangeAddNode,
        ConfChangeType.ConfChangeRemoveNode,
        ConfChangeType.ConfChangeAddLearnerNode,
        ConfChangeType.ConfChangeUpdateNode,
      ]),
      nodeId: BigInt(random.between(1, universe)),
    })
    const context = new Uint8Array(0)
    if (random.chance(0.4)) return { ...single(), context, id: 0n }
    const transition = random.pick(Object.values(ConfChangeTransition))
    if (random.chance(0.3)) return { transition: ConfChangeTransition.ConfChangeTransitionAuto, changes: [], context }
    return { transition, changes: Array.from({ length: random.between(1, 3) }, single), context }
  }

  #crash(any: RandomHost): void {
    const writing = [...this.#hosts.values()].filter(({ isWriting }) => isWriting)
    const host = writing.length > 0 && this.#random.chance(0.5) ? this.#random.pick(writing) : any
    if (!host.isUp) return
    this.#counts.crashes++
    this.#note(`${host.id}: crashes`)
    host.crash()
  }

  #start(host: RandomHost): void {
    if (host.isUp) return
    this.#note(`${host.id}: starts`)
    host.start()
  }

  #partition(): void {
    this.#sides = new Map([...this.#hosts.keys()].map(id => [id, this.#random.below(2)]))
    this.#note(`partition: ${[...this.#sides].map(([id, side]) => `${id}${side === 0 ? 'a' : 'b'}`).join(' ')}`)
  }

  #heal(): void {
    this.#sides = new Map()
    this.#note('the partition heals')
  }

  #transfer(host: RandomHost): void {
    const target = BigInt(this.#random.between(1, universe))
    this.#counts.transfers++
    this.#note(`${host.id}: is to hand over to ${target}`)
    host.act(node => node.transferLeader(target))
  }

  /** What may happen next, with its weight. */
  #happenings(): readonly (readonly [number, (host: RandomHost) => void])[] {
    const { crashes, partitions, changes } = this.#weather
    return [
      [150, host => host.act(node => node.tick())],
      [420, () => this.#deliver()],
      [420, host => host.work()],
      [40, host => this.#propose(host)],
      [changes ? 8 : 0, host => this.#proposeChange(host)],
      [15, host => this.#read(host)],
      [3, host => this.#transfer(host)],
      [8, host => host.compact()],
      [crashes, host => this.#crash(host)],
      [2 * crashes, host => this.#start(host)],
      [partitions, () => this.#partition()],
      [partitions, () => this.#heal()],
      [1, host => host.act(node => node.forgetLeader())],
      [1, host => host.act(node => node.tickQuiesced())],
      [1, host => host.act(node => node.campaign())],
      [2, host => this.#flip(host)],
    ]
  }

  #flip(host: RandomHost): void {
    host.disk.isPreparing = !host.disk.isPreparing
  }

  /** The stormy part. */
  storm(steps: number): void {
    const happenings = this.#happenings()
    const sum = happenings.reduce((total, [weight]) => total + weight, 0)
    const hosts = [...this.#hosts.values()]
    for (let i = 0; i < steps; i++) {
      let draw = this.#random.below(sum)
      const happening = happenings.find(([weight]) => {
        draw -= weight
        return draw < 0
      })
      happening?.[1](this.#anyHost(hosts))
      this.#counts.steps++
    }
  }

  /** Mostly one that has something to do. */
  #anyHost(hosts: readonly RandomHost[]): RandomHost {
    const host = this.#random.pick(hosts)
    if (host.hasWork || this.#random.chance(0.1)) return host
    const busy = hosts.filter(({ hasWork }) => hasWork)
    return this.#random.pick(busy.length > 0 && this.#random.chance(0.5) ? busy : hosts)
  }

  /** After the storm: one leader, and what is proposed reaches every member. */
  calm(): void {
    this.#note('calm')
    this.#sides = new Map()
    Object.assign(this.#weather, { loss: 0, duplication: 0 })
    for (const host of this.#hosts.values()) {
      host.disk.isPreparing = false
      this.#start(host)
    }
    const last = new TextEncoder().encode('the last word')
    const rounds = 60 * electionTick
    for (let round = 0; round < rounds; round++) {
      for (const host of this.#hosts.values()) host.act(node => node.tick())
      this.#drain()
      // Snapshots are made now and then, so that one has the members that came last.
      if (round % electionTick === 0) for (const host of this.#hosts.values()) host.compact()
      const leader = this.#leader()
      if (leader?.node === undefined) {
        // Who was switched off by a leader of an older configuration may be needed.
        if (round % (3 * electionTick) === 0) for (const host of this.#hosts.values()) this.#start(host)
        continue
      }
      this.#stopStrangers(leader)
      if (!leader.isUp) continue
      if (round % electionTick === 0) leader.node.propose([last])
      if (round > 2 * electionTick && this.#isAtRest(leader)) {
        this.#counts.commits += this.#invariants.committed
        this.#counts.elections += leader.node.basicStatus().hardState.term
        return
      }
    }
    if (this.#isLeftByItsLeader()) {
      this.#counts.leftByLeader++
      return
    }
    throw new Error(`no rest after ${rounds} rounds: ${[...this.#hosts.values()].map(statusText).join('; ')}`)
  }

  /**
   * A leader that was removed, and ended or stepped down before the others heard that this is committed, leaves them
   * unable to elect anybody: they still need its vote, and their logs are shorter. etcd's raft documents that; who does
   * not want it hands over leadership before the removal.
   */
  #isLeftByItsLeader(): boolean {
    const furthest = [...this.#hosts.values()].sort((a, b) => b.appliedTo - a.appliedTo)[0]
    if (furthest === undefined) return false
    const { voters, votersOutgoing } = furthest.confState
    return !voters.includes(furthest.id) && !votersOutgoing.includes(furthest.id)
  }

  #drain(): void {
    const hosts = [...this.#hosts.values()]
    for (let i = 0; this.#inFlight.length > 0 || hosts.some(host => host.hasWork); i++) {
      if (i > 20_000) throw new Error('the nodes never stop talking')
      for (const host of hosts) while (host.hasWork) host.work()
      while (this.#inFlight.length > 0) this.#deliver()
    }
  }

  #leader(): RandomHost | undefined {
    const leaders = [...this.#hosts.values()].filter(({ node }) => node?.basicStatus().softState.raftState === 'leader')
    return leaders.sort((a, b) => termOf(b) - termOf(a))[0]
  }

  /** Who is no member any more is switched off, as its operator would do; who became one is switched on. */
  #stopStrangers({ node }: RandomHost): void {
    const progress = node?.status().progress
    for (const host of this.#hosts.values()) {
      if (progress?.has(host.id) === true) this.#start(host)
      else if (host.isUp) {
        this.#note(`${host.id}: is no member, and is switched off`)
        host.crash()
      }
    }
  }

  #isAtRest(leader: RandomHost): boolean {
    const committed = leader.node?.basicStatus().hardState.commit ?? 0
    const members = [...(leader.node?.status().progress.keys() ?? [])].map(id => this.#host(id))
    return members.every(({ node, appliedTo }) => {
      const status = node?.basicStatus()
      return status?.softState.lead === leader.id && status.hardState.commit === committed && appliedTo === committed
    })
  }
}

/** Of the entries a group is founded with only the place matters to the checks. */
function foundingEntry(index: number): Entry {
  return { term: 1, index, type: EntryType.EntryConfChange, data: new Uint8Array(0) }
}

function termOf({ node }: RandomHost): number {
  return node?.basicStatus().hardState.term ?? 0
}

function statusText({ id, node, appliedTo }: RandomHost): string {
  if (node === undefined) return `${id} is down`
  const { hardState, softState } = node.basicStatus()
  return `${id} ${softState.raftState} of ${softState.lead} at term ${hardState.term}, commit ${hardState.commit}, applied ${appliedTo}`
}
