import type { Fs } from '@kvs/vfs'
import { prepareDirectories } from '../bootstrap/bootstrap.ts'
import { ServerError } from '../errors.ts'
import { memberDir, walDir } from '../layout.ts'

/** Where a member's data shall lie. `walDir` empty: below `dataDir`. */
export interface NewDirectories {
  readonly dataDir: string
  readonly walDir: string
}

/**
 * Lets `make` fill a data directory that is not there yet, or is empty. If it fails, what it made is removed. The log is
 * made last: a state without one is refused by a start, so that a directory that is half made serves nobody.
 */
export async function makeDataDir<Made>(fs: Fs, at: NewDirectories, make: () => Promise<Made>): Promise<Made> {
  const { dataDir } = at
  if (((await fs.stat(dataDir)) !== undefined && (await fs.readDir(dataDir)).length > 0) || dataDir === '') {
    throw new ServerError('DATA_DIR', `data-dir "${dataDir}" not empty or could not be read`)
  }
  if (at.walDir !== '' && (await fs.stat(at.walDir)) !== undefined) {
    throw new ServerError('DATA_DIR', `wal-dir "${at.walDir}" exists`)
  }
  try {
    await prepareDirectories(fs, at)
    return await make()
  } catch (error) {
    await Promise.allSettled([fs.remove(walDir(at)), fs.remove(`${walDir(at)}.tmp`), fs.remove(memberDir(dataDir))])
    throw error
  }
}
