/** Whole files on an `Fs`, written so that they survive a power cut. */

import { type Fs, VfsError } from '@kvs/vfs'
import { BackendError } from '../errors.ts'
import { parentOf } from '../paths.ts'

/** `undefined` if there is no file. */
export async function readWhole(fs: Fs, path: string): Promise<Uint8Array | undefined> {
  if ((await fs.stat(path)) === undefined) return undefined
  const file = await fs.open(path, { mode: 'read' })
  try {
    const bytes = new Uint8Array(await file.sizeBytes())
    await file.read(bytes, 0)
    return bytes
  } finally {
    await file.close()
  }
}

/** Writes a file that must not exist yet (`EXISTS`). */
export async function writeNew(fs: Fs, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await write(fs, path, bytes, 'create-new')
  } catch (cause) {
    if (cause instanceof VfsError && cause.code === 'EXISTS') {
      throw new BackendError('EXISTS', 'the target of the copy is already there', { file: path, cause })
    }
    throw cause
  }
  await fs.syncDir(parentOf(path))
}

/** Afterwards `path` holds `bytes`; at every moment before, it holds all of the old or all of the new. */
export async function replaceFile(fs: Fs, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp.mark`
  await write(fs, temporary, bytes, 'create')
  await fs.rename(temporary, path)
  await fs.syncDir(parentOf(path))
}

async function write(fs: Fs, path: string, bytes: Uint8Array, mode: 'create' | 'create-new'): Promise<void> {
  const file = await fs.open(path, { mode })
  try {
    await file.write(bytes, 0)
    await file.datasync()
  } finally {
    await file.close()
  }
}
