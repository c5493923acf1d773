import * as nodeFs from 'node:fs'
import { VfsError } from './errors.ts'
import type { File } from './fs.ts'
import { ALLOCATE_CHUNK_BYTES } from './limits.ts'
import type { NodeCalls } from './node-calls.ts'
import { nodeError, systemCode } from './node-errors.ts'
import { lockDescriptor } from './node-lock.ts'
import type { FsOperation } from './operations.ts'
import { type DiskUse, SyncPace } from './sync-pace.ts'

const zeros: Uint8Array = new Uint8Array(ALLOCATE_CHUNK_BYTES)

/**
 * A file descriptor. It is closed only when no call of the thread pool uses it any more: a number freed too early may
 * be given to another file, and the late write would land there.
 */
export class NodeFile implements File {
  readonly path: string
  readonly #fd: number
  readonly #writable: boolean
  readonly #calls: NodeCalls
  #running = 0
  #closing: Promise<void> | undefined
  #whenIdle: (() => void) | undefined
  /** Written by `writeSync` since the last sync. */
  #unsyncedBytes = 0
  readonly #pace: SyncPace
  readonly #use: DiskUse
  /** Why datasync failed. The kernel reports a lost page once; asking again would call lost bytes durable. */
  #syncFailure: unknown

  constructor(
    fd: number,
    path: string,
    options: { readonly writable: boolean; readonly calls: NodeCalls; readonly use: DiskUse },
  ) {
    this.#fd = fd
    this.path = path
    this.#writable = options.writable
    this.#calls = options.calls
    this.#use = options.use
    this.#pace = new SyncPace(options.use)
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#run('read', (done, fail) => {
      let count = 0
      const next = (): void => {
        if (count === target.length) {
          done(count)
          return
        }
        this.#calls.read(this.#fd, target, count, target.length - count, position + count, (error, read) => {
          if (error === null) count += read
          else if (systemCode(error) !== 'EINTR') return fail(error)
          if (error === null && read === 0) done(count)
          else next()
        })
      }
      next()
    })
  }

  readSync(target: Uint8Array, position: number): number {
    this.#checkOpen('readSync')
    for (let count = 0; ; ) {
      try {
        const read = this.#calls.readSync(this.#fd, target, count, target.length - count, position + count)
        count += read
        if (read === 0 || count === target.length) return count
      } catch (cause) {
        if (systemCode(cause) !== 'EINTR') throw this.#error('readSync', cause)
      }
    }
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    return this.#runChange('write', (done, fail) => this.#writeAll(bytes, position, done, fail))
  }

  #writeAll(bytes: Uint8Array, position: number, done: () => void, fail: (cause: unknown) => void): void {
    let offset = 0
    const next = (): void => {
      if (offset === bytes.length) {
        done()
        return
      }
      this.#calls.write(this.#fd, bytes, offset, bytes.length - offset, position + offset, (error, count) => {
        if (error === null) offset += count
        else if (systemCode(error) !== 'EINTR') return fail(error)
        if (error === null && count === 0) fail(new Error('the system wrote no byte'))
        else next()
      })
    }
    next()
  }

  writeSync(bytes: Uint8Array, position: number): void {
    this.#checkOpen('writeSync')
    this.#checkWritable('writeSync')
    this.#unsyncedBytes += bytes.length
    let offset = 0
    while (offset < bytes.length) {
      try {
        const count = this.#calls.writeSync(this.#fd, bytes, offset, bytes.length - offset, position + offset)
        if (count === 0) throw new Error('the system wrote no byte')
        offset += count
      } catch (cause) {
        if (systemCode(cause) !== 'EINTR') throw this.#error('writeSync', cause)
      }
    }
  }

  datasync(): Promise<void> {
    const isInline = this.#pace.mayWait(this.#unsyncedBytes)
    this.#unsyncedBytes = 0
    return this.#run('datasync', (done, fail) => {
      if (this.#syncFailure !== undefined) return fail(this.#syncFailure)
      const startMs = performance.now()
      const ended = (error: unknown): void => {
        const tookMs = performance.now() - startMs
        if (isInline) this.#pace.waited(tookMs)
        else this.#pace.pooled(tookMs)
        if (error === null) return done()
        this.#syncFailure = error
        fail(error)
      }
      if (isInline) ended(this.#syncNow())
      else this.#calls.fdatasync(this.#fd, ended)
    })
  }

  /** Waits for a sync on the spot; returns its error, or null. */
  #syncNow(): unknown {
    try {
      this.#calls.fdatasyncSync(this.#fd)
      return null
    } catch (error) {
      return error
    }
  }

  truncate(lengthBytes: number): Promise<void> {
    return this.#runChange('truncate', (done, fail) => {
      this.#calls.ftruncate(this.#fd, lengthBytes, error => (error === null ? done() : fail(error)))
    })
  }

  allocate(lengthBytes: number): Promise<void> {
    return this.#runChange('allocate', (done, fail) => {
      nodeFs.fstat(this.#fd, (error, stats) => {
        if (error === null) this.#fill(stats.size, lengthBytes, done, fail)
        else fail(error)
      })
    })
  }

  /** Writes zeros from the old end to the new one, piece by piece. */
  #fill(oldEnd: number, newEnd: number, done: () => void, fail: (cause: unknown) => void): void {
    // Gives the blocks back: a half allocated file helps nobody on a full disk. The first failure is the one to tell.
    const giveUp = (cause: unknown): void => this.#calls.ftruncate(this.#fd, oldEnd, () => fail(cause))
    const next = (at: number): void => {
      if (at >= newEnd) {
        done()
        return
      }
      const length = Math.min(zeros.length, newEnd - at)
      this.#writeAll(zeros.subarray(0, length), at, () => next(at + length), giveUp)
    }
    next(oldEnd)
  }

  sizeBytes(): Promise<number> {
    return this.#run('sizeBytes', (done, fail) => {
      nodeFs.fstat(this.#fd, (error, stats) => (error === null ? done(stats.size) : fail(error)))
    })
  }

  lock(): void {
    this.#checkOpen('lock')
    this.#checkWritable('lock')
    lockDescriptor(this.#fd, this.path)
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeWhenIdle()
    return this.#closing
  }

  async #closeWhenIdle(): Promise<void> {
    if (this.#running > 0) {
      await new Promise<void>(resolve => {
        this.#whenIdle = resolve
      })
    }
    await new Promise<void>((resolve, reject) => {
      nodeFs.close(this.#fd, error => (error === null ? resolve() : reject(this.#error('close', error))))
    })
  }

  /** One call of the thread pool, or several in a row: one promise, and the descriptor stays open until it settles. */
  #run<T>(
    operation: FsOperation,
    start: (done: (result: T) => void, fail: (cause: unknown) => void) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#checkOpen(operation)
      this.#running++
      this.#use.begin()
      const done = (result: T): void => {
        this.#finish()
        resolve(result)
      }
      const fail = (cause: unknown): void => {
        this.#finish()
        reject(this.#error(operation, cause))
      }
      start(done, fail)
    })
  }

  #runChange(operation: FsOperation, start: (done: () => void, fail: (cause: unknown) => void) => void): Promise<void> {
    return this.#run<void>(operation, (done, fail) => {
      if (this.#writable) start(done, fail)
      else fail(this.#readOnly(operation))
    })
  }

  #finish(): void {
    this.#use.end()
    this.#running--
    if (this.#running === 0) this.#whenIdle?.()
  }

  #checkOpen(operation: FsOperation): void {
    if (this.#closing !== undefined) {
      throw new VfsError('CLOSED', { operation, path: this.path }, { reason: 'file is closed' })
    }
  }

  #checkWritable(operation: FsOperation): void {
    if (!this.#writable) throw this.#readOnly(operation)
  }

  #readOnly(operation: FsOperation): VfsError {
    return new VfsError('READ_ONLY', { operation, path: this.path }, { reason: 'file is open for reading only' })
  }

  #error(operation: FsOperation, cause: unknown): VfsError {
    return nodeError(cause, { operation, path: this.path })
  }
}
