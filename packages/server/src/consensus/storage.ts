import { type ConfState, type Entry, type HardState, MemoryStorage, type Message, type Snapshot } from '@kvs/raft'
import type { Fs } from '@kvs/vfs'
import { purgeWal, type Wal, type WalSnapshot, type WalTiming } from '@kvs/wal'
import { formatDuration } from '../duration.ts'
import * as limits from '../limits.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Clock, Logger } from '../parts.ts'

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
 * The part of the log that raft still reads. A snapshot here is the state as it is when raft asks for one: what a member
 * that fell behind is sent is never older than that.
 */
export class MemberLog extends MemoryStorage {
  #applied: (() => AppliedPoint) | undefined
  #confState: ConfState | undefined

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
}

/** How much of the log stays in memory behind what is applied. */
export interface ForgetOptions {
  readonly applied: number
  readonly keepCount: number
  readonly keepBytes: number
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
  #savedCommit = 0
  /** What was appended to the log in memory and is still there, oldest first; not what was read at the start. */
  readonly #held: { readonly last: number; readonly bytes: number }[] = []
  #heldBytes = 0

  constructor(parts: { readonly wal: Wal; readonly log: MemberLog; readonly fs: Fs; readonly dir: string }) {
    this.#wal = parts.wal
    this.#log = parts.log
    this.#fs = parts.fs
    this.#dir = parts.dir
  }

  /** Bytes written to the log since it was opened. */
  get writtenBytes(): number {
    return this.#wal.status().writtenBytes
  }

  /** The disk has no room for the next segment of the log. */
  get lacksSpace(): boolean {
    return this.#wal.lacksSpace
  }

  /** Highest commit index that was given to the log; it is written with the next record at the latest. */
  get savedCommit(): number {
    return this.#savedCommit
  }

  /** Appends what these messages carry, as one durable write. Rejects if the disk fails; nothing may follow then. */
  async persist(messages: readonly Message[]): Promise<void> {
    const hardState = lastHardState(messages)
    await this.#wal.append({ entries: allEntries(messages), hardState })
    for (const { entries } of messages) if (entries.length > 0) this.#appendToMemory(entries)
    if (hardState === undefined) return
    this.#log.setHardState(hardState)
    this.#savedCommit = hardState.commit
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
    await this.#wal.saveSnapshot(snapshot.metadata, upToHere)
    if (message.entries.length > 0) await this.#wal.append({ entries: message.entries, hardState })
    this.#log.applySnapshot(snapshot)
    this.#letGo(index)
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
   * Keeps in memory the last `keepCount` applied entries, or as many as fit in `keepBytes` together with those that are not
   * applied yet, and those: a member that lacks older ones gets a snapshot.
   */
  forget({ applied, keepCount, keepBytes }: ForgetOptions): void {
    let index = applied - keepCount
    let bytes = this.#heldBytes
    for (const held of this.#held) {
      if (bytes <= keepBytes || held.last > applied) break
      bytes -= held.bytes
      index = Math.max(index, held.last)
    }
    if (index <= this.#log.firstIndex()) return
    this.#log.compact(index)
    this.#letGo(index)
  }

  #appendToMemory(entries: readonly Entry[]): void {
    this.#log.append(entries)
    let bytes = 0
    for (const { data } of entries) bytes += data.length + limits.entryOverheadBytes
    const [first] = entries as readonly [Entry]
    // A batch that replaces the end of the log takes the place of what it replaces.
    while ((this.#held.at(-1)?.last ?? 0) >= first.index) this.#heldBytes -= this.#held.pop()?.bytes ?? 0
    this.#held.push({ last: first.index + entries.length - 1, bytes })
    this.#heldBytes += bytes
  }

  #letGo(index: number): void {
    let count = 0
    for (; (this.#held[count]?.last ?? Number.POSITIVE_INFINITY) <= index; count++) {
      this.#heldBytes -= this.#held[count]?.bytes ?? 0
    }
    if (count > 0) this.#held.splice(0, count)
  }

  close(): Promise<void> {
    return this.#wal.close()
  }
}

function allEntries(messages: readonly Message[]): readonly Entry[] {
  return messages.length === 1 ? (messages[0] as Message).entries : messages.flatMap(message => message.entries)
}

/** The newest term, vote and commit index among the messages; a message without them carries zeros. */
function lastHardState(messages: readonly Message[]): HardState | undefined {
  for (let i = messages.length - 1; i >= 0; i--) {
    const { term, vote, commit } = messages[i] as Message
    if (term !== 0 || vote !== 0n || commit !== 0) return { term, vote, commit }
  }
  return undefined
}
