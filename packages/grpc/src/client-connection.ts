import type { EngineClientCall } from './client-call.ts'
import type { Compressor } from './compressor.ts'
import { GrpcError } from './errors.ts'
import { formatGrpcTimeout } from './grpc-timeout.ts'
import type { Http2Connection, Http2Owner, ResetCause } from './http2/connection.ts'
import type { Http2Error } from './http2/errors.ts'
import type { HeaderBlock, HeaderPair } from './http2/header-field.ts'
import { PreparedBlock } from './http2/hpack-encoder.ts'
import type { Http2Stream } from './http2/stream.ts'
import type { GrpcLimits } from './limits.ts'
import { responseHead } from './response-head.ts'
import { StatusCode } from './status.ts'

/** Told what becomes of a connection. */
export interface ConnectionWatcher {
  ready(connection: ClientConnection): void
  goaway(connection: ClientConnection, error: Http2Error): void
  closed(connection: ClientConnection, error: Http2Error | undefined): void
}

export interface ClientConnectionOptions {
  readonly limits: GrpcLimits
  readonly compressors: ReadonlyMap<string, Compressor>
  readonly scheme: string
  readonly authority: string
  readonly userAgent: string
}

/** Paths whose request headers are kept encoded. */
const MAX_PREPARED_PATHS = 256

/** The client's end of one HTTP/2 connection: its calls, and those that wait for a stream. */
export class ClientConnection implements Http2Owner {
  readonly limits: GrpcLimits
  readonly compressors: ReadonlyMap<string, Compressor>
  /** The server's SETTINGS have arrived. */
  isReady = false
  readonly #options: ClientConnectionOptions
  readonly #watcher: ConnectionWatcher
  readonly #prefix = new Uint8Array(5)
  /** The metadata of the last call that had any. */
  #metadata: PreparedBlock | undefined
  readonly #prepared = new Map<string, PreparedBlock>()
  readonly #acceptEncoding: string
  #waiting: EngineClientCall[] = []
  #waitingHead = 0
  #http2: Http2Connection | undefined

  constructor(options: ClientConnectionOptions, watcher: ConnectionWatcher) {
    this.#options = options
    this.#watcher = watcher
    this.limits = options.limits
    this.compressors = options.compressors
    this.#acceptEncoding = ['identity', ...options.compressors.keys()].join(',')
  }

  get http2(): Http2Connection {
    return this.#http2 as Http2Connection
  }

  attach(http2: Http2Connection): void {
    this.#http2 = http2
  }

  /** Calls that wait for a stream. */
  get waiting(): number {
    return this.#waiting.length - this.#waitingHead
  }

  /** Opens the call's stream now, or returns false: the call must wait. */
  start(call: EngineClientCall): boolean {
    const { http2 } = this
    if (!this.isReady || this.waiting > 0 || !http2.mayOpen) return false
    this.#open(call)
    return true
  }

  wait(call: EngineClientCall): void {
    this.#waiting.push(call)
  }

  sendMessage(
    stream: Http2Stream,
    message: Uint8Array,
    from: number,
    to: number,
    options: { readonly last: boolean; readonly compressor: Compressor | undefined },
  ): void {
    const { compressor, last } = options
    const bytes = compressor === undefined ? message : compressor.compress(message.subarray(from, to))
    const start = compressor === undefined ? from : 0
    const end = compressor === undefined ? to : bytes.length
    const prefix = this.#prefix
    const length = end - start
    prefix[0] = compressor === undefined ? 0 : 1
    prefix[1] = length >>> 24
    prefix[2] = length >>> 16
    prefix[3] = length >>> 8
    prefix[4] = length
    this.http2.data(stream, prefix, bytes, start, end, last)
  }

  // From HTTP/2

  headers(stream: Http2Stream, block: HeaderBlock, endStream: boolean): void {
    const call = stream.context as EngineClientCall | undefined
    if (call === undefined || call.ended) return
    const head = responseHead(block)
    if (endStream) call.trailersCame(head, block.head?.kind === 'response')
    else call.headersCame(head)
  }

  data(stream: Http2Stream, bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    const call = stream.context as EngineClientCall | undefined
    if (call === undefined || call.ended) return
    if (end > start) call.data(bytes, start, end)
    if (endStream) call.dataEnded()
  }

  reset(stream: Http2Stream, code: number, cause: ResetCause): void {
    const call = stream.context as EngineClientCall | undefined
    stream.context = undefined
    call?.streamReset(code, cause)
  }

  drain(stream: Http2Stream): void {
    ;(stream.context as EngineClientCall | undefined)?.drain()
  }

  goaway(error: Http2Error): void {
    this.#watcher.goaway(this, error)
    this.#failWaiting(error.message)
  }

  settings(): void {
    if (!this.isReady) {
      this.isReady = true
      this.#watcher.ready(this)
    }
    if (this.waiting > 0) this.http2.touch()
  }

  /** Calls that were waiting for a stream and can have one now. */
  flushing(): void {
    while (this.waiting > 0 && this.isReady && this.http2.mayOpen) {
      const call = this.#waiting[this.#waitingHead++]!
      if (!call.ended) this.#open(call)
    }
    if (this.#waitingHead < this.#waiting.length && this.#waitingHead < 1024) return
    this.#waiting = this.#waiting.slice(this.#waitingHead)
    this.#waitingHead = 0
  }

  flushed(): void {}

  held(): void {}

  crowded(): boolean {
    return false
  }

  closed(error: Http2Error | undefined): void {
    this.#failWaiting(error === undefined ? 'the client connection is closing' : error.message)
    this.#watcher.closed(this, error)
  }

  /** A call of this connection has ended: a waiting one may have its place. */
  callEnded(): void {
    if (this.waiting > 0 && !this.http2.closed) this.http2.touch()
  }

  #open(call: EngineClientCall): void {
    const { http2 } = this
    const { encoder } = http2.sender
    encoder.begin()
    encoder.appendPrepared(this.#preparedFor(call.path))
    if (call.deadlineMs !== undefined) {
      const leftMs = call.deadlineMs - http2.timers.clock.now()
      encoder.append([['grpc-timeout', formatGrpcTimeout(leftMs)]])
    }
    if (call.compressor !== undefined) encoder.append([['grpc-encoding', call.compressor.name]])
    if (call.metadata.length > 0) encoder.appendPrepared(this.#preparedMetadata(call.metadata))
    const stream = http2.open(false)
    stream.context = call
    call.attach(this, stream)
  }

  /** Calls with the same metadata have the same object, see `KnownMetadata`. */
  #preparedMetadata(pairs: readonly HeaderPair[]): PreparedBlock {
    if (this.#metadata?.pairs !== pairs) this.#metadata = new PreparedBlock(pairs)
    return this.#metadata
  }

  #preparedFor(path: string): PreparedBlock {
    const known = this.#prepared.get(path)
    if (known !== undefined) return known
    const { scheme, authority, userAgent } = this.#options
    const pairs: HeaderPair[] = [
      [':method', 'POST'],
      [':scheme', scheme],
      [':path', path],
      [':authority', authority],
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
      ['user-agent', userAgent],
    ]
    if (this.compressors.size > 0) pairs.push(['grpc-accept-encoding', this.#acceptEncoding])
    const block = new PreparedBlock(pairs)
    if (this.#prepared.size >= MAX_PREPARED_PATHS) this.#prepared.clear()
    this.#prepared.set(path, block)
    return block
  }

  #failWaiting(message: string): void {
    const calls = this.#waiting.slice(this.#waitingHead)
    this.#waiting = []
    this.#waitingHead = 0
    for (const call of calls) call.failed(new GrpcError(StatusCode.UNAVAILABLE, message, { notProcessed: true }))
  }
}
