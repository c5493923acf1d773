/**
 * Pieces of memory outside the heap that LMDB's write thread reads. They are used again and again: allocating and clearing
 * them would cost more than filling them.
 */

import { addressOf } from './native.ts'

export interface Chunk {
  readonly bytes: Uint8Array
  readonly words: Uint32Array
  readonly doubles: Float64Array
  /** Of the first byte; a multiple of 8. */
  readonly address: number
}

/** Bytes of a chunk. */
export const chunkBytes = 131_072

/** Chunks kept for later, at most: what about 10 000 records of 300 bytes take. */
const spareMax = 32

export class ChunkPool {
  readonly #spare: Chunk[] = []

  take(): Chunk {
    return this.#spare.pop() ?? makeChunk(chunkBytes)
  }

  give(chunk: Chunk): void {
    if (chunk.bytes.length === chunkBytes && this.#spare.length < spareMax) this.#spare.push(chunk)
  }
}

/** One outside the pool, for a single large value. */
export function makeChunk(bytes: number): Chunk {
  const buffer = new ArrayBuffer(Math.ceil(bytes / 8) * 8)
  return {
    bytes: new Uint8Array(buffer),
    words: new Uint32Array(buffer),
    doubles: new Float64Array(buffer),
    address: addressOf(buffer),
  }
}
