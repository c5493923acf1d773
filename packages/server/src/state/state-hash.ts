import { type BackendRecord, type BackendView, type Bucket, updateCrc32c } from '@kvs/backend'
import { buckets } from './buckets.ts'

const encoder = new TextEncoder()

/** Entries of bucket `meta` that differ between members of one state (etcd.md 2.6). */
const localKeys: ReadonlySet<string> = new Set(['consistent_index', 'term', 'storageVersion', 'received_index'])

/**
 * The checksum of a whole state, in slices: CRC-32C over the buckets by name, each with its name and then its keys and
 * values. Closes the view at the end.
 */
export class StateHash {
  readonly #view: BackendView
  readonly #buckets: readonly Bucket[]
  #next = 0
  #bucket: Bucket | undefined
  #records: Iterator<BackendRecord> | undefined
  /** Complete once `step` has said true. */
  hash = 0

  /** `buckets` in the order of their names. */
  constructor(view: BackendView, buckets: readonly Bucket[]) {
    this.#view = view
    this.#buckets = buckets
  }

  /** Feeds up to `records` records. True when all is done. */
  step(records: number): boolean {
    for (let left = records; left > 0; left--) {
      const next = this.#records?.next()
      if (next !== undefined && next.done !== true) this.#feedRecord(next.value)
      else if (!this.#enterBucket()) {
        this.close()
        return true
      }
    }
    return false
  }

  close(): void {
    this.#view.close()
  }

  #enterBucket(): boolean {
    this.#bucket = this.#buckets[this.#next++]
    if (this.#bucket === undefined) return false
    this.#feed(encoder.encode(this.#bucket.name))
    this.#records = this.#view.records(this.#bucket)
    return true
  }

  #feedRecord({ key, value }: BackendRecord): void {
    if (this.#bucket?.id === buckets.meta.id && localKeys.has(new TextDecoder().decode(key))) return
    this.#feed(key)
    this.#feed(value)
  }

  #feed(bytes: Uint8Array): void {
    this.hash = updateCrc32c(this.hash, bytes, 0, bytes.length)
  }
}
