import type { Logger } from '../parts.ts'

/**
 * Plain HTTP on the client port: what curl, probes and scrapers ask for. A handler is
 * `(request, body, signal) → response`, whatever carried the request: HTTP/1.1, or HTTP/2 by the gRPC engine (`http2.ts`).
 */
export interface HttpRequest {
  readonly method: string
  /** Path without the query. */
  readonly path: string
  /** Query without the question mark. */
  readonly query: string
  /** First value of a header by its lower-case name. */
  header(name: string): string | undefined
  /** All of them as they came, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly remote: string
  readonly isEncrypted: boolean
  /** Of the certificate that the client showed and that was verified. */
  readonly commonName: string | undefined
}

export interface HttpResponse {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
}

export type HttpHandler = (
  request: HttpRequest,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
) => HttpResponse | Promise<HttpResponse>

/** A row of the table of plain HTTP: the first whose path equals, or is a prefix ending in `/`, answers. */
export interface HttpRoute {
  readonly path: string
  readonly handle: HttpHandler
}

const encoder = new TextEncoder()

export function textResponse(status: number, text: string, type = 'text/plain; charset=utf-8'): HttpResponse {
  return { status, headers: [['Content-Type', type]], body: encoder.encode(text) }
}

/** An error as Go's servers write it: a line of text that no browser is to take for anything else. */
export function errorResponse(status: number, text: string, headers: HttpResponse['headers'] = []): HttpResponse {
  const response = textResponse(status, `${text}\n`)
  return { ...response, headers: [...headers, ...response.headers, ['X-Content-Type-Options', 'nosniff']] }
}

/** One handler for a table of routes; `otherwise`, or 404 in Go's words, where none matches. */
export function routeHttp(routes: readonly HttpRoute[], otherwise: HttpHandler = notFound): HttpHandler {
  return (request, body, signal) => {
    const route = routes.find(({ path }) =>
      path.endsWith('/') ? request.path.startsWith(path) : path === request.path,
    )
    const handle = route?.handle ?? otherwise
    return handle(request, body, signal)
  }
}

/** The same handler; what it throws is logged, and answered with 500. */
export function guardHttp(handle: HttpHandler, logger: Logger): HttpHandler {
  return async (request, body, signal) => {
    try {
      return await handle(request, body, signal)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      logger.error('failed to answer an HTTP request', { method: request.method, path: request.path, error: reason })
      return errorResponse(500, 'internal server error')
    }
  }
}

function notFound(): HttpResponse {
  return errorResponse(404, '404 page not found')
}
