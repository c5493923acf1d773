import { check, statusOf } from '@kvs/bbolt'
import { nodeFs } from '@kvs/vfs'
import { ServerError } from '../errors.ts'
import { openStateReader } from './state-reader.ts'

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
export async function databaseStatus(path: string): Promise<DatabaseStatus> {
  const state = await openStateReader(nodeFs(), path)
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
    return { hash, revision, totalKey: liveKeyCount, totalSizeBytes, version }
  } finally {
    await state.close()
  }
}
