import type { File, Fs } from '@kvs/vfs'
import { WalError } from './errors.ts'
import { parseSegmentFileName, type SegmentName } from './format.ts'

/** A segment of a directory by its name. */
export interface ListedSegment extends SegmentName {
  readonly fileName: string
}

/** The segments of a log, oldest first, and the names that are none (without spares, which are no news). */
export interface Listing {
  readonly segments: readonly ListedSegment[]
  readonly ignored: readonly string[]
}

/** Lists a log's directory; a directory that is not there counts as empty. */
export async function listSegments(fs: Fs, dir: string): Promise<Listing> {
  const segments: ListedSegment[] = []
  const ignored: string[] = []
  for (const fileName of await readDirOrEmpty(fs, dir)) {
    const name = parseSegmentFileName(fileName)
    if (name !== undefined) segments.push({ ...name, fileName })
    else if (!fileName.endsWith('.tmp')) ignored.push(fileName)
  }
  return { segments, ignored }
}

/** Whether `dir` holds a log. */
export async function walExists(fs: Fs, dir: string): Promise<boolean> {
  const names = await readDirOrEmpty(fs, dir)
  return names.some(name => name.endsWith('.wal'))
}

/** The segments needed to read on from a snapshot at `index`: the last that may hold it, and all later ones. */
export function selectSegments(listing: Listing, index: number): readonly ListedSegment[] {
  const { segments } = listing
  if (segments.length === 0) throw new WalError('NOT_FOUND', 'wal: file not found')
  const first = segments.findLastIndex(segment => segment.firstIndex <= index)
  if (first < 0) {
    throw new WalError('NOT_FOUND', `wal: file not found which matches the snapshot index '${index}'`)
  }
  const selected = segments.slice(first)
  selected.forEach((segment, position) => {
    if (position === 0 || segment.sequence === selected[position - 1]!.sequence + 1) return
    const at = { file: segment.fileName, offsetBytes: 0 }
    const text = `wal: file sequence numbers (starting from ${first}) do not increase continuously`
    throw new WalError('CORRUPT', `${text}: in file '${segment.fileName}'`, { at })
  })
  return selected
}

/** The newest segments without a gap between them. What lies before a gap is of no use: nothing leads on from there. */
export function connectedSegments(listing: Listing): readonly ListedSegment[] {
  const { segments } = listing
  const gap = segments.findLastIndex((segment, at) => at > 0 && segment.sequence !== segments[at - 1]!.sequence + 1)
  return segments.slice(Math.max(0, gap))
}

/** Opens a file for writing and takes its lock; `LOCKED` if another process has it. */
export async function openLocked(fs: Fs, path: string, mode: 'write' | 'create'): Promise<File> {
  const file = await fs.open(path, { mode, permissions: 0o600 })
  try {
    file.lock()
  } catch (error) {
    await file.close()
    if (hasCode(error, 'LOCKED')) {
      throw new WalError('LOCKED', `fileutil: file already locked: '${path}'`, { cause: error })
    }
    throw error
  }
  return file
}

/** Whether `error` is a disk error with this code, whichever `Fs` it came from. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** Makes a `WalError` with code `IO` of a disk error; passes `WalError`s and broken invariants on as they are. */
export function asWalError(error: unknown, doing: string): unknown {
  if (error instanceof WalError || !(error instanceof Error) || !('code' in error)) return error
  return new WalError('IO', `wal: ${doing}: ${error.message}`, { cause: error })
}

export function joinPath(dir: string, name: string): string {
  return dir.endsWith('/') ? dir + name : `${dir}/${name}`
}

/** The directory that holds `path`. */
export function parentPath(path: string): string {
  const trimmed = withoutEndSlash(path)
  const slash = trimmed.lastIndexOf('/')
  if (slash < 0) return '.'
  return slash === 0 ? '/' : trimmed.slice(0, slash)
}

export function withoutEndSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? withoutEndSlash(path.slice(0, -1)) : path
}

async function readDirOrEmpty(fs: Fs, dir: string): Promise<readonly string[]> {
  try {
    return await fs.readDir(dir)
  } catch (error) {
    if (hasCode(error, 'NOT_FOUND')) return []
    throw error
  }
}
