/**
 * Some records of the file, one behind the other in one piece of memory: bucket byte, key, value, checksum, as LMDB handed
 * them out. No object per record until somebody asks for it, and the checksum runs over bytes that lie together. Hot room:
 * a start reads every record of the state through here.
 */

import { updateCrc32c } from '../crc32c.ts'
import { checksumBytes, storedChecksum } from './checksum.ts'

/** Up to here a loop over words is faster than `set`. */
const loopBytesMax = 2_048
/** Words of `#places` per record. */
const placeWords = 3
const firstBytes = 8_192
const firstRecords = 64

export class FileSlice {
  #bytes: Uint8Array
  #words: Uint32Array
  /** Start of the bucket byte, start of the value, end of the value, for every record. */
  #places: Int32Array
  #checksums: Float64Array
  #count = 0
  #end = 0
  /** Nothing follows in the interval. */
  done = false

  /** The hints are about what will be needed: every array that has to grow is garbage outside of the heap. */
  constructor(bytesHint: number = firstBytes, recordsHint: number = firstRecords) {
    const buffer = new ArrayBuffer((bytesHint + 7) & ~7)
    this.#places = new Int32Array(recordsHint * placeWords)
    this.#checksums = new Float64Array(recordsHint)
    this.#bytes = new Uint8Array(buffer)
    this.#words = new Uint32Array(buffer)
  }

  get count(): number {
    return this.#count
  }

  get byteLength(): number {
    return this.#end
  }

  /** Takes the key of the next record, bucket byte first, from `source[start, end)`. */
  addKey(source: Uint8Array, start: number, end: number): void {
    const length = end - start
    const valueAt = (this.#end + length + 3) & ~3
    if (valueAt > this.#bytes.length) this.#grow(valueAt)
    if ((this.#count + 1) * placeWords > this.#places.length) this.#growPlaces()
    const at = valueAt - length
    const bytes = this.#bytes
    for (let i = 0; i < length; i++) bytes[at + i] = source[start + i]!
    const place = this.#count * placeWords
    this.#places[place] = at
    this.#places[place + 1] = valueAt
  }

  /** Takes its stored value, the first `length` bytes of `source`, whose words are `sourceWords` if they are aligned. */
  addValue(source: Uint8Array, sourceWords: Uint32Array | undefined, length: number): void {
    const place = this.#count * placeWords
    const at = this.#places[place + 1]!
    if (at + length + 4 > this.#bytes.length) this.#grow(at + length + 4)
    if (sourceWords !== undefined && length <= loopBytesMax) {
      const words = this.#words
      const first = at >> 2
      const count = (length + 3) >> 2
      for (let i = 0; i < count; i++) words[first + i] = sourceWords[i]!
    } else {
      this.#bytes.set(source.subarray(0, length), at)
    }
    const end = at + length - checksumBytes
    this.#places[place + 2] = end
    this.#checksums[this.#count] = this.#verified(this.#places[place]!, end, length)
    this.#end = at + length
    this.#count++
  }

  /** -1 if the record does not match its checksum. */
  checksum(record: number): number {
    return this.#checksums[record]!
  }

  bucketId(record: number): number {
    return this.#bytes[this.#places[record * placeWords]!]!
  }

  /** Without the bucket byte. */
  key(record: number): Uint8Array {
    const start = this.#places[record * placeWords]! + 1
    return new Uint8Array(this.#bytes.buffer as ArrayBuffer, start, this.#places[record * placeWords + 1]! - start)
  }

  /** Bucket byte first. */
  fileKey(record: number): Uint8Array {
    return this.#bytes.subarray(this.#places[record * placeWords]!, this.#places[record * placeWords + 1]!)
  }

  value(record: number): Uint8Array {
    const start = this.#places[record * placeWords + 1]!
    return new Uint8Array(this.#bytes.buffer as ArrayBuffer, start, this.#places[record * placeWords + 2]! - start)
  }

  #verified(start: number, end: number, length: number): number {
    if (length < checksumBytes) return -1
    const checksum = updateCrc32c(0, this.#bytes, start, end)
    return checksum === storedChecksum(this.#bytes, end + checksumBytes) ? checksum : -1
  }

  #grow(atLeast: number): void {
    const buffer = new ArrayBuffer((Math.max(atLeast, this.#bytes.length * 2) + 7) & ~7)
    const bytes = new Uint8Array(buffer)
    bytes.set(this.#bytes)
    this.#bytes = bytes
    this.#words = new Uint32Array(buffer)
  }

  #growPlaces(): void {
    const places = new Int32Array(this.#places.length * 2)
    places.set(this.#places)
    this.#places = places
    const checksums = new Float64Array(this.#checksums.length * 2)
    checksums.set(this.#checksums)
    this.#checksums = checksums
  }
}
