/** Compact copies of an LMDB file, and putting one in the place of the file. */

import { chmod } from 'node:fs/promises'
import { type File, type Fs, VfsError } from '@kvs/vfs'
import { assert } from '../assert.ts'
import type { BackendFailpoints, ConsistentPoint, CopyOptions, WaitingMoment } from '../backend.ts'
import { diskError } from '../disk-error.ts'
import { BackendError } from '../errors.ts'
import { nameIn, parentOf } from '../paths.ts'
import { type LmdbFile, pointOf } from './file.ts'
import { decodedOrEmpty } from './meta-record.ts'

/** Opens what lies at `path`; `name` is what it will be called. */
export type OpenFile = (path: string, name: string) => LmdbFile

/** What LMDB puts beside a file for its locks and readers. */
export const lockSuffix = '-lock'
/** Names of unfinished files: the file's name, this, a number. Whatever has such a name is removed at open. */
const temporarySuffix = '.tmp.'

/** What is read of a copy before it is used, and how much at once. */
const readAheadBytesMax = 1_073_741_824
const readAheadPieceBytes = 1_048_576

let lastTemporary = 0

/** Where a file lies while it is made. */
export function newFileName(path: string): string {
  lastTemporary++
  return `${path}${temporarySuffix}${lastTemporary}`
}

/** Writes a copy of the newest committed state to `path`; removes what it left if it fails. */
export async function copyState(fs: Fs, file: LmdbFile, path: string, options: CopyOptions): Promise<void> {
  if ((await fs.stat(path)) !== undefined) {
    throw new BackendError('EXISTS', 'the target of the copy is already there', { file: path })
  }
  try {
    await file.copy(path)
    if (options.isTemporary === true) await chmod(path, 0o600)
    else {
      await syncFile(fs, path)
      await fs.syncDir(parentOf(path))
    }
  } catch (cause) {
    await fs.remove(path)
    throw copyError(path, cause)
  }
}

/** A new file, open and in its place. */
export interface Replacement {
  readonly file: LmdbFile
  /** Makes that durable; nothing may be written before. */
  finish(): Promise<void>
  /** Lets the old file go; frees its space only if `finish` succeeded. Nobody may read there any more. Never rejects. */
  discard(): Promise<void>
}

/**
 * Puts a compact copy in the place of the file. At every moment `path` is the old or the new file, whole, with the same
 * state. The old one, still open, stays readable.
 *
 * The copy is opened under its temporary name, then it and its lock file are renamed: so LMDB never has the lock file of
 * one environment open twice in a process, and another process that looks for the lock file finds the right one.
 */
export async function replaceByCompactCopy(options: {
  readonly fs: Fs
  readonly path: string
  readonly file: LmdbFile
  readonly openFile: OpenFile
  readonly point: ConsistentPoint
  readonly failpoints?: BackendFailpoints | undefined
}): Promise<Replacement> {
  const { fs, path, file, failpoints } = options
  checkNamed(file, path)
  const temporary = newFileName(path)
  const old = await fs.open(path, { mode: 'write' })
  let next: LmdbFile | undefined
  try {
    await passes(failpoints, 'defragOpenFileError', path)
    await passes(failpoints, 'defragBeforeCopy', path)
    await passes(failpoints, 'defragdbFail', path)
    await file.copy(temporary)
    await syncFile(fs, temporary)
    await readAhead(fs, temporary)
    next = options.openFile(temporary, path)
    const point = pointOf(decodedOrEmpty(next.meta()))
    assert(point.index === options.point.index, `a copy of entry ${options.point.index} stands at ${point.index}`)
    assert(next.dbi === file.dbi, 'the records have the same number in every file')
    await next.beginFreeList()
    await passes(failpoints, 'defragBeforeRename', path)
    checkNamed(file, path)
    await fs.rename(temporary, path)
  } catch (cause) {
    await old.close()
    await next?.close()
    await fs.remove(temporary)
    await fs.remove(temporary + lockSuffix)
    throw copyError(path, cause)
  }
  let finished = false
  const finish = async (): Promise<void> => {
    await finishMove(fs, { from: temporary, to: path })
    finished = true
  }
  // Until then a power cut may bring the old name back: the file must stay whole.
  return { file: next, finish, discard: () => (finished ? discardFile(old, file.pageBytes) : old.close()) }
}

/** Goes on behind a moment, or fails there as it was told. */
async function passes(failpoints: BackendFailpoints | undefined, moment: WaitingMoment, file: string): Promise<void> {
  const failure = await failpoints?.wait(moment)
  if (failure !== undefined) throw new BackendError('IO', failure, { file })
}

/**
 * The first half of giving an open file the name of another: afterwards it has the name, not yet for good, and whatever
 * fails before leaves everything as it was. The file first and its lock file second, as after a copy; whoever opens the
 * file after a crash in between finds a lock file that nobody holds, which LMDB then begins anew.
 */
export async function beginMove(fs: Fs, file: LmdbFile, names: Names): Promise<void> {
  const { from, to } = names
  checkNamed(file, from)
  try {
    await syncFile(fs, from)
    checkNamed(file, from)
    await fs.rename(from, to)
  } catch (cause) {
    if (cause instanceof BackendError) throw cause
    throw diskError(cause, 'the state file cannot be moved', from)
  }
}

/** The second half; nothing may be written before. */
export async function finishMove(fs: Fs, { from, to }: Names): Promise<void> {
  await fs.rename(from + lockSuffix, to + lockSuffix)
  await fs.syncDir(parentOf(to))
}

export interface Names {
  readonly from: string
  readonly to: string
}

/** What lies at `path` is another's if this file has lost its name. */
function checkNamed(file: LmdbFile, path: string): void {
  if (file.isNameless) throw new BackendError('IO', 'another file has taken the place of this one', { file: path })
}

/**
 * Closes the last file of a backend. If another has taken its place, that is made sure of before the space is given
 * back: a power cut must not bring back the name of a file that was cut. Where others still read in it, its space is theirs
 * to give back.
 */
export async function closeLast(fs: Fs, file: LmdbFile, path: string): Promise<void> {
  if (file.isNameless && file.lentCount === 0) {
    try {
      await fs.syncDir(parentOf(path))
      await file.cut()
    } catch {
      // Only slower: the space is given back when the file is closed.
    }
  }
  await file.close()
}

/**
 * Cuts a file that has no name any more to its two pages of meta and lets it go. Giving its space back, and taking its
 * pages out of the memory map, thus happens on a thread of the pool; closing it uncut would do both on the event loop.
 */
async function discardFile(old: File, pageBytes: number): Promise<void> {
  try {
    await old.truncate(2 * pageBytes)
  } catch {
    // Only slower: the space is given back when the file is closed.
  } finally {
    await old.close()
  }
}

/** Removes unfinished files of `path` that a crash left. */
export async function removeTemporaries(fs: Fs, path: string): Promise<void> {
  const folder = parentOf(path)
  const prefix = nameIn(path) + temporarySuffix
  for (const name of await fs.readDir(folder)) {
    if (name.startsWith(prefix)) await fs.remove(`${folder}/${name}`)
  }
}

/** LMDB makes copies that others may read. */
async function syncFile(fs: Fs, path: string): Promise<void> {
  await chmod(path, 0o600)
  const file = await fs.open(path, { mode: 'write' })
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

/**
 * LMDB writes copies past the page cache, and reads through a map on the event loop: without this its first reads would
 * stand still there until the disk has answered each. Of a very large file only both ends are read: the root and the
 * branches above the first leaf, which an open needs, are among them.
 */
async function readAhead(fs: Fs, path: string): Promise<void> {
  const file = await fs.open(path, { mode: 'read' })
  try {
    const sizeBytes = await file.sizeBytes()
    const piece = new Uint8Array(readAheadPieceBytes)
    for (let at = 0; at < sizeBytes; at += piece.length) {
      if (at >= readAheadBytesMax / 2 && at < sizeBytes - readAheadBytesMax / 2) continue
      await file.read(piece, at)
    }
  } finally {
    await file.close()
  }
}

function copyError(path: string, cause: unknown): unknown {
  if (cause instanceof BackendError) return cause
  const full =
    cause instanceof VfsError ? cause.code === 'NO_SPACE' : /space|MDB_MAP_FULL|too large/i.test(String(cause))
  return new BackendError(full ? 'NO_SPACE' : 'IO', 'a copy failed', { file: path, cause })
}
