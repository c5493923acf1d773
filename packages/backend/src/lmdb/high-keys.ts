import { compareKeys } from '../keys.ts'

/**
 * The highest key each bucket ever had since it was opened. A key above it is new, so that appending (revisions) needs
 * no look whether there is a record to replace. Hot room.
 */
export class HighKeys {
  readonly #keys: (Uint8Array | undefined)[] = new Array(256).fill(undefined)
  readonly #lengths: Int32Array = new Int32Array(256)

  /** Whether `key` is above all keys so far; it then is the highest. */
  raise(bucketId: number, key: Uint8Array): boolean {
    const length = this.#lengths[bucketId]!
    const high = this.#keys[bucketId]
    if (high === undefined || high.length < key.length) {
      if (high !== undefined && compareKeys(key, high.subarray(0, length)) <= 0) return false
      this.#keys[bucketId] = new Uint8Array(Math.max(64, key.length * 2))
    } else if (!isAbove(key, high, length)) {
      return false
    }
    const target = this.#keys[bucketId]!
    for (let i = 0; i < key.length; i++) target[i] = key[i]!
    this.#lengths[bucketId] = key.length
    return true
  }
}

/** Whether `key` is above the first `length` bytes of `high`. */
function isAbove(key: Uint8Array, high: Uint8Array, length: number): boolean {
  const common = Math.min(key.length, length)
  for (let i = 0; i < common; i++) {
    const difference = key[i]! - high[i]!
    if (difference !== 0) return difference > 0
  }
  return key.length > length
}
