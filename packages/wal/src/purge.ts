import type { Fs } from '@kvs/vfs'
import { asWalError, joinPath, listSegments, openLocked } from './directory.ts'
import { WalError } from './errors.ts'
import type { WalEventSink } from './events.ts'

export interface PurgeWalOptions {
  readonly fs: Fs
  readonly dir: string
  /** How many segments to keep at least; 0 keeps all. */
  readonly keepCount: number
  readonly onEvent?: WalEventSink | undefined
}

/**
 * Removes the oldest segments while there are more than `keepCount` of them. Stops at the first that is still locked:
 * an open log holds what it needs, see `Wal.release`. Returns the names that were removed.
 */
export async function purgeWal(options: PurgeWalOptions): Promise<readonly string[]> {
  const { fs, dir, keepCount, onEvent } = options
  const removed: string[] = []
  if (keepCount <= 0) return removed
  try {
    const { segments } = await listSegments(fs, dir)
    for (const { fileName } of segments.slice(0, Math.max(0, segments.length - keepCount))) {
      const file = await openUnlocked(fs, joinPath(dir, fileName))
      if (file === undefined) break
      await fs.remove(joinPath(dir, fileName))
      await file.close()
      // One after the other also in what a power cut leaves: no gap between the segments that are still there.
      await fs.syncDir(dir)
      removed.push(fileName)
      onEvent?.({ type: 'segment-purged', file: fileName })
    }
    return removed
  } catch (error) {
    throw asWalError(error, `purge '${dir}'`)
  }
}

async function openUnlocked(fs: Fs, path: string): Promise<{ close(): Promise<void> } | undefined> {
  try {
    return await openLocked(fs, path, 'write')
  } catch (error) {
    if (error instanceof WalError && error.code === 'LOCKED') return undefined
    throw error
  }
}
