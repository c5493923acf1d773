import { readFile, stat } from 'node:fs/promises'
import { nodeError } from '../errors.ts'
import { FILE_CLOCK_MS } from '../limits.ts'

interface Seen {
  readonly stamp: string
  readonly bytes: Buffer
  readonly mode: number
  /** Written so shortly before it was read that a later write may have left the same stamp. */
  readonly isFresh: boolean
}

/** A small file that is read again when it has changed. */
export class WatchedFile {
  readonly path: string
  #seen: Seen | undefined
  /** Counts contents. */
  version = 0

  constructor(path: string) {
    this.path = path
  }

  /** Permission bits when it was last read. */
  get mode(): number {
    return this.#seen?.mode ?? 0
  }

  /** The bytes as they are now. Rejects with `NetError`. */
  async current(): Promise<Buffer> {
    try {
      const stats = await stat(this.path, { bigint: true })
      const stamp = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`
      const seen = this.#seen
      if (seen !== undefined && seen.stamp === stamp && !seen.isFresh) return seen.bytes
      const bytes = await readFile(this.path)
      const isFresh = Date.now() - Number(stats.mtimeNs / 1_000_000n) < FILE_CLOCK_MS
      const isSame = seen !== undefined && bytes.equals(seen.bytes)
      this.#seen = { stamp, bytes: isSame ? seen.bytes : bytes, mode: Number(stats.mode), isFresh }
      if (!isSame) this.version++
      return this.#seen.bytes
    } catch (cause) {
      throw nodeError(cause, `read ${this.path}`)
    }
  }
}
