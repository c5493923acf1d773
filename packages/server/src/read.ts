import type { Refusal } from './errors.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Waiter } from './waiting.ts'

/** What a linearizable read must know of consensus. */
export interface ReadParts {
  /** Whether this member is the leader and the only voter: then it has applied whatever was acknowledged. */
  readonly decidesAlone: () => boolean
  /** Starts a ReadIndex round whose answer comes back to `confirmed`; `context` names the round. */
  readonly readIndex: (context: Uint8Array) => void
  readonly applied: () => number
  readonly metrics: Pick<Metrics, 'slowReadIndexes' | 'readIndexesFailed'>
}

interface Round {
  readonly number: number
  readonly readers: Waiter<void>[]
}

/**
 * Linearizable reads. All reads that wait share one ReadIndex round: those that come while one is under way are taken
 * by the next (thesis 6.4). A round that was confirmed at an index is through when that index is applied.
 */
export class Reads {
  readonly #parts: ReadParts
  #waiting: Waiter<void>[] = []
  #asked: Round | undefined
  #confirmed: { readonly index: number; readonly readers: readonly Waiter<void>[] }[] = []
  #number = 0

  constructor(parts: ReadParts) {
    this.#parts = parts
  }

  read(waiter: Waiter<void>): void {
    if (this.#parts.decidesAlone()) return waiter.applied()
    this.#waiting.push(waiter)
    this.#ask()
  }

  /** Raft confirmed that this member led, or knew the leader, when the round was asked for. */
  confirmed(context: Uint8Array, index: number): void {
    const round = this.#asked
    if (round === undefined || numberOf(context) !== round.number) {
      this.#parts.metrics.slowReadIndexes++
      return
    }
    this.#asked = undefined
    this.#confirmed.push({ index, readers: round.readers })
    this.advanced()
    this.#ask()
  }

  /** More was applied. */
  advanced(): void {
    const applied = this.#parts.applied()
    while (this.#confirmed.length > 0 && (this.#confirmed[0] as { index: number }).index <= applied) {
      const readers = this.#confirmed.shift()?.readers ?? []
      for (const reader of readers) reader.applied()
    }
  }

  /** The round in flight may never be answered (it was asked of a leader that is none any more): ask again. */
  retry(): void {
    const round = this.#asked
    if (round === undefined) return this.#ask()
    this.#asked = undefined
    this.#waiting = [...round.readers, ...this.#waiting]
    this.#ask()
  }

  /** Refuses everybody who waits. */
  refuseAll(refusal: Refusal): void {
    const readers = [...(this.#asked?.readers ?? []), ...this.#waiting, ...this.#confirmed.flatMap(c => c.readers)]
    this.#asked = undefined
    this.#waiting = []
    this.#confirmed = []
    this.#parts.metrics.readIndexesFailed += readers.length
    for (const reader of readers) reader.refused(refusal)
  }

  #ask(): void {
    if (this.#asked !== undefined || this.#waiting.length === 0) return
    this.#asked = { number: ++this.#number, readers: this.#waiting }
    this.#waiting = []
    const context = new Uint8Array(8)
    new DataView(context.buffer).setBigUint64(0, BigInt(this.#number))
    this.#parts.readIndex(context)
  }
}

function numberOf(context: Uint8Array): number {
  if (context.length !== 8) return -1
  return Number(new DataView(context.buffer, context.byteOffset, 8).getBigUint64(0))
}
