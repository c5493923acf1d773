import { BoltError } from './errors.ts'
import { countOverflow, freelistFlag, headerBytes, metaFlag, readHeader, readU64 } from './format.ts'
import { problemsMax } from './limits.ts'
import type { PageSource, RawPage } from './page-source.ts'
import { type BoltReader, bucketRoot, recordValue } from './reader.ts'
import type { TreePage } from './tree-page.ts'
import { leavesOf } from './walk.ts'

export interface CheckReport {
  /** What is wrong, in the order found: at most 100, `problemCount` says how many there are. Empty: the file is sound. */
  readonly problems: readonly BoltError[]
  readonly problemCount: number
  readonly buckets: number
  readonly records: number
  /** Pages by what they are. `free`: listed as free, or not reachable in a file that stores no list. */
  readonly pages: {
    readonly branch: number
    readonly leaf: number
    readonly overflow: number
    readonly freelist: number
    readonly free: number
  }
}

/**
 * The consistency check of `snapshot status`: every page is reachable exactly once or free, has the flags and the id it
 * should have, and keys ascend within pages and from page to page. Goes on after a problem. Values have no checksum in this
 * format: a changed value is not seen here. Needs two bits of memory per page. Throws `IO` only.
 */
export async function check(reader: BoltReader): Promise<CheckReport> {
  const run = new CheckRun(reader)
  await run.metas()
  await run.freelist()
  await run.trees()
  run.balance()
  return run.report()
}

/** One bit per page. */
class PageSet {
  readonly #bits: Uint8Array

  constructor(pageCount: number) {
    this.#bits = new Uint8Array(Math.ceil(pageCount / 8))
  }

  has(page: number): boolean {
    return (this.#bits[Math.floor(page / 8)]! & (1 << (page % 8))) !== 0
  }

  /** `false` if it was there already. */
  add(page: number): boolean {
    if (this.has(page)) return false
    this.#bits[Math.floor(page / 8)]! |= 1 << (page % 8)
    return true
  }
}

class CheckRun {
  readonly #reader: BoltReader
  readonly #reached: PageSet
  readonly #free: PageSet
  readonly #problems: BoltError[] = []
  #problemCount = 0
  #buckets = 0
  #records = 0
  readonly #pages = { branch: 0, leaf: 0, overflow: 0, freelist: 0, free: 0 }

  constructor(reader: BoltReader) {
    this.#reader = reader
    this.#reached = new PageSet(reader.pageCount)
    this.#free = new PageSet(reader.pageCount)
  }

  report(): CheckReport {
    return {
      problems: this.#problems,
      problemCount: this.#problemCount,
      buckets: this.#buckets,
      records: this.#records,
      pages: { ...this.#pages },
    }
  }

  async metas(): Promise<void> {
    const source = this.#reader.pages()
    for (const id of [0, 1]) {
      await this.#attempt(async () => {
        this.#reached.add(id)
        const { bytes, place } = await source.page(id)
        const { flags } = readHeader(bytes, 0)
        if (flags !== metaFlag) {
          throw new BoltError('CORRUPT', `flags 0x${flags.toString(16)} of a meta page`, { at: place })
        }
      })
    }
  }

  /** Reads the stored list of free pages, if there is one. */
  async freelist(): Promise<void> {
    const { freelistPage: id, pageCount } = this.#reader
    if (id === undefined) return
    await this.#attempt(async () => {
      if (id < 2 || id >= pageCount) throw new BoltError('CORRUPT', `freelist ${id} is no page of ${pageCount}`)
      const raw = await this.#reader.pages().page(id)
      const { flags } = readHeader(raw.bytes, 0)
      if (flags !== freelistFlag) {
        throw new BoltError('CORRUPT', `flags 0x${flags.toString(16)} of the freelist`, { at: raw.place })
      }
      this.#pages.freelist = this.#claim(raw.bytes.length, raw)
      this.#readFreeIds(raw)
    })
  }

  #readFreeIds({ bytes, place }: RawPage): void {
    const { count: shortCount } = readHeader(bytes, 0)
    const isLong = shortCount === countOverflow
    const count = isLong ? readU64(bytes, headerBytes) : shortCount
    const start = isLong ? headerBytes + 8 : headerBytes
    if (count > (bytes.length - start) / 8) {
      throw new BoltError('CORRUPT', `${count} free pages do not fit ${bytes.length} bytes`, { at: place })
    }
    for (let at = start; at < start + count * 8; at += 8) {
      const id = readU64(bytes, at)
      const where = { page: place.page, offset: place.offset + at }
      if (id < 2 || id >= this.#reader.pageCount) {
        this.#problem(
          new BoltError('CORRUPT', `free page ${id} is no page of ${this.#reader.pageCount}`, { at: where }),
        )
      } else if (!this.#free.add(id)) {
        this.#problem(new BoltError('CORRUPT', `page ${id} is listed as free twice`, { at: where }))
      }
    }
  }

  /** Walks the root bucket and every bucket in it. */
  async trees(): Promise<void> {
    const roots = this.#reader.pages()
    await this.#attempt(async () => {
      const root = await this.#reader.rootPage(roots)
      if (!this.#enter(root)) return
      for await (const leaf of this.#leaves(roots, root)) {
        for (let index = 0; index < leaf.count; index++) await this.#attempt(() => this.#bucket(leaf, index))
      }
    })
  }

  async #bucket(leaf: TreePage, index: number): Promise<void> {
    this.#buckets++
    const source = this.#reader.pages()
    const root = await bucketRoot(source, leaf, index)
    const isInline = root.place.page === leaf.place.page && root.place.offset !== leaf.place.offset
    if (!isInline && !this.#enter(root)) return
    for await (const page of this.#leaves(source, root)) {
      for (let at = 0; at < page.count; at++) {
        if (page.isBucket(at)) await this.#attempt(async () => recordValue(page, at))
      }
      this.#records += page.count
    }
  }

  #leaves(source: PageSource, root: TreePage): AsyncGenerator<TreePage> {
    return leavesOf(source, root, {
      enter: page => this.#enter(page),
      problem: error => this.#problem(error),
    })
  }

  /** Counts a page of a tree. `false` if it was reached before: then it is not walked again. */
  #enter(page: TreePage): boolean {
    const claimed = this.#claim(page.sizeBytes, page)
    if (claimed === 0) return false
    this.#pages[page.isLeaf ? 'leaf' : 'branch']++
    this.#pages.overflow += claimed - 1
    return true
  }

  /** Marks a page and its overflow as reached; returns how many pages that are, 0 if the first was reached before. */
  #claim(bytes: number, { place }: Pick<RawPage, 'place'>): number {
    const count = bytes / this.#reader.pageSize
    for (let id = place.page; id < place.page + count; id++) {
      if (this.#reached.add(id)) continue
      this.#problem(new BoltError('CORRUPT', `page ${id} is reached more than once`, { at: place }))
      if (id === place.page) return 0
    }
    return count
  }

  /** Every page must be reachable or free, and not both. */
  balance(): void {
    for (let id = 2; id < this.#reader.pageCount; id++) {
      const isReached = this.#reached.has(id)
      const isFree = this.#free.has(id) || (this.#reader.freelistPage === undefined && !isReached)
      if (isFree) this.#pages.free++
      if (isReached !== isFree) continue
      const message = isFree ? `page ${id} is in use and listed as free` : `page ${id} is neither reachable nor free`
      this.#problem(new BoltError('CORRUPT', message, { at: { page: id, offset: id * this.#reader.pageSize } }))
    }
  }

  async #attempt(step: () => Promise<unknown>): Promise<void> {
    try {
      await step()
    } catch (error) {
      if (!(error instanceof BoltError) || error.code === 'IO') throw error
      this.#problem(error)
    }
  }

  #problem(error: BoltError): void {
    this.#problemCount++
    if (this.#problems.length < problemsMax) this.#problems.push(error)
  }
}

/** One line for people: `sound: 10 buckets, 6 records, 12 pages …` or the number of problems and the first one. */
export function describeCheck(report: CheckReport): string {
  const { branch, leaf, overflow, freelist, free } = report.pages
  const sizes = `${report.buckets} buckets, ${report.records} records`
  const pages = `pages: ${branch} branch, ${leaf} leaf, ${overflow} overflow, ${freelist} freelist, ${free} free`
  const first = report.problems[0]
  if (first === undefined) return `sound: ${sizes}; ${pages}`
  return `${report.problemCount} problems, first: ${first.message}; ${sizes}; ${pages}`
}
