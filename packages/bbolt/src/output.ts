import { chunkBytes } from './limits.ts'

/** Room for one tree page in a piece of output: write from `offset` on. The bytes are zero. */
export interface Room {
  readonly bytes: Uint8Array
  readonly offset: number
}

/**
 * Gathers the pages of a new file in order, into pieces of about `chunkBytes`. Page 2 is the first one. With `isDry` it
 * only counts. Whoever fills it takes the finished pieces; nothing waits here.
 */
export class Output {
  readonly #pageSize: number
  readonly #isDry: boolean
  #ready: Uint8Array[] = []
  #chunk: Uint8Array = new Uint8Array(0)
  #used = 0
  #nextPage = 2

  constructor(options: { readonly pageSize: number; readonly isDry: boolean }) {
    this.#pageSize = options.pageSize
    this.#isDry = options.isDry
  }

  get pageSize(): number {
    return this.#pageSize
  }

  /** Pages given away so far: the page count of the file once everything is in it. */
  get nextPage(): number {
    return this.#nextPage
  }

  /** Whether finished pieces wait to be taken. */
  get hasReady(): boolean {
    return this.#ready.length > 0
  }

  /** Gives away `pages` pages that follow each other. `room` is `undefined` where output is only counted. */
  take(pages: number): { readonly id: number; readonly room: Room | undefined } {
    const id = this.#nextPage
    this.#nextPage += pages
    if (this.#isDry) return { id, room: undefined }
    const bytes = pages * this.#pageSize
    if (this.#used + bytes > this.#chunk.length) this.#begin(bytes)
    const room = { bytes: this.#chunk, offset: this.#used }
    this.#used += bytes
    return { id, room }
  }

  #begin(bytes: number): void {
    this.finish()
    this.#chunk = new Uint8Array(Math.max(bytes, chunkBytes))
  }

  /** Ends the piece that is being filled. */
  finish(): void {
    if (this.#used > 0) this.#ready.push(this.#chunk.subarray(0, this.#used))
    this.#chunk = new Uint8Array(0)
    this.#used = 0
  }

  /** The finished pieces, in order; they are the taker's. */
  takeReady(): Uint8Array[] {
    const ready = this.#ready
    this.#ready = []
    return ready
  }
}
