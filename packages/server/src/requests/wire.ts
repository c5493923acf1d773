/**
 * Protobuf by hand for the few messages on the path of every put and range. A hot room: plain loops over bytes, no
 * objects. The generic codecs of `@kvs/proto` are the oracle in its tests.
 */

const two32 = 0x1_0000_0000

export function sizeVarint(value: number): number {
  if (value < 0) return 10
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

/** Writes a safe integer (negative ones take 10 bytes) and returns the position behind it. */
export function writeVarint(target: Uint8Array, position: number, value: number): number {
  if (value >= two32 || value < 0) return writeVarint64(target, position, Math.floor(value / two32), value >>> 0)
  let at = position
  let rest = value
  while (rest >= 128) {
    target[at++] = (rest & 0x7f) | 0x80
    rest = rest >>> 7
  }
  target[at++] = rest
  return at
}

/** Writes the 64-bit value `high * 2^32 + low` and returns the position behind it. */
export function writeVarint64(target: Uint8Array, position: number, high: number, low: number): number {
  let at = position
  let hi = high >>> 0
  let lo = low >>> 0
  while (hi > 0 || lo >= 128) {
    target[at++] = (lo & 0x7f) | 0x80
    lo = ((lo >>> 7) | (hi << 25)) >>> 0
    hi >>>= 7
  }
  target[at++] = lo
  return at
}

/**
 * Reads varints and lengths out of a byte range without making objects. Damaged input sets `failed` and ends the range:
 * the caller checks once, at the end.
 */
export class Cursor {
  bytes: Uint8Array = new Uint8Array(0)
  position = 0
  end = 0
  failed = false
  /** Halves of the varint read last. */
  low = 0
  high = 0

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.position = start
    this.end = end
    this.failed = false
  }

  get more(): boolean {
    return this.position < this.end
  }

  /** An unsigned varint below 2^53; larger ones fail. */
  varint(): number {
    const byte = this.bytes[this.position] as number
    if (byte < 0x80 && this.position < this.end) {
      this.position++
      return byte
    }
    this.varint64()
    if (this.high >= 0x20_0000) this.fail()
    return this.high * two32 + this.low
  }

  /** Any varint, into `low` and `high`. */
  varint64(): void {
    let lo = 0
    let hi = 0
    for (let shift = 0; shift < 70 && this.position < this.end; shift += 7) {
      const byte = this.bytes[this.position++] as number
      const bits = byte & 0x7f
      if (shift < 28) lo |= bits << shift
      else if (shift === 28) {
        lo |= bits << 28
        hi = bits >> 4
      } else hi |= shift < 63 ? bits << (shift - 32) : bits << 31
      if (byte < 0x80) {
        this.low = lo >>> 0
        this.high = hi >>> 0
        return
      }
    }
    this.fail()
  }

  /** Reads a length and moves behind that many bytes; returns where they start. */
  bytesField(): number {
    const length = this.varint()
    const start = this.position
    if (start + length > this.end) this.fail()
    else this.position = start + length
    return start
  }

  /** Moves behind a field that is of no interest. Field 0, numbers of more than 29 bits and groups are refused. */
  skip(tag: number): void {
    const wireType = tag & 7
    if (tag < 8 || tag >= two32) this.fail()
    else if (wireType === 0) this.varint64()
    else if (wireType === 2) this.bytesField()
    else if (wireType === 1 && this.position + 8 <= this.end) this.position += 8
    else if (wireType === 5 && this.position + 4 <= this.end) this.position += 4
    else this.fail()
  }

  fail(): void {
    this.failed = true
    this.low = 0
    this.high = 0
    this.position = this.end
  }
}
