/**
 * The pages of meta, and which of their three records LMDB goes by:
 *
 *   record  magic u32 · version u32 · address u64 · map size u64 · tree of free pages · tree of records · last page u64 ·
 *           transaction u64 · boot id i64; behind the head of page 0, half a page further on, and behind the head of page 1
 *   tree    pad u32 (of free pages: page size) · flags u16 · depth u16 · branch pages u64 · leaf pages u64 ·
 *           overflow pages u64 · entries u64 · root u64
 *
 * The record half a page on is lmdb's own: it names the newest state that is flushed (`overlappingSync`).
 */
import { PageDamage, pageFlag, pageHeadBytes, readUint64, viewOf } from './page.ts'

export const metaMagic = 0xbeefc0de
export const metaVersion = 2
/** Of files that are made; lmdb's default, whatever the system's pages are. */
const newPageBytes = 4_096

const treesAt = 24
const treeBytes = 48
const lastPageAt = treesAt + 2 * treeBytes
const metaBytes = lastPageAt + 24

/** The root of a tree that has no pages. */
const noRoot = 0xffff_ffff * 0x1_0000_0000 + 0xffff_ffff

/** The state of this record may not have been flushed. */
const unflushedFlag = 0x1000
/**
 * What stands in the place of the flags of the tree of free pages: MDB_INTEGERKEY of the tree, and MDB_NOSUBDIR and
 * MDB_SAFE_RESTORE of the environment, as `openStore` opens it.
 */
const wantedFlags = 0x4808

/** A tree as its record describes it. */
export interface TreeMeta {
  readonly pad: number
  readonly flags: number
  readonly depth: number
  readonly branchPages: number
  readonly leafPages: number
  readonly overflowPages: number
  readonly entries: number
  /** Undefined: the tree is empty. */
  readonly root: number | undefined
}

/** A record of meta, and where it begins in the file. */
export interface MetaPage {
  readonly at: number
  readonly pageBytes: number
  readonly isFlushed: boolean
  readonly free: TreeMeta
  readonly records: TreeMeta
  readonly lastPage: number
  readonly transaction: number
}

/**
 * The record that LMDB starts from, by the first two pages (`mdb_pick_meta` with MDB_PREVSNAPSHOT, MDB_OVERLAPPINGSYNC and
 * MDB_SAFE_RESTORE). Throws `PageDamage` if it cannot be right.
 */
export function chooseMeta(pages: Uint8Array, pageBytes: number): MetaPage {
  const view = viewOf(pages)
  const first = decodeMeta(view, pageHeadBytes)
  const flushed = decodeMeta(view, pageHeadBytes + pageBytes / 2)
  const second = decodeMeta(view, pageHeadBytes + pageBytes)
  const chosen = pick(pick(first, second), flushed)
  for (const meta of flushed.transaction === 0 ? [first, second] : [first, second, flushed]) {
    if (meta.pageBytes !== pageBytes) throw new PageDamage('the size of pages is damaged', meta.at + treesAt)
  }
  checkTwin(first.transaction >= second.transaction ? first : second, chosen)
  const { at, records, free, lastPage } = chosen
  checkTree(at + treesAt + treeBytes, records, lastPage)
  checkTree(at + treesAt, free, lastPage)
  // The tree of records has no flags: its keys are compared byte by byte, one value each.
  if (records.flags !== 0 || records.pad !== 0)
    throw new PageDamage('the flags of a tree are damaged', at + treesAt + treeBytes)
  if (free.flags !== wantedFlags) throw new PageDamage('the flags of the file are damaged', at + treesAt + 4)
  return chosen
}

/** The record of the newest state, flushed or not, in a file that LMDB has open. */
export function newestMeta(pages: Uint8Array, pageBytes: number): MetaPage {
  const view = viewOf(pages)
  const first = decodeMeta(view, pageHeadBytes)
  const second = decodeMeta(view, pageHeadBytes + pageBytes)
  return first.transaction >= second.transaction ? first : second
}

/** The two pages of a file without records, as LMDB makes them. */
export function emptyFile(): Uint8Array {
  const bytes = new Uint8Array(2 * newPageBytes)
  const view = viewOf(bytes)
  for (const number of [0, 1]) {
    const pageAt = number * newPageBytes
    view.setUint32(pageAt, number, true)
    view.setUint16(pageAt + 18, pageFlag.meta, true)
    const at = pageAt + pageHeadBytes
    view.setUint32(at, metaMagic, true)
    view.setUint32(at + 4, metaVersion, true)
    view.setUint32(at + 16, bytes.length, true)
    view.setUint32(at + treesAt, newPageBytes, true)
    view.setUint16(at + treesAt + 4, wantedFlags, true)
    for (const treeAt of [at + treesAt, at + treesAt + treeBytes]) view.setBigInt64(treeAt + 40, -1n, true)
    view.setUint32(at + lastPageAt, 1, true)
  }
  return bytes
}

function pick(a: MetaPage, b: MetaPage): MetaPage {
  if (b.transaction === 0) return a
  const latest = a.transaction >= b.transaction ? a : b
  if (latest.isFlushed) return latest
  return a.transaction > b.transaction ? b : a
}

/** Once it has chosen, LMDB goes on with the newest of the first two if that is of the same transaction. */
function checkTwin(newest: MetaPage, chosen: MetaPage): void {
  if (newest.transaction !== chosen.transaction) return
  const isSame =
    isSameTree(newest.free, chosen.free) &&
    isSameTree(newest.records, chosen.records) &&
    newest.lastPage === chosen.lastPage
  if (!isSame) throw new PageDamage('two records of one state differ', newest.at)
}

function isSameTree(a: TreeMeta, b: TreeMeta): boolean {
  const keys = ['depth', 'branchPages', 'leafPages', 'overflowPages', 'entries', 'root', 'pad', 'flags'] as const
  return keys.every(key => a[key] === b[key])
}

function decodeMeta(view: DataView, at: number): MetaPage {
  if (at + metaBytes > view.byteLength) throw new PageDamage('the file ends within its first pages', at)
  const free = decodeTree(view, at + treesAt)
  return {
    at,
    pageBytes: view.getUint32(at + treesAt, true),
    isFlushed: (free.flags & unflushedFlag) === 0,
    free: { ...free, flags: free.flags & ~unflushedFlag },
    records: decodeTree(view, at + treesAt + treeBytes),
    lastPage: readUint64(view, at + lastPageAt),
    transaction: readUint64(view, at + lastPageAt + 8),
  }
}

function decodeTree(view: DataView, at: number): TreeMeta {
  const root = readUint64(view, at + 40)
  return {
    pad: view.getUint32(at, true),
    flags: view.getUint16(at + 4, true),
    depth: view.getUint16(at + 6, true),
    branchPages: readUint64(view, at + 8),
    leafPages: readUint64(view, at + 16),
    overflowPages: readUint64(view, at + 24),
    entries: readUint64(view, at + 32),
    root: root === noRoot ? undefined : root,
  }
}

function checkTree(at: number, tree: TreeMeta, lastPage: number): void {
  const { root, depth, entries } = tree
  if (root === undefined) {
    if (entries !== 0 || depth !== 0) throw new PageDamage('a tree without pages has records', at + 32)
  } else if (root < 2 || root > lastPage) throw new PageDamage('the root of a tree is no page', at + 40)
  else if (depth < 1 || depth > depthMax) throw new PageDamage('the depth of a tree is damaged', at + 6)
}

/** LMDB's own (CURSOR_STACK). */
const depthMax = 32
