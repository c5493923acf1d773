import { GrpcError, StatusCode } from '@kvs/grpc'
import type { Caller } from '../in-process/call.ts'
import type { LocalCalls } from '../in-process/local-calls.ts'
import type { Clock } from '../parts.ts'
import type { RequestValues } from './request-body.ts'
import type { GatewayRoute } from './routes.ts'
import { jsonType } from './status.ts'
import { toMessage } from './to-message.ts'

export interface GatewayParts {
  readonly calls: LocalCalls
  readonly clock: Clock
  /** Longest message that a call may have. */
  readonly maxRequestBytes: number
}

/** One request to the gateway, as its parts need it. */
export interface GatewayCall extends GatewayParts {
  readonly route: GatewayRoute
  readonly values: RequestValues
  readonly requestSchema: string
  readonly responseSchema: string
  readonly caller: Caller
}

/** Headers of answers that are no errors. */
export const successHeaders: readonly (readonly [string, string])[] = [
  jsonType,
  ['Grpc-Metadata-Content-Type', 'application/grpc'],
]

/** A request's message. Nothing at all is a message without fields. Throws `JsonError`, and `GrpcError` for a large one. */
export function messageOf({ requestSchema, maxRequestBytes }: GatewayCall, json: Uint8Array | undefined): Uint8Array {
  if (json === undefined) return new Uint8Array(0)
  const message = toMessage(requestSchema, json)
  if (message.length <= maxRequestBytes) return message
  const text = `grpc: received message larger than max (${message.length} vs. ${maxRequestBytes})`
  throw new GrpcError(StatusCode.RESOURCE_EXHAUSTED, text)
}

/** What else is due is done first. */
export function turn(clock: Clock): Promise<void> {
  return new Promise(resolve => clock.defer(resolve))
}
