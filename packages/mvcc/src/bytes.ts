/** Order, equality and hash of byte strings, and a pool to cut them from. A hot room. */

export const noBytes: Uint8Array = new Uint8Array(0)

/** Below 0, 0 or above 0 as `left` is before, equal to or after `right`. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const difference = left[at]! - right[at]!
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false
  return true
}

/** FNV-1a with a seed and a final mix, so that the high bits, which choose the segment, are good too. */
export function hashBytes(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = 0x811c9dc5 ^ seed
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

const poolBytes = 64 * 1024

let pool = new ArrayBuffer(poolBytes)
let poolUsed = 0

/**
 * A zeroed array that shares a larger buffer with its neighbours: 30 ns where `new Uint8Array` of 300 bytes takes
 * 900 (measured on Node 20). The buffer lives as long as any of its arrays.
 */
export function cutBytes(length: number): Uint8Array {
  if (length > poolBytes >>> 2) return new Uint8Array(length)
  if (poolUsed + length > poolBytes) {
    pool = new ArrayBuffer(poolBytes)
    poolUsed = 0
  }
  const bytes = new Uint8Array(pool, poolUsed, length)
  poolUsed += length
  return bytes
}
