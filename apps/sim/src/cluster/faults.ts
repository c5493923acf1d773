import type { VirtualNetwork } from '@kvs/rafthttp/memory'
import type { SeededRandom, VirtualClock } from '@kvs/testing'
import type { Trace } from '../trace.ts'
import type { End, Machine } from './machine.ts'

export interface FaultsParts {
  readonly machines: readonly Machine[]
  readonly network: VirtualNetwork
  readonly clock: VirtualClock
  readonly random: SeededRandom
  readonly trace: Trace
}

/** What goes wrong in a cluster. Each thing ends by itself after a while, and all of them with `heal`. */
export class Faults {
  /** Members that ended. */
  deaths = 0
  readonly #parts: FaultsParts
  readonly #random: SeededRandom
  readonly #timers = new Set<unknown>()

  constructor(parts: FaultsParts) {
    this.#parts = parts
    this.#random = parts.random
  }

  /** Lets one thing go wrong. */
  next(): void {
    const kinds = [
      () => this.#end('power'),
      () => this.#end('power'),
      () => this.#end('kill'),
      () => this.#end('stop'),
      () => this.#endAll(),
      () => this.#isolate(),
      () => this.#split(),
      () => this.#bridge(),
      () => this.#oneWay(),
      () => this.#cut(),
      () => this.#loss(),
      () => this.#slowDisk(),
      () => this.#fullDisk(),
    ]
    this.#random.pick(kinds)()
  }

  /** Nothing is wrong any more, and every member runs or starts. */
  async heal(): Promise<void> {
    const { clock, machines, network } = this.#parts
    for (const timer of this.#timers) clock.clearTimer(timer)
    this.#timers.clear()
    network.heal()
    network.setFaults(calm)
    for (const machine of machines) {
      machine.slowness = 1
      machine.fill(undefined)
    }
    await Promise.all(machines.map(machine => machine.stopped()))
    for (const machine of machines) machine.start()
    this.#tell('all is well')
  }

  #later(mostMs: number, undo: () => void): void {
    const timer = this.#parts.clock.setTimer(this.#random.float() * mostMs, () => {
      this.#timers.delete(timer)
      undo()
    })
    this.#timers.add(timer)
  }

  #end(how: End, machine: Machine = this.#random.pick(this.#parts.machines)): void {
    this.deaths++
    machine.end(how)
    this.#startLater(machine)
  }

  /** A member that is still stopping when its time comes is started after. */
  #startLater(machine: Machine): void {
    this.#later(3000, () => {
      machine.start()
      if (machine.isDown || !machine.isUp) this.#later(3000, () => machine.start())
    })
  }

  #endAll(): void {
    for (const machine of this.#parts.machines) this.#end(this.#random.pick(['power', 'kill']), machine)
  }

  /** Nobody reaches one, and it reaches nobody. */
  #isolate(): void {
    const one = this.#random.pick(this.#parts.machines)
    this.#apart([one], without(this.#parts.machines, one))
  }

  #split(): void {
    const all = this.#shuffled()
    const at = 1 + this.#random.below(all.length - 1)
    this.#apart(all.slice(0, at), all.slice(at))
  }

  /** Two groups that see each other through one member only. */
  #bridge(): void {
    const [, ...others] = this.#shuffled()
    const at = 1 + this.#random.below(others.length - 1)
    this.#apart(others.slice(0, at), others.slice(at))
  }

  #apart(some: readonly Machine[], others: readonly Machine[]): void {
    const names = (machines: readonly Machine[]): readonly string[] => machines.map(({ name }) => name)
    this.#tell(`${names(some).join(' ')} | ${names(others).join(' ')}`)
    this.#parts.network.partition(names(some), names(others))
    this.#later(5000, () => this.#heal())
  }

  #oneWay(): void {
    const [from, to] = this.#shuffled() as [Machine, Machine]
    this.#tell(`nothing from ${from.name} to ${to.name}`)
    this.#parts.network.block(from.name, to.name)
    this.#later(5000, () => this.#heal())
  }

  #heal(): void {
    this.#tell('the network is whole')
    this.#parts.network.heal()
  }

  #cut(): void {
    const [one, other] = this.#shuffled() as [Machine, Machine]
    this.#tell(`links between ${one.name} and ${other.name} break, and those of ${one.name} to clients`)
    this.#parts.network.cut(one.name, other.name)
    one.cutClients()
  }

  #loss(): void {
    const chance = (most: number): number => (this.#random.chance(0.5) ? this.#random.float() * most : 0)
    const faults = {
      delayMs: { min: 0, max: this.#random.pick([1, 20, 200]) },
      dropChance: chance(0.3),
      duplicateChance: chance(0.3),
      reorderChance: chance(0.3),
    }
    this.#tell(`network: ${JSON.stringify(faults)}`)
    this.#parts.network.setFaults(faults)
    this.#later(5000, () => this.#parts.network.setFaults(calm))
  }

  #slowDisk(): void {
    const machine = this.#random.pick(this.#parts.machines)
    machine.slowness = this.#random.pick([10, 100, 400])
    this.#tell(`${machine.name} has a disk ${machine.slowness} times slower`)
    this.#later(5000, () => {
      machine.slowness = 1
    })
  }

  /** A member that finds no room for its log ends; it is started again, and again, and some time there is room. */
  #fullDisk(): void {
    const machine = this.#random.pick(this.#parts.machines)
    machine.fill(this.#random.pick([0, 5000, 100_000]))
    this.#later(2000, () => this.#startLater(machine))
    this.#later(6000, () => {
      machine.fill(undefined)
      machine.start()
    })
  }

  #shuffled(): readonly Machine[] {
    const all = [...this.#parts.machines]
    for (let i = all.length - 1; i > 0; i--) {
      const j = this.#random.below(i + 1)
      ;[all[i], all[j]] = [all[j] as Machine, all[i] as Machine]
    }
    return all
  }

  #tell(what: string): void {
    this.#parts.trace.add(this.#parts.clock.now(), 'faults', what)
  }
}

/** The network as it is when nothing is wrong. */
export const calm = { delayMs: { min: 0.1, max: 2 }, dropChance: 0, duplicateChance: 0, reorderChance: 0 } as const

function without(machines: readonly Machine[], one: Machine): readonly Machine[] {
  return machines.filter(machine => machine !== one)
}
