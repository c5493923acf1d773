import { VfsError, type VfsErrorCode } from './errors.ts'
import type { FileInfo, Fs, OpenOptions } from './fs.ts'
import { DEFAULT_CAPACITY_BYTES, PAGE_BYTES } from './limits.ts'
import { type CrashOptions, crashTree } from './memory-crash.ts'
import { type MemFile, MemoryFile, type MemoryHost, pagesBytes } from './memory-file.ts'
import {
  changeDirs,
  type DataChange,
  type DirChange,
  type DirEffect,
  DirNode,
  emptyFile,
  type FileNode,
} from './memory-nodes.ts'
import { countUses, describeTree, findNode, isWithin, pathParts, treeBytes } from './memory-tree.ts'
import { compareNames } from './names.ts'
import type { FsCall, FsOperation } from './operations.ts'
import type { Random } from './random.ts'

/**
 * Says when an asynchronous call returns, by calling `done`. Its changes are in the page cache at once; syncs take
 * effect in `done`. Calling `done` late gives latency, in another order gives reordering, never leaves the caller waiting.
 */
export type Schedule = (call: FsCall, done: () => void) => void

export interface MemFsOptions {
  /** For power cuts that choose; see `CrashMode`. */
  readonly random?: Random
  /** Default: every call returns in the next microtask. */
  readonly schedule?: Schedule
  /** Files take whole 4 KiB pages of it; default one tebibyte. */
  readonly capacityBytes?: number
}

/** A disk in memory with the process that uses it. */
export interface MemFs extends Fs {
  open(path: string, options: OpenOptions): Promise<MemFile>
  /**
   * Cuts the power: this file system and its open files are dead (`CLOSED`), calls in flight never succeed. Returns
   * the disk as the next start finds it.
   */
  crash(options: CrashOptions): MemFs
  /** What `crash` would leave, while this file system lives on. */
  afterCrash(options: CrashOptions): MemFs
  /** Kills the process only: like `crash`, but the page cache survives. Locks are gone. */
  kill(): MemFs
  /** Inverts the bits of `mask` in one byte, in the page cache and on the device: rot that no call reports. */
  corrupt(path: string, at: { readonly position: number; readonly mask: number }): void
  setCapacity(capacityBytes: number): void
  readonly usedBytes: number
  /** The tree as text, one entry per line with its length and what is not yet durable. */
  describe(): string
}

/** An empty disk in memory. Paths that are not absolute start at `/`. */
export function memFs(options: MemFsOptions = {}): MemFs {
  return new MemoryFs(new DirNode(new Map()), options, 0)
}

class MemoryFs implements MemFs, MemoryHost {
  readonly #root: DirNode
  readonly #options: MemFsOptions
  readonly #schedule: Schedule
  #capacityBytes: number
  #usedBytes: number
  #sequence: number
  #dead = false

  constructor(root: DirNode, options: MemFsOptions, sequence: number) {
    this.#root = root
    this.#options = options
    this.#schedule = options.schedule ?? ((_call, done) => queueMicrotask(done))
    this.#capacityBytes = options.capacityBytes ?? DEFAULT_CAPACITY_BYTES
    this.#usedBytes = treeBytes(root)
    this.#sequence = sequence
  }

  open(path: string, options: OpenOptions): Promise<MemFile> {
    return this.later({ operation: 'open', path }, () => {
      const { node, returned } = this.#openNode(path, options)
      const file = new MemoryFile(this, node, { path, writable: options.mode !== 'read' })
      return () => {
        returned()
        return file
      }
    })
  }

  #openNode(path: string, { mode }: OpenOptions): { readonly node: FileNode; readonly returned: () => void } {
    const { dir, name } = this.#parent('open', path)
    const found = name === undefined ? this.#root : dir.entries.get(name)
    if (found !== undefined) {
      if (mode === 'create-new') throw failure('EXISTS', 'open', path, 'file exists')
      if (found.kind === 'dir') throw failure('IS_DIRECTORY', 'open', path, 'is a directory')
      return { node: found, returned: mode === 'create' ? this.#empty(found) : () => undefined }
    }
    if (mode === 'read' || mode === 'write') throw failure('NOT_FOUND', 'open', path, 'no such file')
    const node = emptyFile()
    node.uses++
    return { node, returned: this.#change([{ dir, name: name as string, node, flushed: false }]) }
  }

  #empty(node: FileNode): () => void {
    const before = node.current.sizeBytes
    if (before === 0) return () => undefined
    const change: DataChange = {
      sequence: this.nextSequence(),
      kind: 'truncate',
      position: 0,
      bytes: new Uint8Array(0),
      returned: false,
      flushed: false,
    }
    node.change(change)
    this.resized(node, before)
    return () => {
      change.returned = true
    }
  }

  readDir(path: string): Promise<string[]> {
    return this.later({ operation: 'readDir', path }, () => {
      const dir = this.#dir('readDir', path)
      return () => [...dir.entries.keys()].sort(compareNames)
    })
  }

  makeDir(path: string, _permissions?: number): Promise<void> {
    return this.later({ operation: 'makeDir', path }, () => {
      const parts = pathParts(path)
      const made: (() => void)[] = []
      let dir = this.#root
      parts.forEach((name, at) => {
        let next = dir.entries.get(name)
        if (next === undefined) {
          next = new DirNode(new Map())
          made.push(this.#change([{ dir, name, node: next, flushed: false }]))
        }
        if (next.kind === 'file') {
          const last = at === parts.length - 1
          throw failure(last ? 'EXISTS' : 'NOT_DIRECTORY', 'makeDir', path, 'a file is in the way')
        }
        dir = next
      })
      return () => {
        for (const returned of made) returned()
      }
    })
  }

  stat(path: string): Promise<FileInfo | undefined> {
    return this.later<FileInfo | undefined>({ operation: 'stat', path }, () => {
      const node = findNode(this.#root, pathParts(path))
      if (typeof node === 'string') return () => undefined
      if (node.kind === 'dir') return () => ({ sizeBytes: 0, isDirectory: true })
      return () => ({ sizeBytes: node.current.sizeBytes, isDirectory: false })
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.later({ operation: 'rename', path: from }, () => this.#rename(from, to))
  }

  #rename(from: string, to: string): () => void {
    const source = this.#parent('rename', from)
    const target = this.#parent('rename', to)
    if (source.name === undefined || target.name === undefined) {
      throw failure('IO', 'rename', from, 'the root cannot be renamed')
    }
    const node = source.dir.entries.get(source.name)
    if (node === undefined) throw failure('NOT_FOUND', 'rename', from, 'no such file')
    const replaced = target.dir.entries.get(target.name)
    if (replaced === node) return () => undefined
    if (node.kind === 'dir' && isWithin(node, target.dir)) {
      throw failure('IO', 'rename', from, 'a directory cannot move into itself')
    }
    if (
      replaced?.kind === 'dir' &&
      (isWithin(replaced, source.dir) || (node.kind === 'dir' && replaced.entries.size > 0))
    ) {
      throw failure('EXISTS', 'rename', to, 'directory not empty')
    }
    if (replaced?.kind === 'dir' && node.kind === 'file') throw failure('IS_DIRECTORY', 'rename', to, 'is a directory')
    if (replaced?.kind === 'file' && node.kind === 'dir')
      throw failure('NOT_DIRECTORY', 'rename', to, 'not a directory')
    const returned = this.#change([
      { dir: source.dir, name: source.name, node: undefined, flushed: false },
      { dir: target.dir, name: target.name, node, flushed: false },
    ])
    if (replaced?.kind === 'file') this.release(replaced)
    return returned
  }

  remove(path: string): Promise<void> {
    return this.later({ operation: 'remove', path }, () => {
      const parts = pathParts(path)
      const name = parts.pop()
      if (name === undefined) throw failure('IO', 'remove', path, 'the root cannot be removed')
      const dir = findNode(this.#root, parts)
      if (typeof dir === 'string' || dir.kind === 'file' || !dir.entries.has(name)) return () => undefined
      const removed: (() => void)[] = []
      this.#removeEntry(dir, name, removed)
      return () => {
        for (const returned of removed) returned()
      }
    })
  }

  /** Children first: a power cut may come in the middle. */
  #removeEntry(dir: DirNode, name: string, removed: (() => void)[]): void {
    const node = dir.entries.get(name)
    if (node?.kind === 'dir') for (const child of [...node.entries.keys()]) this.#removeEntry(node, child, removed)
    removed.push(this.#change([{ dir, name, node: undefined, flushed: false }]))
    if (node?.kind === 'file') this.release(node)
  }

  syncDir(path: string): Promise<void> {
    return this.later({ operation: 'syncDir', path }, () => {
      const dir = this.#dir('syncDir', path)
      const covered = dir.changes.filter(change => change.returned)
      return () => dir.flush(covered)
    })
  }

  freeBytes(path: string): Promise<number> {
    return this.later({ operation: 'freeBytes', path }, () => () => Math.max(0, this.#capacityBytes - this.#usedBytes))
  }

  /** Syncs take no time here. */
  busyUntil(_work: Promise<unknown>): void {}

  crash(options: CrashOptions): MemFs {
    this.#dead = true
    return this.afterCrash(options)
  }

  afterCrash(options: CrashOptions): MemFs {
    const random = options.random ?? this.#options.random
    const root = crashTree(this.#root, random === undefined ? options : { ...options, random }, this.#sequence)
    return this.#successor(root)
  }

  kill(): MemFs {
    this.#dead = true
    countUses(this.#root)
    return this.#successor(this.#root)
  }

  #successor(root: DirNode): MemFs {
    return new MemoryFs(root, { ...this.#options, capacityBytes: this.#capacityBytes }, this.#sequence)
  }

  corrupt(path: string, at: { readonly position: number; readonly mask: number }): void {
    const node = findNode(this.#root, pathParts(path))
    if (typeof node === 'string' || node.kind === 'dir') throw new RangeError(`vfs: no file at '${path}' to corrupt`)
    for (const bytes of [node.current, node.durable]) {
      const byte = new Uint8Array(1)
      if (bytes.read(byte, at.position) === 1)
        bytes.write(
          byte.map(value => value ^ at.mask),
          at.position,
        )
    }
  }

  setCapacity(capacityBytes: number): void {
    this.#capacityBytes = capacityBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  describe(): string {
    return describeTree(this.#root)
  }

  later<T>(call: FsCall, begin: () => () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let end: () => T
      try {
        this.checkAlive(call.operation, call.path)
        end = begin()
      } catch (error) {
        end = () => {
          throw error
        }
      }
      this.#schedule(call, () => {
        try {
          this.checkAlive(call.operation, call.path)
          resolve(end())
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  checkAlive(operation: FsOperation, path: string): void {
    if (this.#dead) throw failure('CLOSED', operation, path, 'the process that used this disk is dead')
  }

  nextSequence(): number {
    return this.#sequence++
  }

  roomBytes(node: FileNode): number {
    const free = Math.max(0, this.#capacityBytes - this.#usedBytes)
    return pagesBytes(node.current.sizeBytes) + free - (free % PAGE_BYTES)
  }

  resized(node: FileNode, before: number): void {
    this.#usedBytes += pagesBytes(node.current.sizeBytes) - pagesBytes(before)
  }

  release(node: FileNode): void {
    node.uses--
    if (node.uses === 0) this.#usedBytes -= pagesBytes(node.current.sizeBytes)
  }

  #change(effects: readonly DirEffect[]): () => void {
    const change: DirChange = { sequence: this.nextSequence(), effects, returned: false }
    changeDirs(change)
    return () => {
      change.returned = true
    }
  }

  /** The directory that holds the last part of `path`, and that part; no name for the root. */
  #parent(operation: FsOperation, path: string): { readonly dir: DirNode; readonly name: string | undefined } {
    const parts = pathParts(path)
    const name = parts.pop()
    return { dir: this.#dirAt(operation, path, parts), name }
  }

  #dir(operation: FsOperation, path: string): DirNode {
    return this.#dirAt(operation, path, pathParts(path))
  }

  #dirAt(operation: FsOperation, path: string, parts: readonly string[]): DirNode {
    const node = findNode(this.#root, parts)
    if (node === 'NOT_FOUND') throw failure('NOT_FOUND', operation, path, 'no such directory')
    if (node === 'NOT_DIRECTORY' || node.kind === 'file') {
      throw failure('NOT_DIRECTORY', operation, path, 'not a directory')
    }
    return node
  }
}

function failure(code: VfsErrorCode, operation: FsOperation, path: string, reason: string): VfsError {
  return new VfsError(code, { operation, path }, { reason })
}
