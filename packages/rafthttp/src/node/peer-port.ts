import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Pipe, takeSocket, toDuplex } from '@kvs/net'
import { WebSocketServer } from 'ws'
import { reasonOf } from '../errors.ts'
import { lingerMs, readTimeoutMsMin } from '../limits.ts'
import type { TransportLogger } from '../ports.ts'
import type { HeaderFields, LinkAcceptance, PeerEndpoint, PeerRequest, PeerResponse } from '../wire.ts'
import { flatHeaders } from './node-wire.ts'
import { plainBytes, WsLink } from './ws-link.ts'

export interface PeerPortOptions {
  readonly endpoint: PeerEndpoint
  readonly logger: TransportLogger
  /** A connection that brings no request for so long is closed. Default 5 s, etcd's read timeout. */
  readonly readTimeoutMs?: number
}

/** Serves the peer port on pipes that a listener hands over: HTTP/1.1 and WebSockets. */
export interface PeerPort {
  /** Serves a connection, which was not started. */
  accept(pipe: Pipe): void
  /** Drops all connections, and those that still come. */
  close(): void
}

export function servePeers(options: PeerPortOptions): PeerPort {
  return new NodePeerPort(options)
}

class NodePeerPort implements PeerPort {
  readonly #endpoint: PeerEndpoint
  readonly #logger: TransportLogger
  readonly #readTimeoutMs: number
  readonly #server: Server
  readonly #open = new Set<Connection>()
  readonly #connections = new WeakMap<Duplex, Connection>()
  #isClosed = false
  readonly #upgraders = new Map<number, WebSocketServer>()
  /** Fields of the answer to the upgrade that is under way. */
  readonly #upgradeHeaders = new WeakMap<IncomingMessage, HeaderFields>()

  constructor({ endpoint, logger, readTimeoutMs }: PeerPortOptions) {
    this.#endpoint = endpoint
    this.#logger = logger
    this.#readTimeoutMs = readTimeoutMs ?? readTimeoutMsMin
    // Idle connections are closed by `Connection`: the timers of a server that listens nowhere do not run.
    this.#server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 })
    this.#server.on('request', (request, response) => this.#handle(request, response))
    this.#server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Uint8Array) =>
      this.#upgrade(request, stream, head),
    )
    this.#server.on('clientError', (error: Error, stream: Duplex) => {
      const remote = this.#connections.get(stream)?.remote ?? ''
      logger.debug('rejected connection on peer endpoint', { 'remote-addr': remote, error: error.message })
      const text = 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n'
      if (stream.writable) stream.end(`${text}400 Bad Request`)
      stream.destroy()
    })
  }

  accept(pipe: Pipe): void {
    // A handshake that was under way when the port closed.
    if (this.#isClosed) return pipe.destroy()
    const { remote } = pipe.info
    const stream = takeSocket(pipe) ?? toDuplex(pipe)
    const connection = new Connection(stream, remote, this.#readTimeoutMs)
    this.#open.add(connection)
    this.#connections.set(stream, connection)
    stream.once('close', () => this.#open.delete(connection))
    this.#server.emit('connection', stream)
  }

  close(): void {
    this.#isClosed = true
    for (const connection of this.#open) connection.stream.destroy()
    for (const upgrader of this.#upgraders.values()) upgrader.close()
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket)
    connection?.busy()
    response.once('finish', () => connection?.idle())
    this.#answer(request, response).catch((error: unknown) => {
      this.#logger.debug('a request of a peer was not answered', { error: reasonOf(error) })
      response.destroy()
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const answer = await this.#endpoint.handle(this.#requestOf(request), bodyOf(request), gone.signal)
    if (!gone.signal.aborted) this.#write(request, response, answer)
  }

  #write(request: IncomingMessage, response: ServerResponse, { body, headers, isLast, status }: PeerResponse): void {
    // What nobody reads of a body must be let through, or the next request could not come.
    if (isLast === true) this.#connections.get(request.socket)?.linger(request)
    else request.resume()
    const fields = flatHeaders([...headers, ['Content-Length', String(body.length)]])
    if (isLast === true) fields.push('Connection', 'close')
    if (status === 204) fields.splice(fields.indexOf('Content-Length'), 2)
    response.writeHead(status, fields)
    response.end(body)
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Uint8Array): void {
    this.#connections.get(stream)?.busy()
    stream.on('error', () => undefined)
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
    const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim())
    // An upgrade to anything else may be ignored (RFC 9110, 7.8): answered as if it had not been asked for.
    if (!isWebSocket) return this.#answerUpgrade(request, stream, undefined)
    const answer = this.#endpoint.upgrade(this.#requestOf(request), protocols)
    if (!('accept' in answer)) return this.#answerUpgrade(request, stream, answer)
    this.#upgradeHeaders.set(request, answer.headers)
    const remote = this.#connections.get(stream)?.remote ?? ''
    this.#upgraderFor(answer).handleUpgrade(request, stream, head as Buffer, socket =>
      answer.accept(new WsLink(socket, stream, remote)),
    )
  }

  /** Answers a request whose connection Node has given up to whoever upgrades it. */
  #answerUpgrade(request: IncomingMessage, stream: Duplex, answer: PeerResponse | undefined): void {
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(stream as Socket)
    response.once('finish', () => {
      response.detachSocket(stream as Socket)
      stream.end()
      stream.resume()
      setTimeout(() => stream.destroy(), lingerMs).unref()
    })
    if (answer !== undefined) this.#write(request, response, { ...answer, isLast: true })
    else this.#handle(request, response)
  }

  /** One for each size of frames: ws takes the limit when it is made. */
  #upgraderFor({ frameBytesMax, protocol }: LinkAcceptance): WebSocketServer {
    const known = this.#upgraders.get(frameBytesMax)
    if (known !== undefined) return known
    const made = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: frameBytesMax,
      handleProtocols: () => protocol,
    })
    made.on('headers', (lines, request) => {
      for (const [name, value] of this.#upgradeHeaders.get(request) ?? []) lines.push(`${name}: ${value}`)
    })
    this.#upgraders.set(frameBytesMax, made)
    return made
  }

  #requestOf(request: IncomingMessage): PeerRequest {
    // Proxies send the whole URL.
    const url = (request.url ?? '/').replace(/^https?:\/\/[^/?#]*/, '')
    const mark = url.indexOf('?')
    return {
      method: request.method ?? 'GET',
      path: mark < 0 ? url : url.slice(0, mark),
      query: mark < 0 ? '' : url.slice(mark + 1),
      header: name => {
        const value = request.headers[name]
        return Array.isArray(value) ? value[0] : value
      },
      remote: this.#connections.get(request.socket)?.remote ?? '',
    }
  }
}

/** The body, without closing the connection when somebody stops reading it: the answer has yet to go out. */
async function* bodyOf(request: IncomingMessage): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of request.iterator({ destroyOnReturn: false })) yield plainBytes(chunk as Uint8Array)
}

/** One connection of the port, which must not be idle for long. */
class Connection {
  readonly stream: Duplex
  readonly remote: string
  readonly #idleMs: number
  #timer: NodeJS.Timeout | undefined

  constructor(stream: Duplex, remote: string, idleMs: number) {
    this.stream = stream
    this.remote = remote
    this.#idleMs = idleMs
    stream.once('close', () => clearTimeout(this.#timer))
    this.idle()
  }

  /** The headers of a request are complete. */
  busy(): void {
    clearTimeout(this.#timer)
  }

  /** The next request must be there in time. */
  idle(): void {
    clearTimeout(this.#timer)
    if (this.stream.destroyed) return
    this.#timer = setTimeout(() => this.stream.destroy(), this.#idleMs)
    this.#timer.unref()
  }

  /**
   * The answer that follows is the last: take and forget what still comes, for a while. A socket closed with bytes unread
   * is reset, and a reset can overtake the answer.
   */
  linger(request: IncomingMessage): void {
    const { stream } = this
    if (!(stream instanceof Socket)) return
    stream.destroySoon = () => {
      stream.end()
      request.resume()
      stream.resume()
      setTimeout(() => stream.destroy(), lingerMs).unref()
    }
  }
}
