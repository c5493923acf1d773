import { check, statusOf } from '@kvs/bbolt'
import { nodeFs } from '@kvs/vfs'
import { ServerError } from '../errors.ts'
import { stateFile } from '../layout.ts'
import { storageVersion } from '../version.ts'
import { type DatabaseAt, whileUnused } from './lock.ts'
import { openStateReader, type StateReader } from './state-reader.ts'

/** The figures of `snapshot status`. */
export interface DatabaseStatus {
  /** CRC-32C over all buckets and records. */
  readonly hash: number
  readonly revision: number
  /** Keys that live. */
  readonly totalKey: number
  readonly totalSizeBytes: number
  /** Of the storage, such as `3.7.0`; empty before etcd 3.6. */
  readonly version: string
}

/** Checks a backup or a state file and says what is in it. */
export function databaseStatus(at: DatabaseAt): Promise<DatabaseStatus> {
  const fs = nodeFs()
  return whileUnused(fs, at, async () => {
    const state = await openStateReader(fs, at.path)
    try {
      if (state.bolt !== undefined) {
        const { problems, problemCount } = await check(state.bolt)
        if (problemCount > 0) {
          const list = problems.map(problem => problem.message).join('\n')
          const text = `snapshot file integrity check failed. ${problemCount} errors found.\n${list}`
          throw new ServerError('STORAGE', text)
        }
      }
      const { hash, revision, liveKeyCount, totalSizeBytes, version } = await statusOf(state)
      return {
        hash,
        revision,
        totalKey: liveKeyCount,
        totalSizeBytes,
        version: state.kind === 'kvs' ? storageVersion : version,
      }
    } finally {
      await state.close()
    }
  })
}

/** Whose state file a data directory has: kvs's, or that of Go's etcd. */
export async function ownerOf(dataDir: string): Promise<StateReader['kind']> {
  const path = stateFile(dataDir)
  const fs = nodeFs()
  if ((await fs.stat(path)) === undefined) throw new ServerError('DATA_DIR', `there is no state file '${path}'`)
  const state = await openStateReader(fs, path)
  await state.close()
  return state.kind
}
