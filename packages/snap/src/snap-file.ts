import type { Snapshot, SnapshotInit } from '@kvs/proto/raft'
import { namesIn, orSnapError, pathIn, readWhole, removeAll, type SnapDir, writeWhole } from './directory.ts'
import { SnapError } from './errors.ts'
import {
  decodeSnapFile,
  encodeSnapFile,
  isPartOfSnapDb,
  parseSnapDbFileName,
  parseSnapFileName,
  type SnapName,
  snapFileName,
} from './format.ts'
import { snapFileBytesMax } from './limits.ts'

/** Writes a snapshot to its file; durable when the promise resolves. One of index 0 is none and not written. */
export function saveSnap(at: SnapDir, snapshot: SnapshotInit): Promise<void> {
  const index = snapshot.metadata?.index ?? 0
  const term = snapshot.metadata?.term ?? 0
  return orSnapError('save', async () => {
    if (index === 0) return
    const bytes = encodeSnapFile(snapshot)
    await writeWhole(at, snapFileName({ term, index }), file => file.write(bytes, 0))
  })
}

/** Names of the `.snap` files, newest first. Names that nobody knows are told. */
export function listSnaps(at: SnapDir): Promise<readonly SnapName[]> {
  return orSnapError('list', async () => {
    const found: SnapName[] = []
    for (const file of await namesIn(at)) {
      const name = parseSnapFileName(file)
      if (name !== undefined) found.push(name)
      else if (!isKnown(file)) at.onEvent?.({ type: 'file-ignored', file })
    }
    return found.reverse()
  })
}

/** Names that others put here: the state file and its parts, received state files, and what is removed at start. */
function isKnown(fileName: string): boolean {
  const isState = fileName === 'db' || /^(db[.-]|data\.mdb|lock\.mdb)/.test(fileName)
  const isOurs =
    fileName.startsWith('tmp') || fileName.endsWith('.broken') || parseSnapDbFileName(fileName) !== undefined
  return isState || isOurs || isPartOfSnapDb(fileName)
}

/** Reads one `.snap` file. Throws `NOT_FOUND`, `EMPTY`, `CRC_MISMATCH` or `MALFORMED`. Changes nothing. */
export function readSnap(at: SnapDir, name: SnapName): Promise<Snapshot> {
  const file = snapFileName(name)
  return orSnapError(`read '${file}'`, async () => {
    if ((await at.fs.stat(pathIn(at, file))) === undefined) {
      throw new SnapError('NOT_FOUND', `snap: snapshot file doesn't exist: '${file}'`, { file })
    }
    const snapshot = decodeSnapFile(await readWhole(at, file, snapFileBytesMax), file)
    const { term, index } = snapshot.metadata ?? { term: 0, index: 0 }
    if (term !== name.term || index !== name.index) {
      throw new SnapError('MALFORMED', `snap: a snapshot of term ${term} and index ${index}: in file '${file}'`, {
        file,
      })
    }
    return snapshot
  })
}

/**
 * The newest snapshot that can be read, or that can be read and is one of `among` (the snapshots which the log knows).
 * Files that cannot be read are renamed to `<name>.broken`. Throws `NOT_FOUND` (`snap: no available snapshot`).
 */
export async function loadNewestSnap(at: SnapDir, among?: readonly SnapName[]): Promise<Snapshot> {
  for (const name of await listSnaps(at)) {
    const isWanted = among === undefined || among.some(({ term, index }) => term === name.term && index === name.index)
    const snapshot = await readOrSetAside(at, name)
    if (isWanted && snapshot !== undefined) return snapshot
  }
  throw new SnapError('NOT_FOUND', 'snap: no available snapshot')
}

async function readOrSetAside(at: SnapDir, name: SnapName): Promise<Snapshot | undefined> {
  try {
    return await readSnap(at, name)
  } catch (error) {
    // A disk error is no reason to call the file broken.
    if (!(error instanceof SnapError) || error.code === 'IO' || error.code === 'NOT_FOUND') throw error
    const file = snapFileName(name)
    await orSnapError(`set '${file}' aside`, async () => {
      await at.fs.rename(pathIn(at, file), pathIn(at, `${file}.broken`))
      await at.fs.syncDir(at.dir)
    })
    at.onEvent?.({ type: 'snap-broken', file, reason: error.message })
    return undefined
  }
}

/** Removes the oldest `.snap` files while there are more than `keepCount`; 0 keeps all. Returns their names. */
export function purgeSnaps(at: SnapDir, keepCount: number): Promise<readonly string[]> {
  return orSnapError('purge', async () => {
    if (keepCount <= 0) return []
    const names = (await namesIn(at)).filter(name => parseSnapFileName(name) !== undefined)
    return removeAll(at, names.slice(0, Math.max(0, names.length - keepCount)))
  })
}

/**
 * Removes what an interrupted start or transfer left: `tmp*`, `db.tmp*`, and what lay beside an open `.snap.db`. For the
 * start, before anything is opened.
 */
export function cleanSnapDir(at: SnapDir): Promise<readonly string[]> {
  return orSnapError('clean', async () => {
    const names = await namesIn(at)
    return removeAll(
      at,
      names.filter(name => name.startsWith('tmp') || name.startsWith('db.tmp') || isPartOfSnapDb(name)),
    )
  })
}
