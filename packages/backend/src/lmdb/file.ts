import { close, closeSync, fstatSync, ftruncate, openSync, readSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Bucket, ConsistentPoint } from '../backend.ts'
import type { BucketSet } from '../buckets.ts'
import { BackendError } from '../errors.ts'
import { keyHex } from '../keys.ts'
import { checksumBytes, keyChecksum, verifiedChecksum } from './checksum.ts'
import { ChunkPool } from './chunks.ts'
import { Instructions } from './instructions.ts'
import { decodeMetaRecord, type MetaRecord } from './meta-record.ts'
import {
  commitError,
  type LmdbStat,
  type LmdbStore,
  type LmdbTransaction,
  lmdbStatus,
  openStore,
  readChecksum,
  readInto,
} from './native.ts'
import { locateDamage, locateRecord } from './pages/locate.ts'
import { type MetaPage, newestMeta } from './pages/meta-page.ts'
import { FileSlice } from './slice.ts'

/** Records read in one go: enough to make the cursor's cost small, few enough for less than a millisecond. */
const sliceRecords = 512
/** Bytes of values after which a slice ends early. */
const sliceBytes = 262_144

const metaKey = Uint8Array.of(0)

/** One open LMDB file. Reads check every value; `CORRUPT` names the place. */
export class LmdbFile {
  /** What to name in errors; the file may have been renamed since it was opened. */
  #name: string
  readonly #buckets: BucketSet
  readonly #store: LmdbStore
  /** Tells whether the file has a name; LMDB does not show its own. -1 once it is closed. */
  #descriptor: number
  #users = 0
  /** Readers of other threads, which need what is in the file, with a name or without. */
  lentCount = 0
  #closing: Promise<void> | undefined
  /** Set once the file has been replaced: what to do before it is closed. */
  #beforeClose: (() => Promise<void>) | undefined
  #sliceBytesHint = 4_096
  #sliceRecordsHint = 16

  /** Throws LMDB's error. */
  constructor(options: {
    readonly path: string
    readonly name: string
    readonly buckets: BucketSet
    readonly mapBytes: number
  }) {
    this.#descriptor = openSync(options.path, 'r+')
    try {
      this.#store = openStore(options.path, { mapBytes: options.mapBytes })
    } catch (error) {
      closeSync(this.#descriptor)
      throw error
    }
    this.#name = options.name
    this.#buckets = options.buckets
  }

  get dbi(): number {
    return this.#store.db.dbi
  }

  /** Length of the file, as far as it is needed. */
  get fileBytes(): number {
    return (this.#store.env.info().lastPageNumber + 1) * this.pageBytes
  }

  get pageBytes(): number {
    return this.#store.env.stat().pageSize
  }

  /** Another file has taken its place in the folder: it ends when it is closed. */
  get isNameless(): boolean {
    return this.#descriptor >= 0 && fstatSync(this.#descriptor).nlink === 0
  }

  rename(name: string): void {
    this.#name = name
  }

  /** No record, not even of sums. */
  get isEmpty(): boolean {
    return this.#store.env.stat().entryCount === 0
  }

  /** Pages that hold the current state: two of meta, the records, the list of free pages. */
  pagesInUse(): number {
    const trees: LmdbStat[] = []
    try {
      this.#store.ensureReadTxn()
      trees.push(this.#store.env.stat(), this.#store.env.freeStat())
    } catch (cause) {
      throw this.#unreadable(cause)
    }
    return trees.reduce((sum, t) => sum + t.treeBranchPageCount + t.treeLeafPageCount + t.overflowPages, 2)
  }

  /** Makes reads see what was committed since. */
  refresh(): void {
    this.#store.resetReadTxn()
  }

  /** The value with its checksum, already compared; `undefined` if there is no record. */
  stored(bucketId: number, key: Uint8Array, transaction?: LmdbTransaction): Uint8Array | undefined {
    const stored = this.#get(prefixed(bucketId, key), transaction)
    if (stored !== undefined && verifiedChecksum(keyChecksum(bucketId, key), stored) < 0) {
      throw this.#damaged(bucketId, key)
    }
    return stored
  }

  /** The checksum of a record, as it stands in the file and not compared; -1 if there is no record. */
  checksum(bucketId: number, key: Uint8Array): number {
    try {
      return readChecksum(this.#store, prefixed(bucketId, key))
    } catch (cause) {
      throw this.#unreadable(cause)
    }
  }

  /** The record of sums; `undefined` in a new file. */
  meta(transaction?: LmdbTransaction): MetaRecord | undefined {
    const stored = this.#get(metaKey, transaction)
    if (stored === undefined) return undefined
    if (verifiedChecksum(keyChecksum(0, new Uint8Array(0)), stored) < 0) {
      const offsetBytes = this.#recordAt(metaKey)
      throw new BackendError('CORRUPT', "the record of the state's sums is damaged", { file: this.#name, offsetBytes })
    }
    return decodeMetaRecord(stored.subarray(0, stored.length - checksumBytes), this.#name)
  }

  /** The highest key of a bucket, without the bucket. */
  lastKey(bucketId: number): Uint8Array | undefined {
    const start = bucketId === 255 ? undefined : Uint8Array.of(bucketId + 1)
    // Without an `end`, lmdb would stop at keys that begin with 5.
    const range = { start, exclusiveStart: true, end: metaKey, reverse: true, limit: 1 }
    for (const { key } of this.#store.getRange(range)) return key[0] === bucketId ? key.subarray(1) : undefined
    return undefined
  }

  /** The first records from `from` on (bucket byte first), below `to`. */
  slice(from: Uint8Array, to: Uint8Array | undefined, transaction?: LmdbTransaction): FileSlice {
    const slice = new FileSlice(this.#sliceBytesHint, this.#sliceRecordsHint)
    const range = { start: from, end: to }
    const wanted = (): boolean => {
      const last = slice.count - 1
      if (slice.checksum(last) < 0) throw this.#damaged(slice.bucketId(last), slice.key(last))
      return slice.count < sliceRecords && slice.byteLength < sliceBytes
    }
    try {
      readInto(slice, this.#store, transaction === undefined ? range : { ...range, transaction }, wanted)
    } catch (cause) {
      throw this.#unreadable(cause)
    }
    slice.done = slice.count < sliceRecords && slice.byteLength < sliceBytes
    this.#sliceBytesHint = Math.min(slice.byteLength + 4_096, sliceBytes)
    this.#sliceRecordsHint = Math.max(16, slice.count)
    return slice
  }

  /** A read transaction on the newest state; the file stays open until `endRead`. */
  beginRead(): LmdbTransaction {
    this.#store.resetReadTxn()
    const transaction = this.#store.useReadTransaction()
    this.#users++
    return transaction
  }

  endRead(transaction: LmdbTransaction): void {
    transaction.done()
    this.#leave()
  }

  /**
   * Where the newest state begins: that of the newest transaction or of a later one, as long as that lasts. Read until two
   * looks agree, for LMDB may be writing there.
   */
  metaPage(): MetaPage {
    const { pageBytes } = this
    const look = (): Buffer => {
      const bytes = Buffer.alloc(2 * pageBytes)
      readSync(this.#descriptor, bytes, 0, bytes.length, 0)
      return bytes
    }
    for (let last = look(); ; ) {
      const next = look()
      if (next.equals(last)) return newestMeta(next, pageBytes)
      last = next
    }
  }

  write(address: number, callback: (status: number) => void): void {
    this.#store.env.startWriting(address, callback)
  }

  /**
   * To be awaited before anything else is written. A compact copy has no free pages, and lmdb 3.5.6 aborts the process when
   * the first list of free pages that is written is so long that it needs pages of its own (mdb.c, `mdb_page_alloc`: it
   * asks the tree of free pages for its last record while that is still being made). Here a small one comes first.
   */
  async beginFreeList(): Promise<void> {
    this.#store.ensureReadTxn()
    const stored = this.#get(metaKey, undefined)
    if (stored === undefined || this.#store.env.freeStat().entryCount > 0) return
    const pool = new ChunkPool()
    const instructions = new Instructions(pool)
    const value = pool.take()
    value.bytes.set(stored)
    instructions.put(this.dbi, 0, new Uint8Array(0), { address: value.address, length: stored.length })
    instructions.end()
    const status = await new Promise<number>(resolve => {
      this.write(instructions.address, result => result !== lmdbStatus.visible && resolve(result))
    })
    instructions.release()
    if (status !== lmdbStatus.durable) throw commitError(status, { file: this.#name, isDiskFull: false })
    this.refresh()
  }

  /** A compact copy by LMDB, not yet durable. Rejects with LMDB's error. */
  async copy(path: string): Promise<void> {
    this.#users++
    try {
      await new Promise<void>((resolve, reject) => {
        this.#store.env.copy(path, true, error => (error === undefined ? resolve() : reject(error)))
      })
    } finally {
      this.#leave()
    }
  }

  /** Nothing new will be read here: closes as soon as nobody reads or copies, after `beforeClose`, which must not reject. */
  retire(beforeClose: () => Promise<void>): void {
    this.#beforeClose = beforeClose
    this.#closeIfUnused()
  }

  /** Closes at once: transactions end. Nothing may be written or copied at the time. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** The error for records that are not those that were written; the counts may agree. */
  mismatch(bucketId: number, counts: { readonly found: number; readonly expected: number }): BackendError {
    const { found, expected } = counts
    const message =
      found === expected ? `${found} records that are not those written` : `${found} records instead of ${expected}`
    const offsetBytes = this.isNameless ? undefined : locateDamage(this.#name)
    return new BackendError('CORRUPT', message, {
      bucket: this.#buckets.nameOf(bucketId),
      file: this.#name,
      offsetBytes,
    })
  }

  #leave(): void {
    this.#users--
    this.#closeIfUnused()
  }

  #closeIfUnused(): void {
    if (this.#beforeClose !== undefined && this.#users === 0) void this.close()
  }

  /**
   * Leaves the two pages of meta: before closing a file without a name, when nobody will read here any more. On a thread
   * of the pool, unlike what closing would do.
   */
  async cut(): Promise<void> {
    await promisify(ftruncate)(this.#descriptor, 2 * this.pageBytes)
  }

  async #close(): Promise<void> {
    await this.#beforeClose?.()
    await this.#store.close()
    const descriptor = this.#descriptor
    this.#descriptor = -1
    await promisify(close)(descriptor)
  }

  #get(key: Uint8Array, transaction: LmdbTransaction | undefined): Uint8Array | undefined {
    try {
      const value = transaction === undefined ? this.#store.get(key) : this.#store.get(key, { transaction })
      return value as Uint8Array | undefined
    } catch (cause) {
      throw this.#unreadable(cause)
    }
  }

  /** LMDB met a page that cannot be. */
  #unreadable(cause: unknown): BackendError {
    if (cause instanceof BackendError) return cause
    if (String(cause).includes('MDB_PANIC')) {
      return new BackendError('IO', 'an earlier write to the disk failed', { file: this.#name, unsound: true, cause })
    }
    return new BackendError('CORRUPT', `LMDB cannot read: ${String(cause)}`, { file: this.#name, cause })
  }

  /** What lies at the name of a file that has lost it is no evidence. */
  #recordAt(key: Uint8Array): number | undefined {
    return this.isNameless ? undefined : locateRecord(this.#name, key)
  }

  #damaged(bucketId: number, key: Uint8Array): BackendError {
    const offsetBytes = this.#recordAt(prefixed(bucketId, key))
    const details = { bucket: this.#buckets.nameOf(bucketId), keyHex: keyHex(key), file: this.#name, offsetBytes }
    return new BackendError('CORRUPT', 'a record does not match its checksum', details)
  }
}

/** The key as it stands in the file. */
export function prefixed(bucketId: number, key: Uint8Array): Uint8Array {
  const whole = new Uint8Array(key.length + 1)
  whole[0] = bucketId
  for (let i = 0; i < key.length; i++) whole[i + 1] = key[i]!
  return whole
}

/** The first possible key behind `key`. */
export function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}

/** The interval of a bucket in the file, `from` and `to` within it. */
export function fileInterval(
  bucket: Pick<Bucket, 'id'>,
  from: Uint8Array | undefined,
  to: Uint8Array | undefined,
): { readonly from: Uint8Array; readonly to: Uint8Array | undefined } {
  const end = bucket.id === 255 ? undefined : Uint8Array.of(bucket.id + 1)
  return {
    from: from === undefined ? Uint8Array.of(bucket.id) : prefixed(bucket.id, from),
    to: to === undefined ? end : prefixed(bucket.id, to),
  }
}

export function pointOf(meta: MetaRecord): ConsistentPoint {
  return { index: meta.index, term: meta.term }
}
