import { compareBytes } from './bytes.ts'
import { compareEnds, isOpenEnd, type KeySpan, keyAfter } from './key-span.ts'
import { isValidPermissionRange, type Permission } from './permission.ts'

interface Interval {
  readonly begin: Uint8Array
  end: Uint8Array | undefined
}

/**
 * Intervals of keys, disjoint and with gaps between them: what touches or overlaps was merged when the set was made. So
 * whatever is covered is covered by one of them, and a question is one binary search.
 *
 * The bounds lie in one array, begin and end of one interval after the other: of a thousand users with a hundred grants
 * each hardly anything is in the processor's caches, and every object on the way would be one more thing to wait for.
 * What all begins have in front (grants mostly share a path) is compared once.
 */
export class IntervalSet {
  readonly size: number
  readonly #bytes: Uint8Array
  /** Where bounds lie: begin of interval i from 2i, its end from 2i + 1, each up to the next. */
  readonly #offsets: Uint32Array
  /** The last interval has no end; what stands there is empty. */
  readonly #isOpen: boolean
  /** Bytes that all begins have in front. */
  readonly #sharedLength: number

  private constructor(intervals: readonly Interval[]) {
    const bounds = intervals.flatMap(({ begin, end }) => [begin, end ?? new Uint8Array(0)])
    this.size = intervals.length
    this.#offsets = new Uint32Array(bounds.length + 1)
    for (const [at, bound] of bounds.entries()) this.#offsets[at + 1] = this.#offsets[at]! + bound.length
    this.#bytes = new Uint8Array(this.#offsets[bounds.length]!)
    for (const [at, bound] of bounds.entries()) this.#bytes.set(bound, this.#offsets[at])
    this.#isOpen = intervals.length > 0 && intervals.at(-1)!.end === undefined
    // They are in order: what the first and the last share, all do.
    this.#sharedLength = intervals.length < 2 ? 0 : sharedLength(intervals[0]!.begin, intervals.at(-1)!.begin)
  }

  /** The union of the ranges of permissions, whatever their type. Ranges that are none cover nothing. */
  static of(permissions: readonly Permission[]): IntervalSet {
    const intervals = permissions.filter(({ key, rangeEnd }) => isValidPermissionRange(key, rangeEnd)).map(intervalOf)
    intervals.sort((a, b) => compareBytes(a.begin, b.begin))
    const merged: Interval[] = []
    for (const interval of intervals) {
      const last = merged.at(-1)
      if (last === undefined || compareEnds(last.end, interval.begin) < 0) merged.push(interval)
      else if (compareEnds(last.end, interval.end) < 0) last.end = interval.end
    }
    return new IntervalSet(merged)
  }

  hasKey(key: Uint8Array): boolean {
    const at = this.#lastNotBehind(key)
    return at >= 0 && (this.#isOpenAt(at) || this.#compareBound(2 * at + 1, key, 0) > 0)
  }

  /** Whether all keys of the span are covered, existing or not. An empty range counts as its first key. */
  covers(span: KeySpan): boolean {
    if (span.kind === 'key') return this.hasKey(span.key)
    const at = this.#lastNotBehind(span.begin)
    if (at < 0) return false
    if (this.#isOpenAt(at)) return true
    const endsBehindBegin = this.#compareBound(2 * at + 1, span.begin, 0) > 0
    return endsBehindBegin && span.end !== undefined && this.#compareBound(2 * at + 1, span.end, 0) >= 0
  }

  /** The merged intervals as spans, in order. */
  *spans(): IterableIterator<KeySpan> {
    const bound = (number: number): Uint8Array => this.#bytes.slice(this.#offsets[number], this.#offsets[number + 1])
    for (let at = 0; at < this.size; at++) {
      yield { kind: 'range', begin: bound(2 * at), end: this.#isOpenAt(at) ? undefined : bound(2 * at + 1) }
    }
  }

  #isOpenAt(at: number): boolean {
    return this.#isOpen && at === this.size - 1
  }

  /** The last interval that does not begin behind `key`, or -1. */
  #lastNotBehind(key: Uint8Array): number {
    const shared = this.#sharedLength
    let high = this.size
    if (shared > 0) {
      const order = this.#compareShared(key)
      if (order !== 0) return order > 0 ? -1 : high - 1
    }
    let low = 0
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compareBound(2 * middle, key, shared) <= 0) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /** What the begins share against as much of a key: positive if all begins are behind it. */
  #compareShared(key: Uint8Array): number {
    const bytes = this.#bytes
    const length = Math.min(this.#sharedLength, key.length)
    for (let at = 0; at < length; at++) {
      const difference = bytes[at]! - key[at]!
      if (difference !== 0) return difference
    }
    return this.#sharedLength - length
  }

  /** Order of a bound and a key that are known to be the same up to `from`. */
  #compareBound(number: number, key: Uint8Array, from: number): number {
    const bytes = this.#bytes
    const start = this.#offsets[number]!
    const boundLength = this.#offsets[number + 1]! - start
    const length = Math.min(boundLength, key.length)
    for (let at = from; at < length; at++) {
      const difference = bytes[start + at]! - key[at]!
      if (difference !== 0) return difference
    }
    return boundLength - key.length
  }
}

function intervalOf({ key, rangeEnd }: Permission): Interval {
  if (rangeEnd.length === 0) return { begin: key, end: keyAfter(key) }
  return { begin: key, end: isOpenEnd(rangeEnd) ? undefined : rangeEnd }
}

function sharedLength(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  let at = 0
  while (at < length && a[at] === b[at]) at++
  return at
}
