import type { Metadata, MetadataInit, Status, StatusCode } from './status.ts'

/**
 * What a server gives the engine: a table from method paths (`/etcdserverpb.KV/Put`) to handlers, and what a handler
 * gets. Messages are bytes: the engine neither decodes nor copies them.
 *
 * No promise, closure or event emitter per call: a handler is called with the bytes of the request where they lie
 * (`body[start..end)`, valid until the handler returns) and answers through the call, at once or later.
 */
export type MethodHandler = UnaryMethod | StreamMethod

export interface UnaryMethod {
  readonly kind: 'unary'
  /** The one request message is complete. Must lead to exactly one `reply` or `fail`, now or later. */
  handle(call: UnaryCall, body: Uint8Array, start: number, end: number): void
}

/** Client streaming, server streaming and both: the handler decides what to make of the events. */
export interface StreamMethod {
  readonly kind: 'stream'
  /** The call was opened. `finish` or `fail` may be called at once; then no event follows. */
  open(call: StreamCall): StreamEvents
}

export interface StreamEvents {
  /** One request message; valid until the call returns. */
  message(body: Uint8Array, start: number, end: number): void
  /** The client will send no more messages. It still waits for the end. */
  halfClose(): void
  /** Bytes sent earlier have left: `send` may go on after it returned false. */
  drain(): void
  /** The call is over without `finish` or `fail`: cancelled, past its deadline, or its connection is gone. Last event. */
  cancel(code: StatusCode): void
}

/** What both kinds of calls know. */
export interface ServerCall {
  readonly path: string
  readonly metadata: Metadata
  /** When the client stops waiting, in milliseconds of the engine's clock; undefined if it never does. */
  readonly deadlineMs: number | undefined
  /** When the call came, in milliseconds of the engine's clock, which it looks at once per chunk. */
  readonly openedMs: number
  /** Who is at the other end. */
  readonly peer: {
    readonly remote: string
    /** The pipe is one of TLS, whatever the client says of its scheme. */
    readonly isEncrypted: boolean
    readonly commonName: string | undefined
  }
  /** True once the call has ended, however: answers are dropped silently from then on. */
  readonly ended: boolean
  /** Ends the call with an error. */
  fail(code: StatusCode, message: string): void
  /**
   * Response headers to send before the first message; later they are ignored. Throws `RangeError` for what gRPC cannot carry.
   */
  setHeaders(headers: MetadataInit): void
  /** A place for the handler to keep what belongs to this call (a waiting request, a watch stream). */
  context: unknown
}

export interface UnaryCall extends ServerCall {
  /** Ends the call with `bytes[start..end)` as its message and status OK. The bytes are copied at once. */
  reply(bytes: Uint8Array, start: number, end: number): void
  /**
   * The same with a message in pieces, for large ones: nothing is copied before it is sent, so nobody may change the pieces
   * any more. `onSent` hears of pieces that are not needed any longer, and may use them again; of others it never hears.
   */
  replyPieces(pieces: readonly Uint8Array[], onSent?: (piece: Uint8Array) => void): void
  /** Told when the call ends before it was answered. At most one callback; set during `handle`. */
  onCancel: ((code: StatusCode) => void) | undefined
}

export interface StreamCall extends ServerCall {
  /** Sends the response headers now and not with the first message. */
  sendHeaders(): void
  /**
   * Sends one message (copied at once). Returns false when more than the stream's buffer limit waits for the client:
   * the handler should wait for `drain`; nothing is lost if it goes on.
   */
  send(bytes: Uint8Array, start: number, end: number): boolean
  /** Bytes of messages that wait for the client's flow control or socket. */
  readonly queuedBytes: number
  /** Ends the stream after what was sent. Throws `RangeError`, and ends nothing, for trailers that gRPC cannot carry. */
  finish(status?: Status): void
  /** Stops and restarts delivery of request messages (flow control towards the client). */
  pause(): void
  resume(): void
}
