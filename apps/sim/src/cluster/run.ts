import { AlarmType } from '@kvs/client/messages'
import type { RunResult } from '../run.ts'
import { Admin } from './admin.ts'
import { Faults } from './faults.ts'
import { History } from './history.ts'
import type { ClusterFault, Machine } from './machine.ts'
import { makeUsers } from './users.ts'
import { WatchFollower } from './watcher.ts'
import { ClusterWorkload } from './workload.ts'
import { ClusterWorld } from './world.ts'

export interface ClusterRunOptions {
  readonly seed: number
  readonly members: number
  /** Of all clients together, besides the audit at the end. */
  readonly operations: number
  /** Things that go wrong, at random events. */
  readonly faults: number
  /** Something wrong on purpose, to see that it is found. */
  readonly planted?: ClusterFault | undefined
}

/** Events of the world after which a run is given up: something waits for ever. */
const eventsMax = 5_000_000
/** Longest pause between two faults, in events. */
const calmEventsMax = 2500
const clientCount = 3
/** Long enough for every lease to run out and be revoked, and every election. */
const restMs = 10_000
const togetherMs = 60_000

/** Lets one seed of a cluster happen: work, faults at random events, and at the end a comparison of everything. */
export function runCluster(options: ClusterRunOptions): Promise<RunResult> {
  return new ClusterRun(options).run()
}

class ClusterRun {
  readonly #options: ClusterRunOptions
  readonly #world: ClusterWorld
  readonly #faults: Faults
  readonly #history = new History()
  #workloads: readonly ClusterWorkload[] = []
  /** By the machine at which it watches. */
  #followers: ReadonlyMap<Machine, WatchFollower> = new Map()
  #admin: Admin | undefined
  readonly #problems: string[] = []
  #count = 0
  #finished = false
  #faultsLeft: number

  constructor(options: ClusterRunOptions) {
    this.#options = options
    this.#world = new ClusterWorld({ ...options, planted: options.planted ?? {} })
    const { clock, machines, network, random, trace } = this.#world
    this.#faults = new Faults({ clock, machines, network, trace, random: random.fork() })
    this.#faultsLeft = options.faults
  }

  /** Clients, once they can say who they are. */
  #begin(): void {
    const { changesMembers, clock, hasUsers, machines, random, trace } = this.#world
    const root = hasUsers ? 'root' : undefined
    const founders = machines.filter(({ isMember }) => isMember)
    this.#followers = new Map(founders.map(machine => [machine, this.#follower(machine, root)]))
    this.#workloads = Array.from({ length: clientCount }, (_, i) => {
      // The first one reads everything in the end.
      const user = hasUsers && i > 0 ? 'client' : root
      return new ClusterWorkload({
        client: this.#world.client(machines, user),
        machines,
        clock,
        trace,
        random: random.fork(),
        name: `c${i + 1}`,
        count: () => ++this.#count,
        watched: () => Math.min(...[...this.#followers.values()].map(({ revision }) => revision)),
        changesUsers: hasUsers && i === 0,
        readsSerializable: this.#options.planted?.readsSerializable === true,
      })
    })
    const client = this.#world.client(machines, root)
    this.#admin = new Admin({ client, machines, clock, random: random.fork(), trace })
    if (changesMembers) {
      this.#admin.run().catch(error => this.#fail(`the admin broke off: ${(error as Error).stack}`))
    }
  }

  #follower(machine: Machine, user: string | undefined): WatchFollower {
    return new WatchFollower(`the watcher at ${machine.name}`, this.#world.client([machine], user), {
      history: this.#history,
      saw: ({ key, value }) => {
        if (value === undefined) this.#gone(key)
      },
      later: then => {
        if (!this.#finished) this.#world.clock.setTimer(500, then)
      },
    })
  }

  async run(): Promise<RunResult> {
    const { clock, machines, problems, trace } = this.#world
    for (const machine of machines) machine.start()
    this.#work().catch(error => this.#fail(`the work broke off: ${(error as Error).stack}`))
    const events = await this.#letHappen()
    const followers = [...this.#followers.values()]
    const sum = (of: (workload: ClusterWorkload) => number): number =>
      this.#workloads.reduce((total, workload) => total + of(workload), 0)
    return {
      seed: this.#options.seed,
      hash: trace.hash,
      events,
      virtualMs: clock.now(),
      deaths: this.#faults.deaths,
      acknowledged: sum(({ acknowledged }) => acknowledged),
      unanswered: sum(({ unanswered }) => unanswered),
      watchEvents: followers.reduce((total, follower) => total + follower.events, 0),
      elections: this.#world.elections,
      snapshots: this.#world.snapshots,
      memberChanges: Object.values(this.#admin?.changes ?? {}).reduce((total, count) => total + count, 0),
      problems: [...problems, ...this.#problems, ...followers.flatMap(follower => follower.problems)],
      tail: trace.tail(60),
    }
  }

  /** Time passes, event by event, and now and then something goes wrong. */
  async #letHappen(): Promise<number> {
    const { clock, problems, random } = this.#world
    const faultRandom = random.fork()
    const nextAfter = (events: number): number => events + faultRandom.below(calmEventsMax)
    let nextFault = nextAfter(0)
    let events = 0
    for (; !this.#finished; events++) {
      await drained()
      if (problems.length > 0) this.#finished = true
      else if (events > eventsMax) this.#fail(`no end after ${eventsMax} events`)
      else if (events >= nextFault && this.#faultsLeft > 0) {
        this.#faultsLeft--
        this.#faults.next()
        nextFault = nextAfter(events)
      } else if (!clock.step()) {
        await drained()
        if (!this.#finished && clock.nextAt() === undefined) this.#fail('nothing goes on: no timer is armed')
      }
    }
    return events
  }

  async #work(): Promise<void> {
    if (this.#world.hasUsers) await makeUsers(this.#world)
    this.#begin()
    const admin = this.#admin as Admin
    const each = Math.ceil(this.#options.operations / this.#workloads.length)
    await Promise.all(this.#workloads.map(workload => workload.run(each)))
    this.#faultsLeft = 0
    admin.close()
    await this.#faults.heal()
    await this.#world.pause(restMs)
    const isSettled = await admin.settle()
    if (isSettled && (await this.#world.untilEqual(togetherMs))) await this.#audit(await admin.voters())
    else this.#fail(`the members do not come together: ${this.#world.machines.map(describe).join(' ')}`)
    for (const follower of this.#followers.values()) follower.close()
    for (const machine of this.#world.machines) machine.end('stop')
    await Promise.all(this.#world.machines.map(machine => machine.stopped()))
    this.#finished = true
  }

  /** Everybody has everything, and everything is as it was said to be. */
  async #audit(voters: readonly Machine[]): Promise<void> {
    const [workload] = this.#workloads as [ClusterWorkload]
    for (const machine of voters) await workload.readAll(machine)
    const last = Math.max(...workload.operations.map(({ revision = 0 }) => revision))
    const followers = voters.flatMap(machine => this.#followers.get(machine) ?? [])
    for (let tries = 0; tries < 100 && followers.some(({ revision }) => revision < last); tries++) {
      await this.#world.pause(100)
    }
    for (const { revision } of followers) {
      if (revision !== last) this.#fail(`a watcher got everything up to revision ${revision}, the last one is ${last}`)
    }
    await this.#compareHashes(voters)
    const operations = this.#workloads.flatMap(({ operations: some }) => some)
    this.#problems.push(...this.#history.check(operations))
    const left = [...(workload.operations.at(-1)?.seen?.keys() ?? [])]
    const leased = left.filter(key => key.includes('leased-'))
    if (leased.length > 0) this.#problems.push(`${leased.join(' ')} outlived their leases`)
  }

  async #compareHashes(voters: readonly Machine[]): Promise<void> {
    const client = this.#world.client(voters, this.#world.hasUsers ? 'root' : undefined)
    const of = async ({ endpoint }: Machine): Promise<string> => {
      const { hash, compactRevision } = await client.maintenance.hashKv({ endpoint })
      const whole = await client.maintenance.hash({ endpoint })
      return `${hash}/${compactRevision}/${whole.hash}`
    }
    const hashes = await Promise.all(voters.map(of))
    if (new Set(hashes).size > 1) this.#fail(`the members differ: ${hashes.join(' ')}`)
    // A full disk may have raised one.
    const { alarms } = await client.maintenance.alarms()
    for (const { alarm } of alarms) if (alarm !== AlarmType.NOSPACE) this.#fail(`there is an alarm of type ${alarm}`)
    await client.close()
  }

  /** A watcher saw a key go. */
  #gone(key: string): void {
    const nowMs = this.#world.clock.now()
    const notBefore = Math.max(0, ...this.#workloads.map(workload => workload.notBefore.get(key) ?? 0))
    if (nowMs < notBefore) this.#problems.push(`${key} went ${notBefore - nowMs} ms before its lease could end`)
  }

  #fail(what: string): void {
    this.#problems.push(what)
    this.#finished = true
  }
}

function describe({ name, isUp, raft }: Machine): string {
  return `${name}: ${isUp ? JSON.stringify(raft) : 'down'}`
}

/** Lets all promises settle that wait for nothing but each other. */
function drained(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve)
  })
}
