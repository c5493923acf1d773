import { type ConfState, type Entry, type HardState, MemoryStorage, type Message, type Snapshot } from '@kvs/raft'
import type { Fs } from '@kvs/vfs'
import { purgeWal, type Wal, type WalBatch, type WalSnapshot, type WalTiming } from '@kvs/wal'
import { InvariantError } from '../assert.ts'
import { formatDuration } from '../duration.ts'
import type { Failpoints } from '../failpoints/failpoints.ts'
import * as limits from '../limits.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Clock, Logger } from '../parts.ts'
import { EntriesOnDisk } from './entries-on-disk.ts'

/** Measures what the log's disk operations take, and warns about a disk that is too slow to keep leaders in office. */
export function walTiming(parts: {
  readonly clock: Clock
  readonly metrics: Metrics
  readonly logger: Logger
}): WalTiming {
  const { clock, metrics, logger } = parts
  return {
    now: () => clock.now(),
    wrote: durationMs => metrics.walWrites.observe(durationMs / 1000),
    synced: durationMs => {
      metrics.walSyncs.observe(durationMs / 1000)
      if (durationMs <= limits.slowSyncMs) return
      const took = formatDuration(durationMs)
      logger.warn('slow fdatasync', { took, 'expected-duration': formatDuration(limits.slowSyncMs) })
    },
  }
}

/** What of the log is in the state, and the configuration in force there. */
export interface AppliedPoint {
  readonly index: number
  readonly confState: ConfState
}

/**
 * The part of the log that raft still reads: the end of it in memory, and before that what is read from disk again. A snapshot here is the state as it is when raft asks for one: what a member
 * that fell behind is sent is never older than that.
 */
export class MemberLog extends MemoryStorage {
  #applied: (() => AppliedPoint) | undefined
  #confState: ConfState | undefined
  #disk: { readonly entries: EntriesOnDisk; readonly failed: (error: unknown) => void } | undefined
  /** Entries from this one on are on disk where they are not in memory; undefined if memory has all there are. */
  #spilledFrom: number | undefined
  /** The term of the entry before that, unless it is on disk, too: who has no more than that entry is sent the next one. */
  #termBefore: number | undefined

  /** Raft begins with this configuration, which may be that of a later entry than the log begins with. */
  beginWith(confState: ConfState): void {
    this.#confState = confState
  }

  override initialState(): ReturnType<MemoryStorage['initialState']> {
    const initial = super.initialState()
    return this.#confState === undefined ? initial : { ...initial, confState: this.#confState }
  }

  /** From now on snapshots are of what is applied; before, there is the one that the log begins with. */
  followState(applied: () => AppliedPoint): void {
    this.#applied = applied
  }

  override snapshot(): Snapshot {
    const last = super.snapshot()
    const point = this.#applied?.()
    return point === undefined || point.index <= last.metadata.index ? last : this.createSnapshot(point)
  }

  /** Entries that are not in memory any more are read there; `failed` is told if they cannot, and then there are none. */
  readFrom(entries: EntriesOnDisk, failed: (error: unknown) => void): void {
    this.#disk = { entries, failed }
  }

  /** The first entry that is in memory. */
  get firstInMemory(): number {
    return super.firstIndex()
  }

  /** Lets go of entries up to this one, which are readable on disk. */
  spill(index: number): void {
    if (this.#spilledFrom === undefined) {
      this.#spilledFrom = super.firstIndex()
      this.#termBefore = super.term(this.#spilledFrom - 1)
    }
    super.compact(index)
  }

  override compact(index: number): void {
    this.#termBefore = undefined
    this.#spilledFrom = index < super.firstIndex() ? index + 1 : undefined
    if (this.#spilledFrom === undefined) super.compact(index)
  }

  override applySnapshot(snapshot: Snapshot): void {
    this.#spilledFrom = undefined
    super.applySnapshot(snapshot)
  }

  override firstIndex(): number {
    return this.#firstOnDisk ?? super.firstIndex()
  }

  override term(index: number): number {
    const first = this.#firstOnDisk
    const isBefore = first !== undefined && first === this.#spilledFrom && index === first - 1
    if (isBefore && this.#termBefore !== undefined) return this.#termBefore
    const isOnDisk = first !== undefined && index >= first - (isBefore ? 1 : 0) && index < super.firstIndex() - 1
    return (isOnDisk ? this.#onDisk(entries => entries.term(index)) : undefined) ?? super.term(index)
  }

  override entries(low: number, high: number, maxSizeBytes: number): readonly Entry[] {
    const first = this.#firstOnDisk
    const isOnDisk = first !== undefined && low >= first && low < super.firstIndex()
    const upTo = Math.min(high, super.firstIndex())
    const read = isOnDisk ? this.#onDisk(entries => entries.entries(low, upTo, maxSizeBytes)) : undefined
    return read ?? super.entries(low, high, maxSizeBytes)
  }

  get #firstOnDisk(): number | undefined {
    if (this.#spilledFrom === undefined) return undefined
    const first = this.#disk?.entries.firstIndex
    return first === undefined || first > super.firstIndex() ? undefined : Math.max(first, this.#spilledFrom)
  }

  /** What cannot be read is as good as forgotten: who wants it gets a snapshot. */
  #onDisk<Result>(read: (entries: EntriesOnDisk) => Result): Result | undefined {
    if (this.#disk === undefined) return undefined
    const { entries, failed } = this.#disk
    try {
      return read(entries)
    } catch (error) {
      if (error instanceof InvariantError) throw error
      entries.clear()
      failed(error)
      return undefined
    }
  }
}

/** How much of the log stays readable for raft behind what is applied. */
export interface ForgetOptions {
  readonly applied: number
  readonly keepCount: number
  /** Of all that is kept, and of what is kept in memory. */
  readonly keepBytes: number
  readonly memoryBytes: number
}

/**
 * The durable log and the part of it that raft still reads, joined: what is written to the one is shown to raft by the
 * other, never before it is durable.
 */
export class Storage {
  readonly #wal: Wal
  readonly #log: MemberLog
  readonly #fs: Fs
  readonly #dir: string
  readonly #failpoints: Failpoints | undefined
  #savedCommit = 0
  /** What was appended to the log and is still readable, oldest first; not what was read at the start. */
  readonly #held: { readonly last: number; readonly bytes: number }[] = []
  #heldBytes = 0
  /** The first of these are on disk only. */
  #spilled = 0
  #spilledBytes = 0
  readonly #onDisk: EntriesOnDisk

  constructor(parts: {
    readonly wal: Wal
    readonly log: MemberLog
    readonly fs: Fs
    readonly dir: string
    readonly logger: Logger
    readonly failpoints?: Failpoints | undefined
  }) {
    this.#wal = parts.wal
    this.#log = parts.log
    this.#fs = parts.fs
    this.#dir = parts.dir
    this.#onDisk = new EntriesOnDisk(parts)
    this.#log.readFrom(this.#onDisk, error => {
      parts.logger.warn('failed to read entries of the log again', { error: String(error) })
    })
    this.#failpoints = parts.failpoints
  }

  /** Bytes written to the log since it was opened. */
  get writtenBytes(): number {
    return this.#wal.status().writtenBytes
  }

  /** The disk has no room for the next segment of the log. */
  get lacksSpace(): boolean {
    return this.#wal.lacksSpace
  }

  /** Raft still has the first entry there ever was: a new member can follow the log from there. */
  get hasBeginning(): boolean {
    return this.#log.firstIndex() === 1
  }

  /** Highest commit index that was given to the log; it is written with the next record at the latest. */
  get savedCommit(): number {
    return this.#savedCommit
  }

  /** Appends what these messages carry, as one durable write. Rejects if the disk fails; nothing may follow then. */
  async persist(messages: readonly Message[]): Promise<void> {
    const hardState = lastHardState(messages)
    await this.#append({ entries: allEntries(messages), hardState })
    for (const { entries } of messages) if (entries.length > 0) this.#appendToMemory(entries)
    if (hardState === undefined) return
    this.#log.setHardState(hardState)
    this.#savedCommit = hardState.commit
  }

  #append(batch: WalBatch): Promise<void> {
    const failpoints = this.#failpoints
    return failpoints === undefined ? this.#wal.append(batch) : this.#appendWith(failpoints, batch)
  }

  async #appendWith(failpoints: Failpoints, batch: WalBatch): Promise<void> {
    await failpoints.wait('raftBeforeSave')
    await this.#wal.append(batch)
    await failpoints.wait('raftAfterSave')
  }

  /**
   * Notes a snapshot that takes the place of everything in the log, and what came with it. Its state must be durable. The
   * segments before it are kept until `release`.
   */
  async persistSnapshot(snapshot: Snapshot, message: Message): Promise<void> {
    const hardState = lastHardState([message])
    const { index } = snapshot.metadata
    // Without its commit index a start would pass the snapshot over; with one beyond it, miss entries.
    const upToHere = hardState === undefined ? undefined : { ...hardState, commit: Math.min(hardState.commit, index) }
    await this.#failpoints?.wait('raftBeforeSaveSnap')
    await this.#wal.saveSnapshot(snapshot.metadata, upToHere)
    await this.#failpoints?.wait('raftAfterSaveSnap')
    if (message.entries.length > 0) await this.#append({ entries: message.entries, hardState })
    await this.#failpoints?.wait('raftBeforeApplySnap')
    this.#log.applySnapshot(snapshot)
    this.#letGo(index)
    await this.#failpoints?.wait('raftAfterApplySnap')
    if (message.entries.length > 0) this.#appendToMemory(message.entries)
    if (hardState === undefined) return
    this.#log.setHardState(hardState)
    this.#savedCommit = hardState.commit
  }

  /** Gives up the segments of the log before this entry. */
  release(index: number): Promise<void> {
    return this.#wal.release(index)
  }

  /** Marks the last batch as durable, unless a write is under way that does. Throws if the disk fails. */
  prove(): void {
    this.#wal.prove()
  }

  /** Notes in the log that entries up to the snapshot's index are not needed any more, and gives up their segments. */
  async saveSnapshot(snapshot: WalSnapshot): Promise<void> {
    await this.#wal.saveSnapshot(snapshot)
    await this.#wal.release(snapshot.index)
  }

  /** Removes the oldest segments that were given up, beyond `keepCount`. */
  async purge(keepCount: number): Promise<void> {
    await purgeWal({ fs: this.#fs, dir: this.#dir, keepCount })
  }

  /**
   * Keeps the last `keepCount` applied entries, or as many as fit in `keepBytes` together with those that are not applied
   * yet, and those: a member that lacks older ones gets a snapshot. Where they take more than `memoryBytes` of memory, the
   * older ones are left to the disk.
   */
  forget({ applied, keepCount, keepBytes, memoryBytes }: ForgetOptions): void {
    let index = applied - keepCount
    let bytes = this.#heldBytes
    for (const held of this.#held) {
      if (bytes <= keepBytes || held.last > applied) break
      bytes -= held.bytes
      index = Math.max(index, held.last)
    }
    if (index > this.#log.firstIndex()) this.#forgetUpTo(index)
    if (this.#memoryBytes > memoryBytes) this.#spill(applied, memoryBytes * limits.spilledToFraction)
  }

  get #memoryBytes(): number {
    return this.#heldBytes - this.#spilledBytes
  }

  #forgetUpTo(index: number): void {
    this.#log.compact(index)
    this.#letGo(index)
  }

  /** Files are opened beside the loop: until that is done there is more in memory, but not without bound. */
  #spill(applied: number, toBytes: number): void {
    let count = this.#spilled
    let bytes = this.#memoryBytes
    for (; bytes > toBytes && (this.#held[count]?.last ?? Number.POSITIVE_INFINITY) <= applied; count++) {
      bytes -= this.#held[count]?.bytes ?? 0
    }
    const last = this.#held[count - 1]?.last
    if (last === undefined || count === this.#spilled) return
    if (this.#onDisk.isReadable(last)) {
      this.#log.spill(last)
      this.#spilled = count
      this.#spilledBytes = this.#heldBytes - bytes
    } else if (this.#memoryBytes > limits.logMemoryBytesMax) this.#forgetUpTo(last)
  }

  #appendToMemory(entries: readonly Entry[]): void {
    this.#log.append(entries)
    let bytes = 0
    for (const { data } of entries) bytes += data.length + limits.entryOverheadBytes
    const [first] = entries as readonly [Entry]
    // A batch that replaces the end of the log takes the place of what it replaces.
    while ((this.#held.at(-1)?.last ?? 0) >= first.index) this.#heldBytes -= this.#held.pop()?.bytes ?? 0
    const last = first.index + entries.length - 1
    this.#held.push({ last, bytes })
    this.#heldBytes += bytes
    const span = this.#wal.lastSpan
    if (span !== undefined) this.#onDisk.noted({ first: first.index, last }, span)
  }

  #letGo(index: number): void {
    let count = 0
    for (; (this.#held[count]?.last ?? Number.POSITIVE_INFINITY) <= index; count++) {
      const bytes = this.#held[count]?.bytes ?? 0
      this.#heldBytes -= bytes
      if (count < this.#spilled) this.#spilledBytes -= bytes
    }
    if (count === 0) return
    this.#held.splice(0, count)
    this.#spilled = Math.max(0, this.#spilled - count)
    this.#onDisk.forget(index)
  }

  close(): Promise<void> {
    this.#onDisk.close()
    return this.#wal.close()
  }
}

/** What these messages carry, as one run: a message may replace the end of what those before it carry. */
function allEntries(messages: readonly Message[]): readonly Entry[] {
  if (messages.length === 1) return (messages[0] as Message).entries
  const all: Entry[] = []
  for (const { entries } of messages) {
    const [first] = entries
    if (first === undefined) continue
    const keep = Math.max(0, first.index - (all[0]?.index ?? first.index))
    if (keep < all.length) all.length = keep
    for (const entry of entries) all.push(entry)
  }
  return all
}

/** The newest term, vote and commit index among the messages; a message without them carries zeros. */
function lastHardState(messages: readonly Message[]): HardState | undefined {
  for (let i = messages.length - 1; i >= 0; i--) {
    const { term, vote, commit } = messages[i] as Message
    if (term !== 0 || vote !== 0n || commit !== 0) return { term, vote, commit }
  }
  return undefined
}
