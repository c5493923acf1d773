import { Refusal } from '../errors.ts'
import * as limits from '../limits.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Clock } from '../parts.ts'
import type { RequestIds } from './request-id.ts'
import type { Waiter } from './waiting.ts'

/** What a linearizable read must know of consensus. */
export interface ReadParts {
  /** Whether this member is the leader and the only voter: then it has applied whatever was acknowledged. */
  readonly decidesAlone: () => boolean
  /** Starts a ReadIndex round whose answer comes back to `confirmed`; `context` names the round. */
  readonly readIndex: (context: Uint8Array) => void
  readonly applied: () => number
  readonly metrics: Pick<Metrics, 'slowReadIndexes' | 'readIndexesFailed'>
  readonly clock: Pick<Clock, 'now' | 'setTimer' | 'clearTimer'>
  /** A leader tells the rounds of all members apart by their ids. */
  readonly requestIds: RequestIds
  /** After this time a reader is refused. */
  readonly timeoutMs: number
  /** Refusals have been written that no turn takes along. */
  readonly refused: () => void
}

/** Readers that share a round, and the ids under which it was asked for, once per try. */
interface Round {
  readonly startedMs: number
  readonly readers: Waiter<void>[]
  readonly contexts: Set<bigint>
}

/**
 * Linearizable reads. All reads that wait share one ReadIndex round: those that come while one is under way are taken
 * by the next (thesis 6.4). A round that was confirmed at an index is through when that index is applied. One that is not
 * answered is asked again: messages get lost, and so do leaders.
 */
export class Reads {
  readonly #parts: ReadParts
  #next: Round | undefined
  #asked: Round | undefined
  #confirmed: { readonly index: number; readonly readers: readonly Waiter<void>[] }[] = []
  #timer: unknown

  constructor(parts: ReadParts) {
    this.#parts = parts
  }

  read(waiter: Waiter<void>): void {
    if (this.#parts.decidesAlone()) return waiter.applied()
    this.#next ??= { startedMs: this.#parts.clock.now(), readers: [], contexts: new Set() }
    this.#next.readers.push(waiter)
    this.#begin()
  }

  /** A round was confirmed: everything acknowledged before it began lies at or below `index`. */
  confirmed(context: Uint8Array, index: number): void {
    const round = this.#asked
    if (round?.contexts.has(idOf(context)) !== true) {
      this.#parts.metrics.slowReadIndexes++
      return
    }
    this.#asked = undefined
    this.#confirmed.push({ index, readers: round.readers })
    this.advanced()
    this.#begin()
  }

  /** To be called when entries were applied. */
  advanced(): void {
    const applied = this.#parts.applied()
    while ((this.#confirmed[0]?.index ?? Number.POSITIVE_INFINITY) <= applied) {
      const readers = this.#confirmed.shift()?.readers ?? []
      for (const reader of readers) reader.applied()
    }
  }

  /** The round in flight may never be answered (it was asked of a leader that is none any more): ask again. */
  retry(): void {
    if (this.#asked !== undefined) this.#ask(this.#asked)
  }

  /** Refuses everybody who waits, for good. */
  close(refusal: Refusal): void {
    this.#disarm()
    const readers = [this.#asked, this.#next, ...this.#confirmed].flatMap(round => round?.readers ?? [])
    this.#asked = undefined
    this.#next = undefined
    this.#confirmed = []
    this.#refuse(readers, refusal)
  }

  /** The readers that have gathered get their round, unless one is under way. */
  #begin(): void {
    if (this.#asked !== undefined) return
    this.#asked = this.#next
    this.#next = undefined
    if (this.#asked === undefined) return this.#disarm()
    this.#ask(this.#asked)
  }

  #ask(round: Round): void {
    const { requestIds, readIndex } = this.#parts
    const id = requestIds.whole(requestIds.next())
    round.contexts.add(id)
    this.#arm()
    const context = new Uint8Array(8)
    new DataView(context.buffer).setBigUint64(0, id)
    readIndex(context)
  }

  #arm(): void {
    this.#timer ??= this.#parts.clock.setTimer(limits.readRetryMs, () => {
      this.#timer = undefined
      this.#expire()
      this.retry()
    })
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#parts.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  /** Those whose time is up are the oldest: the round in flight, and perhaps the next. */
  #expire(): void {
    const { clock, timeoutMs, metrics, refused } = this.#parts
    const latestMs = clock.now() - timeoutMs
    while (this.#asked !== undefined && this.#asked.startedMs <= latestMs) {
      const { readers } = this.#asked
      metrics.slowReadIndexes++
      this.#asked = this.#next
      this.#next = undefined
      this.#refuse(readers, Refusal.of('TIMEOUT'))
      refused()
    }
  }

  #refuse(readers: readonly Waiter<void>[], refusal: Refusal): void {
    this.#parts.metrics.readIndexesFailed += readers.length
    for (const reader of readers) reader.refused(refusal)
  }
}

/** No round has the id of what no round was asked with. */
function idOf(context: Uint8Array): bigint {
  if (context.length !== 8) return -1n
  return new DataView(context.buffer, context.byteOffset, 8).getBigUint64(0)
}
