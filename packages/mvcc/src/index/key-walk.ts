/** Walks the entries of an interval in key order, over many turns if need be. A hot room. */

import { compareBytes, noBytes } from '../bytes.ts'
import type { KeyRange } from '../contract.ts'
import type { KeyIndex } from './key-index.ts'

/** An interval of keys: `[from, to)`, open at the end without `to`. */
export interface KeyInterval {
  readonly from: Uint8Array
  readonly to: Uint8Array | undefined
}

/** Whether the request names one key and not an interval. */
export function isSingleKey(range: KeyRange): boolean {
  return range.rangeEnd === undefined || range.rangeEnd.length === 0
}

/** The keys that a range with a `rangeEnd` means; `undefined` if it is empty. */
export function intervalOf(range: KeyRange): KeyInterval | undefined {
  const end = range.rangeEnd!
  if (end.length === 1 && end[0] === 0) return { from: range.key, to: undefined }
  return compareBytes(range.key, end) < 0 ? { from: range.key, to: end } : undefined
}

export class KeyWalk {
  private readonly index: KeyIndex
  private readonly to: Uint8Array | undefined
  private leaf = 0
  private at = 0
  private stop = 0
  private version = -1
  private ended = false
  /** Where the walk goes on if the tree has changed since it was parked. */
  private parked: Uint8Array

  constructor(index: KeyIndex, interval: KeyInterval) {
    this.index = index
    this.to = interval.to
    this.parked = interval.from
  }

  /** Starts or goes on. From here to `park` nothing may be added to or removed from the index. */
  resume(): void {
    const { tree } = this.index
    if (this.ended || this.version === tree.version) return
    tree.seek(this.parked)
    this.enter(tree.foundLeaf, tree.foundAt)
    this.version = tree.version
  }

  /** Handle of the next entry, 0 at the end. */
  next(): number {
    const { tree } = this.index
    while (this.at >= this.stop) {
      // A bound inside the leaf, or no next leaf, is the end.
      if (this.leaf === 0 || this.stop < tree.countOf(this.leaf)) {
        this.leaf = this.at = this.stop = 0
        this.ended = true
        return 0
      }
      this.enter(tree.nextLeaf(this.leaf), 0)
    }
    return tree.handleAt(this.leaf, this.at++)
  }

  private enter(leaf: number, at: number): void {
    const { tree } = this.index
    this.leaf = leaf
    this.at = at
    this.stop = 0
    if (leaf === 0) return
    this.stop = this.to === undefined ? tree.countOf(leaf) : tree.countBelow(leaf, this.to)
  }

  /** Remembers the place by its key, so that the index may change until `resume`. */
  park(): void {
    const handle = this.next()
    if (handle === 0) return
    this.parked = this.index.key(handle).slice()
    this.at--
  }
}

export const everyKey: KeyInterval = { from: noBytes, to: undefined }
