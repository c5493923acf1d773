/**
 * Newest records of live keys, in memory. A hot room.
 *
 * Chunks are filled from the front like a log; a record that is overwritten by one of the same rounded size stays where
 * it is. When chunks hold too little, those with the least in them are emptied into the current one, so that the
 * whole stays within `slabOverheadMax` of what lives; over budget the oldest chunk is dropped, and its keys are read
 * from the state file. A chunk is emptied a few items at a time: it may hold tens of thousands.
 *
 * Item: word 0 its entry (0: dead), word 1 the record's length, then the record, padded to 8 bytes. A handle is
 * `chunk << 17 | place in units of 8 bytes`; chunk 0 is not used, handle 0 is none.
 */

import { assert } from './assert.ts'
import { previousFlag } from './index/entry.ts'
import type { KeyIndex } from './index/key-index.ts'
import type { StoreLimits } from './limits.ts'

const unitShift = 17
const unitMask = 2 ** unitShift - 1
const chunksMax = 2 ** (32 - unitShift)
const headBytes = 8
/** Items looked at when a new chunk is begun. */
const itemsPerChunk = 1024
/** So many chunks too many are work for the host, beside what its transactions do. */
const backlogChunks = 8

interface Chunk {
  readonly bytes: Uint8Array
  readonly words: Uint32Array
  /** Bytes handed out from the front. */
  used: number
  /** Bytes of items that are the newest record of their key. */
  live: number
  readonly sequence: number
}

const noChunk: Chunk = { bytes: new Uint8Array(0), words: new Uint32Array(0), used: 0, live: 0, sequence: Infinity }

export class Slab {
  private readonly index: KeyIndex
  private readonly limits: StoreLimits
  private readonly chunks: Chunk[] = [noChunk]
  private readonly vacant: number[] = []
  private current = 0
  private sequence = 0
  private reclaiming = false
  /** The chunk that is being emptied, 0 if none, up to where, and whether what lives in it is moved. */
  private emptying = 0
  private emptiedTo = 0
  private keeps = false
  allocatedBytes = 0
  liveBytes = 0

  constructor(index: KeyIndex, limits: StoreLimits) {
    this.index = index
    this.limits = limits
    const { slabChunkBytes: size } = limits
    assert(size >= 4096 && size <= 2 ** 20 && (size & (size - 1)) === 0, `a slab chunk of ${size} bytes`)
  }

  // Reading: a record lies in `bytesOf(handle)` at `startOf(handle)` and has `lengthOf(handle)` bytes.

  bytesOf(handle: number): Uint8Array {
    return this.chunks[handle >>> unitShift]!.bytes
  }

  startOf(handle: number): number {
    return (handle & unitMask) * 8 + headBytes
  }

  lengthOf(handle: number): number {
    return this.chunks[handle >>> unitShift]!.words[(handle & unitMask) * 2 + 1]!
  }

  /** Keeps `record` as the newest of the entry, if the budget allows. */
  put(entry: number, record: Uint8Array): void {
    const size = roundUp(record.length)
    const old = this.index.recordOf(entry)
    if (old !== 0) {
      if (!this.index.hasFlag(entry, previousFlag) && roundUp(this.lengthOf(old)) === size) {
        const chunk = this.chunks[old >>> unitShift]!
        chunk.words[(old & unitMask) * 2 + 1] = record.length
        chunk.bytes.set(record, this.startOf(old))
        return
      }
      this.drop(entry)
    }
    if (size > this.limits.slabBudgetBytes / 4) return
    const place = this.place(size)
    if (place === 0) return
    this.fill(place, entry, record)
  }

  private fill(place: number, entry: number, record: Uint8Array): void {
    const chunk = this.chunks[place >>> unitShift]!
    const word = (place & unitMask) * 2
    chunk.words[word] = entry
    chunk.words[word + 1] = record.length
    chunk.bytes.set(record, word * 4 + headBytes)
    const size = roundUp(record.length)
    chunk.live += size
    this.liveBytes += size
    this.index.setRecord(entry, place)
  }

  /** Forgets the entry's record. */
  drop(entry: number): void {
    const place = this.index.recordOf(entry)
    if (place === 0) return
    this.markPrevious(entry)
    this.chunks[place >>> unitShift]!.words[(place & unitMask) * 2] = 0
    this.index.setRecord(entry, 0)
    this.index.setFlag(entry, previousFlag, false)
  }

  /** The entry got a tombstone: its record is that of the revision before and may go when room is needed. */
  markPrevious(entry: number): void {
    const place = this.index.recordOf(entry)
    if (place === 0 || this.index.hasFlag(entry, previousFlag)) return
    this.index.setFlag(entry, previousFlag, true)
    const size = roundUp(this.lengthOf(place))
    this.chunks[place >>> unitShift]!.live -= size
    this.liveBytes -= size
  }

  /** A free place of `size` bytes, or 0 if there is no chunk number left. */
  private place(size: number): number {
    if (size > this.limits.slabChunkBytes / 4) return this.takeFrom(this.addChunk(size), size)
    if (this.current === 0 || this.chunks[this.current]!.used + size > this.limits.slabChunkBytes) {
      this.current = this.addChunk(this.limits.slabChunkBytes)
      this.reclaim(itemsPerChunk)
      // Reclaiming may have filled the fresh chunk.
      if (this.current !== 0 && this.chunks[this.current]!.used + size > this.limits.slabChunkBytes) {
        this.current = this.addChunk(this.limits.slabChunkBytes)
      }
    }
    return this.takeFrom(this.current, size)
  }

  private takeFrom(number: number, size: number): number {
    if (number === 0) return 0
    const chunk = this.chunks[number]!
    const place = ((number << unitShift) | (chunk.used >>> 3)) >>> 0
    chunk.used += size
    return place
  }

  private addChunk(size: number): number {
    if (this.vacant.length === 0 && this.chunks.length >= chunksMax) return 0
    const number = this.vacant.pop() ?? this.chunks.length
    const buffer = new ArrayBuffer(size)
    const bytes = new Uint8Array(buffer)
    this.chunks[number] = { bytes, words: new Uint32Array(buffer), used: 0, live: 0, sequence: this.sequence++ }
    this.allocatedBytes += size
    return number
  }

  /** Much more is allocated than should be. */
  get backlog(): boolean {
    const { slabBudgetBytes, slabChunkBytes } = this.limits
    return this.allocatedBytes > Math.min(this.roomyBytes, slabBudgetBytes) + backlogChunks * slabChunkBytes
  }

  /** What may be allocated before it is worth while to move records. */
  private get roomyBytes(): number {
    const { slabOverheadMax, slabChunkBytes } = this.limits
    return this.liveBytes * slabOverheadMax + 2 * slabChunkBytes
  }

  /** Gives memory back, looking at so many items. True if there is nothing more to do. */
  reclaim(items: number): boolean {
    if (this.reclaiming) return true
    this.reclaiming = true
    let left = items
    while (left > 0 && (this.emptying !== 0 || this.chooseEmptying())) left = this.emptySome(left)
    this.reclaiming = false
    return left > 0
  }

  private chooseEmptying(): boolean {
    if (this.allocatedBytes > this.roomyBytes) {
      const emptiest = this.choose(chunk => chunk.live / chunk.bytes.length)
      if (emptiest !== 0 && this.chunks[emptiest]!.live < this.chunks[emptiest]!.bytes.length * 0.9) {
        this.beginEmptying(emptiest, true)
        return true
      }
    }
    if (this.allocatedBytes <= this.limits.slabBudgetBytes) return false
    const oldest = this.choose(chunk => chunk.sequence)
    if (oldest === 0) return false
    this.beginEmptying(oldest, false)
    return true
  }

  private beginEmptying(number: number, keeps: boolean): void {
    this.emptying = number
    this.emptiedTo = 0
    this.keeps = keeps
  }

  /** Number of the chunk, not the current one, with the least cost; 0 if there is none. */
  private choose(cost: (chunk: Chunk) => number): number {
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (let number = 1; number < this.chunks.length; number++) {
      const chunk = this.chunks[number]!
      if (chunk === noChunk || number === this.current) continue
      const value = cost(chunk)
      if (value < least) {
        best = number
        least = value
      }
    }
    return best
  }

  /** Moves the records of the next items to the current chunk, or forgets them; the chunk goes behind the last one. */
  private emptySome(items: number): number {
    const chunk = this.chunks[this.emptying]!
    let left = items
    while (left > 0 && this.emptiedTo < chunk.used) {
      left--
      const at = this.emptiedTo
      const entry = chunk.words[at >>> 2]!
      const length = chunk.words[(at >>> 2) + 1]!
      this.emptiedTo = at + roundUp(length)
      if (entry === 0) continue
      const isPrevious = this.index.hasFlag(entry, previousFlag)
      this.drop(entry)
      if (this.keeps && !isPrevious) this.move(entry, chunk.bytes.subarray(at + headBytes, at + headBytes + length))
    }
    if (this.emptiedTo >= chunk.used) this.giveBack(this.emptying)
    return left
  }

  private giveBack(number: number): void {
    const chunk = this.chunks[number]!
    assert(chunk.live === 0, 'an emptied slab chunk holds nothing')
    this.allocatedBytes -= chunk.bytes.length
    this.chunks[number] = noChunk
    this.vacant.push(number)
    this.emptying = 0
  }

  private move(entry: number, record: Uint8Array): void {
    const size = roundUp(record.length)
    const { slabChunkBytes } = this.limits
    if (this.current === 0 || this.chunks[this.current]!.used + size > slabChunkBytes) {
      this.current = this.addChunk(slabChunkBytes)
    }
    const place = this.takeFrom(this.current, size)
    if (place !== 0) this.fill(place, entry, record)
  }
}

function roundUp(length: number): number {
  return (length + headBytes + 7) & ~7
}
