/** Writers that keep a server busy, and the reader that holds it to its word afterwards. */
import { type Client, connect, isKvsError, operation, toText } from '@kvs/client'
import type { SeededRandom } from '@kvs/testing'
import type { Effect, Ledger, LiveKey, SeenEvent, Write } from './ledger.ts'
import { valueFor } from './ledger.ts'

/** Keys of one writer. Few, so that they are written over and over. */
const keysOfWriter = 8
/** A server that does not answer a reader for so long is taken to be gone. */
const readTimeoutMs = 20_000
/** Every key of the writers lies in this range. */
const everyKey = { prefix: 'w' } as const

export interface Load {
  /** Begins to write. */
  run(): void
  /** All writers have written what they had to, or lost the server. */
  done(): Promise<unknown>
  /** Stops writing and lets go of the connections; what is under way stays in doubt. */
  stop(): Promise<void>
  /** When the youngest write that was acknowledged had been sent, by `process.hrtime.bigint()`. */
  readonly youngestSentNs: bigint
}

export interface LoadOptions {
  /** A connection of its own for each writer. */
  readonly connect: () => Client
  readonly writers: number
  readonly ledger: Ledger
  readonly random: SeededRandom
  /** Without it they write until they are stopped or lose the server. */
  readonly writesPerWriter?: number
  /** The disk has failed: nothing that is sent from now on may be acknowledged. */
  readonly hasFailed?: () => boolean
}

/** Writers, each with its own keys, each with one write under way at a time. */
export function makeLoad(options: LoadOptions): Load {
  const { writers, ledger, random, writesPerWriter = Number.POSITIVE_INFINITY, hasFailed = () => false } = options
  const clients: Client[] = []
  const loops: Promise<void>[] = []
  let stopped = false
  let youngestSentNs = 0n
  const write = async (client: Client, writer: number): Promise<void> => {
    const chance = random.fork()
    for (let left = writesPerWriter; left > 0 && !stopped; left--) {
      const wanted = nextWrite(writer, ledger, chance)
      const isVain = hasFailed()
      const sentNs = process.hrtime.bigint()
      ledger.sent(wanted)
      try {
        ledger.acknowledged(wanted, await send(client, wanted))
        if (sentNs > youngestSentNs) youngestSentNs = sentNs
        if (isVain) ledger.complain('a write that was sent after the disk had failed was acknowledged')
      } catch (error) {
        if (isKvsError(error)) return
        throw error
      }
    }
  }
  return {
    get youngestSentNs() {
      return youngestSentNs
    },
    run: () => {
      for (let writer = 0; writer < writers; writer++) {
        const client = options.connect()
        clients.push(client)
        loops.push(write(client, writer))
      }
    },
    done: () => Promise.all(loops),
    stop: async () => {
      stopped = true
      for (const client of clients) client.close()
      await Promise.all(loops)
    },
  }
}

/** Seven puts, then among the others deletions and transactions of two keys. */
function nextWrite(writer: number, ledger: Ledger, random: SeededRandom): Write {
  const first = random.below(keysOfWriter)
  const keyAt = (at: number): string => `w${writer}/${at % keysOfWriter}`
  const key = keyAt(first)
  const put = (to: string): Effect => ({ key: to, sequence: ledger.nextSequence() })
  const kind = random.below(10)
  if (kind === 0 && ledger.isLive(key)) return { writer, effects: [{ key, sequence: undefined }] }
  if (kind > 2) return { writer, effects: [put(key)] }
  return { writer, effects: [put(key), put(keyAt(first + 1))] }
}

/** Returns the revision of the answer. */
async function send(client: Client, { effects }: Write): Promise<number> {
  const [first, second] = effects
  if (first === undefined) throw new Error('a write without effects')
  if (second !== undefined) {
    const operations = effects.map(({ key, sequence = 0 }) => operation.put(key, valueFor(key, sequence)))
    return revisionOf(
      await client
        .txn()
        .then(...operations)
        .commit(),
    )
  }
  const { key, sequence } = first
  if (sequence === undefined) return revisionOf(await client.delete(key))
  return revisionOf(await client.put(key, valueFor(key, sequence)))
}

function revisionOf({ header }: { readonly header?: { readonly revision: number } | undefined }): number {
  if (header === undefined) throw new Error('an answer without a header')
  return header.revision
}

/** What the server says it has. */
export interface Shown {
  readonly revision: number
  readonly clusterId: bigint
  readonly memberId: bigint
  readonly keys: ReadonlyMap<string, Omit<LiveKey, 'sequence'> & { readonly value: string }>
}

export async function readAll(client: Client): Promise<Shown> {
  const { header, kvs } = await client.range(everyKey, { timeoutMs: readTimeoutMs })
  if (header === undefined) throw new Error('an answer without a header')
  const { revision, clusterId, memberId } = header
  const keys = new Map(
    kvs.map(({ key, value, modRevision, createRevision, version }) => [
      toText(key),
      { value: toText(value), modRevision, createRevision, version },
    ]),
  )
  return { revision, clusterId, memberId, keys }
}

/** All events of the revisions from `first` to `last`, which must exist. */
export async function readHistory(client: Client, first: number, last: number): Promise<SeenEvent[]> {
  const events: SeenEvent[] = []
  if (last < first) return events
  const signal = AbortSignal.timeout(readTimeoutMs)
  const watcher = client.watch(everyKey, { startRevision: first, signal })
  for await (const update of watcher) {
    for (const { type, kv } of update.events) {
      if (kv === undefined) throw new Error('an event without a pair')
      const value = Number(type) === 0 ? toText(kv.value) : undefined
      events.push({ revision: kv.modRevision, key: toText(kv.key), value })
    }
    if ((events.at(-1)?.revision ?? 0) >= last) break
  }
  if (signal.aborted) throw new Error(`no events up to revision ${last} within ${readTimeoutMs} ms`)
  return events
}

/** A watcher that lives through every end of the server, and what it was told. */
export class Witness {
  readonly #client: Client
  #events: SeenEvent[] = []
  #failure: unknown
  #newest = 0

  constructor(endpoint: string, startRevision: number) {
    this.#client = connect({ endpoints: [endpoint] })
    this.#listen(startRevision).catch(error => {
      this.#failure = error
    })
  }

  async #listen(startRevision: number): Promise<void> {
    for await (const { type, kv } of this.#client.watch(everyKey, { startRevision }).events()) {
      if (kv === undefined) throw new Error('an event without a pair')
      const value = Number(type) === 0 ? toText(kv.value) : undefined
      this.#events.push({ revision: kv.modRevision, key: toText(kv.key), value })
      this.#newest = kv.modRevision
    }
  }

  /** Everything told since the last call, once `revision` has been reached. */
  async upTo(revision: number): Promise<SeenEvent[]> {
    const until = performance.now() + readTimeoutMs
    while (this.#newest < revision) {
      if (this.#failure !== undefined) throw this.#failure
      if (performance.now() > until) throw new Error(`the watcher has not heard of revision ${revision}`)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    return this.#events.splice(0)
  }

  close(): void {
    this.#client.close()
  }
}
