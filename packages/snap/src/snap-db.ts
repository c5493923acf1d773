import type { File } from '@kvs/vfs'
import { namesIn, orSnapError, pathIn, removeAll, type SnapDir, writeWhole } from './directory.ts'
import { SnapError } from './errors.ts'
import { parseSnapDbFileName, snapDbFileName } from './format.ts'

/**
 * Writes a state file that is being received; durable under its name when the promise resolves. A file that is there
 * already is kept, and the source is not read. Returns the bytes received, 0 if the file was there.
 */
export function saveSnapDb(at: SnapDir, index: number, source: AsyncIterable<Uint8Array>): Promise<number> {
  const fileName = snapDbFileName(index)
  return orSnapError(`save '${fileName}'`, async () => {
    if ((await at.fs.stat(pathIn(at, fileName))) !== undefined) return 0
    let sizeBytes = 0
    await writeWhole(at, fileName, async file => {
      sizeBytes = await writeAll(file, source)
    })
    return sizeBytes
  })
}

async function writeAll(file: File, source: AsyncIterable<Uint8Array>): Promise<number> {
  let position = 0
  for await (const piece of source) {
    await file.write(piece, position)
    position += piece.length
  }
  return position
}

/** Path of the received state file of a snapshot. Throws `NOT_FOUND` (`snap: snapshot file doesn't exist`). */
export function findSnapDb(at: SnapDir, index: number): Promise<string> {
  return orSnapError('find a received state file', async () => {
    const path = pathIn(at, snapDbFileName(index))
    if ((await at.fs.stat(path)) !== undefined) return path
    throw new SnapError('NOT_FOUND', "snap: snapshot file doesn't exist", { file: snapDbFileName(index) })
  })
}

/** Removes received state files below `index`, which is that of the newest saved snapshot. Returns their names. */
export function releaseSnapDbs(at: SnapDir, index: number): Promise<readonly string[]> {
  return orSnapError('release received state files', async () => {
    const names = await namesIn(at)
    return removeAll(
      at,
      names.filter(name => (parseSnapDbFileName(name) ?? index) < index),
    )
  })
}

/** Removes the oldest received state files while there are more than `keepCount`; 0 keeps all. Returns their names. */
export function purgeSnapDbs(at: SnapDir, keepCount: number): Promise<readonly string[]> {
  return orSnapError('purge received state files', async () => {
    if (keepCount <= 0) return []
    const names = (await namesIn(at)).filter(name => parseSnapDbFileName(name) !== undefined)
    return removeAll(at, names.slice(0, Math.max(0, names.length - keepCount)))
  })
}
