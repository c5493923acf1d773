import * as nodeFs from 'node:fs'
import { VfsError } from './errors.ts'
import type { File } from './fs.ts'
import { ALLOCATE_CHUNK_BYTES } from './limits.ts'
import type { NodeCalls } from './node-calls.ts'
import { nodeError, systemCode } from './node-errors.ts'
import { lockDescriptor } from './node-lock.ts'
import type { FsOperation } from './operations.ts'

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
  /** Why datasync failed. The kernel reports a lost page once; asking again would call lost bytes durable. */
  #syncFailure: unknown

  constructor(fd: number, path: string, options: { readonly writable: boolean; readonly calls: NodeCalls }) {
    this.#fd = fd
    this.path = path
    this.#writable = options.writable
    this.#calls = options.calls
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    this.#begin('read')
    try {
      let count = 0
      while (count < target.length) {
        const read = await this.#readOnce(target, count, position + count)
        if (read === 0) break
        count += read
      }
      return count
    } catch (cause) {
      throw this.#error('read', cause)
    } finally {
      this.#finish()
    }
  }

  #readOnce(target: Uint8Array, offset: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const attempt = (): void => {
        this.#calls.read(this.#fd, target, offset, target.length - offset, position, (error, count) => {
          if (error === null) resolve(count)
          else if (systemCode(error) === 'EINTR') attempt()
          else reject(error)
        })
      }
      attempt()
    })
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    this.#beginChange('write')
    try {
      await this.#writeAll(bytes, position)
    } catch (cause) {
      throw this.#error('write', cause)
    } finally {
      this.#finish()
    }
  }

  #writeAll(bytes: Uint8Array, position: number): Promise<void> {
    if (bytes.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      let offset = 0
      const next = (): void => {
        this.#calls.write(this.#fd, bytes, offset, bytes.length - offset, position + offset, (error, count) => {
          if (error === null) offset += count
          else if (systemCode(error) !== 'EINTR') return reject(error)
          if (offset === bytes.length) resolve()
          else if (error === null && count === 0) reject(new Error('the system wrote no byte'))
          else next()
        })
      }
      next()
    })
  }

  writeSync(bytes: Uint8Array, position: number): void {
    this.#checkOpen('writeSync')
    this.#checkWritable('writeSync')
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

  async datasync(): Promise<void> {
    this.#begin('datasync')
    try {
      if (this.#syncFailure !== undefined) throw this.#syncFailure
      await this.#call(done => this.#calls.fdatasync(this.#fd, done))
    } catch (cause) {
      this.#syncFailure ??= cause
      throw this.#error('datasync', cause)
    } finally {
      this.#finish()
    }
  }

  async truncate(lengthBytes: number): Promise<void> {
    this.#beginChange('truncate')
    try {
      await this.#call(done => this.#calls.ftruncate(this.#fd, lengthBytes, done))
    } catch (cause) {
      throw this.#error('truncate', cause)
    } finally {
      this.#finish()
    }
  }

  async allocate(lengthBytes: number): Promise<void> {
    this.#beginChange('allocate')
    try {
      const before = (await this.#fstat()).size
      try {
        for (let at = before; at < lengthBytes; at += zeros.length) {
          await this.#writeAll(zeros.subarray(0, Math.min(zeros.length, lengthBytes - at)), at)
        }
      } catch (cause) {
        // Gives the blocks back: a half allocated file helps nobody on a full disk. The first failure is the one to tell.
        await this.#call(done => this.#calls.ftruncate(this.#fd, before, done)).catch(() => undefined)
        throw cause
      }
    } catch (cause) {
      throw this.#error('allocate', cause)
    } finally {
      this.#finish()
    }
  }

  async sizeBytes(): Promise<number> {
    this.#begin('sizeBytes')
    try {
      return (await this.#fstat()).size
    } catch (cause) {
      throw this.#error('sizeBytes', cause)
    } finally {
      this.#finish()
    }
  }

  #fstat(): Promise<nodeFs.Stats> {
    return new Promise((resolve, reject) => {
      nodeFs.fstat(this.#fd, (error, stats) => (error === null ? resolve(stats) : reject(error)))
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
    try {
      await this.#call(done => nodeFs.close(this.#fd, done))
    } catch (cause) {
      throw this.#error('close', cause)
    }
  }

  #call(start: (done: (error: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => start(error => (error === null ? resolve() : reject(error))))
  }

  #begin(operation: FsOperation): void {
    this.#checkOpen(operation)
    this.#running++
  }

  #beginChange(operation: FsOperation): void {
    this.#checkOpen(operation)
    this.#checkWritable(operation)
    this.#running++
  }

  #finish(): void {
    this.#running--
    if (this.#running === 0) this.#whenIdle?.()
  }

  #checkOpen(operation: FsOperation): void {
    if (this.#closing !== undefined) {
      throw new VfsError('CLOSED', { operation, path: this.path }, { reason: 'file is closed' })
    }
  }

  #checkWritable(operation: FsOperation): void {
    if (!this.#writable) {
      throw new VfsError('READ_ONLY', { operation, path: this.path }, { reason: 'file is open for reading only' })
    }
  }

  #error(operation: FsOperation, cause: unknown): VfsError {
    return nodeError(cause, { operation, path: this.path })
  }
}
