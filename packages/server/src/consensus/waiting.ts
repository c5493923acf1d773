import type { AuthInfo } from '@kvs/auth'
import type { Refusal } from '../errors.ts'

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

/** Somebody who waits for a proposal, with what metrics and log lines tell about the request. */
export interface Proposer<Outcome = unknown> extends Waiter<Outcome> {
  /** When the request came, in milliseconds of the member's clock. */
  readonly startedMs: number
  /** Who asks; undefined while authentication is off, and where nobody said. */
  readonly caller: AuthInfo | undefined
  /** The entry, once it is proposed. */
  entry: Uint8Array | undefined
  /** What this member asks for as the leader: another leader must not be asked for it. */
  readonly isLeaderOnly?: true
  /** Index of the entry and when it began to be applied, once it did; 0 before. */
  entryIndex: number
  applyMs: number
}

/** A proposal of the member itself. */
export class OwnProposal<Outcome> implements Proposer<Outcome> {
  readonly startedMs: number
  readonly caller: AuthInfo | undefined
  entry: Uint8Array | undefined = undefined
  entryIndex = 0
  applyMs = 0
  readonly #waiter: Waiter<Outcome>

  constructor(startedMs: number, waiter: Waiter<Outcome>, caller?: AuthInfo | undefined) {
    this.startedMs = startedMs
    this.caller = caller
    this.#waiter = waiter
  }

  applied(outcome: Outcome): void {
    this.#waiter.applied(outcome)
  }

  refused(refusal: Refusal): void {
    this.#waiter.refused(refusal)
  }
}

/** What the leader proposes because it leads. */
export class LeaderProposal<Outcome> extends OwnProposal<Outcome> {
  readonly isLeaderOnly = true
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
  readonly #waiting = new Map<number, Proposer>()
  readonly #marks: Mark[] = []
  readonly #refusalOf: (proposer: Proposer) => Refusal
  #lastSuffix = -1

  /** `refusalOf` says what those are told whose time is up. */
  constructor(refusalOf: (proposer: Proposer) => Refusal) {
    this.#refusalOf = refusalOf
  }

  get size(): number {
    return this.#waiting.size
  }

  add(idSuffix: number, proposer: Proposer): void {
    this.#waiting.set(idSuffix, proposer)
    this.#lastSuffix = idSuffix
  }

  /** Everything that waits now is given up at `deadlineMs`, unless an earlier mark has it already. */
  mark(deadlineMs: number): void {
    const { idSuffix = -1 } = this.#marks.at(-1) ?? {}
    if (this.#lastSuffix > idSuffix) this.#marks.push({ idSuffix: this.#lastSuffix, deadlineMs })
  }

  /** Everybody who waits. */
  get proposers(): Iterable<Proposer> {
    return this.#waiting.values()
  }

  /** Takes the proposer out; undefined if nobody waits here (entries of other members, requests given up). */
  take(idSuffix: number): Proposer | undefined {
    const proposer = this.#waiting.get(idSuffix)
    if (proposer !== undefined) this.#waiting.delete(idSuffix)
    return proposer
  }

  /** Refuses everybody whose time is up. */
  expire(nowMs: number): void {
    for (let mark = this.#marks[0]; mark !== undefined && mark.deadlineMs <= nowMs; mark = this.#marks[0]) {
      this.#marks.shift()
      for (const proposer of this.#takeUpTo(mark.idSuffix)) {
        proposer.refused(this.#refusalOf(proposer))
      }
    }
  }

  /** Refuses everybody (the member stops). */
  refuseAll(refusal: Refusal): void {
    this.#marks.length = 0
    for (const proposer of this.#takeUpTo(Number.POSITIVE_INFINITY)) proposer.refused(refusal)
  }

  #takeUpTo(last: number): readonly Proposer[] {
    const taken: Proposer[] = []
    for (const [idSuffix, proposer] of this.#waiting) {
      if (idSuffix > last) break
      this.#waiting.delete(idSuffix)
      taken.push(proposer)
    }
    return taken
  }
}
