import type { StateBucket, StateFile, StateInterval, StateRecord, StoreBuckets } from '../src/index.ts'

/** A state file in memory, as small as can be: sorted keys and a map. What it yields is overwritten by the next step. */
export class SortedState implements StateFile {
  private readonly buckets = new Map<number, Bucket>()
  /** Calls, to see what a read costs. */
  gets = 0

  put(bucket: StateBucket, key: Uint8Array, value: Uint8Array): void {
    this.of(bucket).put(text(key), value)
  }

  delete(bucket: StateBucket, key: Uint8Array): void {
    this.of(bucket).delete(text(key))
  }

  get(bucket: StateBucket, key: Uint8Array): Uint8Array | undefined {
    this.gets++
    return this.of(bucket).values.get(text(key))
  }

  *records(bucket: StateBucket, interval: StateInterval = {}): IterableIterator<StateRecord> {
    const of = this.of(bucket)
    const from = interval.from === undefined ? '' : text(interval.from)
    const to = interval.to === undefined ? undefined : text(interval.to)
    const keys = of.sortedKeys()
    let at = lowerBound(keys, from)
    while (at < keys.length && (to === undefined || keys[at]! < to)) {
      const key = keys[at++]!
      const value = of.values.get(key)
      if (value === undefined) continue
      const record = { key: bytes(key), value: value.slice() }
      yield record
      record.key.fill(0xee)
      record.value.fill(0xee)
    }
  }

  private of(bucket: StateBucket): Bucket {
    const found = this.buckets.get(bucket.id) ?? new Bucket()
    this.buckets.set(bucket.id, found)
    return found
  }
}

class Bucket {
  readonly values = new Map<string, Uint8Array>()
  private keys: string[] = []
  private dirty = false
  private gone = 0

  put(key: string, value: Uint8Array): void {
    if (!this.values.has(key)) {
      if (this.keys.length > 0 && this.keys.at(-1)! >= key) this.dirty = true
      this.keys.push(key)
    }
    this.values.set(key, value)
  }

  delete(key: string): void {
    if (this.values.delete(key)) this.gone++
  }

  sortedKeys(): readonly string[] {
    if (this.dirty || this.gone * 2 > this.keys.length) {
      this.keys = [...this.values.keys()].sort((left, right) => (left < right ? -1 : 1))
      this.dirty = false
      this.gone = 0
    }
    return this.keys
  }
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keys[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}

export function text(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.length).toString('latin1')
}

export function bytes(string: string): Uint8Array {
  return Uint8Array.from(Buffer.from(string, 'latin1'))
}

export const buckets: StoreBuckets = { key: { id: 1, name: 'key' }, meta: { id: 2, name: 'meta' } }
