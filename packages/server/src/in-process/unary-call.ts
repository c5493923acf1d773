import { type GrpcError, StatusCode, type UnaryCall, type UnaryMethod } from '@kvs/grpc'
import { type Caller, type CallPlace, LocalCall } from './call.ts'

/** A unary call within this process: the handler is the one that gRPC calls, the answer a promise. */
export class LocalUnaryCall extends LocalCall implements UnaryCall {
  onCancel: ((code: StatusCode) => void) | undefined = undefined
  /** The answer in pieces that nobody may change. Rejects with `GrpcError`. */
  readonly answer: Promise<readonly Uint8Array[]>
  #resolve!: (pieces: readonly Uint8Array[]) => void
  #reject!: (error: GrpcError) => void

  constructor(place: CallPlace, caller: Caller) {
    super(place, caller)
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  run(method: UnaryMethod, request: Uint8Array): void {
    this.requestBytes = request.length
    this.place.counters.messagesReceived++
    this.begin()
    if (!this.ended) this.guard(() => method.handle(this, request, 0, request.length))
  }

  reply(bytes: Uint8Array, start: number, end: number): void {
    if (this.ended) return
    const copy = bytes.slice(start, end)
    this.place.counters.messagesSent++
    this.over(StatusCode.OK, copy)
    this.#resolve([copy])
  }

  replyPieces(pieces: readonly Uint8Array[]): void {
    if (this.ended) return
    this.place.counters.messagesSent++
    this.over(StatusCode.OK, undefined)
    this.#resolve(pieces)
  }

  protected override failed(error: GrpcError): void {
    this.#reject(error)
  }

  protected override tellHandler(code: StatusCode): void {
    const { onCancel } = this
    this.onCancel = undefined
    this.guard(() => onCancel?.(code))
  }
}
