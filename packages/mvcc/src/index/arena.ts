/**
 * Memory for many small items in few large arrays, out of the garbage collector's sight. A hot room.
 *
 * Chunks of 2^18 words of 32 bits. A handle is `chunk << 18 | word`; 0 is none. Word 0 of every item holds its size in
 * words (low 24 bits) and flags of its owner (high 8 bits, the topmost is ours: free). Sizes are multiples of four
 * words, and what is freed is used again for the same size only; a chunk in which nothing lives is given back. Items
 * larger than a quarter chunk get a chunk of their own. Items never move, so handles are stable.
 */

import { assert } from '../assert.ts'

export const chunkShift = 18
export const chunkMask: number = 2 ** chunkShift - 1
const chunkWords = 2 ** chunkShift
const chunksMax = 2 ** (32 - chunkShift)
const largeWords = chunkWords >>> 2
export const sizeMask = 0x00ffffff
const freeFlag = 0x80000000

const noWords = new Uint32Array(0)
const noChunk = new Uint8Array(0)

export class WordArena {
  /** The chunks, by number, as words and as bytes. Read and written directly by the owners of items. */
  readonly words: Uint32Array[] = []
  readonly bytes: Uint8Array[] = []
  /** Words that items of a chunk take, and words handed out from its start. */
  private readonly live: number[] = []
  private readonly used: number[] = []
  private readonly vacant: number[] = []
  /** First free item per size. Free items: word 1 is the one before, word 2 the one after. */
  private readonly freeHeads = new Map<number, number>()
  private current = -1
  private total = 0

  get allocatedBytes(): number {
    return this.total * 4
  }

  /** An item of at least `words` words with its size in word 0 and no flags; the other words hold anything. */
  allocate(words: number): number {
    const size = (words + 3) & ~3
    if (size > largeWords) return this.allocateLarge(size)
    const free = this.freeHeads.get(size)
    if (free !== undefined) {
      this.unlink(free, size)
      const chunk = free >>> chunkShift
      this.words[chunk]![free & chunkMask] = size
      this.live[chunk]! += size
      return free
    }
    if (this.current < 0 || this.used[this.current]! + size > chunkWords) this.current = this.addChunk(chunkWords)
    return this.bump(this.current, size)
  }

  private allocateLarge(size: number): number {
    assert(size <= sizeMask, `an item of ${size} words is too large`)
    return this.bump(this.addChunk(size + 4), size)
  }

  private bump(chunk: number, size: number): number {
    const at = this.used[chunk]!
    this.used[chunk] = at + size
    this.live[chunk]! += size
    this.words[chunk]![at] = size
    return ((chunk << chunkShift) | at) >>> 0
  }

  private addChunk(words: number): number {
    const chunk = this.vacant.pop() ?? this.words.length
    assert(chunk < chunksMax, 'the arena is full')
    const array = new Uint32Array(words)
    this.words[chunk] = array
    this.bytes[chunk] = new Uint8Array(array.buffer)
    this.live[chunk] = 0
    // Handle 0 means none.
    this.used[chunk] = 4
    this.total += words
    return chunk
  }

  free(handle: number): void {
    const chunk = handle >>> chunkShift
    const words = this.words[chunk]!
    const at = handle & chunkMask
    const size = words[at]! & sizeMask
    assert((words[at]! & freeFlag) === 0, 'an item is freed once')
    this.live[chunk]! -= size
    words[at] = (size | freeFlag) >>> 0
    const head = this.freeHeads.get(size) ?? 0
    words[at + 1] = 0
    words[at + 2] = head
    if (head !== 0) this.words[head >>> chunkShift]![(head & chunkMask) + 1] = handle
    this.freeHeads.set(size, handle)
    if (this.live[chunk] === 0) this.releaseChunk(chunk)
  }

  private unlink(handle: number, size: number): void {
    const words = this.words[handle >>> chunkShift]!
    const at = handle & chunkMask
    const before = words[at + 1]!
    const after = words[at + 2]!
    if (after !== 0) this.words[after >>> chunkShift]![(after & chunkMask) + 1] = before
    if (before !== 0) this.words[before >>> chunkShift]![(before & chunkMask) + 2] = after
    else if (after !== 0) this.freeHeads.set(size, after)
    else this.freeHeads.delete(size)
  }

  private releaseChunk(chunk: number): void {
    const words = this.words[chunk]!
    for (let at = 4; at < this.used[chunk]!; ) {
      const size = words[at]! & sizeMask
      this.unlink(((chunk << chunkShift) | at) >>> 0, size)
      at += size
    }
    this.used[chunk] = 4
    if (chunk === this.current) return
    this.total -= words.length
    this.words[chunk] = noWords
    this.bytes[chunk] = noChunk
    this.vacant.push(chunk)
  }
}
