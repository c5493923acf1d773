/** A state file read page by page, without LMDB: for tools that change nothing, not even a lock file. */
import type { File } from '@kvs/vfs'
import type { BackendRecord, Bucket, ConsistentPoint } from '../../backend.ts'
import type { BucketSet } from '../../buckets.ts'
import { BackendError } from '../../errors.ts'
import { compareKeys, keyHex } from '../../keys.ts'
import { checksumBytes, keyChecksum, verifiedChecksum } from '../checksum.ts'
import { decodedOrEmpty, decodeMetaRecord, type MetaRecord } from '../meta-record.ts'
import { Totals } from '../totals.ts'
import type { MetaPage } from './meta-page.ts'
import { pageFlag, pageHeadBytes, readUint64, viewOf, visitNodes } from './page.ts'

/** Pages read at once: leaves that were written together mostly lie side by side. */
const windowPages = 16

/** Keys in `[from, to)`, with the bucket's byte. */
export interface Bounds {
  readonly from: Uint8Array
  readonly to: Uint8Array | undefined
}

/** A value and where it lies. */
interface Stored {
  readonly key: Uint8Array
  readonly bytes: Uint8Array
  readonly at: number
}

/** The state in a file whose structure has been checked. Nobody may write to it meanwhile. */
export class LmdbReader {
  readonly #file: File
  readonly #buckets: BucketSet
  readonly #meta: MetaPage
  readonly #sums: MetaRecord
  #window: Uint8Array = new Uint8Array(0)
  #windowPage = 0

  private constructor(file: File, buckets: BucketSet, meta: MetaPage, sums: MetaRecord) {
    this.#file = file
    this.#buckets = buckets
    this.#meta = meta
    this.#sums = sums
  }

  /** See `readLmdb`. Takes `file` over once it resolves. */
  static async open(file: File, buckets: BucketSet, meta: MetaPage): Promise<LmdbReader> {
    const empty = new LmdbReader(file, buckets, meta, decodedOrEmpty(undefined))
    if (meta.records.root === undefined) return empty
    return new LmdbReader(file, buckets, meta, await empty.#readSums())
  }

  /** The last entry whose effects are in the file. */
  get consistent(): ConsistentPoint {
    return { index: this.#sums.index, term: this.#sums.term }
  }

  /** Bytes that the state takes of the file. */
  get sizeBytes(): number {
    return (this.#meta.lastPage + 1) * this.#meta.pageBytes
  }

  /** Records of all buckets, as the file says. */
  get recordCount(): number {
    return this.#sums.counts.reduce((sum, count) => sum + count, 0)
  }

  /** In key order. Every record is checked, and at the end that none is missing: `CORRUPT` names the place. */
  async *records(bucket: Bucket): AsyncGenerator<BackendRecord> {
    this.#buckets.check(bucket)
    const found = new Totals()
    for await (const leaf of this.#leaves(bucketBounds(bucket.id))) {
      for (const { key, bytes, at } of leaf) {
        const own = key.subarray(1)
        const checksum = verifiedChecksum(keyChecksum(bucket.id, own), bytes)
        if (checksum < 0) throw this.#damaged(bucket.id, own, at)
        found.change(bucket.id, -1, checksum)
        yield { key: own, value: bytes.subarray(0, bytes.length - checksumBytes) }
      }
    }
    this.#compare(bucket.id, found)
  }

  /** Reads everything. `CORRUPT` says what is wrong, and where. */
  async verify(): Promise<void> {
    for (let id = 1; id < 256; id++) {
      if (this.#buckets.has(id)) for await (const _ of this.records({ id, name: this.#buckets.nameOf(id) }));
      else this.#compare(id, new Totals())
    }
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #readSums(): Promise<MetaRecord> {
    const path = this.#file.path
    const key = new Uint8Array(1)
    for await (const leaf of this.#leaves({ from: key, to: Uint8Array.of(1) })) {
      for (const { bytes, at } of leaf) {
        if (verifiedChecksum(keyChecksum(0, key.subarray(1)), bytes) >= 0) {
          return decodeMetaRecord(bytes.subarray(0, bytes.length - checksumBytes), path)
        }
        const message = "the record of the state's sums is damaged"
        throw new BackendError('CORRUPT', message, { file: path, offsetBytes: at })
      }
    }
    throw new BackendError('CORRUPT', 'an LMDB file, but not a state', { file: path })
  }

  #compare(bucketId: number, found: Totals): void {
    const { counts, sums } = this.#sums
    if (found.counts[bucketId] === counts[bucketId] && found.sums[bucketId] === sums[bucketId]) return
    const message =
      found.counts[bucketId] === counts[bucketId]
        ? `${found.counts[bucketId]} records that are not those written`
        : `${found.counts[bucketId]} records instead of ${counts[bucketId]}`
    throw new BackendError('CORRUPT', message, { bucket: this.#buckets.nameOf(bucketId), file: this.#file.path })
  }

  #damaged(bucketId: number, key: Uint8Array, offsetBytes: number): BackendError {
    const details = { bucket: this.#buckets.nameOf(bucketId), keyHex: keyHex(key), file: this.#file.path, offsetBytes }
    return new BackendError('CORRUPT', 'a record does not match its checksum', details)
  }

  /** What lies between the bounds, a leaf at a time. */
  async *#leaves(bounds: Bounds): AsyncGenerator<readonly Stored[]> {
    const { root } = this.#meta.records
    const waiting = root === undefined ? [] : [root]
    for (let page = waiting.pop(); page !== undefined; page = waiting.pop()) {
      const bytes = await this.#page(page)
      const view = viewOf(bytes)
      if (view.getUint16(18, true) === pageFlag.leaf) yield await this.#leaf(page, bytes, bounds)
      else waiting.push(...childrenWithin(bytes, view, bounds).reverse())
    }
  }

  async #leaf(page: number, bytes: Uint8Array, { from, to }: Bounds): Promise<Stored[]> {
    const view = viewOf(bytes)
    const base = page * this.#meta.pageBytes
    const stored: Stored[] = []
    const big: { readonly place: number; readonly at: number; readonly length: number }[] = []
    visitNodes(view, true, ({ keyAt, keyEnd, dataAt, dataBytes, isBig }) => {
      const key = bytes.subarray(keyAt, keyEnd)
      if (compareKeys(key, from) < 0 || (to !== undefined && compareKeys(key, to) >= 0)) return
      const at = isBig ? readUint64(view, dataAt) * this.#meta.pageBytes + pageHeadBytes : base + dataAt
      if (isBig) big.push({ place: stored.length, at, length: dataBytes })
      stored.push({ key, bytes: isBig ? bytes : bytes.subarray(dataAt, dataAt + dataBytes), at })
    })
    for (const { place, at, length } of big) {
      stored[place] = { key: stored[place]!.key, bytes: await this.#read(at, length), at }
    }
    return stored
  }

  async #page(page: number): Promise<Uint8Array> {
    const { pageBytes, lastPage } = this.#meta
    const isHeld = page >= this.#windowPage && (page - this.#windowPage + 1) * pageBytes <= this.#window.length
    if (!isHeld) {
      const pages = Math.min(windowPages, lastPage + 1 - page)
      // The file may end before pages that are in no use.
      this.#window = await this.#read(page * pageBytes, pages * pageBytes, pageBytes)
      this.#windowPage = page
    }
    const at = (page - this.#windowPage) * pageBytes
    return this.#window.subarray(at, at + pageBytes)
  }

  /** `length` bytes, or what there is of them, but at least `least`. */
  async #read(at: number, length: number, least: number = length): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    for (let done = 0; done < length; ) {
      const count = await this.#file.read(bytes.subarray(done), at + done)
      if (count > 0) done += count
      else if (done >= least) return bytes.subarray(0, done)
      else throw new BackendError('CORRUPT', 'the file ends here', { file: this.#file.path, offsetBytes: at + done })
    }
    return bytes
  }
}

export function bucketBounds(id: number): Bounds {
  return { from: Uint8Array.of(id), to: id === 255 ? undefined : Uint8Array.of(id + 1) }
}

/** The children of a branch that may hold something between the bounds, in order. */
export function childrenWithin(bytes: Uint8Array, view: DataView, { from, to }: Bounds): number[] {
  const children: { readonly page: number; readonly key: Uint8Array | undefined }[] = []
  visitNodes(view, false, ({ child, keyAt, keyEnd }, place) => {
    children.push({ page: child, key: place === 0 ? undefined : bytes.subarray(keyAt, keyEnd) })
  })
  const isWithin = ({ key }: (typeof children)[number], place: number): boolean => {
    const next = children[place + 1]?.key
    const endsBefore = next !== undefined && compareKeys(next, from) <= 0
    const beginsBehind = key !== undefined && to !== undefined && compareKeys(key, to) >= 0
    return !endsBefore && !beginsBehind
  }
  return children.filter(isWithin).map(({ page }) => page)
}
