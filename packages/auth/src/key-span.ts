import { compareBytes } from './bytes.ts'

/**
 * What a request or a permission is about: one key, or the keys from `begin` up to `end` (exclusive; undefined: all
 * behind). Permissions are checked on this alone and never on a raw `range_end`, whose empty and `"\0"` forms have been
 * mixed up before (CVE-2026-73499).
 */
export type KeySpan =
  | { readonly kind: 'key'; readonly key: Uint8Array }
  | { readonly kind: 'range'; readonly begin: Uint8Array; readonly end: Uint8Array | undefined }

/**
 * Reads key and `range_end` as Range, DeleteRange, Compare and permissions mean them: an empty end is the single key,
 * `"\0"` is open. An end that is not behind the key makes an empty range.
 */
export function keySpanOf(key: Uint8Array, rangeEnd: Uint8Array): KeySpan {
  if (rangeEnd.length === 0) return { kind: 'key', key }
  return { kind: 'range', begin: key, end: isOpenEnd(rangeEnd) ? undefined : rangeEnd }
}

/** As `keySpanOf`; a watch takes the empty key for the first one. */
export function watchSpanOf(key: Uint8Array, rangeEnd: Uint8Array): KeySpan {
  return keySpanOf(key.length === 0 ? firstKey : key, rangeEnd)
}

const firstKey = Uint8Array.of(0)

/** `"\0"` as end of a range. */
export function isOpenEnd(rangeEnd: Uint8Array): boolean {
  return rangeEnd.length === 1 && rangeEnd[0] === 0
}

/** Order of ends: undefined is behind everything. */
export function compareEnds(a: Uint8Array | undefined, b: Uint8Array | undefined): number {
  if (a === undefined) return b === undefined ? 0 : 1
  return b === undefined ? -1 : compareBytes(a, b)
}

/** The smallest key behind `key`. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}
