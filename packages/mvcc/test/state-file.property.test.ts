import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BackendError } from '@kvs/backend'
import { type LmdbBackend, openLmdb } from '@kvs/backend/lmdb'
import { SeededRandom } from '@kvs/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { StateBucket, StateFile, StateInterval, StateRecord } from '../src/index.ts'
import { Harness } from './harness.ts'
import { buckets } from './sorted-state.ts'

/**
 * The store on a real state file, beside the model: batches on their way to the disk, defragmentations and restarts happen
 * at any moment between the operations. `KVS_MODEL_OPERATIONS=200000` is the full proof.
 */
const operations = Number(process.env['KVS_MODEL_OPERATIONS'] ?? 10_000)
const perRun = 1_000

/** The state file, which is another object after a restart. */
class LmdbState implements StateFile {
  backend: LmdbBackend
  readonly #path: string
  #entry = 0

  private constructor(path: string, backend: LmdbBackend) {
    this.#path = path
    this.backend = backend
  }

  static async open(path: string): Promise<LmdbState> {
    return new LmdbState(path, await openLmdb({ path, buckets: Object.values(buckets) }))
  }

  put(bucket: StateBucket, key: Uint8Array, value: Uint8Array): void {
    this.backend.put(bucket, key, value)
  }

  delete(bucket: StateBucket, key: Uint8Array): void {
    this.backend.delete(bucket, key)
  }

  get(bucket: StateBucket, key: Uint8Array): Uint8Array | undefined {
    return this.backend.get(bucket, key)
  }

  records(bucket: StateBucket, interval?: StateInterval): IterableIterator<StateRecord> {
    return this.backend.records(bucket, interval)
  }

  endEntry(): void {
    this.backend.endEntry({ index: ++this.#entry, term: 1 })
  }

  async reopen(): Promise<void> {
    await this.backend.close()
    this.backend = await openLmdb({ path: this.#path, buckets: Object.values(buckets) })
  }
}

/** What the host does between two operations: nothing, mostly. */
async function host(random: SeededRandom, state: LmdbState, harness: Harness, counts: Counts): Promise<void> {
  const dice = random.between(0, 999)
  if (dice < 60) {
    counts.commits++
    state.backend.commit().catch(unlessClosed)
  }
  if (dice >= 60 && dice < 80) {
    counts.defragmentations++
    state.backend.defragment().catch(unlessClosed)
  }
  if (dice >= 80 && dice < 200) await new Promise(resolve => setImmediate(resolve))
  if (dice < 200 || dice >= 206) return
  counts.restarts++
  await state.reopen()
  harness.reopen()
}

/** What a close overtook. */
function unlessClosed(error: unknown): void {
  if (!(error instanceof BackendError) || error.code !== 'CLOSED') throw error
}

interface Counts {
  commits: number
  defragmentations: number
  restarts: number
}

it(`answers as the naive model does over ${operations} operations on a real state file`, {
  timeout: Math.max(20_000, operations),
}, async () => {
  const counts: Counts = { commits: 0, defragmentations: 0, restarts: 0 }
  await fc.assert(
    fc.asyncProperty(fc.integer(), async seed => {
      const folder = mkdtempSync(join(tmpdir(), 'kvs-model-'))
      const random = new SeededRandom(seed)
      const state = await LmdbState.open(join(folder, 'state'))
      try {
        const harness = new Harness(random, { sliceRecords: random.between(1, 50) }, state)
        for (let at = 0; at < perRun; at++) {
          harness.act()
          if (harness.isWriting) continue
          state.endEntry()
          await host(random, state, harness, counts)
        }
        harness.settle()
        state.endEntry()
        await state.backend.commit()
        await state.backend.verify()
      } finally {
        await state.backend.close()
        rmSync(folder, { recursive: true })
      }
    }),
    { numRuns: Math.ceil(operations / perRun), endOnFailure: true },
  )
  if (operations > 10_000) console.log(`${operations} operations, ${JSON.stringify(counts)}`)
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0)
})
