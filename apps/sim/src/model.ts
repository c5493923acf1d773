/**
 * What the store must contain, as one client that asks one thing at a time can know it. A write whose answer was lost may
 * have happened or not; the next read of its key tells, and from then on it is settled.
 */
export class Model {
  readonly #values = new Map<string, string>()
  /** Keys whose last write was not answered: the value it would have set (undefined: deleted). */
  readonly #unsure = new Map<string, (string | undefined)[]>()
  /** Highest revision that was seen in an answer. */
  revision = 0

  acknowledged(key: string, value: string | undefined): void {
    this.#unsure.delete(key)
    if (value === undefined) this.#values.delete(key)
    else this.#values.set(key, value)
  }

  unanswered(key: string, value: string | undefined): void {
    const before = this.#unsure.get(key) ?? []
    this.#unsure.set(key, [...before, value])
  }

  /** Takes what a read saw; returns what is wrong with it, if anything. */
  seen(key: string, value: string | undefined): string | undefined {
    const allowed = [this.#values.get(key), ...(this.#unsure.get(key) ?? [])]
    if (!allowed.includes(value)) {
      return `${key} is ${value ?? 'absent'}, but must be one of ${allowed.map(v => v ?? 'absent').join(', ')}`
    }
    this.acknowledged(key, value)
    return undefined
  }

  /** Revisions never go back. */
  revisionSeen(revision: number): string | undefined {
    if (revision < this.revision) return `the revision went back from ${this.revision} to ${revision}`
    this.revision = revision
    return undefined
  }

  /** Keys that anything is known or presumed of. */
  keys(): readonly string[] {
    return [...new Set([...this.#values.keys(), ...this.#unsure.keys()])].sort()
  }
}
