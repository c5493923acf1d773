import type { FloodBudgets } from './flood-guard.ts'

/** What one peer may cost. All bounds hold per connection. */
export interface Http2Limits {
  /** Streams the peer may have open at once; more are refused (REFUSED_STREAM). */
  readonly maxConcurrentStreams: number
  /**
   * A decoded header list: names, values and 32 bytes per field. Larger ones fail their stream, not the connection, unless it
   * is 16 times as large: nobody means that, and to unfold it to its end would be what an attacker wants.
   */
  readonly maxHeaderListBytes: number
  readonly maxHeaderFields: number
  /** A header block as sent. More ends the connection: its compression state would be lost (CONTINUATION flood). */
  readonly maxHeaderBlockBytes: number
  readonly maxHeaderBlockFrames: number
  /** Receive window of a stream, and of the connection. */
  readonly streamWindowBytes: number
  readonly connectionWindowBytes: number
  /** Received bytes that the owner may keep before the connection's window is no longer renewed. */
  readonly maxHeldBytes: number
  /**
   * Bytes that wait for a peer. In the pipe: beyond it we stop reading as well. In the queues of streams whose windows are
   * shut: beyond it further unary calls wait before they are handled.
   */
  readonly maxQueuedOutputBytes: number
  /** Queued bytes of a stream above which its producer should wait. */
  readonly streamBufferBytes: number
  /** From the start to the client preface and the first SETTINGS. */
  readonly prefaceTimeoutMs: number
  /** From our SETTINGS to its acknowledgement. */
  readonly settingsTimeoutMs: number
  /** From HEADERS to END_HEADERS. */
  readonly headerBlockTimeoutMs: number
  /** For a peer beyond that limit, or with a full pipe, to take anything worth mentioning. */
  readonly stallTimeoutMs: number
  /** How long the peer may take to close after our last GOAWAY. */
  readonly closeTimeoutMs: number
  /** Frames of one chunk are handled for so long at once: then it is the turn of others. */
  readonly receiveSliceMs: number
  /** Time in each turn of the clock for all connections together that have more than that. */
  readonly sharedSliceMs: number
  readonly floodIntervalMs: number
  /** Frames per interval. */
  readonly floodBudgets: FloodBudgets
}

/**
 * Where the figures come from: RFC 9113, 10.5 (what to bound); header limits are those of common servers (16 KiB, 100 fields); 200
 * resets per second with a burst of 1 000 let a client cancel all its calls at once; the other budgets are a hundred times what
 * grpc-go, grpc-js and gRPC's C core send and cost below 2 % of a core.
 */
export const defaultHttp2Limits: Http2Limits = {
  maxConcurrentStreams: 10_000,
  maxHeaderListBytes: 16_384,
  maxHeaderFields: 100,
  maxHeaderBlockBytes: 65_536,
  maxHeaderBlockFrames: 16,
  streamWindowBytes: 1_048_576,
  connectionWindowBytes: 8_388_608,
  maxHeldBytes: 67_108_864,
  maxQueuedOutputBytes: 16_777_216,
  streamBufferBytes: 1_048_576,
  prefaceTimeoutMs: 5_000,
  settingsTimeoutMs: 10_000,
  headerBlockTimeoutMs: 10_000,
  stallTimeoutMs: 60_000,
  closeTimeoutMs: 1_000,
  receiveSliceMs: 0.5,
  sharedSliceMs: 2,
  floodIntervalMs: 5_000,
  floodBudgets: {
    RESET: 1_000,
    SETTINGS: 100,
    PING: 10_000,
    EMPTY: 1_000,
    PRIORITY: 2_000,
    WINDOW_UPDATE: 20_000,
    STRAY: 20_000,
    GOAWAY: 100,
    OVERSIZE: 100,
  },
}
