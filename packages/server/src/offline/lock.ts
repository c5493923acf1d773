import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type File, type Fs, VfsError } from '@kvs/vfs'
import { walExists } from '@kvs/wal'
import { ServerError } from '../errors.ts'
import { walDir } from '../layout.ts'
import type { NewDirectories } from './new-data-dir.ts'

const retryMs = 100

/**
 * Holds the lock of a member's log while `work` runs, so that no member starts. Waits for one that runs, up to `timeoutMs`;
 * 0: for ever. Throws `ServerError` (`DATA_DIR`).
 */
export async function withLock<Result>(
  fs: Fs,
  at: NewDirectories & { readonly timeoutMs: number },
  work: () => Promise<Result>,
): Promise<Result> {
  const dir = walDir(at)
  const names = (await fs.stat(dir)) === undefined ? [] : await fs.readDir(dir)
  const segments = names.filter(name => name.endsWith('.wal'))
  if (segments.length === 0) throw new ServerError('DATA_DIR', `there is no log in '${dir}'`)
  const held: File[] = []
  const until = performance.now() + at.timeoutMs
  try {
    for (const name of segments) held.push(await fs.open(`${dir}/${name}`, { mode: 'write' }))
    while (!lockAll(held)) {
      if (at.timeoutMs > 0 && performance.now() > until) {
        throw new ServerError('DATA_DIR', `data directory '${at.dataDir}' is in use by another process`)
      }
      await sleep(retryMs)
    }
    return await work()
  } finally {
    await Promise.all(held.map(file => file.close()))
  }
}

/** A state file, and how long to wait for a member that uses it; 0: for ever. */
export interface DatabaseAt {
  readonly path: string
  readonly timeoutMs: number
}

/**
 * Runs `work` on a state file; if it lies in a data directory, while no member uses that. A log in a directory of its own
 * (`--wal-dir`) is not known here.
 */
export async function whileUnused<Result>(
  fs: Fs,
  { path, timeoutMs }: DatabaseAt,
  work: () => Promise<Result>,
): Promise<Result> {
  const dataDir = /^(.*)\/member\/snap\/[^/]+$/.exec(resolve(path))?.[1]
  if (dataDir === undefined) return work()
  const at = { dataDir, walDir: '' }
  if (!(await walExists(fs, walDir(at)))) return work()
  return withLock(fs, { ...at, timeoutMs }, work)
}

/** False if another process has one of them. */
function lockAll(files: readonly File[]): boolean {
  try {
    for (const file of files) file.lock()
    return true
  } catch (error) {
    if (error instanceof VfsError && error.code === 'LOCKED') return false
    throw error
  }
}
