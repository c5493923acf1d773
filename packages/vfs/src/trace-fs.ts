import { VfsError } from './errors.ts'
import type { File, FileInfo, Fs, OpenOptions } from './fs.ts'
import type { FsOperation } from './operations.ts'

export interface TraceFsOptions {
  /** Gets one line per call that changes the disk, without newline, before the call is made. */
  readonly sink: (line: string) => void
  /** Paths below it are shown relative to it, others as they are. */
  readonly root?: string
  /** Also tells when a `datasync` or `syncDir` is done (`done datasync wal/0.tmp`). Default false. */
  readonly showDone?: boolean
}

/**
 * `fs` with a line of text for each call that changes the disk or its durability:
 *
 * ```
 * makeDir wal.tmp
 * create wal.tmp/0.wal
 * lock wal.tmp/0.wal
 * allocate wal.tmp/0.wal 64000000
 * write wal.tmp/0.wal 0+512
 * datasync wal.tmp/0.wal
 * truncate wal.tmp/0.wal 512
 * rename wal.tmp wal
 * syncDir .
 * remove wal.broken
 * failed write wal/0.wal: NO_SPACE
 * ```
 *
 * `write` and `writeSync` look the same. A file that is renamed while open goes on under its new name.
 */
export function traceFs(fs: Fs, options: TraceFsOptions): Fs {
  return new TracingFs(fs, options)
}

class TracingFs implements Fs {
  readonly #fs: Fs
  readonly #sink: (line: string) => void
  readonly #root: string
  readonly #showDone: boolean
  readonly #open = new Set<TracingFile>()

  constructor(fs: Fs, options: TraceFsOptions) {
    this.#fs = fs
    this.#sink = options.sink
    this.#root = options.root ?? ''
    this.#showDone = options.showDone ?? false
  }

  async open(path: string, options: OpenOptions): Promise<File> {
    const open = (): Promise<File> => this.#fs.open(path, options)
    const creates = options.mode === 'create' || options.mode === 'create-new'
    const inner = creates ? await this.run('create', path, open) : await open()
    const file = new TracingFile(this, inner, path)
    this.#open.add(file)
    return file
  }

  readDir(path: string): Promise<string[]> {
    return this.#fs.readDir(path)
  }

  makeDir(path: string, permissions?: number): Promise<void> {
    return this.run('makeDir', path, () => this.#fs.makeDir(path, permissions))
  }

  stat(path: string): Promise<FileInfo | undefined> {
    return this.#fs.stat(path)
  }

  async rename(from: string, to: string): Promise<void> {
    await this.run('rename', from, () => this.#fs.rename(from, to), ` ${this.#shown(to)}`)
    for (const file of this.#open) {
      if (file.shownPath === from) file.shownPath = to
      else if (file.shownPath.startsWith(`${from}/`)) file.shownPath = to + file.shownPath.slice(from.length)
    }
  }

  remove(path: string): Promise<void> {
    return this.run('remove', path, () => this.#fs.remove(path))
  }

  syncDir(path: string): Promise<void> {
    return this.run('syncDir', path, () => this.#fs.syncDir(path))
  }

  freeBytes(path: string): Promise<number> {
    return this.#fs.freeBytes(path)
  }

  busyUntil(work: Promise<unknown>): void {
    this.#fs.busyUntil(work)
  }

  closed(file: TracingFile): void {
    this.#open.delete(file)
  }

  async run<T>(operation: FsOperation | 'create', path: string, call: () => Promise<T>, rest = ''): Promise<T> {
    const shown = this.#shown(path)
    this.#sink(`${operation} ${shown}${rest}`)
    try {
      const result = await call()
      if (this.#showDone && (operation === 'datasync' || operation === 'syncDir'))
        this.#sink(`done ${operation} ${shown}`)
      return result
    } catch (error) {
      this.#failed(operation, shown, error)
      throw error
    }
  }

  runSync(operation: FsOperation, path: string, call: () => void, rest = ''): void {
    const shown = this.#shown(path)
    this.#sink(`${operation} ${shown}${rest}`)
    try {
      call()
    } catch (error) {
      this.#failed(operation, shown, error)
      throw error
    }
  }

  #failed(operation: string, shown: string, error: unknown): void {
    this.#sink(`failed ${operation} ${shown}: ${error instanceof VfsError ? error.code : String(error)}`)
  }

  #shown(path: string): string {
    if (path === this.#root) return '.'
    const prefix = this.#root.endsWith('/') ? this.#root : `${this.#root}/`
    return this.#root !== '' && path.startsWith(prefix) ? path.slice(prefix.length) : path
  }
}

class TracingFile implements File {
  readonly #fs: TracingFs
  readonly #file: File
  shownPath: string

  constructor(fs: TracingFs, file: File, path: string) {
    this.#fs = fs
    this.#file = file
    this.shownPath = path
  }

  get path(): string {
    return this.#file.path
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#file.read(target, position)
  }

  readSync(target: Uint8Array, position: number): number {
    return this.#file.readSync(target, position)
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    const write = (): Promise<void> => this.#file.write(bytes, position)
    return this.#fs.run('write', this.shownPath, write, ` ${position}+${bytes.length}`)
  }

  writeSync(bytes: Uint8Array, position: number): void {
    const write = (): void => this.#file.writeSync(bytes, position)
    this.#fs.runSync('write', this.shownPath, write, ` ${position}+${bytes.length}`)
  }

  datasync(): Promise<void> {
    return this.#fs.run('datasync', this.shownPath, () => this.#file.datasync())
  }

  truncate(lengthBytes: number): Promise<void> {
    return this.#fs.run('truncate', this.shownPath, () => this.#file.truncate(lengthBytes), ` ${lengthBytes}`)
  }

  allocate(lengthBytes: number): Promise<void> {
    return this.#fs.run('allocate', this.shownPath, () => this.#file.allocate(lengthBytes), ` ${lengthBytes}`)
  }

  sizeBytes(): Promise<number> {
    return this.#file.sizeBytes()
  }

  lock(): void {
    this.#fs.runSync('lock', this.shownPath, () => this.#file.lock())
  }

  close(): Promise<void> {
    this.#fs.closed(this)
    return this.#file.close()
  }
}
