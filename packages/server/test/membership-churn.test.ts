import { Cluster as ClusterService, KV, Maintenance, type Member } from '@kvs/proto/rpc'
import { expect, test } from 'vitest'
import { Cluster, type Machine } from './cluster.ts'
import { contentOf, joining, urlOf } from './membership.ts'
import { bytesOf } from './messages.ts'

const names = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6']
/** No proposal waits longer for a leader. */
const waitsMsMax = 10_000
const soon = { timeoutMs: 2000 }

/** A cluster whose members come and go, crash and are cut off, while somebody writes: all of it from a seed. */
class Churn {
  readonly cluster: Cluster
  /** Newest acknowledged value by key, and those of writes about which nobody knows, with their times. */
  readonly acknowledged = new Map<string, string>()
  readonly uncertain = new Map<string, Map<string, number>>()
  readonly starting = new Set<string>()
  /** Who has something on his disk. */
  readonly hasData = new Set(['n1', 'n2', 'n3'])
  readonly counts: Record<string, number> = {}
  #written = 0

  constructor(seed: number) {
    this.cluster = new Cluster(seed)
  }

  below(bound: number): number {
    return this.cluster.random.below(bound)
  }

  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[this.below(Math.max(1, items.length))]
  }

  /** Asks any member that runs; undefined if that came to nothing. */
  async ask<Answer>(what: string, call: (machine: Machine) => Promise<Answer>): Promise<Answer | undefined> {
    const machine = this.pick(this.cluster.running.filter(({ removed }) => !removed))
    try {
      const answer = machine === undefined ? undefined : await call(machine)
      if (answer !== undefined) this.counts[what] = (this.counts[what] ?? 0) + 1
      return answer
    } catch {
      return undefined
    }
  }

  async members(): Promise<readonly Member[]> {
    const list = await this.ask('list', machine =>
      machine.call(ClusterService.memberList, { linearizable: true }, soon),
    )
    return list?.members ?? []
  }

  async put(): Promise<void> {
    const key = `k${this.below(8)}`
    const value = `${this.#written++}`
    const nowMs = this.cluster.clock.now()
    const others = this.uncertain.get(key) ?? new Map<string, number>()
    this.uncertain.set(key, others.set(value, nowMs))
    const request = { key: bytesOf(key), value: bytesOf(value) }
    if ((await this.ask('put', machine => machine.call(KV.put, request, soon))) === undefined) return
    this.acknowledged.set(key, value)
    // What waits for a leader is made later, but not for ever.
    for (const [other, atMs] of others) if (other === value || nowMs - atMs > waitsMsMax) others.delete(other)
  }

  async add(): Promise<void> {
    const members = await this.members()
    const used = new Set(members.map(nameOf))
    const name = this.pick(
      names.filter(one => !used.has(one) && !this.cluster.machine(one).isUp && !this.starting.has(one)),
    )
    if (name === undefined || members.length === 0) return
    this.#wipe(this.cluster.machine(name))
    const request = { peerUrls: [urlOf(name)], isLearner: this.below(2) === 0 }
    await this.ask('add', machine => machine.call(ClusterService.memberAdd, request, soon))
  }

  async remove(): Promise<void> {
    const members = await this.members()
    const member = members.length > 2 ? this.pick(members) : undefined
    if (member !== undefined) {
      await this.ask('remove', machine => machine.call(ClusterService.memberRemove, { id: member.id }, soon))
    }
  }

  async promote(): Promise<void> {
    const learner = this.pick((await this.members()).filter(({ isLearner }) => isLearner))
    if (learner === undefined) return
    await this.ask('promote', machine => machine.call(ClusterService.memberPromote, { id: learner.id }, soon))
  }

  async move(): Promise<void> {
    const target = this.pick(await this.members())
    if (target === undefined) return
    await this.ask('move', machine => machine.call(Maintenance.moveLeader, { targetId: target.id }, soon))
  }

  async crash(): Promise<void> {
    this.pick(this.cluster.running)?.crash()
  }

  async cut(): Promise<void> {
    const alone = this.pick(names) as string
    this.cluster.network.partition(
      [alone],
      names.filter(name => name !== alone),
    )
    await this.cluster.advance(this.below(3000))
    this.cluster.network.heal()
  }

  /** Starts who should run, and puts away who was removed. */
  async reconcile(): Promise<void> {
    const members = await this.members()
    for (const machine of this.cluster.machines.values()) {
      if (machine.removed) {
        machine.crash()
        this.#wipe(machine)
        machine.removed = false
        this.starting.delete(machine.name)
        continue
      }
      const member = members.find(one => nameOf(one) === machine.name)
      if (machine.isUp || this.starting.has(machine.name)) continue
      // A first start needs the members; who has been one finds out whether it still is.
      if (!this.hasData.has(machine.name) && member === undefined) continue
      // That is not looked at where the disk says who it is.
      this.#start(machine, member?.name === '' ? joining(members, machine.name) : {})
    }
  }

  #wipe(machine: Machine): void {
    machine.wipe()
    this.hasData.delete(machine.name)
  }

  #start(machine: Machine, options: Parameters<Machine['start']>[0]): void {
    this.starting.add(machine.name)
    this.hasData.add(machine.name)
    const ended = (): void => {
      this.starting.delete(machine.name)
    }
    machine.start(options).then(ended, ended)
  }

  async step(): Promise<void> {
    const steps = [
      'put',
      'put',
      'put',
      'add',
      'remove',
      'promote',
      'move',
      'crash',
      'cut',
      'reconcile',
      'reconcile',
    ] as const
    await this[this.pick(steps) ?? 'put']()
    await this.cluster.advance(this.below(1500))
  }
}

const nameOf = ({ peerUrls }: Member): string => /\/\/(\w+):/.exec(peerUrls[0] ?? '')?.[1] ?? ''

/** A few of them; the variable asks for others. */
const seeds = process.env['CHURN_SEEDS'] === undefined ? [1, 4, 15] : process.env['CHURN_SEEDS'].split(',').map(Number)

test.each(seeds)('members come and go, and nothing acknowledged is lost (seed %i)', async seed => {
  const churn = new Churn(seed)
  const { cluster } = churn
  await cluster.found(3, { snapshotCount: 20, snapshotCatchupEntries: 5, maxLearners: 2 })
  await cluster.advance(5000)
  for (let step = 0; step < 120; step++) await churn.step()
  // Everybody who belongs to it runs, and has followed.
  let members: readonly Member[] = []
  for (let tries = 0; tries < 30; tries++) {
    await churn.reconcile()
    await cluster.advance(3000)
    members = await churn.members()
    if (members.length > 0 && members.every(member => cluster.machine(nameOf(member)).isUp)) break
  }
  await cluster.advance(5000)
  expect(members.map(({ name }) => name)).not.toContain('')
  const machines = members.map(member => ({ machine: cluster.machine(nameOf(member)), member }))
  let first: ReadonlyMap<string, string> | undefined
  for (const { machine, member } of machines) {
    expect(machine.member.id).toBe(member.id)
    const content = new Map(
      (await contentOf(machine, member.isLearner)).map(line => line.split('=') as [string, string]),
    )
    for (const [key, value] of churn.acknowledged) {
      const possible = [value, ...(churn.uncertain.get(key)?.keys() ?? [])]
      expect(possible, `${key} on ${machine.name}`).toContain(content.get(key))
    }
    first ??= content
    expect(content).toEqual(first)
  }
  expect([...cluster.machines.values()].flatMap(({ fatal }) => fatal)).toEqual([])
  expect(churn.counts['put']).toBeGreaterThan(10)
  expect((churn.counts['add'] ?? 0) + (churn.counts['remove'] ?? 0)).toBeGreaterThan(0)
  cluster.close()
})
