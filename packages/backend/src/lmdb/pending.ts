/**
 * What is written but not yet visible in the file, newest first when asked: segments that collect, then segments on their
 * way to the disk. Together with the file they are the state.
 */

import { compareKeys } from '../keys.ts'
import { ChunkPool } from './chunks.ts'
import { type PendingOperation, Segment } from './segment.ts'

export class Pending {
  readonly #pool: ChunkPool = new ChunkPool()
  #collecting: Segment[] = []
  #committing: readonly Segment[] = []
  /** Place in `#collecting` of the first segment with operations of an entry that has not ended. */
  #firstOpen = 0
  #endedOperations = 0
  #endedBytes = 0
  #changes = 0
  /** The operation that the last `find` came upon. */
  found = -1

  get endedOperations(): number {
    return this.#endedOperations
  }

  get endedBytes(): number {
    return this.#endedBytes
  }

  /** There are operations of an entry that has not ended. */
  get isOpen(): boolean {
    const last = this.#collecting.at(-1)
    return last !== undefined && (last.ended < last.count || this.#firstOpen < this.#collecting.length - 1)
  }

  /** Changes whenever anything here does. */
  get changes(): number {
    return this.#changes
  }

  /** The segment with the last operation on the key; `found` then says which. */
  find(bucketId: number, key: Uint8Array, hash: number): Segment | undefined {
    return findIn(this, this.#collecting, bucketId, key, hash) ?? findIn(this, this.#committing, bucketId, key, hash)
  }

  /** The segment that takes the next operation. */
  segment(): Segment {
    this.#changes++
    const last = this.#collecting.at(-1)
    if (last !== undefined && !last.full) return last
    // A reader asks all segments at once between which keys they lie; a large entry fills hundreds of them.
    last?.bound()
    const next = new Segment(this.#pool)
    this.#collecting.push(next)
    return next
  }

  endEntry(): void {
    for (let place = this.#firstOpen; place < this.#collecting.length; place++) {
      const added = this.#collecting[place]!.end()
      this.#endedOperations += added.operations
      this.#endedBytes += added.bytes
    }
    this.#firstOpen = Math.max(0, this.#collecting.length - 1)
  }

  /** Takes all operations of ended entries on their way, in at least one segment. They stay readable. */
  take(dbi: number): readonly Segment[] {
    const taken: Segment[] = []
    const kept: Segment[] = []
    for (const segment of this.#collecting) {
      if (segment.ended === 0) {
        kept.push(segment)
        continue
      }
      taken.push(segment)
      if (segment.ended === segment.count) continue
      const rest = new Segment(this.#pool)
      segment.split(rest, dbi)
      kept.push(rest)
    }
    if (taken.length === 0) taken.push(new Segment(this.#pool))
    this.#collecting = kept
    this.#committing = taken
    this.#firstOpen = 0
    this.#endedOperations = 0
    this.#endedBytes = 0
    this.#changes++
    return taken
  }

  /** What was taken is visible in the file: it is no longer read here. */
  visible(): void {
    this.#committing = []
    this.#changes++
  }

  /**
   * The last operation on each key of a bucket in `[from, to)`, in key order. Not much more than `atLeast` of them are
   * looked for: `isWhole` says whether there can be others behind.
   */
  operations(
    bucketId: number,
    interval: { readonly from: Uint8Array | undefined; readonly to: Uint8Array | undefined },
    atLeast: number,
  ): PendingOperations {
    const { from, to } = interval
    const segments = [...this.#committing, ...this.#collecting].flatMap((segment, age) => {
      const lowest = segment.lowerBound(bucketId, from, to)
      return lowest === undefined ? [] : [{ segment, age, lowest }]
    })
    segments.sort((a, b) => compareKeys(a.lowest, b.lowest))
    const collected: { readonly age: number; readonly operations: PendingOperation[] }[] = []
    let count = 0
    let highest: Uint8Array | undefined
    let isWhole = true
    for (const { segment, age, lowest } of segments) {
      if (count >= atLeast && compareKeys(lowest, highest!) > 0) {
        isWhole = false
        break
      }
      const operations = segment.collect(bucketId, from, to)
      collected.push({ age, operations })
      count += operations.length
      for (const { key } of operations) if (highest === undefined || compareKeys(key, highest) > 0) highest = key
    }
    collected.sort((a, b) => a.age - b.age)
    return { operations: newestOfEach(collected.flatMap(({ operations }) => operations)), isWhole }
  }
}

export interface PendingOperations {
  readonly operations: readonly PendingOperation[]
  /** Nothing follows in the interval. */
  readonly isWhole: boolean
}

/** In key order; `all` come in the order they were made. */
function newestOfEach(all: PendingOperation[]): PendingOperation[] {
  if (!isAscending(all)) all.sort((a, b) => compareKeys(a.key, b.key))
  return all.filter((operation, at) => at + 1 === all.length || compareKeys(operation.key, all[at + 1]!.key) !== 0)
}

function findIn(
  pending: Pending,
  segments: readonly Segment[],
  bucketId: number,
  key: Uint8Array,
  hash: number,
): Segment | undefined {
  for (let place = segments.length - 1; place >= 0; place--) {
    const segment = segments[place]!
    const operation = segment.find(bucketId, key, hash)
    if (operation < 0) continue
    pending.found = operation
    return segment
  }
  return undefined
}

/** `sort` is stable, so of equal keys the newest stays last either way. */
function isAscending(operations: readonly PendingOperation[]): boolean {
  for (let at = 1; at < operations.length; at++) {
    if (compareKeys(operations[at - 1]!.key, operations[at]!.key) > 0) return false
  }
  return true
}
