import { copyBytes } from './output.ts'

const MIN_BLOCK_BYTES = 1_024
const MAX_BLOCK_BYTES = 65_536

/** Bytes in the order they came, copied in or given, and copied out; small runs share blocks. */
export class ByteQueue {
  length = 0
  /** Blocks; the first is read from `#head`, the last is filled up to `#tail`. */
  readonly #blocks: Uint8Array[] = []
  #first = 0
  #head = 0
  #tail = 0

  push(bytes: Uint8Array, start: number, end: number): void {
    let at = start
    while (at < end) {
      const last = this.#blocks[this.#blocks.length - 1]
      if (last === undefined || this.#tail === last.length) {
        const doubled = Math.min((last?.length ?? MIN_BLOCK_BYTES / 2) * 2, MAX_BLOCK_BYTES)
        this.#blocks.push(new Uint8Array(Math.max(doubled, end - at)))
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

  /** Takes bytes that nobody changes any more, without a copy. */
  give(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const last = this.#blocks.length - 1
    if (last >= this.#first) this.#blocks[last] = this.#blocks[last]!.subarray(0, this.#tail)
    this.#blocks.push(bytes)
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
    if (this.length === 0) this.clear()
  }

  clear(): void {
    this.#blocks.length = 0
    this.#first = 0
    this.#head = 0
    this.#tail = 0
    this.length = 0
  }

  #dropFirst(): void {
    this.#blocks[this.#first] = new Uint8Array(0)
    this.#first++
    this.#head = 0
    if (this.#first < 64) return
    this.#blocks.splice(0, this.#first)
    this.#first = 0
  }
}
