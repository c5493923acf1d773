import { StatusCode } from '@kvs/grpc'
import { methodSchemas } from '@kvs/proto/schema'
import type { HttpHandler, HttpRequest, HttpResponse, HttpRoute } from '../edge/http.ts'
import { LocalCalls, type LocalCallsParts } from '../in-process/local-calls.ts'
import * as limits from '../limits.ts'
import type { MemberOptions } from '../options.ts'
import type { GatewayParts } from './call.ts'
import { RequestValues } from './request-body.ts'
import { requestMetadata, requestTimeout } from './request-metadata.ts'
import { type GatewayRoute, gatewayRoutes } from './routes.ts'
import { statusOf, statusResponse } from './status.ts'
import { streamResponse } from './stream.ts'
import { unaryResponse } from './unary.ts'

/** The gateway of a member, if it is to have one. Its calls are counted as those of gRPC are. */
export function memberGateway(
  parts: Pick<MemberOptions, 'enableGrpcGateway' | 'maxRequestBytes'> & LocalCallsParts,
): readonly HttpRoute[] {
  if (!parts.enableGrpcGateway) return []
  const maxRequestBytes = parts.maxRequestBytes + limits.grpcOverheadBytes
  const gateway = gatewayRoute({ calls: new LocalCalls(parts), clock: parts.clock, maxRequestBytes })
  const toGateway: HttpHandler = () => ({ status: 301, headers: [['Location', gateway.path]], body: new Uint8Array(0) })
  return [gateway, { path: '/v3', handle: toGateway }]
}

/**
 * etcd's API as JSON over HTTP: every path below `/v3/`. A call goes to the handler that gRPC calls; only its messages are
 * translated.
 */
function gatewayRoute(parts: GatewayParts): HttpRoute {
  const byPath = new Map(gatewayRoutes.map(route => [route.path, route]))
  return {
    path: '/v3/',
    handle: (request, body, signal) => {
      const route = byPath.get(request.path)
      if (route === undefined) return statusResponse({ code: StatusCode.NOT_FOUND, message: 'Not Found' })
      if (methodOf(request) !== 'POST') {
        return statusResponse({ code: StatusCode.UNIMPLEMENTED, message: 'Method Not Allowed' })
      }
      return answer(parts, { route, request, body, signal })
    },
  }
}

/** A form may say that it stands for another method. */
function methodOf(request: HttpRequest): string {
  const isForm = request.header('content-type') === 'application/x-www-form-urlencoded'
  const override = request.method === 'POST' && isForm ? request.header('x-http-method-override') : undefined
  return (override || request.method).toUpperCase()
}

interface Asked {
  readonly route: GatewayRoute
  readonly request: HttpRequest
  readonly body: AsyncIterable<Uint8Array>
  readonly signal: AbortSignal
}

async function answer(parts: GatewayParts, { route, request, body, signal }: Asked): Promise<HttpResponse> {
  const { path, clientStreams, serverStreams } = route.method
  const { request: requestSchema = '', response: responseSchema = '' } = methodSchemas[path] ?? {}
  const values = new RequestValues(body, parts.maxRequestBytes * limits.jsonPerRequestByte)
  try {
    const timeoutMs = requestTimeout(request)
    const caller = { metadata: requestMetadata(request), remote: request.remote, signal, timeoutMs }
    const call = { ...parts, route, values, requestSchema, responseSchema, caller }
    return await (clientStreams || serverStreams ? streamResponse(call) : unaryResponse(call))
  } catch (error) {
    values.drop().catch(() => {})
    return statusResponse(statusOf(error))
  }
}
