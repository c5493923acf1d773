import { type Client, compare, operation, toText } from '@kvs/client'
import type { SeededRandom, VirtualClock } from '@kvs/testing'
import { Model } from './model.ts'
import type { Trace } from './trace.ts'

export interface WorkloadParts {
  readonly client: Client
  readonly clock: VirtualClock
  readonly random: SeededRandom
  readonly trace: Trace
}

/** A client that asks one thing at a time and remembers what it was told. */
export class Workload {
  readonly model: Model = new Model()
  /** What was wrong, in the order it was seen. */
  readonly problems: string[] = []
  /** Writes that were acknowledged. */
  acknowledged = 0
  /** Requests whose answer was lost. */
  unanswered = 0
  readonly #parts: WorkloadParts
  readonly #random: SeededRandom
  #count = 0

  constructor(parts: WorkloadParts) {
    this.#parts = parts
    this.#random = parts.random
  }

  /** Runs `operations` operations, with pauses. */
  async run(operations: number): Promise<void> {
    for (let i = 0; i < operations; i++) {
      await this.#one()
      if (this.#random.chance(0.2)) await this.#pause(this.#random.float() * 30)
    }
  }

  /** Reads every key that anything is known of and compares it. */
  async audit(): Promise<void> {
    for (const key of this.model.keys()) await this.#get(key)
    const { client } = this.#parts
    const held = await client.range({ prefix: 'leased-' })
    if (held.count > 0) this.problems.push(`${held.count} keys outlived their leases`)
  }

  async #one(): Promise<void> {
    const key = `key-${this.#random.below(12)}`
    const kind = this.#random.below(10)
    if (kind < 4) await this.#put(key)
    else if (kind < 6) await this.#get(key)
    else if (kind < 7) await this.#delete(key)
    else if (kind < 9) await this.#swap(key)
    else await this.#leased()
  }

  /** Values are unique, so that a value tells which write it came from. */
  #fresh(): string {
    return `value-${this.#count++}`
  }

  async #put(key: string): Promise<void> {
    const value = this.#fresh()
    await this.#write(`put ${key} ${value}`, key, value, async client => {
      const { header } = await client.put(key, value)
      return { revision: header?.revision, isDone: true }
    })
  }

  async #delete(key: string): Promise<void> {
    await this.#write(`delete ${key}`, key, undefined, async client => {
      const { header } = await client.delete(key)
      return { revision: header?.revision, isDone: true }
    })
  }

  /** A transaction that writes only if the key is missing. */
  async #swap(key: string): Promise<void> {
    const value = this.#fresh()
    await this.#write(`create ${key} ${value}`, key, value, async client => {
      const answer = await client.txn().if(compare.missing(key)).then(operation.put(key, value)).commit()
      return { revision: answer.header?.revision, isDone: answer.succeeded }
    })
  }

  async #leased(): Promise<void> {
    const key = `leased-${this.#count++}`
    await this.#ask(`lease ${key}`, async client => {
      const { id } = await client.lease.grant(2)
      const { header } = await client.put(key, 'x', { lease: id })
      this.#revision(header?.revision)
    })
  }

  async #get(key: string): Promise<void> {
    await this.#ask(`get ${key}`, async client => {
      const { kvs, header } = await client.range(key)
      this.#revision(header?.revision)
      const value = kvs[0] === undefined ? undefined : toText(kvs[0].value)
      const problem = this.model.seen(key, value)
      if (problem !== undefined) this.problems.push(problem)
    })
  }

  async #write(
    what: string,
    key: string,
    value: string | undefined,
    ask: (client: Client) => Promise<{ readonly revision: number | undefined; readonly isDone: boolean }>,
  ): Promise<void> {
    const answered = await this.#ask(what, async client => {
      const { revision, isDone } = await ask(client)
      this.#revision(revision)
      if (!isDone) return
      this.acknowledged++
      this.model.acknowledged(key, value)
    })
    if (!answered) this.model.unanswered(key, value)
  }

  async #ask(what: string, ask: (client: Client) => Promise<void>): Promise<boolean> {
    const { client, clock, trace } = this.#parts
    trace.add(clock.now(), 'client', what)
    try {
      await ask(client)
      trace.add(clock.now(), 'client', 'ok')
      return true
    } catch (error) {
      this.unanswered++
      trace.add(clock.now(), 'client', `failed: ${(error as { code?: string }).code ?? 'unknown'}`)
      return false
    }
  }

  #revision(revision: number | undefined): void {
    const problem = this.model.revisionSeen(revision ?? 0)
    if (problem !== undefined) this.problems.push(problem)
  }

  #pause(durationMs: number): Promise<void> {
    return new Promise(resolve => this.#parts.clock.setTimer(durationMs, resolve))
  }
}
