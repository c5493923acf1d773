import { copyBytes } from './output.ts'

const MIN_BLOCK_BYTES = 1_024
const MAX_BLOCK_BYTES = 65_536
const nothing: Uint8Array = new Uint8Array(0)

/** Bytes in the order they came, copied in or given, and copied out; small runs share blocks. */
export class ByteQueue {
  length = 0
  /** Blocks; the first is read from `#head`, the last is filled up to `#tail`. */
  readonly #blocks: Uint8Array[] = []
  /** Who is told that a block was read, for blocks that were given so. */
  readonly #readers: (((block: Uint8Array) => void) | undefined)[] = []
  #first = 0
  #head = 0
  #tail = 0

  push(bytes: Uint8Array, start: number, end: number): void {
    let at = start
    while (at < end) {
      const last = this.#blocks[this.#blocks.length - 1]
      if (last === undefined || this.#tail === last.length) {
        const doubled = Math.min((last?.length ?? MIN_BLOCK_BYTES / 2) * 2, MAX_BLOCK_BYTES)
        this.#add(new Uint8Array(Math.max(doubled, end - at)), undefined)
        this.#tail = 0
        continue
      }
      const take = Math.min(end - at, last.length - this.#tail)
      copyBytes(last, this.#tail, bytes, at, at + take)
      this.#tail += take
      at += take
    }
    this.length += end - start
  }

  /** Takes bytes that nobody changes before `onRead` has them, without a copy; it does not get what is never read. */
  give(bytes: Uint8Array, onRead?: (bytes: Uint8Array) => void): void {
    if (bytes.length === 0) return
    const last = this.#blocks.length - 1
    if (last >= this.#first) this.#blocks[last] = this.#blocks[last]!.subarray(0, this.#tail)
    this.#add(bytes, onRead)
    this.#tail = bytes.length
    this.length += bytes.length
  }

  /** Moves the next `length` bytes to `target` at `at`; there must be as many. */
  shift(target: Uint8Array, at: number, length: number): void {
    let left = length
    while (left > 0) {
      const block = this.#blocks[this.#first]!
      const isLast = this.#first === this.#blocks.length - 1
      const available = (isLast ? this.#tail : block.length) - this.#head
      const take = Math.min(left, available)
      copyBytes(target, at, block, this.#head, this.#head + take)
      at += take
      left -= take
      this.#head += take
      if (take === available && !isLast) this.#dropFirst()
    }
    this.length -= length
    if (this.length > 0) return
    if (this.#blocks.length > 0) this.#readers[this.#first]?.(this.#blocks[this.#first]!)
    this.clear()
  }

  clear(): void {
    this.#blocks.length = 0
    this.#readers.length = 0
    this.#first = 0
    this.#head = 0
    this.#tail = 0
    this.length = 0
  }

  #add(block: Uint8Array, onRead: ((block: Uint8Array) => void) | undefined): void {
    this.#blocks.push(block)
    this.#readers.push(onRead)
  }

  #dropFirst(): void {
    this.#readers[this.#first]?.(this.#blocks[this.#first]!)
    this.#readers[this.#first] = undefined
    this.#blocks[this.#first] = nothing
    this.#first++
    this.#head = 0
    if (this.#first < 64) return
    this.#blocks.splice(0, this.#first)
    this.#readers.splice(0, this.#first)
    this.#first = 0
  }
}
