import type { SeededRandom } from '@kvs/testing'

/** Something that takes bytes from strangers. */
export interface FuzzTarget {
  readonly name: string
  /** Longer inputs are cut. */
  readonly maxBytes: number
  /** Byte strings that mean something to it. */
  readonly dictionary: readonly Uint8Array[]
  /** Inputs to begin with, besides the corpus. */
  seeds(): readonly Uint8Array[]
  /**
   * Takes one input. Returns in a word what became of it: inputs with a new word are kept, like those that reach new code. Throws
   * when something is wrong that no input may bring about.
   */
  run(input: Uint8Array): string | Promise<string>
  /** A change that keeps the shape of the input, besides the blind ones. */
  mutate?(input: Uint8Array, random: SeededRandom): Uint8Array
}

/** For invariants inside of targets. */
export function mustHold(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`fuzz: ${message}`)
}
