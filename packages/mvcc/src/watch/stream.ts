/** The watchers of one client stream. */

import { MvccError } from '../errors.ts'
import type { WatchConsumer, Watcher, WatchRequest, WatchStream } from './contract.ts'
import type { Hub } from './hub.ts'
import { HubWatcher } from './watcher.ts'

export class Stream implements WatchStream {
  readonly consumer: WatchConsumer
  private current: Hub
  private readonly byId = new Map<number, HubWatcher>()
  private nextId = 0

  constructor(hub: Hub, consumer: WatchConsumer) {
    this.current = hub
    this.consumer = consumer
  }

  /** The hub of the store it watches; another one when a snapshot was installed. */
  get hub(): Hub {
    for (let next = this.current.successor; next !== undefined; next = next.successor) this.current = next
    return this.current
  }

  get size(): number {
    return this.byId.size
  }

  get publishedRevision(): number {
    return this.hub.publishedRevision
  }

  watch(request: WatchRequest): Watcher {
    const { startRevision = 0, id = 0 } = request
    if (startRevision < 0) throw new MvccError('COMPACTED', `revision ${startRevision} has never been`)
    if (id !== 0 && this.byId.has(id)) throw new MvccError('DUPLICATE_WATCH_ID', `watch id ${id} is taken`)
    const watcher = new HubWatcher(this, id === 0 ? this.freeId() : id, request)
    if (id === 0) this.nextId = watcher.id + 1
    this.byId.set(watcher.id, watcher)
    this.hub.admit(watcher)
    return watcher
  }

  private freeId(): number {
    let id = this.nextId
    while (this.byId.has(id)) id++
    return id
  }

  cancel(id: number): boolean {
    const watcher = this.byId.get(id)
    if (watcher === undefined) return false
    this.byId.delete(id)
    watcher.hub.dismiss(watcher)
    return true
  }

  get(id: number): Watcher | undefined {
    return this.byId.get(id)
  }

  resume(id?: number): void {
    if (id === undefined) {
      for (const watcher of this.byId.values()) watcher.hub.resume(watcher)
      return
    }
    const watcher = this.byId.get(id)
    watcher?.hub.resume(watcher)
  }

  progressRevision(): number | undefined {
    let live = 0
    for (const watcher of this.byId.values()) {
      if (watcher.state === 'ended') continue
      if (!this.isCurrent(watcher)) return undefined
      live++
    }
    return live > 0 ? this.hub.source.revision : undefined
  }

  watcherProgress(id: number): number | undefined {
    const watcher = this.byId.get(id)
    return watcher !== undefined && this.isCurrent(watcher) ? this.hub.source.revision : undefined
  }

  /** Has got everything up to the current revision, and is not waiting for its start. */
  private isCurrent(watcher: HubWatcher): boolean {
    const { hub } = this
    const { revision } = hub.source
    if (watcher.hub !== hub) return false
    return watcher.state === 'synced' && watcher.startRevision <= revision && this.publishedRevision === revision
  }

  watchers(): IterableIterator<HubWatcher> {
    return this.byId.values()
  }

  close(): void {
    for (const watcher of this.byId.values()) watcher.hub.dismiss(watcher)
    this.byId.clear()
    this.hub.forget(this)
  }
}
