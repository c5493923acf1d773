import type { CallObserver } from './call-stats.ts'
import type { Compressor } from './compressor.ts'
import type { HttpExchange } from './http-exchange.ts'
import { Http2Connection, type Http2Usage } from './http2/connection.ts'
import type { Http2Error } from './http2/errors.ts'
import { Keepalive, type KeepaliveOptions } from './http2/keepalive.ts'
import { defaultHttp2Limits, type Http2Limits } from './http2/limits.ts'
import { ReadTurns } from './http2/read-turns.ts'
import { Alarm, Timers } from './http2/timers.ts'
import { defaultGrpcLimits, type GrpcLimits } from './limits.ts'
import type { Clock, Pipe } from './ports.ts'
import { type MethodTable, methodTable } from './request-head.ts'
import type { EngineCall } from './server-call.ts'
import { ServerConnection } from './server-connection.ts'
import type { MethodHandler, ServerCall } from './service.ts'
import { StatusCode } from './status.ts'

export interface GrpcServerOptions {
  readonly clock: Clock
  /** Handlers by path, such as `/etcdserverpb.KV/Put`. */
  readonly methods: Iterable<readonly [path: string, handler: MethodHandler]>
  /** Takes the calls of all other methods, as a proxy does (`forwardCalls`). Without it they are UNIMPLEMENTED. */
  readonly otherMethods?: MethodHandler
  readonly limits?: Partial<GrpcLimits>
  readonly http2Limits?: Partial<Http2Limits>
  /** Pings to silent clients; by default after two hours, with 20 seconds to answer. */
  readonly keepalive?: KeepaliveOptions
  /** How often clients may ping while nothing is sent to them; by default every 5 minutes (grpc-go). */
  readonly pingPolicy?: { readonly minIntervalMs: number; readonly permitWithoutStreams: boolean }
  readonly compressors?: readonly Compressor[]
  /** HTTP/2 requests that are not gRPC. Without it they are answered with 415. */
  readonly onOtherRequest?: (exchange: HttpExchange) => void
  /** An error thrown by a handler: its call fails with INTERNAL. Without it the error goes up to whoever feeds the pipe. */
  readonly onHandlerError?: (error: unknown, path: string) => void
  /** Counts calls by method, and hears of those that are over. */
  readonly observer?: CallObserver
  /** A connection is over; `error` is undefined after an orderly end. */
  readonly onConnectionClosed?: (peer: ServerCall['peer'], error: Http2Error | undefined) => void
}

/** Plain numbers, for whoever collects metrics. Bytes are those of messages, without framing. */
export interface GrpcServerCounters {
  connections: number
  calls: number
  /** Calls that ended with another status than OK. */
  failedCalls: number
  /** Requests that reached no handler. */
  rejectedCalls: number
  receivedBytes: number
  sentBytes: number
}

export interface GrpcServer {
  /** Serves the client at the other end of the pipe, which must not have been started. */
  accept(pipe: Pipe): void
  /** Writes everything that was answered since the last flush, on all connections. */
  flush(): void
  /** Open connections. */
  readonly connections: number
  /** What all connections keep in memory on behalf of their clients; summed when asked. */
  readonly usage: Http2Usage
  readonly counters: Readonly<GrpcServerCounters>
  /**
   * Accepts no more calls and waits for those that are open, at most `timeoutMs`; then drops the rest. Idempotent.
   */
  close(options: { readonly timeoutMs: number }): Promise<void>
}

const defaultKeepalive: KeepaliveOptions = { intervalMs: 7_200_000, timeoutMs: 20_000, permitWithoutStreams: true }
const defaultPingPolicy = { minIntervalMs: 300_000, permitWithoutStreams: false }

/** A gRPC server over any pipes. Throws `RangeError` for a method path that is not `/service/method`. */
export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  return new EngineServer(options)
}

/** The server as its connections see it. */
export class EngineServer implements GrpcServer {
  readonly table: MethodTable
  readonly timers: Timers
  readonly turns: ReadTurns
  readonly limits: GrpcLimits
  readonly counters: GrpcServerCounters = {
    connections: 0,
    calls: 0,
    failedCalls: 0,
    rejectedCalls: 0,
    receivedBytes: 0,
    sentBytes: 0,
  }
  readonly onOtherRequest: GrpcServerOptions['onOtherRequest']
  readonly onHandlerError: GrpcServerOptions['onHandlerError']
  readonly observer: CallObserver | undefined
  /** Output that waits for all clients together; each connection adds its part. */
  waitingBytes = 0
  /** What is kept of requests for all clients together. */
  heldBytes = 0
  /** Calls with a message that is not complete or not wanted yet; the one that moved last is the last. */
  readonly partial: Set<EngineCall> = new Set()
  readonly #options: GrpcServerOptions
  readonly #connections = new Map<ServerConnection, Keepalive>()
  /** Connections with something to write. */
  #scheduled: Http2Connection[] = []
  #deferred = false
  #closing: { readonly done: Promise<void>; readonly resolve: () => void } | undefined
  readonly #closeAlarm = new Alarm(() => this.#dropAll())

  constructor(options: GrpcServerOptions) {
    this.#options = options
    this.table = methodTable(options.methods, options.compressors ?? [], options.observer, options.otherMethods)
    this.timers = new Timers(options.clock)
    this.turns = new ReadTurns(options.clock, { ...defaultHttp2Limits, ...options.http2Limits }.sharedSliceMs)
    this.limits = { ...defaultGrpcLimits, ...options.limits }
    this.onOtherRequest = options.onOtherRequest
    this.onHandlerError = options.onHandlerError
    this.observer = options.observer
  }

  get connections(): number {
    return this.#connections.size
  }

  get usage(): Http2Usage {
    const sum = { streams: 0, receivedBytes: 0, inputBytes: 0, outputBytes: 0 }
    for (const { http2 } of this.#connections.keys()) {
      const { usage } = http2
      sum.streams += usage.streams
      sum.receivedBytes += usage.receivedBytes
      sum.inputBytes += usage.inputBytes
      sum.outputBytes += usage.outputBytes
    }
    return sum
  }

  accept(pipe: Pipe): void {
    if (this.#closing !== undefined) {
      pipe.destroy()
      return
    }
    const { remote, tls } = pipe.info
    const peer = { remote, isEncrypted: tls !== undefined, commonName: tls?.peerCommonName }
    const owner = new ServerConnection(this, peer)
    const http2 = new Http2Connection({
      role: 'server',
      pipe,
      owner,
      timers: this.timers,
      scheduler: this,
      pingPolicy: this.#options.pingPolicy ?? defaultPingPolicy,
      ...(this.#options.http2Limits === undefined ? {} : { limits: this.#options.http2Limits }),
    })
    owner.attach(http2)
    const keepalive = new Keepalive(http2, this.#options.keepalive ?? defaultKeepalive)
    this.#connections.set(owner, keepalive)
    this.counters.connections++
    http2.start()
    keepalive.start()
  }

  flush(): void {
    const scheduled = this.#scheduled
    if (scheduled.length === 0) return
    this.#scheduled = []
    for (const connection of scheduled) {
      connection.scheduled = false
      if (!connection.closed) connection.flush()
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

  close(options: { readonly timeoutMs: number }): Promise<void> {
    if (this.#closing === undefined) {
      const { promise, resolve } = withResolvers()
      this.#closing = { done: promise, resolve }
      this.timers.add(this.#closeAlarm, this.timers.clock.now() + options.timeoutMs)
      for (const connection of [...this.#connections.keys()]) connection.http2.shutdown()
      this.#maybeClosed()
    }
    return this.#closing.done
  }

  /** Too much is kept: those go that have stood still the longest, except for the one that came just now. */
  makeRoom(mover: EngineCall): void {
    for (const call of this.partial) {
      if (this.heldBytes <= this.limits.maxServerHeldBytes || call === mover) return
      call.broken(StatusCode.RESOURCE_EXHAUSTED, 'grpc: too many bytes of unfinished messages on this server')
    }
  }

  connectionClosed(connection: ServerConnection, error: Http2Error | undefined): void {
    this.#connections.get(connection)?.stop()
    if (!this.#connections.delete(connection)) return
    this.#options.onConnectionClosed?.(connection.peer, error)
    this.#maybeClosed()
  }

  #dropAll(): void {
    for (const connection of [...this.#connections.keys()]) connection.http2.fail('NO_ERROR', 'server is closing')
    this.#maybeClosed()
  }

  #maybeClosed(): void {
    if (this.#closing === undefined || this.#connections.size > 0) return
    this.timers.remove(this.#closeAlarm)
    this.#closing.resolve()
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}
