import type { Entry, HardState } from '@kvs/proto/raft'
import { updateCrc32c } from './crc32c.ts'
import { paddingBytes, RecordType, wordBytes } from './format.ts'
import { batchBufferKeptBytes } from './limits.ts'

import { varintSize, writeVarint } from './varint.ts'

/** Word, record head (type, crc of 5 bytes, length of 8 bytes) and entry head (type, term, index, length), rounded up. */
const entryHeadBytesMax = 64

/** A place in the writer to go back to. */
export interface WriterPoint {
  readonly lengthBytes: number
  readonly crc: number
}

/**
 * Builds frames of one batch in one reused buffer and carries the CRC chain on.
 *
 * Hot room: an entry costs one copy of its data and one pass of the CRC over it, nothing is allocated.
 */
export class RecordWriter {
  #bytes: Uint8Array = new Uint8Array(64 * 1024)
  #length = 0
  #crc: number

  /** `crc` is the running value the log has reached. */
  constructor(crc: number) {
    this.#crc = crc
  }

  get crc(): number {
    return this.#crc
  }

  get lengthBytes(): number {
    return this.#length
  }

  /** What was built since the last `clear`; valid until the next call. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Forgets the frames, keeps the chain. */
  clear(): void {
    this.#length = 0
    if (this.#bytes.length > batchBufferKeptBytes) this.#bytes = new Uint8Array(64 * 1024)
  }

  /** Forgets the first bytes, which are on their way; returns where `point`, behind them, is now. */
  dropFront(lengthBytes: number, point: WriterPoint | undefined): WriterPoint | undefined {
    this.#bytes.copyWithin(0, lengthBytes, this.#length)
    this.#length -= lengthBytes
    return point === undefined ? undefined : { lengthBytes: point.lengthBytes - lengthBytes, crc: point.crc }
  }

  point(): WriterPoint {
    return { lengthBytes: this.#length, crc: this.#crc }
  }

  /** Takes back everything built since `point`. */
  rewind(point: WriterPoint): void {
    this.#length = point.lengthBytes
    this.#crc = point.crc
  }

  /** A crc record: the head of a segment, or a mark. */
  crcRecord(): void {
    this.#reserve(entryHeadBytesMax)
    const bytes = this.#bytes
    const start = this.#length
    let at = start + wordBytes
    bytes[at++] = 0x08
    bytes[at++] = RecordType.crc
    bytes[at++] = 0x10
    at = writeVarint(bytes, at, this.#crc)
    this.#finish(start, at)
  }

  /** A record of any other type with finished `data`. */
  record(type: RecordType, data: Uint8Array): void {
    this.#reserve(entryHeadBytesMax + data.length)
    const start = this.#length
    const dataAt = this.#recordHead(start, type, data.length)
    this.#bytes.set(data, dataAt)
    this.#seal(start, dataAt, dataAt + data.length)
  }

  /** An entry record: raftpb.Entry with type, term and index always, data only if there is some. */
  entry(entry: Entry): void {
    const { term, index, type, data } = entry
    const dataBytes = data.length
    this.#reserve(entryHeadBytesMax + dataBytes)
    let size = 4 + varintSize(term) + varintSize(index)
    if (dataBytes > 0) size += 1 + varintSize(dataBytes) + dataBytes
    const bytes = this.#bytes
    const start = this.#length
    const entryAt = this.#recordHead(start, RecordType.entry, size)
    let at = entryAt
    bytes[at++] = 0x08
    bytes[at++] = type
    bytes[at++] = 0x10
    at = writeVarint(bytes, at, term)
    bytes[at++] = 0x18
    at = writeVarint(bytes, at, index)
    if (dataBytes > 0) {
      bytes[at++] = 0x22
      at = writeVarint(bytes, at, dataBytes)
      bytes.set(data, at)
      at += dataBytes
    }
    this.#seal(start, entryAt, at)
  }

  /** A state record: raftpb.HardState, all three fields always. */
  hardState(state: HardState): void {
    this.#reserve(entryHeadBytesMax)
    const bytes = this.#bytes
    const start = this.#length
    const size = 3 + varintSize(state.term) + bigVarintSize(state.vote) + varintSize(state.commit)
    const stateAt = this.#recordHead(start, RecordType.state, size)
    let at = stateAt
    bytes[at++] = 0x08
    at = writeVarint(bytes, at, state.term)
    bytes[at++] = 0x10
    at = writeBigVarint(bytes, at, state.vote)
    bytes[at++] = 0x18
    at = writeVarint(bytes, at, state.commit)
    this.#seal(start, stateAt, at)
  }

  /** Writes type and length with room for a crc of five bytes; returns where the data begins. */
  #recordHead(start: number, type: RecordType, dataBytes: number): number {
    const bytes = this.#bytes
    const at = start + wordBytes
    bytes[at] = 0x08
    bytes[at + 1] = type
    bytes[at + 2] = 0x10
    bytes[at + 8] = 0x1a
    return writeVarint(bytes, at + 9, dataBytes)
  }

  /** The data stands at [dataAt, end): fills in the crc, closes the gap of a crc shorter than five bytes, pads. */
  #seal(start: number, dataAt: number, end: number): void {
    const bytes = this.#bytes
    const crc = updateCrc32c(this.#crc, bytes, dataAt, end)
    this.#crc = crc
    const crcAt = start + wordBytes + 3
    const crcEnd = writeVarint(bytes, crcAt, crc)
    const gap = crcAt + 5 - crcEnd
    if (gap > 0) {
      // A varint that ends early leaves the field tag behind it untouched: move the rest of the record down.
      bytes.copyWithin(crcEnd, crcAt + 5, end)
    }
    this.#finish(start, end - gap)
  }

  /** Writes the word before and the padding after a record that ends at `end`. */
  #finish(start: number, end: number): void {
    const bytes = this.#bytes
    const recordBytes = end - start - wordBytes
    const padding = paddingBytes(recordBytes)
    bytes[start] = recordBytes
    bytes[start + 1] = recordBytes >>> 8
    bytes[start + 2] = recordBytes >>> 16
    bytes[start + 3] = recordBytes >>> 24
    bytes[start + 4] = 0
    bytes[start + 5] = 0
    bytes[start + 6] = 0
    bytes[start + 7] = padding === 0 ? 0 : 0x80 | padding
    for (let at = end; at < end + padding; at++) bytes[at] = 0
    this.#length = end + padding
  }

  #reserve(moreBytes: number): void {
    const needed = this.#length + moreBytes
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

function bigVarintSize(value: bigint): number {
  if (value <= 0x1f_ffff_ffff_ffffn) return varintSize(Number(value))
  let size = 8
  for (let bound = 1n << 56n; value >= bound; bound <<= 7n) size++
  return size
}

function writeBigVarint(bytes: Uint8Array, at: number, value: bigint): number {
  if (value <= 0x1f_ffff_ffff_ffffn) return writeVarint(bytes, at, Number(value))
  // Below 2^64: the low 28 bits and the high 36 are exact numbers.
  const low = Number(value & 0xfff_ffffn)
  bytes[at] = (low & 0x7f) | 0x80
  bytes[at + 1] = ((low >>> 7) & 0x7f) | 0x80
  bytes[at + 2] = ((low >>> 14) & 0x7f) | 0x80
  bytes[at + 3] = ((low >>> 21) & 0x7f) | 0x80
  return writeVarint(bytes, at + 4, Number(value >> 28n))
}
