import {
  type CallCounters,
  type CallEnd,
  GrpcError,
  type Metadata,
  type MetadataInit,
  type ServerCall,
  StatusCode,
} from '@kvs/grpc'
import type { Clock } from '../parts.ts'

/** Who calls a method from within this process, and for whom. */
export interface Caller {
  readonly metadata: Metadata
  /** Who asked for it, for log lines. */
  readonly remote: string
  /** Ends the call when whoever asked for it has gone. */
  readonly signal?: AbortSignal | undefined
  /** How long the caller waits; undefined: for ever. */
  readonly timeoutMs?: number | undefined
}

/** What a call needs of the place it is made in. */
export interface CallPlace {
  readonly path: string
  readonly clock: Clock
  readonly counters: CallCounters
  /** Told of the call's end. */
  readonly ended: (call: ServerCall, end: Readonly<CallEnd>) => void
  /** A handler threw: a fault of ours. */
  readonly onHandlerError: (error: unknown) => void
}

/** What unary and streaming calls within this process have in common. */
export abstract class LocalCall implements ServerCall {
  readonly path: string
  readonly metadata: Metadata
  readonly deadlineMs: number | undefined
  readonly openedMs: number
  /** A certificate that the caller may have shown is not that of whom it asks for: it never counts. */
  readonly peer: ServerCall['peer']
  context: unknown = undefined
  ended = false
  protected readonly place: CallPlace
  protected requestBytes = 0
  readonly #signal: AbortSignal | undefined
  readonly #abort = (): void => this.cancel(StatusCode.CANCELLED)
  #timer: unknown

  constructor(place: CallPlace, { metadata, remote, signal, timeoutMs }: Caller) {
    this.place = place
    this.path = place.path
    this.metadata = metadata
    this.peer = { remote, isEncrypted: false, commonName: undefined }
    this.openedMs = place.clock.now()
    this.deadlineMs = timeoutMs === undefined ? undefined : this.openedMs + timeoutMs
    this.#signal = signal
    place.counters.started++
  }

  /** Begins to watch for the caller's end; it may be over at once. */
  protected begin(): void {
    if (this.#signal?.aborted === true) return this.cancel(StatusCode.CANCELLED)
    this.#signal?.addEventListener('abort', this.#abort)
    if (this.deadlineMs === undefined) return
    const delayMs = Math.min(this.deadlineMs - this.openedMs, timerMsMax)
    this.#timer = this.place.clock.setTimer(delayMs, () => this.cancel(StatusCode.DEADLINE_EXCEEDED))
  }

  /** Answers carry no headers here: nobody would see them. */
  setHeaders(_headers: MetadataInit): void {}

  fail(code: StatusCode, message: string): void {
    if (this.ended) return
    this.over(code, undefined)
    this.failed(new GrpcError(code, message))
  }

  /** The caller has gone, or waits no longer. */
  cancel(code: StatusCode): void {
    if (this.ended) return
    this.over(code, undefined)
    const isLate = code === StatusCode.DEADLINE_EXCEEDED
    this.failed(new GrpcError(code, isLate ? 'context deadline exceeded' : 'context canceled'))
    this.tellHandler(code)
  }

  protected over(code: StatusCode, response: Uint8Array | undefined): void {
    this.ended = true
    this.#signal?.removeEventListener('abort', this.#abort)
    if (this.#timer !== undefined) this.place.clock.clearTimer(this.#timer)
    const { counters, clock, ended } = this.place
    counters.ended[code] = (counters.ended[code] ?? 0) + 1
    const span = { response, responseStart: 0, responseEnd: response?.length ?? 0 }
    const durationMs = clock.now() - this.openedMs
    ended(this, { code, durationMs, requestBytes: this.requestBytes, ...span })
  }

  /** Runs what belongs to the handler. */
  protected guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.fail(StatusCode.INTERNAL, 'internal error')
      this.place.onHandlerError(error)
    }
  }

  /** Tells the caller. */
  protected abstract failed(error: GrpcError): void
  /** Tells the handler that nobody waits for it any more. */
  protected abstract tellHandler(code: StatusCode): void
}

/** Longest delay that a timer of Node keeps to. */
const timerMsMax = 2 ** 31 - 1
