/**
 * Chance under a seed: xoshiro128** (Blackman and Vigna, 2018), its state filled by splitmix32. The same seed gives the
 * same numbers on every machine and every version of Node.
 */
export class SeededRandom {
  readonly seed: number
  #a: number
  #b: number
  #c: number
  #d: number

  /** `seed` is taken modulo 2^32. */
  constructor(seed: number) {
    this.seed = seed >>> 0
    let state = this.seed
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0
      let z = state ^ (state >>> 16)
      z = Math.imul(z, 0x21f0aaad)
      z ^= z >>> 15
      z = Math.imul(z, 0x735a2d97)
      return z ^ (z >>> 15)
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = next()
  }

  /** Uniform in [0, 2^32). */
  uint32(): number {
    const product = Math.imul(this.#b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }

  /** Uniform in [0, 1) with 32 bits. */
  float(): number {
    return this.uint32() / 0x1_0000_0000
  }

  /** Uniform integer in [0, bound); `bound` in [1, 2^32]. The bias is below 2^-32 times `bound`. */
  below(bound: number): number {
    return Math.floor(this.float() * bound)
  }

  /** Uniform integer in [low, high], both ends included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** True with `probability` (0–1). */
  chance(probability: number): boolean {
    return this.float() < probability
  }

  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i++) bytes[i] = this.uint32() & 0xff
    return bytes
  }

  /** An independent source whose seed is drawn from this one: draws of one part do not shift those of another. */
  fork(): SeededRandom {
    return new SeededRandom(this.uint32())
  }
}
