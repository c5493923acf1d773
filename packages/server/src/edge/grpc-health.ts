import { type MethodHandler, StatusCode, type StreamCall, type StreamEvents, type UnaryCall } from '@kvs/grpc'
import {
  encodeHealthCheckResponse,
  Health,
  type HealthCheckRequest,
  HealthCheckResponseServingStatus as Serving,
  writeHealthCheckResponse,
  writeHealthListResponse,
} from '@kvs/proto/health'
import { decodeOrFail, failMalformed, replyMessage } from './answer.ts'

/** Whether the server says that it serves, and who wants to know when that changes. */
export class ServingState {
  #isServing = true
  readonly #watchers = new Set<() => void>()

  get status(): Serving {
    return this.#isServing ? Serving.SERVING : Serving.NOT_SERVING
  }

  set isServing(isServing: boolean) {
    if (isServing === this.#isServing) return
    this.#isServing = isServing
    for (const changed of this.#watchers) changed()
  }

  watch(changed: () => void): void {
    this.#watchers.add(changed)
  }

  unwatch(changed: () => void): void {
    this.#watchers.delete(changed)
  }
}

/**
 * `grpc.health.v1.Health`: the whole server, whose name is empty, serves as long as it answers at all, unless it was told
 * to say otherwise. It knows of no other service.
 */
export function grpcHealthMethods(serving: ServingState): Map<string, MethodHandler> {
  return new Map<string, MethodHandler>([
    [
      Health.check.path,
      { kind: 'unary', handle: (call, body, start, end) => check(serving, call, { body, start, end }) },
    ],
    [Health.list.path, { kind: 'unary', handle: call => list(serving, call) }],
    [Health.watch.path, { kind: 'stream', open: call => new HealthWatch(serving, call) }],
  ])
}

interface Piece {
  readonly body: Uint8Array
  readonly start: number
  readonly end: number
}

function check(serving: ServingState, call: UnaryCall, { body, start, end }: Piece): void {
  const request = decodeOrFail(call, Health.check, body, start, end)
  if (request === undefined) return
  if (request.service !== '') return call.fail(StatusCode.NOT_FOUND, 'unknown service')
  replyMessage(call, writeHealthCheckResponse, { status: serving.status })
}

function list(serving: ServingState, call: UnaryCall): void {
  replyMessage(call, writeHealthListResponse, { statuses: new Map([['', { status: serving.status }]]) })
}

/** Says at once how it is, and again when that changes, until the client or the member ends the stream. */
class HealthWatch implements StreamEvents {
  readonly #serving: ServingState
  readonly #call: StreamCall

  constructor(serving: ServingState, call: StreamCall) {
    this.#serving = serving
    this.#call = call
  }

  message(body: Uint8Array, start: number, end: number): void {
    let request: HealthCheckRequest
    try {
      request = Health.watch.decodeRequest(body, start, end)
    } catch (error) {
      return failMalformed(this.#call, error)
    }
    if (request.service !== '') return this.#say(Serving.SERVICE_UNKNOWN)
    this.#serving.watch(this.#changed)
    this.#changed()
  }

  readonly #changed = (): void => {
    if (this.#call.ended) this.#serving.unwatch(this.#changed)
    else this.#say(this.#serving.status)
  }

  #say(status: Serving): void {
    const bytes = encodeHealthCheckResponse({ status })
    this.#call.send(bytes, 0, bytes.length)
  }

  halfClose(): void {}

  drain(): void {}

  cancel(_code: StatusCode): void {
    this.#serving.unwatch(this.#changed)
  }
}
