import type { HardState } from '@kvs/proto/raft'
import { encodeSnapshot } from '@kvs/proto/wal'
import type { File, Fs } from '@kvs/vfs'
import { assert } from './assert.ts'
import { asWalError, hasCode, joinPath } from './directory.ts'
import { WalError } from './errors.ts'
import type { WalEventSink, WalTiming } from './events.ts'
import { RecordType, segmentFileName } from './format.ts'
import { fillAheadBytes, spareAtFraction } from './limits.ts'
import { RecordWriter, type WriterPoint } from './record-writer.ts'
import { SpareSegments } from './spare-segment.ts'
import { isEmptyHardState, type WalBatch, type WalSnapshot } from './types.ts'
import type { ZeroFill } from './zero-fill.ts'

/** A segment that is held open, and with it its lock. */
export interface HeldSegment {
  readonly file: File
  readonly fileName: string
  readonly sequence: number
  readonly firstIndex: number
}

/** Where an opened or created log stands; what `Wal` begins with. */
export interface WalStart {
  readonly fs: Fs
  readonly dir: string
  readonly segmentSizeBytes: number
  readonly sync: boolean
  readonly onEvent: WalEventSink
  readonly timing: WalTiming | undefined
  readonly metadata: Uint8Array
  readonly hardState: HardState
  readonly crc: number
  readonly lastIndex: number
  readonly positionBytes: number
  /** Oldest first; the last one is written to. */
  readonly segments: readonly HeldSegment[]
  readonly fill: ZeroFill
}

/** Where the entries of one append lie: what `readSpan` needs to read them again. */
export interface WalSpan {
  /** Name of the segment. */
  readonly segment: string
  readonly startBytes: number
  readonly endBytes: number
  /** The running CRC before them. */
  readonly crc: number
}

/** Figures of an open log. */
export interface WalStatus {
  readonly segment: string
  readonly positionBytes: number
  readonly lastIndex: number
  readonly segmentsHeld: number
  readonly batchCount: number
  readonly syncCount: number
  readonly writtenBytes: number
  /** Why the next segment cannot be prepared now, as the disk said; undefined if it can. */
  readonly spareError: unknown
}

const done: Promise<void> = Promise.resolve()

/**
 * A log that is open for writing. Calls may overlap; they take effect one after the other, in the order they were made.
 * After the first disk error nothing is written any more and every call rejects with `FAILED`: what a failed sync left on
 * the disk is unknown, so the process has to end and read the log again.
 */
export class Wal {
  /** The bytes given when the log was created. */
  readonly metadata: Uint8Array
  readonly #fs: Fs
  readonly #dir: string
  readonly #segmentSizeBytes: number
  readonly #sync: boolean
  readonly #onEvent: WalEventSink
  readonly #timing: WalTiming | undefined
  readonly #writer: RecordWriter
  readonly #spares: SpareSegments
  #held: HeldSegment[]
  #active: HeldSegment
  #fill: ZeroFill
  #position: number
  #cutAtBytes: number
  #lastIndex: number
  #savedState: HardState
  /** Where the entries of the batch lie that is being built, from the beginning of the writer. */
  #building: { readonly startBytes: number; readonly endBytes: number; readonly crc: number } | undefined
  #lastSpan: WalSpan | undefined
  /** Where a hard state begins in the writer that moved only the commit index and waits for the next batch. */
  #deferred: WriterPoint | undefined
  /** Whether something was written behind the last mark. */
  #isUnproven = false
  #isBusy = false
  #isClosed = false
  #failure: { readonly error: unknown } | undefined
  #spareError: unknown
  readonly #waiting: (() => void)[] = []
  #batchCount = 0
  #syncCount = 0
  #writtenBytes = 0

  /** Use `createWal` or `openWal`. */
  constructor(start: WalStart) {
    this.metadata = start.metadata
    this.#fs = start.fs
    this.#dir = start.dir
    this.#segmentSizeBytes = start.segmentSizeBytes
    this.#sync = start.sync
    this.#onEvent = start.onEvent
    this.#timing = start.timing
    this.#writer = new RecordWriter(start.crc)
    const { fs, dir, sync, segmentSizeBytes: sizeBytes } = start
    this.#spares = new SpareSegments({ fs, dir, sizeBytes, sync })
    this.#held = start.segments.slice(0, -1)
    this.#active = start.segments.at(-1)!
    this.#fill = start.fill
    this.#position = start.positionBytes
    this.#cutAtBytes = start.segmentSizeBytes
    this.#lastIndex = start.lastIndex
    this.#savedState = start.hardState
  }

  /**
   * Appends entries, then the hard state, as one write and one sync. Resolves when both are durable; a state that only
   * moves the commit index is kept back for the next batch and resolves at once, as no promise depends on it.
   * Entries are read during the call if nothing else is under way, else when their turn comes: they must not change.
   */
  append(batch: WalBatch): Promise<void> {
    return this.#inTurn(() => this.#append(batch))
  }

  /**
   * Records a snapshot that is durable elsewhere; resolves when the record is durable too. One that goes beyond what the log
   * said is committed counts only with a hard state that says so: it is written behind the record, and durable with it.
   */
  saveSnapshot(snapshot: WalSnapshot, hardState?: HardState): Promise<void> {
    assert(snapshot.index === 0 || snapshot.confState !== undefined, 'a snapshot above index 0 has a configuration')
    return this.#inTurn(() => this.#saveSnapshot(snapshot, hardState))
  }

  /**
   * Writes a mark behind the last batch if nothing is under way: it proves that the batch had been durable, so that damage
   * to it is never taken for the end of an unfinished write. Costs a small write without a sync, and nothing when the next
   * batch follows at once, for that begins with the mark. To be called before what a batch promised is told to others.
   */
  prove(): void {
    if (this.#isBusy || this.#isClosed || this.#failure !== undefined || !this.#isUnproven || !this.#sync) return
    const writer = this.#writer
    // A hard state that waits stands behind the mark already, and goes on waiting.
    if (writer.lengthBytes === 0) this.#mark()
    const { lengthBytes } = this.#deferred ?? writer
    const end = this.#position + lengthBytes
    if (this.#fill.clearOf(end) !== undefined) return
    try {
      this.#write(writer.bytes().subarray(0, lengthBytes))
    } catch (error) {
      const failure = asWalError(error, `write to '${this.#active.fileName}'`)
      this.#failure = { error: failure }
      throw failure
    }
    this.#writtenBytes += lengthBytes
    this.#position = end
    this.#isUnproven = false
    this.#deferred = writer.dropFront(lengthBytes, this.#deferred)
    this.#fill.wroteTo(end)
  }

  /** Gives up the locks of all segments that are not needed to read on from a snapshot at `index`. */
  release(index: number): Promise<void> {
    return this.#inTurn(() => this.#release(index))
  }

  /** Writes what is pending and closes all files. Idempotent. Rejects if the last write fails, closes all the same. */
  close(): Promise<void> {
    if (this.#isClosed) return done
    const closed = this.#failure === undefined ? this.#inTurn(() => this.#finish()) : done
    this.#isClosed = true
    return closed.then(
      () => this.#closeFiles(),
      error => this.#closeFiles().then(() => Promise.reject(error)),
    )
  }

  /** The disk has no room for the next segment. What is left in this one can still be used. */
  get lacksSpace(): boolean {
    return hasCode(this.#spareError, 'NO_SPACE')
  }

  /** Where the entries of the last append that is durable lie; undefined before the first. */
  get lastSpan(): WalSpan | undefined {
    return this.#lastSpan
  }

  status(): WalStatus {
    return {
      segment: this.#active.fileName,
      positionBytes: this.#position,
      lastIndex: this.#lastIndex,
      segmentsHeld: this.#held.length + 1,
      batchCount: this.#batchCount,
      syncCount: this.#syncCount,
      writtenBytes: this.#writtenBytes,
      spareError: this.#spareError,
    }
  }

  /** Runs an operation now, or after those before it. */
  #inTurn(operation: () => Promise<void>): Promise<void> {
    if (this.#isClosed) return Promise.reject(new WalError('CLOSED', 'wal: the log is closed'))
    if (!this.#isBusy) return this.#run(operation)
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => this.#run(operation).then(resolve, reject))
    })
  }

  #run(operation: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) {
      this.#next()
      const cause = this.#failure.error
      const reason = cause instanceof Error ? cause.message : String(cause)
      return Promise.reject(new WalError('FAILED', `wal: the log failed before (${reason})`, { cause }))
    }
    this.#isBusy = true
    let running: Promise<void>
    try {
      running = operation()
    } catch (error) {
      running = Promise.reject(error)
    }
    return running.then(
      () => this.#next(),
      error => {
        const failure = asWalError(error, `write to '${this.#active.fileName}'`)
        this.#failure ??= { error: failure }
        this.#next()
        throw failure
      },
    )
  }

  #next(): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#isBusy = false
    else waiting()
  }

  #append(batch: WalBatch): Promise<void> {
    const { entries } = batch
    const state = batch.hardState === undefined || isEmptyHardState(batch.hardState) ? undefined : batch.hardState
    if (entries.length === 0 && state === undefined) return done
    const saved = this.#savedState
    const mustSync =
      entries.length > 0 || (state !== undefined && (state.term !== saved.term || state.vote !== saved.vote))
    const writer = this.#writer
    if (state !== undefined && this.#deferred !== undefined) writer.rewind(this.#deferred)
    this.#deferred = undefined
    if (writer.lengthBytes === 0) this.#mark()
    const { crc, lengthBytes: startBytes } = writer
    let last = this.#lastIndex
    for (let at = 0; at < entries.length; at++) {
      const entry = entries[at]!
      assert(
        at === 0 ? entry.index <= last + 1 : entry.index === last + 1,
        'entries continue the log or replace its end',
      )
      writer.entry(entry)
      last = entry.index
    }
    this.#lastIndex = last
    if (entries.length > 0) this.#building = { startBytes, endBytes: writer.lengthBytes, crc }
    if (state !== undefined) {
      if (!mustSync) this.#deferred = writer.point()
      writer.hardState(state)
      this.#savedState = state
    }
    if (!mustSync) return done
    this.#batchCount++
    return this.#flush(true)
  }

  /** Begins a batch: everything written before is durable, and what the disk will hold of this batch follows a mark. */
  #mark(): void {
    if (this.#isUnproven) this.#writer.crcRecord()
  }

  #saveSnapshot(snapshot: WalSnapshot, hardState: HardState | undefined): Promise<void> {
    const writer = this.#writer
    if (writer.lengthBytes === 0) this.#mark()
    writer.record(RecordType.snapshot, encodeSnapshot(snapshot))
    if (hardState !== undefined) {
      writer.hardState(hardState)
      this.#savedState = hardState
    }
    if (snapshot.index > this.#lastIndex) this.#lastIndex = snapshot.index
    return this.#flush(false)
  }

  /** Hands what the writer holds to the disk; resolves when it is durable. */
  #flush(mayCut: boolean): Promise<void> {
    const writer = this.#writer
    const end = this.#position + writer.lengthBytes
    const fill = this.#fill
    const busy = fill.clearOf(end)
    if (busy !== undefined) return busy.then(() => this.#flush(mayCut))
    this.#write(writer.bytes())
    this.#writtenBytes += writer.lengthBytes
    this.#placeEntries()
    this.#position = end
    this.#deferred = undefined
    this.#isUnproven = true
    writer.clear()
    fill.wroteTo(end)
    if (mayCut && end >= this.#cutAtBytes) return this.#cut()
    if (!fill.done) fill.fillTo(end + fillAheadBytes)
    else if (!this.#spares.started && end > this.#segmentSizeBytes * spareAtFraction) this.#startSpare()
    return this.#datasync(this.#active.file)
  }

  #placeEntries(): void {
    const built = this.#building
    this.#building = undefined
    if (built === undefined) return
    const { startBytes, endBytes, crc } = built
    const segment = this.#active.fileName
    this.#lastSpan = { segment, startBytes: this.#position + startBytes, endBytes: this.#position + endBytes, crc }
  }

  #write(bytes: Uint8Array): void {
    const timing = this.#timing
    const startMs = timing?.now() ?? 0
    try {
      this.#active.file.writeSync(bytes, this.#position)
    } catch (error) {
      this.#takeBack(bytes.length)
      throw error
    }
    timing?.wrote(timing.now() - startMs)
  }

  /**
   * A write failed, perhaps with a part of it done, which may end anywhere and not only between two sectors. Nothing of it
   * was promised: zeros go over it if the disk still does that much.
   */
  #takeBack(lengthBytes: number): void {
    try {
      this.#active.file.writeSync(new Uint8Array(lengthBytes), this.#position)
    } catch {
      // The first failure is what counts.
    }
  }

  #datasync(file: File): Promise<void> {
    if (!this.#sync) return done
    this.#syncCount++
    const timing = this.#timing
    if (timing === undefined) return file.datasync()
    const startMs = timing.now()
    return file.datasync().then(() => timing.synced(timing.now() - startMs))
  }

  #startSpare(): void {
    this.#spares.start(error => this.#spareFailed(error))
  }

  #spareFailed(error: unknown): void {
    const isNew = this.#spareError === undefined
    this.#spareError = error
    if (isNew) this.#onEvent({ type: 'spare-failed', error })
  }

  /** Ends the segment at the position and goes on in the next one. */
  async #cut(): Promise<void> {
    const spare = await this.#spares.take().catch(error => {
      this.#spareFailed(error)
      return undefined
    })
    if (spare === undefined) {
      // No room for another segment: this one grows while it can, and tries again after a while.
      this.#cutAtBytes = this.#position + this.#segmentSizeBytes / 16
      return this.#datasync(this.#active.file)
    }
    this.#spareError = undefined
    await this.#fill.stop()
    await this.#active.file.truncate(this.#position)
    await this.#datasync(this.#active.file)
    const sequence = this.#active.sequence + 1
    const firstIndex = this.#lastIndex + 1
    const fileName = segmentFileName({ sequence, firstIndex })
    const positionBytes = this.#writeHead(spare.file)
    spare.fill.wroteTo(positionBytes)
    await this.#datasync(spare.file)
    await this.#fs.rename(spare.path, joinPath(this.#dir, fileName))
    if (this.#sync) await this.#fs.syncDir(this.#dir)
    this.#held.push(this.#active)
    this.#active = { file: spare.file, fileName, sequence, firstIndex }
    this.#fill = spare.fill
    this.#position = positionBytes
    this.#cutAtBytes = this.#segmentSizeBytes
    this.#isUnproven = false
    this.#onEvent({ type: 'segment-created', file: fileName })
  }

  /** Writes the head of a later segment; returns its length. */
  #writeHead(file: File): number {
    const writer = this.#writer
    writer.crcRecord()
    writer.record(RecordType.metadata, this.metadata)
    if (!isEmptyHardState(this.#savedState)) writer.hardState(this.#savedState)
    writer.crcRecord()
    const { lengthBytes } = writer
    file.writeSync(writer.bytes(), 0)
    this.#writtenBytes += lengthBytes
    writer.clear()
    return lengthBytes
  }

  async #release(index: number): Promise<void> {
    const all = [...this.#held, this.#active]
    const firstAtOrAbove = all.findIndex(segment => segment.firstIndex >= index)
    const releasedCount = (firstAtOrAbove < 0 ? all.length : firstAtOrAbove) - 1
    if (releasedCount <= 0) return
    const released = this.#held.slice(0, releasedCount)
    this.#held = this.#held.slice(releasedCount)
    await Promise.all(released.map(segment => segment.file.close()))
  }

  /** Writes what is pending, and then a mark that proves it durable. */
  async #finish(): Promise<void> {
    if (this.#writer.lengthBytes > 0) await this.#flush(false)
    if (!this.#isUnproven) return
    this.#writer.crcRecord()
    await this.#flush(false)
  }

  async #closeFiles(): Promise<void> {
    await this.#fill.stop()
    await this.#spares.close()
    await Promise.all([...this.#held, this.#active].map(segment => segment.file.close()))
  }
}
