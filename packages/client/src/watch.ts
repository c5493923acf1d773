import type { Event } from '@kvs/proto/mvcc'
import {
  type ResponseHeader,
  WatchCreateRequestFilterType,
  type WatchCreateRequestInit,
  type WatchResponse,
} from '@kvs/proto/rpc'
import { KvsError } from './errors.ts'
import { type Range, rangeOf } from './keys.ts'
import { watcherEventsMax } from './limits.ts'
import { Queue } from './queue.ts'

export interface WatchOptions {
  /** The first revision of interest; absent: what comes after the server took the watch. */
  readonly startRevision?: number | undefined
  /** Events carry the pair as it was before. */
  readonly prevKv?: boolean | undefined
  /** The server reports its revision now and then when there are no events. */
  readonly progressNotify?: boolean | undefined
  /** Leaves out puts, or deletions. */
  readonly noPut?: boolean | undefined
  readonly noDelete?: boolean | undefined
  /** Ends with `NO_LEADER` when the server loses its leader. */
  readonly requireLeader?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** What the server sent at once. No events: all up to `header.revision` was delivered (a progress notification). */
export interface WatchUpdate {
  readonly header: ResponseHeader
  readonly events: readonly Event[]
}

/** What a watcher needs of the stream it lives on. */
export interface WatchStreamPort {
  add(watcher: ClientWatcher): void
  remove(watcher: ClientWatcher): void
  /** Gives the watch on the server up; `resume` asks for it again from `nextRevision`. */
  park(watcher: ClientWatcher): void
  resume(watcher: ClientWatcher): void
  requestProgress(): void
}

/**
 * One watch: `for await (const { events } of watcher)`. It outlives connections: after a loss it goes on with the revision
 * that follows the last one seen, so nothing is missed and nothing comes twice. The loop ends after `close`, and throws
 * `KvsError` when the server ends the watch (`COMPACTED`: what should have come next is gone).
 *
 * Updates wait in the watcher. When many events wait because the loop is slow, the watcher leaves the stream and comes back,
 * from where it was, once they were taken: it neither delays other watchers nor fills the memory.
 */
export class ClientWatcher implements AsyncIterable<WatchUpdate> {
  readonly #stream: WatchStreamPort
  readonly #queue: Queue<WatchUpdate>
  readonly #request: WatchCreateRequestInit
  readonly #signal: AbortSignal | undefined
  readonly #created: Promise<void>
  #resolveCreated: () => void = () => {}
  #rejectCreated: (error: KvsError) => void = () => {}
  #nextRevision: number
  #fragments: Event[] = []
  #waitingEvents = 0
  #taken: number[] = []
  #parked = false
  #closed = false

  constructor(stream: WatchStreamPort, range: Range, options: WatchOptions) {
    this.#stream = stream
    this.#queue = new Queue({ onTaken: () => this.#wasTaken(), onReturn: () => this.close() })
    this.#nextRevision = options.startRevision ?? 0
    const filters = [
      ...(options.noPut === true ? [WatchCreateRequestFilterType.NOPUT] : []),
      ...(options.noDelete === true ? [WatchCreateRequestFilterType.NODELETE] : []),
    ]
    const { prevKv, progressNotify } = options
    this.#request = { ...rangeOf(range), prevKv, progressNotify, filters, fragment: true }
    this.#created = new Promise((resolve, reject) => {
      this.#resolveCreated = resolve
      this.#rejectCreated = reject
    })
    this.#created.catch(() => {
      // Told to whoever awaits `created`; the loop throws the same error.
    })
    this.#signal = options.signal
    if (options.signal?.aborted === true) this.close()
    else {
      options.signal?.addEventListener('abort', this)
      stream.add(this)
    }
  }

  /** Resolves when the server has taken the watch: events of all later writes will come. */
  get created(): Promise<void> {
    return this.#created
  }

  /** The revision with which the watch goes on after a loss of the connection; 0 before the server took it. */
  get nextRevision(): number {
    return this.#nextRevision
  }

  get closed(): boolean {
    return this.#closed
  }

  [Symbol.asyncIterator](): AsyncIterator<WatchUpdate> {
    return this.#queue
  }

  /** The events alone, one by one. */
  async *events(): AsyncGenerator<Event, void, undefined> {
    for await (const update of this.#queue) yield* update.events
  }

  /** Asks the server for its revision: an update without events follows, to every watcher of the stream. */
  requestProgress(): void {
    this.#stream.requestProgress()
  }

  /** Ends the watch. Updates that wait can still be taken. */
  close(): void {
    if (this.#closed) return
    this.#finish(undefined)
    this.#stream.remove(this)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  /** The abort of `signal`. */
  handleEvent(): void {
    this.close()
  }

  /** @internal The request that begins, or goes on with, this watch. */
  createRequest(): WatchCreateRequestInit {
    return { ...this.#request, startRevision: this.#nextRevision }
  }

  /** @internal */
  onCreated(header: ResponseHeader): void {
    this.#fragments = []
    if (this.#nextRevision === 0) this.#nextRevision = header.revision + 1
    this.#resolveCreated()
  }

  /** @internal One response for this watcher, which is neither the first nor the last. */
  onResponse(response: WatchResponse, header: ResponseHeader): void {
    if (response.events.length === 0) {
      this.#nextRevision = Math.max(this.#nextRevision, header.revision + 1)
      this.#deliver({ header, events: [] })
      return
    }
    if (response.fragment || this.#fragments.length > 0) this.#fragments.push(...response.events)
    if (response.fragment) return
    const events = this.#fragments.length > 0 ? this.#fragments : response.events
    this.#fragments = []
    const last = events.at(-1)?.kv?.modRevision ?? header.revision
    this.#nextRevision = Math.max(this.#nextRevision, last + 1)
    this.#deliver({ header, events })
  }

  /** @internal The server, or the loss of it, ends the watch. */
  onFailure(error: KvsError): void {
    this.#finish(error)
  }

  #finish(error: KvsError | undefined): void {
    this.#closed = true
    this.#signal?.removeEventListener('abort', this)
    this.#rejectCreated(error ?? new KvsError('CANCELLED', 'the watcher was closed'))
    this.#queue.end(error)
  }

  #deliver(update: WatchUpdate): void {
    this.#taken.push(update.events.length)
    this.#waitingEvents += update.events.length
    this.#queue.push(update)
    if (this.#waitingEvents > watcherEventsMax && !this.#parked && !this.closed) {
      this.#parked = true
      this.#stream.park(this)
    }
  }

  #wasTaken(): void {
    this.#waitingEvents -= this.#taken.shift() ?? 0
    if (!this.#parked || this.#queue.length > 0 || this.closed) return
    this.#parked = false
    this.#stream.resume(this)
  }
}
