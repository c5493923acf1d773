import type { Backend } from '@kvs/backend'
import type { ConfState } from '@kvs/raft'
import type { Fs } from '@kvs/vfs'
import type { BackupInput, MetaRecord } from './jobs/backup.ts'
import * as limits from './limits.ts'
import type { Executor, PieceStream } from './parts.ts'
import { storageVersion } from './version.ts'

export interface BackupParts {
  readonly backend: Backend
  readonly fs: Fs
  /** Where copies of the state file may lie for a while. */
  readonly dir: string
  readonly executor: Executor
  readonly confState: () => ConfState
}

/**
 * Backups of the state: a native copy of the state file, taken at one moment, which a job then makes a bbolt file of.
 * Neither holds up writes. At most `limits.backupsMax` at once, for they compete with the log for the disk.
 */
export class Backups {
  readonly #parts: BackupParts
  #running = 0
  #lastCopy = 0
  readonly #queue: (() => void)[] = []
  /** Those that begin, and those that are being read. */
  readonly #beginning = new Set<Promise<unknown>>()
  readonly #open = new Set<AsyncIterableIterator<Uint8Array>>()
  #closed = false

  constructor(parts: BackupParts) {
    this.#parts = parts
  }

  /** Begins one; its pieces are a bbolt file and the SHA-256 of that. Their taker reads to the end or calls `return`. */
  begin(): Promise<PieceStream> {
    const begun = this.#begin()
    this.#beginning.add(begun)
    const over = (): void => void this.#beginning.delete(begun)
    begun.then(over, over)
    return begun
  }

  async #begin(): Promise<PieceStream> {
    await this.#admitted()
    const path = `${this.#parts.dir}/tmp.backup.${++this.#lastCopy}`
    try {
      return await this.#make(path)
    } catch (error) {
      await this.#finish(path)
      throw error
    }
  }

  /** Ends those that are being made. */
  async close(): Promise<void> {
    this.#closed = true
    for (const wake of this.#queue.splice(0)) wake()
    await Promise.allSettled(this.#beginning)
    await Promise.all([...this.#open].map(pieces => pieces.return?.()))
  }

  async #admitted(): Promise<void> {
    while (this.#running >= limits.backupsMax && !this.#closed) {
      await new Promise<void>(resolve => this.#queue.push(resolve))
    }
    if (this.#closed) throw new Error('the member stops')
    this.#running++
  }

  async #make(path: string): Promise<PieceStream> {
    const { backend, fs, dir, executor, confState } = this.#parts
    await backend.commit()
    const neededBytes = backend.sizes().inUseBytes + limits.copyReserveBytes
    const freeBytes = await fs.freeBytes(dir)
    if (freeBytes < neededBytes) throw new Error(`a copy needs ${neededBytes} bytes of disk; ${freeBytes} are free`)
    const meta = metaRecords(confState())
    await backend.copyTo(path)
    const { sizeBytes, pieces } = await executor.open('backup', { path, meta } satisfies BackupInput)
    return { sizeBytes, pieces: this.#finishing(pieces, path) }
  }

  /** The same pieces; the copy goes when they end. */
  #finishing(pieces: AsyncIterableIterator<Uint8Array>, path: string): AsyncIterableIterator<Uint8Array> {
    let finished: Promise<void> | undefined
    const finish = (): Promise<void> => {
      this.#open.delete(same)
      finished ??= this.#finish(path)
      return finished
    }
    const same: AsyncIterableIterator<Uint8Array> = {
      [Symbol.asyncIterator]: () => same,
      next: async () => {
        try {
          const step = await pieces.next()
          if (step.done === true) await finish()
          return step
        } catch (error) {
          await finish()
          throw error
        }
      },
      return: async () => {
        await pieces.return?.()
        await finish()
        return { done: true, value: undefined }
      },
    }
    this.#open.add(same)
    return same
  }

  /** What cannot be removed now is removed at the next start. */
  async #finish(path: string): Promise<void> {
    const { fs } = this.#parts
    await Promise.allSettled([fs.remove(path), fs.remove(`${path}-lock`)])
    this.#running--
    this.#queue.shift()?.()
  }
}

/** What etcd keeps in bucket `meta` and the state file does not. Ascending by key. */
function metaRecords({ voters, learners, votersOutgoing, learnersNext, autoLeave }: ConfState): readonly MetaRecord[] {
  const list = (name: string, ids: readonly bigint[]): string[] =>
    ids.length === 0 ? [] : [`"${name}":[${ids.join(',')}]`]
  const members = [
    ...list('voters', voters),
    ...list('learners', learners),
    ...list('voters_outgoing', votersOutgoing),
    ...list('learners_next', learnersNext),
    ...(autoLeave ? ['"auto_leave":true'] : []),
  ]
  return [
    [encoder.encode('confState'), encoder.encode(`{${members.join(',')}}`)],
    [encoder.encode('storageVersion'), encoder.encode(storageVersion)],
  ]
}

const encoder = new TextEncoder()
