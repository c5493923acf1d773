/** The public shapes of watching. */

import type { KeyRange, KeyValue, StepBudget } from '../contract.ts'

export interface WatchRequest extends KeyRange {
  /** First revision of interest; 0 or absent: what comes after the current revision. May lie in the future. */
  readonly startRevision?: number
  readonly noPut?: boolean
  readonly noDelete?: boolean
  /** Events carry the pair before the change. */
  readonly previous?: boolean
  /** Absent: the stream's next free number, from 0. */
  readonly id?: number
}

/** One change as bytes, encoded once and shared by all watchers: must not be changed. */
export interface EncodedEvent {
  /** Tag, length and Event, as it stands in WatchResponse.events (field 11). */
  readonly bytes: Uint8Array
  readonly isDelete: boolean
  readonly revision: number
}

export interface DecodedEvent {
  readonly isDelete: boolean
  readonly kv: KeyValue
  readonly previous: KeyValue | undefined
}

/** Events of whole revisions, in order. */
export interface WatchBatch {
  /** For the header: everything this watcher wants up to here is in this batch or was delivered before. */
  readonly revision: number
  readonly events: readonly EncodedEvent[]
  /** Sum of the events' bytes. */
  readonly byteLength: number
}

export type WatcherState =
  /** Gets events as they happen, or waits for a start revision in the future. */
  | 'synced'
  /** Has to be caught up by `step`. */
  | 'unsynced'
  /** Its consumer was full; one batch is parked until `resume`. */
  | 'slow'
  /** Compacted away or cancelled. */
  | 'ended'

export interface Watcher {
  readonly id: number
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array | undefined
  readonly startRevision: number
  readonly state: WatcherState
  /** Everything below was delivered (or filtered out). */
  readonly nextRevision: number
}

/** What takes the events of one watch stream. Called from within `end`, `step`, `resume` and nothing else. */
export interface WatchConsumer {
  /**
   * False: no room; the batch is kept, and nothing more comes for this watcher until `resume`. Must not write to the
   * store; may open and cancel watchers.
   */
  deliver(watcher: Watcher, batch: WatchBatch): boolean
  /** The watcher needs revisions that are compacted away. It is gone from the stream afterwards, its id stays taken. */
  compacted(watcher: Watcher, compactRevision: number): void
}

/** The watchers of one client stream: they share ids and progress. */
export interface WatchStream {
  readonly size: number
  /**
   * Nothing is delivered before the next write or `step`, so the host can announce the watcher first. Throws
   * `EMPTY_WATCH_RANGE`, `DUPLICATE_WATCH_ID`, or `COMPACTED` for a negative start revision. A start below the compact
   * revision is announced through `compacted` by the next `step`.
   */
  watch(request: WatchRequest): Watcher
  /** Frees the id. False if there is no such watcher (nor one that was compacted away). */
  cancel(id: number): boolean
  get(id: number): Watcher | undefined
  /** The consumer has room again, for one watcher or for all of the stream. The next `step` delivers. */
  resume(id?: number): void
  /** The revision for an answer to a progress request, or `undefined` if it must be dropped. */
  progressRevision(): number | undefined
  /** The revision for a progress notification of one watcher, or `undefined` if it is behind or in the future. */
  watcherProgress(id: number): number | undefined
  watchers(): IterableIterator<Watcher>
  /** Cancels everything. Idempotent. */
  close(): void
}

export interface WatchStatistics {
  readonly streams: number
  readonly watchers: number
  readonly unsynced: number
  readonly slow: number
  /** Events that consumers have taken since the hub was made. */
  readonly events: number
  /** Events in parked batches. */
  readonly parkedEvents: number
}

export interface WatchHub {
  openStream(consumer: WatchConsumer): WatchStream
  /** Publishes what a big transaction left over and catches up watchers. True when there is nothing to do now. */
  step(budget?: StepBudget): boolean
  /** Whether `step` has anything to do. */
  readonly pending: boolean
  statistics(): WatchStatistics
  /**
   * Moves every stream to the hub of another store (installed from a snapshot), at once, and lets its `step` take over the
   * watchers: all have to catch up there; those whose start lies in its future wait. This hub is not used any more.
   */
  moveTo(hub: WatchHub): void
}
