import type { File } from '@kvs/vfs'
import { orIoError } from './errors.ts'
import type { Meta } from './format.ts'
import { type BucketSources, layOut, metaPages, pageSizeOf } from './layout.ts'
import type { FileAt } from './open.ts'
import { hashOf, type NewSha256 } from './trailer.ts'

export interface WriteOptions extends FileAt {
  /** A power of two from 1024; 4096 unless said, which every reader takes. */
  readonly pageSize?: number
  readonly buckets: BucketSources
  /** Given: the SHA-256 of the database follows it, as in etcd's backups. */
  readonly sha256?: NewSha256
}

export interface Written {
  /** Bytes of the database, without the SHA-256. */
  readonly databaseBytes: number
  /** Bytes of the file. */
  readonly sizeBytes: number
}

/**
 * Writes a new file in one pass over the buckets; the bytes of the file are durable when it resolves (the caller syncs the
 * directory, after a rename if it wants one). There must be no file at `path` yet. After an error there is none either,
 * and what the sources threw is thrown on as it is.
 *
 * The metas come last, over zeros: a file whose writing was interrupted has no valid meta page. The SHA-256 begins with
 * the metas, so the file is read back once for it, out of the system's cache.
 */
export async function writeBolt(options: WriteOptions): Promise<Written> {
  const { fs, path } = options
  const pageSize = pageSizeOf(options.pageSize)
  const file = await orIoError(`create '${path}'`, () => fs.open(path, { mode: 'create-new' }))
  try {
    const meta = await writePages(file, layOut(options.buckets, { pageSize, isDry: false }), pageSize)
    await write(file, metaPages(meta), 0)
    const databaseBytes = meta.pageCount * pageSize
    let sizeBytes = databaseBytes
    if (options.sha256 !== undefined) {
      const digest = await hashOf(file, databaseBytes, options.sha256())
      await write(file, digest, databaseBytes)
      sizeBytes += digest.length
    }
    await orIoError(`sync '${path}'`, () => file.datasync())
    await orIoError(`close '${path}'`, () => file.close())
    return { databaseBytes, sizeBytes }
  } catch (error) {
    await discard(options, file)
    throw error
  }
}

/** Writes all pages behind the metas. */
async function writePages(file: File, pieces: AsyncGenerator<Uint8Array, Meta>, pageSize: number): Promise<Meta> {
  let position = pageSize * 2
  try {
    for (;;) {
      const step = await pieces.next()
      if (step.done === true) return step.value
      await write(file, step.value, position)
      position += step.value.length
    }
  } finally {
    // Lets the sources close what they have open; what they would yield is not wanted.
    await pieces.return(undefined as never)
  }
}

function write(file: File, bytes: Uint8Array, position: number): Promise<void> {
  return orIoError(`write '${file.path}'`, () => file.write(bytes, position))
}

/** Removes a file that was not finished. What fails here is of no interest beside the error that led here. */
async function discard({ fs, path }: FileAt, file: File): Promise<void> {
  await file.close().catch(() => undefined)
  await fs.remove(path).catch(() => undefined)
}
