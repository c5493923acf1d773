import { sizeVarint, writeVarint, writeVarint64 } from '../requests/wire.ts'

/**
 * The `ResponseHeader` of this member, written by hand into answers: the two ids never change and are kept encoded, the
 * revision and the term are appended. Field 1 of every response that has a header.
 */
export class HeaderWriter {
  readonly clusterId: bigint
  readonly memberId: bigint
  readonly #ids: Uint8Array

  constructor(ids: { readonly clusterId: bigint; readonly memberId: bigint }) {
    this.clusterId = ids.clusterId
    this.memberId = ids.memberId
    const bytes = new Uint8Array(22)
    let at = 0
    if (ids.clusterId !== 0n) at = writeId(bytes, at, 0x08, ids.clusterId)
    if (ids.memberId !== 0n) at = writeId(bytes, at, 0x10, ids.memberId)
    this.#ids = bytes.slice(0, at)
  }

  /** Bytes that `write` will take; `revision` 0 leaves the field out. */
  size(revision: number, term: number): number {
    return 2 + this.#size(revision, term)
  }

  #size(revision: number, term: number): number {
    return this.#ids.length + (revision === 0 ? 0 : 1 + sizeVarint(revision)) + (term === 0 ? 0 : 1 + sizeVarint(term))
  }

  /** Writes field 1 with its tag and length (always below 128 bytes) and returns the position behind it. */
  write(target: Uint8Array, position: number, revision: number, term: number): number {
    const ids = this.#ids
    let at = position + 2
    for (let i = 0; i < ids.length; i++) target[at++] = ids[i] as number
    if (revision !== 0) {
      target[at++] = 0x18
      at = writeVarint(target, at, revision)
    }
    if (term !== 0) {
      target[at++] = 0x20
      at = writeVarint(target, at, term)
    }
    target[position] = 0x0a
    target[position + 1] = at - position - 2
    return at
  }
}

function writeId(target: Uint8Array, position: number, tag: number, id: bigint): number {
  target[position] = tag
  const bits = BigInt.asUintN(64, id)
  return writeVarint64(target, position + 1, Number(bits >> 32n), Number(bits & 0xffff_ffffn))
}
