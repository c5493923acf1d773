import { type ConfState, type Entry, type HardState, MemoryStorage, type Message, type Snapshot } from '@kvs/raft'
import type { Fs } from '@kvs/vfs'
import { purgeWal, type Wal, type WalSnapshot, type WalTiming } from '@kvs/wal'
import { formatDuration } from './duration.ts'
import * as limits from './limits.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Clock, Logger } from './parts.ts'

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
    for (const { entries } of messages) if (entries.length > 0) this.#log.append(entries)
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
    if (message.entries.length > 0) this.#log.append(message.entries)
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

  /** Drops entries of the in-memory log up to `index`. */
  forget(index: number): void {
    if (index > this.#log.firstIndex()) this.#log.compact(index)
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
