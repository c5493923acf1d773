/** Finds the watchers of a key: those of the key alone by hash, those of intervals by a tree. A hot room. */

import { equalBytes } from '../bytes.ts'
import { IntervalTree } from './interval-tree.ts'
import { Members } from './members.ts'
import type { HubWatcher } from './watcher.ts'

/** The watchers of one key, or one of the keys with a hash. */
class KeyGroup extends Members<HubWatcher> {
  readonly key: Uint8Array
  /** Another key with the same hash. */
  next: KeyGroup | undefined

  constructor(first: HubWatcher, next: KeyGroup | undefined) {
    super(first)
    this.key = first.key
    this.next = next
  }
}

export class WatcherIndex {
  private readonly hashOf: (key: Uint8Array) => number
  /** By hash of the key. A watcher that is alone with its hash, as nearly all are, stands there itself. */
  private readonly groups = new Map<number, KeyGroup | HubWatcher>()
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
    const { key } = watcher
    const hash = this.hashOf(key) | 0
    const known = this.groups.get(hash)
    if (known === undefined) {
      this.groups.set(hash, watcher)
      return
    }
    const first = known instanceof KeyGroup ? known : new KeyGroup(known, undefined)
    const group = findGroup(first, key)
    if (group === undefined) this.groups.set(hash, new KeyGroup(watcher, first))
    else {
      group.add(watcher)
      if (first !== known) this.groups.set(hash, first)
    }
  }

  remove(watcher: HubWatcher): void {
    this.size--
    if (watcher.interval !== undefined) {
      this.intervals.remove(watcher.interval, watcher)
      return
    }
    const { key } = watcher
    const hash = this.hashOf(key) | 0
    const first = this.groups.get(hash)
    if (!(first instanceof KeyGroup)) {
      if (first === watcher) this.groups.delete(hash)
      return
    }
    const group = findGroup(first, key)
    if (group === undefined) return
    group.delete(watcher)
    if (!group.isEmpty) return
    const rest = without(first, group)
    if (rest === undefined) this.groups.delete(hash)
    else this.groups.set(hash, rest)
  }

  /** Appends the watchers of the key to `found`, in no particular order. */
  collect(key: Uint8Array, hash: number, found: HubWatcher[]): void {
    if (this.groups.size > 0) {
      const known = this.groups.get(hash | 0)
      if (known instanceof KeyGroup) findGroup(known, key)?.collect(found)
      else if (known?.hasKey(key) === true) found.push(known)
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
