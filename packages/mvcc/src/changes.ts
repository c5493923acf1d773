/** What a write transaction did, kept for the host and for the watch hub. */

import type { Changes, LeaseChange } from './contract.ts'

const segmentShift = 12
const segmentMask = 2 ** segmentShift - 1

/** So many changes, and no object for any of them: a deletion of a million keys must not fill the heap. */
interface Segment {
  /** Where the record lies. */
  readonly buffers: ArrayBufferLike[]
  readonly starts: number[]
  readonly lengths: number[]
  readonly deletes: boolean[]
  /** Hash of the key. */
  readonly hashes: number[]
  /** The record before this revision. */
  readonly previous: (Uint8Array | undefined)[]
}

export class ChangeList implements Changes {
  readonly revision: number
  readonly leases: LeaseChange[] = []
  length = 0
  /** Whether the transaction kept the pairs before its changes: watchers wanted them when it began. */
  readonly hasPrevious: boolean
  private readonly segments: Segment[] = []

  constructor(revision: number, hasPrevious: boolean) {
    this.revision = revision
    this.hasPrevious = hasPrevious
  }

  push(change: { record: Uint8Array; isDelete: boolean; hash: number; previous: Uint8Array | undefined }): void {
    const { record } = change
    if ((this.length & segmentMask) === 0) {
      this.segments.push({ buffers: [], starts: [], lengths: [], deletes: [], hashes: [], previous: [] })
    }
    const segment = this.segments[this.length++ >>> segmentShift]!
    segment.buffers.push(record.buffer)
    segment.starts.push(record.byteOffset)
    segment.lengths.push(record.length)
    segment.deletes.push(change.isDelete)
    segment.hashes.push(change.hash)
    if (this.hasPrevious) segment.previous.push(change.previous)
  }

  private segment(index: number): Segment {
    return this.segments[index >>> segmentShift]!
  }

  record(index: number): Uint8Array {
    const { buffers, starts, lengths } = this.segment(index)
    const at = index & segmentMask
    return new Uint8Array(buffers[at]!, starts[at]!, lengths[at]!)
  }

  isDelete(index: number): boolean {
    return this.segment(index).deletes[index & segmentMask]!
  }

  hash(index: number): number {
    return this.segment(index).hashes[index & segmentMask]!
  }

  /** The record before this revision, if `hasPrevious` and there was one. */
  previous(index: number): Uint8Array | undefined {
    return this.segment(index).previous[index & segmentMask]
  }
}
