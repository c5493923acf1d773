import { BackendError, type ConsistentPoint } from '@kvs/backend'
import { type LmdbReader, readLmdb } from '@kvs/backend/lmdb'
import { BoltError, type BoltReader, openBolt, type StatusSource } from '@kvs/bbolt'
import type { Fs } from '@kvs/vfs'
import { ServerError } from '../errors.ts'
import { allBuckets } from '../state/buckets.ts'

/** A state file that nobody writes: kvs's own, or one of Go's etcd (its database, or a backup of either). */
export interface StateReader extends StatusSource {
  readonly kind: 'etcd' | 'kvs'
  /** The file with its structure, if it is one of etcd's. */
  readonly bolt: BoltReader | undefined
  /** The last entry whose effects are in it. Index 0: it does not say. */
  readonly consistent: ConsistentPoint
  /** Records of a bucket, in the order of their keys; none if there is no such bucket. */
  records(bucket: Uint8Array | string): AsyncGenerator<readonly [key: Uint8Array, value: Uint8Array]>
  close(): Promise<void>
}

/**
 * Opens whichever of the two it is. Throws `BackendError`, `BoltError` or `ServerError` (`STORAGE`), each with the file's name.
 * Nothing is changed.
 */
export async function openStateReader(fs: Fs, path: string): Promise<StateReader> {
  await expectFile(fs, path)
  try {
    return kvsState(await readLmdb({ fs, path, buckets: allBuckets }))
  } catch (error) {
    if (!(error instanceof BackendError)) throw error
    if (error.code === 'FOREIGN_FILE') return etcdState(await openBolt({ fs, path }))
    // A bbolt file whose first page is damaged has a second one like it.
    if (error.code !== 'CORRUPT' || error.offsetBytes !== 0) throw error
    return etcdState(
      await openBolt({ fs, path }).catch((cause: unknown) => {
        throw cause instanceof BoltError && cause.code === 'NOT_BOLT' ? error : cause
      }),
    )
  }
}

/** Says in plain words what would otherwise be an error of the disk. Throws `ServerError` (`CONFIG`). */
export async function expectFile(fs: Fs, path: string): Promise<void> {
  const found = await fs.stat(path)
  if (found === undefined) throw new ServerError('CONFIG', `there is no file '${path}'`)
  if (found.isDirectory) throw new ServerError('CONFIG', `'${path}' is a directory, no file`)
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const textOf = (name: Uint8Array | string): string => (typeof name === 'string' ? name : decoder.decode(name))

function kvsState(reader: LmdbReader): StateReader {
  const byName = allBuckets.toSorted((left, right) => (left.name < right.name ? -1 : 1))
  return {
    kind: 'kvs',
    bolt: undefined,
    consistent: reader.consistent,
    sizeBytes: reader.sizeBytes,
    async *buckets() {
      for (const { name } of byName) yield { name: encoder.encode(name), text: name }
    },
    async *records(bucket) {
      const known = byName.find(({ name }) => name === textOf(bucket))
      if (known === undefined) return
      for await (const { key, value } of reader.records(known)) yield [key, value] as const
    },
    close: () => reader.close(),
  }
}

async function etcdState(bolt: BoltReader): Promise<StateReader> {
  const names = new Set<string>()
  const { path } = bolt
  try {
    for await (const { text } of naming(path, bolt.buckets())) names.add(text)
    const number = async (key: string): Promise<number> =>
      names.has('meta') ? uint64(await bolt.get('meta', encoder.encode(key))) : 0
    return {
      kind: 'etcd',
      bolt,
      consistent: { index: await number('consistent_index'), term: await number('term') },
      sizeBytes: bolt.sizeBytes,
      buckets: () => naming(path, bolt.buckets()),
      async *records(bucket) {
        if (names.has(textOf(bucket))) yield* naming(path, bolt.records(bucket))
      },
      close: () => bolt.close(),
    }
  } catch (error) {
    await bolt.close()
    throw error
  }
}

/** What is said of a page is said of a page of that file. */
async function* naming<Item>(path: string, items: AsyncIterable<Item>): AsyncGenerator<Item> {
  try {
    yield* items
  } catch (cause) {
    if (!(cause instanceof BoltError) || cause.page === undefined || cause.message.includes(path)) throw cause
    throw new ServerError('STORAGE', `'${path}': ${cause.message}`, { cause })
  }
}

/** A number as etcd stores it; 0 if it is not there. */
function uint64(bytes: Uint8Array | undefined): number {
  if (bytes === undefined) return 0
  if (bytes.length !== 8) throw new BoltError('CORRUPT', `a number of ${bytes.length} bytes in bucket meta`)
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0))
}
