/**
 * What carries the traffic between members: WebSockets (links) and single HTTP requests. `@kvs/rafthttp/node` has the real
 * one, over byte pipes of any kind; `@kvs/rafthttp/memory` a simulated one. The transport cannot tell which it has.
 */

/** Header fields to send, in the spelling they go out with. */
export type HeaderFields = readonly (readonly [name: string, value: string])[]

/** A message stream: whole frames, in order. It can say nothing before `start`. */
export interface Link {
  /** Printable address of the other end. */
  readonly remote: string
  /** Bytes of frames that the system has not taken yet. */
  readonly queuedBytes: number
  /** Sets the callbacks and begins to deliver; called once. No callback runs during a call of the link's own methods. */
  start(events: LinkEvents): void
  /** Queues a frame. Its bytes belong to the link until it has gone out and must never change again. */
  send(frame: Uint8Array): void
  /** Sends a keepalive, which the other end answers by itself. */
  ping(): void
  /** Says goodbye after what is queued, and closes. */
  close(): void
  /** Breaks the link off; `close` follows. Idempotent. */
  destroy(error?: Error): void
}

export interface LinkEvents {
  /** The frame belongs to the receiver from now on. */
  frame(bytes: Uint8Array): void
  /** A frame that was queued has gone out. */
  sent(): void
  /** The other end sent a keepalive, or answered one. */
  alive(): void
  /** The last callback. `error` is undefined if the other end said goodbye, or this one did. */
  close(error: Error | undefined): void
}

export interface LinkCall {
  /** Peer URL, such as `http://10.0.0.1:2380`. */
  readonly url: string
  readonly path: string
  readonly protocol: string
  readonly headers: HeaderFields
  /** A larger frame breaks the link. */
  readonly frameBytesMax: number
  readonly signal: AbortSignal
}

/** The answer to an upgrade: 101 and the link, or another status and the text of the refusal. */
export interface LinkReply {
  readonly status: number
  /** A header field by its lower-case name. */
  header(name: string): string | undefined
  readonly text: string
  readonly link: Link | undefined
}

export interface WireCall {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: HeaderFields
  readonly body?: Uint8Array | AsyncIterable<Uint8Array> | undefined
  /** Doing it twice does no harm: it may be sent again if a kept connection turns out to be closed. */
  readonly isRepeatable?: boolean
  readonly replyBytesMax: number
  readonly signal: AbortSignal
}

export interface WireReply {
  readonly status: number
  header(name: string): string | undefined
  readonly body: Uint8Array
}

/** The way out. Both reject with `RaftHttpError`: `UNREACHABLE`, `TOO_LARGE`; with the signal's reason if that aborts. */
export interface Wire {
  openLink(call: LinkCall): Promise<LinkReply>
  request(call: WireCall): Promise<WireReply>
  /** Closes connections that are kept for later. */
  close(): void
}

/** An HTTP request of a peer. */
export interface PeerRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: string
  /** First value of a header field by its lower-case name. */
  header(name: string): string | undefined
  readonly remote: string
}

export interface PeerResponse {
  readonly status: number
  readonly headers: HeaderFields
  readonly body: Uint8Array
  /** Drop the connection after the answer: what follows on it cannot be trusted. */
  readonly isLast?: boolean
}

/** Answers a request. `signal` aborts when the peer has gone away. */
export type PeerHandler = (
  request: PeerRequest,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
) => PeerResponse | Promise<PeerResponse>

/** Agrees to an upgrade: the driver completes it with these and hands over the link. */
export interface LinkAcceptance {
  readonly protocol: string
  readonly headers: HeaderFields
  readonly frameBytesMax: number
  accept(link: Link): void
}

/** The way in: what a driver asks when peers come. */
export interface PeerEndpoint {
  readonly handle: PeerHandler
  /** A request for a WebSocket with these subprotocols. */
  upgrade(request: PeerRequest, protocols: readonly string[]): LinkAcceptance | PeerResponse
}
