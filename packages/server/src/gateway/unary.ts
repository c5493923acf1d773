import type { HttpResponse } from '../edge/http.ts'
import * as limits from '../limits.ts'
import type { Clock } from '../parts.ts'
import { type GatewayCall, messageOf, successHeaders, turn } from './call.ts'
import { toJson } from './to-json.ts'

/** Asks a unary method. Rejects with `GrpcError` or `JsonError`. */
export async function unaryResponse(call: GatewayCall): Promise<HttpResponse> {
  const { calls, route, values, responseSchema, caller, clock } = call
  const message = messageOf(call, await values.next())
  // What follows the first value counts for nothing.
  values.drop().catch(() => {})
  const bytes = await joined(await calls.unary(route.method.path, message, caller), clock)
  const texts = toJson(responseSchema, bytes)
  const first = texts.next().value ?? '{}'
  const second = texts.next().value
  const body = second === undefined ? encoder.encode(first) : pieces([first, second], texts, clock)
  return { status: 200, headers: successHeaders, body }
}

const encoder = new TextEncoder()

/** A large answer is written piece by piece, and other work is let in between. */
async function* pieces(
  begun: readonly string[],
  rest: Iterable<string>,
  clock: Clock,
): AsyncGenerator<Uint8Array, void> {
  for (const text of begun) yield encoder.encode(text)
  for (const text of rest) {
    await turn(clock)
    yield encoder.encode(text)
  }
}

/** Puts pieces together, so many bytes per turn of the loop. */
async function joined(answer: readonly Uint8Array[], clock: Clock): Promise<Uint8Array> {
  const [only] = answer
  if (answer.length === 1 && only !== undefined) return only
  const whole = new Uint8Array(answer.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  let since = 0
  for (const piece of answer) {
    whole.set(piece, at)
    at += piece.length
    since += piece.length
    if (since <= limits.jsonJoinBytes) continue
    since = 0
    await turn(clock)
  }
  return whole
}
