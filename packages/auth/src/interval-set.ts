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
 */
export class IntervalSet {
  readonly #begins: readonly Uint8Array[]
  /** Exclusive; undefined: open. */
  readonly #ends: readonly (Uint8Array | undefined)[]

  private constructor(intervals: readonly Interval[]) {
    this.#begins = intervals.map(({ begin }) => begin)
    this.#ends = intervals.map(({ end }) => end)
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

  /** How many intervals were left after merging. */
  get size(): number {
    return this.#begins.length
  }

  hasKey(key: Uint8Array): boolean {
    const at = this.#lastNotBehind(key)
    if (at < 0) return false
    const end = this.#ends[at]
    return end === undefined || compareBytes(key, end) < 0
  }

  /** Whether all keys of the span are covered, existing or not. An empty range counts as its first key, as in etcd. */
  covers(span: KeySpan): boolean {
    if (span.kind === 'key') return this.hasKey(span.key)
    const at = this.#lastNotBehind(span.begin)
    if (at < 0) return false
    const end = this.#ends[at]
    return end === undefined || (compareBytes(span.begin, end) < 0 && compareEnds(span.end, end) <= 0)
  }

  /** The merged intervals as spans, in order. */
  *spans(): IterableIterator<KeySpan> {
    for (const [at, begin] of this.#begins.entries()) yield { kind: 'range', begin, end: this.#ends[at] }
  }

  /** The last interval that does not begin behind `key`, or -1. */
  #lastNotBehind(key: Uint8Array): number {
    const begins = this.#begins
    let low = 0
    let high = begins.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareBytes(begins[middle]!, key) <= 0) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

function intervalOf({ key, rangeEnd }: Permission): Interval {
  if (rangeEnd.length === 0) return { begin: key, end: keyAfter(key) }
  return { begin: key, end: isOpenEnd(rangeEnd) ? undefined : rangeEnd }
}
