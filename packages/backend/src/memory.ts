/**
 * The state in memory: for the simulator and for tests. It keeps LMDB's contract: a commit makes a version, a flush makes
 * it durable, and a crash leaves any version from the last durable to the last committed one.
 *
 * Nothing here has a timer or its own chance: `schedule` says when a flush is done, `crash` takes a `Random`.
 */

import type { Fs } from '@kvs/vfs'
import type { Bucket } from './backend.ts'
import { BucketSet } from './buckets.ts'
import { BackendError } from './errors.ts'
import { headerBytes, isBoltFile } from './foreign.ts'
import { type FlushSchedule, MemoryBackend, type MemoryParts, type MemoryPlace, type Random } from './memory/backend.ts'
import { readWhole, replaceFile, writeNew } from './memory/files.ts'
import { decodeImage, isImage } from './memory/image.ts'
import { MarkedPlace, markedId, markOf } from './memory/place.ts'
import { emptyVersion } from './memory/version.ts'

export type { FlushSchedule, MemoryView, Random } from './memory/backend.ts'
export { MemoryBackend } from './memory/backend.ts'

export interface MemoryOptions {
  readonly buckets: readonly Bucket[]
  /** Default: the flush is done in the next microtask. */
  readonly schedule?: FlushSchedule
  /** Where `copyTo` writes; without it that is `UNSUPPORTED`. `moveTo` needs `openMemory`. */
  readonly fs?: Fs
}

const soon: FlushSchedule = done => queueMicrotask(done)

/** An empty state that lives in memory. */
export function memoryBackend(options: MemoryOptions): MemoryBackend {
  return new MemoryBackend(partsOf(options), emptyVersion)
}

function partsOf(options: MemoryOptions, place?: MemoryPlace): MemoryParts {
  const { fs } = options
  return {
    buckets: new BucketSet(options.buckets),
    schedule: options.schedule ?? soon,
    disk: fs === undefined ? undefined : { write: (path, bytes) => writeNew(fs, path, bytes), place },
  }
}

/** The states behind the files of a simulated disk; one for as long as the disk lives, whatever crashes. */
export class MemoryStates {
  readonly #backends = new Map<number, MemoryBackend>()
  #lastId = 0

  /** A number for a new state. */
  nextId(): number {
    this.#lastId++
    return this.#lastId
  }

  get(id: number): MemoryBackend | undefined {
    return this.#backends.get(id)
  }

  set(id: number, backend: MemoryBackend): void {
    this.#backends.set(id, backend)
  }

  delete(id: number): void {
    this.#backends.delete(id)
  }

  /** What a crash would leave of all of them, while they live on. */
  afterCrash(random: Random): MemoryStates {
    const left = new MemoryStates()
    left.#lastId = this.#lastId
    for (const [id, backend] of this.#backends) left.#backends.set(id, backend.afterCrash(random))
    return left
  }
}

export interface OpenMemoryOptions extends MemoryOptions {
  readonly fs: Fs
  readonly path: string
  readonly states: MemoryStates
  /** Picks what a crash has left when a path is opened again that was not closed. */
  readonly random: Random
}

/**
 * `openLmdb`'s twin for a simulated disk: the state at `path`, an empty one if nothing is there.
 *
 * The file holds a mark that leads to the state in `states`, so it can be renamed, seen and removed like a real one. A
 * copy made by `copyTo` can be renamed into place and opened. Opening a path whose backend was not closed is a crash.
 */
export async function openMemory(options: OpenMemoryOptions): Promise<MemoryBackend> {
  const { fs, path, states } = options
  const bytes = await readWhole(fs, path)
  if (bytes !== undefined && isBoltFile(bytes.subarray(0, headerBytes))) {
    throw new BackendError('FOREIGN_FILE', 'a state file of etcd; it must be imported first', { file: path })
  }
  const id = bytes === undefined ? undefined : markedId(bytes)
  if (id !== undefined) {
    const before = states.get(id)
    if (before === undefined)
      throw new BackendError('CORRUPT', `the mark of a state ${id} that is not there`, { file: path })
    const backend = before.crash(options.random, partsAt(options, id))
    states.set(id, backend)
    return backend
  }
  if (bytes !== undefined && bytes.length > 0 && !isImage(bytes)) {
    throw new BackendError('CORRUPT', 'not a state', { file: path })
  }
  const start = bytes === undefined || bytes.length === 0 ? emptyVersion : decodeImage(bytes, path)
  const newId = states.nextId()
  const backend = new MemoryBackend(partsAt(options, newId), start)
  states.set(newId, backend)
  await replaceFile(fs, path, markOf(newId))
  return backend
}

function partsAt(options: OpenMemoryOptions, id: number): MemoryParts {
  const { fs, path, states } = options
  return partsOf(options, new MarkedPlace({ fs, path, id, forget: gone => states.delete(gone) }))
}
