import { type AssemblerSink, isWholeMessage, MessageAssembler } from './assembler.ts'
import type { ClientConnection } from './client-connection.ts'
import type { Compressor } from './compressor.ts'
import { GrpcError } from './errors.ts'
import type { ResetCause } from './http2/connection.ts'
import type { HeaderPair } from './http2/header-field.ts'
import { Http2ErrorCode, http2ErrorName } from './http2/protocol.ts'
import type { Http2Stream } from './http2/stream.ts'
import type { Timed } from './http2/timers.ts'
import { emptyMetadata } from './metadata.ts'
import { codeOfReset, type ResponseHead } from './response-head.ts'
import { type Metadata, StatusCode } from './status.ts'

/** The part of an `AbortSignal` that is used. */
export interface CallSignal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** A call as the one who made it sees it. */
export interface ClientCall {
  readonly path: string
  /** Response headers; empty until they arrive. */
  readonly headers: Metadata
  /** Trailers; empty until the call has ended with some. */
  readonly trailers: Metadata
  /** Ends the call with CANCELLED, unless it has ended. */
  cancel(): void
}

/** Hears how a unary call ended: an error, or the answer in `body[start..end)`, valid until the callback returns. */
export type UnaryCallback = (error: GrpcError | undefined, body: Uint8Array, start: number, end: number) => void

export interface ClientStreamEvents {
  /** Response headers have arrived. */
  headers?(headers: Metadata): void
  /** One message; valid until the call returns. */
  message(body: Uint8Array, start: number, end: number): void
  /** `send` may go on after it returned false. */
  drain?(): void
  /** The call is over; the last event. `error` is undefined for status OK. */
  end(error: GrpcError | undefined, trailers: Metadata): void
}

export interface ClientStream extends ClientCall {
  /** Sends one message (copied at once). False: wait for `drain`; nothing is lost if not. */
  send(bytes: Uint8Array, start: number, end: number): boolean
  /** Bytes that wait for the server's flow control or the pipe. */
  readonly queuedBytes: number
  /** No more messages will be sent. */
  halfClose(): void
  /** Stops and restarts delivery of messages (flow control towards the server). */
  pause(): void
  resume(): void
}

const nothing: Uint8Array = new Uint8Array(0)

/** What a call is made with. */
export interface CallSetup {
  readonly path: string
  readonly metadata: readonly HeaderPair[]
  readonly deadlineMs: number | undefined
  readonly compressor: Compressor | undefined
}

/** What unary and streaming calls have in common. */
export abstract class EngineClientCall implements ClientCall, Timed, AssemblerSink {
  readonly path: string
  headers: Metadata = emptyMetadata
  trailers: Metadata = emptyMetadata
  ended = false
  dueMs = 0
  heapIndex = -1
  /** When it must be over, in milliseconds of the clock. */
  readonly deadlineMs: number | undefined
  readonly metadata: readonly HeaderPair[]
  readonly compressor: Compressor | undefined
  protected connection: ClientConnection | undefined = undefined
  protected stream: Http2Stream | undefined = undefined
  protected assembler: MessageAssembler | undefined = undefined
  #encoding: string | undefined = undefined
  #signal: CallSignal | undefined
  #onOver: ((call: EngineClientCall) => void) | undefined = undefined
  readonly #onAbort = (): void => this.cancel()

  constructor({ path, metadata, deadlineMs, compressor }: CallSetup) {
    this.path = path
    this.metadata = metadata
    this.deadlineMs = deadlineMs
    this.compressor = compressor
  }

  /** `onOver` is told once when the call has ended. */
  watch(signal: CallSignal | undefined, onOver: (call: EngineClientCall) => void): void {
    this.#onOver = onOver
    if (signal === undefined) return
    this.#signal = signal
    signal.addEventListener('abort', this.#onAbort)
  }

  /** The stream has been opened: sends what the call has to say. */
  attach(connection: ClientConnection, stream: Http2Stream): void {
    this.connection = connection
    this.stream = stream
    this.sendFirst()
  }

  cancel(): void {
    this.abandon(StatusCode.CANCELLED, 'context canceled')
  }

  expire(): void {
    this.abandon(StatusCode.DEADLINE_EXCEEDED, 'context deadline exceeded')
  }

  /** Ends the call from our side; the server is told if it knows of it. */
  abandon(code: StatusCode, message: string): void {
    if (this.ended) return
    const unsent = this.stream === undefined
    if (this.stream !== undefined) this.connection?.http2.reset(this.stream, Http2ErrorCode.CANCEL)
    this.failed(new GrpcError(code, message, { notProcessed: unsent }))
  }

  // From the connection

  headersCame(head: ResponseHead): void {
    if (head.failure !== undefined) {
      this.#dropStream()
      this.failed(new GrpcError(head.failure.code, head.failure.message, { metadata: head.metadata }))
      return
    }
    this.headers = head.metadata
    this.#encoding = head.encoding
  }

  /** Trailers, or headers that are trailers as well. */
  trailersCame(head: ResponseHead, only: boolean): void {
    this.trailers = head.metadata
    if (this.stream !== undefined && !this.stream.localClosed) this.#dropStream()
    if (only && head.code === undefined && head.failure !== undefined) {
      this.failed(new GrpcError(head.failure.code, head.failure.message, { metadata: head.metadata }))
    } else if (head.code === undefined) {
      this.failed(new GrpcError(StatusCode.INTERNAL, 'server closed the stream without sending trailers'))
    } else this.statusCame(head.code, head.message)
  }

  streamReset(code: number, cause: ResetCause): void {
    if (this.ended) return
    const lost = this.connection?.http2.error
    let error = new GrpcError(
      codeOfReset(code),
      `stream terminated by RST_STREAM with error code: ${http2ErrorName(code)}`,
    )
    if (cause === 'connection') {
      const reason = lost === undefined ? 'the client connection is closing' : lost.message
      error = new GrpcError(StatusCode.UNAVAILABLE, `error reading from server: ${reason}`, { cause: lost })
    } else if (cause === 'refused') {
      error = new GrpcError(StatusCode.UNAVAILABLE, 'the server refused the stream', { notProcessed: true })
    } else if (cause === 'fault') {
      error = new GrpcError(StatusCode.INTERNAL, `the server broke HTTP/2: ${http2ErrorName(code)}`)
    }
    this.failed(error)
  }

  /** END_STREAM on DATA: there will be no trailers. */
  dataEnded(): void {
    if (!this.ended)
      this.failed(new GrpcError(StatusCode.INTERNAL, 'server closed the stream without sending trailers'))
  }

  abstract data(bytes: Uint8Array, start: number, end: number): void
  abstract message(bytes: Uint8Array, start: number, end: number): boolean
  abstract drain(): void
  /** The call ends with an error that was not sent as trailers. */
  abstract failed(error: GrpcError): void
  protected abstract statusCame(code: StatusCode, message: string): void
  protected abstract sendFirst(): void

  broken(code: StatusCode, message: string): void {
    if (this.ended) return
    this.#dropStream()
    this.failed(new GrpcError(code, message))
  }

  hold(bytes: number): boolean {
    this.connection?.http2.hold(bytes)
    return true
  }

  protected over(): void {
    this.ended = true
    if (this.assembler !== undefined) this.assembler.drop()
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#onOver?.(this)
  }

  protected receive(bytes: Uint8Array, start: number, end: number, wanted: boolean): void {
    const { limits, compressors } = this.connection!
    if (wanted && this.assembler === undefined && isWholeMessage(bytes, start, end, limits.maxReceiveBytes)) {
      this.message(bytes, start + 5, end)
      return
    }
    this.assembler ??= new MessageAssembler(this, {
      maxReceiveBytes: limits.maxReceiveBytes,
      encoding: this.#encoding,
      compressor: this.#encoding === undefined ? undefined : compressors.get(this.#encoding),
      role: 'client',
    })
    this.assembler.push(bytes, start, end, wanted)
  }

  #dropStream(): void {
    if (this.stream !== undefined) this.connection?.http2.reset(this.stream, Http2ErrorCode.NO_ERROR)
  }
}

export class EngineUnaryClientCall extends EngineClientCall {
  readonly #callback: UnaryCallback
  #request: Uint8Array
  /** The answer, until the status confirms it. The chunk it lies in is ours (`PipeEvents.data`). */
  #body: Uint8Array | undefined
  #start = 0
  #end = 0

  constructor(setup: CallSetup, request: Uint8Array, callback: UnaryCallback) {
    super(setup)
    this.#request = request
    this.#callback = callback
  }

  /** The call must wait for its stream: the request is kept. */
  keepRequest(): void {
    this.#request = new Uint8Array(this.#request)
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    this.receive(bytes, start, end, true)
  }

  message(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#body !== undefined) {
      this.broken(StatusCode.INTERNAL, 'cardinality violation: more than one response message in a unary call')
      return false
    }
    this.#body = bytes
    this.#start = start
    this.#end = end
    return true
  }

  drain(): void {}

  failed(error: GrpcError): void {
    if (this.ended) return
    this.over()
    this.#callback(error, nothing, 0, 0)
  }

  protected statusCame(code: StatusCode, message: string): void {
    if (this.ended) return
    if (code !== StatusCode.OK) this.failed(new GrpcError(code, message, { metadata: this.trailers }))
    else if (this.#body === undefined) {
      const text = 'cardinality violation: received no response message from non-server-streaming RPC'
      this.failed(new GrpcError(StatusCode.INTERNAL, text))
    } else {
      this.over()
      this.#callback(undefined, this.#body, this.#start, this.#end)
    }
  }

  protected sendFirst(): void {
    const request = this.#request
    this.#request = nothing
    const { compressor } = this
    this.connection!.sendMessage(this.stream!, request, 0, request.length, { last: true, compressor })
  }
}

/** What bounds a stream before it has a connection. */
export interface EarlyLimits {
  readonly streamBufferBytes: number
  readonly maxSendBytes: number
}

/** grpc-go's words for a message beyond the limit of the one who sends it. */
export function tooLong(length: number, maxBytes: number): string {
  return `trying to send message larger than max (${length} vs. ${maxBytes})`
}

export class EngineClientStream extends EngineClientCall implements ClientStream {
  readonly #events: ClientStreamEvents
  readonly #limits: EarlyLimits
  /** Sent before the stream was opened. */
  #early: Uint8Array[] = []
  #earlyBytes = 0
  #halfClosed = false
  #paused = false
  /** The status, while messages before it are still to be delivered. */
  #status: { readonly code: StatusCode; readonly message: string } | undefined

  constructor(setup: CallSetup, events: ClientStreamEvents, limits: EarlyLimits) {
    super(setup)
    this.#limits = limits
    this.#events = events
  }

  send(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.ended || this.#halfClosed) return true
    if (end - start > this.#limits.maxSendBytes) {
      this.abandon(StatusCode.RESOURCE_EXHAUSTED, tooLong(end - start, this.#limits.maxSendBytes))
      return true
    }
    if (this.stream === undefined || this.connection === undefined) {
      this.#early.push(bytes.slice(start, end))
      this.#earlyBytes += end - start
      return this.#earlyBytes <= this.#limits.streamBufferBytes
    }
    this.connection.sendMessage(this.stream, bytes, start, end, { last: false, compressor: this.compressor })
    return this.connection.http2.hasRoom(this.stream)
  }

  get queuedBytes(): number {
    return this.stream === undefined ? this.#earlyBytes : this.stream.queuedBytes
  }

  halfClose(): void {
    if (this.ended || this.#halfClosed) return
    this.#halfClosed = true
    if (this.stream !== undefined) this.connection?.http2.data(this.stream, nothing, nothing, 0, 0, true)
  }

  pause(): void {
    if (this.#paused || this.ended) return
    this.#paused = true
    if (this.stream !== undefined) this.connection?.http2.setPaused(this.stream, true)
  }

  resume(): void {
    if (!this.#paused || this.ended) return
    this.#paused = false
    if (this.stream !== undefined) this.connection?.http2.setPaused(this.stream, false)
    if (this.assembler !== undefined && !this.assembler.resume()) return
    if (this.#status !== undefined && !this.#paused) this.#finish()
  }

  override headersCame(head: ResponseHead): void {
    super.headersCame(head)
    if (!this.ended) this.#events.headers?.(this.headers)
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    this.receive(bytes, start, end, !this.#paused)
    if (this.assembler !== undefined && this.assembler.keptBytes === 0) this.assembler = undefined
  }

  message(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.ended) return false
    this.#events.message(bytes, start, end)
    return !this.#paused && !this.ended
  }

  drain(): void {
    if (!this.ended) this.#events.drain?.()
  }

  failed(error: GrpcError): void {
    if (this.ended) return
    this.over()
    this.#events.end(error, this.trailers)
  }

  protected statusCame(code: StatusCode, message: string): void {
    if (this.ended) return
    this.#status = { code, message }
    if (!this.#paused) this.#finish()
  }

  protected sendFirst(): void {
    const stream = this.stream!
    const wasFull = this.#earlyBytes > this.#limits.streamBufferBytes
    const options = { last: false, compressor: this.compressor }
    for (const message of this.#early) this.connection!.sendMessage(stream, message, 0, message.length, options)
    this.#early = []
    // Whoever was told to wait before the stream stood is told when to go on.
    if (wasFull && this.connection!.http2.hasRoom(stream)) this.connection!.http2.drained(stream)
    if (this.#paused) this.connection!.http2.setPaused(stream, true)
    if (this.#halfClosed) this.connection!.http2.data(stream, nothing, nothing, 0, 0, true)
  }

  #finish(): void {
    const { code, message } = this.#status!
    if (code !== StatusCode.OK) this.failed(new GrpcError(code, message, { metadata: this.trailers }))
    else if (this.assembler !== undefined && this.assembler.keptBytes > 0) {
      this.failed(new GrpcError(StatusCode.INTERNAL, 'unexpected EOF'))
    } else {
      this.over()
      this.#events.end(undefined, this.trailers)
    }
  }
}
