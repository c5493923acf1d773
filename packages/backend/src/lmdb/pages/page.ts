/**
 * The layout of LMDB's pages, as lmdb 3.5.6 writes them (mdb.c, data version 2; all numbers little-endian):
 *
 *   page      number u64 · transaction u64 · pad u16 · flags u16 · lower u16 and upper u16, or pages u32 (overflow)
 *             then u16 offsets of the nodes, `lower` bytes of them, both counted from behind these 24 bytes
 *   node      low u16 · high u16 · flags u16 · key length u16 · key · data
 *             leaf: low and high are the length of the data; flag 1: the data are on pages of their own, and here stands
 *             number u64 · transaction u64 · pages u64; branch: low, high and flags are the number of the child
 *   overflow  one header of 24 bytes, then data over all its pages
 */

export const pageHeadBytes = 24
const nodeHeadBytes = 8
/** What a leaf holds of a value that lies on pages of its own. */
const overflowHeadBytes = 24

export const pageFlag = { branch: 1, leaf: 2, overflow: 4, meta: 8 } as const
const bigDataFlag = 1

/** Damage at `at`, an offset in the page, or in the file if `isPlaced`; whoever knows the file makes an error of it. */
export class PageDamage extends Error {
  override readonly name: string = 'PageDamage'
  readonly at: number
  readonly isPlaced: boolean

  constructor(what: string, at: number, isPlaced: boolean = false) {
    super(what)
    this.at = at
    this.isPlaced = isPlaced
  }
}

/** Runs a check of the page that begins at `base` in the file: what it finds is placed in the file. */
export function placedAt<Result>(base: number, check: () => Result): Result {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof PageDamage) || error.isPlaced) throw error
    throw new PageDamage(error.message, base + error.at, true)
  }
}

/** Exact up to 2^53; beyond, far larger than any number that is right. */
export function readUint64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true)
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** What every page of a tree must say of itself. */
export interface PageIdentity {
  readonly pageNumber: number
  /** The newest transaction there is. */
  readonly transaction: number
}

export function checkPageHead(view: DataView, { pageNumber, transaction }: PageIdentity, flags: number): void {
  if (readUint64(view, 0) !== pageNumber) throw new PageDamage('a page says that it is another one', 0)
  if (readUint64(view, 8) > transaction) throw new PageDamage('a page is newer than the newest transaction', 8)
  if (view.getUint16(18, true) !== flags) throw new PageDamage('a page is not of the kind it should be', 18)
}

/** A node of a page; one object is used for all of them. */
export interface NodeView {
  keyAt: number
  keyEnd: number
  /** Leaf: where the data begin; with `isBig`, where it is said on which pages they are. */
  dataAt: number
  /** Leaf: length of the data, wherever they are. */
  dataBytes: number
  isBig: boolean
  /** Branch. */
  child: number
}

function newNodeView(): NodeView {
  return { keyAt: 0, keyEnd: 0, dataAt: 0, dataBytes: 0, isBig: false, child: 0 }
}

/**
 * Calls `visit` for every node, in order, once it is sure that all of them lie within the page and side by side. Throws
 * `PageDamage`.
 */
export function visitNodes(view: DataView, isLeaf: boolean, visit: (node: NodeView, place: number) => void): void {
  const pageBytes = view.byteLength
  const lower = view.getUint16(20, true)
  const upper = view.getUint16(22, true) + pageHeadBytes
  if (lower % 2 !== 0 || lower + pageHeadBytes > upper || upper > pageBytes) {
    throw new PageDamage('the bounds of a page cannot be', 20)
  }
  const node = newNodeView()
  let usedBytes = 0
  for (let place = 0; place < lower / 2; place++) {
    const at = view.getUint16(pageHeadBytes + 2 * place, true) + pageHeadBytes
    if (at < upper || at + nodeHeadBytes > pageBytes) {
      throw new PageDamage('a record lies outside of its page', pageHeadBytes + 2 * place)
    }
    const end = readNode(view, at, isLeaf, node)
    if (end > pageBytes) throw new PageDamage('a record does not fit into its page', at)
    usedBytes += end - at + ((end - at) & 1)
    visit(node, place)
  }
  if (usedBytes !== pageBytes - upper) throw new PageDamage('the records of a page do not fill their place', 20)
}

/** Returns where the node ends. */
function readNode(view: DataView, at: number, isLeaf: boolean, node: NodeView): number {
  const low = view.getUint32(at, true)
  const flags = view.getUint16(at + 4, true)
  node.keyAt = at + nodeHeadBytes
  node.keyEnd = node.keyAt + view.getUint16(at + 6, true)
  if (!isLeaf) {
    node.child = flags * 0x1_0000_0000 + low
    return node.keyEnd
  }
  if (flags > bigDataFlag) throw new PageDamage('a record of a kind that is not written', at + 4)
  node.isBig = flags === bigDataFlag
  node.dataAt = node.keyEnd
  node.dataBytes = low
  return node.keyEnd + (node.isBig ? overflowHeadBytes : low)
}

/** Pages that a value of its own pages takes at least. */
export function overflowPages(dataBytes: number, pageBytes: number): number {
  return Math.floor((pageHeadBytes - 1 + dataBytes) / pageBytes) + 1
}
