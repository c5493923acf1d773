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

const firstPlaces = 64
const placesMax = 16_384

/**
 * The waiting table: request id → waiter. A request costs no timer and no look at the clock: now and then `mark` says when
 * everything added so far is to be given up.
 *
 * Ids rise and nearly all wait for a moment only, so each has a place in a ring; who still waits when the place is needed
 * again moves to a map. A map of all would serve, but for the collector of garbage: V8 replaces the table behind a map every
 * few deletions, each old table leads to the next one, and once a collection has kept one of them all that follow live
 * until the next major collection, with the requests that were in them.
 */
export class WaitingTable {
  #ring: (Proposer | undefined)[] = new Array(firstPlaces).fill(undefined)
  /** Whose place it is, or was. */
  #ids: Float64Array = new Float64Array(firstPlaces)
  readonly #late = new Map<number, Proposer>()
  #size = 0
  readonly #marks: Mark[] = []
  readonly #refusalOf: (proposer: Proposer) => Refusal
  #lastSuffix = -1

  /** `refusalOf` says what those are told whose time is up. */
  constructor(refusalOf: (proposer: Proposer) => Refusal) {
    this.#refusalOf = refusalOf
  }

  get size(): number {
    return this.#size
  }

  /** `idSuffix` is higher than all before. */
  add(idSuffix: number, proposer: Proposer): void {
    if (this.#ring[this.#placeOf(idSuffix)] !== undefined) this.#makeRoom(idSuffix)
    const place = this.#placeOf(idSuffix)
    this.#ring[place] = proposer
    this.#ids[place] = idSuffix
    this.#size++
    this.#lastSuffix = idSuffix
  }

  /** Everything that waits now is given up at `deadlineMs`, unless an earlier mark has it already. */
  mark(deadlineMs: number): void {
    const { idSuffix = -1 } = this.#marks.at(-1) ?? {}
    if (this.#lastSuffix > idSuffix) this.#marks.push({ idSuffix: this.#lastSuffix, deadlineMs })
  }

  /** Everybody who waits. */
  get proposers(): Iterable<Proposer> {
    return this.#waitingUpTo(Number.POSITIVE_INFINITY).map(([, proposer]) => proposer)
  }

  /** Takes the proposer out; undefined if nobody waits here (entries of other members, requests given up). */
  take(idSuffix: number): Proposer | undefined {
    const place = this.#placeOf(idSuffix)
    let proposer = this.#ring[place]
    if (proposer !== undefined && this.#ids[place] === idSuffix) this.#ring[place] = undefined
    else {
      proposer = this.#late.get(idSuffix)
      if (proposer === undefined) return undefined
      this.#late.delete(idSuffix)
    }
    this.#size--
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
    const waiting = this.#waitingUpTo(last)
    for (const [idSuffix] of waiting) this.take(idSuffix)
    return waiting.map(([, proposer]) => proposer)
  }

  /** By id. */
  #waitingUpTo(last: number): (readonly [number, Proposer])[] {
    const waiting: (readonly [number, Proposer])[] = [...this.#late].filter(([idSuffix]) => idSuffix <= last)
    for (const [place, proposer] of this.#ring.entries()) {
      const idSuffix = this.#ids[place] as number
      if (proposer !== undefined && idSuffix <= last) waiting.push([idSuffix, proposer])
    }
    return waiting.sort(([a], [b]) => a - b)
  }

  #placeOf(idSuffix: number): number {
    return idSuffix & (this.#ring.length - 1)
  }

  #makeRoom(idSuffix: number): void {
    while (this.#size * 2 >= this.#ring.length && this.#ring.length < placesMax) this.#grow()
    const place = this.#placeOf(idSuffix)
    const old = this.#ring[place]
    if (old !== undefined) this.#late.set(this.#ids[place] as number, old)
    this.#ring[place] = undefined
  }

  /** In a ring twice as large no two come together that stood apart. */
  #grow(): void {
    const ring = this.#ring
    const ids = this.#ids
    this.#ring = new Array(ring.length * 2).fill(undefined)
    this.#ids = new Float64Array(ring.length * 2)
    for (const [i, proposer] of ring.entries()) {
      if (proposer === undefined) continue
      const place = this.#placeOf(ids[i] as number)
      this.#ring[place] = proposer
      this.#ids[place] = ids[i] as number
    }
  }
}
