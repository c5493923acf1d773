/** Hands the changes of one big transaction to the synced watchers, in slices; each gets one batch. */

import type { ChangeList } from '../changes.ts'
import type { EncodedEvent } from './contract.ts'
import { batchOf } from './event.ts'
import { EventMaker } from './event-maker.ts'
import type { Hub } from './hub.ts'
import type { HubWatcher } from './watcher.ts'

export class Publication {
  readonly revision: number
  private readonly hub: Hub
  private readonly changes: ChangeList
  private readonly events = new Map<HubWatcher, EncodedEvent[]>()
  private readonly found: HubWatcher[] = []
  private at = 0
  private deliveries: IterableIterator<[HubWatcher, EncodedEvent[]]> | undefined

  constructor(hub: Hub, changes: ChangeList) {
    this.hub = hub
    this.changes = changes
    this.revision = changes.revision
  }

  /** One slice of about `budget` changes, matches or deliveries; true at the end. */
  step(budget: number): boolean {
    let left = budget
    while (this.at < this.changes.length && left > 0) left -= 1 + this.match(this.at++)
    if (this.at < this.changes.length) return false
    this.deliveries ??= this.events.entries()
    for (; left > 0; left--) {
      const next = this.deliveries.next()
      if (next.done === true) return true
      const [watcher, events] = next.value
      if (watcher.state === 'synced') this.hub.handOver(watcher, batchOf(this.revision, events), this.revision + 1)
    }
    return false
  }

  /** How many watchers the change has. */
  private match(index: number): number {
    const { hub, changes, found } = this
    if (hub.synced.size === 0) return 0
    const maker = new EventMaker(hub.source, changes, index)
    found.length = 0
    hub.synced.collect(maker.key, changes.hash(index), found)
    for (const watcher of found) {
      if (!watcher.wants(maker.isDelete, this.revision)) continue
      const event = watcher.previous ? maker.withPrevious() : maker.plain()
      const events = this.events.get(watcher)
      if (events === undefined) this.events.set(watcher, [event])
      else events.push(event)
    }
    return found.length
  }
}
