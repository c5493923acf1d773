/** Which records a compaction keeps and a hash counts. Both are decided per record from the index. */

import type { StepBudget } from './contract.ts'
import type { KeyIndex } from './index/key-index.ts'
import { everyKey, KeyWalk } from './index/key-walk.ts'

/** A record of bucket `key`: its revision, and the entry of its key (0 if the index has none). */
export interface RecordPlace {
  handle: number
  main: number
  sub: number
  isTombstone: boolean
}

/**
 * Whether a compaction at `revision` keeps the record (which has main ≤ `revision`): it is the newest there, unless it
 * is a tombstone from before; and a tombstone of `revision` itself stays for those who watch from there.
 */
export function isKeptByCompaction(index: KeyIndex, place: RecordPlace, revision: number): boolean {
  if (place.handle === 0) return false
  if (place.isTombstone && place.main === revision) return true
  return isNewestAt(index, place, revision) && !index.isTombstone
}

/** Whether the record is what a reader at `revision` sees of its key. */
export function isVisibleAt(index: KeyIndex, place: RecordPlace, revision: number): boolean {
  return place.handle !== 0 && isNewestAt(index, place, revision) && !index.isTombstone
}

function isNewestAt(index: KeyIndex, place: RecordPlace, revision: number): boolean {
  return index.findAt(place.handle, revision) && index.main === place.main && index.sub === place.sub
}

/** Finds out, in slices, whether any key fulfils a condition. */
export class KeySearch {
  private readonly walk: KeyWalk
  private readonly fits: (handle: number) => boolean
  found: boolean | undefined

  constructor(index: KeyIndex, fits: (handle: number) => boolean) {
    this.walk = new KeyWalk(index, everyKey)
    this.fits = fits
  }

  /** True when `found` is known. */
  step(budget: Required<Pick<StepBudget, 'records'>>): boolean {
    if (this.found !== undefined) return true
    this.walk.resume()
    for (let left = budget.records; left > 0; left--) {
      const handle = this.walk.next()
      if (handle !== 0 && !this.fits(handle)) continue
      this.found = handle !== 0
      return true
    }
    this.walk.park()
    return false
  }
}
