import { GrpcError, type Status, StatusCode, type StreamCall, type StreamEvents, type StreamMethod } from '@kvs/grpc'
import * as limits from '../limits.ts'
import { LocalCall } from './call.ts'

/** The caller's side of a streaming call within this process. */
export interface LocalStream {
  /** Sends one request; resolves when the handler has room for another one. What comes after the end is dropped. */
  request(bytes: Uint8Array): Promise<void>
  /** No more requests will come. */
  halfClose(): void
  /** The next answer; undefined after the last. Rejects with `GrpcError` once the answers before it are taken. */
  next(): Promise<Uint8Array | undefined>
  /** Ends the call: nobody waits for it any more. */
  cancel(code: StatusCode): void
}

/** A streaming call within this process: the handler is the one that gRPC calls. */
export class LocalStreamCall extends LocalCall implements StreamCall, LocalStream {
  #events: StreamEvents | undefined
  /** Answers that were not taken yet. */
  #answers: Uint8Array[] = []
  #queuedBytes = 0
  /** The handler was told to wait. */
  #full = false
  #error: GrpcError | undefined
  #wakeReader: (() => void) | undefined
  /** Requests that wait for a handler that paused. */
  #requests: Uint8Array[] = []
  #paused = false
  #halfClosed = false
  #wakeWriter: (() => void) | undefined

  open(method: StreamMethod): void {
    this.begin()
    if (this.ended) return
    this.guard(() => {
      this.#events = method.open(this)
    })
    if (this.ended) this.#events = undefined
  }

  request(bytes: Uint8Array): Promise<void> {
    if (this.ended || this.#halfClosed) return Promise.resolve()
    this.#requests.push(bytes)
    this.#deliver()
    if (this.#requests.length < limits.streamRequestsAhead) return Promise.resolve()
    return new Promise(resolve => {
      this.#wakeWriter = resolve
    })
  }

  halfClose(): void {
    if (this.#halfClosed) return
    this.#halfClosed = true
    if (!this.#paused) this.#tellEnd()
  }

  #tellEnd(): void {
    this.guard(() => this.#events?.halfClose())
  }

  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const answer = this.#answers.shift()
      if (answer !== undefined) {
        this.#taken(answer)
        return answer
      }
      if (this.#error !== undefined) throw this.#error
      if (this.ended) return undefined
      await new Promise<void>(resolve => {
        this.#wakeReader = resolve
      })
    }
  }

  #taken(answer: Uint8Array): void {
    this.#queuedBytes -= answer.length
    if (!this.#full || this.ended || this.#queuedBytes > 0) return
    this.#full = false
    this.guard(() => this.#events?.drain())
  }

  #deliver(): void {
    while (this.#requests.length > 0 && !this.#paused && !this.ended) {
      const request = this.#requests.shift() as Uint8Array
      this.place.counters.messagesReceived++
      this.guard(() => this.#events?.message(request, 0, request.length))
    }
    if (this.#requests.length > 0) return
    this.#wakeWriter?.()
    this.#wakeWriter = undefined
  }

  // The handler's side

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Headers go with the first answer. */
  sendHeaders(): void {}

  send(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.ended) return true
    this.#answers.push(bytes.slice(start, end))
    this.#queuedBytes += end - start
    this.place.counters.messagesSent++
    this.#wake()
    if (this.#queuedBytes > limits.streamAheadBytes) this.#full = true
    return !this.#full
  }

  finish(status: Status = { code: StatusCode.OK, message: '' }): void {
    if (this.ended) return
    if (status.code !== StatusCode.OK) return this.fail(status.code, status.message)
    this.over(StatusCode.OK, undefined)
    this.#wake()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused || this.ended) return
    this.#paused = false
    this.#deliver()
    if (this.#halfClosed && !this.#paused && !this.ended) this.#tellEnd()
  }

  protected override failed(error: GrpcError): void {
    this.#error = error
    this.#wake()
  }

  protected override tellHandler(code: StatusCode): void {
    // What was answered is for somebody who has gone.
    this.#answers = []
    this.#queuedBytes = 0
    this.guard(() => this.#events?.cancel(code))
  }

  protected override over(code: StatusCode, response: Uint8Array | undefined): void {
    super.over(code, response)
    this.#requests = []
    this.#wakeWriter?.()
    this.#wakeWriter = undefined
  }

  #wake(): void {
    const wake = this.#wakeReader
    this.#wakeReader = undefined
    wake?.()
  }
}

/** A stream that a method without streams was asked for, or none at all. */
export function refusedStream(code: StatusCode, message: string): LocalStream {
  return {
    request: () => Promise.resolve(),
    halfClose: () => {},
    next: () => Promise.reject(new GrpcError(code, message)),
    cancel: () => {},
  }
}
