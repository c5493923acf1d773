/**
 * A memory state as a file, for `copyTo` and for opening what a copy left:
 *
 *   8 bytes "kvsmemst" · index u64 · term u64 · record count u32 · records · CRC-32C u32 of all before it
 *   record: bucket id u8 · key length u16 · value length u32 · key · value
 *
 * All numbers little-endian; records by bucket id, then in key order.
 */

import type { ConsistentPoint } from '../backend.ts'
import { updateCrc32c } from '../crc32c.ts'
import { BackendError } from '../errors.ts'
import { type Tree, treeNodes, treePut } from './tree.ts'
import { emptyVersion, type MemoryVersion, recordOverheadBytes } from './version.ts'

const magic: Uint8Array = new TextEncoder().encode('kvsmemst')
const headBytes = magic.length + 20
const recordHeadBytes = 7

export function encodeImage(version: MemoryVersion): Uint8Array {
  let size = headBytes + 4
  let count = 0
  for (const tree of version.trees) {
    for (const { key, value } of treeNodes(tree, undefined, undefined)) {
      size += recordHeadBytes + key.length + value.length
      count++
    }
  }
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  bytes.set(magic)
  view.setBigUint64(8, BigInt(version.point.index), true)
  view.setBigUint64(16, BigInt(version.point.term), true)
  view.setUint32(24, count, true)
  let at = headBytes
  for (const [id, tree] of version.trees.entries()) {
    for (const { key, value } of treeNodes(tree, undefined, undefined)) {
      view.setUint8(at, id)
      view.setUint16(at + 1, key.length, true)
      view.setUint32(at + 3, value.length, true)
      bytes.set(key, at + recordHeadBytes)
      bytes.set(value, at + recordHeadBytes + key.length)
      at += recordHeadBytes + key.length + value.length
    }
  }
  view.setUint32(at, updateCrc32c(0, bytes, 0, at), true)
  return bytes
}

export function isImage(bytes: Uint8Array): boolean {
  return magic.every((byte, at) => bytes[at] === byte)
}

/** The state in an image. `CORRUPT` names `file`. */
export function decodeImage(bytes: Uint8Array, file: string): MemoryVersion {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const end = bytes.length - 4
  if (end < headBytes || !isImage(bytes) || view.getUint32(end, true) !== updateCrc32c(0, bytes, 0, end)) {
    throw new BackendError('CORRUPT', 'a damaged copy of a state', { file })
  }
  const point: ConsistentPoint = {
    index: Number(view.getBigUint64(8, true)),
    term: Number(view.getBigUint64(16, true)),
  }
  const trees: Tree[] = emptyVersion.trees.slice()
  const edit = { version: 0 }
  let recordBytes = 0
  let at = headBytes
  for (let left = view.getUint32(24, true); left > 0; left--) {
    const id = view.getUint8(at)
    const keyEnd = at + recordHeadBytes + view.getUint16(at + 1, true)
    const valueEnd = keyEnd + view.getUint32(at + 3, true)
    trees[id] = treePut(edit, trees[id], bytes.slice(at + recordHeadBytes, keyEnd), bytes.slice(keyEnd, valueEnd))
    recordBytes += valueEnd - at - recordHeadBytes + recordOverheadBytes
    at = valueEnd
  }
  return { number: 0, trees, recordBytes, point }
}
