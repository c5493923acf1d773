import type { Client } from '@kvs/client'
import type { MemberOptions } from '@kvs/server'
import type { SeededRandom, VirtualClock } from '@kvs/testing'
import type { Trace } from '../trace.ts'
import type { Machine } from './machine.ts'

export interface AdminParts {
  readonly client: Client
  readonly machines: readonly Machine[]
  readonly clock: VirtualClock
  readonly random: SeededRandom
  readonly trace: Trace
}

/** What the cluster says of one of its members. */
interface Listed {
  readonly id: bigint
  readonly peerUrls: readonly string[]
  readonly isLearner: boolean
}

const patienceMs = 2000
const options = { timeoutMs: patienceMs }

/** Whoever runs the cluster: adds members, promotes, moves and removes them, and sees to it that those there are run. */
export class Admin {
  /** Changes that were acknowledged, by kind. */
  readonly changes: Record<string, number> = {}
  readonly #parts: AdminParts
  readonly #random: SeededRandom
  #isClosing = false

  constructor(parts: AdminParts) {
    this.#parts = parts
    this.#random = parts.random
  }

  /** Until `close`. */
  async run(): Promise<void> {
    while (!this.#isClosing) {
      await this.#pause(this.#random.float() * 1500)
      const members = await this.#list()
      if (this.#isClosing || members === undefined) continue
      this.#look(members)
      const kinds = [
        () => this.#add(members),
        () => this.#add(members),
        () => this.#promote(members),
        () => this.#promote(members),
        () => this.#remove(members),
        () => this.#update(members),
      ]
      await this.#random.pick(kinds)()
    }
  }

  close(): void {
    this.#isClosing = true
  }

  /** Sees to it that all members run, and nobody else; false if that does not come to pass. */
  async settle(): Promise<boolean> {
    for (let tries = 0; tries < 60; tries++) {
      const members = await this.#list()
      if (members !== undefined) {
        this.#look(members)
        if (members.every(member => this.#machineOf(member)?.isUp === true)) return true
      }
      await this.#pause(500)
    }
    return false
  }

  /** Machines with a member that may vote. */
  async voters(): Promise<readonly Machine[]> {
    const members = (await this.#list()) ?? []
    return members.flatMap(member => {
      const machine = this.#machineOf(member)
      return member.isLearner || machine === undefined ? [] : [machine]
    })
  }

  async #list(): Promise<readonly Listed[] | undefined> {
    try {
      const { members } = await this.#parts.client.cluster.members(options)
      return members
    } catch {
      return undefined
    }
  }

  /** Starts who is to run, and empties the disk of who is not a member any more. */
  #look(members: readonly Listed[]): void {
    const listed = new Map(members.map(member => [this.#machineOf(member), member]))
    for (const machine of this.#parts.machines) {
      const member = listed.get(machine)
      if (member === undefined) {
        // Nobody else takes members away, so what is not there was removed.
        if (machine.isMember) machine.empty()
      } else if (machine.isDown && !machine.hasServed) machine.join(this.#introduction(members, member))
      else if (this.#random.chance(0.2)) machine.start()
    }
  }

  /** Names may be any, as long as they are not the same. */
  #introduction(members: readonly Listed[], own: Listed): Partial<MemberOptions> {
    const parts = members.flatMap((member, i) => {
      const name = this.#machineOf(member)?.name ?? `x${i}`
      return member.peerUrls.map(url => `${name}=${url}`)
    })
    return {
      initialCluster: parts.join(','),
      initialClusterState: 'existing',
      initialAdvertisePeerUrls: own.peerUrls,
    }
  }

  async #add(members: readonly Listed[]): Promise<void> {
    const free = this.#parts.machines.filter(machine => !machine.isMember)
    if (free.length === 0) return
    const machine = this.#random.pick(free)
    // A second voter that does not start would leave nobody to ask.
    const learner = this.#random.chance(0.7) || votersOf(members) < 2
    await this.#change(
      `add ${learner ? 'learner' : 'member'}`,
      `${machine.name} to ${members.length}`,
      async client => {
        await client.cluster.add([machine.peerUrl], { learner, ...options })
      },
    )
  }

  async #promote(members: readonly Listed[]): Promise<void> {
    const learners = members.filter(({ isLearner }) => isLearner)
    if (learners.length === 0) return
    const { id, peerUrls } = this.#random.pick(learners)
    await this.#change('promote', `${peerUrls}`, async client => {
      await client.cluster.promote(id, options)
    })
  }

  async #remove(members: readonly Listed[]): Promise<void> {
    const member = this.#random.pick(members)
    if (!member.isLearner && votersOf(members) < 3) return
    const machine = this.#machineOf(member)
    if (machine !== undefined) machine.mayBeRemoved = true
    await this.#change('remove', `${member.peerUrls}`, async client => {
      await client.cluster.remove(member.id, options)
    })
  }

  async #update(members: readonly Listed[]): Promise<void> {
    const member = this.#random.pick(members)
    const machine = this.#machineOf(member)
    if (machine === undefined) return
    const urls = this.#random.pick([[machine.peerUrls[0]], [machine.peerUrls[1]], machine.peerUrls])
    await this.#change('update', `${machine.name} to ${urls}`, async client => {
      await client.cluster.update(member.id, urls, options)
    })
  }

  async #change(kind: string, what: string, ask: (client: Client) => Promise<void>): Promise<void> {
    const { client, clock, trace } = this.#parts
    trace.add(clock.now(), 'admin', `${kind} ${what}`)
    try {
      await ask(client)
      this.changes[kind] = (this.changes[kind] ?? 0) + 1
      trace.add(clock.now(), 'admin', 'ok')
    } catch (error) {
      trace.add(clock.now(), 'admin', `failed: ${(error as Error).message}`)
    }
  }

  #machineOf({ peerUrls }: Listed): Machine | undefined {
    return this.#parts.machines.find(machine => machine.peerUrls.some(url => peerUrls.includes(url)))
  }

  #pause(durationMs: number): Promise<void> {
    return new Promise(resolve => this.#parts.clock.setTimer(durationMs, resolve))
  }
}

function votersOf(members: readonly Listed[]): number {
  return members.filter(({ isLearner }) => !isLearner).length
}
