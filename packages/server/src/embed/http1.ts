import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Pipe, toDuplex } from '@kvs/net'
import type { HttpHandler, HttpRequest } from '../edge/http.ts'

/** HTTP/1.1 on pipes, by Node's own parser: one server object for all of them, which listens nowhere itself. */
export class Http1 {
  readonly #server: Server
  /** A server that listens nowhere keeps no list of its own. */
  readonly #open = new Set<Duplex>()

  constructor(handle: HttpHandler) {
    this.#server = createServer((request, response) => {
      answer(handle, request, response).catch((error: unknown) => response.destroy(error as Error))
    })
  }

  /** Serves requests from this pipe until either side closes it. */
  accept(pipe: Pipe): void {
    const connection = toDuplex(pipe)
    this.#open.add(connection)
    connection.once('close', () => this.#open.delete(connection))
    this.#server.emit('connection', connection)
  }

  close(): void {
    for (const connection of this.#open) connection.destroy()
  }
}

async function answer(handle: HttpHandler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const result = await handle(requestOf(request), request, gone.signal)
  response.statusCode = result.status
  for (const [name, value] of result.headers) response.setHeader(name, value)
  if (result.body instanceof Uint8Array) {
    response.end(result.body)
    return
  }
  for await (const piece of result.body) {
    if (gone.signal.aborted) return
    if (!response.write(piece)) await drained(response, gone.signal)
  }
  response.end()
}

function requestOf(request: IncomingMessage): HttpRequest {
  const url = request.url ?? '/'
  const mark = url.indexOf('?')
  return {
    method: request.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    header: name => {
      const value = request.headers[name]
      return Array.isArray(value) ? value[0] : value
    },
    remote: request.socket.remoteAddress ?? '',
  }
}

function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    response.once('drain', resolve)
    gone.addEventListener('abort', () => resolve(), { once: true })
  })
}
