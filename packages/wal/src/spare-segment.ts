import type { File, Fs } from '@kvs/vfs'
import { joinPath, openLocked } from './directory.ts'
import { ZeroFill } from './zero-fill.ts'

/** The next segment, ready for its head: a locked file full of zeros. */
export interface Spare {
  readonly file: File
  readonly path: string
  readonly fill: ZeroFill
}

/** Prepares the file that becomes the next segment, `0.tmp` and `1.tmp` in turn, in the background. */
export class SpareSegments {
  readonly #fs: Fs
  readonly #dir: string
  readonly #sizeBytes: number
  readonly #sync: boolean
  #count = 0
  #preparing: Promise<Spare> | undefined

  constructor(options: {
    readonly fs: Fs
    readonly dir: string
    readonly sizeBytes: number
    readonly sync: boolean
  }) {
    this.#fs = options.fs
    this.#dir = options.dir
    this.#sizeBytes = options.sizeBytes
    this.#sync = options.sync
  }

  get started(): boolean {
    return this.#preparing !== undefined
  }

  /** Begins to prepare a spare, unless one is there or under way. `onFailure` hears why it could not be made. */
  start(onFailure: (error: unknown) => void): void {
    if (this.#preparing !== undefined) return
    const preparing = this.#open()
    this.#preparing = preparing
    preparing.then(
      spare => spare.fill.settled().then(() => spare.fill.error !== undefined && onFailure(spare.fill.error)),
      onFailure,
    )
  }

  /**
   * Hands the spare over. Waits for the pieces that are still missing; what then could not be filled (a full disk) is
   * an error, and the next call tries again from the beginning.
   */
  async take(): Promise<Spare> {
    this.#preparing ??= this.#open()
    const preparing = this.#preparing
    try {
      const spare = await preparing
      await spare.fill.settled()
      if (spare.fill.error !== undefined) {
        await this.#discard(spare)
        throw spare.fill.error
      }
      return spare
    } finally {
      if (this.#preparing === preparing) this.#preparing = undefined
    }
  }

  /** Removes the spare. */
  async close(): Promise<void> {
    const preparing = this.#preparing
    this.#preparing = undefined
    if (preparing === undefined) return
    const spare = await preparing.catch(() => undefined)
    if (spare === undefined) return
    await spare.fill.stop()
    await this.#discard(spare)
  }

  async #open(): Promise<Spare> {
    const path = joinPath(this.#dir, `${this.#count % 2}.tmp`)
    const file = await openLocked(this.#fs, path, 'create')
    this.#count++
    const fill = new ZeroFill({ file, lengthBytes: 0, limitBytes: this.#sizeBytes, sync: this.#sync })
    fill.fillTo(this.#sizeBytes)
    return { file, path, fill }
  }

  async #discard(spare: Spare): Promise<void> {
    await spare.file.close()
    await this.#fs.remove(spare.path)
  }
}
