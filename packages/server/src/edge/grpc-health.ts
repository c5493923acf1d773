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

/**
 * `grpc.health.v1.Health`: the whole server, whose name is empty, serves as long as it answers at all. It knows of no
 * other service.
 */
export function grpcHealthMethods(): Map<string, MethodHandler> {
  return new Map<string, MethodHandler>([
    [Health.check.path, { kind: 'unary', handle: check }],
    [Health.list.path, { kind: 'unary', handle: list }],
    [Health.watch.path, { kind: 'stream', open: call => new HealthWatch(call) }],
  ])
}

function check(call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, Health.check, body, start, end)
  if (request === undefined) return
  if (request.service !== '') return call.fail(StatusCode.NOT_FOUND, 'unknown service')
  replyMessage(call, writeHealthCheckResponse, { status: Serving.SERVING })
}

function list(call: UnaryCall): void {
  replyMessage(call, writeHealthListResponse, { statuses: new Map([['', { status: Serving.SERVING }]]) })
}

/** Says at once how it is; as that does not change, nothing follows until the client or the member ends the stream. */
class HealthWatch implements StreamEvents {
  readonly #call: StreamCall

  constructor(call: StreamCall) {
    this.#call = call
  }

  message(body: Uint8Array, start: number, end: number): void {
    let request: HealthCheckRequest
    try {
      request = Health.watch.decodeRequest(body, start, end)
    } catch (error) {
      return failMalformed(this.#call, error)
    }
    const status = request.service === '' ? Serving.SERVING : Serving.SERVICE_UNKNOWN
    const bytes = encodeHealthCheckResponse({ status })
    this.#call.send(bytes, 0, bytes.length)
  }

  halfClose(): void {}

  drain(): void {}

  cancel(_code: StatusCode): void {}
}
