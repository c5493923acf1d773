import {
  type Backend,
  type BackendRecord,
  type BackendSizes,
  type BackendView,
  type Bucket,
  type ConsistentPoint,
  type CopyOptions,
  type KeyInterval,
  updateCrc32c,
} from '@kvs/backend'
import * as limits from '../limits.ts'
import { buckets } from './buckets.ts'

/** What the entries `first` to `last` did, as one number: the same on every member that applied them from the same state. */
export interface EffectsWindow {
  readonly first: number
  readonly last: number
  /** CRC-32C over everything that was written, in order, with the index of each entry behind what it wrote. */
  readonly hash: number
}

/**
 * A running hash of effects. What an entry does to the state must follow from the log alone; members that compare their
 * windows find out within `limits.effectsWindowEntries` entries if it did not. Windows lie at multiples of that, so that
 * members agree on them without a word; the one during which a member started has no hash.
 */
export class Effects {
  readonly #windows: EffectsWindow[] = []
  #hash = 0
  /** The window was seen from its first entry on. */
  #isWhole: boolean
  readonly #index = new Uint8Array(8)

  /** `applied`: the last entry whose effects are in the state already. */
  constructor(applied: number) {
    this.#isWhole = applied % limits.effectsWindowEntries === 0
  }

  /** Whole windows, oldest first. */
  get windows(): readonly EffectsWindow[] {
    return this.#windows
  }

  get newest(): EffectsWindow | undefined {
    return this.#windows.at(-1)
  }

  /** Forgets what was hashed: the state is another one, which contains the entries up to `applied`. */
  restart(applied: number): void {
    this.#windows.length = 0
    this.#hash = 0
    this.#isWhole = applied % limits.effectsWindowEntries === 0
  }

  wrote(bucket: Bucket, key: Uint8Array, value: Uint8Array): void {
    const hash = updateCrc32c(this.#hash ^ bucket.id, key, 0, key.length)
    this.#hash = updateCrc32c(hash, value, 0, value.length)
  }

  deleted(bucket: Bucket, key: Uint8Array): void {
    this.#hash = updateCrc32c(~this.#hash ^ bucket.id, key, 0, key.length)
  }

  entryEnded(index: number): void {
    new DataView(this.#index.buffer).setBigUint64(0, BigInt(index))
    this.#hash = updateCrc32c(this.#hash, this.#index, 0, 8)
    if (index % limits.effectsWindowEntries !== 0) return
    if (this.#isWhole) {
      this.#windows.push({ first: index - limits.effectsWindowEntries + 1, last: index, hash: this.#hash >>> 0 })
      if (this.#windows.length > limits.effectsWindowsKept) this.#windows.shift()
    }
    this.#hash = 0
    this.#isWhole = true
  }
}

/**
 * A state file whose writes are hashed. Two things every member does at its own pace and are no effects: removing records
 * after a compaction, and the marks in bucket `meta` that say how far that has come.
 */
export class EffectsBackend implements Backend {
  readonly effects: Effects
  #backend: Backend

  constructor(backend: Backend) {
    this.#backend = backend
    this.effects = new Effects(backend.consistent.index)
  }

  /**
   * Goes on with the state file of a snapshot, and returns the one before, which is the caller's to close: to everybody
   * who holds this, the file is another from now on.
   */
  exchange(next: Backend): Backend {
    const before = this.#backend
    this.#backend = next
    this.effects.restart(next.consistent.index)
    return before
  }

  put(bucket: Bucket, key: Uint8Array, value: Uint8Array): void {
    if (bucket.id !== buckets.meta.id) this.effects.wrote(bucket, key, value)
    this.#backend.put(bucket, key, value)
  }

  delete(bucket: Bucket, key: Uint8Array): void {
    if (bucket.id !== buckets.meta.id && bucket.id !== buckets.key.id) this.effects.deleted(bucket, key)
    this.#backend.delete(bucket, key)
  }

  endEntry(point: ConsistentPoint): void {
    this.effects.entryEnded(point.index)
    this.#backend.endEntry(point)
  }

  get buckets(): readonly Bucket[] {
    return this.#backend.buckets
  }

  get consistent(): ConsistentPoint {
    return this.#backend.consistent
  }

  get durable(): ConsistentPoint {
    return this.#backend.durable
  }

  get pendingOperations(): number {
    return this.#backend.pendingOperations
  }

  get pendingBytes(): number {
    return this.#backend.pendingBytes
  }

  get(bucket: Bucket, key: Uint8Array): Uint8Array | undefined {
    return this.#backend.get(bucket, key)
  }

  records(bucket: Bucket, interval?: KeyInterval): IterableIterator<BackendRecord> {
    return this.#backend.records(bucket, interval)
  }

  forceConsistent(point: ConsistentPoint): void {
    this.#backend.forceConsistent(point)
  }

  commit(): Promise<void> {
    return this.#backend.commit()
  }

  view(): BackendView {
    return this.#backend.view()
  }

  sizes(): BackendSizes {
    return this.#backend.sizes()
  }

  copyTo(path: string, options?: CopyOptions): Promise<void> {
    return this.#backend.copyTo(path, options)
  }

  get lend(): Backend['lend'] {
    const backend = this.#backend
    return backend.lend?.bind(backend)
  }

  defragment(): Promise<void> {
    return this.#backend.defragment()
  }

  moveTo(path: string): Promise<void> {
    return this.#backend.moveTo(path)
  }

  verify(): Promise<void> {
    return this.#backend.verify()
  }

  close(): Promise<void> {
    return this.#backend.close()
  }
}
