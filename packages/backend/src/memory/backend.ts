import { assert } from '../assert.ts'
import type {
  Backend,
  BackendRecord,
  BackendSizes,
  BackendView,
  Bucket,
  ConsistentPoint,
  KeyInterval,
} from '../backend.ts'
import type { BucketSet } from '../buckets.ts'
import { BackendError } from '../errors.ts'
import { encodeImage } from './image.ts'
import { type Edit, type Tree, treeDelete, treeGet, treeNodes, treePut } from './tree.ts'
import { fileBytesOf, type MemoryVersion, recordOverheadBytes } from './version.ts'

/** The part of a disk that a state needs. */
export interface MemoryDisk {
  /** Writes bytes to a path, durable when it resolves; refuses with `EXISTS` if there is something. */
  write(path: string, bytes: Uint8Array): Promise<void>
  /** The file that leads to the state; without it the state has no name. */
  readonly place?: MemoryPlace | undefined
}

export interface MemoryPlace {
  /** Refuses (`IO`) if another file has taken the place. */
  check(): Promise<void>
  /** Resolves once the file has the name, with what makes that durable. */
  move(path: string): Promise<() => Promise<void>>
}

/** Calls back when the disk would have finished a flush: at once, later, in any order of its own, or never. */
export type FlushSchedule = (done: () => void) => void

/** Chance, as `SeededRandom` of `@kvs/testing` gives it. */
export interface Random {
  /** Uniform integer in [0, bound). */
  below(bound: number): number
}

export interface MemoryParts {
  readonly buckets: BucketSet
  readonly schedule: FlushSchedule
  readonly disk: MemoryDisk | undefined
}

/** The state in memory; see `memoryBackend`. */
export class MemoryBackend implements Backend {
  readonly #parts: MemoryParts
  #edit: Edit = { version: 0 }
  #trees: Tree[]
  #recordBytes: number
  #operations = 0
  #operationBytes = 0

  /** Entries have ended up to here. */
  #ended: MemoryVersion
  #endedOperations = 0
  #endedBytes = 0
  /** Committed and not outdated: the first is durable, the last is what a view sees. */
  #versions: MemoryVersion[]
  #highWaterBytes: number
  #gone: BackendError | undefined
  /** Only reading and `close` are left. */
  #failure: BackendError | undefined
  #moving: Promise<void> = Promise.resolve()
  #ending: Promise<void> | undefined
  readonly #waiting: { readonly version: number; readonly resolve: () => void }[] = []

  /** `highWaterBytes` is that of the backend before a crash. */
  constructor(parts: MemoryParts, start: MemoryVersion, highWaterBytes: number = 0) {
    this.#parts = parts
    this.#trees = start.trees.slice()
    this.#recordBytes = start.recordBytes
    this.#ended = start
    this.#versions = [start]
    this.#highWaterBytes = Math.max(fileBytesOf(start), highWaterBytes)
  }

  get buckets(): readonly Bucket[] {
    return this.#parts.buckets.list
  }

  get consistent(): ConsistentPoint {
    return this.#ended.point
  }

  get durable(): ConsistentPoint {
    return this.#versions[0]!.point
  }

  get pendingOperations(): number {
    return this.#endedOperations
  }

  get pendingBytes(): number {
    return this.#endedBytes
  }

  put(bucket: Bucket, key: Uint8Array, value: Uint8Array): void {
    this.#checkWritable()
    this.#parts.buckets.checkRecord(bucket, key, value)
    const tree = this.#trees[bucket.id]
    const old = treeGet(tree, key)
    this.#recordBytes += old === undefined ? key.length + value.length + recordOverheadBytes : value.length - old.length
    this.#trees[bucket.id] = treePut(this.#edit, tree, key, value)
    this.#operations++
    this.#operationBytes += key.length + value.length
  }

  delete(bucket: Bucket, key: Uint8Array): void {
    this.#checkWritable()
    this.#parts.buckets.check(bucket)
    const tree = this.#trees[bucket.id]
    const old = treeGet(tree, key)
    if (old === undefined) return
    this.#recordBytes -= key.length + old.length + recordOverheadBytes
    this.#trees[bucket.id] = treeDelete(this.#edit, tree, key)
    this.#operations++
    this.#operationBytes += key.length
  }

  get(bucket: Bucket, key: Uint8Array): Uint8Array | undefined {
    this.#checkOpen()
    this.#parts.buckets.check(bucket)
    return treeGet(this.#trees[bucket.id], key)
  }

  records(bucket: Bucket, interval: KeyInterval = {}): IterableIterator<BackendRecord> {
    this.#checkOpen()
    this.#parts.buckets.check(bucket)
    this.#freeze()
    return this.#guarded(treeNodes(this.#trees[bucket.id], interval.from, interval.to))
  }

  endEntry(point: ConsistentPoint): void {
    const last = this.#ended.point.index
    assert(point.index > last, `entry ${point.index} ends after entry ${last}`)
    this.forceConsistent(point)
  }

  forceConsistent(point: ConsistentPoint): void {
    this.#checkWritable()
    this.#freeze()
    this.#endedOperations += this.#operations
    this.#endedBytes += this.#operationBytes
    this.#operations = 0
    this.#operationBytes = 0
    this.#ended = {
      number: this.#ended.number + 1,
      trees: this.#trees.slice(),
      recordBytes: this.#recordBytes,
      point: { index: point.index, term: point.term },
    }
  }

  async commit(): Promise<void> {
    this.#checkWritable()
    const version = this.#ended
    const newest = this.#versions.at(-1)!
    if (version.number !== newest.number) {
      this.#versions.push(version)
      this.#endedOperations = 0
      this.#endedBytes = 0
      this.#highWaterBytes = Math.max(this.#highWaterBytes, fileBytesOf(version))
      this.#parts.schedule(() => this.#flushed(version.number))
    }
    if (this.#versions[0]!.number >= version.number) return
    await new Promise<void>(resolve => this.#waiting.push({ version: version.number, resolve }))
  }

  view(): MemoryView {
    this.#checkOpen()
    return new MemoryView(this.#parts.buckets, this.#versions.at(-1)!, () => this.#gone)
  }

  sizes(): BackendSizes {
    this.#checkOpen()
    return {
      allocatedBytes: this.#highWaterBytes,
      inUseBytes: fileBytesOf(this.#versions.at(-1)!),
      fileBytes: this.#highWaterBytes,
    }
  }

  async copyTo(path: string): Promise<void> {
    this.#checkWritable()
    const { disk } = this.#parts
    if (disk === undefined) throw new BackendError('UNSUPPORTED', 'opened without a disk to copy to')
    await disk.write(path, encodeImage(this.#versions.at(-1)!))
  }

  async moveTo(path: string): Promise<void> {
    this.#checkWritable()
    if (this.#ending !== undefined) throw new BackendError('CLOSED', 'used after close')
    const place = this.#parts.disk?.place
    if (place === undefined) throw new BackendError('UNSUPPORTED', 'a state without a name')
    const before = this.#moving
    const move = before.then(() => this.#move(place, path))
    this.#moving = move.catch(() => {})
    await move
  }

  async defragment(): Promise<void> {
    this.#checkWritable()
    await this.#parts.disk?.place?.check()
    await this.commit()
    this.#checkWritable()
    this.#highWaterBytes = fileBytesOf(this.#versions.at(-1)!)
  }

  async verify(): Promise<void> {
    this.#checkOpen()
  }

  close(): Promise<void> {
    this.#ending ??= this.#close()
    return this.#ending
  }

  /** The process dies: nothing that was under way ever finishes, and every later call refuses. */
  kill(): void {
    this.#gone ??= new BackendError('CLOSED', 'used after kill')
    this.#waiting.length = 0
    this.#ending ??= Promise.resolve()
  }

  /**
   * The process or the machine dies: kills this backend and opens what the disk then holds, which is any version between
   * the last durable and the last committed one, as `random` says. After `close` there is only one. `parts`: what the
   * next one is opened with.
   */
  crash(random: Random, parts: MemoryParts = this.#parts): MemoryBackend {
    const next = this.afterCrash(random, parts)
    this.kill()
    return next
  }

  /** What `crash` would leave, while this backend lives on. */
  afterCrash(random: Random, parts: MemoryParts = this.#parts): MemoryBackend {
    const pick = random.below(this.#versions.length)
    assert(Number.isInteger(pick) && pick >= 0 && pick < this.#versions.length, 'random.below stays below its bound')
    return new MemoryBackend(parts, this.#versions[pick]!, this.#highWaterBytes)
  }

  async #close(): Promise<void> {
    await this.#moving
    if (this.#gone !== undefined) return
    if (this.#failure === undefined) await this.commit()
    this.#gone ??= new BackendError('CLOSED', 'used after close')
  }

  async #move(place: MemoryPlace, path: string): Promise<void> {
    this.#checkWritable()
    const finish = await place.move(path)
    try {
      await finish()
    } catch (cause) {
      this.#failure = new BackendError('IO', 'the new name may not survive a power cut', { file: path, cause })
      throw this.#failure
    }
  }

  /** From now on writes copy: every root that exists stays as it is. */
  #freeze(): void {
    this.#edit = { version: this.#edit.version + 1 }
  }

  #flushed(version: number): void {
    if (this.#gone !== undefined) return
    while (this.#versions.length > 1 && this.#versions[0]!.number < version) this.#versions.shift()
    const durable = this.#versions[0]!.number
    while (this.#waiting.length > 0 && this.#waiting[0]!.version <= durable) this.#waiting.shift()!.resolve()
  }

  *#guarded(records: IterableIterator<BackendRecord>): IterableIterator<BackendRecord> {
    this.#checkOpen()
    for (const record of records) {
      yield record
      this.#checkOpen()
    }
  }

  #checkOpen(): void {
    if (this.#gone !== undefined) throw this.#gone
  }

  #checkWritable(): void {
    this.#checkOpen()
    if (this.#failure !== undefined) throw this.#failure
  }
}

/** One version, kept until `close`. */
export class MemoryView implements BackendView {
  readonly #buckets: BucketSet
  readonly #gone: () => BackendError | undefined
  #version: MemoryVersion | undefined

  constructor(buckets: BucketSet, version: MemoryVersion, gone: () => BackendError | undefined) {
    this.#buckets = buckets
    this.#version = version
    this.#gone = gone
  }

  get consistent(): ConsistentPoint {
    return this.#open().point
  }

  get(bucket: Bucket, key: Uint8Array): Uint8Array | undefined {
    this.#buckets.check(bucket)
    return treeGet(this.#open().trees[bucket.id], key)
  }

  records(bucket: Bucket, interval: KeyInterval = {}): IterableIterator<BackendRecord> {
    this.#buckets.check(bucket)
    return this.#guarded(treeNodes(this.#open().trees[bucket.id], interval.from, interval.to))
  }

  close(): void {
    this.#version = undefined
  }

  *#guarded(records: IterableIterator<BackendRecord>): IterableIterator<BackendRecord> {
    this.#open()
    for (const record of records) {
      yield record
      this.#open()
    }
  }

  #open(): MemoryVersion {
    const gone = this.#gone()
    if (gone !== undefined) throw gone
    if (this.#version === undefined) throw new BackendError('CLOSED', 'used a view after its close')
    return this.#version
  }
}
