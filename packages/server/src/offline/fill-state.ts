import type { Bucket, ConsistentPoint } from '@kvs/backend'
import { openLmdb } from '@kvs/backend/lmdb'
import type { Fs } from '@kvs/vfs'
import { stateFile } from '../layout.ts'
import { allBuckets } from '../state/buckets.ts'
import type { StateReader } from './state-reader.ts'

export type StateRecord = readonly [key: Uint8Array, value: Uint8Array]
export type StateRecords = AsyncIterable<StateRecord> | Iterable<StateRecord>

/** Written in one transaction; a file that is cut off by a crash ends between two. */
const batchRecords = 10_000
const batchBytes = 33_554_432
/** The map of the file is made for twice this. */
const quotaBytesMin = 2_147_483_648

/** The records of etcd's `meta` that the state file holds in another way, and the one that says whose file it was. */
const ownMeta: ReadonlySet<string> = new Set(['consistent_index', 'term', 'confState', 'storageVersion'])

/**
 * Makes the state file of a data directory of what another state holds; durable, and read once more, when it resolves.
 * `point` is the last entry of the log whose effects are in it. `replaced` has the buckets that shall hold something else.
 */
export async function fillState(options: {
  readonly fs: Fs
  readonly dataDir: string
  readonly from: StateReader
  readonly point: ConsistentPoint
  readonly replaced: ReadonlyMap<string, StateRecords>
}): Promise<void> {
  const { fs, dataDir, from, point, replaced } = options
  const quotaBytes = Math.max(quotaBytesMin, from.sizeBytes * 2)
  const backend = await openLmdb({ fs, path: stateFile(dataDir), buckets: allBuckets, quotaBytes })
  try {
    let records = 0
    let bytes = 0
    const put = async (bucket: Bucket, [key, value]: StateRecord): Promise<void> => {
      backend.put(bucket, key, value)
      records++
      bytes += key.length + value.length
      if (records < batchRecords && bytes < batchBytes) return
      records = bytes = 0
      backend.forceConsistent(point)
      await backend.commit()
    }
    for (const bucket of allBuckets) {
      for await (const record of replaced.get(bucket.name) ?? from.records(bucket.name)) {
        if (bucket.name !== 'meta' || !ownMeta.has(decoder.decode(record[0]))) await put(bucket, record)
      }
    }
    backend.forceConsistent(point)
    await backend.commit()
    await backend.verify()
  } finally {
    await backend.close()
  }
}

/** The records of one source, then those of the other. */
export async function* followedBy(first: StateRecords, second: StateRecords): AsyncGenerator<StateRecord> {
  yield* first
  yield* second
}

const decoder = new TextDecoder()
