import { RaftError } from './errors.ts'

/* Fields of protobuf messages: what configuration changes need of the encoding, and no more. */

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const GROUP_START = 3
const GROUP_END = 4
const FIXED32 = 5

/** Called for every field of its wire type in the order of the bytes; `bytes` gets views. Other types are skipped. */
export interface FieldHandlers {
  readonly varint: (field: number, value: bigint) => void
  readonly bytes: (field: number, value: Uint8Array) => void
}

/** Appends fields to a message. */
export class FieldWriter {
  readonly #bytes: number[] = []

  varint(field: number, value: bigint): void {
    this.#bytes.push(field * 8 + VARINT)
    this.#pushVarint(BigInt.asUintN(64, value))
  }

  bytes(field: number, value: Uint8Array): void {
    this.#bytes.push(field * 8 + BYTES)
    this.#pushVarint(BigInt(value.length))
    for (const byte of value) this.#bytes.push(byte)
  }

  #pushVarint(value: bigint): void {
    let rest = value
    for (; rest >= 0x80n; rest >>= 7n) this.#bytes.push(Number(rest & 0x7fn) | 0x80)
    this.#bytes.push(Number(rest))
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }
}

/** Reads all of `bytes` as one message. Throws `RaftError` with code `MALFORMED` and the offset of the fault. */
export function readFields(bytes: Uint8Array, handlers: FieldHandlers): void {
  const reader = new FieldReader(bytes)
  /** Numbers of the groups around the field at hand: groups are skipped with all they hold. */
  const groups: number[] = []
  while (!reader.atEnd()) {
    const { field, wireType } = reader.tag()
    if (wireType === GROUP_START) groups.push(field)
    else if (wireType === GROUP_END) {
      if (groups.pop() !== field) throw reader.malformed(`the end of group ${field}, which is not open`)
    } else if (groups.length > 0) reader.skip(wireType)
    else if (wireType === VARINT) handlers.varint(field, reader.varint())
    else if (wireType === BYTES) handlers.bytes(field, reader.bytes())
    else reader.skip(wireType)
  }
  if (groups.length > 0) throw reader.malformed(`group ${groups.at(-1)} never ends`)
}

class FieldReader {
  readonly #input: Uint8Array
  #at = 0

  constructor(input: Uint8Array) {
    this.#input = input
  }

  atEnd(): boolean {
    return this.#at === this.#input.length
  }

  malformed(what: string): RaftError {
    return new RaftError('MALFORMED', `${what} at byte ${this.#at}`)
  }

  tag(): { readonly field: number; readonly wireType: number } {
    const tag = this.varint()
    const field = tag >> 3n
    if (field === 0n || field > 0x1fffffffn) throw this.malformed(`field number ${field}`)
    return { field: Number(field), wireType: Number(tag & 7n) }
  }

  varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#input[this.#at]
      if (byte === undefined) throw this.malformed('the end inside of a varint')
      this.#at++
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        if (value >= 1n << 64n) throw this.malformed('a varint of more than 64 bits')
        return value
      }
    }
    throw this.malformed('a varint of more than ten bytes')
  }

  bytes(): Uint8Array {
    const length = this.varint()
    if (length > BigInt(this.#input.length - this.#at)) throw this.malformed(`${length} bytes announced beyond the end`)
    return this.#take(Number(length))
  }

  #take(length: number): Uint8Array {
    if (length > this.#input.length - this.#at) throw this.malformed('the end inside of a number')
    this.#at += length
    return this.#input.subarray(this.#at - length, this.#at)
  }

  skip(wireType: number): void {
    if (wireType === VARINT) this.varint()
    else if (wireType === FIXED64) this.#take(8)
    else if (wireType === BYTES) this.bytes()
    else if (wireType === FIXED32) this.#take(4)
    else throw this.malformed(`wire type ${wireType}`)
  }
}
