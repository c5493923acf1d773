/**
 * Clients of a cluster, and what they hold it to. Every writer counts upwards in a key of its own, one write at a time; when
 * it does not learn what became of a write it takes a new key, so that a key has at most one write in doubt, its last. Then a
 * linearizable read of a key must never be older than what was acknowledged or read before the read began, and the history
 * of a key is 1, 2, 3 and so on.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, connect, isKvsError, type KvsError, toText } from '@kvs/client'
import type { SeededRandom } from '@kvs/testing'

const prefix = 'c/'
const callTimeoutMs = 2000
/** Longer than a member lets a request wait. */
const patientMs = 8000
/** After a failure. */
const pauseMs = 50
const complaintsMax = 20

/** One counter. */
interface Counter {
  readonly key: string
  /** Highest count that was sent. */
  sent: number
  /** No later read may be older: it was acknowledged, or read. */
  floor: number
  /** Revisions of acknowledged writes, by count less one; holes where the answer did not come. */
  readonly revisions: number[]
}

/** An event as a watcher was told it. */
interface Told {
  readonly revision: number
  readonly key: string
  readonly count: number
}

export class Traffic {
  readonly complaints: string[] = []
  complaintCount = 0
  acknowledged = 0
  /** Writes whose outcome their clients never learned. */
  inDoubt = 0
  reads = 0
  toldCount = 0
  /** What clients were told instead of an answer, and how often. */
  readonly errors = new Map<string, number>()
  readonly #random: SeededRandom
  readonly #endpoints: readonly string[]
  readonly #reach: 'mixed' | 'everywhere'
  readonly #counters: Counter[] = []
  readonly #clients: Client[] = []
  readonly #loops: Promise<void>[] = []
  readonly #told: Told[][] = []
  /** When each write was acknowledged, and when it had been sent, in milliseconds. */
  #acks: { readonly sentMs: number; readonly atMs: number }[] = []
  #stopped = false
  #generation = 0

  /** `mixed`: half of the clients know one member only, in turn. */
  constructor(endpoints: readonly string[], random: SeededRandom, reach: 'mixed' | 'everywhere' = 'mixed') {
    this.#endpoints = endpoints
    this.#random = random
    this.#reach = reach
  }

  start(counts: { readonly writers: number; readonly readers: number; readonly watchers: number }): void {
    for (let i = 0; i < counts.writers; i++) this.#loops.push(this.#write(this.#client(i)))
    for (let i = 0; i < counts.readers; i++) this.#loops.push(this.#read(this.#client(i)))
    for (let i = 0; i < counts.watchers; i++) this.#loops.push(this.#watch(this.#client(i)))
  }

  #client(i: number): Client {
    const own = this.#endpoints[i % this.#endpoints.length] as string
    const isPinned = this.#reach === 'mixed' && i % 2 === 0
    const timeoutMs = this.#reach === 'mixed' ? callTimeoutMs : patientMs
    const client = connect({ endpoints: isPinned ? [own] : this.#endpoints, timeoutMs })
    this.#clients.push(client)
    return client
  }

  #newCounter(): Counter {
    const counter = { key: `${prefix}${++this.#generation}`, sent: 0, floor: 0, revisions: [] }
    this.#counters.push(counter)
    return counter
  }

  async #write(client: Client): Promise<void> {
    let counter = this.#newCounter()
    while (!this.#stopped) {
      const count = ++counter.sent
      const sentMs = performance.now()
      try {
        const { header } = await client.put(counter.key, `${count}`)
        counter.revisions[count - 1] = header?.revision ?? 0
        counter.floor = Math.max(counter.floor, count)
        this.acknowledged++
        this.#acks.push({ sentMs, atMs: performance.now() })
      } catch (error) {
        if (!isKvsError(error)) throw error
        this.#failed(error)
        counter = this.#newCounter()
        await sleep(pauseMs)
      }
      await sleep(this.#random.below(10))
    }
  }

  #failed({ code, message }: KvsError): void {
    this.inDoubt++
    const text = `${code}: ${message.replace(/[\d.]+:\d+/g, 'member')}`
    this.errors.set(text, (this.errors.get(text) ?? 0) + 1)
  }

  async #read(client: Client): Promise<void> {
    while (!this.#stopped) {
      // The younger ones are those that are written to.
      const from = Math.max(0, this.#counters.length - 20)
      const counter = this.#counters[from + this.#random.below(this.#counters.length - from)] as Counter
      const { floor } = counter
      try {
        const pair = await client.get(counter.key)
        const count = pair === undefined ? 0 : Number(toText(pair.value))
        this.reads++
        if (count < floor) this.complain(`a read of ${counter.key} is stale: ${count}, and ${floor} was known before`)
        if (count > counter.sent) this.complain(`${counter.key} is ${count}, and only ${counter.sent} was sent`)
        counter.floor = Math.max(counter.floor, count)
      } catch (error) {
        if (!isKvsError(error)) throw error
        await sleep(pauseMs)
      }
      await sleep(this.#random.below(10))
    }
  }

  async #watch(client: Client): Promise<void> {
    const told: Told[] = []
    this.#told.push(told)
    try {
      for await (const { kv } of client.watch({ prefix }, { startRevision: 1 }).events()) {
        if (kv === undefined) throw new Error('an event without a pair')
        const event = { revision: kv.modRevision, key: toText(kv.key), count: Number(toText(kv.value)) }
        const last = told.at(-1)
        if (last !== undefined && event.revision <= last.revision)
          this.complain(`a watcher was told revision ${event.revision} after ${last.revision}`)
        told.push(event)
      }
    } catch (error) {
      if (!isKvsError(error, 'CLOSED')) this.complain(`a watch ended: ${String(error)}`)
    }
  }

  /** The first write that was sent after `sinceMs` and acknowledged: when that was. */
  async firstAck(sinceMs: number, mostMs: number): Promise<number> {
    for (const untilMs = performance.now() + mostMs; performance.now() < untilMs; await sleep(2)) {
      const ack = this.#acks.find(({ sentMs }) => sentMs >= sinceMs)
      if (ack !== undefined) return ack.atMs
    }
    throw new Error(`no write was acknowledged within ${mostMs} ms`)
  }

  /** Forgets when writes were acknowledged. */
  forgetAcks(): void {
    this.#acks = []
  }

  /** Stops writing and reading; what is under way comes to its end. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#loops.slice(0, this.#loops.length - this.#told.length))
  }

  /** Compares everything with the history of the store and the ends of the counters. */
  async verify(client: Client): Promise<number> {
    const { header, kvs } = await client.range({ prefix })
    const revision = header?.revision ?? 0
    const last = Math.max(0, ...kvs.map(({ modRevision }) => modRevision))
    const history: Told[] = []
    for await (const { kv } of client.watch({ prefix }, { startRevision: 1 }).events()) {
      if (kv === undefined) throw new Error('an event without a pair')
      history.push({ revision: kv.modRevision, key: toText(kv.key), count: Number(toText(kv.value)) })
      if (kv.modRevision >= last) break
    }
    const ends = this.#checkHistory(history)
    for (const counter of this.#counters) {
      const end = ends.get(counter.key) ?? 0
      if (end < counter.floor)
        this.complain(`${counter.key} ended at ${end}, and ${counter.floor} was acknowledged or read`)
      if (end > counter.sent) this.complain(`${counter.key} ended at ${end}, and only ${counter.sent} was sent`)
    }
    for (const told of this.#told) await this.#checkTold(told, history, last)
    return revision
  }

  #checkHistory(history: readonly Told[]): ReadonlyMap<string, number> {
    const byKey = new Map(this.#counters.map(counter => [counter.key, counter]))
    const ends = new Map<string, number>()
    for (const { key, count, revision } of history) {
      const before = ends.get(key) ?? 0
      if (count !== before + 1) this.complain(`${key} went from ${before} to ${count} at revision ${revision}`)
      ends.set(key, count)
      const promised = byKey.get(key)?.revisions[count - 1]
      if (promised !== undefined && promised !== revision)
        this.complain(`${key}#${count} was acknowledged at revision ${promised} and is at ${revision}`)
    }
    return ends
  }

  async #checkTold(told: readonly Told[], history: readonly Told[], last: number): Promise<void> {
    for (let left = 2000; (told.at(-1)?.revision ?? 0) < last && left > 0; left--) await sleep(10)
    this.toldCount += told.length
    const wrong = history.findIndex(({ revision, key, count }, i) => {
      const event = told[i]
      return event?.revision !== revision || event.key !== key || event.count !== count
    })
    if (wrong >= 0 || told.length !== history.length) {
      const at = history[wrong]?.revision ?? 'the end'
      this.complain(`a watcher was told ${told.length} of ${history.length} events, the first that is wrong at ${at}`)
    }
  }

  complain(sentence: string): void {
    this.complaintCount++
    if (this.complaints.length < complaintsMax) this.complaints.push(sentence)
  }

  async close(): Promise<void> {
    this.#stopped = true
    for (const client of this.#clients) await client.close()
    await Promise.allSettled(this.#loops)
  }
}

/** Complaints if not all members have the same history up to one revision. */
export async function compareHashes(endpoints: readonly string[], revision: number): Promise<readonly string[]> {
  const hashes = await Promise.all(
    endpoints.map(async endpoint => {
      const client = connect({ endpoints: [endpoint] })
      try {
        // A linearizable read first: then this member has applied all up to the revision.
        await client.get('none')
        return (await client.maintenance.hashKv({ revision })).hash
      } finally {
        await client.close()
      }
    }),
  )
  return new Set(hashes).size === 1 ? [] : [`the members have different hashes: ${hashes.join()}`]
}
