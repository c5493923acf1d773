/**
 * The state in one LMDB file: `openLmdb({ path, buckets })`. Needs the package `lmdb`, version 3.5.6, beside this one.
 *
 * Beside the file lies `<path>-lock`, LMDB's table of readers, which may be removed while nobody has the file open. LMDB
 * lets two processes in; keeping others out is the caller's duty (a member holds the lock of its log).
 */

import { type Fs, nodeFs } from '@kvs/vfs'
import type { BackendFailpoints, Bucket, LentState } from './backend.ts'
import { BucketSet } from './buckets.ts'
import { BackendError } from './errors.ts'
import { LmdbBackend } from './lmdb/backend.ts'
import { removeTemporaries } from './lmdb/copying.ts'
import { LmdbFile } from './lmdb/file.ts'
import { checkFile, checkHeader } from './lmdb/header.ts'
import { checkLibrary } from './lmdb/native.ts'
import { makeFile } from './lmdb/new-file.ts'
import { LentReader } from './lmdb/pages/lent-reader.ts'
import { LmdbReader } from './lmdb/pages/reader.ts'
import { parentOf } from './paths.ts'

export type { LmdbBackend } from './lmdb/backend.ts'
export type { LentReader } from './lmdb/pages/lent-reader.ts'
export type { LmdbReader } from './lmdb/pages/reader.ts'

export interface LmdbOptions {
  /** The file, `…/member/snap/db` in a member. Made with its folder if it is not there. */
  readonly path: string
  readonly buckets: readonly Bucket[]
  /**
   * What the state may grow to; the file is mapped for twice as much, so that it is never mapped anew while this holds.
   * Not a limit. Default 2 GiB.
   */
  readonly quotaBytes?: number
  /** The disk for everything but LMDB's own reading and writing. Must be this machine's. */
  readonly fs?: Fs
  /** Default: none. */
  readonly failpoints?: BackendFailpoints | undefined
}

const quotaBytesDefault = 2_147_483_648
const mapBytesReserve = 67_108_864
/** Well below what a process can address; a larger file is mapped anew as it grows. */
const mapBytesMax = 1_099_511_627_776

/**
 * Opens the state file, or makes an empty one.
 *
 * Refuses with `FOREIGN_FILE` (etcd's own file), `CORRUPT` (not a state, cut off, or its record of sums is damaged), `IO`,
 * `NO_SPACE`, `UNSUPPORTED` (another lmdb, a newer format). The records are checked when they are read; `verify` reads all.
 */
export async function openLmdb(options: LmdbOptions): Promise<LmdbBackend> {
  checkLibrary()
  const { path, failpoints } = options
  const fs = options.fs ?? nodeFs()
  const buckets = new BucketSet(options.buckets)
  const wantedBytes = Math.ceil((options.quotaBytes ?? quotaBytesDefault) * 2 + mapBytesReserve)
  const mapBytes = Math.min(wantedBytes, mapBytesMax)
  await fs.makeDir(parentOf(path))
  await removeTemporaries(fs, path)
  const size = await checkHeader(fs, path)
  if (size === 0) await makeFile(fs, path)
  const openFile = (at: string, name: string): LmdbFile => openStoreFile({ path: at, name, buckets, mapBytes })
  const file = openFile(path, path)
  try {
    const isNew = file.isEmpty
    if (!isNew && file.meta() === undefined) {
      throw new BackendError('CORRUPT', 'an LMDB file, but not a state', { file: path })
    }
    await file.beginFreeList()
    const backend = new LmdbBackend({ fs, path, buckets, file, openFile, failpoints })
    if (isNew) {
      await backend.initialize()
      await fs.syncDir(parentOf(path))
    }
    return backend
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * Reads a state file that nobody writes, for tools: without LMDB, on any disk, and nothing is changed. Close the reader.
 *
 * Refuses like `openLmdb`, an empty file too. The structure is checked here, records when they are read.
 */
export async function readLmdb(options: {
  readonly path: string
  readonly buckets: readonly Bucket[]
  readonly fs?: Fs
}): Promise<LmdbReader> {
  const { path, fs = nodeFs() } = options
  const buckets = new BucketSet(options.buckets)
  const { meta } = await checkFile(fs, path, 'read')
  const file = await fs.open(path, { mode: 'read' })
  try {
    return await LmdbReader.open(file, buckets, meta)
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * Opens what a backend of this process has lent (`Backend.lend`), in this thread or another one. It waits for the disk on
 * the spot: meant for threads that may. Close the reader before the state is released.
 */
export function openLent(options: { readonly lent: LentState; readonly buckets: readonly Bucket[] }): LentReader {
  return new LentReader(options.lent, new BucketSet(options.buckets))
}

function openStoreFile(options: ConstructorParameters<typeof LmdbFile>[0]): LmdbFile {
  try {
    return new LmdbFile(options)
  } catch (cause) {
    throw new BackendError('IO', 'the state file cannot be opened', { file: options.name, cause })
  }
}
