import { BoltError } from './errors.ts'
import { treeDepthMax } from './limits.ts'
import { compareBytes, showBytes } from './names.ts'
import type { PageSource } from './page-source.ts'
import type { TreePage } from './tree-page.ts'

export interface WalkOptions {
  /** Starts at the leaf that would hold this key. */
  readonly from?: Uint8Array | undefined
  /** Called for every page below the root; `false` leaves it and all below it out. */
  readonly enter?: (page: TreePage) => boolean
  /** Takes what is wrong with a subtree, which is then left out; without it the walk ends with the error. */
  readonly problem?: (error: BoltError) => void
}

interface Frame {
  readonly page: TreePage
  next: number
  /** Keys of this page are below it. */
  readonly upper: Uint8Array | undefined
}

/**
 * The leaves of a tree in key order. Holds one page per level. Ends on every file: each page's keys must lie between
 * those that its parent names, which no page can do twice, no page may hold itself, and the depth is bounded.
 */
export async function* leavesOf(source: PageSource, root: TreePage, options?: WalkOptions): AsyncGenerator<TreePage> {
  const from = options?.from
  const stack: Frame[] = [frameOf(root, undefined, from)]
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (top.page.isLeaf) {
      stack.pop()
      yield top.page
      continue
    }
    if (top.next >= top.page.count) {
      stack.pop()
      continue
    }
    const index = top.next++
    const upper = index + 1 < top.page.count ? top.page.key(index + 1) : top.upper
    try {
      const page = await childOf(source, stack, { index, upper })
      if (options?.enter?.(page) === false) continue
      stack.push(frameOf(page, upper, from))
    } catch (error) {
      if (!(error instanceof BoltError) || error.code === 'IO' || options?.problem === undefined) throw error
      options.problem(error)
    }
  }
}

function frameOf(page: TreePage, upper: Uint8Array | undefined, from: Uint8Array | undefined): Frame {
  return { page, next: from === undefined || page.isLeaf ? 0 : Math.max(0, page.floor(from)), upper }
}

/** Reads a child of the top page and checks that it may be there. */
async function childOf(
  source: PageSource,
  stack: readonly Frame[],
  child: { readonly index: number; readonly upper: Uint8Array | undefined },
): Promise<TreePage> {
  const parent = stack.at(-1)!.page
  const id = parent.child(child.index)
  const at = parent.placeOf(child.index)
  if (stack.some(frame => frame.page.place.page === id)) {
    throw new BoltError('CORRUPT', `page ${id} is its own ancestor`, { at })
  }
  if (stack.length >= treeDepthMax) throw new BoltError('CORRUPT', `more than ${treeDepthMax} levels`, { at })
  const page = await source.treePage(id)
  if (page.count === 0)
    throw new BoltError('CORRUPT', `an empty page below page ${parent.place.page}`, { at: page.place })
  const lower = parent.key(child.index)
  if (compareBytes(page.key(0), lower) < 0) {
    const keys = `${showBytes(page.key(0))} before ${showBytes(lower)}`
    throw new BoltError('CORRUPT', `first key is below the one its parent names, ${keys}`, { at: page.placeOf(0) })
  }
  const last = page.count - 1
  if (child.upper !== undefined && compareBytes(page.key(last), child.upper) >= 0) {
    const keys = `${showBytes(page.key(last))} not before ${showBytes(child.upper)}`
    throw new BoltError('CORRUPT', `last key belongs to the next page, ${keys}`, { at: page.placeOf(last) })
  }
  return page
}

/** The leaf that would hold `key` and the element with that key. */
export async function find(
  source: PageSource,
  root: TreePage,
  key: Uint8Array,
): Promise<{ readonly leaf: TreePage; readonly index: number } | undefined> {
  for await (const leaf of leavesOf(source, root, { from: key })) {
    const index = leaf.floor(key)
    return index >= 0 && leaf.holds(index, key) ? { leaf, index } : undefined
  }
  return undefined
}
