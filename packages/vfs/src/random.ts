/** Chance, as `SeededRandom` of `@kvs/testing` gives it. */
export interface Random {
  /** Uniform integer in [0, bound). */
  below(bound: number): number
  /** True with `probability` (0–1). */
  chance(probability: number): boolean
}
