import type { File } from '@kvs/vfs'
import { BoltError, type BoltPlace } from './errors.ts'
import { bucketHeaderBytes, headerBytes, leafFlag, type Meta, readHeader, readU64 } from './format.ts'
import { type BucketName, compareBytes, nameBytes, showBytes } from './names.ts'
import { PageSource } from './page-source.ts'
import { TreePage } from './tree-page.ts'
import { find, leavesOf } from './walk.ts'

/** Views of a read buffer that nobody writes again; copy what you keep for long, a view keeps up to 256 KiB alive. */
export type BoltRecord = readonly [key: Uint8Array, value: Uint8Array]

/** Keys from `from` (included) to `to` (excluded); each may be absent. */
export interface BoltRange {
  readonly from?: Uint8Array
  readonly to?: Uint8Array
}

export interface BoltBucket {
  readonly name: Uint8Array
  /** The name as text if it is printable ASCII, else as hex with `0x`. */
  readonly text: string
  readonly sequence: number
  /** Whether the bucket is small and stands inside the page that names it. */
  readonly isInline: boolean
}

/**
 * A bbolt file that is open for reading. Nobody may write to it meanwhile. Walks that run at the same time do not disturb
 * each other; each holds one page per level of its tree and one read-ahead buffer.
 */
export class BoltReader {
  readonly #file: File
  readonly #meta: Meta

  /** Made by `openBolt`, which has checked the meta against the file. */
  constructor(file: File, meta: Meta) {
    this.#file = file
    this.#meta = meta
  }

  get path(): string {
    return this.#file.path
  }

  get pageSize(): number {
    return this.#meta.pageSize
  }

  /** Pages of the database; the file may be longer. */
  get pageCount(): number {
    return this.#meta.pageCount
  }

  /** Bytes of the database: `pageCount × pageSize`. */
  get sizeBytes(): number {
    return this.#meta.pageCount * this.#meta.pageSize
  }

  /** The transaction that wrote last. */
  get txid(): bigint {
    return this.#meta.txid
  }

  /** Page of the stored list of free pages. Nothing but `check` looks at it. */
  get freelistPage(): number | undefined {
    return this.#meta.freelist
  }

  /** A new source of pages, for one walk. */
  pages(): PageSource {
    return new PageSource(this.#file, this.#meta)
  }

  /** The page that the root bucket starts at. */
  rootPage(source: PageSource): Promise<TreePage> {
    return rootOf(source, this.#meta.root)
  }

  /** All buckets in the order of their names. */
  async *buckets(): AsyncGenerator<BoltBucket> {
    const source = this.pages()
    for await (const leaf of leavesOf(source, await this.rootPage(source))) {
      for (let index = 0; index < leaf.count; index++) {
        const { root, sequence } = bucketHeader(leaf, index)
        const name = leaf.key(index)
        yield { name, text: showBytes(name), sequence, isInline: root === 0 }
      }
    }
  }

  /** The records of a bucket in key order. `NO_BUCKET` if there is none of that name. */
  async *records(bucket: BucketName, range?: BoltRange): AsyncGenerator<BoltRecord> {
    const source = this.pages()
    const root = await this.#bucketRoot(source, bucket)
    const { from, to } = range ?? {}
    for await (const leaf of leavesOf(source, root, { from })) {
      for (let index = 0; index < leaf.count; index++) {
        const key = leaf.key(index)
        if (from !== undefined && compareBytes(key, from) < 0) continue
        if (to !== undefined && compareBytes(key, to) >= 0) return
        yield [key, recordValue(leaf, index)]
      }
    }
  }

  /** The value of a key, `undefined` if it is not there. `NO_BUCKET` if there is no bucket of that name. */
  async get(bucket: BucketName, key: Uint8Array): Promise<Uint8Array | undefined> {
    const source = this.pages()
    const found = await find(source, await this.#bucketRoot(source, bucket), key)
    return found === undefined ? undefined : recordValue(found.leaf, found.index)
  }

  /** Closes the file. Idempotent. */
  async close(): Promise<void> {
    await this.#file.close()
  }

  async #bucketRoot(source: PageSource, bucket: BucketName): Promise<TreePage> {
    const name = nameBytes(bucket)
    const found = await find(source, await this.rootPage(source), name)
    if (found === undefined) throw new BoltError('NO_BUCKET', `'${this.path}' has no bucket ${showBytes(name)}`)
    return bucketRoot(source, found.leaf, found.index)
  }
}

/** Value of a record; a bucket in its place is refused. */
export function recordValue(leaf: TreePage, index: number): Uint8Array {
  if (leaf.isBucket(index)) {
    const message = `the bucket ${showBytes(leaf.key(index))} lies inside a bucket: one level of buckets is read`
    throw new BoltError('UNSUPPORTED', message, { at: leaf.placeOf(index) })
  }
  return leaf.value(index)
}

/** Root page of the bucket that an element of the root bucket holds: read from the file, or made of an inline value. */
export async function bucketRoot(source: PageSource, leaf: TreePage, index: number): Promise<TreePage> {
  const { root, value, place } = bucketHeader(leaf, index)
  const { pageCount } = source.shape
  if (root !== 0) {
    if (root >= 2 && root < pageCount) return rootOf(source, root)
    throw new BoltError('CORRUPT', `root ${root} of bucket ${showBytes(leaf.key(index))} is no page of ${pageCount}`, {
      at: place,
    })
  }
  const inline = { page: place.page, offset: place.offset + bucketHeaderBytes, pageCount }
  const bytes = value.subarray(bucketHeaderBytes)
  const header = bytes.length < headerBytes ? undefined : readHeader(bytes, 0)
  if (header === undefined || header.id !== 0 || header.flags !== leafFlag || header.overflow !== 0) {
    const message = `the inline bucket ${showBytes(leaf.key(index))} is no leaf page`
    throw new BoltError('CORRUPT', message, { at: inline })
  }
  return new TreePage(bytes, inline)
}

/** The first page of a tree. A leaf may be empty there, a branch may not. */
async function rootOf(source: PageSource, id: number): Promise<TreePage> {
  const page = await source.treePage(id)
  if (page.isLeaf || page.count > 0) return page
  throw new BoltError('CORRUPT', 'a branch without children', { at: page.place })
}

interface BucketHeader {
  readonly root: number
  readonly sequence: number
  readonly value: Uint8Array
  readonly place: BoltPlace
}

function bucketHeader(leaf: TreePage, index: number): BucketHeader {
  const value = leaf.value(index)
  const place = leaf.placeOfValue(index)
  if (!leaf.isBucket(index)) {
    const message = `${showBytes(leaf.key(index))} in the root bucket is no bucket`
    throw new BoltError('CORRUPT', message, { at: leaf.placeOf(index) })
  }
  if (value.length < bucketHeaderBytes) {
    throw new BoltError('CORRUPT', `bucket ${showBytes(leaf.key(index))} of ${value.length} bytes`, { at: place })
  }
  return { root: readU64(value, 0), sequence: readU64(value, 8), value, place }
}
