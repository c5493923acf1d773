/**
 * What the client needs from outside: connections. `connect` (index) gives real ones; tests and browsers
 * give their own.
 */
import type { Endpoint } from './endpoints.ts'

/** Metadata of a call in wire order, names in lower case. The same array is given for many calls: it may be cached by identity. */
export type CallMetadata = readonly (readonly [name: string, value: string])[]

/** How a call ended. `code` is gRPC's number; 0 is success. */
export interface CallOutcome {
  readonly code: number
  readonly message: string
  /** True only if it is certain that no server has begun to process the call. */
  readonly unprocessed: boolean
}

/** Told once how a unary call ended. Never during `Channel.unary`. `response` is set when `outcome.code` is 0. */
export interface UnaryReceiver {
  done(outcome: CallOutcome, response: Uint8Array | undefined): void
}

export interface CallHandle {
  /** Gives the call up: the receiver hears no more of it. */
  cancel(): void
}

/** What a streaming call tells. Nothing during `Channel.stream`, nothing after `end`. */
export interface StreamReceiver {
  /** One message; the bytes belong to the receiver. */
  message(bytes: Uint8Array): void
  /** What was sent has left: `send` may go on after it returned false. */
  drain(): void
  /** The call is over. */
  end(outcome: CallOutcome): void
}

export interface StreamHandle extends CallHandle {
  /** Sends one message. False: more than the stream's buffer waits; nothing is lost if the caller goes on. */
  send(bytes: Uint8Array): boolean
  /** No more messages from here. */
  halfClose(): void
  /** Stops and restarts delivery of messages (back-pressure towards the server). */
  pause(): void
  resume(): void
}

/** One connection to one server. */
export interface Channel {
  unary(call: UnaryCallInit, receiver: UnaryReceiver): CallHandle
  stream(call: StreamCallInit, receiver: StreamReceiver): StreamHandle
  /** Drops the connection; its calls end with code 14. Idempotent. */
  close(): void
}

export interface StreamCallInit {
  readonly path: string
  readonly metadata: CallMetadata
}

export interface UnaryCallInit extends StreamCallInit {
  readonly request: Uint8Array
  /** Milliseconds until the call is given up with code 4 (DEADLINE_EXCEEDED); undefined: never. */
  readonly timeoutMs: number | undefined
}

/** Opens connections. Rejects with an `Error` if there is none to be had. */
export interface Transport {
  connect(endpoint: Endpoint, options: TransportConnectOptions): Promise<Channel>
}

export interface TransportConnectOptions {
  readonly timeoutMs: number
  /** The connection takes no more calls; those that it has go on. */
  readonly onRetire: () => void
  /** The connection is gone, however. Called once for every connection that was opened. */
  readonly onClose: () => void
}
