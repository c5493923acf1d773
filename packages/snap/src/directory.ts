import type { File, Fs } from '@kvs/vfs'
import { SnapError } from './errors.ts'
import type { SnapEventSink } from './events.ts'

/** Where snapshots lie; what every function of this package takes. */
export interface SnapDir {
  readonly fs: Fs
  readonly dir: string
  readonly onEvent?: SnapEventSink | undefined
}

export function pathIn(at: SnapDir, fileName: string): string {
  return at.dir.endsWith('/') ? at.dir + fileName : `${at.dir}/${fileName}`
}

/** Names in the directory, ascending; none if it is not there. */
export async function namesIn(at: SnapDir): Promise<readonly string[]> {
  try {
    return await at.fs.readDir(at.dir)
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}

export async function readWhole(at: SnapDir, fileName: string, bytesMax: number): Promise<Uint8Array> {
  const file = await at.fs.open(pathIn(at, fileName), { mode: 'read' })
  try {
    const sizeBytes = await file.sizeBytes()
    if (sizeBytes > bytesMax) {
      throw new SnapError('MALFORMED', `snap: a snapshot of ${sizeBytes} bytes: in file '${fileName}'`, {
        file: fileName,
      })
    }
    const bytes = new Uint8Array(sizeBytes)
    const count = await file.read(bytes, 0)
    return bytes.subarray(0, count)
  } finally {
    await file.close()
  }
}

/**
 * Puts a file into place so that a power cut leaves it whole or absent: written as `tmp-<name>`, synced, renamed, and
 * the directory synced.
 */
export async function writeWhole(at: SnapDir, fileName: string, write: (file: File) => Promise<void>): Promise<void> {
  const { fs, dir } = at
  const unfinished = pathIn(at, `tmp-${fileName}`)
  const file = await fs.open(unfinished, { mode: 'create', permissions: 0o600 })
  try {
    await write(file)
    await file.datasync()
    await file.close()
    await fs.rename(unfinished, pathIn(at, fileName))
    await fs.syncDir(dir)
  } catch (error) {
    await file.close()
    await fs.remove(unfinished).catch(() => {})
    throw error
  }
}

/** Removes files and makes that durable. Returns their names. */
export async function removeAll(at: SnapDir, fileNames: readonly string[]): Promise<readonly string[]> {
  for (const file of fileNames) {
    await at.fs.remove(pathIn(at, file))
    at.onEvent?.({ type: 'file-removed', file })
  }
  if (fileNames.length > 0) await at.fs.syncDir(at.dir)
  return fileNames
}

/** Runs an operation; a disk error becomes a `SnapError` with code `IO`. */
export async function orSnapError<Value>(doing: string, operation: () => Promise<Value>): Promise<Value> {
  try {
    return await operation()
  } catch (error) {
    if (error instanceof SnapError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new SnapError('IO', `snap: ${doing}: ${reason}`, { cause: error })
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'NOT_FOUND'
}
