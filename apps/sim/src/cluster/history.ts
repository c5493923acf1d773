/** A change as watchers see it. Value undefined: the key was deleted. */
export interface Change {
  readonly key: string
  readonly value: string | undefined
}

/** A pair as reads see it. */
export interface Pair {
  readonly value: string
  readonly modRevision: number
}

/**
 * What a client did. Begin and end are numbers of one count, which rises with everything that clients do: what ended
 * below where another began was before it.
 */
export interface Operation {
  readonly what: string
  readonly begin: number
  readonly end: number
  /** The member that was asked. */
  readonly member: string
  /** Of the answer's header; undefined if there was no answer. */
  readonly revision: number | undefined
  /** What it was to change, all at once; none of it or all. Empty: it reads. */
  readonly changes: readonly Change[]
  /** The answer says that it changed something. */
  readonly changed: boolean
  /** It must be about what is true while it runs. Otherwise it may be about the past. */
  readonly isLinearizable: boolean
  /** What it saw of the whole store, at its revision. */
  readonly seen?: ReadonlyMap<string, Pair>
  /** A key that it found missing, or not, just before its revision. */
  readonly condition?: { readonly key: string; readonly missing: boolean }
}

/** Everything that ever happened to a store, by revision. */
export class History {
  readonly problems: string[] = []
  readonly #changes = new Map<number, readonly Change[]>()
  #last = 1

  /** The newest revision. */
  get last(): number {
    return this.#last
  }

  /** A revision, as somebody who watches everything got it; all who do must get the same. */
  add(revision: number, changes: readonly Change[], who: string): void {
    const known = this.#changes.get(revision)
    if (known === undefined) this.#changes.set(revision, changes)
    else if (describe(known) !== describe(changes)) {
      this.problems.push(`revision ${revision} is ${describe(known)}, but ${describe(changes)} to ${who}`)
    }
    this.#last = Math.max(this.#last, revision)
  }

  /**
   * Compares with what clients were told: every answer is of the state at its revision, revisions rise in the order in
   * which things happened, and of a write whose answer was lost either all happened, once and late enough, or nothing.
   * That is strict serializability, for the revisions are the order.
   */
  check(operations: readonly Operation[]): readonly string[] {
    const problems = [...this.problems]
    for (let revision = 2; revision <= this.#last; revision++) {
      if (!this.#changes.has(revision)) problems.push(`no watcher saw revision ${revision}`)
    }
    problems.push(...this.#wrongWrites(operations), ...this.#wrongReads(operations), ...wrongOrder(operations))
    return problems
  }

  #wrongWrites(operations: readonly Operation[]): readonly string[] {
    const problems: string[] = []
    const revisionOf = this.#revisionsByValue(problems)
    const floor = floorsOf(operations.filter(({ isLinearizable }) => isLinearizable))
    for (const operation of operations) {
      const { changes, changed, revision, what, begin } = operation
      if (changed && describe(this.#changes.get(revision ?? 0) ?? []) !== describe(changes)) {
        problems.push(`${what} was acknowledged as revision ${revision}, which is ${this.#describe(revision ?? 0)}`)
      }
      const value = changes.find(change => change.value !== undefined)?.value
      const happened = value === undefined ? undefined : revisionOf.get(value)
      if (happened === undefined) continue
      if (revision !== undefined && !changed) problems.push(`${what} was refused, but is revision ${happened}`)
      const before = floor(begin)
      if (happened <= before) problems.push(`${what} is revision ${happened}, but began after one saw ${before}`)
      if (describe(this.#changes.get(happened) ?? []) !== describe(changes)) {
        problems.push(`${what} happened in part: revision ${happened} is ${this.#describe(happened)}`)
      }
    }
    return problems
  }

  /** Values are unique: each belongs to one write. */
  #revisionsByValue(problems: string[]): ReadonlyMap<string, number> {
    const found = new Map<string, number>()
    for (const [revision, changes] of this.#changes) {
      for (const { key, value } of changes) {
        if (value === undefined) continue
        const other = found.get(value)
        if (other !== undefined && other !== revision) {
          problems.push(`${key}=${value} was written twice, in revisions ${other} and ${revision}`)
        }
        found.set(value, revision)
      }
    }
    return found
  }

  #wrongReads(operations: readonly Operation[]): readonly string[] {
    const problems: string[] = []
    const answered = operations
      .filter(({ revision, seen, condition }) => revision !== undefined && (seen ?? condition) !== undefined)
      .map(operation => ({ operation, at: stateOf(operation) }))
      .sort((a, b) => a.at - b.at)
    const state = new Map<string, Pair>()
    let revision = 1
    for (const { operation, at } of answered) {
      for (; revision < Math.min(at, this.#last); ) this.#apply(++revision, state)
      const { what, seen, condition } = operation
      if (at > this.#last) problems.push(`${what} saw revision ${at}; the last one is ${this.#last}`)
      else if (seen !== undefined && describePairs(seen) !== describePairs(state)) {
        problems.push(`${what} saw [${describePairs(seen)}] at revision ${at}, which is [${describePairs(state)}]`)
      } else if (condition !== undefined && condition.missing === state.has(condition.key)) {
        problems.push(`${what} found ${condition.key} ${condition.missing ? 'missing' : 'there'} at revision ${at}`)
      }
    }
    return problems
  }

  #apply(revision: number, state: Map<string, Pair>): void {
    for (const { key, value } of this.#changes.get(revision) ?? []) {
      if (value === undefined) state.delete(key)
      else state.set(key, { value, modRevision: revision })
    }
  }

  #describe(revision: number): string {
    return describe(this.#changes.get(revision) ?? [])
  }
}

/** The revision whose state an answer is about: a write looked at the one before its own. */
function stateOf({ revision = 0, changed }: Operation): number {
  return changed ? revision - 1 : revision
}

/** Nothing is older than what was seen before it began: of all members for what must be new, of one for the rest. */
function wrongOrder(operations: readonly Operation[]): readonly string[] {
  const problems: string[] = []
  const answered = operations.filter(({ revision }) => revision !== undefined)
  const newest = floorsOf(answered.filter(({ isLinearizable }) => isLinearizable))
  for (const { what, begin, revision = 0, changed, isLinearizable } of answered) {
    const before = newest(begin)
    if (isLinearizable && (changed ? revision <= before : revision < before)) {
      problems.push(`${what} was answered at revision ${revision}, but began after one saw ${before}`)
    }
  }
  for (const member of new Set(answered.map(operation => operation.member))) {
    const own = answered.filter(operation => operation.member === member)
    const floor = floorsOf(own)
    for (const { what, begin, revision = 0 } of own) {
      const before = floor(begin)
      if (revision < before) problems.push(`${member} went back from revision ${before} to ${revision}: ${what}`)
    }
  }
  return problems
}

/** The highest revision that was seen by what had ended at some moment. */
function floorsOf(operations: readonly Operation[]): (begin: number) => number {
  const ended = operations.filter(({ revision }) => revision !== undefined).sort((a, b) => a.end - b.end)
  const highest: number[] = []
  for (const { revision = 0 } of ended) highest.push(Math.max(highest.at(-1) ?? 0, revision))
  return begin => {
    let low = 0
    for (let high = ended.length; low < high; ) {
      const middle = (low + high) >> 1
      if ((ended[middle] as Operation).end < begin) low = middle + 1
      else high = middle
    }
    return highest[low - 1] ?? 0
  }
}

function describe(changes: readonly Change[]): string {
  return changes.map(({ key, value }) => (value === undefined ? `-${key}` : `${key}=${value}`)).join(' ') || 'nothing'
}

function describePairs(pairs: ReadonlyMap<string, Pair>): string {
  const texts = [...pairs].map(([key, { value, modRevision }]) => `${key}=${value}@${modRevision}`)
  return texts.sort().join(' ')
}
