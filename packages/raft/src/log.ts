import { assert, broken } from './assert.ts'
import type { Logger } from './config.ts'
import { hasCode } from './errors.ts'
import type { RaftStorage } from './storage.ts'
import type { Entry, Snapshot } from './types.ts'
import { Unstable } from './unstable.ts'
import { limitSize, sizeEntries } from './wire.ts'

/** Where an entry stands and who wrote it: equal pairs mean equal logs up to there (log matching, paper 5.3). */
export interface EntryId {
  readonly term: number
  readonly index: number
}

/**
 * The log: the durable part in the storage, the rest in `unstable`, and how far it is committed and applied.
 *
 *   applied <= applying <= committed <= lastIndex
 */
export class RaftLog {
  readonly unstable: Unstable
  readonly #storage: RaftStorage
  readonly #logger: Logger
  /** Bytes of entries that may be handed out for applying and not yet be reported as applied. */
  readonly #maxApplyingBytes: number
  /** Known to be durable on a quorum. */
  committed: number
  /** Handed out for applying. */
  applying: number
  /** Reported as applied. */
  applied: number
  #applyingBytes = 0
  #applyingPaused = false

  constructor(parts: { readonly storage: RaftStorage; readonly logger: Logger; readonly maxApplyingBytes: number }) {
    this.#storage = parts.storage
    this.#logger = parts.logger
    this.#maxApplyingBytes = parts.maxApplyingBytes
    const before = parts.storage.firstIndex() - 1
    this.unstable = new Unstable(parts.storage.lastIndex() + 1, parts.logger)
    this.committed = before
    this.applying = before
    this.applied = before
  }

  describe(): string {
    const { offset, offsetInProgress, entries } = this.unstable
    return (
      `committed=${this.committed}, applied=${this.applied}, applying=${this.applying}, unstable.offset=${offset}, ` +
      `unstable.offsetInProgress=${offsetInProgress}, len(unstable.Entries)=${entries.length}`
    )
  }

  /**
   * Appends what follows `previous` if the log has that entry, and commits what the sender says is committed. Returns
   * the last new index, or undefined if the logs do not meet (paper 5.3).
   */
  maybeAppend(previous: EntryId, entries: readonly Entry[], committed: number): number | undefined {
    if (!this.matchTerm(previous)) return undefined
    const lastNew = previous.index + entries.length
    const conflict = this.#findConflict(entries)
    if (conflict !== 0) {
      if (conflict <= this.committed)
        broken(`entry ${conflict} conflict with committed entry [committed(${this.committed})]`)
      const first = conflict - (previous.index + 1)
      if (first > entries.length) broken(`index ${conflict} is out of range of ${entries.length} entries`)
      this.append(entries.slice(first))
    }
    this.commitTo(Math.min(committed, lastNew))
    return lastNew
  }

  append(entries: readonly Entry[]): void {
    if (entries.length === 0) return
    const after = (entries[0] as Entry).index - 1
    if (after < this.committed) broken(`after(${after}) is out of range [committed(${this.committed})]`)
    this.unstable.truncateAndAppend(entries)
  }

  /** Index of the first of `entries` that the log does not have as it is; 0 if it has them all. */
  #findConflict(entries: readonly Entry[]): number {
    for (const entry of entries) {
      if (this.matchTerm(entry)) continue
      if (entry.index <= this.lastIndex()) {
        const existing = this.termOrZero(entry.index)
        this.#logger.info(
          `found conflict at index ${entry.index} [existing term: ${existing}, conflicting term: ${entry.term}]`,
        )
      }
      return entry.index
    }
    return 0
  }

  /** Largest index up to `index` whose term is at most `term`: where two logs can meet at the latest. */
  findConflictByTerm(index: number, term: number): EntryId {
    for (let at = index; at > 0; at--) {
      const ours = this.term(at)
      if (ours === undefined) return { index: at, term: 0 }
      if (ours <= term) return { index: at, term: ours }
    }
    return { index: 0, term: 0 }
  }

  /** Committed entries to apply next. Without `allowUnstable` only those that are durable here. */
  nextCommittedEntries(allowUnstable: boolean): readonly Entry[] {
    if (!this.hasNextCommittedEntries(allowUnstable)) return []
    const room = this.#maxApplyingBytes - this.#applyingBytes
    if (room <= 0) broken(`applying entry size (${this.#applyingBytes})-(${this.#maxApplyingBytes}) not positive`)
    return this.slice(this.applying + 1, this.#maxAppliable(allowUnstable) + 1, room)
  }

  hasNextCommittedEntries(allowUnstable: boolean): boolean {
    // A snapshot has to be applied before the entries behind it.
    if (this.#applyingPaused || this.unstable.snapshot !== undefined) return false
    return this.applying < this.#maxAppliable(allowUnstable)
  }

  #maxAppliable(allowUnstable: boolean): number {
    return allowUnstable ? this.committed : Math.min(this.committed, this.unstable.offset - 1)
  }

  /** The newest snapshot; throws what the storage throws. */
  snapshot(): Snapshot {
    return this.unstable.snapshot ?? this.#storage.snapshot()
  }

  firstIndex(): number {
    return this.unstable.firstIndex() ?? this.#storage.firstIndex()
  }

  lastIndex(): number {
    return this.unstable.lastIndex() ?? this.#storage.lastIndex()
  }

  commitTo(index: number): void {
    if (index <= this.committed) return
    const last = this.lastIndex()
    if (index > last)
      broken(`tocommit(${index}) is out of range [lastIndex(${last})]. Was the raft log corrupted, truncated, or lost?`)
    this.committed = index
  }

  appliedTo(index: number, bytes: number): void {
    if (index > this.committed || index < this.applied)
      broken(`applied(${index}) is out of range [prevApplied(${this.applied}), committed(${this.committed})]`)
    this.applied = index
    this.applying = Math.max(this.applying, index)
    this.#applyingBytes = Math.max(0, this.#applyingBytes - bytes)
    this.#applyingPaused = this.#applyingBytes >= this.#maxApplyingBytes
  }

  acceptApplying(index: number, bytes: number, allowUnstable: boolean): void {
    if (index > this.committed)
      broken(`applying(${index}) is out of range [prevApplying(${this.applying}), committed(${this.committed})]`)
    this.applying = index
    this.#applyingBytes += bytes
    // What the size limit cut off waits until something of it was applied.
    this.#applyingPaused = this.#applyingBytes >= this.#maxApplyingBytes || index < this.#maxAppliable(allowUnstable)
  }

  lastEntryId(): EntryId {
    const index = this.lastIndex()
    const term = this.term(index)
    return { term: term ?? broken(`the last entry ${index} has no term`), index }
  }

  /** Term of entry `index`; undefined where the log no longer or not yet has it. */
  term(index: number): number | undefined {
    const unstable = this.unstable.term(index)
    if (unstable !== undefined) return unstable
    if (index + 1 < this.firstIndex() || index > this.lastIndex()) return undefined
    try {
      return this.#storage.term(index)
    } catch (error) {
      if (hasCode(error, 'COMPACTED') || hasCode(error, 'UNAVAILABLE')) return undefined
      throw error
    }
  }

  termOrZero(index: number): number {
    return this.term(index) ?? 0
  }

  /** Entries from `index` on, up to `maxBytes` but at least one; undefined if they are compacted away. */
  entries(index: number, maxBytes: number): readonly Entry[] | undefined {
    if (index > this.lastIndex()) return []
    if (index < this.firstIndex()) return undefined
    try {
      return this.slice(index, this.lastIndex() + 1, maxBytes)
    } catch (error) {
      if (hasCode(error, 'COMPACTED')) return undefined
      throw error
    }
  }

  /** Whether a log that ends with `theirs` has everything this one has committed (paper 5.4.1). */
  isUpToDate(theirs: EntryId): boolean {
    const ours = this.lastEntryId()
    return theirs.term > ours.term || (theirs.term === ours.term && theirs.index >= ours.index)
  }

  matchTerm(id: EntryId): boolean {
    return this.term(id.index) === id.term
  }

  /** Commits up to `id` if that is news and the entry is of the given term (paper 5.4.2). */
  maybeCommit(id: EntryId): boolean {
    if (id.term === 0 || id.index <= this.committed || !this.matchTerm(id)) return false
    this.commitTo(id.index)
    return true
  }

  restore(snapshot: Snapshot): void {
    const { index, term } = snapshot.metadata
    this.#logger.info(`log [${this.describe()}] starts to restore snapshot [index: ${index}, term: ${term}]`)
    this.committed = index
    this.unstable.restore(snapshot)
  }

  /** Whether an entry in `[low, high)` satisfies `test`; looks at bounded pieces. */
  some(low: number, high: number, test: (entry: Entry) => boolean): boolean {
    for (let at = low; at < high; ) {
      const piece = this.slice(at, high, scanBytes)
      assert(piece.length > 0, `got 0 entries in [${at}, ${high})`)
      if (piece.some(test)) return true
      at += piece.length
    }
    return false
  }

  /** Entries in `[low, high)`, cut to `maxBytes` but never to nothing. */
  slice(low: number, high: number, maxBytes: number): readonly Entry[] {
    if (low > high || high > this.lastIndex() + 1) broken(`slice[${low},${high}) out of bound [,${this.lastIndex()}]`)
    if (low >= high) return []
    const offset = this.unstable.offset
    if (low >= offset) return limitSize(this.unstable.slice(low, high), maxBytes)
    const cut = Math.min(high, offset)
    const stored = this.#storage.entries(low, cut, maxBytes)
    checkStored(stored, low, cut)
    if (high <= offset || stored.length < cut - low) return stored
    const bytes = sizeEntries(stored)
    if (bytes >= maxBytes) return stored
    const rest = limitSize(this.unstable.slice(offset, high), maxBytes - bytes)
    if (rest.length === 1 && bytes + sizeEntries(rest) > maxBytes) return stored
    return [...stored, ...rest]
  }
}

/** Bytes of entries looked at in one piece when the log is searched. */
const scanBytes = 1024 * 1024

/** A storage that returns other entries than asked for would be believed: it must not. */
function checkStored(stored: readonly Entry[], low: number, high: number): void {
  const [first, last] = [stored[0]?.index, stored.at(-1)?.index]
  if (first === low && last === low + stored.length - 1 && last < high) return
  broken(`the storage returned ${stored.length} entries from ${first} to ${last} for [${low}, ${high})`)
}
