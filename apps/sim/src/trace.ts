/**
 * The story of a run, folded into 64 bits: two runs that did the same things at the same times in the same order have the
 * same hash. The last lines are kept, for the report of a failure.
 *
 * Line: virtual milliseconds, who (`disk`, `net`, `client`, `world`), what happened.
 */
export class Trace {
  #low = 0x811c9dc5
  #high = 0x9dc5811c
  #lines = 0
  readonly #tail: string[] = []
  readonly #tailMax: number

  constructor(tailMax = 200) {
    this.#tailMax = tailMax
  }

  /** Lines so far. */
  get lines(): number {
    return this.#lines
  }

  add(nowMs: number, who: string, what: string): void {
    const line = `${nowMs.toFixed(3)} ${who} ${what}`
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i)
      this.#low = Math.imul(this.#low ^ code, 0x01000193)
      this.#high = Math.imul(this.#high ^ (code + i), 0x85ebca6b)
      this.#high ^= this.#low >>> 13
    }
    this.#lines++
    this.#tail.push(line)
    if (this.#tail.length > 2 * this.#tailMax) this.#tail.splice(0, this.#tailMax)
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    const word = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
    return word(this.#high) + word(this.#low)
  }

  /** The last lines. */
  tail(count: number): readonly string[] {
    return this.#tail.slice(-count)
  }
}
