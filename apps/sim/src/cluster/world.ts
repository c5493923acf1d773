import { Client, grpcTransport } from '@kvs/client'
import { type MemoryNet, memoryNet } from '@kvs/net'
import { type VirtualNetwork, virtualNetwork } from '@kvs/rafthttp/memory'
import type { MemberOptions } from '@kvs/server'
import { SeededRandom, VirtualClock } from '@kvs/testing'
import { Trace } from '../trace.ts'
import { EffectsWatch } from './effects.ts'
import { calm } from './faults.ts'
import { type ClusterFault, Machine, type Surroundings } from './machine.ts'

/**
 * Machines with disks, the network between them, another one to the clients, and time, all drawn from one seed. What runs
 * in it is the real code: only the drivers of disk, state file and sockets are their twins in memory.
 */
export class ClusterWorld {
  readonly clock: VirtualClock = new VirtualClock()
  readonly trace: Trace = new Trace(400)
  readonly random: SeededRandom
  readonly network: VirtualNetwork
  readonly machines: readonly Machine[]
  readonly problems: string[] = []
  readonly effects: EffectsWatch = new EffectsWatch(text => this.#problem(text))
  /** Members come and go; there are machines for more. */
  readonly changesMembers: boolean
  /** Clients have to say who they are. */
  readonly hasUsers: boolean
  /** States that members sent each other. */
  snapshots = 0
  readonly #net: MemoryNet
  readonly #leaders = new Map<number, Machine>()

  constructor({ seed, members, planted }: { seed: number; members: number; planted: ClusterFault }) {
    const { clock, trace } = this
    this.random = new SeededRandom(seed)
    const { random } = this
    this.network = virtualNetwork({ clock, random: random.fork(), faults: calm })
    this.#net = this.#makeNet(random.fork())
    const names = Array.from({ length: members }, (_, i) => `m${i + 1}`)
    this.changesMembers = random.chance(0.5)
    this.hasUsers = random.chance(0.4)
    const spares = this.changesMembers ? 2 : 0
    const around: Surroundings = {
      clock,
      trace,
      random,
      network: this.network,
      net: this.#net,
      options: {
        ...drawKnobs(random),
        initialCluster: names.map(name => `${name}=http://${name}:2380`).join(','),
      },
      planted,
      leads: (machine, term) => this.#leads(machine, term),
      effects: this.effects,
      installed: () => {
        this.snapshots++
      },
      problem: text => this.#problem(text),
    }
    this.machines = Array.from({ length: members + spares }, (_, i) => new Machine(i + 1, around, i < members))
  }

  /** Terms that had a leader. */
  get elections(): number {
    return this.#leaders.size
  }

  /** A client of some of the members. */
  client(machines: readonly Machine[], user?: string): Client {
    const { clock } = this
    const random = this.random.fork()
    const transport = grpcTransport({
      clock,
      dial: ({ address }, signal) => this.#net.dial(address, { signal }),
    })
    const endpoints = machines.map(({ endpoint }) => endpoint)
    const auth = user === undefined ? undefined : { user, password: passwordOf(user) }
    return new Client({ endpoints, dialTimeoutMs: 500, auth }, { transport, clock, chance: () => random.float() })
  }

  pause(durationMs: number): Promise<void> {
    return new Promise(resolve => this.clock.setTimer(durationMs, resolve))
  }

  /** All members serve, know the same leader, and have applied the same entries; false if that does not come in time. */
  async untilEqual(mostMs: number): Promise<boolean> {
    for (const endMs = this.clock.now() + mostMs; this.clock.now() < endMs; await this.pause(100)) {
      const views = this.machines.filter(({ isMember }) => isMember).map(({ raft }) => raft)
      const [first] = views
      if (first === undefined || first.lead === '0') continue
      if (views.every(view => view?.lead === first.lead && view.applied === first.commit)) return true
    }
    return false
  }

  #makeNet(random: SeededRandom): MemoryNet {
    return memoryNet({
      random,
      pieces: this.random.pick(['as-written', 'random']),
      schedule: ({ kind, from, to, sizeBytes }, deliver) => {
        this.trace.add(this.clock.now(), 'net', `${kind} ${from} ${to} ${sizeBytes}`)
        this.clock.setTimer(0.05 + random.float() * 2, deliver)
      },
    })
  }

  /** Election Safety (raft paper, figure 3). */
  #leads(machine: Machine, term: number): void {
    const other = this.#leaders.get(term)
    if (other !== undefined && other !== machine) {
      this.#problem(`${machine.name} and ${other.name} both lead in term ${term}`)
    }
    this.#leaders.set(term, machine)
  }

  #problem(text: string): void {
    this.problems.push(text)
    this.trace.add(this.clock.now(), 'problem', text)
  }
}

export function passwordOf(user: string): string {
  return `${user} alone knows it`
}

/** Small numbers instead of large ones, so that a short run meets what otherwise happens once a day. */
function drawKnobs(random: SeededRandom): Partial<MemberOptions> {
  return {
    walSegmentBytes: random.pick([4096, 16_384, 65_536]),
    snapshotCount: random.pick([3, 10, 50]),
    snapshotCatchupEntries: random.pick([0, 5, 20]),
    backendBatchIntervalMs: random.pick([1, 20, 100]),
    backendBatchLimit: random.pick([1, 5, 10_000]),
    watchProgressNotifyIntervalMs: random.pick([200, 1000]),
    compactionBatchLimit: random.pick([1, 10, 1000]),
    preVote: random.chance(0.8),
    maxLearners: random.pick([1, 2]),
    bcryptCost: 4,
  }
}
