import type { KeyValueList, RangeResult } from '@kvs/mvcc'
import type { Writer } from '@kvs/proto'
import type { DeleteOutcome, OpOutcome, PutOutcome, TxnOutcome } from '../apply/outcome.ts'
import * as limits from '../limits.ts'
import { sizeVarint, writeVarint } from '../requests/wire.ts'
import { scratchOf } from './answer.ts'
import type { HeaderWriter } from './header.ts'

/**
 * Answers of the KV service as bytes. Stored records are encoded KeyValues: they are copied, never decoded. The answers
 * to puts and ranges are written by hand into a scratch buffer, the others with the writer of the generic codec.
 */

/** Where an answer lies in the scratch buffer. */
export interface Encoded {
  bytes: Uint8Array
  end: number
}
const encoded: Encoded = { bytes: new Uint8Array(0), end: 0 }

/** What heads an answer. */
export interface Head {
  readonly header: HeaderWriter
  readonly term: number
}

/** `PutResponse`. The result is valid until the next encoding. */
export function encodePut({ header, term }: Head, outcome: PutOutcome): Encoded {
  const previous = outcome.previous
  const size = header.size(outcome.revision, term) + (previous === undefined ? 0 : previous.length + 6)
  const bytes = scratchOf(size)
  let at = header.write(bytes, 0, outcome.revision, term)
  if (previous !== undefined) at = writeRecord(bytes, at, 0x12, previous)
  encoded.bytes = bytes
  encoded.end = at
  return encoded
}

/** `RangeResponse`. `revision` is the store's current one, which is what the header shows. */
export function encodeRange({ header, term }: Head, revision: number, result: RangeResult): Encoded {
  const bytes = scratchOf(header.size(revision, term) + result.kvs.byteLength + tailBytesMax)
  let at = header.write(bytes, 0, revision, term)
  if (result.kvs.length > 0) at = result.kvs.writeTo(bytes, { at, field: 2 })
  encoded.bytes = bytes
  encoded.end = writeTail(bytes, at, result)
  return encoded
}

/** The same in pieces, for long answers: the key-values are not copied again. */
export function rangePieces({ header, term }: Head, revision: number, result: RangeResult): readonly Uint8Array[] {
  const head = new Uint8Array(header.size(revision, term))
  header.write(head, 0, revision, term)
  const tail = new Uint8Array(tailBytesMax)
  return [head, ...result.kvs.pieces(), tail.subarray(0, writeTail(tail, 0, result))]
}

/** `more` and `count`, with their tags. */
const tailBytesMax = 2 + 1 + 10

function writeTail(target: Uint8Array, position: number, { more, count }: RangeResult): number {
  let at = position
  if (more) {
    target[at++] = 0x18
    target[at++] = 1
  }
  if (count === 0) return at
  target[at++] = 0x20
  return writeVarint(target, at, count)
}

/** What only the last message of a RangeStream carries. */
export interface RangeEnd {
  /** The store's current one. */
  readonly revision: number
  readonly count: number
  readonly more: boolean
}

/** `RangeStreamResponse`: one chunk of a Range, its field 1. */
export function encodeRangeChunk({ header, term }: Head, lists: readonly KeyValueList[], last?: RangeEnd): Encoded {
  let size = last === undefined ? 0 : header.size(last.revision, term)
  for (const list of lists) size += list.byteLength
  if (last?.more === true) size += 2
  if (last !== undefined && last.count !== 0) size += 1 + sizeVarint(last.count)
  const bytes = scratchOf(1 + sizeVarint(size) + size)
  bytes[0] = 0x0a
  let at = writeVarint(bytes, 1, size)
  if (last !== undefined) at = header.write(bytes, at, last.revision, term)
  for (const list of lists) at = list.writeTo(bytes, { at, field: 2 })
  if (last?.more === true) {
    bytes[at++] = 0x18
    bytes[at++] = 1
  }
  if (last !== undefined && last.count !== 0) {
    bytes[at++] = 0x20
    at = writeVarint(bytes, at, last.count)
  }
  encoded.bytes = bytes
  encoded.end = at
  return encoded
}

function writeRecord(target: Uint8Array, position: number, tag: number, record: Uint8Array): number {
  target[position] = tag
  const at = writeVarint(target, position + 1, record.length)
  target.set(record, at)
  return at + record.length
}

/** A header with a revision only, as the answers inside a transaction have it. */
function writeInnerHeader(writer: Writer, revision: number): void {
  writer.uint32(0x0a).fork().uint32(0x18)
  writer.uint64(revision).ldelim()
}

function writeRecords(writer: Writer, tag: number, records: KeyValueList): void {
  for (let i = 0; i < records.length; i++) writer.uint32(tag).bytes(records.record(i))
}

/** The fields of `DeleteRangeResponse` behind its header. */
export function writeDelete(writer: Writer, outcome: Pick<DeleteOutcome, 'deleted' | 'previous'>): void {
  writeDeleted(writer, outcome.deleted)
  writeRecords(writer, 0x1a, outcome.previous)
}

/** The same in pieces, for long answers. */
export function deletePieces(writer: Writer, outcome: Pick<DeleteOutcome, 'deleted' | 'previous'>): Uint8Array[] {
  const { deleted, previous } = outcome
  return [written(writer, () => writeDeleted(writer, deleted)), ...previous.pieces()]
}

function writeDeleted(writer: Writer, deleted: number): void {
  if (deleted !== 0) writer.uint32(0x10).uint64(deleted)
}

/** What `write` writes, in an array of its own. */
function written(writer: Writer, write: () => void): Uint8Array {
  writer.pos = 0
  write()
  return writer.buf.slice(0, writer.pos)
}

/** The fields of `TxnResponse` behind its header. */
export function writeTxn(writer: Writer, outcome: Pick<TxnOutcome, 'succeeded' | 'ops'>): void {
  if (outcome.succeeded) writer.uint32(0x10).bool(true)
  for (const op of outcome.ops) {
    writer.uint32(0x1a).fork()
    writeOp(writer, op)
    writer.ldelim()
  }
}

/** Bytes of the key-values in these answers, those of puts left out. */
export function pairBytesOf(ops: readonly OpOutcome[]): number {
  return ops.reduce((sum, op) => sum + pairBytes(op), 0)
}

function pairBytes(op: OpOutcome): number {
  if (op.kind === 'range') return op.result.kvs.byteLength
  if (op.kind === 'delete') return op.previous.byteLength
  return op.kind === 'txn' ? pairBytesOf(op.ops) : 0
}

/** What `writeTxn` writes, in pieces, for long answers. */
export function txnPieces(writer: Writer, outcome: Pick<TxnOutcome, 'succeeded' | 'ops'>): Uint8Array[] {
  const { succeeded, ops } = outcome
  const pieces = ops.flatMap(op => framed(writer, 0x1a, opPieces(writer, op)))
  return succeeded ? [Uint8Array.of(0x10, 1), ...pieces] : pieces
}

function opPieces(writer: Writer, op: OpOutcome): Uint8Array[] {
  if (pairBytes(op) <= limits.answerBytesAtOnce) return [written(writer, () => writeOp(writer, op))]
  if (op.kind === 'range') {
    const { kvs } = op.result
    const tail = new Uint8Array(tailBytesMax)
    const head = written(writer, () => writeInnerHeader(writer, op.revision))
    return framed(writer, 0x0a, [head, ...kvs.pieces(), tail.subarray(0, writeTail(tail, 0, op.result))])
  }
  if (op.kind === 'delete') {
    const head = written(writer, () => writeInnerHeader(writer, op.revision))
    return framed(writer, 0x1a, [head, ...deletePieces(writer, op)])
  }
  return op.kind === 'txn' ? framed(writer, 0x22, [Uint8Array.of(0x0a, 0), ...txnPieces(writer, op)]) : []
}

/** The pieces as one field. */
function framed(writer: Writer, tag: number, pieces: readonly Uint8Array[]): Uint8Array[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return [written(writer, () => writer.uint32(tag).uint32(length)), ...pieces]
}

/** One `ResponseOp`. */
function writeOp(writer: Writer, op: OpOutcome): void {
  switch (op.kind) {
    case 'range':
      writer.uint32(0x0a).fork()
      writeInnerHeader(writer, op.revision)
      writeRecords(writer, 0x12, op.result.kvs)
      if (op.result.more) writer.uint32(0x18).bool(true)
      if (op.result.count !== 0) writer.uint32(0x20).uint64(op.result.count)
      break
    case 'put':
      writer.uint32(0x12).fork()
      writeInnerHeader(writer, op.revision)
      if (op.previous !== undefined) writer.uint32(0x12).bytes(op.previous)
      break
    case 'delete':
      writer.uint32(0x1a).fork()
      writeInnerHeader(writer, op.revision)
      writeDelete(writer, op)
      break
    case 'txn':
      // The answer of a nested transaction has an empty header, not none.
      writer.uint32(0x22).fork().uint32(0x0a).uint32(0)
      writeTxn(writer, op)
      break
  }
  writer.ldelim()
}
