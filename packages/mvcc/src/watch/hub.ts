/**
 * Brings changes to watchers. Synced watchers get them as the transaction ends; those that start in the past or fell
 * behind are caught up from the state file; one whose consumer is full keeps the refused batch and waits.
 */

import type { ChangeList } from '../changes.ts'
import type { StepBudget } from '../contract.ts'
import { CatchUp } from './catch-up.ts'
import type { WatchBatch, WatchConsumer, WatchHub, WatchStatistics, WatchStream } from './contract.ts'
import { FanOut } from './fan-out.ts'
import { Publication } from './publication.ts'
import type { HubSource } from './source.ts'
import { Stream } from './stream.ts'
import type { HubWatcher } from './watcher.ts'
import { WatcherIndex } from './watcher-index.ts'

/** Watchers, and streams, that change their hub in the turn in which a snapshot is installed: well below a millisecond. */
const movedAtOnce = 512
/** How often the clock is asked while others move. */
const dueEvery = 64

export class Hub implements WatchHub {
  readonly source: HubSource
  readonly synced: WatcherIndex
  readonly unsynced: Set<HubWatcher> = new Set()
  /** The last revision whose changes have all been handed over. */
  publishedRevision: number
  private readonly slow = new Set<HubWatcher>()
  private readonly resumed = new Set<HubWatcher>()
  private readonly streams = new Set<Stream>()
  private readonly backlog: ChangeList[] = []
  /** The hub of the store that took the place of this one's. */
  successor: Hub | undefined
  /** Hubs of stores before, whose watchers have not all come over. */
  private readonly arrivals: { readonly from: Hub; readonly walk: Generator<undefined> }[] = []
  private publication: Publication | FanOut | undefined
  private catchUp: CatchUp | undefined
  private previousWatchers = 0
  private watchers = 0
  private events = 0

  constructor(source: HubSource) {
    this.source = source
    this.synced = new WatcherIndex(key => this.hashOf(key))
    this.publishedRevision = source.revision
  }

  /** Whether transactions should keep the pairs before their changes. */
  get wantsPrevious(): boolean {
    return this.previousWatchers > 0
  }

  get pending(): boolean {
    const { arrivals, resumed, publication, backlog, unsynced, catchUp } = this
    const publishing = publication !== undefined || backlog.length > 0
    return arrivals.length > 0 || publishing || resumed.size > 0 || unsynced.size > 0 || catchUp !== undefined
  }

  hashOf(key: Uint8Array): number {
    return this.source.reader.index.hashOf(key, 0, key.length)
  }

  // Streams and watchers

  openStream(consumer: WatchConsumer): WatchStream {
    const stream = new Stream(this, consumer)
    this.streams.add(stream)
    return stream
  }

  forget(stream: Stream): void {
    this.streams.delete(stream)
    for (const { from } of this.arrivals) from.streams.delete(stream)
  }

  admit(watcher: HubWatcher): void {
    watcher.ownNext = watcher.startRevision > 0 ? watcher.startRevision : this.source.revision + 1
    this.watchers++
    if (watcher.previous) this.previousWatchers++
    this.settle(watcher)
  }

  /** Where the watcher belongs by the revision it needs next. */
  settle(watcher: HubWatcher): void {
    if (watcher.ownNext > this.source.revision) {
      watcher.state = 'synced'
      this.synced.add(watcher)
    } else {
      watcher.state = 'unsynced'
      this.unsynced.add(watcher)
    }
  }

  /** Takes the watcher out of everything. */
  dismiss(watcher: HubWatcher): void {
    if (watcher.state === 'ended') return
    this.withdraw(watcher)
    watcher.state = 'ended'
    watcher.parked = undefined
    this.watchers--
    if (watcher.previous) this.previousWatchers--
  }

  private withdraw(watcher: HubWatcher): void {
    if (watcher.state === 'synced') this.synced.remove(watcher)
    this.unsynced.delete(watcher)
    this.slow.delete(watcher)
    this.resumed.delete(watcher)
    this.catchUp?.drop(watcher)
  }

  resume(watcher: HubWatcher): void {
    if (watcher.state === 'slow') this.resumed.add(watcher)
  }

  /** Gives a batch to the watcher, which needs `next` afterwards. False if it is not to get more for now. */
  handOver(watcher: HubWatcher, batch: WatchBatch, next: number): boolean {
    watcher.ownNext = next
    const taken = watcher.stream.consumer.deliver(watcher, batch)
    if (taken) this.events += batch.events.length
    if (watcher.state === 'ended') return false
    if (taken) return true
    this.withdraw(watcher)
    watcher.state = 'slow'
    watcher.parked = batch
    this.slow.add(watcher)
    return false
  }

  /** The watcher needs what is compacted away. */
  endCompacted(watcher: HubWatcher): void {
    this.dismiss(watcher)
    watcher.stream.consumer.compacted(watcher, this.source.compactRevision)
  }

  // Publishing

  publish(changes: ChangeList): void {
    if (this.publication !== undefined || this.backlog.length > 0) {
      this.backlog.push(changes)
      return
    }
    if (this.synced.size > 0) {
      const publication = changes.length === 1 ? new FanOut(this, changes) : new Publication(this, changes)
      if (!publication.step(this.source.reader.limits.publishWork)) {
        this.publication = publication
        return
      }
    }
    this.publishedRevision = changes.revision
  }

  // Work left over

  step(budget: StepBudget = {}): boolean {
    const records = budget.records ?? Math.min(this.source.reader.limits.sliceRecords, 2000)
    this.stepArrivals(records, budget.isDue)
    this.retry()
    if (!this.stepPublication(records)) return false
    this.stepCatchUp(records, budget.isDue)
    return !this.pending
  }

  /** Offers parked batches again. */
  private retry(): void {
    for (const watcher of [...this.resumed]) {
      this.resumed.delete(watcher)
      const { parked } = watcher
      if (parked === undefined || watcher.state !== 'slow') continue
      watcher.parked = undefined
      if (!this.handOver(watcher, parked, watcher.ownNext)) continue
      this.slow.delete(watcher)
      this.settle(watcher)
    }
  }

  /** True when no publication is left. */
  private stepPublication(records: number): boolean {
    if (this.publication === undefined) {
      const changes = this.backlog.shift()
      if (changes === undefined) return true
      this.publication = changes.length === 1 ? new FanOut(this, changes) : new Publication(this, changes)
    }
    if (!this.publication.step(records)) return false
    this.publishedRevision = this.publication.revision
    this.publication = undefined
    return this.backlog.length === 0
  }

  private stepCatchUp(records: number, isDue: StepBudget['isDue']): void {
    if (this.catchUp === undefined) {
      if (this.unsynced.size === 0) return
      this.catchUp = new CatchUp(this)
      this.catchUp.begin()
    }
    if (this.catchUp.step(records, isDue)) this.catchUp = undefined
  }

  // Moving to another store

  moveTo(hub: WatchHub): void {
    const target = hub as Hub
    this.successor = target
    const leaving: readonly Hub[] = [...this.arrivals.map(({ from }) => from), this]
    target.arrivals.push(...leaving.map(from => ({ from, walk: from.leave(target) })))
    target.events += this.events
    this.arrivals.length = 0
    this.backlog.length = 0
    this.publication = this.catchUp = undefined
    target.stepArrivals(movedAtOnce)
  }

  /** Moves all that is here, a watcher per step. A stream goes with the last of its watchers. */
  private *leave(target: Hub): Generator<undefined> {
    for (const stream of this.streams) {
      for (const watcher of stream.watchers()) {
        // Some may be in a hub between: this one's watchers were on their way there.
        if (watcher.hub !== target) watcher.hub.moveWatcher(watcher, target)
        yield
      }
      if (this.streams.delete(stream)) target.streams.add(stream)
      yield
    }
  }

  /** What has parted from it stays in its index, which nobody asks any more. */
  private moveWatcher(watcher: HubWatcher, target: Hub): void {
    if (watcher.state === 'ended') return
    const { nextRevision, previous, state } = watcher
    this.watchers--
    target.watchers++
    if (previous) target.previousWatchers++
    watcher.hub = target
    watcher.ownNext = nextRevision
    if (state !== 'slow') return target.settle(watcher)
    this.slow.delete(watcher)
    target.slow.add(watcher)
    // It may have room again since, and will not say so twice.
    if (this.resumed.delete(watcher)) target.resumed.add(watcher)
  }

  /** Takes watchers over from the stores before. */
  private stepArrivals(count: number, isDue?: StepBudget['isDue']): void {
    for (let left = count; left > 0; left--) {
      const [first] = this.arrivals
      if (first === undefined || (left % dueEvery === 0 && left < count && isDue?.() === true)) return
      if (first.walk.next().done === true) this.arrivals.shift()
    }
  }

  statistics(): WatchStatistics {
    const { events } = this
    const sum = { streams: 0, watchers: 0, unsynced: 0, slow: 0, events, parkedEvents: 0 }
    for (const hub of [this, ...this.arrivals.map(({ from }) => from)]) {
      sum.streams += hub.streams.size
      sum.watchers += hub.watchers
      sum.unsynced += hub === this ? this.unsynced.size + (this.catchUp?.size ?? 0) : hub.watchers - hub.slow.size
      sum.slow += hub.slow.size
      for (const { parked } of hub.slow) sum.parkedEvents += parked?.events.length ?? 0
    }
    return sum
  }
}
