/**
 * One pass over the records that a group of watchers missed, from the lowest revision any of them needs to the current
 * one, in slices. Whoever takes everything is synced at the end; whoever is full leaves the pass.
 */

import { RecordScan } from '../record-scan.ts'
import type { EncodedEvent } from './contract.ts'
import { batchOf, encodeEvent } from './event.ts'
import type { Hub } from './hub.ts'
import { previousOf } from './previous.ts'
import type { HubWatcher } from './watcher.ts'
import { WatcherIndex } from './watcher-index.ts'

/** What a watcher of the pass is to get, not yet handed over. */
interface Collected {
  events: EncodedEvent[]
  bytes: number
  /** Main revisions in `events`, and the last of them. */
  revisions: number
  last: number
}

export class CatchUp {
  private readonly hub: Hub
  private readonly group = new Map<HubWatcher, Collected>()
  private readonly index: WatcherIndex
  private readonly found: HubWatcher[] = []
  /** Watchers whose batch is large enough to go at the next new revision. */
  private readonly full = new Set<HubWatcher>()
  private scan: RecordScan | undefined
  /** Every revision below this was read. */
  private position = Number.POSITIVE_INFINITY
  private current = 0

  constructor(hub: Hub) {
    this.hub = hub
    this.index = new WatcherIndex(key => hub.hashOf(key))
  }

  /** Takes watchers in. Separate from the constructor because it calls consumers, which may cancel others. */
  begin(): void {
    const { hub } = this
    for (const watcher of hub.unsynced) {
      if (this.group.size >= hub.source.reader.limits.catchUpWatchers) break
      hub.unsynced.delete(watcher)
      this.admit(watcher)
    }
  }

  get size(): number {
    return this.group.size
  }

  private admit(watcher: HubWatcher): void {
    const { hub } = this
    if (watcher.ownNext < hub.source.compactRevision) {
      hub.endCompacted(watcher)
      return
    }
    if (watcher.interval === undefined && this.missedNothing(watcher)) {
      watcher.ownNext = hub.source.revision + 1
      hub.settle(watcher)
      return
    }
    this.group.set(watcher, { events: [], bytes: 0, revisions: 0, last: 0 })
    this.index.add(watcher)
    this.position = Math.min(this.position, watcher.ownNext)
  }

  /** The index knows that nothing happened to a single key since: no need to read records. */
  private missedNothing(watcher: HubWatcher): boolean {
    const { index } = this.hub.source.reader
    const { key } = watcher
    const handle = index.lookup(key, 0, key.length)
    return handle === 0 || index.modRevision(handle) < watcher.ownNext
  }

  /** The watcher is cancelled, or full. */
  drop(watcher: HubWatcher): void {
    if (!this.group.delete(watcher)) return
    this.index.remove(watcher)
    this.full.delete(watcher)
  }

  /** One slice of `records`; true when the pass is over. */
  step(records: number, isDue?: () => boolean): boolean {
    const { source } = this.hub
    if (this.group.size === 0) return true
    if (this.position < source.compactRevision) return this.abandon()
    this.scan ??= new RecordScan(source.reader, { from: this.position })
    const { scan } = this
    let beyond = false
    let left = records
    const visit = (_key: Uint8Array, value: Uint8Array): boolean => {
      if (scan.main > source.revision) {
        beyond = true
        return true
      }
      if (scan.main !== this.current) this.beginRevision(scan.main)
      left -= this.match(scan, value)
      return left <= 0 || this.group.size === 0
    }
    const ended = scan.step(records, visit, isDue)
    if (!ended && !beyond) return this.group.size === 0
    this.finish()
    return true
  }

  /** A compaction has overtaken the pass: what is complete is handed over, the rest is for the next pass to judge. */
  private abandon(): boolean {
    for (const [watcher, collected] of [...this.group]) {
      this.dropPart(collected)
      if (collected.events.length > 0 && !this.flush(watcher, collected)) continue
      watcher.ownNext = Math.max(watcher.ownNext, this.position)
      this.drop(watcher)
      this.hub.settle(watcher)
    }
    return true
  }

  /** Takes the events of the revision that is not read to its end out again. */
  private dropPart(collected: Collected): void {
    if (collected.last !== this.current) return
    while (collected.events.at(-1)?.revision === this.current) collected.events.pop()
    collected.last = collected.events.at(-1)?.revision ?? 0
  }

  private beginRevision(main: number): void {
    for (const watcher of this.full) {
      const collected = this.group.get(watcher)
      if (collected !== undefined) this.flush(watcher, collected)
    }
    this.full.clear()
    this.current = this.position = main
  }

  /** Gives the record to all who want it; returns how many looked at it. */
  private match(scan: RecordScan, value: Uint8Array): number {
    const { hub, found } = this
    const { view, index } = hub.source.reader
    view.read(value, 0, value.length)
    const key = value.subarray(view.keyStart, view.keyEnd)
    const isCreate = !scan.isTombstone && view.createRevision === scan.main
    const { main, isTombstone: isDelete } = scan
    found.length = 0
    this.index.collect(key, index.hashOf(key, 0, key.length), found)
    let plain: EncodedEvent | undefined
    let withPrevious: EncodedEvent | undefined
    const encode = (previous: Uint8Array | undefined): EncodedEvent =>
      encodeEvent({ isDelete, revision: main, record: value, previous })
    for (const watcher of found) {
      if (!watcher.wants(isDelete, main)) continue
      if (!watcher.previous || isCreate) {
        plain ??= encode(undefined)
        this.collect(watcher, plain)
      } else {
        withPrevious ??= encode(previousOf(hub.source, key, main))
        this.collect(watcher, withPrevious)
      }
    }
    return found.length >>> 2
  }

  private collect(watcher: HubWatcher, event: EncodedEvent): void {
    const collected = this.group.get(watcher)!
    const { catchUpRevisions, catchUpBytes } = this.hub.source.reader.limits
    collected.events.push(event)
    collected.bytes += event.bytes.length
    if (event.revision !== collected.last) collected.revisions++
    collected.last = event.revision
    if (collected.revisions >= catchUpRevisions || collected.bytes >= catchUpBytes) this.full.add(watcher)
  }

  /** Hands over what was collected, whole revisions; false if the watcher has left the pass. */
  private flush(watcher: HubWatcher, collected: Collected): boolean {
    const { events, last } = collected
    collected.events = []
    collected.bytes = collected.revisions = 0
    return this.hub.handOver(watcher, batchOf(last, events), last + 1)
  }

  /** Everything up to the current revision was read. */
  private finish(): void {
    const { hub } = this
    const { revision } = hub.source
    for (const [watcher, { events }] of [...this.group]) {
      if (watcher.state === 'ended') continue
      watcher.ownNext = revision + 1
      if (events.length > 0 && !hub.handOver(watcher, batchOf(revision, events), revision + 1)) continue
      this.drop(watcher)
      hub.settle(watcher)
    }
  }
}
