import { assert } from './assert.ts'
import { PagedBytes } from './paged-bytes.ts'

/** A change of a file's bytes or length that no datasync has covered yet. */
export interface DataChange {
  /** Order among all changes of one file system. */
  readonly sequence: number
  readonly kind: 'write' | 'truncate'
  /** Where a write starts; the new length for `truncate`. */
  readonly position: number
  /** The bytes written; empty for `truncate`. */
  readonly bytes: Uint8Array
  /** The call has returned. Only then does a later sync cover it. */
  returned: boolean
  flushed: boolean
}

/** A file: what the page cache shows, what the device holds, and the changes between the two in order. */
export class FileNode {
  readonly kind = 'file'
  current: PagedBytes
  readonly durable: PagedBytes
  changes: DataChange[] = []
  /** Directory entries that name it, plus open handles; at 0 its space is free. */
  uses = 0
  /** Handle that holds the exclusive lock. */
  lockedBy: object | undefined

  constructor(durable: PagedBytes) {
    this.durable = durable
    this.current = durable.clone()
  }

  /** Changes the cached bytes and remembers how. */
  change(change: DataChange): void {
    applyChange(this.current, change)
    this.changes.push(change)
  }

  /** Makes `covered` durable. Changes that came later stay open. */
  flush(covered: readonly DataChange[]): void {
    for (const change of covered) {
      if (!change.flushed) applyChange(this.durable, change)
      change.flushed = true
    }
    this.changes = this.changes.filter(change => !change.flushed)
  }
}

function applyChange(bytes: PagedBytes, change: DataChange): void {
  if (change.kind === 'write') bytes.write(change.bytes, change.position)
  else bytes.truncate(change.position)
}

export type MemoryNode = FileNode | DirNode

/** One directory's part of a change: `name` now means `node`, or nothing. */
export interface DirEffect {
  readonly dir: DirNode
  readonly name: string
  readonly node: MemoryNode | undefined
  flushed: boolean
}

/** A create, rename or remove that not every directory it touches has synced. Survives a power cut whole or not at all. */
export interface DirChange {
  readonly sequence: number
  readonly effects: readonly DirEffect[]
  returned: boolean
}

/** A directory: entries as they are seen, as the device holds them, and the changes between. */
export class DirNode {
  readonly kind = 'dir'
  readonly entries: Map<string, MemoryNode>
  readonly durable: Map<string, MemoryNode>
  changes: DirChange[] = []

  constructor(entries: ReadonlyMap<string, MemoryNode>) {
    this.entries = new Map(entries)
    this.durable = new Map(entries)
  }

  /** Makes this directory's part of `covered` durable. */
  flush(covered: readonly DirChange[]): void {
    for (const change of covered) {
      for (const effect of effectsIn(this, change)) {
        if (!effect.flushed) applyEffect(this.durable, effect)
        effect.flushed = true
      }
    }
    this.changes = this.changes.filter(change => effectsIn(this, change).some(effect => !effect.flushed))
  }
}

export function effectsIn(dir: DirNode, change: DirChange): readonly DirEffect[] {
  return change.effects.filter(effect => effect.dir === dir)
}

export function applyEffect(entries: Map<string, MemoryNode>, effect: DirEffect): void {
  if (effect.node === undefined) entries.delete(effect.name)
  else entries.set(effect.name, effect.node)
}

/** Changes the seen entries of all directories of `change` and remembers how. */
export function changeDirs(change: DirChange): void {
  assert(change.effects.length > 0, 'a directory change without effect')
  for (const effect of change.effects) {
    applyEffect(effect.dir.entries, effect)
    if (effect.dir.changes.at(-1) !== change) effect.dir.changes.push(change)
  }
}

export function emptyFile(): FileNode {
  return new FileNode(new PagedBytes())
}
