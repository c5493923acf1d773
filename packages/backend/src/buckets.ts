import type { Bucket } from './backend.ts'
import { BackendError } from './errors.ts'
import { bucketsMax, keyBytesMax, valueBytesMax } from './limits.ts'

/** The buckets of one backend: the given ones in the order of their names, and their places by id. */
export class BucketSet {
  readonly list: readonly Bucket[]
  readonly #byId: (Bucket | undefined)[] = new Array(256).fill(undefined)

  constructor(buckets: readonly Bucket[]) {
    const names = new Set<string>()
    for (const bucket of buckets) {
      const { id, name } = bucket
      if (!Number.isInteger(id) || id < 1 || id > bucketsMax) {
        throw new BackendError('BAD_BUCKET', `the id of bucket '${name}' must be 1 to ${bucketsMax}, not ${id}`)
      }
      const other = this.#byId[id]
      if (other !== undefined) {
        throw new BackendError('BAD_BUCKET', `buckets '${other.name}' and '${name}' share the id ${id}`)
      }
      if (names.has(name)) throw new BackendError('BAD_BUCKET', `two buckets are named '${name}'`)
      names.add(name)
      this.#byId[id] = bucket
    }
    this.list = buckets.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  }

  has(id: number): boolean {
    return this.#byId[id] !== undefined
  }

  /** For messages; also for an id that is on disk but not among the given ones. */
  nameOf(id: number): string {
    return this.#byId[id]?.name ?? `#${id}`
  }

  check(bucket: Bucket): void {
    if (this.#byId[bucket.id] === undefined) {
      throw new BackendError('UNKNOWN_BUCKET', `bucket '${bucket.name}' (id ${bucket.id}) was not given at open`)
    }
  }

  checkRecord(bucket: Bucket, key: Uint8Array, value: Uint8Array): void {
    this.check(bucket)
    if (key.length > keyBytesMax) {
      const message = `a key of ${key.length} bytes; at most ${keyBytesMax} can be stored`
      throw new BackendError('KEY_TOO_LARGE', message, { bucket: bucket.name })
    }
    if (value.length > valueBytesMax) {
      const message = `a value of ${value.length} bytes; at most ${valueBytesMax} can be stored`
      throw new BackendError('VALUE_TOO_LARGE', message, { bucket: bucket.name })
    }
  }
}
