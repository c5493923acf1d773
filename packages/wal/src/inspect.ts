import type { HardState } from '@kvs/proto/raft'
import type { Snapshot } from '@kvs/proto/wal'
import type { Fs } from '@kvs/vfs'
import { asWalError, connectedSegments, joinPath, type ListedSegment, listSegments, openLocked } from './directory.ts'
import { WalError, type WalPosition } from './errors.ts'
import type { WalEventSink } from './events.ts'
import { RecordType } from './format.ts'
import { unexpectedEnd } from './open.ts'
import { cutTail, repairTail } from './repair.ts'
import { decodeWalRecord, type WalRecord } from './replay.ts'
import { newReadChain, readSegment, type SegmentEnd, type SegmentSource } from './segment-reader.ts'
import { inspectTail } from './tail.ts'
import { emptyHardState } from './types.ts'

export interface InspectWalOptions {
  readonly fs: Fs
  readonly dir: string
}

/** Where reading stopped, and whether the last record there is torn. */
export interface WalEnd extends WalPosition {
  readonly isTorn: boolean
}

/**
 * Shows every record of every segment present, in order; for dumps. Takes no lock and changes nothing. What was sound
 * has been shown when it throws over what is not.
 */
export async function readWalRecords(
  options: InspectWalOptions,
  visit: (record: WalRecord, at: WalPosition) => void,
): Promise<WalEnd> {
  const { fs, dir } = options
  const { segments } = await listSegments(fs, dir)
  return readSegments({ fs, dir, segments }, visit)
}

async function readSegments(
  log: InspectWalOptions & { readonly segments: readonly ListedSegment[] },
  visit: (record: WalRecord, at: WalPosition) => void,
): Promise<WalEnd> {
  const { dir, segments } = log
  if (segments.length === 0) throw new WalError('NOT_FOUND', 'wal: file not found')
  try {
    return await readAllSegments(log, visit)
  } catch (error) {
    throw asWalError(error, `read '${dir}'`)
  }
}

async function readAllSegments(
  { fs, dir, segments }: InspectWalOptions & { readonly segments: readonly ListedSegment[] },
  visit: (record: WalRecord, at: WalPosition) => void,
): Promise<WalEnd> {
  const chain = newReadChain()
  let end: WalEnd = { file: '', offsetBytes: 0, isTorn: false }
  for (const [position, { fileName }] of segments.entries()) {
    if (end.isTorn) throw unexpectedEnd(end)
    const file = await fs.open(joinPath(dir, fileName), { mode: 'read' })
    try {
      const source = { file, name: fileName, sizeBytes: await file.sizeBytes() }
      const found = await readSegment(source, chain, (view, bytes, at) => visit(decodeWalRecord(view, bytes, at), at))
      end = { file: fileName, offsetBytes: found.offsetBytes, isTorn: found.kind === 'torn' }
      if (position === segments.length - 1) await inspectTail(source, found, chain)
    } finally {
      await file.close()
    }
  }
  return end
}

/**
 * The snapshots a start may begin from: those recorded whose index the log knows to be committed, in log order. A torn
 * end is fine, and so is a gap between older segments. Takes no lock.
 */
export async function validSnapshots(options: InspectWalOptions): Promise<readonly Snapshot[]> {
  const { fs, dir } = options
  const snapshots: Snapshot[] = []
  let hardState: HardState = emptyHardState
  await readSegments({ fs, dir, segments: connectedSegments(await listSegments(fs, dir)) }, record => {
    if (record.type === 'snapshot') snapshots.push(record.snapshot)
    else if (record.type === 'state') hardState = record.hardState
  })
  return snapshots.filter(snapshot => snapshot.index <= hardState.commit)
}

/**
 * The newest of the valid snapshots that `isUsable`; undefined if there is none. Segments are read from the newest back, and
 * none before the one that has it: what those hold is checked by nobody, and needed by nobody.
 */
export async function newestSnapshot(
  options: InspectWalOptions,
  isUsable: (snapshot: Snapshot) => boolean,
): Promise<Snapshot | undefined> {
  const { fs, dir } = options
  const segments = connectedSegments(await listSegments(fs, dir))
  if (segments.length === 0) throw new WalError('NOT_FOUND', 'wal: file not found')
  let hardState: HardState | undefined
  try {
    for (const segment of segments.toReversed()) {
      const found = await snapshotsOf({ fs, dir, segment, isLast: segment === segments.at(-1) })
      hardState ??= found.hardState
      const commit = hardState?.commit ?? 0
      // By index, for their order in the log proves nothing.
      const usable = found.snapshots.filter(snapshot => snapshot.index <= commit && isUsable(snapshot))
      const newest = usable.toSorted((a, b) => a.index - b.index).at(-1)
      if (newest !== undefined) return newest
    }
    return undefined
  } catch (error) {
    throw asWalError(error, `read '${dir}'`)
  }
}

/** Snapshots recorded in one segment, and its last hard state. Entries are checked, and not decoded. */
async function snapshotsOf({
  fs,
  dir,
  segment: { fileName },
  isLast,
}: InspectWalOptions & { readonly segment: ListedSegment; readonly isLast: boolean }): Promise<{
  readonly snapshots: readonly Snapshot[]
  readonly hardState: HardState | undefined
}> {
  const snapshots: Snapshot[] = []
  let hardState: HardState | undefined
  const file = await fs.open(joinPath(dir, fileName), { mode: 'read' })
  try {
    const source = { file, name: fileName, sizeBytes: await file.sizeBytes() }
    const end = await readSegment(source, newReadChain(), (view, bytes, at) => {
      if (view.type !== RecordType.snapshot && view.type !== RecordType.state) return
      const record = decodeWalRecord(view, bytes, at)
      if (record.type === 'snapshot') snapshots.push(record.snapshot)
      else if (record.type === 'state') hardState = record.hardState
    })
    if (end.kind === 'torn' && !isLast) throw unexpectedEnd({ file: fileName, offsetBytes: end.offsetBytes })
  } finally {
    await file.close()
  }
  return { snapshots, hardState }
}

export interface RepairWalOptions extends InspectWalOptions {
  /**
   * Also cut the last segment at damage that no power cut explains. What follows there is lost, and with it perhaps
   * entries that this member had acknowledged: only for an operator who knows that other members have them.
   */
  readonly discardDamaged?: boolean | undefined
  readonly onEvent?: WalEventSink | undefined
}

/**
 * Repairs the end of a log that nobody has open; true if there was something to repair. The segment is copied to
 * `<name>.broken` first. Damage is refused as `openWal` refuses it, unless `discardDamaged`.
 */
export async function repairWal(options: RepairWalOptions): Promise<boolean> {
  const { fs, dir } = options
  const last = (await listSegments(fs, dir)).segments.at(-1)
  if (last === undefined) throw new WalError('NOT_FOUND', 'wal: file not found')
  const file = await openLocked(fs, joinPath(dir, last.fileName), 'write')
  try {
    const source = { file, name: last.fileName, sizeBytes: await file.sizeBytes() }
    return await repairSegment(source, options)
  } catch (error) {
    throw asWalError(error, `repair '${dir}'`)
  } finally {
    await file.close()
  }
}

async function repairSegment(source: SegmentSource, options: RepairWalOptions): Promise<boolean> {
  const { fs, dir } = options
  const onEvent = options.onEvent ?? (() => {})
  let end: SegmentEnd
  let copyBytes: number
  try {
    const chain = newReadChain()
    end = await readSegment(source, chain, (view, bytes, at) => void decodeWalRecord(view, bytes, at))
    copyBytes = (await inspectTail(source, end, chain)).nonZeroEndBytes
  } catch (error) {
    if (!(error instanceof WalError) || error.offsetBytes === undefined || options.discardDamaged !== true) throw error
    end = { kind: 'torn', offsetBytes: error.offsetBytes }
    copyBytes = source.sizeBytes
  }
  const { offsetBytes } = end
  if (end.kind === 'torn') {
    await repairTail({ fs, dir, source, offsetBytes, copyBytes, onEvent })
    return true
  }
  if (copyBytes === offsetBytes) return false
  await cutTail(source, offsetBytes)
  onEvent({ type: 'tail-zeroed', file: source.name, offsetBytes, lostBytes: copyBytes - offsetBytes })
  return true
}
