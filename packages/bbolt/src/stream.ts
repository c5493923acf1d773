import { BoltError } from './errors.ts'
import type { Meta } from './format.ts'
import { type BucketSources, layOut, metaPages, pageSizeOf } from './layout.ts'
import { trailerBytes } from './limits.ts'
import type { NewSha256 } from './trailer.ts'

export interface StreamOptions {
  /** A power of two from 1024; 4096 unless said, which every reader takes. */
  readonly pageSize?: number
  /** Called twice; both passes must give the same buckets and records, so it reads an immutable view of the state. */
  readonly buckets: () => BucketSources
  /** Given: the SHA-256 of the database is the last piece. */
  readonly sha256?: NewSha256
}

export interface BoltStream {
  /** Bytes of the database, without the SHA-256. */
  readonly databaseBytes: number
  /** Bytes of all pieces together. */
  readonly sizeBytes: number
  /** The pieces in order, once: whole pages, about 256 KiB each, made when they are asked for. They are the caller's. */
  readonly pieces: AsyncGenerator<Uint8Array>
}

/**
 * A bbolt file without a file. The metas stand first and say where the root is and how long the file is, so the buckets are
 * read twice: first only to count pages (this call; errors of the input come here, before the first byte), then to make
 * them. The size is known before the stream begins. `pieces` throws `CHANGED` if the second pass needs other
 * pages than the first; other records in the same pages make a sound file of the second pass.
 *
 * The first pass gives way only where the sources do: large ones should be asynchronous and pause now and then.
 */
export async function boltPages(options: StreamOptions): Promise<BoltStream> {
  const pageSize = pageSizeOf(options.pageSize)
  const meta = await plan(options.buckets(), pageSize)
  const databaseBytes = meta.pageCount * pageSize
  const sizeBytes = databaseBytes + (options.sha256 === undefined ? 0 : trailerBytes)
  return { databaseBytes, sizeBytes, pieces: piecesOf(options, meta) }
}

async function plan(buckets: BucketSources, pageSize: number): Promise<Meta> {
  const pages = layOut(buckets, { pageSize, isDry: true })
  for (;;) {
    const step = await pages.next()
    if (step.done === true) return step.value
  }
}

async function* piecesOf(options: StreamOptions, meta: Meta): AsyncGenerator<Uint8Array> {
  const hash = options.sha256?.()
  const metas = metaPages(meta)
  hash?.update(metas)
  yield metas
  let pageCount = 2
  const pages = layOut(options.buckets(), { pageSize: meta.pageSize, isDry: false })
  try {
    for (;;) {
      const step = await pages.next()
      if (step.done === true) {
        if (step.value.root !== meta.root || step.value.pageCount !== meta.pageCount) throw changed(meta, step.value)
        break
      }
      pageCount += step.value.length / meta.pageSize
      if (pageCount > meta.pageCount) throw changed(meta, { ...meta, pageCount })
      hash?.update(step.value)
      yield step.value
    }
  } finally {
    // Lets the sources close what they have open if the taker stops early.
    await pages.return(meta)
  }
  if (hash !== undefined) yield hash.digest()
}

function changed(planned: Meta, found: Meta): BoltError {
  const message = `the second pass saw other records: ${found.pageCount} pages, root ${found.root}`
  return new BoltError('CHANGED', `${message}; planned ${planned.pageCount}, root ${planned.root}`)
}
