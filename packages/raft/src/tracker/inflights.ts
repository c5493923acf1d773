import { broken } from '../assert.ts'

/**
 * The window of append messages on their way to one follower: a ring of the last index and the bytes of each. It frees
 * from the front when the follower acknowledges. `bytesMax` 0: bytes do not count.
 */
export class Inflights {
  readonly #sizeMax: number
  readonly #bytesMax: number
  #indexes: number[] = []
  #bytes: number[] = []
  #start = 0
  #count = 0
  #bytesInFlight = 0

  constructor(limits: { readonly sizeMax: number; readonly bytesMax: number }) {
    this.#sizeMax = limits.sizeMax
    this.#bytesMax = limits.bytesMax
  }

  get count(): number {
    return this.#count
  }

  isFull(): boolean {
    return this.#count >= this.#sizeMax || (this.#bytesMax !== 0 && this.#bytesInFlight >= this.#bytesMax)
  }

  /** Notes a message whose last entry is `index`. Indexes rise. Must not be called when full. */
  add(index: number, bytes: number): void {
    if (this.isFull()) broken(`cannot add index ${index} to a full window of ${this.#count} messages`)
    if (this.#count === this.#indexes.length) this.#grow()
    const at = (this.#start + this.#count) % this.#indexes.length
    this.#indexes[at] = index
    this.#bytes[at] = bytes
    this.#count++
    this.#bytesInFlight += bytes
  }

  /** Frees all messages up to `index`. */
  freeUpTo(index: number): void {
    while (this.#count > 0 && (this.#indexes[this.#start] as number) <= index) {
      this.#bytesInFlight -= this.#bytes[this.#start] as number
      this.#start = (this.#start + 1) % this.#indexes.length
      this.#count--
    }
    if (this.#count === 0) this.#start = 0
  }

  reset(): void {
    this.#start = 0
    this.#count = 0
    this.#bytesInFlight = 0
  }

  /** Doubles the ring, up to the size of the window: most followers need a few slots only. */
  #grow(): void {
    const size = Math.min(this.#sizeMax, Math.max(1, 2 * this.#indexes.length))
    const order = Array.from({ length: this.#count }, (_, i) => (this.#start + i) % this.#indexes.length)
    const indexes = order.map(at => this.#indexes[at] as number)
    const bytes = order.map(at => this.#bytes[at] as number)
    while (indexes.length < size) {
      indexes.push(0)
      bytes.push(0)
    }
    this.#indexes = indexes
    this.#bytes = bytes
    this.#start = 0
  }
}
