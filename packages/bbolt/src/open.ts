import type { File, Fs } from '@kvs/vfs'
import { BoltError, orIoError } from './errors.ts'
import { headerBytes, type Meta, type MetaReading, metaBytes, readMeta } from './format.ts'
import { pageSizeMax, pageSizeMin } from './limits.ts'
import { BoltReader } from './reader.ts'

export interface FileAt {
  readonly fs: Fs
  readonly path: string
}

/**
 * Opens a bbolt file for reading: of the two meta pages the valid one with the higher transaction counts. Its list of free
 * pages is not trusted. Bytes behind the database (the SHA-256 of a backup) are ignored.
 *
 * Throws `NOT_BOLT`, `TRUNCATED`, `CORRUPT`, `UNSUPPORTED` or `IO`. The caller closes the reader.
 */
export async function openBolt(at: FileAt): Promise<BoltReader> {
  const file = await orIoError(`open '${at.path}'`, () => at.fs.open(at.path, { mode: 'read' }))
  try {
    const sizeBytes = await orIoError(`open '${at.path}'`, () => file.sizeBytes())
    const meta = await newestMeta(file)
    checkShape(file.path, meta, sizeBytes)
    return new BoltReader(file, meta)
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Page 0 says how long pages are; if it is damaged, page 1 is looked for at every place it can be. */
async function newestMeta(file: File): Promise<Meta> {
  const first = await metaAt(file, 0, 0)
  const second = 'meta' in first ? await metaAt(file, 1, first.meta.pageSize) : await searchSecond(file)
  if ('meta' in first && 'meta' in second) {
    return second.meta.txid > first.meta.txid && second.meta.pageSize === first.meta.pageSize ? second.meta : first.meta
  }
  if ('meta' in first) return first.meta
  if ('meta' in second) return second.meta
  const found = first.flaw === 'magic' ? second : first
  if (found.flaw === 'magic') throw new BoltError('NOT_BOLT', `'${file.path}' is no bbolt file`, { at: found.at })
  if (found.flaw === 'version') {
    throw new BoltError('UNSUPPORTED', `'${file.path}' has another version of the format than 2`, { at: found.at })
  }
  throw new BoltError('CORRUPT', `'${file.path}': the checksums of both meta pages are wrong`, { at: found.at })
}

/** The second meta page of a file whose first one is damaged; if none is valid, the best reason why. */
async function searchSecond(file: File): Promise<MetaReading> {
  let reason: MetaReading | undefined
  for (let pageSize = pageSizeMin; pageSize <= pageSizeMax; pageSize *= 2) {
    const reading = await metaAt(file, 1, pageSize)
    if ('meta' in reading && reading.meta.pageSize === pageSize) return reading
    if (!('meta' in reading) && (reason === undefined || reading.flaw !== 'magic')) reason = reading
  }
  return reason ?? { flaw: 'magic', at: { page: 0, offset: 0 } }
}

/** What stands at a meta page. Beyond the end of the file there is no magic. */
async function metaAt(file: File, page: number, offset: number): Promise<MetaReading> {
  const bytes = new Uint8Array(metaBytes)
  const at = { page, offset: offset + headerBytes }
  let done = 0
  while (done < metaBytes) {
    const count = await orIoError(`read '${file.path}'`, () => file.read(bytes.subarray(done), at.offset + done))
    if (count === 0) return { flaw: 'magic', at }
    done += count
  }
  return readMeta(bytes, at)
}

/** Everything that a meta says must fit the file before it is used. */
function checkShape(path: string, meta: Meta, sizeBytes: number): void {
  const { pageSize, pageCount, root } = meta
  const page = Number(meta.txid % 2n)
  const at = { page, offset: page * pageSize + headerBytes }
  if (pageSize < pageSizeMin || pageSize > pageSizeMax || !Number.isInteger(Math.log2(pageSize))) {
    const message = `'${path}': pages of ${pageSize} bytes; powers of two from ${pageSizeMin} to ${pageSizeMax} are read`
    throw new BoltError('UNSUPPORTED', message, { at })
  }
  if (pageCount < 3) throw new BoltError('CORRUPT', `'${path}': a file of ${pageCount} pages`, { at })
  if (pageCount > sizeBytes / pageSize) {
    const message = `'${path}' has ${sizeBytes} bytes, its meta page says ${pageCount} pages of ${pageSize}`
    throw new BoltError('TRUNCATED', message, { at })
  }
  if (root < 2 || root >= pageCount) {
    throw new BoltError('CORRUPT', `'${path}': root ${root} is no page of ${pageCount}`, { at })
  }
}
