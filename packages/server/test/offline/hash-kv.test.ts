import { memoryBackend } from '@kvs/backend/memory'
import { openStore } from '@kvs/mvcc'
import { SeededRandom } from '@kvs/testing'
import { expect, test } from 'vitest'
import { hashState } from '../../src/offline/hash-kv.ts'
import type { StateReader } from '../../src/offline/state-reader.ts'
import { allBuckets, buckets } from '../../src/state/buckets.ts'

const seeds = process.env['KVS_SEED'] === undefined ? [1, 2, 3, 4, 5, 6, 7, 8] : [Number(process.env['KVS_SEED'])]

/** The records of a state in memory as a file would give them. */
function readerOf(state: ReturnType<typeof memoryBackend>): StateReader {
  return {
    kind: 'kvs',
    bolt: undefined,
    consistent: state.consistent,
    sizeBytes: 0,
    async *buckets() {},
    async *records(name) {
      const bucket = allBuckets.find(each => each.name === name)
      if (bucket === undefined) return
      for (const { key, value } of [...state.records(bucket)]) yield [key, value] as const
    },
    close: () => Promise.resolve(),
  }
}

test.each(seeds)('the hash of a file is that of the store, at every revision (seed %i)', async seed => {
  const random = new SeededRandom(seed)
  const state = memoryBackend({ buckets: allBuckets })
  const store = openStore({ state, buckets })
  const keyOf = (): Uint8Array =>
    Uint8Array.of(random.below(6), ...(random.chance(0.3) ? [0x80 + random.below(32)] : []))
  for (let left = 150; left > 0; left--) {
    const txn = store.write()
    for (let writes = random.between(1, 3); writes > 0; writes--) {
      const key = keyOf()
      if (random.chance(0.4)) txn.deleteRange({ key })
      else txn.put({ key, value: Uint8Array.of(random.below(256)) })
    }
    txn.end()
    if (random.chance(0.05) && store.revision > store.compactRevision + 1) {
      store.compact(random.between(Math.max(store.compactRevision, 1) + 1, store.revision))
      // Sometimes the scrub is behind.
      if (random.chance(0.7)) while (!store.scrub());
    }
    if (!random.chance(0.2)) continue
    const revision = random.pick([0, store.revision, Math.max(store.compactRevision, 1)])
    // One that was opened anew: a store remembers hashes that it made while it compacted.
    const cursor = openStore({ state, buckets }).openHash(revision)
    while (!cursor.step());
    const { hash, revision: hashRevision, compactRevision } = cursor.result()
    expect(await hashState(readerOf(state), revision)).toEqual({ hash, hashRevision, compactRevision })
  }
  const { compactRevision, revision } = store
  await expect(hashState(readerOf(state), revision + 1)).rejects.toThrow('mvcc: required revision is a future revision')
  if (compactRevision < 2) return
  const below = hashState(readerOf(state), compactRevision - 1)
  await expect(below).rejects.toThrow('mvcc: required revision has been compacted')
})
