import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Pipe, type PipeInfo, toDuplex } from '@kvs/net'
import type { HttpHandler, HttpRequest, HttpResponse } from '../edge/http.ts'
import { bodyOfUpgrade, isWebSocket, serveMessages } from './upgrade.ts'

/** Who may speak WebSocket: what refuses a request, or undefined. */
export type RefuseSocket = (request: HttpRequest) => HttpResponse | undefined

/** HTTP/1.1 on pipes, by Node's own parser: one server object for all of them, which listens nowhere itself. */
export class Http1 {
  readonly #server: Server
  /** A server that listens nowhere keeps no list of its own. */
  readonly #open = new Map<Duplex, PipeInfo>()

  /** With `refuseSocket`, requests may come over WebSockets, too: their messages are the body, lines of the answer theirs. */
  constructor(handle: HttpHandler, refuseSocket?: RefuseSocket) {
    this.#server = createServer((request, response) => {
      const asked = this.#requestOf(request)
      answer(handle, asked, request, response).catch((error: unknown) => response.destroy(error as Error))
    })
    if (refuseSocket === undefined) return
    this.#server.on('upgrade', (request, socket, head) => {
      const asked = this.#requestOf(request)
      const refusal = isWebSocket(request) ? refuseSocket(asked) : undefined
      if (isWebSocket(request) && refusal === undefined) return serveMessages(handle, asked, { request, socket, head })
      // What else might be agreed on is declined by answering as usual.
      const response = responseOn(request, socket)
      const body = bodyOfUpgrade(request, socket, head)
      const reply: HttpHandler = refusal === undefined ? handle : () => refusal
      answer(reply, asked, body, response).catch(() => socket.destroy())
    })
  }

  /** Serves requests from this pipe until either side closes it. */
  accept(pipe: Pipe): void {
    const connection = toDuplex(pipe)
    this.#open.set(connection, pipe.info)
    connection.once('close', () => this.#open.delete(connection))
    this.#server.emit('connection', connection)
  }

  close(): void {
    for (const connection of this.#open.keys()) connection.destroy()
  }

  #requestOf(request: IncomingMessage): HttpRequest {
    const url = request.url ?? '/'
    const mark = url.indexOf('?')
    const info = this.#open.get(request.socket)
    return {
      method: request.method ?? 'GET',
      path: mark < 0 ? url : url.slice(0, mark),
      query: mark < 0 ? '' : url.slice(mark + 1),
      header: name => {
        const value = request.headers[name]
        return Array.isArray(value) ? value[0] : value
      },
      headers: headersOf(request.rawHeaders),
      remote: info?.remote ?? '',
      isEncrypted: info?.tls !== undefined,
      commonName: info?.tls?.peerCommonName,
    }
  }
}

/** Pairs of names, in lower case, and values, in their order. */
function headersOf(raw: readonly string[]): HttpRequest['headers'] {
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([(raw[i] as string).toLowerCase(), raw[i + 1] as string])
  return pairs
}

/** An answer on a connection that the parser has let go of; it is the last one. */
function responseOn(request: IncomingMessage, socket: Duplex): ServerResponse {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0])
  response.on('finish', () => socket.end())
  return response
}

async function answer(
  handle: HttpHandler,
  asked: HttpRequest,
  body: AsyncIterable<Uint8Array>,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const result = await handle(asked, body, gone.signal)
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

function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    response.once('drain', resolve)
    gone.addEventListener('abort', () => resolve(), { once: true })
  })
}
