/**
 * The file of a state that lives in memory: a mark that leads to it, so that it can be seen, renamed and removed like a
 * real one. 8 bytes "kvsmemrf" · number of the state u32, little-endian.
 */

import { type Fs, VfsError } from '@kvs/vfs'
import { diskError } from '../disk-error.ts'
import { BackendError } from '../errors.ts'
import { isRenaming, parentOf } from '../paths.ts'
import type { MemoryPlace } from './backend.ts'
import { readWhole } from './files.ts'

const magic = new TextEncoder().encode('kvsmemrf')
const markBytes = magic.length + 4

export function markOf(id: number): Uint8Array {
  const mark = new Uint8Array(markBytes)
  mark.set(magic)
  new DataView(mark.buffer).setUint32(magic.length, id, true)
  return mark
}

/** The number in a mark; `undefined` for other files. */
export function markedId(bytes: Uint8Array): number | undefined {
  if (bytes.length !== markBytes || !magic.every((byte, at) => bytes[at] === byte)) return undefined
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(magic.length, true)
}

export class MarkedPlace implements MemoryPlace {
  readonly #fs: Fs
  readonly #id: number
  readonly #forget: (id: number) => void
  #path: string

  /** `forget` is called with the number of a state that no file leads to any more, whatever crashes. */
  constructor(options: {
    readonly fs: Fs
    readonly path: string
    readonly id: number
    readonly forget: (id: number) => void
  }) {
    this.#fs = options.fs
    this.#id = options.id
    this.#forget = options.forget
    this.#path = options.path
  }

  async check(): Promise<void> {
    if ((await this.#idAt(this.#path)) === this.#id) return
    throw new BackendError('IO', 'another file has taken the place of this one', { file: this.#path })
  }

  async move(path: string): Promise<() => Promise<void>> {
    const names = { from: this.#path, to: path }
    if (!isRenaming(names)) return async () => {}
    let replaced: number | undefined
    try {
      await this.check()
      replaced = await this.#idAt(path)
      await this.#fs.rename(names.from, path)
    } catch (cause) {
      throw cause instanceof VfsError ? diskError(cause, 'the state file cannot be moved', names.from) : cause
    }
    this.#path = path
    return async () => {
      await this.#fs.syncDir(parentOf(path))
      if (replaced !== undefined) this.#forget(replaced)
    }
  }

  async #idAt(path: string): Promise<number | undefined> {
    const bytes = await readWhole(this.#fs, path)
    return bytes === undefined ? undefined : markedId(bytes)
  }
}
