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

/** Requests up to `idSuffix` are given up at `deadlineMs`. */
interface Mark {
  readonly idSuffix: number
  readonly deadlineMs: number
}

/**
 * The waiting table: request id → waiter, in the order of the ids, which rise. A request costs no timer and no look at
 * the clock: now and then `mark` says when everything added so far is to be given up.
 */
export class WaitingTable {
  readonly #waiting = new Map<number, Waiter>()
  readonly #marks: Mark[] = []
  #lastSuffix = -1

  get size(): number {
    return this.#waiting.size
  }

  add(idSuffix: number, waiter: Waiter): void {
    this.#waiting.set(idSuffix, waiter)
    this.#lastSuffix = idSuffix
  }

  /** Everything that waits now is given up at `deadlineMs`, unless an earlier mark has it already. */
  mark(deadlineMs: number): void {
    const { idSuffix = -1 } = this.#marks.at(-1) ?? {}
    if (this.#lastSuffix > idSuffix) this.#marks.push({ idSuffix: this.#lastSuffix, deadlineMs })
  }

  /** Takes the waiter out; undefined if nobody waits here (entries of other members, requests given up). */
  take(idSuffix: number): Waiter | undefined {
    const waiter = this.#waiting.get(idSuffix)
    if (waiter !== undefined) this.#waiting.delete(idSuffix)
    return waiter
  }

  /** Refuses everybody whose time is up. */
  expire(nowMs: number): void {
    for (let mark = this.#marks[0]; mark !== undefined && mark.deadlineMs <= nowMs; mark = this.#marks[0]) {
      this.#marks.shift()
      this.#refuseUpTo(mark.idSuffix, Refusal.of('TIMEOUT'))
    }
  }

  /** Refuses everybody (the member stops). */
  refuseAll(refusal: Refusal): void {
    this.#marks.length = 0
    this.#refuseUpTo(Number.POSITIVE_INFINITY, refusal)
  }

  #refuseUpTo(last: number, refusal: Refusal): void {
    const refused: Waiter[] = []
    for (const [idSuffix, waiter] of this.#waiting) {
      if (idSuffix > last) break
      this.#waiting.delete(idSuffix)
      refused.push(waiter)
    }
    for (const waiter of refused) waiter.refused(refusal)
  }
}
