import type { Backend } from '@kvs/backend'
import type { Fs } from '@kvs/vfs'
import * as limits from '../limits.ts'

/** A copy of the state file as it was at one moment. */
export interface StateCopy {
  readonly path: string
  /** Removes it. Idempotent; what cannot be removed now is removed at the next start. */
  release(): Promise<void>
}

/**
 * Native copies of the state file, for backups and for members that fell behind. At most `limits.copiesMax` at once, for
 * they compete with the log for the disk.
 */
export class StateCopies {
  readonly #backend: Backend
  readonly #fs: Fs
  readonly #dir: string
  #running = 0
  #lastCopy = 0
  readonly #queue: (() => void)[] = []
  #closed = false

  /** `dir`: where copies may lie for a while. */
  constructor(parts: { readonly backend: Backend; readonly fs: Fs; readonly dir: string }) {
    this.#backend = parts.backend
    this.#fs = parts.fs
    this.#dir = parts.dir
  }

  /** Makes one of everything that is applied now. Rejects if there is no room. */
  async take(): Promise<StateCopy> {
    await this.#admitted()
    const path = `${this.#dir}/tmp.backup.${++this.#lastCopy}`
    let released: Promise<void> | undefined
    const release = (): Promise<void> => {
      released ??= this.#release(path)
      return released
    }
    try {
      await this.#copy(path)
      return { path, release }
    } catch (error) {
      await release()
      throw error
    }
  }

  /** Whoever waits for a copy is refused. */
  close(): void {
    this.#closed = true
    for (const wake of this.#queue.splice(0)) wake()
  }

  async #admitted(): Promise<void> {
    while (this.#running >= limits.copiesMax && !this.#closed) {
      await new Promise<void>(resolve => this.#queue.push(resolve))
    }
    if (this.#closed) throw new Error('the member stops')
    this.#running++
  }

  async #copy(path: string): Promise<void> {
    await this.#backend.commit()
    const neededBytes = this.#backend.sizes().inUseBytes + limits.copyReserveBytes
    const freeBytes = await this.#fs.freeBytes(this.#dir)
    if (freeBytes < neededBytes) throw new Error(`a copy needs ${neededBytes} bytes of disk; ${freeBytes} are free`)
    await this.#backend.copyTo(path, { isTemporary: true })
  }

  async #release(path: string): Promise<void> {
    await Promise.allSettled([this.#fs.remove(path), this.#fs.remove(`${path}-lock`)])
    this.#running--
    this.#queue.shift()?.()
  }
}
