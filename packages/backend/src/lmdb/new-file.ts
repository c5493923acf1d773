/**
 * Makes the empty file that LMDB would make itself, and gives its lock file its length: lmdb 3.5.6 brings the process down
 * when either fails, and a power cut while it writes the first pages leaves a file that is no LMDB file.
 */
import type { Fs } from '@kvs/vfs'
import { diskError } from '../disk-error.ts'
import { newFileName } from './copying.ts'
import { emptyFile } from './pages/meta-page.ts'

/** One head and 125 readers, as lmdb makes it. */
const lockFileBytes = 8_272

/**
 * A file without records at `path`, in the place of nothing or of an empty file. Its bytes are durable, its name is not yet.
 */
export async function makeFile(fs: Fs, path: string): Promise<void> {
  const unfinished = newFileName(path)
  try {
    const file = await fs.open(unfinished, { mode: 'create' })
    try {
      await file.write(emptyFile(), 0)
      await file.datasync()
    } finally {
      await file.close()
    }
    await fs.rename(unfinished, path)
  } catch (cause) {
    throw diskError(cause, 'the state file cannot be made', path)
  }
}

/** LMDB will be able to open it. */
export async function prepareLockFile(fs: Fs, path: string): Promise<void> {
  try {
    const isThere = (await fs.stat(path)) !== undefined
    const file = await fs.open(path, { mode: isThere ? 'write' : 'create-new' })
    try {
      if ((await file.sizeBytes()) < lockFileBytes) await file.truncate(lockFileBytes)
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw diskError(cause, 'the state file cannot be opened', path)
  }
}
