import { StatusCode } from '@kvs/grpc'
import type { HttpResponse } from '../edge/http.ts'
import type { LocalStream } from '../in-process/stream-call.ts'
import * as limits from '../limits.ts'
import { type GatewayCall, messageOf, successHeaders, turn } from './call.ts'
import { type GatewayStatus, statusOf, streamErrorLine, streamErrorResponse } from './status.ts'
import { toJson } from './to-json.ts'

/**
 * Asks a streaming method: JSON values of the body are its requests, its answers are lines. Resolves with the first answer,
 * so that a stream that fails before it gets a status of its own. Rejects with `JsonError` for a first request that is none.
 */
export async function streamResponse(call: GatewayCall): Promise<HttpResponse> {
  const { values, route, calls, caller } = call
  const json = await values.next()
  // Whoever may send many requests may also send none; a single one that is missing is one without fields.
  const first = json === undefined && route.method.clientStreams ? undefined : messageOf(call, json)
  const stream = calls.stream(route.method.path, caller)
  const requests = new Requests(call, stream)
  requests.begin(first)
  let answer: Uint8Array | undefined
  try {
    answer = await stream.next()
  } catch (error) {
    return streamErrorResponse(requests.failure ?? statusOf(error))
  }
  return { status: 200, headers: successHeaders, body: lines(call, { stream, requests, answer }) }
}

/** Hands requests on as they come, and ends the stream at one that is none. */
class Requests {
  /** Why the stream was ended. */
  failure: GatewayStatus | undefined
  readonly #call: GatewayCall
  readonly #stream: LocalStream

  constructor(call: GatewayCall, stream: LocalStream) {
    this.#call = call
    this.#stream = stream
  }

  begin(first: Uint8Array | undefined): void {
    this.#run(first).catch((error: unknown) => this.#fail(error))
  }

  async #run(first: Uint8Array | undefined): Promise<void> {
    const { values, route } = this.#call
    if (first !== undefined) await this.#stream.request(first)
    if (route.method.clientStreams) {
      for (let json = await values.next(); json !== undefined; json = await values.next()) {
        await this.#stream.request(messageOf(this.#call, json))
      }
    }
    this.#stream.halfClose()
    await values.drop()
  }

  #fail(error: unknown): void {
    // A client that has gone is known of already, by its signal.
    if (this.#call.caller.signal?.aborted === true) return
    try {
      this.failure = statusOf(error)
    } catch {
      this.failure = { code: StatusCode.CANCELLED, message: 'context canceled' }
    }
    this.#stream.cancel(StatusCode.CANCELLED)
  }
}

interface Begun {
  readonly stream: LocalStream
  readonly requests: Requests
  readonly answer: Uint8Array | undefined
}

const encoder = new TextEncoder()

/** `{"result":…}` for each answer, and `{"error":…}` if the stream failed. */
async function* lines(call: GatewayCall, { stream, requests, answer }: Begun): AsyncGenerator<Uint8Array, void> {
  try {
    for (let bytes = answer; bytes !== undefined; bytes = await stream.next()) {
      let text = '{"result":'
      for (const piece of toJson(call.responseSchema, bytes)) {
        text += piece
        if (text.length < limits.jsonPieceChars) continue
        yield encoder.encode(text)
        text = ''
        await turn(call.clock)
      }
      yield encoder.encode(`${text}}\n`)
    }
  } catch (error) {
    yield encoder.encode(streamErrorLine(requests.failure ?? statusOf(error)))
  } finally {
    stream.cancel(StatusCode.CANCELLED)
  }
}
