import * as nodeFileSystem from 'node:fs'
import { dirname, resolve as resolvePath } from 'node:path'
import { VfsError } from './errors.ts'
import type { File, FileInfo, Fs, OpenMode, OpenOptions } from './fs.ts'
import { compareNames } from './names.ts'
import { type NodeCalls, systemCalls } from './node-calls.ts'
import { nodeError, systemCode } from './node-errors.ts'
import { NodeFile } from './node-file.ts'
import type { FsOperation } from './operations.ts'
import { DiskUse } from './sync-pace.ts'

const { constants } = nodeFileSystem

const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC,
  'create-new': constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
}

/**
 * The disk of this machine. Relative paths start at the directory that is current when the file system is made.
 * Everything but `writeSync` and `lock` runs in libuv's thread pool.
 */
export function nodeFs(): Fs {
  return new NodeFs(systemCalls)
}

/** `nodeFs` over other system calls; for the tests of this package. */
export function nodeFsOver(calls: NodeCalls): Fs {
  return new NodeFs(calls)
}

class NodeFs implements Fs {
  readonly #base = resolvePath('.')
  readonly #calls: NodeCalls
  readonly #use = new DiskUse()

  constructor(calls: NodeCalls) {
    this.#calls = calls
  }

  async open(path: string, options: OpenOptions): Promise<File> {
    const full = this.#full(path)
    const permissions = options.permissions ?? 0o600
    const fd = await call<number>('open', path, done => {
      nodeFileSystem.open(full, FLAGS[options.mode], permissions, done)
    })
    const file = new NodeFile(fd, path, { writable: options.mode !== 'read', calls: this.#calls, use: this.#use })
    if (options.mode === 'read') await refuseDirectory(fd, file)
    return file
  }

  async readDir(path: string): Promise<string[]> {
    const names = await call<string[]>('readDir', path, done => nodeFileSystem.readdir(this.#full(path), done))
    return names.sort(compareNames)
  }

  async makeDir(path: string, permissions = 0o700): Promise<void> {
    const options = { recursive: true, mode: permissions } as const
    const full = this.#full(path)
    try {
      await call<string | undefined>('makeDir', path, done => nodeFileSystem.mkdir(full, options, done))
    } catch (error) {
      if (!(error instanceof VfsError) || error.code !== 'NOT_FOUND') throw error
      // Node says ENOENT of a disk that is read-only or full when it is asked for parents too; asked plainly it does not.
      await call<void>('makeDir', path, done => nodeFileSystem.mkdir(full, permissions, done))
    }
  }

  stat(path: string): Promise<FileInfo | undefined> {
    return new Promise((resolve, reject) => {
      nodeFileSystem.stat(this.#full(path), (error, stats) => {
        if (error === null) resolve({ sizeBytes: stats.size, isDirectory: stats.isDirectory() })
        else if (isNothingThere(error)) resolve(undefined)
        else reject(nodeError(error, { operation: 'stat', path }))
      })
    })
  }

  rename(from: string, to: string): Promise<void> {
    return call<void>('rename', from, done => nodeFileSystem.rename(this.#full(from), this.#full(to), done))
  }

  remove(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      nodeFileSystem.rm(this.#full(path), { recursive: true, force: true }, error => {
        if (error === null || isNothingThere(error)) resolve()
        else reject(nodeError(error, { operation: 'remove', path }))
      })
    })
  }

  async syncDir(path: string): Promise<void> {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY
    const fd = await call<number>('syncDir', path, done => nodeFileSystem.open(this.#full(path), flags, done))
    try {
      await call<void>('syncDir', path, done => nodeFileSystem.fsync(fd, done))
    } finally {
      await call<void>('syncDir', path, done => nodeFileSystem.close(fd, done))
    }
  }

  /** Counts what an ordinary user may still write. `path` may be missing, then its nearest existing parent counts. */
  async freeBytes(path: string): Promise<number> {
    let full = this.#full(path)
    for (;;) {
      try {
        const stats = await call<nodeFileSystem.StatsFs>('freeBytes', path, done => nodeFileSystem.statfs(full, done))
        return stats.bavail * stats.bsize
      } catch (error) {
        const parent = dirname(full)
        if (!(error instanceof VfsError) || error.code !== 'NOT_FOUND' || parent === full) throw error
        full = parent
      }
    }
  }

  busyUntil(work: Promise<unknown>): void {
    const end = (): void => this.#use.end()
    this.#use.begin()
    work.then(end, end)
  }

  #full(path: string): string {
    return resolvePath(this.#base, path)
  }
}

/** The system opens a directory for reading without complaint; every later call would fail instead. */
async function refuseDirectory(fd: number, file: File): Promise<void> {
  const at = file.path
  const stats = await call<nodeFileSystem.Stats>('open', at, done => nodeFileSystem.fstat(fd, done))
  if (!stats.isDirectory()) return
  await file.close()
  throw new VfsError('IS_DIRECTORY', { operation: 'open', path: at }, { reason: 'is a directory' })
}

function call<T>(
  operation: FsOperation,
  path: string,
  start: (done: (error: NodeJS.ErrnoException | null, value?: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error === null) resolve(value as T)
      else reject(nodeError(error, { operation, path }))
    })
  })
}

/** A missing entry, or a file where the path needs a directory. */
function isNothingThere(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
