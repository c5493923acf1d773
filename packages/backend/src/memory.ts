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
import { type FlushSchedule, MemoryBackend, type Random } from './memory/backend.ts'
import { readWhole, replaceFile, writeNew } from './memory/files.ts'
import { decodeImage, isImage } from './memory/image.ts'
import { emptyVersion } from './memory/version.ts'

export type { FlushSchedule, MemoryView, Random } from './memory/backend.ts'
export { MemoryBackend } from './memory/backend.ts'

export interface MemoryOptions {
  readonly buckets: readonly Bucket[]
  /** Default: the flush is done in the next microtask. */
  readonly schedule?: FlushSchedule
  /** Where `copyTo` writes; without it that is `UNSUPPORTED`. */
  readonly fs?: Fs
}

const soon: FlushSchedule = done => queueMicrotask(done)

/** An empty state that lives in memory. */
export function memoryBackend(options: MemoryOptions): MemoryBackend {
  return new MemoryBackend(partsOf(options), emptyVersion)
}

function partsOf(options: MemoryOptions) {
  const { fs } = options
  return {
    buckets: new BucketSet(options.buckets),
    schedule: options.schedule ?? soon,
    writeFile: fs === undefined ? undefined : (path: string, bytes: Uint8Array) => writeNew(fs, path, bytes),
  }
}

/** The states behind the files of a simulated disk; one for as long as the disk lives, whatever crashes. */
export class MemoryStates {
  readonly #backends = new Map<number, MemoryBackend>()
  #lastId = 0

  add(backend: MemoryBackend): number {
    this.#lastId++
    this.#backends.set(this.#lastId, backend)
    return this.#lastId
  }

  get(id: number): MemoryBackend | undefined {
    return this.#backends.get(id)
  }

  set(id: number, backend: MemoryBackend): void {
    this.#backends.set(id, backend)
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

const markMagic = new TextEncoder().encode('kvsmemrf')

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
    const backend = before.crash(options.random)
    states.set(id, backend)
    return backend
  }
  if (bytes !== undefined && bytes.length > 0 && !isImage(bytes)) {
    throw new BackendError('CORRUPT', 'not a state', { file: path })
  }
  const start = bytes === undefined || bytes.length === 0 ? emptyVersion : decodeImage(bytes, path)
  const backend = new MemoryBackend(partsOf(options), start)
  await replaceFile(fs, path, markOf(states.add(backend)))
  return backend
}

function markOf(id: number): Uint8Array {
  const mark = new Uint8Array(markMagic.length + 4)
  mark.set(markMagic)
  new DataView(mark.buffer).setUint32(markMagic.length, id, true)
  return mark
}

function markedId(bytes: Uint8Array): number | undefined {
  if (bytes.length !== markMagic.length + 4 || !markMagic.every((byte, at) => bytes[at] === byte)) return undefined
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(markMagic.length, true)
}
