/**
 * The list of free pages, a tree of its own: by number of transaction (u64), how many entries follow (u64) and the entries
 * (i64). An entry is a page; or, if it is negative, the next one begins a run of so many pages; or 0, which is nothing.
 */
import { PageDamage, readUint64, viewOf } from './page.ts'
import type { PageUse } from './tree-check.ts'

/** The data of one record, and where it begins in the file. */
export interface FreeRecord {
  readonly data: Uint8Array
  readonly at: number
}

/** Refuses a list by which LMDB would write over pages that are in use. Throws `PageDamage`. */
export function checkFreeRecord({ data, at }: FreeRecord, use: PageUse): void {
  const view = viewOf(data)
  if (data.length < 8 || data.length % 8 !== 0) throw new PageDamage('a list of free pages cannot be', at, true)
  const count = readUint64(view, 0)
  if (count > data.length / 8 - 1) throw new PageDamage('a list of free pages is longer than its place', at, true)
  for (let entry = 1; entry <= count; entry++) {
    const value = view.getBigInt64(8 * entry, true)
    if (value >= 0n) checkFree(Number(value), 1, { at: at + 8 * entry, use })
    else {
      entry++
      // The run of a record that was split: its start stands in the other half.
      if (entry > count) return
      checkFree(Number(view.getBigInt64(8 * entry, true)), Number(-value), { at: at + 8 * entry, use })
    }
  }
}

function checkFree(page: number, pages: number, { at, use }: { readonly at: number; readonly use: PageUse }): void {
  if (page === 0) return
  if (page < 2 || page + pages > use.pageCount) throw new PageDamage('a free page is none', at, true)
  for (let each = page; each < page + pages; each++) {
    if (use.has(each)) throw new PageDamage('a page in use is listed as free', at, true)
    use.free(each)
  }
}
