import type { Fs } from '@kvs/vfs'
import { joinPath } from './directory.ts'
import type { WalEventSink } from './events.ts'
import { readChunkBytes } from './limits.ts'
import type { SegmentSource } from './segment-reader.ts'

/**
 * Removes everything behind `offsetBytes`: half-written records must not be found again behind shorter ones written in
 * their place. Durable before anything else is written.
 */
export async function cutTail(source: SegmentSource, offsetBytes: number): Promise<void> {
  await source.file.truncate(offsetBytes)
  await source.file.datasync()
}

/** Copies the segment to `<name>.broken` and cuts it at `offsetBytes`; both durable. */
export async function repairTail(options: {
  readonly fs: Fs
  readonly dir: string
  readonly source: SegmentSource
  readonly offsetBytes: number
  /** How much of the segment is worth copying; only zeros follow. */
  readonly copyBytes: number
  readonly onEvent: WalEventSink
}): Promise<void> {
  const { fs, dir, source, offsetBytes, copyBytes, onEvent } = options
  const copy = `${source.name}.broken`
  const target = await fs.open(joinPath(dir, copy), { mode: 'create', permissions: 0o600 })
  try {
    const chunk = new Uint8Array(readChunkBytes)
    for (let offset = 0; offset < copyBytes; ) {
      const wanted = Math.min(chunk.length, copyBytes - offset)
      const count = await source.file.read(chunk.subarray(0, wanted), offset)
      if (count === 0) break
      await target.write(chunk.subarray(0, count), offset)
      offset += count
    }
    await target.truncate(source.sizeBytes)
    await target.datasync()
  } finally {
    await target.close()
  }
  await fs.syncDir(dir)
  await cutTail(source, offsetBytes)
  const lostBytes = Math.max(0, copyBytes - offsetBytes)
  onEvent({ type: 'tail-repaired', file: source.name, offsetBytes, lostBytes, copy })
}
