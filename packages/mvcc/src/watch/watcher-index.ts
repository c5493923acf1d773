/** Finds the watchers of a key: those of the key alone by hash, those of intervals by a tree. A hot room. */

import { equalBytes } from '../bytes.ts'
import { IntervalTree } from './interval-tree.ts'
import type { HubWatcher } from './watcher.ts'

/** The watchers of one key; most keys have one, and pay for no set. */
interface KeyGroup {
  readonly key: Uint8Array
  only: HubWatcher | undefined
  several: Set<HubWatcher> | undefined
  /** Another key with the same hash. */
  next: KeyGroup | undefined
}

export class WatcherIndex {
  private readonly hashOf: (key: Uint8Array) => number
  private readonly groups = new Map<number, KeyGroup>()
  private readonly intervals = new IntervalTree<HubWatcher>()
  size = 0

  constructor(hashOf: (key: Uint8Array) => number) {
    this.hashOf = hashOf
  }

  add(watcher: HubWatcher): void {
    this.size++
    if (watcher.interval !== undefined) {
      this.intervals.add(watcher.interval, watcher)
      return
    }
    const hash = this.hashOf(watcher.key) | 0
    const first = this.groups.get(hash)
    const group = findGroup(first, watcher.key)
    if (group === undefined) {
      this.groups.set(hash, { key: watcher.key, only: watcher, several: undefined, next: first })
    } else if (group.several !== undefined) group.several.add(watcher)
    else {
      group.several = new Set([group.only!, watcher])
      group.only = undefined
    }
  }

  remove(watcher: HubWatcher): void {
    this.size--
    if (watcher.interval !== undefined) {
      this.intervals.remove(watcher.interval, watcher)
      return
    }
    const hash = this.hashOf(watcher.key) | 0
    const first = this.groups.get(hash)
    const group = findGroup(first, watcher.key)
    if (group === undefined) return
    if (group.several !== undefined) {
      group.several.delete(watcher)
      if (group.several.size > 0) return
    } else if (group.only !== watcher) return
    const rest = without(first, group)
    if (rest === undefined) this.groups.delete(hash)
    else this.groups.set(hash, rest)
  }

  /** Appends the watchers of the key to `found`, in no particular order. */
  collect(key: Uint8Array, hash: number, found: HubWatcher[]): void {
    if (this.groups.size > 0) {
      const group = findGroup(this.groups.get(hash | 0), key)
      if (group !== undefined) {
        if (group.several === undefined) found.push(group.only!)
        else for (const watcher of group.several) found.push(watcher)
      }
    }
    if (!this.intervals.isEmpty) this.intervals.collect(key, found)
  }
}

function findGroup(first: KeyGroup | undefined, key: Uint8Array): KeyGroup | undefined {
  let group = first
  while (group !== undefined && !equalBytes(group.key, key)) group = group.next
  return group
}

function without(first: KeyGroup | undefined, gone: KeyGroup): KeyGroup | undefined {
  if (first === undefined) return undefined
  if (first === gone) return first.next
  first.next = without(first.next, gone)
  return first
}
