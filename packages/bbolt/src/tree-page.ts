import { BoltError, type BoltErrorCode, type BoltPlace } from './errors.ts'
import {
  branchFlag,
  bucketElementFlag,
  elementBytes,
  headerBytes,
  leafFlag,
  readHeader,
  readU32,
  readU64,
} from './format.ts'
import { keyBytesMax } from './limits.ts'
import { showBytes } from './names.ts'

/** Where a tree page's bytes come from, for messages. Of an inline bucket: the page that holds its value. */
export interface TreePlace extends BoltPlace {
  /** First page that does not exist: children must be below it. */
  readonly pageCount: number
}

/**
 * One page of a tree with its overflow, or the page inside an inline bucket. Everything in it has been checked once it
 * exists: sizes lie inside the page, items do not overlap, keys ascend, children are pages of the file.
 */
export class TreePage {
  readonly isLeaf: boolean
  readonly count: number
  readonly place: BoltPlace
  readonly #bytes: Uint8Array
  /** Three numbers per element: start of the key, end of the key, and end of the value (leaf) or child (branch). */
  readonly #items: Float64Array

  /** `bytes` is the page, its overflow included. Its id and length have been checked, its flags have not. */
  constructor(bytes: Uint8Array, place: TreePlace) {
    const { flags, count } = readHeader(bytes, 0)
    this.place = { page: place.page, offset: place.offset }
    if (flags !== leafFlag && flags !== branchFlag) {
      throw new BoltError('CORRUPT', `flags 0x${flags.toString(16)}, expected a branch or a leaf`, { at: this.place })
    }
    this.isLeaf = flags === leafFlag
    this.count = count
    this.#bytes = bytes
    this.#items = new Float64Array(count * 3)
    const tableEnd = headerBytes + count * elementBytes
    if (tableEnd > bytes.length) this.#fail('CORRUPT', `${count} elements do not fit its ${bytes.length} bytes`, 10)
    let end = tableEnd
    for (let at = 0; at < count; at++) end = this.#readElement(at, end, place.pageCount)
    this.#checkOrder()
  }

  /** Checks one element against where the item before it ended; returns where its own ends. */
  #readElement(index: number, earliest: number, pageCount: number): number {
    const bytes = this.#bytes
    const at = headerBytes + index * elementBytes
    const start = at + readU32(bytes, this.isLeaf ? at + 4 : at)
    const keyBytes = readU32(bytes, this.isLeaf ? at + 8 : at + 4)
    const keyEnd = start + keyBytes
    const end = this.isLeaf ? keyEnd + readU32(bytes, at + 12) : keyEnd
    if (keyBytes === 0 || keyBytes > keyBytesMax)
      this.#fail('CORRUPT', `element ${index}: key of ${keyBytes} bytes`, at)
    if (start < earliest || end > bytes.length) {
      this.#fail(
        'CORRUPT',
        `element ${index}: bytes ${start} to ${end} of ${bytes.length}, expected from ${earliest} on`,
        at,
      )
    }
    const child = this.isLeaf ? end : readU64(bytes, at + 8)
    if (!this.isLeaf && (child < 2 || child >= pageCount)) {
      this.#fail('CORRUPT', `element ${index}: child ${child} is no page of ${pageCount}`, at + 8)
    }
    if (this.isLeaf && readU32(bytes, at) > bucketElementFlag) {
      this.#fail('CORRUPT', `element ${index}: flags 0x${readU32(bytes, at).toString(16)}`, at)
    }
    this.#items[index * 3] = start
    this.#items[index * 3 + 1] = keyEnd
    this.#items[index * 3 + 2] = child
    return end
  }

  #checkOrder(): void {
    for (let at = 1; at < this.count; at++) {
      if (this.#compare(at - 1, at) < 0) continue
      const keys = `${showBytes(this.key(at - 1))} before ${showBytes(this.key(at))}`
      this.#fail('CORRUPT', `element ${at}: keys out of order, ${keys}`, headerBytes + at * elementBytes)
    }
  }

  /** Order of two keys of this page, without making views. */
  #compare(a: number, b: number): number {
    const bytes = this.#bytes
    let left = this.#items[a * 3]!
    let right = this.#items[b * 3]!
    const leftEnd = this.#items[a * 3 + 1]!
    const rightEnd = this.#items[b * 3 + 1]!
    while (left < leftEnd && right < rightEnd) {
      const difference = bytes[left++]! - bytes[right++]!
      if (difference !== 0) return difference
    }
    return leftEnd - left - (rightEnd - right)
  }

  #fail(code: BoltErrorCode, message: string, at: number): never {
    throw new BoltError(code, message, { at: { page: this.place.page, offset: this.place.offset + at } })
  }

  /** Length with overflow; of an inline bucket that of its value without the bucket header. */
  get sizeBytes(): number {
    return this.#bytes.length
  }

  key(index: number): Uint8Array {
    return this.#bytes.subarray(this.#items[index * 3]!, this.#items[index * 3 + 1]!)
  }

  /** Leaves only. */
  value(index: number): Uint8Array {
    return this.#bytes.subarray(this.#items[index * 3 + 1]!, this.#items[index * 3 + 2]!)
  }

  /** Branches only: the page of a child. */
  child(index: number): number {
    return this.#items[index * 3 + 2]!
  }

  /** Leaves only: whether a value is a bucket. */
  isBucket(index: number): boolean {
    return readU32(this.#bytes, headerBytes + index * elementBytes) === bucketElementFlag
  }

  /** Where an element's table entry stands in the file, for messages. */
  placeOf(index: number): BoltPlace {
    return { page: this.place.page, offset: this.place.offset + headerBytes + index * elementBytes }
  }

  /** Where a value starts in the file. Leaves only. */
  placeOfValue(index: number): BoltPlace {
    return { page: this.place.page, offset: this.place.offset + this.#items[index * 3 + 1]! }
  }

  /** Index of the last key ≤ `key`, or -1. */
  floor(key: Uint8Array): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compareKey(middle, key) <= 0) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  #compareKey(index: number, key: Uint8Array): number {
    const bytes = this.#bytes
    const start = this.#items[index * 3]!
    const length = this.#items[index * 3 + 1]! - start
    const shared = Math.min(length, key.length)
    for (let at = 0; at < shared; at++) {
      const difference = bytes[start + at]! - key[at]!
      if (difference !== 0) return difference
    }
    return length - key.length
  }

  /** Whether the key at `index` is exactly `key`. */
  holds(index: number, key: Uint8Array): boolean {
    return this.#compareKey(index, key) === 0
  }
}
