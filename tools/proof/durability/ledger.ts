/**
 * What was asked of a server and what it answered, kept outside of it, so that it can be held to its word.
 *
 * Each writer has keys of its own and one write under way at a time. A write is *acknowledged* when its answer came, and
 * *in doubt* when the connection broke before: then it happened as a whole or not at all. Every write makes one revision,
 * and nobody else writes, so every revision must be accounted for.
 */

/** One effect of a write. `sequence` undefined: the key is deleted. */
export interface Effect {
  readonly key: string
  readonly sequence: number | undefined
}

/** A write as it was sent. */
export interface Write {
  readonly writer: number
  readonly effects: readonly Effect[]
}

/** What a watch or a read shows of one key. */
export interface SeenEvent {
  readonly revision: number
  readonly key: string
  /** Undefined: deleted. */
  readonly value: string | undefined
}

/** A live key. */
export interface LiveKey {
  readonly sequence: number
  readonly modRevision: number
  readonly createRevision: number
  readonly version: number
}

/** Values are made of the write's number, so that nothing but the number has to be kept. */
export function valueFor(key: string, sequence: number): string {
  const fillerBytes = (Math.imul(sequence, 0x9e3779b1) >>> 0) % 900
  return `${key}#${sequence}#${'.'.repeat(fillerBytes)}`
}

/** Broken promises, as sentences. At most this many are kept; all are counted. */
const complaintsMax = 20

export class Ledger {
  /** Acknowledged or found to have happened, by revision. Revisions up to `forgottenRevision` are gone. */
  readonly #byRevision = new Map<number, Write>()
  readonly #inDoubt = new Map<number, Write>()
  readonly #live = new Map<string, LiveKey>()
  readonly complaints: string[] = []
  complaintCount = 0
  acknowledgedCount = 0
  lostCount = 0
  /** Writes in doubt at some end, and how many of them had happened. */
  doubtCount = 0
  happenedCount = 0
  /** Highest revision an answer has named. */
  newestRevision: number
  /** Every revision up to here was compared with what the server has. */
  settledRevision: number
  forgottenRevision: number
  #sequence = 0

  /** `revision`: that of the empty store. */
  constructor(revision: number) {
    this.newestRevision = revision
    this.settledRevision = revision
    this.forgottenRevision = revision
  }

  get brokenCount(): number {
    return this.complaintCount
  }

  nextSequence(): number {
    return ++this.#sequence
  }

  isLive(key: string): boolean {
    return this.#live.has(key)
  }

  sent(write: Write): void {
    this.#inDoubt.set(write.writer, write)
  }

  acknowledged(write: Write, revision: number): void {
    this.#inDoubt.delete(write.writer)
    this.acknowledgedCount++
    const other = this.#byRevision.get(revision)
    if (other !== undefined || revision <= this.settledRevision) {
      this.complain(`revision ${revision} was given to two writes`)
      return
    }
    this.#byRevision.set(revision, write)
    this.newestRevision = Math.max(this.newestRevision, revision)
    // A writer goes on from what it knows; keys are settled with their revisions later.
    for (const effect of write.effects) this.#note(effect, revision)
  }

  /**
   * The server went away and is back: `events` are all it has of the revisions from `settledRevision + 1` to `revision`,
   * in order. Finds out what became of the writes in doubt.
   */
  settle(events: readonly SeenEvent[], revision: number): void {
    if (revision < this.newestRevision) {
      this.complain(`the revision went back from ${this.newestRevision} to ${revision}`)
    }
    this.doubtCount += this.#inDoubt.size
    const found = groupByRevision(events)
    for (let at = this.settledRevision + 1; at <= Math.max(revision, this.newestRevision); at++) {
      const seen = found.get(at)
      const known = this.#byRevision.get(at)
      if (known !== undefined) this.#compare(known, seen, at)
      else if (seen === undefined) this.complain(`revision ${at} has no events and was never answered`)
      else this.#explain(seen, at)
    }
    this.#inDoubt.clear()
    this.settledRevision = Math.max(revision, this.settledRevision)
    this.newestRevision = this.settledRevision
  }

  #compare(write: Write, seen: readonly SeenEvent[] | undefined, revision: number): void {
    if (seen !== undefined && isSame(write, seen)) return
    this.lostCount++
    this.complain(`acknowledged write ${describeWrite(write)} at revision ${revision} is ${describeEvents(seen)}`)
  }

  /** Events nobody was told of must be a whole write in doubt. */
  #explain(seen: readonly SeenEvent[], revision: number): void {
    const write = [...this.#inDoubt.values()].find(each => isSame(each, seen))
    if (write === undefined) return this.complain(`nobody wrote ${describeEvents(seen)} at revision ${revision}`)
    this.#inDoubt.delete(write.writer)
    this.happenedCount++
    this.#byRevision.set(revision, write)
    for (const effect of write.effects) this.#note(effect, revision)
  }

  #note({ key, sequence }: Effect, modRevision: number): void {
    const before = this.#live.get(key)
    if (sequence === undefined) this.#live.delete(key)
    else if (before === undefined) {
      this.#live.set(key, { sequence, modRevision, createRevision: modRevision, version: 1 })
    } else {
      const { createRevision, version } = before
      this.#live.set(key, { sequence, modRevision, createRevision, version: version + 1 })
    }
  }

  /** Compares a read of everything, made after `settle`. */
  compareState(keys: ReadonlyMap<string, Omit<LiveKey, 'sequence'> & { readonly value: string }>): void {
    for (const [key, live] of this.#live) {
      const { modRevision, createRevision, version } = live
      const wanted = `${valueFor(key, live.sequence)} ${modRevision}/${createRevision}/${version}`
      const at = keys.get(key)
      const found = at === undefined ? 'gone' : `${at.value} ${at.modRevision}/${at.createRevision}/${at.version}`
      if (found !== wanted) this.complain(`key ${key} is ${found.slice(0, 60)} and should be ${wanted.slice(0, 60)}`)
    }
    for (const key of keys.keys()) if (!this.#live.has(key)) this.complain(`key ${key} should not be there`)
  }

  /** Compares events of the revisions from `first` to `last`, all settled, with what happened. Returns how many. */
  compareHistory(events: readonly SeenEvent[], first: number, last: number, who: string): number {
    const found = groupByRevision(events)
    for (let at = first; at <= last; at++) {
      const write = this.#byRevision.get(at)
      const seen = found.get(at)
      if (write === undefined || seen === undefined || !isSame(write, seen)) {
        this.complain(`${who}: revision ${at} is ${describeEvents(seen)}, not ${describeWrite(write)}`)
      }
    }
    const beyond = [...found.keys()].filter(revision => revision < first || revision > last)
    if (beyond.length > 0)
      this.complain(`${who}: revisions ${beyond.join()} do not belong between ${first} and ${last}`)
    return events.length
  }

  /** Revisions up to here were compacted away. */
  forget(revision: number): void {
    for (let at = this.forgottenRevision + 1; at <= revision; at++) this.#byRevision.delete(at)
    this.forgottenRevision = Math.max(this.forgottenRevision, revision)
  }

  complain(sentence: string): void {
    this.complaintCount++
    if (this.complaints.length < complaintsMax) this.complaints.push(sentence)
  }
}

function groupByRevision(events: readonly SeenEvent[]): Map<number, SeenEvent[]> {
  const groups = new Map<number, SeenEvent[]>()
  for (const event of events) {
    const group = groups.get(event.revision)
    if (group === undefined) groups.set(event.revision, [event])
    else group.push(event)
  }
  return groups
}

function isSame({ effects }: Write, seen: readonly SeenEvent[]): boolean {
  return (
    effects.length === seen.length &&
    effects.every(({ key, sequence }, at) => {
      const value = sequence === undefined ? undefined : valueFor(key, sequence)
      return seen[at]?.key === key && seen[at]?.value === value
    })
  )
}

function describeWrite(write: Write | undefined): string {
  if (write === undefined) return 'unknown'
  return write.effects.map(({ key, sequence }) => `${key}#${sequence ?? 'deleted'}`).join('+')
}

function describeEvents(events: readonly SeenEvent[] | undefined): string {
  if (events === undefined) return 'gone'
  return events.map(({ key, value }) => (value === undefined ? `${key}#deleted` : value.slice(0, 30))).join('+')
}
