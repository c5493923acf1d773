import type { StateBucket, StateFile, StateInterval, StateRecord, StoreBuckets } from '../src/index.ts'
import { encodeRevisionKey, mainOf, subOf } from '../src/revision.ts'

export const buckets: StoreBuckets = { key: { id: 1, name: 'key' }, meta: { id: 2, name: 'meta' } }

const chunkBytes = 2 ** 24

/**
 * Bucket `key` as a log in a few large arrays, out of the collector's sight as LMDB would be, so that a bench measures
 * the store and not the state. Nothing is ever deleted.
 */
export class LogState implements StateFile {
  private readonly chunks: Uint8Array[] = []
  private used = chunkBytes
  /** Per record: main, sub (tombstones + 0.5), chunk · 2^24 + place, length; 65 536 records to a page. */
  private readonly rows: Float64Array[] = []
  private count = 0

  put(bucket: StateBucket, key: Uint8Array, value: Uint8Array): void {
    if (bucket !== buckets.key) return
    if (this.used + value.length > chunkBytes) {
      this.chunks.push(new Uint8Array(chunkBytes))
      this.used = 0
    }
    this.chunks.at(-1)!.set(value, this.used)
    if (this.count % 65_536 === 0) this.rows.push(new Float64Array(4 * 65_536))
    const rows = this.rows.at(-1)!
    const row = (this.count++ % 65_536) * 4
    rows[row] = mainOf(key)
    rows[row + 1] = subOf(key) + (key.length - 17) / 2
    rows[row + 2] = (this.chunks.length - 1) * chunkBytes + this.used
    rows[row + 3] = value.length
    this.used += value.length
  }

  private cell(at: number, column: number): number {
    return this.rows[at >>> 16]![(at & 65_535) * 4 + column]!
  }

  delete(): void {}

  get(bucket: StateBucket, key: Uint8Array): Uint8Array | undefined {
    if (bucket !== buckets.key) return undefined
    const at = this.find(key)
    const same = at < this.count && this.cell(at, 0) === mainOf(key) && this.cell(at, 1) === subOf(key)
    return same ? this.value(at) : undefined
  }

  private value(at: number): Uint8Array {
    const place = this.cell(at, 2)
    const start = place % chunkBytes
    return this.chunks[Math.floor(place / chunkBytes)]!.subarray(start, start + this.cell(at, 3))
  }

  *records(bucket: StateBucket, interval: StateInterval = {}): IterableIterator<StateRecord> {
    if (bucket !== buckets.key) return
    const end = interval.to === undefined ? this.count : this.find(interval.to)
    for (let at = interval.from === undefined ? 0 : this.find(interval.from); at < end; at++) {
      const sub = this.cell(at, 1)
      const key = encodeRevisionKey(this.cell(at, 0), Math.floor(sub), sub % 1 !== 0)
      yield { key, value: this.value(at) }
    }
  }

  private find(key: Uint8Array): number {
    const main = mainOf(key)
    const sub = subOf(key)
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      const order = this.cell(middle, 0) - main || this.cell(middle, 1) - sub
      if (order < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** A number from an argument `name=value`. */
export function argument(name: string, otherwise: number): number {
  const found = process.argv.find(word => word.startsWith(`${name}=`))
  return found === undefined ? otherwise : Number(found.slice(name.length + 1))
}

/** Most CPU time, in milliseconds, between two calls of `tick`: what a slice costs, whatever else the machine does. */
export class Gaps {
  private last = process.cpuUsage()
  longest = 0

  tick(): void {
    const { user, system } = process.cpuUsage(this.last)
    this.longest = Math.max(this.longest, (user + system) / 1000)
    this.last = process.cpuUsage()
  }
}

export function memory(): string {
  const { rss, heapUsed, external } = process.memoryUsage()
  const mega = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`
  return `rss ${mega(rss)}, heap ${mega(heapUsed)}, external ${mega(external)}`
}

export function report(name: string, operations: number, micros: number): void {
  console.log(`${name.padEnd(58)} ${((micros * 1000) / operations).toFixed(0).padStart(8)} ns`)
}

/** CPU time, helper threads included: other programs on the machine matter less. */
export function timed(name: string, operations: number, work: () => void): void {
  const start = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(start)
  report(name, operations, user + system)
}
