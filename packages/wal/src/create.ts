import { encodeSnapshot } from '@kvs/proto/wal'
import type { File, Fs } from '@kvs/vfs'
import { asWalError, joinPath, openLocked, parentPath, walExists, withoutEndSlash } from './directory.ts'
import { WalError } from './errors.ts'
import type { WalEventSink, WalTiming } from './events.ts'
import { RecordType, segmentFileName } from './format.ts'
import { fillPieceBytes, segmentSizeBytesDefault } from './limits.ts'
import { RecordWriter } from './record-writer.ts'
import { emptyHardState } from './types.ts'
import { Wal } from './wal.ts'
import { ZeroFill } from './zero-fill.ts'

/** What `createWal` and `openWal` both take. */
export interface WalOptions {
  readonly fs: Fs
  /** The log's directory; its parent must exist and be durable. */
  readonly dir: string
  /** Length at which a segment is closed; 64 000 000 unless said. */
  readonly segmentSizeBytes?: number | undefined
  /** `false` skips all syncs: what was appended survives the process, not the machine. */
  readonly sync?: boolean | undefined
  readonly onEvent?: WalEventSink | undefined
  readonly timing?: WalTiming | undefined
}

export interface CreateWalOptions extends WalOptions {
  /** What identifies the log's owner, an encoded `etcdserverpb.Metadata` in etcd. Must not be empty. */
  readonly metadata: Uint8Array
  /** Milliseconds since 1970, for the name of a log that could not be finished. */
  readonly wallNowMs?: (() => number) | undefined
}

/**
 * Makes a new log in `<dir>.tmp` and moves it into place, durable when the promise resolves. `EXISTS` if `dir` holds a
 * log. The first segment contains the snapshot `{ index: 0, term: 0 }`.
 */
export async function createWal(options: CreateWalOptions): Promise<Wal> {
  try {
    return await create(options)
  } catch (error) {
    throw asWalError(error, `create '${options.dir}'`)
  }
}

async function create(options: CreateWalOptions): Promise<Wal> {
  const { fs, metadata } = options
  const sync = options.sync ?? true
  const dir = withoutEndSlash(options.dir)
  const segmentSizeBytes = options.segmentSizeBytes ?? segmentSizeBytesDefault
  const onEvent = options.onEvent ?? (() => {})
  if (await walExists(fs, dir)) throw new WalError('EXISTS', `wal: '${dir}' holds a log already`)
  const unfinished = `${dir}.tmp`
  await fs.remove(unfinished)
  await fs.makeDir(unfinished, 0o700)
  const fileName = segmentFileName({ sequence: 0, firstIndex: 0 })
  const file = await openLocked(fs, joinPath(unfinished, fileName), 'create')
  try {
    const lengthBytes = Math.min(segmentSizeBytes, fillPieceBytes)
    await file.allocate(lengthBytes)
    const writer = new RecordWriter(0)
    const positionBytes = await writeFirstHead({ file, writer, metadata })
    if (sync) {
      await file.datasync()
      await fs.syncDir(unfinished)
    }
    await fs.remove(dir)
    await fs.rename(unfinished, dir)
    if (sync) await syncParentOrMoveAside({ ...options, dir, onEvent })
    onEvent({ type: 'segment-created', file: fileName })
    const { crc } = writer
    const length = Math.max(lengthBytes, positionBytes)
    const fill = new ZeroFill({ file, lengthBytes: length, limitBytes: segmentSizeBytes, sync: false })
    const segments = [{ file, fileName, sequence: 0, firstIndex: 0 }]
    const start = { fs, dir, segmentSizeBytes, sync, onEvent, metadata: metadata.slice(), crc, positionBytes, fill }
    return new Wal({ ...start, hardState: emptyHardState, lastIndex: 0, segments, timing: options.timing })
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Head of the first segment; returns its length. */
async function writeFirstHead(at: {
  readonly file: File
  readonly writer: RecordWriter
  readonly metadata: Uint8Array
}): Promise<number> {
  const { file, writer, metadata } = at
  writer.crcRecord()
  writer.record(RecordType.metadata, metadata)
  writer.record(RecordType.snapshot, encodeSnapshot({ index: 0, term: 0 }))
  writer.crcRecord()
  await file.write(writer.bytes(), 0)
  return writer.lengthBytes
}

/** A log whose name may not be durable must not be found again as if it were: it is moved to `<dir>.broken.<time>`. */
async function syncParentOrMoveAside(options: CreateWalOptions & { readonly onEvent: WalEventSink }): Promise<void> {
  const { fs, dir, onEvent } = options
  try {
    await fs.syncDir(parentPath(dir))
  } catch (error) {
    const path = `${dir}.broken.${timestamp(options.wallNowMs?.() ?? 0)}`
    await fs.rename(dir, path)
    onEvent({ type: 'directory-broken', path })
    throw error
  }
}

/** `yyyymmdd.hhmmss.ffffff` in UTC; the calendar after Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
function timestamp(wallMs: number): string {
  const days = Math.floor(wallMs / 86_400_000)
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const ms = wallMs - days * 86_400_000
  const digits = (value: number, width: number): string => String(Math.floor(value)).padStart(width, '0')
  const date = digits(year, 4) + digits(month, 2) + digits(day, 2)
  const time = digits(ms / 3_600_000, 2) + digits((ms / 60_000) % 60, 2) + digits((ms / 1000) % 60, 2)
  return `${date}.${time}.${digits((ms % 1000) * 1000, 6)}`
}
