import type { BackendRecord, Bucket, ConsistentPoint, KeyInterval } from '@kvs/backend'

/** The naive state: text by text. Every ended entry leaves a whole copy. */
export interface ModelState {
  readonly records: ReadonlyMap<string, string>
  readonly point: ConsistentPoint
}

export class Model {
  written: Map<string, string> = new Map()
  /** All states at ends of entries since the newest one that is known to be durable, oldest first. */
  history: ModelState[] = [{ records: new Map(), point: { index: 0, term: 0 } }]

  get ended(): ModelState {
    return this.history.at(-1)!
  }

  put(bucket: Bucket, key: Uint8Array, value: Uint8Array): void {
    this.written.set(nameOf(bucket, key), hex(value))
  }

  delete(bucket: Bucket, key: Uint8Array): void {
    this.written.delete(nameOf(bucket, key))
  }

  end(point: ConsistentPoint): void {
    this.history.push({ records: new Map(this.written), point })
  }

  /** Everything that has ended is durable. */
  settle(): void {
    this.history = [this.ended]
  }

  /** The state is now one of the past. */
  become(state: ModelState): void {
    this.written = new Map(state.records)
    this.history = [state]
  }

  list(bucket: Bucket, interval?: KeyInterval): string[] {
    return listModel(this.written, bucket, interval)
  }

  get(bucket: Bucket, key: Uint8Array): string | undefined {
    return this.written.get(nameOf(bucket, key))
  }
}

/** Records of a bucket as `key=value`, in hex, in order. */
export function listModel(records: ReadonlyMap<string, string>, bucket: Bucket, interval: KeyInterval = {}): string[] {
  const prefix = `${bucket.id}:`
  const from = interval.from === undefined ? undefined : hex(interval.from)
  const to = interval.to === undefined ? undefined : hex(interval.to)
  return [...records]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), value] as const)
    .filter(([key]) => (from === undefined || key >= from) && (to === undefined || key < to))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
}

export function listRecords(records: Iterable<BackendRecord>): string[] {
  return Array.from(records, ({ key, value }) => `${hex(key)}=${hex(value)}`)
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function nameOf(bucket: Bucket, key: Uint8Array): string {
  return `${bucket.id}:${hex(key)}`
}
