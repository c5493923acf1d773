/** Checks a tree of pages from its root: first the branches, one page at a time, then leaves in any order. */
import { compareKeys } from '../../keys.ts'
import type { MetaPage, TreeMeta } from './meta-page.ts'
import { checkPageHead, overflowPages, PageDamage, pageFlag, placedAt, readUint64, viewOf, visitNodes } from './page.ts'

/** Keys in `[from, to)`; a side that is undefined is open. */
interface Bounds {
  readonly from: Uint8Array | undefined
  readonly to: Uint8Array | undefined
}

/** A value that lies on pages of its own, and where that is said. */
export interface OverflowRun {
  readonly pageNumber: number
  readonly pages: number
  readonly dataBytes: number
  /** Offset in the file. */
  readonly saidAt: number
}

type Compare = (a: Uint8Array, b: Uint8Array) => number

/** Numbers of 8 bytes, the keys of the tree of free pages. */
export function compareNumbers(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== 8 || b.length !== 8) return Number.NaN
  return readUint64(viewOf(a), 0) - readUint64(viewOf(b), 0)
}

/** Which pages are in use, and by what. */
export class PageUse {
  readonly #used: Uint8Array

  constructor(pageCount: number) {
    this.#used = new Uint8Array(pageCount)
  }

  get pageCount(): number {
    return this.#used.length
  }

  has(pageNumber: number): boolean {
    return this.#used[pageNumber] === 1
  }

  /** To be told of pages in no use. */
  free(pageNumber: number): void {
    this.#used[pageNumber] = 2
  }

  isFree(pageNumber: number): boolean {
    return this.#used[pageNumber] === 2
  }

  /** Throws `PageDamage` at `saidAt` if there are no such pages, or somebody has them. */
  take(pageNumber: number, pages: number, saidAt: number): void {
    if (pageNumber < 2 || pageNumber + pages > this.#used.length)
      throw new PageDamage('there is no such page', saidAt, true)
    for (let page = pageNumber; page < pageNumber + pages; page++) {
      if (this.#used[page] === 1) throw new PageDamage('a page is used twice', saidAt, true)
      this.#used[page] = 1
    }
  }
}

export interface TreeCheckOptions {
  readonly tree: TreeMeta
  readonly meta: MetaPage
  /** Where the tree is described, for what cannot be placed better. */
  readonly describedAt: number
  readonly use: PageUse
  readonly compare?: Compare
  /** Gets every leaf that is sound. */
  readonly onLeaf?: (view: DataView) => void
}

export class TreeCheck {
  readonly #options: TreeCheckOptions
  readonly #compare: Compare
  readonly #bounds = new Map<number, Bounds>()
  readonly overflows: OverflowRun[] = []
  #branchPages = 0
  #leafPages = 0
  #overflowPages = 0
  #entries = 0

  constructor(options: TreeCheckOptions) {
    this.#options = options
    this.#compare = options.compare ?? compareKeys
  }

  /** Whether the branches say that this page is a leaf of the tree. */
  isLeaf(pageNumber: number): boolean {
    return this.#bounds.has(pageNumber)
  }

  /** Checks all branches. Throws `PageDamage` with the offset in the file. */
  async checkBranches(readPage: (pageNumber: number) => Promise<Uint8Array>): Promise<void> {
    const { tree, use, describedAt } = this.#options
    if (tree.root === undefined) return
    use.take(tree.root, 1, describedAt + 40)
    let level: { readonly pageNumber: number; readonly bounds: Bounds }[] = [
      { pageNumber: tree.root, bounds: { from: undefined, to: undefined } },
    ]
    for (let depth = tree.depth; depth > 1; depth--) {
      const next: typeof level = []
      for (const { pageNumber, bounds } of level) {
        const page = await readPage(pageNumber)
        next.push(...placedAt(this.#placeOf(pageNumber), () => this.#branch(page, pageNumber, bounds)))
      }
      level = next
    }
    for (const { pageNumber, bounds } of level) this.#bounds.set(pageNumber, bounds)
  }

  #branch(
    page: Uint8Array,
    pageNumber: number,
    { from, to }: Bounds,
  ): { readonly pageNumber: number; readonly bounds: Bounds }[] {
    const { meta, use } = this.#options
    const view = viewOf(page)
    checkPageHead(view, { pageNumber, transaction: meta.transaction }, pageFlag.branch)
    this.#branchPages++
    const children: { readonly pageNumber: number; readonly key: Uint8Array; readonly at: number }[] = []
    visitNodes(view, false, (node, place) => {
      const key = page.subarray(node.keyAt, node.keyEnd)
      const before = children.at(-1)
      const above = place === 1 ? from : before?.key
      if (place > 0 && above !== undefined && !(this.#compare(above, key) < 0)) {
        throw new PageDamage('the keys of a page are out of order', node.keyAt)
      }
      children.push({ pageNumber: node.child, key, at: node.keyAt })
    })
    if (children.length === 0) throw new PageDamage('a page without records', 20)
    const last = children.at(-1)
    if (to !== undefined && last !== undefined && children.length > 1 && !(this.#compare(last.key, to) < 0)) {
      throw new PageDamage('a key lies beyond its page', last.at)
    }
    const base = this.#placeOf(pageNumber)
    return children.map((child, place) => {
      use.take(child.pageNumber, 1, base + child.at - 8)
      const bounds = { from: place === 0 ? from : child.key, to: children[place + 1]?.key ?? to }
      return { pageNumber: child.pageNumber, bounds }
    })
  }

  /** Checks a leaf. Throws `PageDamage` with the offset in the file. */
  checkLeaf(page: Uint8Array, pageNumber: number): void {
    placedAt(this.#placeOf(pageNumber), () => this.#leaf(page, pageNumber))
  }

  #leaf(page: Uint8Array, pageNumber: number): void {
    const { meta, onLeaf, use } = this.#options
    const bounds = this.#bounds.get(pageNumber)
    const view = viewOf(page)
    checkPageHead(view, { pageNumber, transaction: meta.transaction }, pageFlag.leaf)
    this.#leafPages++
    const base = this.#placeOf(pageNumber)
    let before: Uint8Array | undefined
    visitNodes(view, true, node => {
      const key = page.subarray(node.keyAt, node.keyEnd)
      const isInOrder = before === undefined ? !this.#isBelow(key, bounds?.from) : this.#compare(before, key) < 0
      if (!isInOrder) throw new PageDamage('the keys of a page are out of order', node.keyAt)
      before = key
      this.#entries++
      if (!node.isBig) return
      const run = overflowRun(view, node.dataAt, node.dataBytes, base)
      if (run.pages < overflowPages(run.dataBytes, meta.pageBytes)) {
        throw new PageDamage('a value has fewer pages than it needs', node.dataAt + 16)
      }
      use.take(run.pageNumber, run.pages, run.saidAt)
      this.#overflowPages += run.pages
      this.overflows.push(run)
    })
    if (before !== undefined && bounds?.to !== undefined && !(this.#compare(before, bounds.to) < 0)) {
      throw new PageDamage('a key lies beyond its page', 20)
    }
    onLeaf?.(view)
  }

  #placeOf(pageNumber: number): number {
    return pageNumber * this.#options.meta.pageBytes
  }

  #isBelow(key: Uint8Array, from: Uint8Array | undefined): boolean {
    return from !== undefined && !(this.#compare(from, key) <= 0)
  }

  /** Everything was visited: the numbers must be those that the record of meta says. Throws `PageDamage`. */
  finish(): void {
    const { tree, describedAt } = this.#options
    const pairs = [
      [this.#branchPages, tree.branchPages, 8],
      [this.#leafPages, tree.leafPages, 16],
      [this.#overflowPages, tree.overflowPages, 24],
      [this.#entries, tree.entries, 32],
    ] as const
    for (const [found, said, at] of pairs) {
      if (found !== said) throw new PageDamage(`a tree has ${found} where ${said} are said`, describedAt + at, true)
    }
  }
}

function overflowRun(view: DataView, at: number, dataBytes: number, base: number): OverflowRun {
  return { pageNumber: readUint64(view, at), pages: readUint64(view, at + 16), dataBytes, saidAt: base + at }
}
