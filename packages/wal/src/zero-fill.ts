import type { File } from '@kvs/vfs'
import { fillPieceBytes } from './limits.ts'

export interface ZeroFillOptions {
  readonly file: File
  /** Length of the file now. */
  readonly lengthBytes: number
  /** Where the segment ends; nothing is filled beyond. */
  readonly limitBytes: number
  /** Make each piece durable on its own, so that a later sync finds little to write. */
  readonly sync: boolean
}

/**
 * Extends a segment with zeros, a piece at a time, so that appends neither wait for a big write nor need new blocks.
 * The length of the file says how far it got, also after a restart.
 */
export class ZeroFill {
  readonly #options: ZeroFillOptions
  #lengthBytes: number
  #targetBytes = 0
  #piece: Promise<void> | undefined
  #stopped = false
  #error: unknown

  constructor(options: ZeroFillOptions) {
    this.#options = options
    this.#lengthBytes = options.lengthBytes
  }

  /** Bytes up to which the file is filled. */
  get lengthBytes(): number {
    return this.#lengthBytes
  }

  /** Why filling ended early (a full disk, say); undefined if it did not. */
  get error(): unknown {
    return this.#error
  }

  get done(): boolean {
    return this.#lengthBytes >= this.#options.limitBytes
  }

  /** Begins to fill in the background, up to `bytes` or the limit. */
  fillTo(bytes: number): void {
    this.#targetBytes = Math.max(this.#targetBytes, Math.min(bytes, this.#options.limitBytes))
    if (this.#piece === undefined) this.#next()
  }

  /** The caller wrote up to `endBytes` itself. Only when no piece is under way there, see `clearOf`. */
  wroteTo(endBytes: number): void {
    if (endBytes > this.#lengthBytes) this.#lengthBytes = endBytes
  }

  /** A promise if bytes below `endBytes` are being filled right now: a write there has to wait for it. */
  clearOf(endBytes: number): Promise<void> | undefined {
    return endBytes > this.#lengthBytes ? this.#piece : undefined
  }

  /** Resolves when everything asked for is filled, or filling failed or was stopped. */
  async settled(): Promise<void> {
    while (this.#piece !== undefined) await this.#piece
  }

  /** Ends after the piece that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.settled()
  }

  #next(): void {
    if (this.#stopped || this.#error !== undefined || this.#lengthBytes >= this.#targetBytes) {
      this.#piece = undefined
      return
    }
    const end = Math.min(this.#lengthBytes + fillPieceBytes, this.#options.limitBytes)
    this.#piece = this.#fill(end)
  }

  async #fill(endBytes: number): Promise<void> {
    const { file, sync } = this.#options
    try {
      await file.allocate(endBytes)
      if (sync) await file.datasync()
      this.#lengthBytes = endBytes
    } catch (error) {
      this.#error = error
    }
    this.#next()
  }
}
