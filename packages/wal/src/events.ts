/** What the log did on its own accord; for the host's log. */
export type WalEvent =
  /** A name in the directory that is neither a segment nor a spare. */
  | { readonly type: 'file-ignored'; readonly file: string }
  /** Bytes behind the end, left by a power cut, were overwritten with zeros. */
  | { readonly type: 'tail-zeroed'; readonly file: string; readonly offsetBytes: number; readonly lostBytes: number }
  /** The last record was torn by a power cut; the segment was copied to `copy` and cut at `offsetBytes`. */
  | {
      readonly type: 'tail-repaired'
      readonly file: string
      readonly offsetBytes: number
      readonly lostBytes: number
      readonly copy: string
    }
  | { readonly type: 'segment-created'; readonly file: string }
  /** The next segment could not be prepared (`error`, most often a full disk); the log goes on in the current one. */
  | { readonly type: 'spare-failed'; readonly error: unknown }
  | { readonly type: 'segment-purged'; readonly file: string }
  /** A log that could not be made durable was moved aside. */
  | { readonly type: 'directory-broken'; readonly path: string }

export type WalEventSink = (event: WalEvent) => void

/** What the log's disk operations take, for whoever collects metrics; without it the log never looks at a clock. */
export interface WalTiming {
  /** Monotonic milliseconds. */
  now(): number
  /** A batch was handed to the file. */
  wrote(durationMs: number): void
  /** What was written is durable. */
  synced(durationMs: number): void
}

/** One line for a log. */
export function describeWalEvent(event: WalEvent): string {
  switch (event.type) {
    case 'file-ignored':
      return `ignored file '${event.file}' in the log directory`
    case 'tail-zeroed':
      return `zeroed ${event.lostBytes} bytes of an unfinished batch in '${event.file}' at position ${event.offsetBytes}`
    case 'tail-repaired':
      return `repaired '${event.file}': cut ${event.lostBytes} bytes of an unfinished batch at position ${event.offsetBytes}, copy in '${event.copy}'`
    case 'segment-created':
      return `created segment '${event.file}'`
    case 'spare-failed':
      return `could not prepare the next segment: ${event.error instanceof Error ? event.error.message : String(event.error)}`
    case 'segment-purged':
      return `purged segment '${event.file}'`
    case 'directory-broken':
      return `moved an unfinished log to '${event.path}'`
  }
}
