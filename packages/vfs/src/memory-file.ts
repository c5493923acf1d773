import { VfsError, type VfsErrorCode } from './errors.ts'
import type { File } from './fs.ts'
import { PAGE_BYTES } from './limits.ts'
import type { DataChange, FileNode } from './memory-nodes.ts'
import type { FsCall, FsOperation } from './operations.ts'

/** What a handle needs of its file system. */
export interface MemoryHost {
  /** Runs `begin` at once and the function it returns, which makes the result, when the scheduler says so. */
  later<T>(call: FsCall, begin: () => () => T): Promise<T>
  /** Throws `CLOSED` once the process that opened the file is dead. */
  checkAlive(operation: FsOperation, path: string): void
  nextSequence(): number
  /** Bytes the file may have, given what is free. */
  roomBytes(node: FileNode): number
  /** Accounts for a length that changed from `before`. */
  resized(node: FileNode, before: number): void
  /** One use of the node is gone. */
  release(node: FileNode): void
}

/** A file of `memFs`. */
export interface MemFile extends File {
  /**
   * Forgets that the bytes written since the last sync must still reach the device, as Linux does after a failed
   * fdatasync: reads see them, later syncs succeed without them, a power cut shows that they are missing.
   */
  dropUnsynced(): void
}

export class MemoryFile implements MemFile {
  readonly path: string
  readonly #node: FileNode
  readonly #host: MemoryHost
  readonly #writable: boolean
  #closed = false

  constructor(host: MemoryHost, node: FileNode, options: { readonly path: string; readonly writable: boolean }) {
    this.#host = host
    this.#node = node
    this.path = options.path
    this.#writable = options.writable
    node.uses++
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#later('read', target.length, () => () => this.#node.current.read(target, position))
  }

  readSync(target: Uint8Array, position: number): number {
    this.#check('readSync')
    return this.#node.current.read(target, position)
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    return this.#later('write', bytes.length, () => this.#write('write', bytes, position))
  }

  writeSync(bytes: Uint8Array, position: number): void {
    this.#check('writeSync')
    this.#write('writeSync', bytes, position)()
  }

  /** Writes as much as fits, as a disk does, and then reports that it is full. */
  #write(operation: FsOperation, bytes: Uint8Array, position: number): () => void {
    this.#checkWritable(operation)
    if (bytes.length === 0) return () => undefined
    const fitting = Math.min(bytes.length, Math.max(0, this.#host.roomBytes(this.#node) - position))
    const returned = this.#change('write', position, bytes.slice(0, fitting))
    if (fitting < bytes.length) throw this.#error('NO_SPACE', operation, 'no space left on device')
    return returned
  }

  datasync(): Promise<void> {
    return this.#later('datasync', 0, () => {
      const covered = this.#node.changes.filter(change => change.returned)
      return () => this.#node.flush(covered)
    })
  }

  dropUnsynced(): void {
    for (const change of this.#node.changes) change.flushed = true
    this.#node.changes = []
  }

  truncate(lengthBytes: number): Promise<void> {
    return this.#later('truncate', 0, () => this.#resize('truncate', lengthBytes))
  }

  allocate(lengthBytes: number): Promise<void> {
    return this.#later('allocate', lengthBytes, () => {
      this.#checkWritable('allocate')
      if (lengthBytes <= this.#node.current.sizeBytes) return () => undefined
      return this.#resize('allocate', lengthBytes)
    })
  }

  #resize(operation: FsOperation, lengthBytes: number): () => void {
    this.#checkWritable(operation)
    if (lengthBytes > this.#node.current.sizeBytes && lengthBytes > this.#host.roomBytes(this.#node)) {
      throw this.#error('NO_SPACE', operation, 'no space left on device')
    }
    return this.#change('truncate', lengthBytes, new Uint8Array(0))
  }

  sizeBytes(): Promise<number> {
    return this.#later('sizeBytes', 0, () => () => this.#node.current.sizeBytes)
  }

  lock(): void {
    this.#check('lock')
    this.#checkWritable('lock')
    const { lockedBy } = this.#node
    if (lockedBy !== undefined && lockedBy !== this) throw this.#error('LOCKED', 'lock', 'file already locked')
    this.#node.lockedBy = this
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      if (this.#node.lockedBy === this) this.#node.lockedBy = undefined
      this.#host.release(this.#node)
    }
    return Promise.resolve()
  }

  #change(kind: DataChange['kind'], position: number, bytes: Uint8Array): () => void {
    const before = this.#node.current.sizeBytes
    const sequence = this.#host.nextSequence()
    const change: DataChange = { sequence, kind, position, bytes, returned: false, flushed: false }
    this.#node.change(change)
    this.#host.resized(this.#node, before)
    return () => {
      change.returned = true
    }
  }

  #later<T>(operation: FsOperation, sizeBytes: number, begin: () => () => T): Promise<T> {
    return this.#host.later({ operation, path: this.path, sizeBytes }, () => {
      this.#check(operation)
      return begin()
    })
  }

  #check(operation: FsOperation): void {
    this.#host.checkAlive(operation, this.path)
    if (this.#closed) throw this.#error('CLOSED', operation, 'file is closed')
  }

  #checkWritable(operation: FsOperation): void {
    if (!this.#writable) throw this.#error('READ_ONLY', operation, 'file is open for reading only')
  }

  #error(code: VfsErrorCode, operation: FsOperation, reason: string): VfsError {
    return new VfsError(code, { operation, path: this.path }, { reason })
  }
}

/** Bytes of whole pages that a file of this length takes. */
export function pagesBytes(lengthBytes: number): number {
  return Math.ceil(lengthBytes / PAGE_BYTES) * PAGE_BYTES
}
