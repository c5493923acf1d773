/** Hands one change to the synced watchers of its key: the most common case, without maps, in slices. A hot room. */

import type { ChangeList } from '../changes.ts'
import type { WatchBatch } from './contract.ts'
import { batchOf } from './event.ts'
import { EventMaker } from './event-maker.ts'
import type { Hub } from './hub.ts'
import type { HubWatcher } from './watcher.ts'

export class FanOut {
  readonly revision: number
  private readonly hub: Hub
  private readonly maker: EventMaker
  private readonly found: HubWatcher[] = []
  private at = 0
  /** One batch for all who want no pair before the change, one for those who do. */
  private plain: WatchBatch | undefined
  private withPrevious: WatchBatch | undefined

  constructor(hub: Hub, changes: ChangeList) {
    this.hub = hub
    this.revision = changes.revision
    this.maker = new EventMaker(hub.source, changes, 0)
    hub.synced.collect(this.maker.key, changes.hash(0), this.found)
  }

  /** Serves `budget` watchers; true at the end. */
  step(budget: number): boolean {
    const { found, maker, revision, hub } = this
    const end = Math.min(found.length, this.at + budget)
    while (this.at < end) {
      const watcher = found[this.at++]!
      // It may have been cancelled meanwhile, or be new and later than this change.
      if (watcher.state !== 'synced' || !watcher.wants(maker.isDelete, revision)) continue
      hub.handOver(watcher, watcher.previous ? this.batchWithPrevious() : this.plainBatch(), revision + 1)
    }
    return this.at >= found.length
  }

  private plainBatch(): WatchBatch {
    this.plain ??= batchOf(this.revision, [this.maker.plain()])
    return this.plain
  }

  private batchWithPrevious(): WatchBatch {
    this.withPrevious ??= batchOf(this.revision, [this.maker.withPrevious()])
    return this.withPrevious
  }
}
