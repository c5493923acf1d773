import { HttpStream } from './http-exchange.ts'
import type { Http2Connection, Http2Owner, ResetCause } from './http2/connection.ts'
import type { Http2Error } from './http2/errors.ts'
import type { HeaderBlock } from './http2/header-field.ts'
import { PreparedBlock } from './http2/hpack-encoder.ts'
import type { Http2Stream } from './http2/stream.ts'
import { Alarm, type Timers } from './http2/timers.ts'
import type { GrpcLimits } from './limits.ts'
import { type Rejection, type RequestHead, requestHead } from './request-head.ts'
import type { EngineServer } from './server.ts'
import { type EngineCall, EngineStreamCall, EngineUnaryCall, statusPairs } from './server-call.ts'
import type { ServerCall } from './service.ts'
import { StatusCode } from './status.ts'

const contentType: readonly [string, string] = ['content-type', 'application/grpc']

/** One client: its HTTP/2 connection and the calls on it. */
export class ServerConnection implements Http2Owner {
  readonly server: EngineServer
  readonly peer: ServerCall['peer']
  readonly timers: Timers
  readonly limits: GrpcLimits
  /** Blocks that begin and end almost every answer; their bytes depend on this connection's HPACK table. */
  readonly headersBlock: PreparedBlock = new PreparedBlock([[':status', '200'], contentType])
  readonly okTrailers: PreparedBlock = new PreparedBlock([['grpc-status', '0']])
  /** Scratch for the five bytes before a message. */
  readonly prefix: Uint8Array = new Uint8Array(5)
  #http2: Http2Connection | undefined
  /** Unary calls whose message is not complete. */
  #incomplete = 0
  /** Its part of the server's `waitingBytes`. */
  #waitingBytes = 0
  readonly #incompleteAlarm = new Alarm(nowMs => this.#dropIncomplete(nowMs))
  /** Complete unary calls that wait until the client has read earlier answers. */
  #postponed: { readonly call: EngineUnaryCall; readonly body: Uint8Array }[] = []

  constructor(server: EngineServer, peer: ServerCall['peer']) {
    this.server = server
    this.peer = peer
    this.timers = server.timers
    this.limits = server.limits
  }

  get http2(): Http2Connection {
    return this.#http2 as Http2Connection
  }

  attach(http2: Http2Connection): void {
    this.#http2 = http2
  }

  // From HTTP/2

  headers(stream: Http2Stream, block: HeaderBlock, endStream: boolean): void {
    const known = stream.context as EngineCall | HttpStream | undefined
    if (known !== undefined || stream.localClosed) {
      if (endStream) known?.remoteEnd()
      return
    }
    const head = (block.context ?? this.#readHead(block)) as RequestHead
    const { method } = head
    if (head.rejection !== undefined || method === undefined) this.#reject(stream, head, endStream)
    else if (method.kind === 'unary') {
      const call = new EngineUnaryCall(this, stream, head, method)
      stream.context = call
      this.#begin()
      if (endStream) call.remoteEnd()
    } else {
      const call = new EngineStreamCall(this, stream, head)
      stream.context = call
      this.server.counters.calls++
      call.open(method)
      if (endStream) call.remoteEnd()
    }
  }

  data(stream: Http2Stream, bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    const call = stream.context as EngineCall | HttpStream | undefined
    if (call === undefined || call.ended) return
    if (end > start) call.data(bytes, start, end)
    if (endStream && !call.ended) call.remoteEnd()
  }

  reset(stream: Http2Stream, _code: number, _cause: ResetCause): void {
    const call = stream.context as EngineCall | HttpStream | undefined
    stream.context = undefined
    call?.cancelled(StatusCode.CANCELLED)
  }

  drain(stream: Http2Stream): void {
    ;(stream.context as EngineCall | HttpStream | undefined)?.drain()
  }

  goaway(_error: Http2Error): void {}

  settings(): void {}

  /** Runs postponed calls as far as the queue allows. */
  flushing(): void {
    while (this.#postponed.length > 0 && !this.mustWait()) {
      const next = this.#postponed.shift()!
      this.http2.hold(-next.body.length)
      if (!next.call.ended) next.call.run(next.body, 0, next.body.length)
    }
  }

  held(bytes: number): void {
    this.server.heldBytes += bytes
  }

  crowded(): boolean {
    const { maxServerWaitingBytes, fairShareBytes } = this.limits
    return this.server.waitingBytes > maxServerWaitingBytes && this.http2.waitingBytes > fairShareBytes
  }

  flushed(): void {
    this.#reportWaiting(this.http2.waitingBytes)
    if (this.#postponed.length > 0 && !this.mustWait()) this.http2.touch()
  }

  closed(error: Http2Error | undefined): void {
    this.timers.remove(this.#incompleteAlarm)
    this.#postponed = []
    this.held(-this.http2.heldBytes)
    this.#reportWaiting(0)
    this.server.connectionClosed(this, error)
  }

  // From calls

  /** A unary call's message is complete. */
  requestComplete(): void {
    this.#incomplete--
  }

  callEnded(call: EngineCall): void {
    if (call instanceof EngineUnaryCall && !call.received) this.#incomplete--
  }

  /** True while this client has so much to read that its next requests must wait. */
  mustWait(): boolean {
    return this.http2.sender.queuedBytes > this.http2.limits.maxQueuedOutputBytes || this.crowded()
  }

  postpone(call: EngineUnaryCall, body: Uint8Array): void {
    if (this.server.heldBytes + body.length > this.limits.maxServerHeldBytes) {
      call.fail(StatusCode.RESOURCE_EXHAUSTED, 'grpc: too many requests wait on this server')
      return
    }
    this.#postponed.push({ call, body })
    this.http2.hold(body.length)
    // Nothing is written, but from now on it is watched whether the client reads.
    this.http2.touch()
  }

  /** A handler threw: its call fails if the server wants to hear of it, else the error goes up. */
  handlerFailed(call: EngineCall, error: unknown): void {
    const report = this.server.onHandlerError
    if (report === undefined) throw error
    call.fail(StatusCode.INTERNAL, 'internal error')
    report(error, call.path)
  }

  // Private

  #reportWaiting(bytes: number): void {
    this.server.waitingBytes += bytes - this.#waitingBytes
    this.#waitingBytes = bytes
  }

  #readHead(block: HeaderBlock): RequestHead {
    const head = requestHead(block, this.server.table)
    block.context = head
    return head
  }

  #begin(): void {
    this.server.counters.calls++
    this.#incomplete++
    if (this.#incompleteAlarm.heapIndex >= 0) return
    this.timers.add(this.#incompleteAlarm, this.http2.nowMs + this.limits.firstMessageTimeoutMs)
  }

  #dropIncomplete(nowMs: number): void {
    if (this.#incomplete === 0) return
    const before = nowMs - this.limits.firstMessageTimeoutMs
    for (const stream of this.http2.streams.values()) {
      const call = stream.context
      if (call instanceof EngineUnaryCall && !call.received && call.openedMs <= before) call.stalled()
    }
    if (this.#incomplete > 0) this.timers.add(this.#incompleteAlarm, nowMs + this.limits.firstMessageTimeoutMs)
  }

  #reject(stream: Http2Stream, head: RequestHead, endStream: boolean): void {
    const { onOtherRequest } = this.server
    if (!head.isGrpc && head.rejection?.httpStatus === 415 && onOtherRequest !== undefined) {
      const exchange = new HttpStream(this.http2, stream, head, this.peer)
      stream.context = exchange
      onOtherRequest(exchange)
      if (endStream) exchange.remoteEnd()
      return
    }
    this.server.counters.rejectedCalls++
    const rejection = head.rejection as Rejection
    const status = statusPairs(rejection)
    this.http2.headers(stream, [[':status', String(rejection.httpStatus)], contentType, ...status], true)
  }
}
