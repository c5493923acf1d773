import type { Reader, Writer } from 'protobufjs/minimal.js'
import { ProtoError } from './errors.ts'

/**
 * The only place where 64-bit integers of the wire become numbers or bigints, and back.
 *
 * Quantities (terms, indexes, revisions, counts) are safe integers, identities (node, member, cluster, lease and request
 * ids) are bigints. A quantity beyond ±(2^53 − 1) is clamped where a client sent it (sign kept) and an error where it
 * comes from a disk or a peer.
 */

const two32 = 0x1_0000_0000

/** Halves of the varint read last: a pair without an allocation. Valid until the next read. */
let low = 0
let high = 0

function readHalves(reader: Reader): void {
  const { buf, len } = reader
  let pos = reader.pos
  let lo = 0
  let hi = 0
  for (let shift = 0; shift < 70; shift += 7) {
    if (pos >= len) throw new ProtoError('MALFORMED', 'a varint ends beyond its message')
    const byte = buf[pos++] as number
    const bits = byte & 0x7f
    if (shift < 28) lo |= bits << shift
    else if (shift === 28) {
      lo |= bits << 28
      hi |= bits >> 4
    } else if (shift < 63) hi |= bits << (shift - 32)
    else hi |= (bits & 1) << 31
    if (byte < 0x80) {
      reader.pos = pos
      low = lo >>> 0
      high = hi >>> 0
      return
    }
  }
  throw new ProtoError('MALFORMED', 'a varint is longer than 10 bytes')
}

/** A signed quantity that a client sent: clamped to ±(2^53 − 1). */
export function readQuantity(reader: Reader): number {
  const first = reader.buf[reader.pos] as number
  if (first < 0x80 && reader.pos < reader.len) {
    reader.pos++
    return first
  }
  readHalves(reader)
  const value = (high | 0) * two32 + low
  if (value > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER
  if (value < Number.MIN_SAFE_INTEGER) return Number.MIN_SAFE_INTEGER
  return value
}

/** An unsigned quantity that a client sent: clamped to 2^53 − 1. */
export function readUnsignedQuantity(reader: Reader): number {
  readHalves(reader)
  return Math.min(high * two32 + low, Number.MAX_SAFE_INTEGER)
}

/** A signed quantity from a disk or a peer; `field` names it in the error. */
export function readExactQuantity(reader: Reader, field: string): number {
  const first = reader.buf[reader.pos] as number
  if (first < 0x80 && reader.pos < reader.len) {
    reader.pos++
    return first
  }
  readHalves(reader)
  const value = (high | 0) * two32 + low
  if (!Number.isSafeInteger(value)) throw outOfRange(field)
  return value
}

/** An unsigned quantity from a disk or a peer; `field` names it in the error. */
export function readExactUnsignedQuantity(reader: Reader, field: string): number {
  readHalves(reader)
  const value = high * two32 + low
  if (!Number.isSafeInteger(value)) throw outOfRange(field)
  return value
}

/** An id that the schema calls uint64. */
export function readUnsignedIdentity(reader: Reader): bigint {
  readHalves(reader)
  return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low)
}

/** An id that the schema calls int64 (leases). */
export function readIdentity(reader: Reader): bigint {
  readHalves(reader)
  return high === 0 ? BigInt(low) : (BigInt(high | 0) << 32n) | BigInt(low)
}

export function writeQuantity(writer: Writer, value: number): void {
  if (value >>> 0 === value) {
    writer.uint32(value)
    return
  }
  if (!Number.isSafeInteger(value)) throw new ProtoError('INTEGER_RANGE', `${value} is not a safe integer`)
  writer.int64(value)
}

export function writeIdentity(writer: Writer, value: bigint): void {
  if (value >= 0n && value < 0x1_0000_0000n) {
    writer.uint32(Number(value))
    return
  }
  if (value > 0xffff_ffff_ffff_ffffn || value < -0x8000_0000_0000_0000n) {
    throw new ProtoError('INTEGER_RANGE', `${value} does not fit into 64 bits`)
  }
  const bits = BigInt.asUintN(64, value)
  writer.uint64({ low: Number(bits & 0xffff_ffffn) | 0, high: Number(bits >> 32n) | 0, unsigned: true } as Parameters<
    Writer['uint64']
  >[0])
}

function outOfRange(field: string): ProtoError {
  return new ProtoError('INTEGER_RANGE', `${field} is beyond 2^53 - 1`)
}
