import type { Http2Connection } from './http2/connection.ts'
import type { HeaderPair } from './http2/header-field.ts'
import { Http2ErrorCode } from './http2/protocol.ts'
import type { Http2Stream } from './http2/stream.ts'
import type { RequestHead } from './request-head.ts'
import type { ServerCall } from './service.ts'
import type { Metadata } from './status.ts'

/** What happens to an HTTP request after its headers. */
export interface HttpEvents {
  /** Part of the body; valid until the call returns. */
  data?(bytes: Uint8Array, start: number, end: number): void
  /** The body is complete. */
  end?(): void
  /** `write` may go on after it returned false. */
  drain?(): void
  /** The exchange is over before it was answered in full: reset by the client, or its connection is gone. Last event. */
  cancel?(): void
}

/** An HTTP/2 request that is not gRPC, such as one of curl or of a browser, and the way to answer it. */
export interface HttpExchange {
  readonly method: string
  readonly scheme: string
  readonly authority: string
  /** With the query. */
  readonly path: string
  /** All fields, pseudo fields included. */
  readonly headers: Metadata
  readonly peer: ServerCall['peer']
  /** True once it is over: what is written then is dropped. */
  readonly ended: boolean
  /** Set before the handler returns to hear of the body. */
  events: HttpEvents
  /** Sends status and headers (names in lower case), once. With `end` the answer has no body. */
  respond(status: number, headers: readonly HeaderPair[], options?: { readonly end?: boolean }): void
  /** Part of the answer's body, copied at once. False: wait for `drain`. */
  write(bytes: Uint8Array): boolean
  /** Ends the answer, with trailers if given. */
  end(trailers?: readonly HeaderPair[]): void
  /** Drops the exchange. */
  abort(): void
  /** Stops and restarts giving the client room for more of the body; what it may still send is delivered. */
  pause(): void
  resume(): void
}

const nothing: Uint8Array = new Uint8Array(0)

/** The engine's side of `HttpExchange`. */
export class HttpStream implements HttpExchange {
  readonly peer: ServerCall['peer']
  ended = false
  events: HttpEvents = {}
  readonly #head: RequestHead
  readonly #http2: Http2Connection
  readonly #stream: Http2Stream
  #responded = false

  constructor(http2: Http2Connection, stream: Http2Stream, head: RequestHead, peer: ServerCall['peer']) {
    this.#http2 = http2
    this.#stream = stream
    this.#head = head
    this.peer = peer
  }

  get method(): string {
    return this.#head.http.method
  }

  get scheme(): string {
    return this.#head.http.scheme
  }

  get authority(): string {
    return this.#head.http.authority
  }

  get path(): string {
    return this.#head.http.path
  }

  get headers(): Metadata {
    return this.#head.metadata
  }

  respond(status: number, headers: readonly HeaderPair[], options: { readonly end?: boolean } = {}): void {
    if (this.ended || this.#responded) return
    this.#responded = true
    this.#http2.headers(this.#stream, [[':status', String(status)], ...headers], options.end === true)
    if (options.end === true) this.ended = true
  }

  write(bytes: Uint8Array): boolean {
    this.#http2.data(this.#stream, nothing, bytes, 0, bytes.length, false)
    if (this.#stream.queuedBytes <= this.#http2.limits.streamBufferBytes) return true
    this.#stream.wantsDrain = true
    return false
  }

  end(trailers?: readonly HeaderPair[]): void {
    if (this.ended || !this.#responded) return
    this.ended = true
    if (trailers === undefined) this.#http2.data(this.#stream, nothing, nothing, 0, 0, true)
    else this.#http2.trailers(this.#stream, trailers)
  }

  abort(): void {
    if (this.ended) return
    this.ended = true
    this.#http2.reset(this.#stream, Http2ErrorCode.INTERNAL_ERROR)
  }

  pause(): void {
    this.#http2.setPaused(this.#stream, true)
  }

  resume(): void {
    this.#http2.setPaused(this.#stream, false)
  }

  // For the connection

  data(bytes: Uint8Array, start: number, end: number): void {
    this.events.data?.(bytes, start, end)
  }

  remoteEnd(): void {
    if (!this.ended) this.events.end?.()
  }

  drain(): void {
    if (!this.ended) this.events.drain?.()
  }

  cancelled(): void {
    if (this.ended) return
    this.ended = true
    this.events.cancel?.()
  }
}
