/**
 * The backend's own record, in every transaction, under the key of one zero byte (bucket 0, empty key):
 *
 *   8 bytes "kvsstate" · format u32 (1) · bucket count u32 · consistent index u64 · term u64 · high-water pages u64
 *   per bucket: id u8 · 7 zeros · record count u64 · sum u64
 *
 * then the checksum every value has. Little-endian. `sum` is the sum of the checksums of the bucket's records modulo
 * 2^48: it does not depend on their order, and a lost, foreign or outdated record changes it. Page = page of LMDB.
 */

import { updateCrc32c } from '../crc32c.ts'
import { BackendError } from '../errors.ts'
import { checksumBytes, keyChecksum, writeChecksum } from './checksum.ts'

/** Counts and sums of all buckets by id, and where the log stood. */
export interface MetaRecord {
  readonly index: number
  readonly term: number
  readonly highWaterPages: number
  readonly counts: Float64Array
  readonly sums: Float64Array
}

export const sumModulus: number = 2 ** 48

const magic = new TextEncoder().encode('kvsstate')
const format = 1
const headBytes = 40
const bucketBytes = 24

export function encodeMetaRecord(record: MetaRecord): Uint8Array {
  const ids: number[] = []
  for (let id = 1; id < 256; id++) if (record.counts[id] !== 0) ids.push(id)
  const bytes = new Uint8Array(headBytes + ids.length * bucketBytes)
  const view = new DataView(bytes.buffer)
  bytes.set(magic)
  view.setUint32(8, format, true)
  view.setUint32(12, ids.length, true)
  view.setBigUint64(16, BigInt(record.index), true)
  view.setBigUint64(24, BigInt(record.term), true)
  view.setBigUint64(32, BigInt(record.highWaterPages), true)
  for (const [place, id] of ids.entries()) {
    const at = headBytes + place * bucketBytes
    bytes[at] = id
    view.setBigUint64(at + 8, BigInt(record.counts[id]!), true)
    view.setBigUint64(at + 16, BigInt(record.sums[id]!), true)
  }
  return bytes
}

/** `CORRUPT` names `file`. */
export function decodeMetaRecord(bytes: Uint8Array, file: string): MetaRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < headBytes || !magic.every((byte, at) => bytes[at] === byte)) {
    throw new BackendError('CORRUPT', 'an LMDB file without the record that makes it a state', { file })
  }
  const found = view.getUint32(8, true)
  if (found !== format) {
    throw new BackendError('UNSUPPORTED', `format ${found} of the state file; this reads format ${format}`, { file })
  }
  const count = view.getUint32(12, true)
  if (bytes.length !== headBytes + count * bucketBytes) {
    throw new BackendError('CORRUPT', `a record of the state's sums of ${bytes.length} bytes`, { file })
  }
  const counts = new Float64Array(256)
  const sums = new Float64Array(256)
  for (let place = 0; place < count; place++) {
    const at = headBytes + place * bucketBytes
    counts[bytes[at]!] = readNumber(view, at + 8, file)
    sums[bytes[at]!] = readNumber(view, at + 16, file)
  }
  return {
    index: readNumber(view, 16, file),
    term: readNumber(view, 24, file),
    highWaterPages: readNumber(view, 32, file),
    counts,
    sums,
  }
}

function readNumber(view: DataView, at: number, file: string): number {
  const value = Number(view.getBigUint64(at, true))
  if (!Number.isSafeInteger(value))
    throw new BackendError('CORRUPT', `the number ${value} in the state's sums`, { file })
  return value
}

/** As it is stored: with the checksum of the backend's own key. */
export function encodeStoredMeta(record: MetaRecord): Uint8Array {
  const bytes = encodeMetaRecord(record)
  const stored = new Uint8Array(bytes.length + checksumBytes)
  stored.set(bytes)
  const own = keyChecksum(0, new Uint8Array(0))
  writeChecksum(stored, bytes.length, updateCrc32c(own, bytes, 0, bytes.length))
  return stored
}

/** What a new file says. */
export function decodedOrEmpty(record: MetaRecord | undefined): MetaRecord {
  return record ?? { index: 0, term: 0, highWaterPages: 0, counts: new Float64Array(256), sums: new Float64Array(256) }
}
