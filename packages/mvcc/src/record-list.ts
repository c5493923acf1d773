/** Encoded key-values on their way into a response: references into slabs and state, copied once. A hot room. */

import { cutBytes, noBytes } from './bytes.ts'
import type { KeyValue, KeyValueList } from './contract.ts'
import { MvccError } from './errors.ts'
import { decodeRecord, varintBytes, writeVarint } from './record.ts'

/** Rises with every write and every scrub; a list that refers to the store is valid while it stays the same. */
export interface Stamp {
  value: number
}

/** What pieces are framed with: field 2 of RangeResponse, field 3 of DeleteRangeResponse. */
const kvsTag = 0x12
export const previousTag = 0x1a
/** Pieces are cut at this size, a record more or less. */
const pieceBytes = 256 * 1024
/**
 * Pieces that are filled as records come are used again once they were sent: a fresh one costs its pages and the collection
 * of the old one, for it is by bytes outside of the heap that long ranges bring the collector on.
 */
class PiecePool {
  readonly pieceBytes: number
  private readonly spareMax: number
  private readonly spare: Uint8Array[] = []
  /** Pieces in use that may come back. */
  private readonly lent = new WeakSet<ArrayBufferLike>()

  constructor(pieceBytes: number, spareMax: number) {
    this.pieceBytes = pieceBytes
    this.spareMax = spareMax
  }

  lend(): Uint8Array {
    const piece = this.spare.pop() ?? new Uint8Array(this.pieceBytes)
    this.lent.add(piece.buffer)
    return piece
  }

  /** Pieces of others are left alone. */
  takeBack({ buffer }: Uint8Array): void {
    if (this.lent.delete(buffer) && this.spare.length < this.spareMax) this.spare.push(new Uint8Array(buffer))
  }
}

/** First pieces of lists, and later ones. */
const firstPieces = new PiecePool(16 * 1024, 32)
const laterPieces = new PiecePool(64 * 1024, 64)

/** Gives back a piece of a list that nobody uses any more. Other bytes are left alone. */
export function recyclePiece(piece: Uint8Array): void {
  if (piece.buffer.byteLength === firstPieces.pieceBytes) firstPieces.takeBack(piece)
  else laterPieces.takeBack(piece)
}

/** Long lists grow by segments: one array of a million references would be copied again and again. */
const segmentShift = 12
const segmentMask = 2 ** segmentShift - 1

interface Segment {
  readonly sources: Uint8Array[]
  readonly starts: number[]
  readonly lengths: number[]
}

export class RecordList implements KeyValueList {
  byteLength = 0
  private readonly stamp: Stamp
  private readonly tag: number
  private seen: number
  length = 0
  private segments: Segment[] = []
  /** Records whose places are noted in `segments`: all, or none if they were copied and nobody has asked. */
  private placed = 0
  private readonly frozenPieces: Uint8Array[] = []
  /** Records from here on still lie in the store. */
  private frozen = 0
  /** The piece that `pushCopy` fills, and up to where. */
  private piece: Uint8Array = noBytes
  private pieceAt = 0

  constructor(stamp: Stamp, tag: number = kvsTag) {
    this.stamp = stamp
    this.tag = tag
    this.seen = stamp.value
  }

  push(source: Uint8Array, start: number, length: number): void {
    this.length++
    this.place(source, start, length)
    this.byteLength += 1 + varintBytes(length) + length
  }

  /** Adds a record that is frozen at once, while it is near. All records of the list must come this way. */
  pushCopy(source: Uint8Array, start: number, length: number): void {
    const size = 1 + varintBytes(length) + length
    if (this.pieceAt + size > this.piece.length) this.beginPiece(size)
    this.pieceAt = copyFramed(source, start, length, this.tag, this.piece, this.pieceAt)
    this.byteLength += size
    this.frozen = ++this.length
  }

  private place(source: Uint8Array, start: number, length: number): void {
    if ((this.placed & segmentMask) === 0) this.segments.push({ sources: [], starts: [], lengths: [] })
    const { sources, starts, lengths } = this.segments[this.placed++ >>> segmentShift]!
    sources.push(source)
    starts.push(start)
    lengths.push(length)
  }

  /** Notes the places of records that were copied. Answers go out as pieces and do not need them. */
  private placeCopied(): void {
    this.segments = []
    this.placed = 0
    for (const piece of this.frozenPieces) this.placePiece(piece, piece.length)
    this.placePiece(this.piece, this.pieceAt)
  }

  private placePiece(piece: Uint8Array, end: number): void {
    for (let at = 0; at < end; ) {
      let length = 0
      let shift = 0
      do {
        at++
        length |= (piece[at]! & 0x7f) << shift
        shift += 7
      } while (piece[at]! >= 0x80)
      this.place(piece, at + 1, length)
      at += 1 + length
    }
  }

  private beginPiece(size: number): void {
    const pool = this.length === 0 ? firstPieces : laterPieces
    this.endPiece()
    this.piece = size > pool.pieceBytes ? new Uint8Array(size) : pool.lend()
  }

  private endPiece(): void {
    if (this.pieceAt > 0) this.frozenPieces.push(this.piece.subarray(0, this.pieceAt))
    this.piece = noBytes
    this.pieceAt = 0
  }

  /** The first step after a pause: what was collected before is frozen, what comes now is as of now. */
  renew(): void {
    this.seen = this.stamp.value
  }

  source(index: number): Uint8Array {
    if (this.placed < this.length) this.placeCopied()
    return this.segments[index >>> segmentShift]!.sources[index & segmentMask]!
  }

  start(index: number): number {
    if (this.placed < this.length) this.placeCopied()
    return this.segments[index >>> segmentShift]!.starts[index & segmentMask]!
  }

  recordLength(index: number): number {
    if (this.placed < this.length) this.placeCopied()
    return this.segments[index >>> segmentShift]!.lengths[index & segmentMask]!
  }

  /** Throws if the list refers to a store that has changed. */
  check(): void {
    if (this.frozen < this.length && this.seen !== this.stamp.value) throw stale()
  }

  writeTo(target: Uint8Array, options: { readonly at: number; readonly field: number }): number {
    this.check()
    const tag = (options.field << 3) | 2
    let { at } = options
    if (this.placed < this.length) {
      if (tag === this.tag) return this.writePieces(target, at)
      this.placeCopied()
    }
    for (let index = 0; index < this.length; index++) at = this.copy(index, tag, target, at)
    return at
  }

  /** Copied records are framed as they must be. */
  private writePieces(target: Uint8Array, position: number): number {
    let at = position
    for (const piece of this.pieces()) {
      target.set(piece, at)
      at += piece.length
    }
    return at
  }

  private copy(index: number, tag: number, target: Uint8Array, at: number): number {
    const { sources, starts, lengths } = this.segments[index >>> segmentShift]!
    const place = index & segmentMask
    return copyFramed(sources[place]!, starts[place]!, lengths[place]!, tag, target, at)
  }

  record(index: number): Uint8Array {
    this.check()
    if (index >= this.length) throw new RangeError(`there is no record ${index} among ${this.length}`)
    const start = this.start(index)
    return this.source(index).subarray(start, start + this.recordLength(index))
  }

  freeze(): void {
    this.check()
    while (this.frozen < this.length) this.freezePiece()
  }

  /** Freezes up to `bytes`; true when all is frozen. */
  freezeSome(bytes: number): boolean {
    this.check()
    for (let done = 0; done < bytes && this.frozen < this.length; ) done += this.freezePiece()
    return this.frozen === this.length
  }

  private freezePiece(): number {
    this.endPiece()
    let size = 0
    let end = this.frozen
    for (; end < this.length && size < pieceBytes; end++) {
      const length = this.recordLength(end)
      size += 1 + varintBytes(length) + length
    }
    const piece = new Uint8Array(size)
    let at = 0
    for (let index = this.frozen; index < end; index++) {
      const next = this.copy(index, this.tag, piece, at)
      const { sources, starts, lengths } = this.segments[index >>> segmentShift]!
      sources[index & segmentMask] = piece
      starts[index & segmentMask] = next - lengths[index & segmentMask]!
      at = next
    }
    this.frozen = end
    this.frozenPieces.push(piece)
    return size
  }

  pieces(): readonly Uint8Array[] {
    this.freeze()
    this.endPiece()
    return this.frozenPieces
  }

  release(): void {
    this.endPiece()
    for (const piece of this.frozenPieces) recyclePiece(piece)
  }

  *[Symbol.iterator](): Generator<KeyValue, void> {
    for (let index = 0; index < this.length; index++) {
      this.check()
      const start = this.start(index)
      yield decodeRecord(this.source(index), start, start + this.recordLength(index))
    }
  }
}

/** Writes tag, length and record; returns the place behind it. */
function copyFramed(
  source: Uint8Array,
  start: number,
  length: number,
  tag: number,
  target: Uint8Array,
  at: number,
): number {
  target[at] = tag
  const next = length < 0x80 ? at + 2 : writeVarint(target, at + 1, length)
  if (length < 0x80) target[at + 1] = length
  target.set(source.subarray(start, start + length), next)
  return next + length
}

/** The list of a single key's read: no arrays. */
export class OneRecord implements KeyValueList {
  readonly length: number
  readonly byteLength: number
  private readonly stamp: Stamp
  private readonly seen: number
  private source: Uint8Array
  private start: number
  private readonly size: number
  private piece: Uint8Array | undefined

  /** Without a record the list is empty. */
  constructor(stamp: Stamp, source: Uint8Array | undefined, start: number, size: number) {
    this.stamp = stamp
    this.seen = stamp.value
    this.source = source ?? noBytes
    this.start = start
    this.size = size
    this.length = source === undefined ? 0 : 1
    this.byteLength = source === undefined ? 0 : 1 + varintBytes(size) + size
  }

  private check(): void {
    if (this.seen !== this.stamp.value && this.piece === undefined && this.length > 0) throw stale()
  }

  writeTo(target: Uint8Array, options: { readonly at: number; readonly field: number }): number {
    this.check()
    if (this.length === 0) return options.at
    target[options.at] = (options.field << 3) | 2
    const at = writeVarint(target, options.at + 1, this.size)
    target.set(this.source.subarray(this.start, this.start + this.size), at)
    return at + this.size
  }

  record(index: number): Uint8Array {
    this.check()
    if (index >= this.length) throw new RangeError(`there is no record ${index} among ${this.length}`)
    return this.source.subarray(this.start, this.start + this.size)
  }

  freeze(): void {
    if (this.piece !== undefined || this.length === 0) return
    const piece = cutBytes(this.byteLength)
    this.writeTo(piece, { at: 0, field: kvsTag >>> 3 })
    this.source = this.piece = piece
    this.start = this.byteLength - this.size
  }

  pieces(): readonly Uint8Array[] {
    this.freeze()
    return this.piece === undefined ? [] : [this.piece]
  }

  release(): void {}

  *[Symbol.iterator](): Generator<KeyValue, void> {
    this.check()
    if (this.length > 0) yield decodeRecord(this.source, this.start, this.start + this.size)
  }
}

function stale(): MvccError {
  return new MvccError('MISUSE', 'a range result was used after the store changed; freeze it before')
}
