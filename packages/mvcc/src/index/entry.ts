/**
 * The layout of one key in the index's arena: its newest revision, where its record and its older revisions are, and
 * the key itself, next to each other, so that a lookup touches one or two cache lines.
 */

import { chunkMask, chunkShift, type WordArena } from './arena.ts'

/** Words of an entry. Numbers of up to 53 bits take two words, the low one first. */
export const modLow = 1
/** High word of the mod revision; its top bit says that the newest revision is a tombstone. */
export const modHigh = 2
export const modSub = 3
export const createLow = 4
export const createHigh = 5
export const versionLow = 6
export const versionHigh = 7
/** Slab handle of a record, 0 if it is not in memory. */
export const recordAt = 8
/** Newest block of older revisions, 0 if there are none. */
export const olderAt = 9
export const keyLength = 10
const keyWord = 11
export const keyByte: number = keyWord * 4

export const tombstoneBit = 0x80000000
export const highMask = 0x1fffff

/** Flags in word 0: the newest record has a lease. */
export const leasedFlag = 0x01000000
/** The record in the slab is not the newest (a tombstone has none) but the one before it. */
export const previousFlag = 0x02000000

const two32 = 2 ** 32

/** An item with nothing but a key: a new entry, or a separator of the tree. */
export function allocateKey(arena: WordArena, key: Uint8Array, start: number, end: number): number {
  const length = end - start
  const handle = arena.allocate(keyWord + ((length + 3) >>> 2))
  const chunk = handle >>> chunkShift
  const words = arena.words[chunk]!
  const at = handle & chunkMask
  words.fill(0, at + 1, at + keyLength)
  words[at + keyLength] = length
  arena.bytes[chunk]!.set(start === 0 && end === key.length ? key : key.subarray(start, end), at * 4 + keyByte)
  return handle
}

/** A view of the key, valid until the entry is removed. */
export function entryKey(arena: WordArena, handle: number): Uint8Array {
  const chunk = handle >>> chunkShift
  const at = handle & chunkMask
  const start = at * 4 + keyByte
  return arena.bytes[chunk]!.subarray(start, start + arena.words[chunk]![at + keyLength]!)
}

export function joinNumber(low: number, high: number): number {
  return (high & highMask) * two32 + low
}

export function highOf(value: number): number {
  return value < two32 ? 0 : Math.floor(value / two32)
}
