/** What a write transaction did, kept for the host and for the watch hub. */

import type { Changes, LeaseChange } from './contract.ts'

export class ChangeList implements Changes {
  readonly revision: number
  readonly leases: LeaseChange[] = []
  /** Per change: the stored record, whether it deletes, the hash of its key. */
  readonly records: Uint8Array[] = []
  readonly deletes: boolean[] = []
  readonly hashes: number[] = []
  /**
   * Per change the record before this revision, where there is one; `undefined` if nobody asked for it when the
   * transaction began.
   */
  readonly previous: (Uint8Array | undefined)[] | undefined

  constructor(revision: number, withPrevious: boolean) {
    this.revision = revision
    this.previous = withPrevious ? [] : undefined
  }

  get length(): number {
    return this.records.length
  }

  record(index: number): Uint8Array {
    return this.records[index]!
  }

  isDelete(index: number): boolean {
    return this.deletes[index]!
  }
}
