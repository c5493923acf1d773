import type { HttpExchange } from '@kvs/grpc'
import * as limits from '../limits.ts'
import type { HttpHandler, HttpRequest, HttpResponse } from './http.ts'

/**
 * Plain HTTP over HTTP/2, which the gRPC engine hands on: curl and browsers that agreed on it with TLS. They reach the same
 * handlers as over HTTP/1.1. `flush` writes what was answered since.
 */
export function serveExchange(exchange: HttpExchange, handle: HttpHandler, flush: () => void): void {
  const body = new RequestBody(exchange)
  const gone = new AbortController()
  let drained: (() => void) | undefined
  exchange.events = {
    data: (bytes, start, end) => body.push(bytes.slice(start, end)),
    end: () => body.end(),
    drain: () => drained?.(),
    cancel: () => {
      gone.abort()
      body.fail(new Error('the client has gone'))
      drained?.()
    },
  }
  const answer = async (): Promise<void> => {
    const response = await handle(requestOf(exchange), body.pieces(), gone.signal)
    respond(exchange, response)
    if (!(response.body instanceof Uint8Array)) {
      for await (const piece of response.body) {
        if (exchange.ended) return
        const hasRoom = exchange.write(piece)
        flush()
        if (!hasRoom) {
          await new Promise<void>(resolve => {
            drained = resolve
          })
        }
      }
      exchange.end()
    }
    flush()
  }
  answer().catch(() => {
    exchange.abort()
    flush()
  })
}

function respond(exchange: HttpExchange, { status, headers, body }: HttpResponse): void {
  const names = headers.map(([name, value]) => [name.toLowerCase(), value] as const)
  if (!(body instanceof Uint8Array)) return exchange.respond(status, names)
  const sized = [...names, ['content-length', String(body.length)] as const]
  const isEmpty = body.length === 0 || exchange.method === 'HEAD'
  exchange.respond(status, sized, { end: isEmpty })
  if (isEmpty) return
  exchange.write(body)
  exchange.end()
}

function requestOf(exchange: HttpExchange): HttpRequest {
  const { path } = exchange
  const mark = path.indexOf('?')
  return {
    method: exchange.method,
    path: mark < 0 ? path : path.slice(0, mark),
    query: mark < 0 ? '' : path.slice(mark + 1),
    header: name => (name === 'host' ? exchange.authority : exchange.headers.get(name)),
    headers: exchange.headers.entries().flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    remote: exchange.peer.remote,
    isEncrypted: exchange.peer.isEncrypted,
    commonName: exchange.peer.commonName,
  }
}

/** What the client sends, as it comes; one that is not read is held up. */
class RequestBody {
  readonly #exchange: HttpExchange
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #ended = false
  #failure: Error | undefined
  #wake: () => void = () => {}

  constructor(exchange: HttpExchange) {
    this.#exchange = exchange
  }

  push(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#waitingBytes > limits.httpBodyAheadBytes) this.#exchange.pause()
    this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  fail(error: Error): void {
    this.#failure = error
    this.#wake()
  }

  async *pieces(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      const pieces = this.#waiting
      this.#waiting = []
      this.#waitingBytes = 0
      this.#exchange.resume()
      yield* pieces
      if (this.#waiting.length > 0) continue
      if (this.#ended) return
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}
