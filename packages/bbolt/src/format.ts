/**
 * Layout of a bbolt file. All integers are little-endian.
 *
 * The file is an array of pages; pages 0 and 1 are metas. A page begins with a header of 16 bytes: id u64 (its position),
 * flags u16, count u16, overflow u32 (further pages that belong to it; they have no header). The elements follow, 16 bytes
 * each, and then keys and values.
 * Leaf element: flags u32 (1 = the value is a bucket), pos u32, key size u32, value size u32. The key starts `pos` bytes
 * after the start of its element, the value right after the key.
 * Branch element: pos u32, key size u32, child page u64.
 * Bucket value: root page u64, sequence u64; root 0 means that a whole leaf page follows in the value (inline bucket).
 */

import type { BoltPlace } from './errors.ts'

export const headerBytes = 16
export const elementBytes = 16
export const bucketHeaderBytes = 16
export const metaBytes = 64

export const branchFlag = 0x01
export const leafFlag = 0x02
export const metaFlag = 0x04
export const freelistFlag = 0x10

/** Flag of a leaf element whose value is a bucket. */
export const bucketElementFlag = 1

/** In the count of a freelist page: the real count is the first u64 after the header. */
export const countOverflow = 0xffff

/** A page holds fewer elements than this, so that its count is never mistaken. */
export const elementsMax = 0xfffe

const magic = 0xed0cdaed
const version = 2
const noFreelist = 0xffff_ffff_ffff_ffffn

export interface Meta {
  readonly pageSize: number
  /** Page of the root bucket, which maps names to buckets. */
  readonly root: number
  /** `undefined`: not stored, every page that is not reachable is free. */
  readonly freelist: number | undefined
  /** First page that was never used: the file's length in pages. */
  readonly pageCount: number
  readonly txid: bigint
}

/** What the bytes of a meta are: a meta, or the first thing that is wrong with them, and the place of it. */
export type MetaReading =
  | { readonly meta: Meta }
  | { readonly flaw: 'magic' | 'version' | 'checksum'; readonly at: BoltPlace }

export interface PageHeader {
  readonly id: number
  readonly flags: number
  readonly count: number
  /** Pages that follow and belong to this one. */
  readonly overflow: number
}

function readU16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8)
}

export function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

/** Rounded beyond 2^53, where it is beyond every bound that it is compared with. */
export function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) + readU32(bytes, at + 4) * 4_294_967_296
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

export function writeU64(bytes: Uint8Array, at: number, value: number): void {
  writeU32(bytes, at, value >>> 0)
  writeU32(bytes, at + 4, Math.floor(value / 4_294_967_296))
}

export function readHeader(bytes: Uint8Array, at: number): PageHeader {
  return {
    id: readU64(bytes, at),
    flags: readU16(bytes, at + 8),
    count: readU16(bytes, at + 10),
    overflow: readU32(bytes, at + 12),
  }
}

export function writeHeader(bytes: Uint8Array, at: number, header: PageHeader): void {
  writeU64(bytes, at, header.id)
  bytes[at + 8] = header.flags
  bytes[at + 9] = header.flags >>> 8
  bytes[at + 10] = header.count
  bytes[at + 11] = header.count >>> 8
  writeU32(bytes, at + 12, header.overflow)
}

/** FNV-1a, 64 bits (Fowler, Noll, Vo). Only metas are hashed: 56 bytes. */
function fnv1a64(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash
}

/** Reads the 64 bytes of a meta. Only the bytes themselves are judged, not whether the pointers fit the file. */
export function readMeta(bytes: Uint8Array, at: BoltPlace): MetaReading {
  const view = new DataView(bytes.buffer, bytes.byteOffset, metaBytes)
  if (view.getUint32(0, true) !== magic) return { flaw: 'magic', at }
  if (view.getUint32(4, true) !== version) return { flaw: 'version', at }
  if (view.getBigUint64(56, true) !== fnv1a64(bytes.subarray(0, 56))) return { flaw: 'checksum', at }
  const freelist = view.getBigUint64(32, true)
  return {
    meta: {
      pageSize: view.getUint32(8, true),
      root: Number(view.getBigUint64(16, true)),
      freelist: freelist === noFreelist ? undefined : Number(freelist),
      pageCount: Number(view.getBigUint64(40, true)),
      txid: view.getBigUint64(48, true),
    },
  }
}

/** Writes a meta page, header included, at the start of `bytes`. */
export function writeMetaPage(bytes: Uint8Array, id: number, meta: Meta): void {
  writeHeader(bytes, 0, { id, flags: metaFlag, count: 0, overflow: 0 })
  const view = new DataView(bytes.buffer, bytes.byteOffset + headerBytes, metaBytes)
  view.setUint32(0, magic, true)
  view.setUint32(4, version, true)
  view.setUint32(8, meta.pageSize, true)
  view.setBigUint64(16, BigInt(meta.root), true)
  view.setBigUint64(32, meta.freelist === undefined ? noFreelist : BigInt(meta.freelist), true)
  view.setBigUint64(40, BigInt(meta.pageCount), true)
  view.setBigUint64(48, meta.txid, true)
  view.setBigUint64(56, fnv1a64(bytes.subarray(headerBytes, headerBytes + 56)), true)
}
