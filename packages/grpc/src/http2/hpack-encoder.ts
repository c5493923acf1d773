import { DynamicTable, fieldBytes } from './dynamic-table.ts'
import { type HeaderPair, headerField } from './header-field.ts'
import { huffmanEncode, huffmanEncodedLength } from './huffman.ts'
import { INITIAL_TABLE_BYTES } from './protocol.ts'
import { fieldKey, STATIC_ENTRIES, staticFields, staticNames } from './static-table.ts'

/** Values that differ from call to call: the table would only churn. */
const unindexed: ReadonlySet<string> = new Set([
  'grpc-timeout',
  'grpc-message',
  'grpc-status-details-bin',
  'content-length',
  'date',
])
/** Secrets: literals that no intermediary may index (RFC 7541, 7.1.3). */
const secret: ReadonlySet<string> = new Set(['authorization', 'token', 'cookie', 'set-cookie', 'proxy-authorization'])

/** A header block that is sent again and again. One per connection: its bytes depend on the encoder's table. */
export class PreparedBlock {
  readonly pairs: readonly HeaderPair[]
  /** Version of the table for which `bytes` are right, or -1. */
  version = -1
  bytes: Uint8Array = new Uint8Array(0)

  constructor(pairs: readonly HeaderPair[]) {
    this.pairs = pairs
  }
}

/**
 * Encodes header blocks (RFC 7541). The bytes of the last `encode` lie in `bytes[0..length)` until the next one. Blocks
 * must be sent in the order they were encoded.
 */
export class HpackEncoder {
  bytes: Uint8Array = new Uint8Array(1024)
  length = 0
  /** Changes whenever the table does. */
  version = 0
  readonly #table: DynamicTable
  /** Entry numbers by `fieldKey` and by name. */
  readonly #fields = new Map<string, number>()
  readonly #names = new Map<string, number>()
  readonly #wantedTableBytes: number
  /** Smallest and last table size that the peer must be told of, if any. */
  #smallestResize: number | undefined
  #lastResize: number | undefined

  /** `maxTableBytes`: what we are willing to use, however much the peer offers. */
  constructor(maxTableBytes: number = INITIAL_TABLE_BYTES) {
    this.#wantedTableBytes = maxTableBytes
    this.#table = new DynamicTable((field, number) => {
      const key = fieldKey(field.name, field.value)
      if (this.#fields.get(key) === number) this.#fields.delete(key)
      if (this.#names.get(field.name) === number) this.#names.delete(field.name)
    })
    if (maxTableBytes < INITIAL_TABLE_BYTES) this.setPeerTableBytes(maxTableBytes)
  }

  get tableBytes(): number {
    return this.#table.bytes
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE: the next block begins with the change (RFC 7541, 4.2). */
  setPeerTableBytes(bytes: number): void {
    const size = Math.min(bytes, this.#wantedTableBytes)
    if (size === this.#table.maxBytes) return
    this.#table.resize(size)
    this.version++
    this.#smallestResize = Math.min(size, this.#smallestResize ?? size)
    this.#lastResize = size
  }

  /** Encodes a block into `bytes` and `length`. Names are in lower case, text is Latin-1. */
  encode(pairs: readonly HeaderPair[]): void {
    this.begin()
    this.append(pairs)
  }

  /** First half of `encode`, for blocks that are put together from parts. */
  begin(): void {
    this.length = 0
    if (this.#lastResize === undefined) return
    if (this.#smallestResize! < this.#lastResize) this.#integer(0x20, 0x1f, this.#smallestResize!)
    this.#integer(0x20, 0x1f, this.#lastResize)
    this.#smallestResize = undefined
    this.#lastResize = undefined
  }

  append(pairs: readonly HeaderPair[]): void {
    for (let i = 0; i < pairs.length; i++) this.#field(pairs[i]![0], pairs[i]![1])
  }

  /** Adds a prepared block: a copy of known bytes as long as the table has not changed. */
  appendPrepared(block: PreparedBlock): void {
    if (block.version === this.version) {
      const bytes = block.bytes
      this.#ensure(bytes.length)
      for (let i = 0; i < bytes.length; i++) this.bytes[this.length++] = bytes[i]!
      return
    }
    const start = this.length
    const version = this.version
    this.append(block.pairs)
    if (version !== this.version) return
    block.bytes = this.bytes.slice(start, this.length)
    block.version = version
  }

  #field(name: string, value: string): void {
    const key = fieldKey(name, value)
    const fixed = staticFields.get(key)
    const number = fixed === undefined ? this.#fields.get(key) : undefined
    const known = number === undefined ? fixed : STATIC_ENTRIES + this.#table.inserted - number
    if (known !== undefined) {
      this.#integer(0x80, 0x7f, known)
      return
    }
    const nameIndex = this.#nameIndex(name)
    const field = headerField(name, value)
    const never = secret.has(name)
    const insert = !never && !unindexed.has(name) && fieldBytes(field) * 4 <= this.#table.maxBytes * 3
    if (insert) this.#integer(0x40, 0x3f, nameIndex)
    else this.#integer(never ? 0x10 : 0x00, 0x0f, nameIndex)
    if (nameIndex === 0) this.#text(name)
    this.#text(value)
    if (!insert) return
    this.#table.insert(field)
    this.#fields.set(key, this.#table.inserted - 1)
    this.#names.set(name, this.#table.inserted - 1)
    this.version++
  }

  #nameIndex(name: string): number {
    const fixed = staticNames.get(name)
    if (fixed !== undefined) return fixed
    const number = this.#names.get(name)
    return number === undefined ? 0 : STATIC_ENTRIES + this.#table.inserted - number
  }

  #integer(prefix: number, mask: number, value: number): void {
    this.#ensure(6)
    if (value < mask) {
      this.bytes[this.length++] = prefix | value
      return
    }
    this.bytes[this.length++] = prefix | mask
    let rest = value - mask
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.bytes[this.length++] = (rest & 0x7f) | 0x80
    this.bytes[this.length++] = rest
  }

  #text(text: string): void {
    const coded = huffmanEncodedLength(text)
    if (coded < text.length) {
      this.#integer(0x80, 0x7f, coded)
      this.#ensure(coded)
      this.length = huffmanEncode(text, this.bytes, this.length)
      return
    }
    this.#integer(0, 0x7f, text.length)
    this.#ensure(text.length)
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i)
  }

  #ensure(extra: number): void {
    if (this.length + extra <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + extra))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}
