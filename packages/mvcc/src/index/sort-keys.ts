/**
 * Sorts entries by key, in slices: by four bytes at a time behind the common prefix, equal groups again by the next
 * four. A key is read from memory once per round instead of once per comparison. A hot room.
 */

import { compareBytes } from '../bytes.ts'
import { chunkMask, chunkShift, type WordArena } from './arena.ts'
import { entryKey, keyByte, keyLength } from './entry.ts'

/** Groups up to this size are sorted by whole keys. */
const smallGroup = 12
/** Numbers sorted natively in one call: some 2 ms. */
const runKeys = 8192
/** Keys that are looked at in one slice for groups of equal rank. */
const groupedKeys = 65_536
/** A number to sort is (four bytes + whether the key goes on, in 35 bits) · 2^18 + place in the run. */
const placeScale = 2 ** 18

/** Sorts `handles` in place; yields the count of keys that lie where they belong. */
export function* sortKeys(arena: WordArena, handles: Uint32Array, sliceKeys: number): Generator<number, void> {
  const groups: number[] = [0, handles.length, 0]
  const scratch = new Uint32Array(handles.length)
  let done = 0
  let worked = 0
  while (groups.length > 0) {
    const depth = groups.pop()!
    const end = groups.pop()!
    const start = groups.pop()!
    worked += end - start
    if (end - start <= smallGroup) {
      sortSmall(arena, handles, start, end)
      done += end - start
    } else {
      const prefix = yield* commonPrefix(arena, handles, start, end, depth, sliceKeys)
      const marks = yield* sortGroup(arena, handles, scratch, start, end, prefix)
      done += yield* pushGroups(groups, marks, { start, end, depth: prefix })
    }
    if (worked >= sliceKeys) {
      worked = 0
      yield done
    }
  }
}

function sortSmall(arena: WordArena, handles: Uint32Array, start: number, end: number): void {
  for (let at = start + 1; at < end; at++) {
    const handle = handles[at]!
    const key = entryKey(arena, handle)
    let to = at
    while (to > start && compareBytes(entryKey(arena, handles[to - 1]!), key) > 0) {
      handles[to] = handles[to - 1]!
      to--
    }
    handles[to] = handle
  }
}

/** Bytes that all keys of the group share; they share at least `depth`. */
function* commonPrefix(
  arena: WordArena,
  handles: Uint32Array,
  start: number,
  end: number,
  depth: number,
  sliceKeys: number,
): Generator<number, number> {
  const first = entryKey(arena, handles[start]!)
  let shared = first.length
  for (let at = start + 1; at < end && shared > depth; at++) {
    const handle = handles[at]!
    const chunk = handle >>> chunkShift
    const base = (handle & chunkMask) * 4 + keyByte
    const bytes = arena.bytes[chunk]!
    const length = Math.min(shared, arena.words[chunk]![(handle & chunkMask) + keyLength]!)
    let equal = depth
    while (equal < length && bytes[base + equal] === first[equal]) equal++
    shared = equal
    if ((at - start) % sliceKeys === 0) yield 0
  }
  return shared
}

/**
 * The five bytes at `depth` that order a key, as a number: four bytes (zero behind the end) and how many of them the
 * key has, 5 if it goes on behind them.
 */
function rank(arena: WordArena, handle: number, depth: number): number {
  const chunk = handle >>> chunkShift
  const at = handle & chunkMask
  const rest = arena.words[chunk]![at + keyLength]! - depth
  const bytes = arena.bytes[chunk]!
  const base = at * 4 + keyByte + depth
  let value = 0
  for (let offset = 0; offset < 4; offset++) value = value * 256 + (offset < rest ? bytes[base + offset]! : 0)
  return value * 8 + Math.min(rest, 5)
}

/** Sorts the group by the four bytes at `depth`; returns the ranks in the order of the group. */
function* sortGroup(
  arena: WordArena,
  handles: Uint32Array,
  scratch: Uint32Array,
  start: number,
  end: number,
  depth: number,
): Generator<number, Float64Array> {
  const ranks = new Float64Array(end - start)
  for (let from = start; from < end; from += runKeys) {
    const to = Math.min(from + runKeys, end)
    const numbers = new Float64Array(to - from)
    for (let at = from; at < to; at++) numbers[at - from] = rank(arena, handles[at]!, depth) * placeScale + (at - from)
    numbers.sort()
    scratch.set(handles.subarray(from, to), from)
    for (let at = 0; at < numbers.length; at++) {
      const place = numbers[at]! % placeScale
      handles[from + at] = scratch[from + place]!
      ranks[from - start + at] = (numbers[at]! - place) / placeScale
    }
    if (end - start > runKeys) yield 0
  }
  let width = runKeys
  for (; width < end - start; width *= 2) yield* mergePass(handles.subarray(start, end), ranks, scratch, width)
  return ranks
}

/** Merges sorted runs of `width` pairwise. */
function* mergePass(
  handles: Uint32Array,
  ranks: Float64Array,
  scratch: Uint32Array,
  width: number,
): Generator<number, void> {
  const rankScratch = new Float64Array(Math.min(width, ranks.length))
  for (let from = 0; from + width < ranks.length; from += width * 2) {
    const middle = from + width
    const end = Math.min(middle + width, ranks.length)
    // The left run is moved aside; what is written never overtakes what is read of the right one.
    scratch.set(handles.subarray(from, middle))
    rankScratch.set(ranks.subarray(from, middle))
    let left = 0
    let right = middle
    for (let to = from; left < width; to++) {
      if (right < end && ranks[right]! < rankScratch[left]!) {
        handles[to] = handles[right]!
        ranks[to] = ranks[right++]!
      } else {
        handles[to] = scratch[left]!
        ranks[to] = rankScratch[left++]!
      }
      if (to % runKeys === 0) yield 0
    }
  }
}

/** Pushes the groups of equal rank that need another round; returns how many keys are done. */
function* pushGroups(
  groups: number[],
  ranks: Float64Array,
  { start, end, depth }: { readonly start: number; readonly end: number; readonly depth: number },
): Generator<number, number> {
  let done = 0
  let dueAt = start + groupedKeys
  for (let from = start; from < end; ) {
    if (from >= dueAt) {
      dueAt += groupedKeys
      yield 0
    }
    const value = ranks[from - start]!
    let to = from + 1
    while (to < end && ranks[to - start] === value) to++
    // Keys are distinct: only those that go on behind the four bytes can be several.
    if (to - from > 1) groups.push(from, to, depth + 4)
    else done++
    from = to
  }
  return done
}
