import { assert } from './assert.ts'
import { keyBlockMax } from './limits.ts'

/**
 * A set of byte keys in byte order. Keys are kept as strings with one character per byte (a quarter of the memory of byte
 * arrays, and compared natively), in blocks of up to 512, so that adding and removing cost the same in a lease with a
 * hundred thousand keys as in one with ten.
 */
export class SortedKeys {
  /** Blocks in order, none empty; keys in order. */
  readonly #blocks: string[][] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  get first(): string | undefined {
    return this.#blocks[0]?.[0]
  }

  get last(): string | undefined {
    return this.#blocks.at(-1)?.at(-1)
  }

  /** False if the key is there already. */
  add(key: string): boolean {
    const blocks = this.#blocks
    if (blocks.length === 0) {
      blocks.push([key])
      this.#size = 1
      return true
    }
    const blockAt = this.#blockFor(key)
    const block = blocks[blockAt]!
    const at = lowerBound(block, key)
    if (block[at] === key) return false
    if (at === block.length) block.push(key)
    else block.splice(at, 0, key)
    this.#size++
    if (block.length > keyBlockMax) blocks.splice(blockAt + 1, 0, block.splice(block.length >>> 1))
    return true
  }

  /** False if the key is not there. */
  delete(key: string): boolean {
    if (this.#size === 0) return false
    const blockAt = this.#blockFor(key)
    const block = this.#blocks[blockAt]!
    const at = lowerBound(block, key)
    if (block[at] !== key) return false
    block.splice(at, 1)
    this.#size--
    if (block.length === 0) this.#blocks.splice(blockAt, 1)
    assert(this.#size > 0 === this.#blocks.length > 0, 'no block is empty')
    return true
  }

  has(key: string): boolean {
    if (this.#size === 0) return false
    const block = this.#blocks[this.#blockFor(key)]!
    return block[lowerBound(block, key)] === key
  }

  /** Up to a block of keys behind `after` (all from the first on if undefined), in order; empty at the end. */
  groupAfter(after: string | undefined): readonly string[] {
    const blocks = this.#blocks
    if (blocks.length === 0) return []
    if (after === undefined) return blocks[0]!.slice()
    const blockAt = this.#blockFor(after)
    const block = blocks[blockAt]!
    const at = lowerBound(block, after)
    const rest = block.slice(block[at] === after ? at + 1 : at)
    return rest.length > 0 ? rest : (blocks[blockAt + 1]?.slice() ?? [])
  }

  /** The last block whose first key is not above `key`, or the first block. */
  #blockFor(key: string): number {
    const blocks = this.#blocks
    let low = 0
    let high = blocks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (blocks[middle]![0]! <= key) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** Position of the first key that is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keys[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}

/** Most engines take this many arguments. */
const charsPerCall = 4096

/** One character per byte. */
export function keyString(key: Uint8Array): string {
  if (key.length <= charsPerCall) return String.fromCharCode.apply(undefined, key as unknown as number[])
  let text = ''
  for (let at = 0; at < key.length; at += charsPerCall) text += keyString(key.subarray(at, at + charsPerCall))
  return text
}

export function keyBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}
