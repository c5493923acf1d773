import { assert } from './assert.ts'
import { BoltError } from './errors.ts'
import {
  branchFlag,
  bucketElementFlag,
  bucketHeaderBytes,
  elementBytes,
  elementsMax,
  headerBytes,
  leafFlag,
  writeHeader,
  writeU32,
  writeU64,
} from './format.ts'
import { keyBytesMax, valueBytesMax } from './limits.ts'
import { compareBytes, showBytes } from './names.ts'
import type { Output, Room } from './output.ts'

/** A page below a branch. */
interface Child {
  readonly key: Uint8Array
  readonly page: number
}

/** One level of branches. `held` is full and waits until it is known that the next one has two children. */
interface Level {
  children: Child[]
  sizeBytes: number
  held: Child[] | undefined
}

/**
 * Writes one tree in one pass, from sorted records: leaves as they fill, branches as theirs do. Keys and values are copied
 * when added. Holds one leaf and two branches per level.
 *
 * Pages are filled to the brim: a new file is mostly read, and etcd appends behind the last key.
 */
export class TreeWriter {
  readonly #output: Output
  readonly #what: string
  readonly #elementFlags: number
  /** Keys and values of the leaf being filled, one after the other. */
  readonly #items: Uint8Array
  #itemBytes = 0
  #count = 0
  readonly #keySizes: Uint32Array
  readonly #valueSizes: Uint32Array
  #lastKey: Uint8Array = new Uint8Array(0)
  readonly #levels: Level[] = []

  /** `what` names the tree in errors. The root bucket's values are buckets. */
  constructor(output: Output, options: { readonly what: string; readonly holdsBuckets: boolean }) {
    const { pageSize } = output
    this.#output = output
    this.#what = options.what
    this.#elementFlags = options.holdsBuckets ? bucketElementFlag : 0
    const most = Math.min(elementsMax, Math.ceil(pageSize / elementBytes))
    this.#items = new Uint8Array(pageSize)
    this.#keySizes = new Uint32Array(most)
    this.#valueSizes = new Uint32Array(most)
  }

  /** Adds a record. `BAD_KEY`, `VALUE_TOO_LARGE` or `UNSORTED`: then the tree is of no use any more. */
  add(key: Uint8Array, value: Uint8Array): void {
    this.#check(key, value)
    const { pageSize } = this.#output
    const bytes = elementBytes + key.length + value.length
    if (this.#leafBytes + bytes > pageSize || this.#count === this.#keySizes.length) this.#flushLeaf()
    if (headerBytes + bytes > pageSize) this.#writeAlone(key, value)
    else {
      this.#items.set(key, this.#itemBytes)
      this.#items.set(value, this.#itemBytes + key.length)
      this.#itemBytes += key.length + value.length
      this.#keySizes[this.#count] = key.length
      this.#valueSizes[this.#count++] = value.length
    }
    this.#keepKey(key)
  }

  #check(key: Uint8Array, value: Uint8Array): void {
    if (key.length === 0 || key.length > keyBytesMax) {
      throw new BoltError('BAD_KEY', `${this.#what}: a key of ${key.length} bytes; 1 to ${keyBytesMax} can be stored`)
    }
    if (value.length > valueBytesMax) {
      const message = `${this.#what}: a value of ${value.length} bytes at ${showBytes(key)}; at most ${valueBytesMax}`
      throw new BoltError('VALUE_TOO_LARGE', message)
    }
    const order = compareBytes(this.#lastKey, key)
    if (order >= 0) {
      const keys = `${showBytes(this.#lastKey)} before ${showBytes(key)}`
      throw new BoltError(
        'UNSORTED',
        `${this.#what}: ${order === 0 ? 'the same key twice' : 'keys out of order'}, ${keys}`,
      )
    }
  }

  /** Keeps a copy of the last key, in a buffer that is made anew only when it is too short or too long. */
  #keepKey(key: Uint8Array): void {
    if (this.#lastKey.length !== key.length) this.#lastKey = new Uint8Array(key.length)
    this.#lastKey.set(key)
  }

  get #leafBytes(): number {
    return headerBytes + this.#count * elementBytes + this.#itemBytes
  }

  /**
   * The whole tree as the value of an inline bucket, where bbolt would make it one: a single leaf of at most a quarter of a
   * page, without buckets in it. Then there is nothing to `finish`.
   */
  inlineValue(): Uint8Array | undefined {
    const bytes = this.#leafBytes
    const isSmall = this.#levels.length === 0 && bytes <= this.#output.pageSize / 4
    if (!isSmall || this.#elementFlags === bucketElementFlag) return undefined
    const inline = new Uint8Array(bucketHeaderBytes + bytes)
    this.#encodeLeaf({ bytes: inline, offset: bucketHeaderBytes }, { id: 0, overflow: 0 })
    return inline
  }

  /** Writes what is left of the tree; returns its root page. */
  finish(): number {
    if (this.#levels.length === 0 && this.#count === 0) return this.#writeLeaf()
    this.#flushLeaf()
    return this.#finishLevels()
  }

  #flushLeaf(): void {
    if (this.#count === 0) return
    const key = this.#items.slice(0, this.#keySizes[0]!)
    this.#push(0, { key, page: this.#writeLeaf() })
    this.#count = 0
    this.#itemBytes = 0
  }

  #writeLeaf(): number {
    const { id, room } = this.#output.take(1)
    if (room !== undefined) this.#encodeLeaf(room, { id, overflow: 0 })
    return id
  }

  #encodeLeaf({ bytes, offset }: Room, header: { readonly id: number; readonly overflow: number }): void {
    writeHeader(bytes, offset, { ...header, flags: leafFlag, count: this.#count })
    let element = offset + headerBytes
    let item = element + this.#count * elementBytes
    bytes.set(this.#items.subarray(0, this.#itemBytes), item)
    for (let at = 0; at < this.#count; at++) {
      const keySize = this.#keySizes[at]!
      const valueSize = this.#valueSizes[at]!
      writeU32(bytes, element, this.#elementFlags)
      writeU32(bytes, element + 4, item - element)
      writeU32(bytes, element + 8, keySize)
      writeU32(bytes, element + 12, valueSize)
      element += elementBytes
      item += keySize + valueSize
    }
  }

  /** A record that needs more than one page gets a leaf with overflow of its own. */
  #writeAlone(key: Uint8Array, value: Uint8Array): void {
    const bytes = headerBytes + elementBytes + key.length + value.length
    const pages = Math.ceil(bytes / this.#output.pageSize)
    const { id, room } = this.#output.take(pages)
    if (room !== undefined) {
      const element = room.offset + headerBytes
      writeHeader(room.bytes, room.offset, { id, flags: leafFlag, count: 1, overflow: pages - 1 })
      writeU32(room.bytes, element, this.#elementFlags)
      writeU32(room.bytes, element + 4, elementBytes)
      writeU32(room.bytes, element + 8, key.length)
      writeU32(room.bytes, element + 12, value.length)
      room.bytes.set(key, element + elementBytes)
      room.bytes.set(value, element + elementBytes + key.length)
    }
    this.#push(0, { key: key.slice(), page: id })
  }

  /** Adds a child to a level of branches; level 0 stands above the leaves. */
  #push(depth: number, child: Child): void {
    this.#levels[depth] ??= { children: [], sizeBytes: headerBytes, held: undefined }
    const level = this.#levels[depth]
    const bytes = elementBytes + child.key.length
    const isFull = level.sizeBytes + bytes > this.#output.pageSize || level.children.length === elementsMax
    if (isFull && level.children.length >= 2) {
      if (level.held !== undefined) this.#writeBranch(depth, level.held)
      level.held = level.children
      level.children = []
      level.sizeBytes = headerBytes
    }
    level.children.push(child)
    level.sizeBytes += bytes
  }

  /** Writes a branch and tells the level above. */
  #writeBranch(depth: number, children: readonly Child[]): void {
    this.#push(depth + 1, { key: children[0]!.key, page: this.#encodeBranch(children) })
  }

  #encodeBranch(children: readonly Child[]): number {
    const bytes = children.reduce((sum, { key }) => sum + elementBytes + key.length, headerBytes)
    const pages = Math.ceil(bytes / this.#output.pageSize)
    const { id, room } = this.#output.take(pages)
    if (room === undefined) return id
    writeHeader(room.bytes, room.offset, { id, flags: branchFlag, count: children.length, overflow: pages - 1 })
    let element = room.offset + headerBytes
    let item = element + children.length * elementBytes
    for (const { key, page } of children) {
      writeU32(room.bytes, element, item - element)
      writeU32(room.bytes, element + 4, key.length)
      writeU64(room.bytes, element + 8, page)
      room.bytes.set(key, item)
      element += elementBytes
      item += key.length
    }
    return id
  }

  /** Ends the levels from below; the top one with a single child is not needed. */
  #finishLevels(): number {
    for (let depth = 0; ; depth++) {
      const { children, held } = this.#levels[depth]!
      if (held === undefined) {
        assert(depth === this.#levels.length - 1, 'a level that nothing was written from has none above')
        return children.length === 1 ? children[0]!.page : this.#encodeBranch(children)
      }
      // A branch has two children at least: a last one alone goes to its neighbour, which then needs overflow.
      if (children.length === 1) this.#writeBranch(depth, [...held, ...children])
      else {
        this.#writeBranch(depth, held)
        this.#writeBranch(depth, children)
      }
    }
  }
}
