import { assert } from './assert.ts'
import type { Logger } from './config.ts'
import type { Entry, Snapshot } from './types.ts'

/**
 * What is in the log but not known to be durable: entries from `offset` on, and possibly a snapshot before them. Parts
 * that were handed out for writing are "in progress": they stay readable here until `stableTo`.
 */
export class Unstable {
  snapshot: Snapshot | undefined
  snapshotInProgress = false
  entries: Entry[] = []
  /** `entries[i]` has index `offset + i`. */
  offset: number
  /** Entries below are being written. */
  offsetInProgress: number
  readonly #logger: Logger

  constructor(offset: number, logger: Logger) {
    this.offset = offset
    this.offsetInProgress = offset
    this.#logger = logger
  }

  /** Index of the first entry the log can have, if a snapshot decides that. */
  firstIndex(): number | undefined {
    return this.snapshot === undefined ? undefined : this.snapshot.metadata.index + 1
  }

  lastIndex(): number | undefined {
    if (this.entries.length > 0) return this.offset + this.entries.length - 1
    return this.snapshot?.metadata.index
  }

  /** Term of entry `index`, if it is known here. */
  term(index: number): number | undefined {
    if (index < this.offset) {
      return this.snapshot?.metadata.index === index ? this.snapshot.metadata.term : undefined
    }
    return this.entries[index - this.offset]?.term
  }

  /** Entries that nobody writes yet. */
  nextEntries(): readonly Entry[] {
    const from = this.offsetInProgress - this.offset
    return from >= this.entries.length ? [] : this.entries.slice(from)
  }

  hasNextEntries(): boolean {
    return this.entries.length > this.offsetInProgress - this.offset
  }

  nextSnapshot(): Snapshot | undefined {
    return this.snapshotInProgress ? undefined : this.snapshot
  }

  /** Everything here has been handed out for writing. */
  acceptInProgress(): void {
    if (this.entries.length > 0) this.offsetInProgress = this.offset + this.entries.length
    if (this.snapshot !== undefined) this.snapshotInProgress = true
  }

  /** Entries up to (`index`, `term`) are durable, unless they were overwritten meanwhile. */
  stableTo(index: number, term: number): void {
    const known = this.term(index)
    if (known === undefined) {
      this.#logger.info(`entry at index ${index} missing from unstable log; ignoring`)
    } else if (index < this.offset) {
      this.#logger.info(`entry at index ${index} matched unstable snapshot; ignoring`)
    } else if (known !== term) {
      this.#logger.info(
        `entry at (index,term)=(${index},${term}) mismatched with entry at (${index},${known}) in unstable log; ignoring`,
      )
    } else {
      this.entries = this.entries.slice(index + 1 - this.offset)
      this.offset = index + 1
      this.offsetInProgress = Math.max(this.offsetInProgress, this.offset)
    }
  }

  stableSnapshotTo(index: number): void {
    if (this.snapshot?.metadata.index !== index) return
    this.snapshot = undefined
    this.snapshotInProgress = false
  }

  restore(snapshot: Snapshot): void {
    this.offset = snapshot.metadata.index + 1
    this.offsetInProgress = this.offset
    this.entries = []
    this.snapshot = snapshot
    this.snapshotInProgress = false
  }

  /** Appends, replacing whatever stands from the first new index on. */
  truncateAndAppend(entries: readonly Entry[]): void {
    const from = (entries[0] as Entry).index
    const end = this.offset + this.entries.length
    assert(from <= end, `entries from ${from} do not follow the last one, ${end - 1}`)
    if (from === end) {
      for (const entry of entries) this.entries.push(entry)
      return
    }
    if (from <= this.offset) {
      this.#logger.info(`replace the unstable entries from index ${from}`)
      this.entries = entries.slice()
      this.offset = from
      this.offsetInProgress = from
      return
    }
    this.#logger.info(`truncate the unstable entries before index ${from}`)
    this.entries = [...this.entries.slice(0, from - this.offset), ...entries]
    this.offsetInProgress = Math.min(this.offsetInProgress, from)
  }

  /** Entries in `[low, high)`, which must lie in here. */
  slice(low: number, high: number): Entry[] {
    return this.entries.slice(low - this.offset, high - this.offset)
  }
}
