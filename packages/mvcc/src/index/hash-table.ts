/**
 * Finds the entry of one key. Open addressing in segments that split in two when they are full (extendible hashing),
 * so that growing never moves more than one segment at a time. A hot room.
 *
 * A segment holds pairs (hash, handle), linear probing by the hash's low bits; the directory is indexed by its high
 * bits. A removal shifts the followers back, so there are no graves.
 */

import { assert } from '../assert.ts'
import { chunkMask, chunkShift, type WordArena } from './arena.ts'
import { keyByte, keyLength } from './entry.ts'

const firstPairs = 16
const pairsMax = 8192
/** Beyond this depth a segment grows instead: only equal hashes can bring it there. */
const depthMax = 20

interface Segment {
  table: Uint32Array
  /** Pairs minus one. */
  mask: number
  count: number
  /** High bits of the hash that all members share. */
  depth: number
}

export class HashTable {
  private readonly arena: WordArena
  private directory: Segment[]
  private depth = 0
  private words = 0
  size = 0

  constructor(arena: WordArena) {
    this.arena = arena
    this.directory = [this.makeSegment(firstPairs, 0)]
  }

  get allocatedBytes(): number {
    return this.words * 4 + this.directory.length * 8
  }

  /** Handle of the entry with this key, or 0. */
  find(hash: number, key: Uint8Array, start: number, end: number): number {
    const { table, mask } = this.segmentOf(hash)
    for (let pair = hash & mask; ; pair = (pair + 1) & mask) {
      const handle = table[pair * 2 + 1]!
      if (handle === 0) return 0
      if (table[pair * 2] === hash && this.hasKey(handle, key, start, end)) return handle
    }
  }

  private hasKey(handle: number, key: Uint8Array, start: number, end: number): boolean {
    const chunk = handle >>> chunkShift
    const at = handle & chunkMask
    const length = end - start
    if (this.arena.words[chunk]![at + keyLength] !== length) return false
    const bytes = this.arena.bytes[chunk]!
    const first = at * 4 + keyByte
    for (let offset = 0; offset < length; offset++) if (bytes[first + offset] !== key[start + offset]) return false
    return true
  }

  /** The key must not be there yet. */
  insert(hash: number, handle: number): void {
    let segment = this.segmentOf(hash)
    while (segment.count >= (segment.mask + 1) * 0.75) {
      this.enlarge(segment, hash)
      segment = this.segmentOf(hash)
    }
    place(segment, hash, handle)
    this.size++
  }

  remove(hash: number, handle: number): void {
    const segment = this.segmentOf(hash)
    const { table, mask } = segment
    let hole = hash & mask
    while (table[hole * 2 + 1] !== handle) {
      assert(table[hole * 2 + 1] !== 0, 'a removed key is in the hash table')
      hole = (hole + 1) & mask
    }
    for (let next = (hole + 1) & mask; table[next * 2 + 1] !== 0; next = (next + 1) & mask) {
      const home = table[next * 2]! & mask
      // Move back whatever would no longer be reached across the hole.
      if (((next - home) & mask) < ((next - hole) & mask)) continue
      table[hole * 2] = table[next * 2]!
      table[hole * 2 + 1] = table[next * 2 + 1]!
      hole = next
    }
    table[hole * 2 + 1] = 0
    segment.count--
    this.size--
  }

  private segmentOf(hash: number): Segment {
    return this.directory[this.depth === 0 ? 0 : hash >>> (32 - this.depth)]!
  }

  private makeSegment(pairs: number, depth: number): Segment {
    this.words += pairs * 2
    return { table: new Uint32Array(pairs * 2), mask: pairs - 1, count: 0, depth }
  }

  private enlarge(segment: Segment, hash: number): void {
    const pairs = segment.mask + 1
    if (pairs < pairsMax || segment.depth >= depthMax) {
      const larger = this.makeSegment(pairs * 2, segment.depth)
      this.refill(segment, () => larger)
      this.replace(segment, hash, larger, larger)
      return
    }
    const depth = segment.depth + 1
    if (depth > this.depth) {
      this.directory = this.directory.flatMap(each => [each, each])
      this.depth++
    }
    const low = this.makeSegment(pairs, depth)
    const high = this.makeSegment(pairs, depth)
    this.refill(segment, each => ((each >>> (32 - depth)) & 1 ? high : low))
    this.replace(segment, hash, low, high)
  }

  private refill(segment: Segment, choose: (hash: number) => Segment): void {
    const { table } = segment
    for (let at = 0; at < table.length; at += 2) {
      if (table[at + 1] !== 0) place(choose(table[at]!), table[at]!, table[at + 1]!)
    }
    this.words -= table.length
  }

  /** Puts `low` and `high` into the two halves of the directory that point to `segment`. */
  private replace(segment: Segment, hash: number, low: Segment, high: Segment): void {
    const span = 2 ** (this.depth - segment.depth)
    const first = segment.depth === 0 ? 0 : (hash >>> (32 - segment.depth)) * span
    for (let at = 0; at < span; at++) this.directory[first + at] = at < span / 2 ? low : high
  }
}

function place(segment: Segment, hash: number, handle: number): void {
  const { table, mask } = segment
  let pair = hash & mask
  while (table[pair * 2 + 1] !== 0) pair = (pair + 1) & mask
  table[pair * 2] = hash
  table[pair * 2 + 1] = handle
  segment.count++
}
