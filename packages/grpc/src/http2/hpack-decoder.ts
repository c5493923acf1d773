import { DynamicTable, fieldBytes } from './dynamic-table.ts'
import { Http2Error } from './errors.ts'
import { HeaderBlock, type HeaderField, headerField, latin1 } from './header-field.ts'
import { huffmanDecode, huffmanDecodedBound } from './huffman.ts'
import { INITIAL_TABLE_BYTES } from './protocol.ts'
import { STATIC_ENTRIES, staticTable } from './static-table.ts'

export interface HpackDecoderLimits {
  /** Sum of names, values and 32 bytes per field; beyond it a block is `tooLarge`, and far beyond it an error. */
  readonly maxListBytes: number
  readonly maxFields: number
  /** What we allow the peer's encoder to use (our SETTINGS_HEADER_TABLE_SIZE). */
  readonly maxTableBytes?: number
}

/** A decoded block and the bytes it came from. Holds as long as the table has `version`. */
interface Remembered {
  readonly version: number
  readonly bytes: Uint8Array
  readonly block: HeaderBlock
}

/** Largest integer of a block: no length or index in it can be larger. More is an attack (RFC 7541, 7.4). */
const MAX_INTEGER = 0xff_ffff
/** A block this many times beyond a limit is a bomb. */
const BOMB_FACTOR = 16
const REMEMBERED_SLOTS = 8
/** Longer blocks are decoded each time. With one signed token they are mostly shorter. */
const REMEMBERED_BYTES = 1024

/**
 * Decodes header blocks (RFC 7541). A block whose bytes were seen before, with the dynamic table unchanged since, costs a
 * hash and a compare: clients send the same few blocks over and over.
 */
export class HpackDecoder {
  readonly #table = new DynamicTable()
  readonly #limits: HpackDecoderLimits
  readonly #maxTableBytes: number
  readonly #remembered: (Remembered | undefined)[] = new Array(REMEMBERED_SLOTS).fill(undefined)
  /** Changes whenever the table does. */
  #version = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #end = 0
  #scratch: Uint8Array = new Uint8Array(256)

  constructor(limits: HpackDecoderLimits) {
    this.#limits = limits
    this.#maxTableBytes = limits.maxTableBytes ?? INITIAL_TABLE_BYTES
    this.#table.resize(this.#maxTableBytes)
  }

  /** Bytes of the dynamic table. */
  get tableBytes(): number {
    return this.#table.bytes
  }

  /**
   * The block in `bytes[start..end)`. Throws `Http2Error` COMPRESSION_ERROR, or ENHANCE_YOUR_CALM for a bomb; the connection
   * cannot go on then. A block beyond the limits keeps the table in step and comes back as `tooLarge`.
   */
  decode(bytes: Uint8Array, start: number, end: number): HeaderBlock {
    const length = end - start
    if (length > REMEMBERED_BYTES) return this.#decode(bytes, start, end)
    let hash = length
    // All bytes are compared below: of long blocks some are enough to find the slot.
    const step = 1 + (length >> 6)
    for (let i = start; i < end; i += step) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
    const slot = (hash ^ (hash >>> 9)) & (REMEMBERED_SLOTS - 1)
    const known = this.#remembered[slot]
    if (known !== undefined && known.version === this.#version && sameBytes(known.bytes, bytes, start, length)) {
      return known.block
    }
    const version = this.#version
    const block = this.#decode(bytes, start, end)
    if (version === this.#version) this.#remembered[slot] = { version, bytes: bytes.slice(start, end), block }
    return block
  }

  #decode(bytes: Uint8Array, start: number, end: number): HeaderBlock {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    const fields: HeaderField[] = []
    const { maxListBytes, maxFields } = this.#limits
    let listBytes = 0
    let passedOver = 0
    let tooLarge = false
    let resizes = 0
    while (this.#at < end) {
      const first = bytes[this.#at]!
      if (first >= 0x20 && first < 0x40) {
        this.#resize(fields.length > 0 || tooLarge, ++resizes)
        continue
      }
      const field = first >= 0x80 ? this.#indexed(this.#integer(0x7f)) : this.#literal(first)
      listBytes += fieldBytes(field)
      if (listBytes <= maxListBytes && fields.length < maxFields) fields.push(field)
      else {
        tooLarge = true
        if (listBytes > maxListBytes * BOMB_FACTOR || ++passedOver > maxFields * BOMB_FACTOR) throw bomb()
      }
    }
    this.#bytes = this.#scratch
    return new HeaderBlock(fields, tooLarge)
  }

  /** RFC 7541, 4.2 and 6.3: only at the beginning of a block, twice at most, never above what we allowed. */
  #resize(late: boolean, count: number): void {
    const size = this.#integer(0x1f)
    if (count > 2) throw compression('more than two table size updates')
    if (late) throw compression('table size update inside a header block')
    if (size > this.#maxTableBytes) throw compression('table size update above the limit')
    this.#table.resize(size)
    this.#version++
  }

  #indexed(index: number): HeaderField {
    if (index === 0) throw compression('index 0')
    const field = index <= STATIC_ENTRIES ? staticTable[index] : this.#table.at(index - STATIC_ENTRIES - 1)
    if (field === undefined) throw compression('index beyond the table')
    return field
  }

  /** RFC 7541, 6.2.1 (01: inserted), 6.2.2 and 6.2.3 (0000, 0001: not inserted). */
  #literal(first: number): HeaderField {
    const insert = first >= 0x40
    const index = this.#integer(insert ? 0x3f : 0x0f)
    const name = index === 0 ? this.#text() : this.#indexed(index).name
    const field = headerField(name, this.#text())
    if (insert) {
      this.#table.insert(field)
      this.#version++
    }
    return field
  }

  /** RFC 7541, 5.1; `mask` covers the prefix bits. */
  #integer(mask: number): number {
    const bytes = this.#bytes
    let value = bytes[this.#at++]! & mask
    if (value < mask) return value
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#end) throw compression('integer cut off')
      const byte = bytes[this.#at++]!
      value += (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (value > MAX_INTEGER) break
        return value
      }
    }
    throw compression('integer too large')
  }

  /** A string literal, RFC 7541, 5.2. */
  #text(): string {
    if (this.#at >= this.#end) throw compression('string cut off')
    const coded = this.#bytes[this.#at]! >= 0x80
    const length = this.#integer(0x7f)
    const start = this.#at
    const end = start + length
    if (end > this.#end) throw compression('string cut off')
    this.#at = end
    if (!coded) return latin1(this.#bytes, start, end)
    const bound = huffmanDecodedBound(length)
    if (this.#scratch.length < bound) this.#scratch = new Uint8Array(bound * 2)
    const decoded = huffmanDecode(this.#bytes, start, end, this.#scratch)
    if (decoded < 0) throw compression('broken Huffman code')
    return latin1(this.#scratch, 0, decoded)
  }
}

function sameBytes(known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (known.length !== length) return false
  for (let i = 0; i < length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}

function compression(message: string): Http2Error {
  return new Http2Error('COMPRESSION_ERROR', `HPACK: ${message}`)
}

function bomb(): Http2Error {
  return new Http2Error('ENHANCE_YOUR_CALM', 'HPACK: a header block that unfolds to many times the limit')
}
