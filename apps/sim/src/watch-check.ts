import { type Client, type ClientWatcher, toText } from '@kvs/client'
import { EventType } from '@kvs/client/messages'

/**
 * Watches everything under `key-` from the beginning and replays it: every event once, in the order of revisions, and in
 * the end the same keys and values as a read.
 */
export class WatchCheck {
  readonly problems: string[] = []
  events = 0
  readonly #client: Client
  readonly #state = new Map<string, string>()
  readonly #watcher: ClientWatcher
  #revision = 0
  #done: Promise<void>

  constructor(client: Client) {
    this.#client = client
    this.#watcher = client.watch({ prefix: 'key-' }, { startRevision: 1 })
    this.#done = this.#follow()
  }

  /** Waits until everything up to `revision` has come, then compares with a read. */
  async compare(pause: () => Promise<void>): Promise<void> {
    const { kvs } = await this.#client.range({ prefix: 'key-' })
    const last = Math.max(0, ...kvs.map(kv => kv.modRevision))
    for (let tries = 0; this.#revision < last && tries < 1000; tries++) await pause()
    const wanted = kvs.map(kv => `${toText(kv.key)}=${toText(kv.value)}`)
    const got = [...this.#state].map(([key, value]) => `${key}=${value}`)
    if (got.sort().join() !== wanted.sort().join()) {
      this.problems.push(`the watch leads to [${got.join(' ')}], a read to [${wanted.join(' ')}]`)
    }
    this.#watcher.close()
    await this.#done
  }

  async #follow(): Promise<void> {
    for await (const event of this.#watcher.events()) {
      const { kv } = event
      if (kv === undefined) continue
      this.events++
      if (kv.modRevision <= this.#revision) {
        this.problems.push(`an event of revision ${kv.modRevision} came after one of ${this.#revision}`)
      }
      this.#revision = kv.modRevision
      if (event.type === EventType.DELETE) this.#state.delete(toText(kv.key))
      else this.#state.set(toText(kv.key), toText(kv.value))
    }
  }
}
