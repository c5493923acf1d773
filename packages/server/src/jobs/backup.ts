import type { BackendRecord, Bucket, ConsistentPoint, LentState } from '@kvs/backend'
import { type BucketSource, boltPages } from '@kvs/bbolt'
import type { PieceStream } from '../parts.ts'
import { isReceivedMark } from '../snapshots/received-mark.ts'
import { allBuckets, buckets } from '../state/buckets.ts'
import type { JobWorld } from './world.ts'

/** What a backup is made of. */
export interface BackupInput {
  /** The state itself, lent, or the path of a copy. The job opens it, and leaves it there. */
  readonly source: LentState | string
  /** Further records of bucket `meta`, ascending by key: what the state file itself does not hold. */
  readonly meta: readonly MetaRecord[]
}
export type MetaRecord = readonly [key: Uint8Array, value: Uint8Array]

/**
 * A copy of the state as etcd's backups are: a bbolt file with its SHA-256 behind it (etcd.md 3.4). The consistent index
 * and its term are those of the state. That is read twice, for the pages at the front say how many there are; what is sent is
 * checked when it is read for that.
 */
export async function openBackup(world: JobWorld, input: unknown): Promise<PieceStream> {
  const { source, meta } = input as BackupInput
  const state = await openSource(world, source)
  try {
    const ownRecords = mergedByKey(meta, indexRecords(state.consistent))
    let isDry = true
    const stream = await boltPages({
      buckets: () => {
        const isCounting = isDry
        isDry = false
        return bucketsOf(bucket => givingWay(state.records(bucket, isCounting), world), ownRecords)
      },
      sha256: () => world.newSha256(),
    })
    return { sizeBytes: stream.sizeBytes, pieces: closing(stream.pieces, () => state.close()) }
  } catch (error) {
    await state.close()
    throw error
  }
}

/** The state as this job reads it. `isDry`: values are only asked how long they are. */
interface Source {
  readonly consistent: ConsistentPoint
  records(bucket: Bucket, isDry: boolean): Iterable<BackendRecord>
  close(): Promise<void>
}

async function openSource(world: JobWorld, source: LentState | string): Promise<Source> {
  if (typeof source === 'string') {
    const backend = await world.openCopy(source)
    const view = backend.view()
    return {
      consistent: view.consistent,
      records: bucket => view.records(bucket),
      close: () => backend.close(),
    }
  }
  if (world.openLent === undefined) throw new Error('a lent state cannot be read here')
  const reader = world.openLent(source)
  return {
    consistent: reader.consistent,
    // The few records of bucket meta are read one by one here, and looked at.
    records: (bucket, isDry) => reader.records(bucket, { isDry: isDry && bucket.id !== buckets.meta.id }),
    close: async () => reader.close(),
  }
}

/** All buckets by name, as bbolt holds them. */
function* bucketsOf(
  recordsIn: (bucket: Bucket) => Iterable<MetaRecord>,
  meta: readonly MetaRecord[],
): Generator<BucketSource> {
  const byName = allBuckets.toSorted((left, right) => (left.name < right.name ? -1 : 1))
  for (const bucket of byName) {
    const records = recordsIn(bucket)
    yield [bucket.name, bucket.id === buckets.meta.id ? mergedByKey(meta, withoutMarks(records)) : records]
  }
}

function withoutMarks(records: Iterable<MetaRecord>): readonly MetaRecord[] {
  return [...records].filter(([key]) => !isReceivedMark(key))
}

function* givingWay(records: Iterable<BackendRecord>, world: JobWorld): Generator<MetaRecord> {
  let count = 0
  for (const { key, value } of records) {
    yield [key, value]
    if (++count % recordsAtOnce === 0) world.giveWay?.()
  }
}
const recordsAtOnce = 16

/** `consistent_index` and `term`, which the state file holds beside its buckets. Neither is written as 0. */
function indexRecords({ index, term }: ConsistentPoint): readonly MetaRecord[] {
  const records: MetaRecord[] = []
  if (index > 0) records.push([encoder.encode('consistent_index'), uint64(index)])
  if (term > 0) records.push([encoder.encode('term'), uint64(term)])
  return records
}

/** Few records of two sources as one ascending list; they have no key in common. */
function mergedByKey(left: readonly MetaRecord[], right: readonly MetaRecord[]): readonly MetaRecord[] {
  return [...left, ...right].map(([key, value]) => [key.slice(), value.slice()] as const).sort(byKey)
}

function byKey([left]: MetaRecord, [right]: MetaRecord): number {
  const shared = Math.min(left.length, right.length)
  for (let i = 0; i < shared; i++) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

const encoder = new TextEncoder()

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}

/** The same pieces; `close` is called at their end, however it comes. */
function closing(pieces: AsyncGenerator<Uint8Array>, close: () => Promise<void>): AsyncIterableIterator<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      try {
        const step = await pieces.next()
        if (step.done === true) await close()
        return step
      } catch (error) {
        await close()
        throw error
      }
    },
    async return() {
      await pieces.return(undefined)
      await close()
      return { done: true, value: undefined }
    },
  }
}
