/** Finds the watchers of a key: those of the key alone by hash, those of intervals by a tree. A hot room. */

import { equalBytes } from '../bytes.ts'
import { IntervalTree } from './interval-tree.ts'
import { Members } from './members.ts'
import type { HubWatcher } from './watcher.ts'

/** The watchers of one key. */
interface KeyGroup {
  readonly key: Uint8Array
  readonly members: Members<HubWatcher>
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
    if (group !== undefined) group.members.add(watcher)
    else this.groups.set(hash, { key: watcher.key, members: new Members(watcher), next: first })
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
    group.members.delete(watcher)
    if (!group.members.isEmpty) return
    const rest = without(first, group)
    if (rest === undefined) this.groups.delete(hash)
    else this.groups.set(hash, rest)
  }

  /** Appends the watchers of the key to `found`, in no particular order. */
  collect(key: Uint8Array, hash: number, found: HubWatcher[]): void {
    if (this.groups.size > 0) {
      findGroup(this.groups.get(hash | 0), key)?.members.collect(found)
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
