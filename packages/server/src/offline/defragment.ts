import { nodeFs } from '@kvs/vfs'
import { openStateFile } from '../embed/state-file.ts'
import { ServerError } from '../errors.ts'
import { stateFile } from '../layout.ts'
import { withLock } from './lock.ts'
import type { NewDirectories } from './new-data-dir.ts'

/** Gives unused space of a data directory that no member uses back to the file system. */
export async function defragmentDataDir(
  at: NewDirectories & { readonly timeoutMs: number },
): Promise<{ readonly bytesBefore: number; readonly bytesAfter: number }> {
  const fs = nodeFs()
  const path = stateFile(at.dataDir)
  if ((await fs.stat(path)) === undefined) throw new ServerError('DATA_DIR', `there is no state file '${path}'`)
  return withLock(fs, at, async () => {
    const backend = await openStateFile(path, 0)
    try {
      const { fileBytes: bytesBefore } = backend.sizes()
      await backend.defragment()
      return { bytesBefore, bytesAfter: backend.sizes().fileBytes }
    } finally {
      await backend.close()
    }
  })
}
