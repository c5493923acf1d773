import { Cursor } from './wire.ts'

/**
 * Where the parts of a `PutRequest` lie in its bytes. Puts are read twice, at the edge and when they are applied, so they
 * are not decoded into a message: one object of this kind serves all.
 */
export class PutFields {
  keyStart = 0
  keyEnd = 0
  valueStart = 0
  valueEnd = 0
  /** Halves of the lease id. */
  leaseLow = 0
  leaseHigh = 0
  prevKv = false
  ignoreValue = false
  ignoreLease = false
  readonly #cursor = new Cursor()

  /** False if the bytes are no `PutRequest`. */
  parse(bytes: Uint8Array, start: number, end: number): boolean {
    const cursor = this.#cursor
    cursor.reset(bytes, start, end)
    this.#clear()
    while (cursor.more) {
      const tag = cursor.varint()
      switch (tag) {
        case 0x0a:
          this.keyStart = cursor.bytesField()
          this.keyEnd = cursor.position
          break
        case 0x12:
          this.valueStart = cursor.bytesField()
          this.valueEnd = cursor.position
          break
        case 0x18:
          cursor.varint64()
          this.leaseLow = cursor.low
          this.leaseHigh = cursor.high
          break
        case 0x20:
          this.prevKv = this.#flag()
          break
        case 0x28:
          this.ignoreValue = this.#flag()
          break
        case 0x30:
          this.ignoreLease = this.#flag()
          break
        default:
          cursor.skip(tag)
      }
    }
    return !cursor.failed
  }

  get hasLease(): boolean {
    return this.leaseLow !== 0 || this.leaseHigh !== 0
  }

  get lease(): bigint {
    if (!this.hasLease) return 0n
    return (BigInt(this.leaseHigh | 0) << 32n) | BigInt(this.leaseLow)
  }

  get hasValue(): boolean {
    return this.valueEnd > this.valueStart
  }

  #flag(): boolean {
    this.#cursor.varint64()
    return this.#cursor.low !== 0 || this.#cursor.high !== 0
  }

  #clear(): void {
    this.keyStart = 0
    this.keyEnd = 0
    this.valueStart = 0
    this.valueEnd = 0
    this.leaseLow = 0
    this.leaseHigh = 0
    this.prevKv = false
    this.ignoreValue = false
    this.ignoreLease = false
  }
}
