/**
 * The older revisions of a key: blocks of (main, sub, tombstone), the newest block first, each twice as large as the
 * one before it up to 1 024. Nothing is ever copied to grow, and a lookup walks few blocks. A hot room.
 *
 * Block: word 1 the next older block or 0, word 2 the first used place, word 3 the place after the last; then three
 * words per revision: main low, main high with the tombstone bit, sub.
 */

import { chunkMask, chunkShift, sizeMask, WordArena } from './arena.ts'
import { highMask, highOf, tombstoneBit } from './entry.ts'

const headWords = 4
const revisionWords = 3
const capacityMax = 1024
const two32 = 2 ** 32

export class History {
  readonly arena: WordArena = new WordArena()
  /** Revisions in all blocks. */
  size = 0

  /** What `find` found. */
  main = 0
  sub = 0
  isTombstone = false
  /** Whether it is the newest of the history. */
  isFirst = false

  /** Adds a revision newer than all of `block`'s; returns the block that is newest then. */
  push(block: number, main: number, sub: number, isTombstone: boolean): number {
    let target = block
    if (block === 0 || this.isFull(block)) target = this.addBlock(block)
    const words = this.arena.words[target >>> chunkShift]!
    const at = target & chunkMask
    const place = at + headWords + words[at + 3]! * revisionWords
    words[place] = main >>> 0
    words[place + 1] = (highOf(main) | (isTombstone ? tombstoneBit : 0)) >>> 0
    words[place + 2] = sub
    words[at + 3]!++
    this.size++
    return target
  }

  private isFull(block: number): boolean {
    const words = this.arena.words[block >>> chunkShift]!
    const at = block & chunkMask
    return words[at + 3]! >= capacityOf(words[at]!)
  }

  private addBlock(older: number): number {
    let capacity = 2
    if (older !== 0) {
      const previous = capacityOf(this.arena.words[older >>> chunkShift]![older & chunkMask]!)
      capacity = Math.min(previous * 2, capacityMax)
    }
    const block = this.arena.allocate(headWords + capacity * revisionWords)
    const words = this.arena.words[block >>> chunkShift]!
    const at = block & chunkMask
    words[at + 1] = older
    words[at + 2] = 0
    words[at + 3] = 0
    return block
  }

  /** The newest revision with main ≤ `revision`; sets `main`, `sub`, `isTombstone`, `isFirst`. */
  find(newest: number, revision: number): boolean {
    for (let block = newest; block !== 0; ) {
      const words = this.arena.words[block >>> chunkShift]!
      const at = block & chunkMask
      const first = words[at + 2]!
      if (mainAt(words, at, first) > revision) {
        block = words[at + 1]!
        continue
      }
      const end = words[at + 3]!
      const place = lastAtOrBelow(words, at, first, end, revision)
      const word = at + headWords + place * revisionWords
      this.main = mainAt(words, at, place)
      this.sub = words[word + 2]!
      this.isTombstone = (words[word + 1]! & tombstoneBit) !== 0
      this.isFirst = block === newest && place === end - 1
      return true
    }
    return false
  }

  /**
   * Drops every revision older than the newest one with main ≤ `revision`, that one too unless `keepIt`. Returns the
   * newest block, 0 if none is left.
   */
  dropOlder(newest: number, revision: number, keepIt: boolean): number {
    let newer = 0
    for (let block = newest; block !== 0; ) {
      const words = this.arena.words[block >>> chunkShift]!
      const at = block & chunkMask
      const first = words[at + 2]!
      const end = words[at + 3]!
      if (mainAt(words, at, first) > revision) {
        newer = block
        block = words[at + 1]!
        continue
      }
      let keep = lastAtOrBelow(words, at, first, end, revision)
      if (!keepIt) keep++
      this.freeChain(words[at + 1]!)
      words[at + 1] = 0
      this.size -= keep - first
      if (keep === end) {
        this.arena.free(block)
        if (newer === 0) return 0
        this.arena.words[newer >>> chunkShift]![(newer & chunkMask) + 1] = 0
        return newest
      }
      words[at + 2] = keep
      return this.shrink(block, newer, newest)
    }
    return newest
  }

  /** Moves the last block into a smaller one if it is mostly empty. */
  private shrink(block: number, newer: number, newest: number): number {
    const words = this.arena.words[block >>> chunkShift]!
    const at = block & chunkMask
    const first = words[at + 2]!
    const count = words[at + 3]! - first
    if (count * 4 > capacityOf(words[at]!) || capacityOf(words[at]!) <= 4) return newest
    const small = this.arena.allocate(headWords + Math.max(2, count) * revisionWords)
    const target = this.arena.words[small >>> chunkShift]!
    const to = small & chunkMask
    target[to + 1] = 0
    target[to + 2] = 0
    target[to + 3] = count
    const source = at + headWords + first * revisionWords
    target.set(words.subarray(source, source + count * revisionWords), to + headWords)
    this.arena.free(block)
    if (newer === 0) return small
    this.arena.words[newer >>> chunkShift]![(newer & chunkMask) + 1] = small
    return newest
  }

  /** Forgets a whole history. */
  freeChain(newest: number): void {
    for (let block = newest; block !== 0; ) {
      const words = this.arena.words[block >>> chunkShift]!
      const at = block & chunkMask
      const older = words[at + 1]!
      this.size -= words[at + 3]! - words[at + 2]!
      this.arena.free(block)
      block = older
    }
  }
}

function capacityOf(header: number): number {
  return Math.floor(((header & sizeMask) - headWords) / revisionWords)
}

function mainAt(words: Uint32Array, at: number, place: number): number {
  const word = at + headWords + place * revisionWords
  return (words[word + 1]! & highMask) * two32 + words[word]!
}

/** Last place in `[first, end)` with main ≤ `revision`; the one at `first` fulfils it. */
function lastAtOrBelow(words: Uint32Array, at: number, first: number, end: number, revision: number): number {
  let low = first
  let high = end
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (mainAt(words, at, middle) <= revision) low = middle
    else high = middle
  }
  return low
}
