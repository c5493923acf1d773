import { type AuthClient, type Client, compare, operation, toText } from '@kvs/client'
import type { SeededRandom, VirtualClock } from '@kvs/testing'
import type { Trace } from '../trace.ts'
import type { Change, Operation, Pair } from './history.ts'
import type { Machine } from './machine.ts'
import { prefix } from './watcher.ts'

export interface WorkloadParts {
  readonly client: Client
  readonly machines: readonly Machine[]
  readonly clock: VirtualClock
  readonly random: SeededRandom
  readonly trace: Trace
  readonly name: string
  /** Counts what clients do, of all of them. */
  readonly count: () => number
  /** Everything up to this revision is known to all who watch. */
  readonly watched: () => number
  /** It may change users, too. */
  readonly changesUsers: boolean
  /** Reads of what is true now ask for less. */
  readonly readsSerializable: boolean
}

/** What an answer says; the rest of an operation is known before it is asked. */
type Answer = Pick<Operation, 'revision' | 'changed'> & Partial<Pick<Operation, 'seen' | 'condition' | 'changes'>>

/** How long a client waits for an answer, in ms. */
const patienceMs = 1500
const ttlSeconds = 2

/** A client that asks members at random, one thing at a time, and writes down what it was told. */
export class ClusterWorkload {
  readonly operations: Operation[] = []
  /** Until when leased keys must be there, in virtual ms. */
  readonly notBefore: Map<string, number> = new Map()
  acknowledged = 0
  unanswered = 0
  readonly #parts: WorkloadParts
  readonly #random: SeededRandom
  #values = 0
  #leases: { readonly id: bigint; readonly key: string }[] = []

  constructor(parts: WorkloadParts) {
    this.#parts = parts
    this.#random = parts.random
  }

  async run(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.#one()
      if (this.#random.chance(0.1)) await this.#pause(this.#random.float() * 60)
    }
  }

  /** Reads everything through one member. */
  async readAll(machine: Machine): Promise<void> {
    await this.#read(machine, true)
  }

  async #one(): Promise<void> {
    const machine = this.#random.pick(this.#parts.machines)
    const key = `${prefix}key-${this.#random.below(8)}`
    const kind = this.#random.below(20)
    if (kind < 6) await this.#put(machine, key)
    else if (kind < 9) await this.#read(machine, true)
    else if (kind < 11) await this.#read(machine, false)
    else if (kind < 13) await this.#delete(machine, key)
    else if (kind < 16) await this.#create(machine, key)
    else if (kind < 18) await this.#lease(machine)
    else if (kind < 19) await this.#renew(machine)
    else if (this.#parts.changesUsers && this.#random.chance(0.5)) await this.#changeUsers(machine)
    else await this.#compact(machine)
  }

  /** Users that nobody asks as: whatever becomes of it, every change is another revision of all permissions. */
  async #changeUsers(machine: Machine): Promise<void> {
    const user = `user-${this.#random.below(3)}`
    const changes: readonly ((auth: AuthClient, options: RequestOptions) => Promise<unknown>)[] = [
      (auth, options) => auth.addUser({ name: user, password: user }, options),
      (auth, options) => auth.deleteUser(user, options),
      (auth, options) => auth.grantRole({ user, role: 'sim' }, options),
      (auth, options) => auth.revokeRole({ user, role: 'sim' }, options),
      (auth, options) => auth.changePassword({ name: user, password: 'other' }, options),
    ]
    const change = this.#random.pick(changes)
    await this.#try(machine, `change ${user}`, async (client, options) => {
      await change(client.auth, options)
    })
  }

  /** Values are unique, so that a value tells which write it came from. */
  #fresh(): string {
    return `${this.#parts.name}.${++this.#values}`
  }

  #put(machine: Machine, key: string): Promise<boolean> {
    const value = this.#fresh()
    return this.#ask(machine, `put ${key} ${value}`, [{ key, value }], async (client, options) => {
      const { header } = await client.put(key, value, options)
      return { revision: header?.revision, changed: true }
    })
  }

  #delete(machine: Machine, key: string): Promise<boolean> {
    return this.#ask(machine, `delete ${key}`, [{ key, value: undefined }], async (client, options) => {
      const { header, deleted } = await client.delete(key, options)
      const condition = { key, missing: deleted === 0 }
      return { revision: header?.revision, changed: deleted > 0, condition }
    })
  }

  /** Writes two keys at once, if the first is missing. */
  #create(machine: Machine, key: string): Promise<boolean> {
    const value = this.#fresh()
    const changes = [
      { key, value },
      { key: `${prefix}both`, value: `${value}+` },
    ]
    return this.#ask(machine, `create ${key} ${value}`, changes, async (client, options) => {
      const writes = changes.map(change => operation.put(change.key, change.value))
      const { header, succeeded } = await client
        .txn()
        .if(compare.missing(key))
        .then(...writes)
        .commit(options)
      return { revision: header?.revision, changed: succeeded, condition: { key, missing: succeeded } }
    })
  }

  #read(machine: Machine, isLinearizable: boolean): Promise<boolean> {
    const serializable = !isLinearizable || this.#parts.readsSerializable
    const what = `read, ${isLinearizable ? 'linearizable' : 'serializable'}`
    const ask = async (client: Client, options: RequestOptions): Promise<Answer> => {
      const { header, kvs } = await client.range({ prefix }, { ...options, serializable })
      const pairs = kvs.map(kv => [toText(kv.key), { value: toText(kv.value), modRevision: kv.modRevision }] as const)
      return { revision: header?.revision, changed: false, seen: new Map<string, Pair>(pairs) }
    }
    return this.#ask(machine, what, [], ask, isLinearizable)
  }

  async #lease(machine: Machine): Promise<void> {
    const key = `${prefix}leased-${this.#fresh()}`
    const beginMs = this.#parts.clock.now()
    let id = 0n
    const granted = await this.#try(machine, `grant for ${key}`, async (client, options) => {
      ;({ id } = await client.lease.grant(ttlSeconds, options))
    })
    if (!granted) return
    this.#leases.push({ id, key })
    this.notBefore.set(key, beginMs + ttlSeconds * 1000)
    const value = this.#fresh()
    await this.#ask(machine, `put ${key} ${value}`, [{ key, value }], async (client, options) => {
      const { header } = await client.put(key, value, { lease: id, ...options })
      return { revision: header?.revision, changed: true }
    })
  }

  /** A lease that was renewed lasts from when that was asked for. */
  async #renew(machine: Machine): Promise<void> {
    const lease = this.#leases.at(-1)
    if (lease === undefined) return
    const { clock } = this.#parts
    const beginMs = clock.now()
    await this.#try(machine, `renew ${lease.key}`, async client => {
      const { ttl } = await client.lease.keepAliveOnce(lease.id)
      if (ttl > 0) this.notBefore.set(lease.key, beginMs + ttlSeconds * 1000)
    })
  }

  /** Never what somebody who watches has not got yet. */
  async #compact(machine: Machine): Promise<void> {
    const revision = this.#parts.watched()
    if (revision < 3) return
    await this.#try(machine, `compact ${revision}`, async (client, options) => {
      await client.compact(revision, options)
    })
  }

  async #ask(
    machine: Machine,
    what: string,
    changes: readonly Change[],
    ask: (client: Client, options: RequestOptions) => Promise<Answer>,
    isLinearizable = true,
  ): Promise<boolean> {
    const { count, name } = this.#parts
    const begin = count()
    const member = machine.identity
    let answer: Answer = { revision: undefined, changed: false }
    const isAnswered = await this.#try(machine, what, async (client, options) => {
      answer = await ask(client, options)
    })
    if (changes.length > 0 && answer.changed) this.acknowledged++
    const at = { begin, end: count(), member, isLinearizable }
    this.operations.push({ what: `${name}: ${what} at ${machine.name} (${begin})`, changes, ...at, ...answer })
    return isAnswered
  }

  async #try(
    machine: Machine,
    what: string,
    ask: (client: Client, options: RequestOptions) => Promise<void>,
  ): Promise<boolean> {
    const { client, clock, trace, name } = this.#parts
    trace.add(clock.now(), name, `${what} at ${machine.name}`)
    try {
      await ask(client, { endpoint: machine.endpoint, timeoutMs: patienceMs })
      trace.add(clock.now(), name, 'ok')
      return true
    } catch (error) {
      this.unanswered++
      trace.add(clock.now(), name, `failed: ${(error as Error).message}`)
      return false
    }
  }

  #pause(durationMs: number): Promise<void> {
    return new Promise(resolve => this.#parts.clock.setTimer(durationMs, resolve))
  }
}

interface RequestOptions {
  readonly endpoint: string
  readonly timeoutMs: number
}
