import type { BackendSizes } from '@kvs/backend'
import type { ConfState } from '@kvs/raft'
import type { BackupInput, MetaRecord } from '../jobs/backup.ts'
import * as limits from '../limits.ts'
import type { Clock, Executor, PieceStream } from '../parts.ts'
import { storageVersion } from '../version.ts'
import { BackupPace } from './backup-pace.ts'
import type { StateCopies, StateSource } from './state-copies.ts'

export interface BackupParts {
  readonly copies: StateCopies
  readonly executor: Executor
  readonly clock: Clock
  readonly confState: () => ConfState
  readonly sizes: () => BackendSizes
  /** How many syncs of the log there have been. */
  readonly logSyncs: () => number
}

/**
 * Backups of the state as it is at one moment: a job reads it in the state file, which is lent to it, and makes a bbolt file
 * of it. That holds up no writes, and writes nothing; the file grows meanwhile by what is written, and a backup whose taker
 * lets it grow too far is ended.
 */
export class Backups {
  readonly #parts: BackupParts
  readonly #pace: BackupPace
  /** Those that begin, and those that are being read. */
  readonly #beginning = new Set<Promise<unknown>>()
  readonly #open = new Set<AsyncIterableIterator<Uint8Array>>()

  constructor(parts: BackupParts) {
    this.#parts = parts
    this.#pace = new BackupPace(parts)
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
    const { copies, executor, confState } = this.#parts
    const state = await copies.lend(source => {
      const meta = metaRecords(confState())
      return executor.open('backup', { source, meta } satisfies BackupInput)
    })
    return { sizeBytes: state.opened.sizeBytes, pieces: this.#finishing(state) }
  }

  /** The pieces, no faster than the log bears it; the state is released when they end. */
  #finishing(state: StateSource<PieceStream>): AsyncIterableIterator<Uint8Array> {
    const { pieces } = state.opened
    let tooLate: Error | undefined
    const finish = (): Promise<void> => {
      stopWatch()
      this.#open.delete(same)
      return state.release()
    }
    const give = async (): Promise<IteratorResult<Uint8Array>> => {
      await this.#pace.ready()
      if (tooLate !== undefined) throw tooLate
      const step = await pieces.next()
      if (step.done === true) await finish()
      else this.#pace.gave(step.value.length)
      return step
    }
    const same: AsyncIterableIterator<Uint8Array> = {
      [Symbol.asyncIterator]: () => same,
      next: async () => {
        try {
          return await give()
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
    const stopWatch = this.#watchGrowth(() => {
      tooLate = new Error(
        'the backup was taken too slowly: what was written meanwhile made the state file grow too far',
      )
      same.return?.().catch(() => {})
    })
    this.#open.add(same)
    return same
  }

  /** Calls back once the file has grown by as much as a copy of the state would take. Returns what ends that. */
  #watchGrowth(tooFar: () => void): () => void {
    const { clock, sizes } = this.#parts
    const { fileBytes, inUseBytes } = sizes()
    const bytesMax = fileBytes + Math.max(inUseBytes, limits.lentGrowthBytesMin)
    const look = (): void => {
      if (sizes().fileBytes > bytesMax) tooFar()
      else timer = clock.setTimer(limits.lentCheckMs, look)
    }
    let timer = clock.setTimer(limits.lentCheckMs, look)
    return () => clock.clearTimer(timer)
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
