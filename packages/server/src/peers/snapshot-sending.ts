import type { Message } from '@kvs/raft'
import { type OutgoingSnapshot, RaftHttpError, type SnapshotContent } from '@kvs/rafthttp'
import type { File, Fs } from '@kvs/vfs'
import * as limits from '../limits.ts'
import type { StateCopies, StateCopy } from '../snapshots/state-copies.ts'

/** The format of snapshots between members of kvs: the state file as it is. */
export const stateFormat = 'kvs-state'

/**
 * A snapshot for a member that fell behind: a copy of the state file, made when its turn has come, read as the peer takes
 * it. It may contain more than its message says; what the peer then gets a second time it passes over.
 */
export function outgoingSnapshot(message: Message, { copies, fs }: { copies: StateCopies; fs: Fs }): OutgoingSnapshot {
  let copy: StateCopy | undefined
  let file: File | undefined
  return {
    message,
    async open(format): Promise<SnapshotContent> {
      if (format !== stateFormat) throw new RaftHttpError('BAD_OPTION', `no snapshots are made in format ${format}`)
      copy = await copies.take()
      file = await fs.open(copy.path, { mode: 'read' })
      const sizeBytes = await file.sizeBytes()
      return { sizeBytes, chunks: chunksOf(file, sizeBytes) }
    },
    close() {
      const release = async (): Promise<void> => {
        await file?.close()
        await copy?.release()
      }
      release().catch(() => {})
    },
  }
}

async function* chunksOf(file: File, sizeBytes: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < sizeBytes; ) {
    const chunk = new Uint8Array(Math.min(limits.copyChunkBytes, sizeBytes - at))
    const count = await file.read(chunk, at)
    if (count === 0) return
    at += count
    yield chunk.subarray(0, count)
  }
}
