import type { Entry, HardState } from '@kvs/proto/raft'
import type { Fs } from '@kvs/vfs'
import type { WalOptions } from './create.ts'
import {
  asWalError,
  joinPath,
  type ListedSegment,
  listSegments,
  openLocked,
  selectSegments,
  withoutEndSlash,
} from './directory.ts'
import { WalError, type WalPosition } from './errors.ts'
import type { WalEventSink } from './events.ts'
import { fillPieceBytes, segmentSizeBytesDefault } from './limits.ts'
import { RecordWriter } from './record-writer.ts'
import { cutTail, repairTail } from './repair.ts'
import { decodeWalRecord, Replay } from './replay.ts'
import { newReadChain, type ReadChain, readSegment, type SegmentEnd, type SegmentSource } from './segment-reader.ts'
import { inspectTail, type Tail } from './tail.ts'
import { type HeldSegment, Wal } from './wal.ts'
import { ZeroFill } from './zero-fill.ts'

/** The snapshot from which a log is read on; `{ index: 0, term: 0 }` for all of it. */
export interface WalStartSnapshot {
  readonly index: number
  readonly term: number
}

export interface OpenWalOptions extends WalOptions {
  readonly snapshot: WalStartSnapshot
  /** `false`: a torn record at the end is refused (`UNEXPECTED_EOF`) instead of repaired. */
  readonly repair?: boolean | undefined
  /** Looks at what was read before anything is changed. If it throws, the log stays as it is, and is not opened. */
  readonly check?: ((content: WalContent) => void) | undefined
}

export interface ReadWalOptions {
  readonly fs: Fs
  readonly dir: string
  readonly snapshot: WalStartSnapshot
  readonly onEvent?: WalEventSink | undefined
}

/** What a log holds above a snapshot. */
export interface WalContent {
  readonly metadata: Uint8Array
  /** The last one recorded; all zero if there is none. */
  readonly hardState: HardState
  /** Contiguous, beginning right above the snapshot. Their data are views of what was read. */
  readonly entries: readonly Entry[]
  /** Whether the log has a record of the snapshot. Logs of other writers may lack it. */
  readonly snapshotFound: boolean
}

/** Where a log ended, and what lay behind. */
interface ReadResult {
  readonly replay: Replay
  readonly chain: ReadChain
  readonly end: SegmentEnd
  readonly tail: Tail
}

/**
 * Opens a log for appending, with everything it holds above `snapshot`. All segments from there on are locked (`LOCKED`
 * if another process has them). What a power cut left behind the last record is removed; anything else that is wrong is
 * refused with file and offset, and nothing is changed.
 */
export async function openWal(options: OpenWalOptions): Promise<{ readonly wal: Wal; readonly content: WalContent }> {
  const { fs, dir } = options
  const held: HeldSegment[] = []
  let isRefused = false
  try {
    const segments = await listSelected(options)
    for (const segment of segments) {
      const file = await openLocked(fs, joinPath(dir, segment.fileName), 'write')
      held.push({ ...segment, file })
    }
    const sources = await Promise.all(held.map(toSource))
    const result = await readThrough(sources, options.snapshot)
    isRefused = true
    options.check?.(contentOf(result.replay))
    isRefused = false
    // A process may have died between naming the newest segment and making the name durable: what is appended to it now
    // must not lose its name in a power cut.
    if (options.sync ?? true) await fs.syncDir(withoutEndSlash(dir))
    const wal = await continueLog(options, held, { ...result, source: sources.at(-1)! })
    return { wal, content: contentOf(result.replay) }
  } catch (error) {
    await Promise.all(held.map(segment => segment.file.close()))
    // What the caller found is told in the caller's words.
    throw isRefused ? error : asWalError(error, `open '${dir}'`)
  }
}

/**
 * Reads a log without locking or changing it; it may be open elsewhere, or end in a torn record. `SNAPSHOT_NOT_FOUND` if
 * it has no record of `snapshot`.
 */
export async function readWal(options: ReadWalOptions): Promise<WalContent> {
  const held: HeldSegment[] = []
  try {
    for (const segment of await listSelected(options)) {
      const file = await options.fs.open(joinPath(options.dir, segment.fileName), { mode: 'read' })
      held.push({ ...segment, file })
    }
    const { replay } = await readThrough(await Promise.all(held.map(toSource)), options.snapshot)
    if (!replay.snapshotFound) throw new WalError('SNAPSHOT_NOT_FOUND', 'wal: snapshot not found')
    return contentOf(replay)
  } catch (error) {
    throw asWalError(error, `read '${options.dir}'`)
  } finally {
    await Promise.all(held.map(segment => segment.file.close()))
  }
}

/** Reads a log like `readWal` and tells only whether it is sound; the last hard state. */
export async function verifyWal(options: ReadWalOptions): Promise<HardState> {
  return (await readWal(options)).hardState
}

async function listSelected(options: ReadWalOptions): Promise<readonly ListedSegment[]> {
  const listing = await listSegments(options.fs, options.dir)
  for (const file of listing.ignored) options.onEvent?.({ type: 'file-ignored', file })
  return selectSegments(listing, options.snapshot.index)
}

async function toSource(segment: HeldSegment): Promise<SegmentSource> {
  return { file: segment.file, name: segment.fileName, sizeBytes: await segment.file.sizeBytes() }
}

async function readThrough(sources: readonly SegmentSource[], start: WalStartSnapshot): Promise<ReadResult> {
  const replay = new Replay(start)
  const chain = newReadChain()
  for (const [position, source] of sources.entries()) {
    const end = await readSegment(source, chain, (view, bytes, at) => {
      replay.add(decodeWalRecord(view, bytes, at), at)
    })
    const at = { file: source.name, offsetBytes: end.offsetBytes }
    if (position === sources.length - 1) return { replay, chain, end, tail: await inspectTail(source, end, chain) }
    if (end.kind === 'torn') throw unexpectedEnd(at)
  }
  throw new WalError('NOT_FOUND', 'wal: file not found')
}

export function unexpectedEnd(at: WalPosition): WalError {
  return new WalError('UNEXPECTED_EOF', `unexpected EOF: in file '${at.file}' at position: ${at.offsetBytes}`, { at })
}

function contentOf(replay: Replay): WalContent {
  const { metadata, hardState, entries, snapshotFound } = replay
  return { metadata: metadata ?? new Uint8Array(0), hardState, entries, snapshotFound }
}

/** Makes the end of the log fit for appending, and the `Wal` that does it. */
async function continueLog(
  options: OpenWalOptions,
  segments: readonly HeldSegment[],
  read: ReadResult & { readonly source: SegmentSource },
): Promise<Wal> {
  const { fs, dir } = options
  const { source, replay, chain, end } = read
  const sync = options.sync ?? true
  const onEvent = options.onEvent ?? (() => {})
  const segmentSizeBytes = options.segmentSizeBytes ?? segmentSizeBytesDefault
  let lengthBytes = source.sizeBytes
  let marked = chain.markedEnd >= 0
  const tailBytes = read.tail.nonZeroEndBytes - end.offsetBytes
  if (end.kind === 'torn') {
    if (options.repair === false) throw unexpectedEnd({ file: source.name, offsetBytes: end.offsetBytes })
    await repairTail({ fs, dir, source, offsetBytes: end.offsetBytes, copyBytes: read.tail.nonZeroEndBytes, onEvent })
    lengthBytes = end.offsetBytes
    marked = false
  } else if (tailBytes > 0) {
    await cutTail(source, end.offsetBytes)
    onEvent({ type: 'tail-zeroed', file: source.name, offsetBytes: end.offsetBytes, lostBytes: tailBytes })
    lengthBytes = end.offsetBytes
    marked = false
  }
  const { file } = source
  // Room for the first appends, so that they do not meet the background filling.
  const roomBytes = Math.min(segmentSizeBytes, end.offsetBytes + fillPieceBytes)
  if (roomBytes > lengthBytes) {
    await file.allocate(roomBytes)
    lengthBytes = roomBytes
  }
  let { crc } = chain
  let positionBytes = end.offsetBytes
  if (!marked) {
    // What a killed process left was perhaps never synced; a mark behind it says that it was.
    if (sync) await file.datasync()
    const writer = new RecordWriter(crc)
    writer.crcRecord()
    await file.write(writer.bytes(), positionBytes)
    positionBytes += writer.lengthBytes
    crc = writer.crc
  }
  const fillLength = Math.max(lengthBytes, positionBytes)
  const fill = new ZeroFill({ file, lengthBytes: fillLength, limitBytes: segmentSizeBytes, sync: false })
  const { metadata } = contentOf(replay)
  const { hardState } = replay
  const lastIndex = Math.max(replay.lastIndex, options.snapshot.index)
  const start = { fs, dir, segmentSizeBytes, sync, onEvent, metadata, hardState, crc, lastIndex }
  return new Wal({ ...start, positionBytes, segments, fill, timing: options.timing })
}
