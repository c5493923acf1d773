import { type Client, type ClientWatcher, toText } from '@kvs/client'
import { EventType } from '@kvs/client/messages'
import type { Change, History } from './history.ts'

/** Everything that is written lies under this. */
export const prefix = 'sim/'

/** Watches everything from the beginning at one member: every revision once, whole, in order, and none left out. */
export class WatchFollower {
  readonly problems: string[] = []
  /** Everything up to here was delivered. */
  revision = 1
  events = 0
  readonly #who: string
  readonly #history: History
  readonly #saw: (change: Change) => void
  readonly #watcher: ClientWatcher

  constructor(who: string, client: Client, { history, saw }: { history: History; saw: (change: Change) => void }) {
    this.#who = who
    this.#history = history
    this.#saw = saw
    this.#watcher = client.watch({ prefix }, { startRevision: 1, progressNotify: true })
    this.#follow().catch(error => this.problems.push(`${who} ended: ${(error as Error).message}`))
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
