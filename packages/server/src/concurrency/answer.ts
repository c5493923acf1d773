import { type MethodHandler, StatusCode, type UnaryCall } from '@kvs/grpc'
import type { Method } from '@kvs/proto'
import { decodeOrFail } from '../edge/answer.ts'
import type { LocalCalls } from '../in-process/local-calls.ts'
import { InnerClient } from './inner-client.ts'

/**
 * A unary method that is made of other calls. Whatever goes wrong in them reaches the client with code Unknown and the
 * text of what went wrong, as it does from etcd's lock and election services.
 */
export function composedMethod<Request, Response>(
  calls: LocalCalls,
  method: Method<Request, never, unknown, Response>,
  answer: (client: InnerClient, request: Request) => Promise<Response>,
): [string, MethodHandler] {
  const handle = (call: UnaryCall, body: Uint8Array, start: number, end: number): void => {
    // The bytes are gone once this returns.
    const kept = body.slice(start, end)
    const request = decodeOrFail(call, method, kept, 0, kept.length)
    if (request === undefined) return
    const gone = new AbortController()
    call.onCancel = () => gone.abort()
    const client = new InnerClient(calls, { metadata: call.metadata, remote: call.peer.remote, signal: gone.signal })
    answer(client, request).then(
      response => {
        const bytes = method.encodeResponse(response)
        call.reply(bytes, 0, bytes.length)
      },
      (error: unknown) => call.fail(StatusCode.UNKNOWN, textOf(error)),
    )
  }
  return [method.path, { kind: 'unary', handle }]
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
