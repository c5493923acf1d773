import type { Fs } from '@kvs/vfs'
import { assert } from '../assert.ts'
import type {
  Backend,
  BackendFailpoints,
  BackendRecord,
  BackendSizes,
  BackendView,
  Bucket,
  ConsistentPoint,
  CopyOptions,
  KeyInterval,
  Lent,
  LentState,
} from '../backend.ts'
import type { BucketSet } from '../buckets.ts'
import { BackendError } from '../errors.ts'
import { isRenaming } from '../paths.ts'
import { checksumBytes, keyChecksum } from './checksum.ts'
import { beginMove, closeLast, copyState, finishMove, type OpenFile, replaceByCompactCopy } from './copying.ts'
import type { LmdbFile } from './file.ts'
import { HighKeys } from './high-keys.ts'
import { decodedOrEmpty, encodeStoredMeta } from './meta-record.ts'
import { commitError, lmdbStatus } from './native.ts'
import { Pending } from './pending.ts'
import { readSlice } from './records.ts'
import type { Segment } from './segment.ts'
import { Snapshot, Totals } from './totals.ts'
import { verifyFile } from './verify.ts'
import { LmdbView } from './view.ts'

const noKey = new Uint8Array(0)

/** A commit that failed with less than this left, beside its own bytes, failed for want of space. */
const diskReserveBytes = 1_048_576

export interface LmdbParts {
  readonly fs: Fs
  readonly path: string
  readonly buckets: BucketSet
  readonly file: LmdbFile
  readonly openFile: OpenFile
  readonly failpoints?: BackendFailpoints | undefined
}

/** The state in an LMDB file; see `openLmdb`. */
export class LmdbBackend implements Backend {
  readonly #parts: LmdbParts
  readonly #failpoints: BackendFailpoints | undefined
  #path: string
  #file: LmdbFile
  readonly #retired: LmdbFile[] = []
  readonly #pending: Pending = new Pending()
  readonly #highKeys: HighKeys = new HighKeys()
  /** What is written, what of it belongs to ended entries, what is visible in the file. */
  readonly #written: Snapshot = new Snapshot()
  readonly #ended: Snapshot = new Snapshot()
  readonly #visible: Snapshot = new Snapshot()
  #durable: ConsistentPoint
  #sizes: BackendSizes
  #highWaterPages: number
  /** The commit or the exchange of the file that is under way. */
  #busy: Promise<void> | undefined
  #nextCommit: Promise<void> | undefined
  #defragmenting: Promise<void> | undefined
  readonly #copies: Set<Promise<void>> = new Set()
  /** The work that has the file alone, and openings that rely on its name: they wait for one another. */
  #exclusive: Promise<void> | undefined
  readonly #openings: Set<Promise<unknown>> = new Set()
  #failure: BackendError | undefined
  #closing: Promise<void> | undefined

  constructor(parts: LmdbParts) {
    this.#parts = parts
    this.#failpoints = parts.failpoints
    this.#path = parts.path
    this.#file = parts.file
    const meta = decodedOrEmpty(parts.file.meta())
    for (const snapshot of [this.#written, this.#ended, this.#visible]) snapshot.set(meta, meta)
    this.#durable = this.#visible.point
    for (const bucket of parts.buckets.list) {
      const last = parts.file.lastKey(bucket.id)
      if (last !== undefined) this.#highKeys.raise(bucket.id, last)
    }
    const inFile = parts.file.fileBytes / parts.file.pageBytes
    this.#highWaterPages = Math.min(meta.highWaterPages, inFile)
    this.#sizes = this.#measure()
  }

  get buckets(): readonly Bucket[] {
    return this.#parts.buckets.list
  }

  get consistent(): ConsistentPoint {
    return this.#ended.point
  }

  get durable(): ConsistentPoint {
    return this.#durable
  }

  get pendingOperations(): number {
    return this.#pending.endedOperations
  }

  get pendingBytes(): number {
    return this.#pending.endedBytes
  }

  put(bucket: Bucket, key: Uint8Array, value: Uint8Array): void {
    this.#checkWritable()
    this.#parts.buckets.checkRecord(bucket, key, value)
    const hash = keyChecksum(bucket.id, key)
    const before = this.#highKeys.raise(bucket.id, key) ? -1 : this.#currentChecksum(bucket.id, key, hash)
    const after = this.#pending.segment().put(this.#file.dbi, bucket.id, key, value, hash)
    this.#written.totals.change(bucket.id, before, after)
  }

  delete(bucket: Bucket, key: Uint8Array): void {
    this.#checkWritable()
    this.#parts.buckets.check(bucket)
    const hash = keyChecksum(bucket.id, key)
    const before = this.#currentChecksum(bucket.id, key, hash)
    if (before < 0) return
    this.#pending.segment().delete(this.#file.dbi, bucket.id, key, hash)
    this.#written.totals.change(bucket.id, before, -1)
  }

  get(bucket: Bucket, key: Uint8Array): Uint8Array | undefined {
    this.#checkReadable()
    this.#parts.buckets.check(bucket)
    const segment = this.#pending.find(bucket.id, key, keyChecksum(bucket.id, key))
    if (segment !== undefined) {
      return segment.isDelete(this.#pending.found) ? undefined : segment.value(this.#pending.found)
    }
    const stored = this.#file.stored(bucket.id, key)
    return stored?.subarray(0, stored.length - checksumBytes)
  }

  records(bucket: Bucket, interval: KeyInterval = {}): IterableIterator<BackendRecord> {
    this.#checkReadable()
    this.#parts.buckets.check(bucket)
    return this.#records(bucket.id, interval.from, interval.to)
  }

  endEntry(point: ConsistentPoint): void {
    const last = this.#ended.point.index
    assert(point.index > last, `entry ${point.index} ends after entry ${last}`)
    this.forceConsistent(point)
  }

  forceConsistent(point: ConsistentPoint): void {
    this.#checkWritable()
    if (this.#failpoints === undefined) this.#pending.endEntry()
    else this.#endEntryWith(this.#failpoints)
    this.#written.point = { index: point.index, term: point.term }
    this.#ended.set(this.#written.point, this.#written.totals)
  }

  #endEntryWith(failpoints: BackendFailpoints): void {
    if (!this.#pending.isOpen) return this.#pending.endEntry()
    failpoints.block('beforeWritebackBuf')
    this.#pending.endEntry()
    failpoints.block('afterWritebackBuf')
  }

  /** Makes a new file a state file, durably. Before anything else. */
  initialize(): Promise<void> {
    return this.#occupy(this.#write())
  }

  commit(): Promise<void> {
    const refusal = this.#refusal()
    return refusal === undefined ? this.#commit() : Promise.reject(refusal)
  }

  view(): BackendView {
    this.#checkReadable()
    return new LmdbView(this.#file, this.#parts.buckets, () => this.#checkReadable())
  }

  sizes(): BackendSizes {
    this.#checkReadable()
    return this.#sizes
  }

  async copyTo(path: string, options: CopyOptions = {}): Promise<void> {
    this.#checkWritable()
    const copy = copyState(this.#parts.fs, this.#file, path, options)
    this.#copies.add(copy)
    this.#parts.fs.busyUntil(copy)
    try {
      await copy
    } finally {
      this.#copies.delete(copy)
    }
  }

  async lend<Opened>(open: (lent: LentState) => Promise<Opened>): Promise<Lent<Opened>> {
    while (this.#exclusive !== undefined) await settled(this.#exclusive)
    this.#checkWritable()
    const view = this.view()
    const file = this.#file
    let isLent = true
    const release = (): void => {
      if (isLent) file.lentCount--
      isLent = false
      view.close()
    }
    file.lentCount++
    const opening = (async () => await open({ path: this.#path, meta: file.metaPage() }))()
    this.#openings.add(opening)
    try {
      return { opened: await opening, release }
    } catch (error) {
      release()
      throw error
    } finally {
      this.#openings.delete(opening)
    }
  }

  defragment(): Promise<void> {
    const refusal = this.#refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    this.#defragmenting ??= this.#alone(() => this.#exchange()).finally(() => {
      this.#defragmenting = undefined
    })
    return this.#defragmenting
  }

  moveTo(path: string): Promise<void> {
    const refusal = this.#refusal()
    return refusal === undefined ? this.#alone(() => this.#move(path)) : Promise.reject(refusal)
  }

  async verify(): Promise<void> {
    this.#checkReadable()
    await verifyFile(this.#file, () => this.#checkReadable())
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** The checksum of the record that is written under the key, or -1. */
  #currentChecksum(bucketId: number, key: Uint8Array, hash: number): number {
    const segment = this.#pending.find(bucketId, key, hash)
    if (segment !== undefined) {
      return segment.isDelete(this.#pending.found) ? -1 : segment.checksum(this.#pending.found)
    }
    return this.#file.checksum(bucketId, key)
  }

  /** A whole bucket read without anything being written meanwhile is also compared with its sums. */
  *#records(
    bucketId: number,
    first: Uint8Array | undefined,
    to: Uint8Array | undefined,
  ): IterableIterator<BackendRecord> {
    const found = first === undefined && to === undefined ? new Totals() : undefined
    const changes = this.#pending.changes
    let isFileAlone = true
    for (let from = first; ; ) {
      this.#checkReadable()
      const slice = readSlice(this.#file, this.#pending, bucketId, from, to)
      const { stored } = slice
      isFileAlone &&= stored !== undefined && this.#pending.changes === changes
      if (isFileAlone) found?.add(bucketId, stored!)
      const count = stored?.count ?? slice.records.length
      for (let at = 0; at < count; at++) {
        yield stored === undefined ? slice.records[at]! : { key: stored.key(at), value: stored.value(at) }
        this.#checkReadable()
      }
      if (slice.next === undefined) break
      from = slice.next
    }
    if (found === undefined || !isFileAlone || this.#pending.changes !== changes) return
    found.compare(bucketId, this.#visible.totals, this.#file)
  }

  #commit(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#busy !== undefined) {
      this.#nextCommit ??= this.#commitAfter(this.#busy)
      return this.#nextCommit
    }
    if (this.#pending.endedOperations === 0 && isSamePoint(this.#ended.point, this.#visible.point)) {
      return Promise.resolve()
    }
    return this.#occupy(this.#write())
  }

  async #commitAfter(busy: Promise<void>): Promise<void> {
    await settled(busy)
    this.#nextCommit = undefined
    await this.#commit()
  }

  /** Nothing else may touch the file while `work` runs. */
  #occupy(work: Promise<void>): Promise<void> {
    const busy = work.finally(() => {
      this.#busy = undefined
    })
    this.#busy = busy
    this.#parts.fs.busyUntil(busy)
    return busy
  }

  async #write(): Promise<void> {
    if (this.#failpoints !== undefined) await this.#failpoints.wait('commitBeforePreCommitHook')
    const { dbi } = this.#file
    const bytes = this.#pending.endedBytes
    const segments = this.#pending.take(dbi)
    const snapshot = new Snapshot()
    snapshot.set(this.#ended.point, this.#ended.totals)
    const last = segments.at(-1)!
    const meta = last.store(encodeStoredMeta(snapshot.metaRecord(this.#highWaterPages)))
    last.instructions.put(dbi, 0, noKey, meta)
    last.instructions.end()
    for (const [place, segment] of segments.slice(0, -1).entries()) {
      segment.instructions.goOnAt(segments[place + 1]!.instructions.address)
    }
    if (this.#failpoints !== undefined) {
      await this.#failpoints.wait('commitAfterPreCommitHook')
      await this.#failpoints.wait('beforeCommit')
    }
    const status = await this.#hand(segments, snapshot)
    if (status !== lmdbStatus.durable) {
      this.#failure = commitError(status, { file: this.#path, isDiskFull: await this.#isDiskFull(bytes) })
      throw this.#failure
    }
    if (this.#failpoints !== undefined) await this.#failpoints.wait('afterCommit')
    this.#durable = snapshot.point
    for (const segment of segments) segment.release()
  }

  /** Gives the batch to LMDB; resolves with the status it ends with. */
  #hand(segments: readonly Segment[], snapshot: Snapshot): Promise<number> {
    let seen = false
    const visible = (): void => {
      if (seen) return
      seen = true
      this.#failpoints?.block('beforeStartDBTxn')
      this.#file.refresh()
      this.#failpoints?.block('afterStartDBTxn')
      this.#pending.visible()
      this.#visible.set(snapshot.point, snapshot.totals)
      try {
        this.#sizes = this.#measure()
      } catch {
        // A write behind it has failed already: its status is still to come.
      }
    }
    return new Promise(resolve => {
      this.#file.write(segments[0]!.instructions.address, status => {
        if (status === lmdbStatus.visible || status === lmdbStatus.durable) visible()
        if (status !== lmdbStatus.visible) resolve(status)
      })
    })
  }

  async #isDiskFull(batchBytes: number): Promise<boolean> {
    try {
      return (await this.#parts.fs.freeBytes(this.#path)) < batchBytes + diskReserveBytes
    } catch {
      return false
    }
  }

  #measure(): BackendSizes {
    const pages = this.#file.pagesInUse()
    this.#highWaterPages = Math.max(this.#highWaterPages, pages)
    const { pageBytes, fileBytes } = this.#file
    return { allocatedBytes: this.#highWaterPages * pageBytes, inUseBytes: pages * pageBytes, fileBytes }
  }

  /** Waits for what is under way, then has the file for `work`. */
  async #alone(work: () => Promise<void>): Promise<void> {
    while (this.#busy !== undefined || this.#openings.size > 0) {
      await settled(Promise.all([this.#busy, ...this.#openings]))
    }
    const refusal = this.#refusal()
    if (refusal !== undefined) throw refusal
    const exclusive = this.#occupy(work()).finally(() => {
      this.#exclusive = undefined
    })
    this.#exclusive = exclusive
    await exclusive
  }

  async #move(path: string): Promise<void> {
    const { fs } = this.#parts
    const names = { from: this.#path, to: path }
    if (!isRenaming(names)) return
    await beginMove(fs, this.#file, names)
    this.#path = path
    this.#file.rename(path)
    try {
      await finishMove(fs, names)
    } catch (cause) {
      this.#failure = new BackendError('IO', 'the new name may not survive a power cut', { file: path, cause })
      throw this.#failure
    }
  }

  async #exchange(): Promise<void> {
    const path = this.#path
    const next = await replaceByCompactCopy({ ...this.#parts, path, file: this.#file, point: this.#visible.point })
    const before = this.#file
    this.#file = next.file
    this.#highWaterPages = 0
    this.#sizes = this.#measure()
    try {
      await next.finish()
    } catch (cause) {
      this.#failure = new BackendError('IO', 'the new file may not survive a power cut', { file: path, cause })
      throw this.#failure
    } finally {
      this.#retired.push(before)
      before.retire(() => next.discard())
    }
  }

  async #close(): Promise<void> {
    try {
      if (this.#failure === undefined) await this.#commit()
    } finally {
      while (this.#busy !== undefined) await settled(this.#busy)
      while (this.#copies.size + this.#openings.size > 0)
        await settled(Promise.all([...this.#copies, ...this.#openings]))
      const last = closeLast(this.#parts.fs, this.#file, this.#path)
      await Promise.all([last, ...this.#retired.map(file => file.close())])
    }
  }

  #refusal(): BackendError | undefined {
    if (this.#closing !== undefined) return new BackendError('CLOSED', 'used after close', { file: this.#path })
    return this.#failure
  }

  #checkWritable(): void {
    if (this.#closing !== undefined || this.#failure !== undefined) throw this.#refusal()!
  }

  #checkReadable(): void {
    if (this.#closing !== undefined) throw this.#refusal()!
  }
}

function isSamePoint(a: ConsistentPoint, b: ConsistentPoint): boolean {
  return a.index === b.index && a.term === b.term
}

async function settled(work: Promise<unknown>): Promise<void> {
  await work.then(
    () => undefined,
    () => undefined,
  )
}
