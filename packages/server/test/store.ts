import { memoryBackend } from '@kvs/backend/memory'
import { openStore, type Store } from '@kvs/mvcc'
import { allBuckets, buckets } from '../src/state/buckets.ts'

/** A store on a state in memory. */
export function openTestStore(): Store {
  return openStore({ state: memoryBackend({ buckets: allBuckets }), buckets, hashSeed: 1 })
}
