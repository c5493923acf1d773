import type { Backend, LentState } from '@kvs/backend'
import type { Fs } from '@kvs/vfs'
import * as limits from '../limits.ts'

/** A state for somebody else to read: the file itself, lent, or a copy of it where that cannot be. */
export interface StateSource<Opened> {
  readonly opened: Opened
  /** Idempotent. */
  release(): Promise<void>
}

/** A copy of the state file as it was at one moment. */
export interface StateCopy {
  readonly path: string
  /** Removes it. Idempotent; what cannot be removed now is removed at the next start. */
  release(): Promise<void>
}

/**
 * The state for others: lent for backups, which read it, and as native copies of its file for members that fell behind,
 * which get the file. At most `limits.copiesMax` at once, for they compete with the log for the disk, or hold its space back.
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

  /**
   * Lets `open` read everything that is applied now, until `release`: in the state file, which holds nobody up and writes
   * nothing, or in a copy where the backend cannot lend.
   */
  async lend<Opened>(open: (source: LentState | string) => Promise<Opened>): Promise<StateSource<Opened>> {
    const { lend } = this.#backend
    if (lend === undefined) return await this.#openCopy(open)
    await this.#admitted()
    try {
      await this.#backend.commit()
      const { opened, release } = await lend(open)
      let isReleased = false
      return {
        opened,
        release: async () => {
          if (isReleased) return
          isReleased = true
          release()
          this.#leave()
        },
      }
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  async #openCopy<Opened>(open: (source: string) => Promise<Opened>): Promise<StateSource<Opened>> {
    const copy = await this.take()
    try {
      return { opened: await open(copy.path), release: () => copy.release() }
    } catch (error) {
      await copy.release()
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
    this.#leave()
  }

  #leave(): void {
    this.#running--
    this.#queue.shift()?.()
  }
}
