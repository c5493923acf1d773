import { BoltError } from './errors.ts'
import { bucketHeaderBytes, freelistFlag, type Meta, writeHeader, writeMetaPage, writeU64 } from './format.ts'
import { pageSizeDefault, pageSizeMax, pageSizeMin } from './limits.ts'
import { type BucketName, nameBytes, showBytes } from './names.ts'
import { Output } from './output.ts'
import type { BoltRecord } from './reader.ts'
import { TreeWriter } from './tree-writer.ts'

/** Records with strictly ascending keys. The arrays are copied before the next one is asked for. */
export type RecordSource = Iterable<BoltRecord> | AsyncIterable<BoltRecord>

/** A bucket to be written: its name and its records. */
export type BucketSource = readonly [name: BucketName, records: RecordSource]

/** Buckets with strictly ascending names. The records of one are read to their end before the next is asked for. */
export type BucketSources = Iterable<BucketSource> | AsyncIterable<BucketSource>

/** Checks a page size that was asked for. `BAD_PAGE_SIZE`. */
export function pageSizeOf(pageSize: number = pageSizeDefault): number {
  if (pageSize >= pageSizeMin && pageSize <= pageSizeMax && Number.isInteger(Math.log2(pageSize))) return pageSize
  throw new BoltError(
    'BAD_PAGE_SIZE',
    `pages of ${pageSize} bytes; a power of two from ${pageSizeMin} to ${pageSizeMax}`,
  )
}

/**
 * Lays out everything behind the two meta pages: page 2 is an empty freelist (also read by versions of bbolt that do not
 * know files without one), then the trees as they fill. Yields pieces of whole pages in file order; when it ends, the meta
 * is known.
 */
export async function* layOut(
  buckets: BucketSources,
  options: { readonly pageSize: number; readonly isDry: boolean },
): AsyncGenerator<Uint8Array, Meta> {
  const output = new Output(options)
  const freelist = output.take(1)
  if (freelist.room !== undefined) {
    const header = { id: freelist.id, flags: freelistFlag, count: 0, overflow: 0 }
    writeHeader(freelist.room.bytes, freelist.room.offset, header)
  }
  const root = new TreeWriter(output, { what: 'bucket names', holdsBuckets: true })
  for await (const [bucket, records] of buckets) {
    const name = nameBytes(bucket)
    const tree = new TreeWriter(output, { what: `bucket ${showBytes(name)}`, holdsBuckets: false })
    yield* fill(tree, output, records)
    root.add(name, bucketValue(tree))
    yield* output.takeReady()
  }
  const rootPage = root.finish()
  output.finish()
  yield* output.takeReady()
  const { pageSize } = options
  return { pageSize, root: rootPage, freelist: freelist.id, pageCount: output.nextPage, txid: 2n }
}

/** Adds all records of a bucket; yields pieces of output as they become ready. */
async function* fill(tree: TreeWriter, output: Output, records: RecordSource): AsyncGenerator<Uint8Array> {
  if (Symbol.iterator in records) {
    for (const [key, value] of records) {
      tree.add(key, value)
      if (output.hasReady) yield* output.takeReady()
    }
    return
  }
  for await (const [key, value] of records) {
    tree.add(key, value)
    if (output.hasReady) yield* output.takeReady()
  }
}

/** What the root bucket says of a bucket: all of it if it is small, else its root page. */
function bucketValue(tree: TreeWriter): Uint8Array {
  const inline = tree.inlineValue()
  if (inline !== undefined) return inline
  const value = new Uint8Array(bucketHeaderBytes)
  writeU64(value, 0, tree.finish())
  return value
}

/** Both meta pages of a full copy: transaction 2 in page 0, the same as transaction 1 in page 1. */
export function metaPages(meta: Meta): Uint8Array {
  const bytes = new Uint8Array(meta.pageSize * 2)
  writeMetaPage(bytes, 0, meta)
  writeMetaPage(bytes.subarray(meta.pageSize), 1, { ...meta, txid: meta.txid - 1n })
  return bytes
}
