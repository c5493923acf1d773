import { type Client, type ClientWatcher, toText } from '@kvs/client'
import { EventType } from '@kvs/client/messages'
import type { Change, History } from './history.ts'

/** Everything that is written lies under this. */
export const prefix = 'sim/'

export interface WatchParts {
  readonly history: History
  readonly saw: (change: Change) => void
  /** Calls back after a while. */
  readonly later: (then: () => void) => void
}

/** Watches everything from the beginning at one member: every revision once, whole, in order, and none left out. */
export class WatchFollower {
  readonly problems: string[] = []
  /** Everything up to here was delivered. */
  revision = 1
  events = 0
  readonly #who: string
  readonly #history: History
  readonly #saw: (change: Change) => void
  readonly #client: Client
  readonly #later: (then: () => void) => void
  #watcher: ClientWatcher

  constructor(who: string, client: Client, { history, saw, later }: WatchParts) {
    this.#later = later
    this.#who = who
    this.#history = history
    this.#saw = saw
    this.#client = client
    this.#watcher = this.#watch()
    this.#follow().catch(error => this.#ended(error as Error))
  }

  #watch(): ClientWatcher {
    return this.#client.watch({ prefix }, { startRevision: this.revision + 1, progressNotify: true })
  }

  /** A member that comes back as a learner sends nobody to another one. */
  #ended(error: Error): void {
    if (!/not supported for learner/.test(error.message)) {
      this.problems.push(`${this.#who} ended: ${error.message}`)
      return
    }
    this.#later(() => {
      this.#watcher = this.#watch()
      this.#follow().catch(again => this.#ended(again as Error))
    })
  }

  close(): void {
    this.#watcher.close()
  }

  async #follow(): Promise<void> {
    for await (const { header, events } of this.#watcher) {
      if (events.length === 0) this.#progressed(header.revision)
      const revisions = new Map<number, Change[]>()
      for (const { kv, type } of events) {
        if (kv === undefined) continue
        const value = type === EventType.DELETE ? undefined : toText(kv.value)
        const change = { key: toText(kv.key), value }
        revisions.set(kv.modRevision, [...(revisions.get(kv.modRevision) ?? []), change])
        this.#saw(change)
      }
      for (const [revision, changes] of revisions) this.#took(revision, changes)
    }
  }

  #took(revision: number, changes: readonly Change[]): void {
    this.events += changes.length
    if (revision !== this.revision + 1) {
      this.problems.push(`${this.#who} got revision ${revision} after revision ${this.revision}`)
    }
    this.revision = Math.max(this.revision, revision)
    this.#history.add(revision, changes, this.#who)
  }

  /** The server says that everything up to here was sent. */
  #progressed(revision: number): void {
    if (revision <= this.revision) return
    this.problems.push(`${this.#who} is told of progress to revision ${revision}, but got only ${this.revision}`)
  }
}
