/**
 * All keys with all their revisions: entries in an arena, found by hash or in key order. A hot room.
 *
 * A key's revisions fall into lives: puts, then perhaps a tombstone. What is visible at revision R is the newest
 * revision with main ≤ R unless that is a tombstone; of two with the same main the one written later counts.
 */

import { assert } from '../assert.ts'
import { hashBytes } from '../bytes.ts'
import { chunkMask, chunkShift, WordArena } from './arena.ts'
import {
  allocateKey,
  createHigh,
  createLow,
  entryKey,
  highOf,
  joinNumber,
  leasedFlag,
  modHigh,
  modLow,
  modSub,
  olderAt,
  recordAt,
  tombstoneBit,
  versionHigh,
  versionLow,
} from './entry.ts'
import { HashTable } from './hash-table.ts'
import { History } from './history.ts'
import { sortKeys } from './sort-keys.ts'
import { Tree } from './tree.ts'

export class KeyIndex {
  readonly arena: WordArena = new WordArena()
  readonly tree: Tree = new Tree(this.arena)
  private readonly table: HashTable = new HashTable(this.arena)
  private readonly history: History = new History()
  private readonly seed: number
  /** Entries that are in the hash only, until `build`. */
  private unsorted: number[] | undefined

  /** Keys that exist now. */
  liveKeys = 0
  /** Hash of the key last looked up. */
  hash = 0
  /** What `findAt` found. */
  main = 0
  sub = 0
  isTombstone = false
  isNewest = false
  /** It is the one right before the newest. */
  isPrevious = false

  constructor(seed: number) {
    this.seed = seed
  }

  get keys(): number {
    return this.table.size
  }

  get revisions(): number {
    return this.table.size + this.history.size
  }

  get allocatedBytes(): number {
    const { arena, tree, table, history } = this
    return arena.allocatedBytes + tree.allocatedBytes + table.allocatedBytes + history.arena.allocatedBytes
  }

  hashOf(key: Uint8Array, start: number, end: number): number {
    return hashBytes(key, start, end, this.seed)
  }

  /** Handle of the key's entry or 0; sets `hash`. */
  lookup(key: Uint8Array, start: number, end: number): number {
    this.hash = hashBytes(key, start, end, this.seed)
    return this.table.find(this.hash, key, start, end)
  }

  /** A new, blank entry for the key that `lookup` just did not find. */
  add(key: Uint8Array, start: number, end: number): number {
    const handle = allocateKey(this.arena, key, start, end)
    this.table.insert(this.hash, handle)
    if (this.unsorted === undefined) this.tree.insert(handle)
    else this.unsorted.push(handle)
    return handle
  }

  key(handle: number): Uint8Array {
    return entryKey(this.arena, handle)
  }

  /** Makes (main, sub) the key's newest revision. Revisions of a key rise. */
  advance(handle: number, main: number, sub: number, isTombstone: boolean): void {
    const words = this.arena.words[handle >>> chunkShift]!
    const at = handle & chunkMask
    const low = words[at + modLow]!
    const high = words[at + modHigh]!
    const previous = joinNumber(low, high)
    const wasLive = previous !== 0 && high < tombstoneBit
    if (wasLive === isTombstone) this.liveKeys += wasLive ? -1 : 1
    if (previous !== 0) {
      const previousSub = words[at + modSub]!
      assert(previous < main || (previous === main && previousSub < sub), 'the revisions of a key rise')
      words[at + olderAt] = this.history.push(words[at + olderAt]!, previous, previousSub, high >= tombstoneBit)
    }
    words[at + modLow] = main >>> 0
    words[at + modHigh] = (highOf(main) | (isTombstone ? tombstoneBit : 0)) >>> 0
    words[at + modSub] = sub
  }

  setLife(handle: number, createRevision: number, version: number): void {
    const words = this.arena.words[handle >>> chunkShift]!
    const at = handle & chunkMask
    words[at + createLow] = createRevision >>> 0
    words[at + createHigh] = highOf(createRevision)
    words[at + versionLow] = version >>> 0
    words[at + versionHigh] = highOf(version)
  }

  /** Whether the key exists now. */
  isLive(handle: number): boolean {
    return this.arena.words[handle >>> chunkShift]![(handle & chunkMask) + modHigh]! < tombstoneBit
  }

  modRevision(handle: number): number {
    const words = this.arena.words[handle >>> chunkShift]!
    const at = handle & chunkMask
    return joinNumber(words[at + modLow]!, words[at + modHigh]!)
  }

  createRevision(handle: number): number {
    const words = this.arena.words[handle >>> chunkShift]!
    const at = handle & chunkMask
    return joinNumber(words[at + createLow]!, words[at + createHigh]!)
  }

  version(handle: number): number {
    const words = this.arena.words[handle >>> chunkShift]!
    const at = handle & chunkMask
    return joinNumber(words[at + versionLow]!, words[at + versionHigh]!)
  }

  hasLease(handle: number): boolean {
    return this.hasFlag(handle, leasedFlag)
  }

  hasFlag(handle: number, flag: number): boolean {
    return (this.arena.words[handle >>> chunkShift]![handle & chunkMask]! & flag) !== 0
  }

  setFlag(handle: number, flag: number, value: boolean): void {
    const words = this.arena.words[handle >>> chunkShift]!
    const at = handle & chunkMask
    words[at] = value ? words[at]! | flag : words[at]! & ~flag
  }

  recordOf(handle: number): number {
    return this.arena.words[handle >>> chunkShift]![(handle & chunkMask) + recordAt]!
  }

  setRecord(handle: number, record: number): void {
    this.arena.words[handle >>> chunkShift]![(handle & chunkMask) + recordAt] = record
  }

  /** The newest revision with main ≤ `revision`, tombstones included; false if there is none. */
  findAt(handle: number, revision: number): boolean {
    const words = this.arena.words[handle >>> chunkShift]!
    const at = handle & chunkMask
    const high = words[at + modHigh]!
    const main = joinNumber(words[at + modLow]!, high)
    if (main <= revision) {
      this.main = main
      this.sub = words[at + modSub]!
      this.isTombstone = high >= tombstoneBit
      this.isNewest = true
      this.isPrevious = false
      return true
    }
    const { history } = this
    if (!history.find(words[at + olderAt]!, revision)) return false
    this.main = history.main
    this.sub = history.sub
    this.isTombstone = history.isTombstone
    this.isNewest = false
    this.isPrevious = history.isFirst
    return true
  }

  /** Whether the key exists at `revision`. */
  isLiveAt(handle: number, revision: number): boolean {
    return this.findAt(handle, revision) && !this.isTombstone
  }

  /**
   * Forgets the revisions that a compaction at `revision` removes: all older than the newest one with main ≤
   * `revision`, and that one too if it is a tombstone below `revision`. False if nothing is left of the key; the
   * caller then removes it.
   */
  compact(handle: number, revision: number): boolean {
    const words = this.arena.words[handle >>> chunkShift]!
    const at = handle & chunkMask
    const older = words[at + olderAt]!
    if (!this.findAt(handle, revision)) return true
    const keepIt = !this.isTombstone || this.main === revision
    if (!this.isNewest) words[at + olderAt] = this.history.dropOlder(older, revision, keepIt)
    else if (!keepIt) return false
    else if (older !== 0) {
      this.history.freeChain(older)
      words[at + olderAt] = 0
    }
    return true
  }

  remove(handle: number): void {
    const words = this.arena.words[handle >>> chunkShift]!
    const at = handle & chunkMask
    const key = entryKey(this.arena, handle)
    this.history.freeChain(words[at + olderAt]!)
    this.table.remove(this.hashOf(key, 0, key.length), handle)
    this.tree.remove(handle)
    this.arena.free(handle)
  }

  /** From here on new entries are found by key only, and not in order, until `build` is through. */
  beginBulk(): void {
    assert(this.table.size === 0, 'only an empty index is bulk-loaded')
    this.unsorted = []
  }

  /** Sorts the entries and fills the tree; yields keys done. Nothing may be added meanwhile. */
  *build(sliceKeys: number): Generator<number, void> {
    const { unsorted } = this
    if (unsorted === undefined) return
    const handles = Uint32Array.from(unsorted)
    this.unsorted = undefined
    yield* sortKeys(this.arena, handles, sliceKeys)
    yield* this.tree.build(handles, sliceKeys)
  }
}
