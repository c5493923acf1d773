import type { File } from '@kvs/vfs'
import { readChunkBytes } from './limits.ts'

/** A file and its length. */
interface ZeroSource {
  readonly file: File
  readonly sizeBytes: number
}

export function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false
  return true
}

/** Offset just after the last byte of the file that is not zero, not before `from`. */
export async function findNonZeroEnd(source: ZeroSource, from: number): Promise<number> {
  const chunk = new Uint8Array(Math.min(readChunkBytes, source.sizeBytes - from))
  let end = from
  for (let offset = from; offset < source.sizeBytes; ) {
    const wanted = Math.min(chunk.length, source.sizeBytes - offset)
    const count = await source.file.read(chunk.subarray(0, wanted), offset)
    if (count === 0) break
    const last = lastNonZero(chunk, count)
    if (last >= 0) end = offset + last + 1
    offset += count
  }
  return end
}

/** Position of the last byte of `bytes[0, count)` that is not zero, or -1. */
function lastNonZero(bytes: Uint8Array, count: number): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, count >>> 2)
  let at = count
  while (at > words.length * 4 && bytes[at - 1] === 0) at--
  if (at > words.length * 4) return at - 1
  let word = words.length
  while (word > 0 && words[word - 1] === 0) word--
  at = word * 4
  while (at > 0 && bytes[at - 1] === 0) at--
  return at - 1
}
