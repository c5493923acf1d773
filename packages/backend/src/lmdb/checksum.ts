/**
 * The checksum of a record: CRC-32C of bucket id, key and value. The stored value carries it as four bytes, little-endian,
 * at its end. The part over bucket id and key is the key's hash in the pending buffer.
 */

import { updateCrc32c } from '../crc32c.ts'

export const checksumBytes = 4

const bucketChecksums: Uint32Array = new Uint32Array(256).map((_, id) => updateCrc32c(0, Uint8Array.of(id), 0, 1))

export function keyChecksum(bucketId: number, key: Uint8Array): number {
  return updateCrc32c(bucketChecksums[bucketId]!, key, 0, key.length)
}

/** The checksum at the end of the first `length` bytes, which are at least four; with fewer it is of no use. */
export function storedChecksum(stored: Uint8Array, length: number): number {
  const at = length - checksumBytes
  return (stored[at]! | (stored[at + 1]! << 8) | (stored[at + 2]! << 16) | (stored[at + 3]! << 24)) >>> 0
}

export function writeChecksum(target: Uint8Array, at: number, checksum: number): void {
  target[at] = checksum
  target[at + 1] = checksum >>> 8
  target[at + 2] = checksum >>> 16
  target[at + 3] = checksum >>> 24
}

/** The record's checksum, or -1 if `stored` does not carry it. */
export function verifiedChecksum(keyPart: number, stored: Uint8Array): number {
  if (stored.length < checksumBytes) return -1
  const checksum = updateCrc32c(keyPart, stored, 0, stored.length - checksumBytes)
  return checksum === storedChecksum(stored, stored.length) ? checksum : -1
}
