import { closeSync, openSync, readSync } from 'node:fs'
import type { BackendRecord, Bucket, ConsistentPoint, LentState } from '../../backend.ts'
import type { BucketSet } from '../../buckets.ts'
import { diskError } from '../../disk-error.ts'
import { BackendError } from '../../errors.ts'
import { compareKeys, keyHex } from '../../keys.ts'
import { checksumBytes, keyChecksum, verifiedChecksum } from '../checksum.ts'
import { decodeMetaRecord, type MetaRecord } from '../meta-record.ts'
import { Totals } from '../totals.ts'
import type { MetaPage } from './meta-page.ts'
import { checkPageHead, PageDamage, pageFlag, pageHeadBytes, readUint64, viewOf, visitNodes } from './page.ts'
import { type Bounds, bucketBounds, childrenWithin } from './reader.ts'

/** Pages read at once: leaves that were written together mostly lie side by side. */
const windowPages = 16

/**
 * One state in a file that LMDB goes on writing to, read page by page without LMDB, which must not have a file open twice
 * in a process. A transaction of whoever lent the state keeps LMDB from using its pages again, and what LMDB has written
 * `read` sees. Every page says which one it is, every record has a checksum, every bucket its sum.
 */
export class LentReader {
  readonly #path: string
  readonly #meta: MetaPage
  readonly #buckets: BucketSet
  readonly #sums: MetaRecord
  readonly #window: Uint8Array
  #windowPage = 0
  #windowBytes = 0
  /** Place for values that have pages of their own. */
  #big: Uint8Array = new Uint8Array(0)
  #descriptor: number

  /** See `openLent`. */
  constructor(lent: LentState, buckets: BucketSet) {
    this.#path = lent.path
    this.#meta = lent.meta as MetaPage
    this.#buckets = buckets
    this.#window = new Uint8Array(windowPages * this.#meta.pageBytes)
    try {
      this.#descriptor = openSync(lent.path, 'r')
    } catch (cause) {
      throw diskError(cause, 'the state file cannot be opened', lent.path)
    }
    try {
      this.#sums = this.#readSums()
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** The last entry whose effects are in the state. */
  get consistent(): ConsistentPoint {
    return { index: this.#sums.index, term: this.#sums.term }
  }

  /**
   * In key order. What a step yields is valid until the next one. Every record is checked, and at the end that none is
   * missing: `CORRUPT` names the place. With `isDry` only keys and the lengths of values are right, and nothing is checked.
   */
  *records(bucket: Bucket, { isDry = false }: { readonly isDry?: boolean } = {}): Generator<BackendRecord, void> {
    this.#buckets.check(bucket)
    const found = new Totals()
    for (const records of this.#leaves(bucketBounds(bucket.id), isDry)) {
      for (const { key: fileKey, value: stored } of records) {
        const key = fileKey.subarray(1)
        if (!isDry) {
          const checksum = verifiedChecksum(keyChecksum(bucket.id, key), stored)
          if (checksum < 0) throw this.#damaged(bucket.id, key)
          found.change(bucket.id, -1, checksum)
        }
        yield { key, value: stored.subarray(0, stored.length - checksumBytes) }
      }
    }
    if (!isDry) this.#compare(bucket.id, found)
  }

  close(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor)
    this.#descriptor = -1
  }

  #readSums(): MetaRecord {
    const sumsKey = new Uint8Array(1)
    for (const records of this.#leaves({ from: sumsKey, to: Uint8Array.of(1) }, false)) {
      for (const { value } of records) {
        if (verifiedChecksum(keyChecksum(0, new Uint8Array(0)), value) < 0) break
        return decodeMetaRecord(value.slice(0, value.length - checksumBytes), this.#path)
      }
    }
    throw new BackendError('CORRUPT', "the record of the state's sums is not there, or damaged", { file: this.#path })
  }

  #compare(bucketId: number, { counts, sums }: Totals): void {
    const expected = this.#sums
    if (counts[bucketId] === expected.counts[bucketId] && sums[bucketId] === expected.sums[bucketId]) return
    const message = `${counts[bucketId]} records that are not the ${expected.counts[bucketId]} written`
    throw new BackendError('CORRUPT', message, { bucket: this.#buckets.nameOf(bucketId), file: this.#path })
  }

  #damaged(bucketId: number, key: Uint8Array): BackendError {
    const details = { bucket: this.#buckets.nameOf(bucketId), keyHex: keyHex(key), file: this.#path }
    return new BackendError('CORRUPT', 'a record does not match its checksum', details)
  }

  /** What lies between the bounds, a leaf at a time: keys as they stand in the file, values with their checksums. */
  *#leaves(bounds: Bounds, isDry: boolean): Generator<readonly BackendRecord[], void> {
    const { root, depth } = this.#meta.records
    const waiting = root === undefined ? [] : [{ page: root, level: 1 }]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { page, level } = next
      const isLeaf = level === depth
      const bytes = this.#page(page)
      try {
        const view = viewOf(bytes)
        const { transaction } = this.#meta
        checkPageHead(view, { pageNumber: page, transaction }, isLeaf ? pageFlag.leaf : pageFlag.branch)
        if (isLeaf) yield this.#leaf(bytes, bounds, isDry)
        else {
          const children = childrenWithin(bytes, view, bounds)
          for (const child of children.reverse()) waiting.push({ page: child, level: level + 1 })
        }
      } catch (error) {
        if (!(error instanceof PageDamage)) throw error
        const offsetBytes = page * this.#meta.pageBytes + error.at
        throw new BackendError('CORRUPT', error.message, { file: this.#path, offsetBytes })
      }
    }
  }

  #leaf(bytes: Uint8Array, { from, to }: Bounds, isDry: boolean): BackendRecord[] {
    const view = viewOf(bytes)
    const stored: BackendRecord[] = []
    const big: { readonly place: number; readonly at: number; readonly length: number }[] = []
    visitNodes(view, true, ({ keyAt, keyEnd, dataAt, dataBytes, isBig }) => {
      const key = bytes.subarray(keyAt, keyEnd)
      if (compareKeys(key, from) < 0 || (to !== undefined && compareKeys(key, to) >= 0)) return
      if (isBig) {
        const at = readUint64(view, dataAt) * this.#meta.pageBytes + pageHeadBytes
        big.push({ place: stored.length, at, length: dataBytes })
      }
      stored.push({ key, value: isBig ? bytes : bytes.subarray(dataAt, dataAt + dataBytes) })
    })
    if (big.length === 0) return stored
    const values = this.#bigRoom(big.reduce((sum, { length }) => sum + length, 0))
    let used = 0
    for (const { place, at, length } of big) {
      const value = values.subarray(used, used + length)
      used += length
      if (!isDry) this.#read(value, at, length)
      stored[place] = { key: stored[place]!.key, value }
    }
    return stored
  }

  #bigRoom(bytes: number): Uint8Array {
    if (this.#big.length < bytes) this.#big = new Uint8Array(bytes)
    return this.#big
  }

  #page(page: number): Uint8Array {
    const { pageBytes, lastPage } = this.#meta
    if (page > lastPage) throw new BackendError('CORRUPT', `page ${page} of ${lastPage + 1}`, { file: this.#path })
    const isHeld = page >= this.#windowPage && (page - this.#windowPage + 1) * pageBytes <= this.#windowBytes
    if (!isHeld) {
      this.#windowPage = page
      this.#windowBytes = 0
      this.#windowBytes = this.#read(this.#window, page * pageBytes, pageBytes)
    }
    const at = (page - this.#windowPage) * pageBytes
    return this.#window.subarray(at, at + pageBytes)
  }

  /** Fills `target`, or as far as the file goes, but at least `least`; returns how far. */
  #read(target: Uint8Array, at: number, least: number): number {
    for (let done = 0; done < target.length; ) {
      const count = this.#readOnce(target, done, at + done)
      done += count
      if (count > 0) continue
      if (done >= least) return done
      throw new BackendError('CORRUPT', 'the file ends here', { file: this.#path, offsetBytes: at + done })
    }
    return target.length
  }

  #readOnce(target: Uint8Array, done: number, at: number): number {
    try {
      return readSync(this.#descriptor, target, done, target.length - done, at)
    } catch (cause) {
      throw diskError(cause, 'the state file cannot be read', this.#path)
    }
  }
}
