import {
  type CallSetup,
  type CallSignal,
  type ClientCall,
  type ClientStream,
  type ClientStreamEvents,
  type EngineClientCall,
  EngineClientStream,
  EngineUnaryClientCall,
  tooLong,
  type UnaryCallback,
} from './client-call.ts'
import { ClientConnection, type ConnectionWatcher } from './client-connection.ts'
import type { Compressor } from './compressor.ts'
import { GrpcError } from './errors.ts'
import { Http2Connection } from './http2/connection.ts'
import type { Http2Error } from './http2/errors.ts'
import { Keepalive, type KeepaliveOptions } from './http2/keepalive.ts'
import { defaultHttp2Limits, type Http2Limits } from './http2/limits.ts'
import { ReadTurns } from './http2/read-turns.ts'
import { Alarm, Timers } from './http2/timers.ts'
import { defaultGrpcLimits, type GrpcLimits } from './limits.ts'
import { KnownMetadata } from './metadata.ts'
import type { Clock, Pipe } from './ports.ts'
import { type Metadata, type MetadataInit, StatusCode } from './status.ts'

/**
 * `idle`: no connection; calls fail at once. `connecting`: calls wait. `ready`: calls go out. `closed`: for good.
 * After a GOAWAY or a loss the channel is idle again.
 */
export type ChannelState = 'idle' | 'connecting' | 'ready' | 'closed'

export interface GrpcChannelOptions {
  readonly clock: Clock
  /** Opens a pipe to the server, one at a time, each time `connect` is called. */
  readonly dial: () => Promise<Pipe> | Pipe
  /** What stands in `:authority`, such as `127.0.0.1:2379`. */
  readonly authority: string
  /** `https` over TLS; `http` by default. */
  readonly scheme?: 'http' | 'https'
  readonly userAgent?: string
  readonly limits?: Partial<GrpcLimits>
  readonly http2Limits?: Partial<Http2Limits>
  /** Pings to a silent server. None by default. */
  readonly keepalive?: KeepaliveOptions
  /** Encodings that answers may come in, and those that `CallOptions.compression` may name. */
  readonly compressors?: readonly Compressor[]
  readonly events?: GrpcChannelEvents
}

export interface GrpcChannelEvents {
  /** The server's SETTINGS have arrived. */
  connected?(): void
  /** The server takes no more calls on this connection; those that it has go on. */
  goaway?(error: Http2Error): void
  /** The connection is gone; `error` is undefined after an orderly end. */
  closed?(error: Http2Error | undefined): void
}

export interface CallOptions {
  readonly metadata?: MetadataInit
  /** How long the call may take, from now. */
  readonly timeoutMs?: number
  readonly signal?: CallSignal
  /** Name of one of the channel's compressors, for what is sent; `identity` by default. Unknown names throw `RangeError`. */
  readonly compression?: string
}

export interface UnaryAnswer {
  /** A copy, the caller's own. */
  readonly message: Uint8Array
  readonly headers: Metadata
  readonly trailers: Metadata
}

export interface GrpcChannel {
  readonly state: ChannelState
  /** Calls that are open or wait. */
  readonly calls: number
  /**
   * Dials and waits until the server has answered. Does nothing while ready, joins while connecting. Rejects with
   * `GrpcError` UNAVAILABLE; when to try again is the caller's business.
   */
  connect(): Promise<void>
  /** Makes a call with one request (copied at once) and one answer. Throws `RangeError` for bad metadata. */
  unary(path: string, request: Uint8Array, options: CallOptions, callback: UnaryCallback): ClientCall
  /** `unary` with a promise. Rejects with `GrpcError`. */
  call(path: string, request: Uint8Array, options?: CallOptions): Promise<UnaryAnswer>
  /** Makes a streaming call of any kind. */
  stream(path: string, events: ClientStreamEvents, options?: CallOptions): ClientStream
  /** Writes what was sent since the last flush; happens by itself in the clock's next turn. */
  flush(): void
  /** Takes no more calls and waits for those that are open, at most `timeoutMs` (default 0); the rest is cancelled. */
  close(options?: { readonly timeoutMs?: number }): Promise<void>
}

/** A client of one gRPC server. It is `idle` until `connect` is called. */
export function createGrpcChannel(options: GrpcChannelOptions): GrpcChannel {
  return new EngineChannel(options)
}

class EngineChannel implements GrpcChannel, ConnectionWatcher {
  readonly turns: ReadTurns
  readonly #options: GrpcChannelOptions
  readonly #timers: Timers
  readonly #limits: GrpcLimits
  readonly #http2Limits: Http2Limits
  readonly #compressors: ReadonlyMap<string, Compressor>
  readonly #metadata = new KnownMetadata()
  #state: ChannelState = 'idle'
  /** Takes new calls; older ones may still be finishing theirs. */
  #current: ClientConnection | undefined
  readonly #connections = new Map<ClientConnection, Keepalive>()
  #connecting: { readonly promise: Promise<void>; readonly settle: (error: GrpcError | undefined) => void } | undefined
  /** Calls made while there is no connection yet. */
  #early: EngineClientCall[] = []
  #calls = 0
  #scheduled: Http2Connection[] = []
  #deferred = false
  #closing: { readonly promise: Promise<void>; readonly settle: () => void } | undefined
  readonly #closeAlarm = new Alarm(() => this.#dropAll())
  readonly #onOver = (call: EngineClientCall): void => this.#callOver(call)

  constructor(options: GrpcChannelOptions) {
    this.#options = options
    this.#timers = new Timers(options.clock)
    this.#limits = { ...defaultGrpcLimits, ...options.limits }
    // What is kept of answers was asked for, each within `maxReceiveBytes`, and streams that nobody reads have windows of
    // their own. To shut the connection's would leave every call waiting for the end of another, or for its own.
    this.#http2Limits = { ...defaultHttp2Limits, maxHeldBytes: Number.POSITIVE_INFINITY, ...options.http2Limits }
    this.turns = new ReadTurns(options.clock, this.#http2Limits.sharedSliceMs)
    this.#compressors = new Map((options.compressors ?? []).map(one => [one.name, one]))
  }

  get state(): ChannelState {
    return this.#state
  }

  get calls(): number {
    return this.#calls
  }

  connect(): Promise<void> {
    if (this.#state === 'ready') return Promise.resolve()
    if (this.#state === 'closed') return Promise.reject(closedError())
    if (this.#connecting !== undefined) return this.#connecting.promise
    this.#state = 'connecting'
    let settle: (error: GrpcError | undefined) => void = () => {}
    const promise = new Promise<void>((resolve, reject) => {
      settle = error => (error === undefined ? resolve() : reject(error))
    })
    this.#connecting = { promise, settle }
    Promise.resolve()
      .then(() => this.#options.dial())
      .then(
        pipe => this.#adopt(pipe),
        (error: unknown) => this.#dialFailed(error),
      )
    return promise
  }

  unary(path: string, request: Uint8Array, options: CallOptions, callback: UnaryCallback): ClientCall {
    const call = new EngineUnaryClientCall(this.#setup(path, options), request, callback)
    const { maxSendBytes } = this.#limits
    if (request.length > maxSendBytes) {
      const message = tooLong(request.length, maxSendBytes)
      this.#later(() => call.failed(new GrpcError(StatusCode.RESOURCE_EXHAUSTED, message, { notProcessed: true })))
    } else if (!this.#begin(call, options)) call.keepRequest()
    return call
  }

  call(path: string, request: Uint8Array, options: CallOptions = {}): Promise<UnaryAnswer> {
    return new Promise((resolve, reject) => {
      const call = this.unary(path, request, options, (error, body, start, end) => {
        if (error !== undefined) reject(error)
        else resolve({ message: body.slice(start, end), headers: call.headers, trailers: call.trailers })
      })
    })
  }

  stream(path: string, events: ClientStreamEvents, options: CallOptions = {}): ClientStream {
    const { streamBufferBytes } = this.#http2Limits
    const limits = { streamBufferBytes, maxSendBytes: this.#limits.maxSendBytes }
    const call = new EngineClientStream(this.#setup(path, options), events, limits)
    this.#begin(call, options)
    return call
  }

  flush(): void {
    const scheduled = this.#scheduled
    this.#scheduled = []
    for (const connection of scheduled) {
      connection.scheduled = false
      connection.flush()
    }
  }

  schedule(connection: Http2Connection): void {
    if (connection.scheduled) return
    connection.scheduled = true
    this.#scheduled.push(connection)
    if (this.#deferred) return
    this.#deferred = true
    this.#options.clock.defer(() => {
      this.#deferred = false
      this.flush()
    })
  }

  close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.promise
    let settle = (): void => {}
    const promise = new Promise<void>(resolve => {
      settle = resolve
    })
    this.#closing = { promise, settle }
    this.#state = 'closed'
    this.#current = undefined
    this.#failEarly(closedError())
    const timeoutMs = options.timeoutMs ?? 0
    if (timeoutMs <= 0) this.#dropAll()
    else {
      for (const connection of [...this.#connections.keys()]) connection.http2.shutdown()
      this.#timers.add(this.#closeAlarm, this.#timers.clock.now() + timeoutMs)
    }
    this.#maybeClosed()
    return promise
  }

  // From connections

  ready(connection: ClientConnection): void {
    if (connection !== this.#current || this.#state !== 'connecting') return
    this.#state = 'ready'
    this.#settle(undefined)
    this.#options.events?.connected?.()
  }

  goaway(connection: ClientConnection, error: Http2Error): void {
    this.#retire(connection, error)
    this.#options.events?.goaway?.(error)
  }

  closed(connection: ClientConnection, error: Http2Error | undefined): void {
    this.#connections.get(connection)?.stop()
    this.#connections.delete(connection)
    this.#retire(connection, error)
    this.#options.events?.closed?.(error)
    this.#maybeClosed()
  }

  // Private

  /** Sends the call if it can be sent now; false if it waits or has failed. */
  #begin(call: EngineClientCall, options: CallOptions): boolean {
    this.#calls++
    call.watch(options.signal, this.#onOver)
    if (options.signal?.aborted === true) {
      this.#later(() => call.cancel())
      return false
    }
    if (call.deadlineMs !== undefined) this.#timers.add(call, call.deadlineMs)
    const connection = this.#current
    if (connection !== undefined) {
      if (connection.start(call)) return true
      connection.wait(call)
      return false
    }
    if (this.#state === 'connecting') this.#early.push(call)
    else {
      const error =
        this.#state === 'closed'
          ? closedError()
          : new GrpcError(StatusCode.UNAVAILABLE, 'there is no connection available', { notProcessed: true })
      this.#later(() => call.failed(error))
    }
    return false
  }

  /** Callbacks never run inside the call that registers them. */
  #later(run: () => void): void {
    this.#options.clock.defer(run)
  }

  #setup(path: string, options: CallOptions): CallSetup {
    const { timeoutMs, compression = 'identity', metadata } = options
    const compressor = this.#compressors.get(compression)
    if (compressor === undefined && compression !== 'identity') {
      throw new RangeError(`compression ${JSON.stringify(compression)} is not one of the channel's`)
    }
    const deadlineMs = timeoutMs === undefined ? undefined : this.#timers.clock.now() + timeoutMs
    return { path, metadata: metadata === undefined ? [] : this.#metadata.pairs(metadata), deadlineMs, compressor }
  }

  #callOver(call: EngineClientCall): void {
    this.#calls--
    if (call.heapIndex >= 0) this.#timers.remove(call)
    if (this.#current !== undefined && this.#current.waiting > 0) this.#current.callEnded()
  }

  #adopt(pipe: Pipe): void {
    if (this.#state === 'closed') {
      pipe.destroy()
      this.#settle(closedError())
      return
    }
    const options = this.#options
    const connection = new ClientConnection(
      {
        limits: this.#limits,
        compressors: this.#compressors,
        scheme: options.scheme ?? 'http',
        authority: options.authority,
        userAgent: options.userAgent ?? 'kvs-grpc',
      },
      this,
    )
    const http2 = new Http2Connection({
      role: 'client',
      pipe,
      owner: connection,
      timers: this.#timers,
      scheduler: this,
      limits: this.#http2Limits,
    })
    connection.attach(http2)
    const never = { intervalMs: Number.POSITIVE_INFINITY, timeoutMs: 0, permitWithoutStreams: false }
    const keepalive = new Keepalive(http2, options.keepalive ?? never)
    this.#connections.set(connection, keepalive)
    this.#current = connection
    for (const call of this.#early.splice(0)) if (!call.ended) connection.wait(call)
    http2.start()
    if (options.keepalive !== undefined) keepalive.start()
  }

  #dialFailed(cause: unknown): void {
    const text = cause instanceof Error ? cause.message : String(cause)
    const error = new GrpcError(StatusCode.UNAVAILABLE, `connection error: ${text}`, { notProcessed: true, cause })
    if (this.#state === 'connecting') this.#state = 'idle'
    this.#failEarly(error)
    this.#settle(error)
  }

  /** No new calls on this connection. */
  #retire(connection: ClientConnection, error: Http2Error | undefined): void {
    if (connection !== this.#current) return
    this.#current = undefined
    if (this.#state !== 'closed') this.#state = 'idle'
    const text = error === undefined ? 'the connection was closed' : error.message
    this.#settle(
      new GrpcError(StatusCode.UNAVAILABLE, `connection error: ${text}`, { notProcessed: true, cause: error }),
    )
  }

  #settle(error: GrpcError | undefined): void {
    const connecting = this.#connecting
    this.#connecting = undefined
    connecting?.settle(error)
  }

  #failEarly(error: GrpcError): void {
    for (const call of this.#early.splice(0)) call.failed(error)
  }

  #dropAll(): void {
    for (const connection of [...this.#connections.keys()]) connection.http2.fail('NO_ERROR', 'client is closing')
    this.#maybeClosed()
  }

  #maybeClosed(): void {
    if (this.#closing === undefined || this.#connections.size > 0) return
    this.#timers.remove(this.#closeAlarm)
    this.#closing.settle()
  }
}

function closedError(): GrpcError {
  return new GrpcError(StatusCode.CANCELLED, 'grpc: the client connection is closing', { notProcessed: true })
}
