import { Refusal } from './errors.ts'

/**
 * Who waits for the outcome of a proposal. Exactly one of the two is called, once; both only note the answer, they do
 * no work of their own beyond that.
 */
export interface Waiter<Outcome = unknown> {
  /** The entry was applied. `outcome` is what its operation answers with; it is valid during the call only. */
  applied(outcome: Outcome): void
  /** The entry was refused when it was applied, or will never be answered (timeout, shutdown). */
  refused(refusal: Refusal): void
}

interface Waiting {
  readonly waiter: Waiter
  readonly deadlineMs: number
}

/**
 * The waiting table: request id → waiter. Requests of one kind of deadline are registered in the order of their
 * deadlines, so expiry looks at the front of the map only and needs no timer per request.
 */
export class WaitingTable {
  readonly #waiting = new Map<number, Waiting>()

  get size(): number {
    return this.#waiting.size
  }

  /** When the oldest request times out, in milliseconds of the clock; undefined if nobody waits. */
  get nextDeadlineMs(): number | undefined {
    for (const waiting of this.#waiting.values()) return waiting.deadlineMs
    return undefined
  }

  add(idSuffix: number, waiter: Waiter, deadlineMs: number): void {
    this.#waiting.set(idSuffix, { waiter, deadlineMs })
  }

  /** Takes the waiter out; undefined if nobody waits here (entries of other members, requests given up). */
  take(idSuffix: number): Waiter | undefined {
    const waiting = this.#waiting.get(idSuffix)
    if (waiting === undefined) return undefined
    this.#waiting.delete(idSuffix)
    return waiting.waiter
  }

  /** Refuses everybody whose time is up. */
  expire(nowMs: number): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.deadlineMs > nowMs) return
      this.#waiting.delete(id)
      waiting.waiter.refused(Refusal.of('TIMEOUT'))
    }
  }

  /** Refuses everybody (the member stops). */
  refuseAll(refusal: Refusal): void {
    const all = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { waiter } of all) waiter.refused(refusal)
  }
}
