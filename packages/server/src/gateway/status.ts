import { GrpcError, StatusCode } from '@kvs/grpc'
import type { HttpResponse } from '../edge/http.ts'
import { JsonError } from './errors.ts'

/** Codes of gRPC as HTTP's (grpc-gateway's table); all others are 500. */
const httpStatuses: Readonly<Partial<Record<StatusCode, number>>> = {
  [StatusCode.OK]: 200,
  [StatusCode.CANCELLED]: 499,
  [StatusCode.INVALID_ARGUMENT]: 400,
  [StatusCode.DEADLINE_EXCEEDED]: 504,
  [StatusCode.NOT_FOUND]: 404,
  [StatusCode.ALREADY_EXISTS]: 409,
  [StatusCode.PERMISSION_DENIED]: 403,
  [StatusCode.RESOURCE_EXHAUSTED]: 429,
  [StatusCode.FAILED_PRECONDITION]: 400,
  [StatusCode.ABORTED]: 409,
  [StatusCode.OUT_OF_RANGE]: 400,
  [StatusCode.UNIMPLEMENTED]: 501,
  [StatusCode.UNAVAILABLE]: 503,
  [StatusCode.UNAUTHENTICATED]: 401,
}

export interface GatewayStatus {
  readonly code: StatusCode
  readonly message: string
}

export const jsonType = ['Content-Type', 'application/json'] as const

/** What a call or the reading of a request ended with. What else is thrown is a fault of ours, and goes on. */
export function statusOf(error: unknown): GatewayStatus {
  if (error instanceof GrpcError) return error
  if (!(error instanceof JsonError)) throw error
  const code = error.code === 'TOO_LARGE' ? StatusCode.RESOURCE_EXHAUSTED : StatusCode.INVALID_ARGUMENT
  return { code, message: error.message }
}

/** `{"code":3,"message":"…"}`: grpc-gateway's form of an error. */
function errorJson({ code, message }: GatewayStatus): string {
  return JSON.stringify({ code, message })
}

export function statusResponse(status: GatewayStatus): HttpResponse {
  return jsonError(httpStatuses[status.code] ?? 500, errorJson(status))
}

/** The same for what ends a stream before it has begun. */
export function streamErrorResponse(status: GatewayStatus): HttpResponse {
  return jsonError(httpStatuses[status.code] ?? 500, streamErrorLine(status))
}

/** The last line of a stream that failed. */
export function streamErrorLine(status: GatewayStatus): string {
  return `{"error":${errorJson(status)}}\n`
}

function jsonError(status: number, text: string): HttpResponse {
  return { status, headers: [jsonType], body: new TextEncoder().encode(text) }
}
