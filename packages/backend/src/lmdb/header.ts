/**
 * A look at the file before LMDB opens it: lmdb 3.5.6 brings the process down when LMDB refuses one.
 *
 * Page (24 bytes of header): number u64 · transaction u64 · pad u16 · flags u16, 8 for a page of meta · …
 * Meta behind it: magic u32 0xBEEFC0DE · version u32 2 · address u64 · map size u64 · page size u32 at byte 48 of the page …
 */

import type { File, Fs } from '@kvs/vfs'
import { diskError } from '../disk-error.ts'
import { BackendError } from '../errors.ts'
import { headerBytes, isBoltFile } from '../foreign.ts'
import { lockSuffix } from './copying.ts'
import { prepareLockFile } from './new-file.ts'
import { type CheckedPages, checkPages } from './pages/check-pages.ts'
import { metaMagic, metaVersion } from './pages/meta-page.ts'
import { pageFlag } from './pages/page.ts'

/** The length of the file at `path`, 0 if there is none or it is empty. Refuses what LMDB must not see. */
export async function checkHeader(fs: Fs, path: string): Promise<number> {
  const info = await fs.stat(path)
  if (info?.isDirectory) throw new BackendError('IO', 'a folder stands where the state file should be', { file: path })
  if (info !== undefined && info.sizeBytes > 0) await checkFile(fs, path, 'write')
  await prepareLockFile(fs, path + lockSuffix)
  return info?.sizeBytes ?? 0
}

/** The structure of a file that is not empty. `mode`: what will be asked of the file, so that it is refused now. */
export async function checkFile(fs: Fs, path: string, mode: 'read' | 'write'): Promise<CheckedPages> {
  const file = await fs.open(path, { mode }).catch((cause: unknown) => {
    throw diskError(cause, 'the state file cannot be opened', path)
  })
  let pageBytes: number
  try {
    pageBytes = await checkFirstPages(file)
  } finally {
    await file.close()
  }
  return checkPages(fs, path, pageBytes)
}

/** Returns the size of pages. */
async function checkFirstPages(file: File): Promise<number> {
  const { path } = file
  const first = await readPage(file, 0)
  if (isBoltFile(first)) {
    throw new BackendError('FOREIGN_FILE', 'a state file of etcd; it must be imported first', { file: path })
  }
  const pageBytes = first.length < headerBytes ? 0 : viewOf(first).getUint32(48, true)
  const isPageSize = pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0
  const isFirst = isPageSize && isMeta(first, 0)
  if (!isFirst || (await file.sizeBytes()) < 2 * pageBytes || !isMeta(await readPage(file, pageBytes), 1)) {
    const offsetBytes = isFirst ? pageBytes : 0
    const message = 'not a state file, or cut off, or damaged at its beginning'
    throw new BackendError('CORRUPT', message, { file: path, offsetBytes })
  }
  return pageBytes
}

async function readPage(file: File, at: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(headerBytes)
  return bytes.subarray(0, await file.read(bytes, at))
}

function isMeta(page: Uint8Array, number: number): boolean {
  if (page.length < headerBytes) return false
  const view = viewOf(page)
  const isMetaPage = view.getUint16(18, true) === pageFlag.meta && view.getUint32(0, true) === number
  return isMetaPage && view.getUint32(24, true) === metaMagic && view.getUint32(28, true) === metaVersion
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
