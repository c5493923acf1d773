import type { ConfState } from '@kvs/raft'
import type { BackupInput, MetaRecord } from '../jobs/backup.ts'
import type { Executor, PieceStream } from '../parts.ts'
import { storageVersion } from '../version.ts'
import type { StateCopies, StateCopy } from './state-copies.ts'

/**
 * Backups of the state: a native copy of the state file, taken at one moment, which a job then makes a bbolt file of.
 * Neither holds up writes.
 */
export class Backups {
  readonly #copies: StateCopies
  readonly #executor: Executor
  readonly #confState: () => ConfState
  /** Those that begin, and those that are being read. */
  readonly #beginning = new Set<Promise<unknown>>()
  readonly #open = new Set<AsyncIterableIterator<Uint8Array>>()

  constructor(parts: {
    readonly copies: StateCopies
    readonly executor: Executor
    readonly confState: () => ConfState
  }) {
    this.#copies = parts.copies
    this.#executor = parts.executor
    this.#confState = parts.confState
  }

  /** Begins one; its pieces are a bbolt file and the SHA-256 of that. Their taker reads to the end or calls `return`. */
  begin(): Promise<PieceStream> {
    const begun = this.#begin()
    this.#beginning.add(begun)
    const over = (): void => void this.#beginning.delete(begun)
    begun.then(over, over)
    return begun
  }

  /** Ends those that are being made. The copies must have been closed before. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#beginning)
    await Promise.all([...this.#open].map(pieces => pieces.return?.()))
  }

  async #begin(): Promise<PieceStream> {
    const copy = await this.#copies.take()
    const meta = metaRecords(this.#confState())
    try {
      const { sizeBytes, pieces } = await this.#executor.open('backup', { path: copy.path, meta } satisfies BackupInput)
      return { sizeBytes, pieces: this.#finishing(pieces, copy) }
    } catch (error) {
      await copy.release()
      throw error
    }
  }

  /** The same pieces; the copy goes when they end. */
  #finishing(pieces: AsyncIterableIterator<Uint8Array>, copy: StateCopy): AsyncIterableIterator<Uint8Array> {
    const finish = (): Promise<void> => {
      this.#open.delete(same)
      return copy.release()
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
