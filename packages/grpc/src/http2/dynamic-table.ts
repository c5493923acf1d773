import type { HeaderField } from './header-field.ts'
import { INITIAL_TABLE_BYTES } from './protocol.ts'

/** What a field adds to its length in a table and in a header list (RFC 7541, 4.1; RFC 9113, 6.5.2). */
const FIELD_OVERHEAD_BYTES = 32

export function fieldBytes(field: HeaderField): number {
  return field.name.length + field.value.length + FIELD_OVERHEAD_BYTES
}

/** The dynamic table of RFC 7541, 2.3.2: newest entry first, oldest evicted. */
export class DynamicTable {
  /** Bytes of all entries. */
  bytes = 0
  maxBytes: number = INITIAL_TABLE_BYTES
  /** Entries ever inserted. Entry number n (from 0) is in the table while n >= `dropped`. */
  inserted = 0
  dropped = 0
  /** Entry number n lies at `n - #base`. */
  #entries: (HeaderField | undefined)[] = []
  #base = 0
  readonly #onEvict: ((field: HeaderField, number: number) => void) | undefined

  constructor(onEvict?: (field: HeaderField, number: number) => void) {
    this.#onEvict = onEvict
  }

  get length(): number {
    return this.inserted - this.dropped
  }

  /** The entry at `position`, 0 being the newest; undefined beyond the oldest. */
  at(position: number): HeaderField | undefined {
    if (position >= this.inserted - this.dropped) return undefined
    return this.#entries[this.inserted - 1 - position - this.#base]
  }

  /** A field larger than the table empties it (RFC 7541, 4.4). Returns whether it was inserted. */
  insert(field: HeaderField): boolean {
    const size = fieldBytes(field)
    this.#shrinkTo(this.maxBytes - size)
    if (size > this.maxBytes) return false
    this.#entries.push(field)
    this.inserted++
    this.bytes += size
    return true
  }

  resize(maxBytes: number): void {
    this.maxBytes = maxBytes
    this.#shrinkTo(maxBytes)
  }

  #shrinkTo(bytes: number): void {
    while (this.bytes > bytes && this.dropped < this.inserted) {
      const slot = this.dropped - this.#base
      const field = this.#entries[slot]!
      this.#entries[slot] = undefined
      this.bytes -= fieldBytes(field)
      this.#onEvict?.(field, this.dropped)
      this.dropped++
    }
    if (this.dropped - this.#base > 256) {
      this.#entries = this.#entries.slice(this.dropped - this.#base)
      this.#base = this.dropped
    }
  }
}
