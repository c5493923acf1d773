/**
 * A piece of the pending buffer: operations in the order they came, as instructions ready for LMDB, and a hash table that
 * finds the last one of a key. Keys and values are copied out of the caller's arrays once; no object per operation.
 *
 * A segment is bounded, so that growing its table, or moving the operations of an entry that has not ended to the next
 * segment, never takes long. Hot room.
 */

import { updateCrc32c } from '../crc32c.ts'
import { compareKeys } from '../keys.ts'
import { checksumBytes, storedChecksum, writeChecksum } from './checksum.ts'
import { type Chunk, type ChunkPool, chunkBytes, makeChunk } from './chunks.ts'
import { type InstructionMark, Instructions } from './instructions.ts'

/** Operations of one segment, at most: what a commit may have to move takes a few milliseconds then. */
const segmentOperationsMax = 4_096
/** Bytes of keys and values after which a segment takes no more. */
const segmentBytesMax = 4_194_304

const firstCapacity = 256

/** Operations with the least and the greatest key among those of one kind on one bucket. */
interface Bounds {
  least: number
  greatest: number
}

/** What one operation is, in 32-bit words of `#rows`. */
const rowWords = 7
const hashWord = 0
/** Bucket id in bits 0–7, key length from bit 8, `supersededBit`. */
const keyWord = 1
const keyChunkWord = 2
/** Offset of the key itself, behind its bucket byte. */
const keyAtWord = 3
const valueChunkWord = 4
const valueAtWord = 5
/** Without the checksum; -1 is a delete. */
const valueLengthWord = 6
/** A later operation on the key came. */
const supersededBit = 0x4000_0000

export class Segment {
  readonly instructions: Instructions
  readonly #pool: ChunkPool
  #rows: Int32Array = new Int32Array(firstCapacity * rowWords)
  /** Operation + 1 by hash, open addressing; half empty at least. */
  #table: Int32Array = new Int32Array(firstCapacity * 2)
  #count = 0
  #bytes = 0
  #ended = 0
  #endedBytes = 0
  #endedMark: InstructionMark
  readonly #values: Chunk[] = []
  #valueAt = chunkBytes
  /** Place of the chunk in `#values` that still has room; -1: none. */
  #valueChunk = -1

  /** By bucket and kind, of the first `#boundedCount` operations. */
  readonly #bounds: Map<number, Bounds> = new Map()
  #boundedCount = 0

  constructor(pool: ChunkPool) {
    this.#pool = pool
    this.instructions = new Instructions(pool)
    this.#endedMark = this.instructions.mark()
  }

  get count(): number {
    return this.#count
  }

  /** Operations of entries that have ended. */
  get ended(): number {
    return this.#ended
  }

  get full(): boolean {
    return this.#count >= segmentOperationsMax || this.#bytes >= segmentBytesMax
  }

  /** Returns the checksum of the record. `hash` is `keyChecksum`. */
  put(dbi: number, bucketId: number, key: Uint8Array, value: Uint8Array, hash: number): number {
    const checksum = updateCrc32c(hash, value, 0, value.length)
    const length = value.length + checksumBytes
    const chunk = this.#roomFor(length)
    const at = this.#valueAt
    chunk.bytes.set(value, at)
    writeChecksum(chunk.bytes, at + value.length, checksum)
    const keyAt = this.instructions.put(dbi, bucketId, key, { address: chunk.address + at, length })
    this.#add(bucketId, key, hash, keyAt, value.length)
    this.#valueAt = at + ((length + 7) & ~7)
    this.#bytes += key.length + value.length
    return checksum
  }

  delete(dbi: number, bucketId: number, key: Uint8Array, hash: number): void {
    const keyAt = this.instructions.delete(dbi, bucketId, key)
    this.#add(bucketId, key, hash, keyAt, -1)
    this.#bytes += key.length
  }

  /** The last operation on the key, or -1. */
  find(bucketId: number, key: Uint8Array, hash: number): number {
    const table = this.#table
    const mask = table.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const operation = table[slot]! - 1
      if (operation < 0) return -1
      if (this.#rows[operation * rowWords + hashWord] === (hash | 0) && this.#isKey(operation, bucketId, key)) {
        return operation
      }
    }
  }

  isDelete(operation: number): boolean {
    return this.#rows[operation * rowWords + valueLengthWord]! < 0
  }

  /** A copy of the value of a put. */
  value(operation: number): Uint8Array {
    const row = operation * rowWords
    const at = this.#rows[row + valueAtWord]!
    return this.#values[this.#rows[row + valueChunkWord]!]!.bytes.slice(at, at + this.#rows[row + valueLengthWord]!)
  }

  /** The checksum of the record a put writes. */
  checksum(operation: number): number {
    const stored = this.#storedView(operation)
    return storedChecksum(stored, stored.length)
  }

  /** The operations on keys of one bucket in `[from, to)` that are the last on their key here, as they came. */
  collect(bucketId: number, from: Uint8Array | undefined, to: Uint8Array | undefined): PendingOperation[] {
    const found: PendingOperation[] = []
    for (let operation = 0; operation < this.#count; operation++) {
      const word = this.#rows[operation * rowWords + keyWord]!
      if ((word & 0xff) !== bucketId || word & supersededBit) continue
      const key = this.#keyView(operation)
      if (from !== undefined && compareKeys(key, from) < 0) continue
      if (to !== undefined && compareKeys(key, to) >= 0) continue
      found.push({ key: key.slice(), segment: this, operation })
    }
    return found
  }

  /**
   * A key that none in `[from, to)` is below; `undefined` if no key lies there. Puts and deletes are bounded apart: a scrub
   * deletes upwards from the oldest revisions while puts add the newest, and reads on in between, where neither is.
   */
  lowerBound(bucketId: number, from: Uint8Array | undefined, to: Uint8Array | undefined): Uint8Array | undefined {
    this.bound()
    let lowest: Uint8Array | undefined
    for (const isDelete of [false, true]) {
      const bounds = this.#bounds.get(boundsKey(bucketId, isDelete))
      if (bounds === undefined) continue
      if (from !== undefined && compareKeys(this.#keyView(bounds.greatest), from) < 0) continue
      const least = this.#keyView(bounds.least)
      if (to !== undefined && compareKeys(least, to) >= 0) continue
      if (lowest === undefined || compareKeys(least, lowest) < 0) lowest = least
    }
    return lowest
  }

  /** Finds out between which keys the operations so far lie. */
  bound(): void {
    for (let operation = this.#boundedCount; operation < this.#count; operation++) {
      const bucketId = this.#rows[operation * rowWords + keyWord]! & 0xff
      const name = boundsKey(bucketId, this.isDelete(operation))
      const bounds = this.#bounds.get(name)
      if (bounds === undefined) {
        this.#bounds.set(name, { least: operation, greatest: operation })
        continue
      }
      const key = this.#keyView(operation)
      if (compareKeys(key, this.#keyView(bounds.greatest)) > 0) bounds.greatest = operation
      else if (compareKeys(key, this.#keyView(bounds.least)) < 0) bounds.least = operation
    }
    this.#boundedCount = this.#count
  }

  /** All operations so far belong to entries that have ended. Returns how many that adds, and their bytes. */
  end(): { readonly operations: number; readonly bytes: number } {
    const operations = this.#count - this.#ended
    const bytes = this.#bytes - this.#endedBytes
    this.#ended = this.#count
    this.#endedBytes = this.#bytes
    this.#endedMark = this.instructions.mark()
    return { operations, bytes }
  }

  /**
   * Moves the operations of the entry that has not ended to `target`; what stays has ended. The table still leads from
   * their keys to them: whoever reads here must have asked `target` before.
   */
  split(target: Segment, dbi: number): void {
    for (let operation = this.#ended; operation < this.#count; operation++) this.#copy(operation, target, dbi)
    this.#count = this.#ended
    this.#bytes = this.#endedBytes
    this.#bounds.clear()
    this.#boundedCount = 0
    this.instructions.cut(this.#endedMark)
  }

  /** Gives the memory back; the write thread must be through, and nobody may read here any more. */
  release(): void {
    this.instructions.release()
    for (const chunk of this.#values) this.#pool.give(chunk)
    this.#values.length = 0
    this.#count = 0
  }

  /** Memory for a value that LMDB may read until `release`. */
  store(bytes: Uint8Array): { readonly address: number; readonly length: number } {
    const chunk = this.#roomFor(bytes.length)
    const at = this.#valueAt
    chunk.bytes.set(bytes, at)
    this.#valueAt = at + ((bytes.length + 7) & ~7)
    return { address: chunk.address + at, length: bytes.length }
  }

  /** Leaves the chunk in `#valueChunk` and the place in `#valueAt`. */
  #roomFor(length: number): Chunk {
    if (this.#valueChunk >= 0 && this.#valueAt + length <= this.#values[this.#valueChunk]!.bytes.length) {
      return this.#values[this.#valueChunk]!
    }
    const chunk = length > chunkBytes ? makeChunk(length) : this.#pool.take()
    this.#valueChunk = this.#values.push(chunk) - 1
    this.#valueAt = 0
    return chunk
  }

  #add(bucketId: number, key: Uint8Array, hash: number, keyAt: number, valueLength: number): void {
    const operation = this.#count
    if ((operation + 1) * rowWords > this.#rows.length) this.#grow()
    const previous = this.#enter(bucketId, key, hash, operation)
    const rows = this.#rows
    const row = operation * rowWords
    rows[row + hashWord] = hash
    rows[row + keyWord] = bucketId | (key.length << 8)
    rows[row + keyChunkWord] = this.instructions.keyChunkIndex
    rows[row + keyAtWord] = keyAt + 1
    rows[row + valueChunkWord] = this.#valueChunk
    rows[row + valueAtWord] = this.#valueAt
    rows[row + valueLengthWord] = valueLength
    if (previous >= 0) rows[previous * rowWords + keyWord]! |= supersededBit
    this.#count = operation + 1
  }

  /** Makes the table lead from the key to `operation`; returns where it led before, or -1. */
  #enter(bucketId: number, key: Uint8Array, hash: number, operation: number): number {
    const table = this.#table
    const mask = table.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = table[slot]! - 1
      if (found >= 0) {
        if (this.#rows[found * rowWords + hashWord] !== (hash | 0) || !this.#isKey(found, bucketId, key)) continue
      }
      table[slot] = operation + 1
      return found
    }
  }

  #isKey(operation: number, bucketId: number, key: Uint8Array): boolean {
    const row = operation * rowWords
    const rows = this.#rows
    if ((rows[row + keyWord]! & ~supersededBit) !== (bucketId | (key.length << 8))) return false
    const { bytes } = this.instructions.chunk(rows[row + keyChunkWord]!)
    const at = rows[row + keyAtWord]!
    for (let i = 0; i < key.length; i++) if (bytes[at + i] !== key[i]) return false
    return true
  }

  #keyView(operation: number): Uint8Array {
    const row = operation * rowWords
    const at = this.#rows[row + keyAtWord]!
    const length = (this.#rows[row + keyWord]! & ~supersededBit) >> 8
    return this.instructions.chunk(this.#rows[row + keyChunkWord]!).bytes.subarray(at, at + length)
  }

  #grow(): void {
    const rows = new Int32Array(this.#rows.length * 2)
    rows.set(this.#rows)
    this.#rows = rows
    const table = new Int32Array((rows.length / rowWords) * 2)
    const mask = table.length - 1
    for (let operation = 0; operation < this.#count; operation++) {
      if (rows[operation * rowWords + keyWord]! & supersededBit) continue
      let slot = rows[operation * rowWords + hashWord]! & mask
      while (table[slot] !== 0) slot = (slot + 1) & mask
      table[slot] = operation + 1
    }
    this.#table = table
  }

  #copy(operation: number, target: Segment, dbi: number): void {
    const row = operation * rowWords
    const bucketId = this.#rows[row + keyWord]! & 0xff
    const hash = this.#rows[row + hashWord]!
    const key = this.#keyView(operation)
    if (this.isDelete(operation)) target.delete(dbi, bucketId, key, hash)
    else target.#putStored(dbi, bucketId, key, this.#storedView(operation), hash)
  }

  /** `stored` carries its checksum already. */
  #putStored(dbi: number, bucketId: number, key: Uint8Array, stored: Uint8Array, hash: number): void {
    const chunk = this.#roomFor(stored.length)
    const at = this.#valueAt
    chunk.bytes.set(stored, at)
    const value = { address: chunk.address + at, length: stored.length }
    const keyAt = this.instructions.put(dbi, bucketId, key, value)
    this.#add(bucketId, key, hash, keyAt, stored.length - checksumBytes)
    this.#valueAt = at + ((stored.length + 7) & ~7)
    this.#bytes += key.length + stored.length - checksumBytes
  }

  #storedView(operation: number): Uint8Array {
    const row = operation * rowWords
    const at = this.#rows[row + valueAtWord]!
    const end = at + this.#rows[row + valueLengthWord]! + checksumBytes
    return this.#values[this.#rows[row + valueChunkWord]!]!.bytes.subarray(at, end)
  }
}

function boundsKey(bucketId: number, isDelete: boolean): number {
  return bucketId * 2 + (isDelete ? 1 : 0)
}

export interface PendingOperation {
  readonly key: Uint8Array
  readonly segment: Segment
  readonly operation: number
}
