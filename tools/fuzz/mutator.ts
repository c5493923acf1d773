import type { SeededRandom } from '@kvs/testing'
import type { FuzzTarget } from './target.ts'

const BYTES = [0, 1, 0x7f, 0x80, 0xff, 0x20, 0x0a, 0x3f, 0x40]
const WORDS = [
  0, 1, 0x7f, 0x80, 0xff, 0x100, 0x3fff, 0x4000, 0x4001, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000,
  0xffff_ffff,
]

/** Makes new inputs of old ones: a few blind changes one after another, or one of the target's own. */
export class Mutator {
  readonly #target: FuzzTarget
  readonly #random: SeededRandom

  constructor(target: FuzzTarget, random: SeededRandom) {
    this.#target = target
    this.#random = random
  }

  mutate(input: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
    const random = this.#random
    let bytes = input
    if (this.#target.mutate !== undefined && random.chance(0.5)) bytes = this.#target.mutate(bytes, random)
    const rounds = bytes === input ? 1 << random.below(4) : random.below(2)
    for (let i = 0; i < rounds; i++) bytes = this.#once(bytes, corpus)
    return bytes.length > this.#target.maxBytes ? bytes.slice(0, this.#target.maxBytes) : bytes
  }

  #once(bytes: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
    const random = this.#random
    const at = random.below(bytes.length + 1)
    switch (random.below(11)) {
      case 0:
        return changed(bytes, at, [(bytes[at] ?? 0) ^ (1 << random.below(8))])
      case 1:
        return changed(bytes, at, [BYTES[random.below(BYTES.length)] ?? 0])
      case 2:
        return changed(bytes, at, [(bytes[at] ?? 0) + random.between(-8, 8)])
      case 3:
        return changed(bytes, at, wordBytes(WORDS[random.below(WORDS.length)] ?? 0, 1 + random.below(4)))
      case 4:
        return spliced(bytes, at, at + this.#length(bytes.length - at), [])
      case 5:
        return spliced(bytes, at, at, bytes.subarray(at, at + this.#length(bytes.length - at)))
      case 6:
        return spliced(
          bytes,
          at,
          at,
          Array.from({ length: 1 + random.below(8) }, () => random.below(256)),
        )
      case 7:
        return this.#withToken(bytes, at)
      case 8:
        return this.#crossed(bytes, at, corpus)
      case 9:
        return changed(bytes, at, [random.below(256)])
      default:
        return changed(bytes, at, bytes.subarray(random.below(bytes.length + 1)).subarray(0, 1 + random.below(16)))
    }
  }

  /** Mostly short. */
  #length(most: number): number {
    if (most <= 0) return 0
    return 1 + this.#random.below(this.#random.chance(0.7) ? Math.min(most, 16) : most)
  }

  #withToken(bytes: Uint8Array, at: number): Uint8Array {
    const { dictionary } = this.#target
    const token = dictionary[this.#random.below(Math.max(1, dictionary.length))]
    if (token === undefined) return bytes
    return this.#random.chance(0.5) ? changed(bytes, at, token) : spliced(bytes, at, at, token)
  }

  /** A part of another input in place of a part of this one. */
  #crossed(bytes: Uint8Array, at: number, corpus: readonly Uint8Array[]): Uint8Array {
    const other = corpus[this.#random.below(corpus.length)] ?? bytes
    const from = this.#random.below(other.length + 1)
    const part = other.subarray(from, from + this.#length(other.length - from))
    return spliced(bytes, at, this.#random.chance(0.5) ? at : at + part.length, part)
  }
}

function changed(bytes: Uint8Array, at: number, by: ArrayLike<number>): Uint8Array {
  const copy = new Uint8Array(Math.max(bytes.length, at + by.length))
  copy.set(bytes)
  for (let i = 0; i < by.length; i++) copy[at + i] = by[i] as number
  return copy
}

/** `bytes` with `[from, to)` replaced. */
export function spliced(bytes: Uint8Array, from: number, to: number, by: ArrayLike<number>): Uint8Array {
  const end = Math.min(to, bytes.length)
  const made = new Uint8Array(from + by.length + bytes.length - end)
  made.set(bytes.subarray(0, from))
  for (let i = 0; i < by.length; i++) made[from + i] = by[i] as number
  made.set(bytes.subarray(end), from + by.length)
  return made
}

function wordBytes(value: number, length: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].slice(4 - length)
}
