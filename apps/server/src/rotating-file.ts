import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { LogRotation } from './log-rotation.ts'

/**
 * A log file that gives way to a new one when it is full. Full ones are called `name-2026-01-31T13-45-00.000.log`, with
 * `.gz` if they are compressed, which is done beside the writing. A line is in the file when `write` returns.
 */
export class RotatingFile {
  readonly #path: string
  readonly #rotation: LogRotation
  readonly #now: () => number
  #file: number
  #bytes: number
  #tending: Promise<void>

  /** Throws what opening the file throws. */
  constructor(path: string, rotation: LogRotation, now: () => number = Date.now) {
    this.#path = path
    this.#rotation = rotation
    this.#now = now
    this.#file = openSync(path, 'a', 0o644)
    this.#bytes = fstatSync(this.#file).size
    this.#tending = this.#tend()
  }

  write(text: string): void {
    const bytes = Buffer.from(text)
    if (this.#bytes > 0 && this.#bytes + bytes.length > this.#rotation.maxBytes) this.#rotate()
    writeSync(this.#file, bytes)
    this.#bytes += bytes.length
  }

  /** Resolves when nothing is being compressed or removed any more. */
  settled(): Promise<void> {
    return this.#tending
  }

  /** If the full file cannot be put aside, the log goes on in it: lines are worth more than its length. */
  #rotate(): void {
    try {
      renameSync(this.#path, this.#nameOfFull())
      const file = openSync(this.#path, 'a', 0o644)
      closeSync(this.#file)
      this.#file = file
    } catch {
      // Tried again when it has grown as much once more.
    }
    this.#bytes = 0
    this.#tending = this.#tending.then(() => this.#tend())
  }

  get #stem(): string {
    return basename(this.#path).slice(0, -extname(this.#path).length || undefined)
  }

  #nameOfFull(): string {
    const nowMs = this.#now()
    const offsetMs = this.#rotation.usesLocalTime ? new Date(nowMs).getTimezoneOffset() * 60_000 : 0
    const time = new Date(nowMs - offsetMs).toISOString().slice(0, -1).replaceAll(':', '-')
    return join(dirname(this.#path), `${this.#stem}-${time}${extname(this.#path)}`)
  }

  /** Removes full files that are too many or too old, and compresses the others. Who cannot be helped is left as it is. */
  async #tend(): Promise<void> {
    const { maxBackups, maxAgeMs, compresses } = this.#rotation
    if (maxBackups === 0 && maxAgeMs === 0 && !compresses) return
    try {
      for (const [i, { path, atMs }] of this.#full().entries()) {
        const isOld = maxAgeMs > 0 && atMs < this.#now() - maxAgeMs
        if (isOld || (maxBackups > 0 && i >= maxBackups)) rmSync(path, { force: true })
        else if (compresses && !path.endsWith('.gz')) await compress(path)
      }
    } catch {
      // The next full file is the next chance.
    }
  }

  /** Full files, newest first. */
  #full(): readonly { readonly path: string; readonly atMs: number }[] {
    const folder = dirname(this.#path)
    const found = readdirSync(folder).flatMap(name => {
      const extension = extname(this.#path)
      if (!name.startsWith(`${this.#stem}-`)) return []
      const rest = name.slice(this.#stem.length + 1)
      const [, day = '', hour, minute, second, tail] =
        /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})(.*)$/.exec(rest) ?? []
      if (day === '' || (tail !== extension && tail !== `${extension}.gz`)) return []
      const zone = this.#rotation.usesLocalTime ? '' : 'Z'
      return [{ path: join(folder, name), atMs: Date.parse(`${day}T${hour}:${minute}:${second}${zone}`) }]
    })
    return found.sort((a, b) => b.atMs - a.atMs)
  }
}

/** The compressed file has its name only once it is whole. */
async function compress(path: string): Promise<void> {
  const unfinished = `${path}.tmp`
  await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished, { mode: 0o644 }))
  renameSync(unfinished, `${path}.gz`)
  rmSync(path)
}
