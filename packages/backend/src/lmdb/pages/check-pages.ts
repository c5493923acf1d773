/**
 * The structure of a file, checked before LMDB sees it: LMDB believes every number on a page, and a flipped bit can lead it
 * out of its map (which ends the process), to a page of an older state, or to writing over pages in use.
 *
 * The file is read once, in order, besides its branches. Contents are not looked at: records have checksums of their own.
 */
import type { File, Fs } from '@kvs/vfs'
import { BackendError } from '../../errors.ts'
import { checkFreeRecord, type FreeRecord } from './free-pages.ts'
import { chooseMeta, type MetaPage } from './meta-page.ts'
import { PageDamage, pageFlag, pageHeadBytes, readUint64, viewOf, visitNodes } from './page.ts'
import { compareNumbers, type OverflowRun, PageUse, TreeCheck } from './tree-check.ts'

/** Bytes read at once. */
const chunkBytes = 1_048_576

/** What one transaction may take at the end of the file and give back, at most. */
const unwrittenBytesMax = 4 * 1024 ** 3

/** What was found sound. */
export interface CheckedPages {
  readonly pages: number
  readonly entries: number
  /** The record of meta that the state is described by. */
  readonly meta: MetaPage
}

/** Throws `CORRUPT` with the offset of what is damaged. `pageBytes` stands on the first page. */
export async function checkPages(fs: Fs, path: string, pageBytes: number): Promise<CheckedPages> {
  const file = await fs.open(path, { mode: 'read' })
  try {
    return await new FileCheck(file, pageBytes, await file.sizeBytes()).run()
  } catch (error) {
    if (!(error instanceof PageDamage)) throw error
    throw new BackendError('CORRUPT', error.message, { file: path, offsetBytes: error.at })
  } finally {
    await file.close()
  }
}

class FileCheck {
  readonly #file: File
  readonly #pageBytes: number
  readonly #fileBytes: number

  constructor(file: File, pageBytes: number, fileBytes: number) {
    this.#file = file
    this.#pageBytes = pageBytes
    this.#fileBytes = fileBytes
  }

  async run(): Promise<CheckedPages> {
    const pageBytes = this.#pageBytes
    const meta = chooseMeta(await this.#read(0, 2 * pageBytes), pageBytes)
    const pageCount = meta.lastPage + 1
    const present = Math.min(pageCount, Math.floor(this.#fileBytes / pageBytes))
    const isCut = (): PageDamage =>
      new PageDamage(`the file has ${this.#fileBytes} bytes and needs ${pageCount * pageBytes}`, meta.at + 120, true)
    if ((pageCount - present) * pageBytes > unwrittenBytesMax) throw isCut()
    const use = new PageUse(pageCount)
    const freeLeaves: { readonly base: number; readonly bytes: Uint8Array }[] = []
    const records = new TreeCheck({ tree: meta.records, meta, describedAt: meta.at + 72, use })
    const free = new TreeCheck({ tree: meta.free, meta, describedAt: meta.at + 24, use, compare: compareNumbers })
    const readPage = (page: number): Promise<Uint8Array> => this.#read(page * pageBytes, pageBytes)
    await records.checkBranches(readPage)
    await free.checkBranches(readPage)
    const heads = new Uint32Array(pageCount)
    await this.#eachPage(present, (bytes, page) => {
      if (records.isLeaf(page)) records.checkLeaf(bytes, page)
      else if (free.isLeaf(page)) {
        free.checkLeaf(bytes, page)
        freeLeaves.push({ base: page * pageBytes, bytes: bytes.slice() })
      } else heads[page] = overflowPagesAt(bytes, page, meta)
    })
    for (const run of [...records.overflows, ...free.overflows]) checkOverflow(run, heads, pageBytes)
    records.finish()
    free.finish()
    for (const leaf of freeLeaves) await this.#checkFree(leaf.bytes, leaf.base, use)
    // Pages that one transaction took and gave back are not written: where they are the last, the file ends before them. That
    // is sound for every free page: nothing reads one. LMDB takes it by its number, fills memory of its own and writes all of
    // it (mdb_page_alloc, mdb_page_flush; without MDB_WRITEMAP), which makes the file longer again; copies follow the trees.
    // A cut cannot be told from that, and did no harm. Whether an older or newer state needs the page is of no consequence:
    // LMDB goes on from this one and never back.
    for (let page = present; page < pageCount; page++) if (!use.isFree(page)) throw isCut()
    return { pages: pageCount, entries: meta.records.entries, meta }
  }

  /** Every page behind those of meta, in order. */
  async #eachPage(pageCount: number, visit: (bytes: Uint8Array, page: number) => void): Promise<void> {
    const pageBytes = this.#pageBytes
    const pagesAtOnce = Math.max(1, Math.floor(chunkBytes / pageBytes))
    for (let first = 2; first < pageCount; first += pagesAtOnce) {
      const pages = Math.min(pagesAtOnce, pageCount - first)
      const chunk = await this.#read(first * pageBytes, pages * pageBytes)
      for (let at = 0; at < pages; at++) visit(chunk.subarray(at * pageBytes, (at + 1) * pageBytes), first + at)
    }
  }

  async #checkFree(page: Uint8Array, base: number, use: PageUse): Promise<void> {
    const view = viewOf(page)
    const records: FreeRecord[] = []
    const big: { readonly at: number; readonly bytes: number }[] = []
    visitNodes(view, true, ({ isBig, dataAt, dataBytes }) => {
      if (isBig) big.push({ at: readUint64(view, dataAt) * this.#pageBytes + pageHeadBytes, bytes: dataBytes })
      else records.push({ data: page.subarray(dataAt, dataAt + dataBytes), at: base + dataAt })
    })
    for (const { at, bytes } of big) records.push({ data: await this.#read(at, bytes), at })
    for (const record of records) checkFreeRecord(record, use)
  }

  async #read(at: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    const count = await this.#file.read(bytes, at)
    if (count < length) throw new PageDamage('the file ends within a page', at + count, true)
    return bytes
  }
}

/** How many pages an overflow page says that it and its followers are; 0 if it is none. */
function overflowPagesAt(bytes: Uint8Array, page: number, meta: MetaPage): number {
  const view = viewOf(bytes)
  if (readUint64(view, 0) !== page || readUint64(view, 8) > meta.transaction) return 0
  return view.getUint16(18, true) === pageFlag.overflow ? view.getUint32(20, true) : 0
}

function checkOverflow({ pageNumber, pages }: OverflowRun, heads: Uint32Array, pageBytes: number): void {
  if (heads[pageNumber] === pages) return
  throw new PageDamage('a page does not begin the value that it should', pageNumber * pageBytes, true)
}
