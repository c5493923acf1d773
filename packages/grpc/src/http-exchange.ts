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
  /**
   * Stops and restarts giving the client room for more of the body. What it may still send is delivered: the one who paused
   * keeps it, and it counts for the connection's limit on held bytes.
   */
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
  #paused = false
  /** Bytes delivered while paused. */
  #held = 0

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
    if (options.end === true) this.#over()
  }

  write(bytes: Uint8Array): boolean {
    if (this.ended || !this.#responded) return true
    this.#http2.data(this.#stream, nothing, bytes, 0, bytes.length, false)
    return this.#http2.hasRoom(this.#stream)
  }

  end(trailers?: readonly HeaderPair[]): void {
    if (this.ended || !this.#responded) return
    this.#over()
    if (trailers === undefined) this.#http2.data(this.#stream, nothing, nothing, 0, 0, true)
    else this.#http2.trailers(this.#stream, trailers)
  }

  abort(): void {
    if (this.ended) return
    this.#over()
    this.#http2.reset(this.#stream, Http2ErrorCode.INTERNAL_ERROR)
  }

  pause(): void {
    if (this.#paused || this.ended) return
    this.#paused = true
    this.#http2.setPaused(this.#stream, true)
  }

  resume(): void {
    if (!this.#paused || this.ended) return
    this.#paused = false
    this.#letGo()
    this.#http2.setPaused(this.#stream, false)
  }

  #over(): void {
    this.ended = true
    this.#letGo()
  }

  #letGo(): void {
    const held = this.#held
    this.#held = 0
    if (held > 0) this.#http2.hold(-held)
  }

  // For the connection

  data(bytes: Uint8Array, start: number, end: number): void {
    if (this.#paused) {
      this.#held += end - start
      this.#http2.hold(end - start)
    }
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
    this.#over()
    this.events.cancel?.()
  }
}
