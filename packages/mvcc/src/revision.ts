/**
 * Record keys of bucket `key`: main revision (8 bytes, big-endian), `_`, sub-revision (8 bytes, big-endian), and `t`
 * for a tombstone. Byte order is revision order.
 */

import { assert } from './assert.ts'
import { cutBytes } from './bytes.ts'
import { MvccError } from './errors.ts'

const revisionKeyBytes = 17
const tombstoneKeyBytes = 18

const separator = 0x5f
const tombstoneMark = 0x74
const two32 = 2 ** 32

export function encodeRevisionKey(main: number, sub: number, isTombstone: boolean): Uint8Array {
  assert(Number.isSafeInteger(main) && main >= 0, `main revision ${main} is no revision`)
  const key = cutBytes(isTombstone ? tombstoneKeyBytes : revisionKeyBytes)
  writeUint64(key, 0, main)
  key[8] = separator
  writeUint64(key, 9, sub)
  if (isTombstone) key[17] = tombstoneMark
  return key
}

function writeUint64(target: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / two32)
  const low = value >>> 0
  target[at] = high >>> 24
  target[at + 1] = high >>> 16
  target[at + 2] = high >>> 8
  target[at + 3] = high
  target[at + 4] = low >>> 24
  target[at + 5] = low >>> 16
  target[at + 6] = low >>> 8
  target[at + 7] = low
}

function readUint64(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  const low = ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0
  return high * two32 + low
}

/** Throws `CORRUPT_STATE` for anything that is not a record key. */
export function checkRevisionKey(key: Uint8Array): void {
  const fits =
    (key.length === revisionKeyBytes || (key.length === tombstoneKeyBytes && key[17] === tombstoneMark)) &&
    key[8] === separator &&
    Number.isSafeInteger(mainOf(key)) &&
    readUint64(key, 9) < two32
  if (!fits) throw new MvccError('CORRUPT_STATE', `bucket key holds a record under ${hex(key)}, which is no revision`)
}

export function mainOf(key: Uint8Array): number {
  return readUint64(key, 0)
}

export function subOf(key: Uint8Array): number {
  return readUint64(key, 9)
}

export function isTombstoneKey(key: Uint8Array): boolean {
  return key.length === tombstoneKeyBytes
}

/** A marker of bucket `meta`; throws `CORRUPT_STATE` for another form. */
export function decodeMarker(name: string, bytes: Uint8Array): number {
  if (bytes.length !== revisionKeyBytes || bytes[8] !== separator || !Number.isSafeInteger(mainOf(bytes))) {
    throw new MvccError('CORRUPT_STATE', `${name} is ${hex(bytes)}, which is no revision`)
  }
  return mainOf(bytes)
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}
