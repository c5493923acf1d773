import { assert, broken } from './assert.ts'
import { RaftError } from './errors.ts'
import type { RaftStorage } from './storage.ts'
import type { ConfState, Entry, HardState, Snapshot } from './types.ts'
import { countWithin } from './wire.ts'

const noBytes = new Uint8Array(0)
const noConfState: ConfState = { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false }

/** Stands in slots whose entry was compacted, so that nothing holds on to its data. */
const released: Entry = { term: 0, index: 0, type: 0, data: noBytes }

/**
 * A `RaftStorage` in memory: for tests, and as the part of a durable log that raft still reads. The host writes to it
 * what a `Ready` told it to, after it made that durable.
 *
 * Appending costs the appended entries, compacting the compacted ones: the rest of the log is moved only when at least
 * as much was compacted. Entries are kept as given, not copied; do not change them.
 */
export class MemoryStorage implements RaftStorage {
  #hardState: HardState = { term: 0, vote: 0n, commit: 0 }
  #snapshot: Snapshot = { data: noBytes, metadata: { confState: noConfState, index: 0, term: 0 } }
  /** Index and term before the first entry: the last compacted entry, or the snapshot the log starts from. */
  #offset = 0
  #offsetTerm = 0
  /** Entry `#offset + 1 + i` stands at `#head + i`. */
  #entries: Entry[] = []
  #head = 0

  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return { hardState: this.#hardState, confState: this.#snapshot.metadata.confState }
  }

  setHardState(hardState: HardState): void {
    this.#hardState = hardState
  }

  firstIndex(): number {
    return this.#offset + 1
  }

  lastIndex(): number {
    return this.#offset + this.#entries.length - this.#head
  }

  entries(low: number, high: number, maxSizeBytes: number): readonly Entry[] {
    if (low > high) broken(`entries [${low}, ${high}) end before they begin`)
    if (low <= this.#offset) throw new RaftError('COMPACTED')
    if (high > this.lastIndex() + 1) throw new RaftError('UNAVAILABLE')
    const start = this.#slotOf(low)
    const count = countWithin(this.#entries, { start, end: start + (high - low) }, maxSizeBytes)
    return this.#entries.slice(start, start + count)
  }

  term(index: number): number {
    if (index < this.#offset) throw new RaftError('COMPACTED')
    if (index > this.lastIndex()) throw new RaftError('UNAVAILABLE')
    return index === this.#offset ? this.#offsetTerm : (this.#entries[this.#slotOf(index)] as Entry).term
  }

  snapshot(): Snapshot {
    return this.#snapshot
  }

  #slotOf(index: number): number {
    return this.#head + index - this.#offset - 1
  }

  /**
   * Adds consecutive entries. Those below the first index are passed over; stored entries from the first new one on
   * are replaced. A gap after the last index breaks an invariant.
   */
  append(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined) return
    const last = entries.at(-1) as Entry
    if (last.index - first.index !== entries.length - 1)
      broken(`entries ${first.index}..${last.index} are not consecutive`)
    const passedOver = Math.max(0, this.#offset + 1 - first.index)
    if (passedOver >= entries.length) return
    const at = first.index + passedOver
    if (at > this.lastIndex() + 1) broken(`missing log entry [last: ${this.lastIndex()}, append at: ${first.index}]`)
    this.#entries.length = this.#slotOf(at)
    for (let from = passedOver; from < entries.length; from++) this.#entries.push(entries[from] as Entry)
  }

  /** Replaces the whole log by `snapshot`. Throws `SNAPSHOT_OUT_OF_DATE` unless it is newer than the present one. */
  applySnapshot(snapshot: Snapshot): void {
    if (snapshot.metadata.index <= this.#snapshot.metadata.index) throw new RaftError('SNAPSHOT_OUT_OF_DATE')
    this.#snapshot = snapshot
    this.#offset = snapshot.metadata.index
    this.#offsetTerm = snapshot.metadata.term
    this.#entries = []
    this.#head = 0
  }

  /**
   * Makes the state at `index`, which is in the log, the newest snapshot and returns it; without `confState` the one of
   * the previous snapshot holds on. The log stays as it is. Throws `SNAPSHOT_OUT_OF_DATE` unless `index` is newer than
   * the present snapshot.
   */
  createSnapshot(made: {
    readonly index: number
    readonly confState?: ConfState | undefined
    readonly data?: Uint8Array | undefined
  }): Snapshot {
    const { index, confState = this.#snapshot.metadata.confState, data = noBytes } = made
    if (index <= this.#snapshot.metadata.index) throw new RaftError('SNAPSHOT_OUT_OF_DATE')
    assert(index <= this.lastIndex(), `snapshot ${index} is out of bound lastindex(${this.lastIndex()})`)
    this.#snapshot = { data, metadata: { confState, index, term: this.term(index) } }
    return this.#snapshot
  }

  /**
   * Drops the entries up to and including `index`, which must be in the log; its term stays known. Throws `COMPACTED`
   * if that was done before. Do not compact beyond what is applied.
   */
  compact(index: number): void {
    if (index <= this.#offset) throw new RaftError('COMPACTED')
    assert(index <= this.lastIndex(), `compact ${index} is out of bound lastindex(${this.lastIndex()})`)
    const head = this.#slotOf(index) + 1
    this.#offsetTerm = this.term(index)
    this.#offset = index
    this.#entries.fill(released, this.#head, head)
    this.#head = head
    if (head < this.#entries.length - head) return
    this.#entries = this.#entries.slice(head)
    this.#head = 0
  }
}
