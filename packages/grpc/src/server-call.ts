import { type AssemblerSink, isWholeMessage, MessageAssembler } from './assembler.ts'
import { encodeBase64 } from './base64.ts'
import type { CallEnd } from './call-stats.ts'
import { encodeGrpcMessage } from './grpc-message.ts'
import type { HeaderPair } from './http2/header-field.ts'
import { PreparedBlock } from './http2/hpack-encoder.ts'
import { Http2ErrorCode } from './http2/protocol.ts'
import type { Http2Stream } from './http2/stream.ts'
import type { Timed } from './http2/timers.ts'
import { metadataPairs } from './metadata.ts'
import type { RequestHead } from './request-head.ts'
import type { ServerConnection } from './server-connection.ts'
import type { ServerCall, StreamCall, StreamEvents, StreamMethod, UnaryCall, UnaryMethod } from './service.ts'
import { type Metadata, type MetadataInit, type Status, StatusCode } from './status.ts'

const callEnd: CallEnd = {
  code: StatusCode.OK,
  durationMs: 0,
  requestBytes: 0,
  response: undefined,
  responseStart: 0,
  responseEnd: 0,
}

/** What unary and streaming calls have in common. The connection drives it; the handler sees `ServerCall`. */
export abstract class EngineCall implements ServerCall, Timed, AssemblerSink {
  context: unknown = undefined
  ended = false
  readonly deadlineMs: number | undefined
  dueMs = 0
  heapIndex = -1
  readonly openedMs: number
  /** Unary: the message is complete. */
  received = false
  /** It counts: a unary call whose request was read, or a stream. */
  protected started = false
  /** Unary: length of the request. */
  protected requestBytes = 0
  protected readonly connection: ServerConnection
  protected readonly stream: Http2Stream
  readonly head: RequestHead
  /** Made for the first message that does not lie whole in a frame. */
  protected assembler: MessageAssembler | undefined = undefined
  #headers: readonly HeaderPair[] = []
  /** Bytes of messages that are not complete or not wanted yet. */
  #heldBytes = 0
  protected headersSent = false

  constructor(connection: ServerConnection, stream: Http2Stream, head: RequestHead) {
    this.connection = connection
    this.stream = stream
    this.head = head
    this.openedMs = connection.http2.nowMs
    this.deadlineMs = head.timeoutMs === undefined ? undefined : this.openedMs + head.timeoutMs
    if (this.deadlineMs !== undefined) connection.timers.add(this, this.deadlineMs)
  }

  get path(): string {
    return this.head.path
  }

  get metadata(): Metadata {
    return this.head.metadata
  }

  get peer(): ServerCall['peer'] {
    return this.connection.peer
  }

  setHeaders(headers: MetadataInit): void {
    if (this.headersSent || this.ended) return
    this.#headers = [...this.#headers, ...metadataPairs(headers)]
  }

  fail(code: StatusCode, message: string): void {
    if (!this.ended) this.close({ code, message })
  }

  /** Ends our side with trailers. */
  protected close(status: Status): void {
    const { http2, headersBlock, okTrailers, server } = this.connection
    const isPlain = status.code === StatusCode.OK && status.message === '' && status.details === undefined
    const trailers = isPlain && status.trailers === undefined ? okTrailers : statusPairs(status)
    this.over(status.code)
    if (this.headersSent || trailers instanceof PreparedBlock) {
      this.begin()
      http2.trailers(this.stream, trailers)
    } else http2.headers(this.stream, [...headersBlock.pairs, ...this.#headers, ...trailers], true)
    if (status.code !== StatusCode.OK) server.counters.failedCalls++
    this.tellObserver(status.code, undefined, 0, 0)
  }

  /** Sends the response headers, unless they are sent. */
  protected begin(): void {
    if (this.headersSent) return
    this.headersSent = true
    const { http2, headersBlock } = this.connection
    const { compressor } = this.head
    if (this.#headers.length === 0 && compressor === undefined) http2.headers(this.stream, headersBlock, false)
    else {
      const encoding: HeaderPair[] = compressor === undefined ? [] : [['grpc-encoding', compressor.name]]
      http2.headers(this.stream, [...headersBlock.pairs, ...encoding, ...this.#headers], false)
    }
  }

  protected sendMessage(bytes: Uint8Array, start: number, end: number): void {
    const { http2, prefix, server } = this.connection
    let body = bytes
    let from = start
    let to = end
    const compressor = this.head.compressor
    if (compressor !== undefined) {
      body = compressor.compress(bytes.subarray(start, end))
      from = 0
      to = body.length
    }
    writePrefix(prefix, compressor !== undefined, to - from)
    http2.data(this.stream, prefix, body, from, to, false)
    server.counters.sentBytes += end - start
    this.head.counters.messagesSent++
  }

  /** `length` bytes in pieces. */
  protected sendPieces(
    pieces: readonly Uint8Array[],
    length: number,
    onSent: ((piece: Uint8Array) => void) | undefined,
  ): void {
    if (this.head.compressor !== undefined) return this.sendMessage(joined(pieces, length), 0, length)
    const { http2, prefix, server } = this.connection
    writePrefix(prefix, false, length)
    http2.pieces(this.stream, prefix, pieces, onSent)
    server.counters.sentBytes += length
    this.head.counters.messagesSent++
  }

  /** Marks the call as over and lets go of everything that belongs to it. */
  protected over(code: StatusCode): void {
    this.ended = true
    if (this.started) (this.head.counters.ended[code] as number)++
    if (this.heapIndex >= 0) this.connection.timers.remove(this)
    if (this.assembler !== undefined) this.assembler.drop()
    this.connection.callEnded(this)
  }

  protected tellObserver(code: StatusCode, response: Uint8Array | undefined, start: number, end: number): void {
    const { observer, timers } = this.connection.server
    if (observer?.ended === undefined || !this.started) return
    callEnd.code = code
    callEnd.durationMs = timers.clock.now() - this.openedMs
    callEnd.requestBytes = this.requestBytes
    callEnd.response = response
    callEnd.responseStart = start
    callEnd.responseEnd = end
    observer.ended(this, callEnd)
    callEnd.response = undefined
  }

  /** A message that we must not send ends the call. */
  protected isTooLong(length: number): boolean {
    const { maxSendBytes } = this.connection.limits
    if (length <= maxSendBytes) return false
    const text = `grpc: trying to send message larger than max (${length} vs. ${maxSendBytes})`
    this.broken(StatusCode.RESOURCE_EXHAUSTED, text)
    return true
  }

  /** The stream is gone. */
  cancelled(code: StatusCode): void {
    if (this.ended) return
    this.over(code)
    this.tellObserver(code, undefined, 0, 0)
    this.tellCancel(code)
  }

  /** The deadline passed. */
  expire(): void {
    if (this.ended) return
    this.close({ code: StatusCode.DEADLINE_EXCEEDED, message: 'context deadline exceeded' })
    this.tellCancel(StatusCode.DEADLINE_EXCEEDED)
  }

  broken(code: StatusCode, message: string): void {
    if (this.ended) return
    this.close({ code, message })
    this.tellCancel(code)
  }

  /** The message did not come in time. */
  stalled(): void {
    if (this.ended) return
    this.over(StatusCode.CANCELLED)
    this.connection.http2.reset(this.stream, Http2ErrorCode.CANCEL)
  }

  hold(bytes: number): boolean {
    const { http2, limits, server } = this.connection
    http2.hold(bytes)
    this.#heldBytes += bytes
    server.partial.delete(this)
    if (this.#heldBytes > 0) server.partial.add(this)
    if (bytes < 0) return true
    if (server.heldBytes > limits.maxServerHeldBytes) server.makeRoom(this)
    return http2.heldBytes <= limits.maxPartialBytes
  }

  /** DATA of the stream, not empty. */
  abstract data(bytes: Uint8Array, start: number, end: number): void
  /** The client has ended its side. */
  abstract remoteEnd(): void
  abstract message(bytes: Uint8Array, start: number, end: number): boolean
  abstract drain(): void
  protected abstract tellCancel(code: StatusCode): void

  protected isWhole(bytes: Uint8Array, start: number, end: number): boolean {
    return this.assembler === undefined && isWholeMessage(bytes, start, end, this.connection.limits.maxReceiveBytes)
  }

  protected makeAssembler(): MessageAssembler {
    this.assembler ??= new MessageAssembler(this, {
      maxReceiveBytes: this.connection.limits.maxReceiveBytes,
      encoding: this.head.encoding,
      compressor: this.head.compressor,
      role: 'server',
    })
    return this.assembler
  }
}

export class EngineUnaryCall extends EngineCall implements UnaryCall {
  onCancel: ((code: StatusCode) => void) | undefined = undefined
  readonly #method: UnaryMethod

  constructor(connection: ServerConnection, stream: Http2Stream, head: RequestHead, method: UnaryMethod) {
    super(connection, stream, head)
    this.#method = method
  }

  reply(bytes: Uint8Array, start: number, end: number): void {
    if (this.ended || this.isTooLong(end - start)) return
    this.over(StatusCode.OK)
    this.begin()
    this.sendMessage(bytes, start, end)
    this.connection.http2.trailers(this.stream, this.connection.okTrailers)
    this.tellObserver(StatusCode.OK, bytes, start, end)
  }

  replyPieces(pieces: readonly Uint8Array[], onSent?: (piece: Uint8Array) => void): void {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    if (this.ended || this.isTooLong(length)) return
    this.over(StatusCode.OK)
    this.begin()
    this.sendPieces(pieces, length, onSent)
    this.connection.http2.trailers(this.stream, this.connection.okTrailers)
    this.tellObserver(StatusCode.OK, undefined, 0, length)
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    if (this.isWhole(bytes, start, end)) this.message(bytes, start + 5, end)
    else this.makeAssembler().push(bytes, start, end, true)
  }

  message(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.received) {
      this.broken(StatusCode.INTERNAL, 'cardinality violation: more than one request message in a unary call')
      return false
    }
    this.received = true
    this.started = true
    this.requestBytes = end - start
    this.connection.requestComplete()
    this.connection.server.counters.receivedBytes += end - start
    const { counters } = this.head
    counters.started++
    counters.messagesReceived++
    if (this.connection.mustWait()) this.connection.postpone(this, bytes.slice(start, end))
    else this.run(bytes, start, end)
    return !this.ended
  }

  run(bytes: Uint8Array, start: number, end: number): void {
    try {
      this.#method.handle(this, bytes, start, end)
    } catch (error) {
      this.connection.handlerFailed(this, error)
    }
  }

  remoteEnd(): void {
    if (this.received || this.ended) return
    const partial = this.assembler !== undefined && this.assembler.keptBytes > 0
    const none = 'cardinality violation: received no request message from non-client-streaming RPC'
    this.broken(StatusCode.INTERNAL, partial ? 'unexpected EOF' : none)
  }

  drain(): void {}

  protected tellCancel(code: StatusCode): void {
    const onCancel = this.onCancel
    this.onCancel = undefined
    if (onCancel === undefined) return
    try {
      onCancel(code)
    } catch (error) {
      this.connection.handlerFailed(this, error)
    }
  }
}

export class EngineStreamCall extends EngineCall implements StreamCall {
  #events: StreamEvents | undefined = undefined
  #paused = false
  /** END_STREAM came; the handler is told when the messages before it are delivered. */
  #remoteEnded = false
  #toldEnd = false

  open(method: StreamMethod): void {
    this.started = true
    this.head.counters.started++
    try {
      this.#events = method.open(this)
    } catch (error) {
      this.connection.handlerFailed(this, error)
    }
    if (this.ended) this.#events = undefined
  }

  get queuedBytes(): number {
    return this.stream.queuedBytes
  }

  sendHeaders(): void {
    if (!this.ended) this.begin()
  }

  send(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.ended || this.isTooLong(end - start)) return true
    this.begin()
    this.sendMessage(bytes, start, end)
    return this.connection.http2.hasRoom(this.stream)
  }

  finish(status: Status = { code: StatusCode.OK, message: '' }): void {
    if (!this.ended) this.close(status)
  }

  pause(): void {
    if (this.#paused || this.ended) return
    this.#paused = true
    this.connection.http2.setPaused(this.stream, true)
  }

  resume(): void {
    if (!this.#paused || this.ended) return
    this.#paused = false
    this.connection.http2.setPaused(this.stream, false)
    if (this.assembler !== undefined && !this.assembler.resume()) return
    this.#maybeTellEnd()
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#paused && this.isWhole(bytes, start, end)) this.message(bytes, start + 5, end)
    else this.makeAssembler().push(bytes, start, end, !this.#paused)
    if (this.assembler !== undefined && this.assembler.keptBytes === 0) this.assembler = undefined
  }

  message(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.ended) return false
    this.connection.server.counters.receivedBytes += end - start
    this.head.counters.messagesReceived++
    try {
      this.#events?.message(bytes, start, end)
    } catch (error) {
      this.connection.handlerFailed(this, error)
    }
    return !this.#paused && !this.ended
  }

  remoteEnd(): void {
    this.#remoteEnded = true
    if (!this.#paused) this.#maybeTellEnd()
  }

  drain(): void {
    if (this.ended) return
    try {
      this.#events?.drain()
    } catch (error) {
      this.connection.handlerFailed(this, error)
    }
  }

  #maybeTellEnd(): void {
    if (!this.#remoteEnded || this.#toldEnd || this.#paused || this.ended) return
    if (this.assembler !== undefined && this.assembler.keptBytes > 0) {
      this.broken(StatusCode.INTERNAL, 'unexpected EOF')
      return
    }
    this.#toldEnd = true
    try {
      this.#events?.halfClose()
    } catch (error) {
      this.connection.handlerFailed(this, error)
    }
  }

  protected tellCancel(code: StatusCode): void {
    const events = this.#events
    this.#events = undefined
    if (events === undefined) return
    try {
      events.cancel(code)
    } catch (error) {
      this.connection.handlerFailed(this, error)
    }
  }
}

/** The five bytes before a message. */
function writePrefix(prefix: Uint8Array, isCompressed: boolean, length: number): void {
  prefix[0] = isCompressed ? 1 : 0
  prefix[1] = length >>> 24
  prefix[2] = length >>> 16
  prefix[3] = length >>> 8
  prefix[4] = length
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** Trailers for a status. */
export function statusPairs(status: Status): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [['grpc-status', String(status.code)]]
  if (status.message !== '') pairs.push(['grpc-message', encodeGrpcMessage(status.message)])
  if (status.details !== undefined) pairs.push(['grpc-status-details-bin', encodeBase64(status.details)])
  if (status.trailers !== undefined) pairs.push(...metadataPairs(status.trailers))
  return pairs
}
