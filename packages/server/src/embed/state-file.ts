import { type Backend, BackendError } from '@kvs/backend'
import { openLmdb } from '@kvs/backend/lmdb'
import { ServerError } from '../errors.ts'
import type { Failpoints } from '../failpoints/failpoints.ts'
import { parentDir } from '../layout.ts'
import { allBuckets } from '../state/buckets.ts'

/** Opens the state file in LMDB. What cannot be opened is said in one line that names the way out. */
export async function openStateFile(path: string, quotaBytes: number, failpoints?: Failpoints): Promise<Backend> {
  try {
    return await openLmdb({ path, buckets: allBuckets, failpoints, ...(quotaBytes > 0 ? { quotaBytes } : {}) })
  } catch (error) {
    if (!(error instanceof BackendError)) throw error
    if (error.code === 'FOREIGN_FILE') {
      const command = `kvsutl migrate --from-etcd '${parentDir(parentDir(parentDir(path)))}' --data-dir NEW`
      const text = `'${path}' is the database of Go's etcd. A data directory for kvs is made of it by: ${command}`
      throw new ServerError('DATA_DIR', text, { cause: error })
    }
    throw new ServerError('STORAGE', error.message, { cause: error })
  }
}
