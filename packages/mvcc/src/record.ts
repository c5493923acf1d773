/**
 * The stored record: an encoded mvccpb.KeyValue. A hot room.
 *
 * key=1 bytes, create_revision=2, mod_revision=3, version=4 varints, value=5 bytes, lease=6 int64 varint; empty and
 * zero fields are not written. A tombstone's record has only field 1. We write the fields in this order; a reader
 * takes any order, the last of a repeated field, and skips what it does not know.
 */

import { assert } from './assert.ts'
import { cutBytes, noBytes } from './bytes.ts'
import type { KeyValue } from './contract.ts'
import { MvccError } from './errors.ts'

const two32 = 2 ** 32
const two64 = 2n ** 64n
const safe = Number.MAX_SAFE_INTEGER

export function varintBytes(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x200000) return 3
  if (value < 0x10000000) return 4
  let bytes = 4
  for (let rest = Math.floor(value / 0x10000000); rest > 0; rest = Math.floor(rest / 0x80)) bytes++
  return bytes
}

export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value
  let next = at
  while (rest >= two32) {
    target[next++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  while (rest >= 0x80) {
    target[next++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target[next++] = rest
  return next
}

function leaseBytes(lease: bigint): number {
  if (lease < 0n) return 10
  let bytes = 1
  for (let rest = lease >> 7n; rest > 0n; rest >>= 7n) bytes++
  return bytes
}

function writeLease(target: Uint8Array, at: number, lease: bigint): number {
  let rest = lease < 0n ? lease + two64 : lease
  let next = at
  while (rest >= 0x80n) {
    target[next++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  target[next++] = Number(rest)
  return next
}

/** What `encodeRecord` joins; bytes are slices `[start, end)`. */
export interface RecordParts {
  key: Uint8Array
  keyStart: number
  keyEnd: number
  createRevision: number
  modRevision: number
  version: number
  value: Uint8Array
  valueStart: number
  valueEnd: number
  lease: bigint
}

export function encodeRecord(parts: RecordParts): Uint8Array {
  const { key, keyStart, keyEnd, value, valueStart, valueEnd, createRevision, modRevision, version, lease } = parts
  const keyLength = keyEnd - keyStart
  const valueLength = valueEnd - valueStart
  let size = 0
  if (keyLength > 0) size += 1 + varintBytes(keyLength) + keyLength
  if (createRevision > 0) size += 1 + varintBytes(createRevision)
  if (modRevision > 0) size += 1 + varintBytes(modRevision)
  if (version > 0) size += 1 + varintBytes(version)
  if (valueLength > 0) size += 1 + varintBytes(valueLength) + valueLength
  if (lease !== 0n) size += 1 + leaseBytes(lease)
  const record = cutBytes(size)
  let at = 0
  if (keyLength > 0) at = writeBytes(record, 0, 0x0a, key, keyStart, keyEnd)
  if (createRevision > 0) at = writeField(record, at, 0x10, createRevision)
  if (modRevision > 0) at = writeField(record, at, 0x18, modRevision)
  if (version > 0) at = writeField(record, at, 0x20, version)
  if (valueLength > 0) at = writeBytes(record, at, 0x2a, value, valueStart, valueEnd)
  if (lease !== 0n) {
    record[at++] = 0x30
    at = writeLease(record, at, lease)
  }
  assert(at === size, 'a record has the size that was computed')
  return record
}

function writeField(target: Uint8Array, at: number, tag: number, value: number): number {
  target[at] = tag
  return writeVarint(target, at + 1, value)
}

function writeBytes(
  target: Uint8Array,
  at: number,
  tag: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  target[at] = tag
  const next = writeVarint(target, at + 1, end - start)
  target.set(start === 0 && end === source.length ? source : source.subarray(start, end), next)
  return next + end - start
}

export function encodeTombstone(key: Uint8Array): Uint8Array {
  const record = cutBytes(1 + varintBytes(key.length) + key.length)
  writeBytes(record, 0, 0x0a, key, 0, key.length)
  return record
}

/**
 * Reads one record field by field without making objects. Offsets are positions in `bytes`; the view is reused, so
 * what is needed later must be taken out before the next `read`.
 */
export class RecordView {
  bytes: Uint8Array = noBytes
  keyStart = 0
  keyEnd = 0
  createRevision = 0
  modRevision = 0
  version = 0
  valueStart = 0
  valueEnd = 0
  /** Position of the lease's varint, 0 if there is none. */
  leaseAt = 0

  private at = 0
  private end = 0

  /** Throws `CORRUPT_STATE` if the bytes are no KeyValue. */
  read(bytes: Uint8Array, start: number, end: number): this {
    this.bytes = bytes
    this.at = start
    this.end = end
    this.keyStart = this.keyEnd = this.valueStart = this.valueEnd = start
    this.createRevision = this.modRevision = this.version = this.leaseAt = 0
    while (this.at < end) this.field(this.varint())
    if (this.at !== end) throw this.corrupt('ends within a field')
    return this
  }

  get lease(): bigint {
    if (this.leaseAt === 0) return 0n
    let value = 0n
    let shift = 0n
    for (let at = this.leaseAt; ; at++) {
      const byte = this.bytes[at]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, value)
      shift += 7n
    }
  }

  private field(tag: number): void {
    if (tag === 0x0a) {
      this.keyEnd = this.length()
      this.keyStart = this.at
      this.at = this.keyEnd
    } else if (tag === 0x10) this.createRevision = this.varint()
    else if (tag === 0x18) this.modRevision = this.varint()
    else if (tag === 0x20) this.version = this.varint()
    else if (tag === 0x2a) {
      this.valueEnd = this.length()
      this.valueStart = this.at
      this.at = this.valueEnd
    } else if (tag === 0x30) {
      this.leaseAt = this.at
      this.skipVarint()
    } else this.skip(tag)
  }

  /** End position of the bytes that follow. */
  private length(): number {
    const end = this.varint()
    const stop = this.at + end
    if (stop > this.end) throw this.corrupt('ends within a field')
    return stop
  }

  private varint(): number {
    const { bytes, end } = this
    let byte = this.at < end ? bytes[this.at++]! : this.truncated()
    if (byte < 0x80) return byte
    let value = byte & 0x7f
    for (let scale = 0x80; ; scale *= 0x80) {
      byte = this.at < end ? bytes[this.at++]! : this.truncated()
      value += (byte & 0x7f) * scale
      if (value > safe) throw this.corrupt('has a number above 2^53 - 1')
      if (byte < 0x80) return value
    }
  }

  private skipVarint(): void {
    for (let count = 0; count < 10; count++) {
      if ((this.at < this.end ? this.bytes[this.at++]! : this.truncated()) < 0x80) return
    }
    throw this.corrupt('has a number of more than 10 bytes')
  }

  private skip(tag: number): void {
    const wire = tag & 7
    if (tag < 8) throw this.corrupt('has a field 0')
    if (wire === 0) this.skipVarint()
    else if (wire === 1) this.at += 8
    else if (wire === 2) this.at = this.length()
    else if (wire === 5) this.at += 4
    else throw this.corrupt(`has a field of unknown wire type ${wire}`)
  }

  private truncated(): never {
    throw this.corrupt('ends within a field')
  }

  private corrupt(what: string): MvccError {
    return new MvccError('CORRUPT_STATE', `a stored key-value ${what}`)
  }
}

const decoder = new RecordView()

/** The key-value in `bytes[start, end)`; its key and value are copies. Throws `CORRUPT_STATE`. */
export function decodeRecord(bytes: Uint8Array, start: number = 0, end: number = bytes.length): KeyValue {
  const view = decoder.read(bytes, start, end)
  return {
    key: bytes.slice(view.keyStart, view.keyEnd),
    createRevision: view.createRevision,
    modRevision: view.modRevision,
    version: view.version,
    value: bytes.slice(view.valueStart, view.valueEnd),
    lease: view.lease,
  }
}
