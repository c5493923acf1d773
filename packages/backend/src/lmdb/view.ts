import type { BackendRecord, BackendView, Bucket, ConsistentPoint, KeyInterval } from '../backend.ts'
import type { BucketSet } from '../buckets.ts'
import { BackendError } from '../errors.ts'
import { checksumBytes } from './checksum.ts'
import { type LmdbFile, pointOf } from './file.ts'
import { decodedOrEmpty } from './meta-record.ts'
import type { LmdbTransaction } from './native.ts'
import { transactionRecords } from './records.ts'

/** One state of the file in its own read transaction. */
export class LmdbView implements BackendView {
  readonly #file: LmdbFile
  readonly #buckets: BucketSet
  readonly #backendAlive: () => void
  readonly #point: ConsistentPoint
  #transaction: LmdbTransaction | undefined

  constructor(file: LmdbFile, buckets: BucketSet, backendAlive: () => void) {
    this.#file = file
    this.#buckets = buckets
    this.#backendAlive = backendAlive
    const transaction = file.beginRead()
    try {
      this.#point = pointOf(decodedOrEmpty(file.meta(transaction)))
    } catch (error) {
      file.endRead(transaction)
      throw error
    }
    this.#transaction = transaction
  }

  get consistent(): ConsistentPoint {
    this.#open()
    return this.#point
  }

  get(bucket: Bucket, key: Uint8Array): Uint8Array | undefined {
    this.#buckets.check(bucket)
    const stored = this.#file.stored(bucket.id, key, this.#open())
    return stored?.subarray(0, stored.length - checksumBytes)
  }

  records(bucket: Bucket, interval: KeyInterval = {}): IterableIterator<BackendRecord> {
    this.#buckets.check(bucket)
    return transactionRecords(this.#file, this.#open(), {
      bucketId: bucket.id,
      from: interval.from,
      to: interval.to,
      alive: () => this.#open(),
    })
  }

  close(): void {
    const transaction = this.#transaction
    this.#transaction = undefined
    if (transaction === undefined || !this.#isBackendAlive()) return
    this.#file.endRead(transaction)
  }

  #open(): LmdbTransaction {
    this.#backendAlive()
    if (this.#transaction === undefined) throw new BackendError('CLOSED', 'used a view after its close')
    return this.#transaction
  }

  #isBackendAlive(): boolean {
    try {
      this.#backendAlive()
      return true
    } catch {
      return false
    }
  }
}
