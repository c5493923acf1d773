import type { Backend } from '@kvs/backend'
import type { ConfState } from '@kvs/raft'
import type { Storage } from '../consensus/storage.ts'

export interface SnapshotParts {
  readonly backend: Backend
  readonly storage: Storage
  /** Entries between two snapshots. */
  readonly count: number
  /** Segments of the log that are kept, needed or not; 0: all. */
  readonly keepSegments: number
  /** Where the log started from. */
  readonly lastIndex: number
  /** The configuration in force and the index of the entry that made it so. */
  readonly configuration: () => { readonly index: number; readonly confState: ConfState }
  readonly fatal: (error: unknown) => void
}

/**
 * Lets go of the log behind what the state file has for good. A snapshot here is the state file itself: the log notes
 * from which entry on it is still needed, gives up its older segments, and a start reads on from there. Nothing is copied.
 */
export class SnapshotPolicy {
  readonly #parts: SnapshotParts
  #lastIndex: number
  #isBusy = false
  #isForced = false
  #closed = false

  constructor(parts: SnapshotParts) {
    this.#parts = parts
    this.#lastIndex = parts.lastIndex
  }

  /** To be called after every turn that may have applied something. */
  changed(): void {
    const { backend, storage, count, configuration } = this.#parts
    const { index } = backend.durable
    if (this.#isBusy || this.#closed) return
    if (index - this.#lastIndex <= (this.#isForced ? 0 : count)) return
    // The log must say that the entry is committed before it says that a snapshot is there, or a start passes it over.
    if (index > storage.savedCommit || index < configuration().index) return
    this.#isBusy = true
    this.#isForced = false
    this.#take().then(
      () => {
        this.#isBusy = false
      },
      error => {
        if (!this.#closed) this.#parts.fatal(error)
      },
    )
  }

  /** The next commit is followed by a snapshot, however few entries there are. */
  force(): void {
    this.#isForced = true
  }

  /** The log begins behind this entry already. */
  noted(index: number): void {
    this.#lastIndex = Math.max(this.#lastIndex, index)
  }

  close(): void {
    this.#closed = true
  }

  async #take(): Promise<void> {
    const { backend, storage, configuration, keepSegments } = this.#parts
    const { index, term } = backend.durable
    await storage.saveSnapshot({ index, term, confState: configuration().confState })
    this.noted(index)
    await storage.purge(keepSegments)
  }
}
