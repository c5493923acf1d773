/**
 * Instructions for LMDB's write thread, as src/writer.cpp of lmdb 3.5.6 reads them; every one starts at a multiple of 8:
 *
 *   put       flags 15 u32 · dbi u32 · key length u32 · key · unused · value length u32 · value address f64
 *   delete    flags 13 u32 · dbi u32 · key length u32 · key · unused
 *   go on at  flags 3 u32 · 0 u32 · address f64
 *   end       0 u32 (the thread writes the transaction's number into the four bytes before it)
 *
 * Behind a key that ends at `e`, the value's address stands at `(e + 16) & ~7` and its length in the four bytes before. Hot room: plain loops instead of `set`, which costs more than the copy for short keys.
 */

import { type Chunk, type ChunkPool, chunkBytes } from './chunks.ts'

const putFlags = 15
const deleteFlags = 13
const jumpFlags = 3
const keyOffset = 12
/** Room kept at the end of a chunk for a jump or the end. */
const reserveBytes = 16

/** Where a list of instructions could be cut. */
export interface InstructionMark {
  readonly chunkIndex: number
  readonly at: number
}

/** A list of instructions in chunks that lead one to the next. */
export class Instructions {
  readonly #pool: ChunkPool
  readonly #chunks: Chunk[] = []
  #chunk: Chunk
  #at = 0

  constructor(pool: ChunkPool) {
    this.#pool = pool
    this.#chunk = pool.take()
    this.#chunks.push(this.#chunk)
  }

  get address(): number {
    return this.#chunks[0]!.address
  }

  /** Chunk and offset of the last instruction's key, bucket byte first. */
  get keyChunkIndex(): number {
    return this.#chunks.length - 1
  }

  chunk(index: number): Chunk {
    return this.#chunks[index]!
  }

  /** Returns the offset of the stored key (bucket byte first) in the newest chunk. */
  put(
    dbi: number,
    bucketId: number,
    key: Uint8Array,
    value: { readonly address: number; readonly length: number },
  ): number {
    const at = this.#begin(putFlags, dbi, bucketId, key)
    const end = (at + keyOffset + key.length + 1 + 16) & ~7
    this.#chunk.words[(end >> 2) - 1] = value.length
    this.#chunk.doubles[end >> 3] = value.address
    this.#at = end + 8
    return at + keyOffset
  }

  delete(dbi: number, bucketId: number, key: Uint8Array): number {
    const at = this.#begin(deleteFlags, dbi, bucketId, key)
    this.#at = (at + keyOffset + key.length + 1 + 16) & ~7
    return at + keyOffset
  }

  mark(): InstructionMark {
    return { chunkIndex: this.#chunks.length - 1, at: this.#at }
  }

  /** Drops everything after `mark`. */
  cut(mark: InstructionMark): void {
    while (this.#chunks.length - 1 > mark.chunkIndex) this.#pool.give(this.#chunks.pop()!)
    this.#chunk = this.#chunks[mark.chunkIndex]!
    this.#at = mark.at
  }

  /** Closes the list by leading to another one. */
  goOnAt(address: number): void {
    this.#jump(address)
  }

  /** Closes the list. */
  end(): void {
    this.#chunk.words[this.#at >> 2] = 0
    this.#chunk.words[(this.#at >> 2) + 1] = 0
  }

  /** Gives the memory back; the write thread must be through. */
  release(): void {
    for (const chunk of this.#chunks) this.#pool.give(chunk)
    this.#chunks.length = 0
  }

  #begin(flags: number, dbi: number, bucketId: number, key: Uint8Array): number {
    if (this.#at + keyOffset + key.length + 40 + reserveBytes > chunkBytes) this.#nextChunk()
    const at = this.#at
    const { bytes, words } = this.#chunk
    const word = at >> 2
    words[word] = flags
    words[word + 1] = dbi
    words[word + 2] = key.length + 1
    const keyStart = at + keyOffset
    bytes[keyStart] = bucketId
    for (let i = 0; i < key.length; i++) bytes[keyStart + 1 + i] = key[i]!
    return at
  }

  #nextChunk(): void {
    const next = this.#pool.take()
    this.#jump(next.address)
    this.#chunks.push(next)
    this.#chunk = next
    this.#at = 0
  }

  #jump(address: number): void {
    const { words, doubles } = this.#chunk
    words[this.#at >> 2] = jumpFlags
    words[(this.#at >> 2) + 1] = 0
    doubles[(this.#at >> 3) + 1] = address
  }
}
