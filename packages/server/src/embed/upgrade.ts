import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type MessageSocket, webSocketMessages } from '@kvs/net'
import type { HttpHandler, HttpRequest } from '../edge/http.ts'
import * as limits from '../limits.ts'

/** How requests come over WebSockets: what etcd's proxy for them does. */

const takeOver = webSocketMessages({ subprotocol: 'Bearer', maxMessageBytes: limits.webSocketMessageBytesMax })

export function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

/** Messages are the body of the request, each on a line; each line of the answer is a message. */
export function serveMessages(
  handle: HttpHandler,
  asked: HttpRequest,
  upgrade: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
): void {
  const { request, socket, head } = upgrade
  takeOver(request, socket, head, messages => {
    exchange(handle, withToken(asked), messages).then(
      () => messages.close(),
      () => messages.close(),
    )
  })
}

/** Browsers can set no headers: their token comes as `Sec-WebSocket-Protocol: Bearer, TOKEN`. */
function withToken(asked: HttpRequest): HttpRequest {
  const [scheme, token, ...more] = (asked.header('sec-websocket-protocol') ?? '').split(',').map(part => part.trim())
  const isToken = scheme === 'Bearer' && token !== undefined && more.length === 0
  const own = asked.headers.filter(([name]) => !name.startsWith('sec-websocket-'))
  const headers = isToken ? [...own, ['authorization', `Bearer ${token}`] as const] : own
  return {
    ...asked,
    method: 'POST',
    headers,
    header: name => headers.find(([known]) => known === name)?.[1],
  }
}

async function exchange(handle: HttpHandler, asked: HttpRequest, messages: MessageSocket): Promise<void> {
  const { body } = await handle(asked, linesOf(messages), messages.gone)
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of body instanceof Uint8Array ? [body] : body) {
    const lines = `${text}${decoder.decode(piece, { stream: true })}`.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) await messages.send(line)
    if (messages.gone.aborted) return
  }
  if (text !== '') await messages.send(text)
}

const lineEnd = Uint8Array.of(0x0a)

async function* linesOf({ messages }: MessageSocket): AsyncGenerator<Uint8Array, void> {
  for await (const message of messages) {
    yield message
    yield lineEnd
  }
}

/** The body of a request that asked for something else than HTTP/1.1 and does not get it: as long as it says. */
export async function* bodyOfUpgrade(
  { headers }: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): AsyncGenerator<Uint8Array, void> {
  let left = Number(headers['content-length'] ?? 0)
  const source = socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>
  for (let piece: Uint8Array = head; left > 0; ) {
    const wanted = piece.subarray(0, left)
    left -= wanted.length
    if (wanted.length > 0) yield wanted
    if (left === 0) return
    const next = await source.next()
    if (next.done === true) return
    piece = next.value
  }
}
