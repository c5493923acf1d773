import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import { WEBSOCKET_MAX_MESSAGE_BYTES } from './limits.ts'
import type { Pipe, PipeInfo } from './pipe.ts'
import { tcpInfo } from './socket-pipe.ts'
import { peerCertificate } from './tls/peer-certificate.ts'
import { WebSocketPipe } from './websocket-pipe.ts'

/** Subprotocol of a pipe over a WebSocket that carries gRPC. */
export const GRPC_SUBPROTOCOL = 'kvs.grpc.v1'

export interface WebSocketUpgradeOptions {
  /**
   * Whether a page of this origin may connect; `host` is the request's Host header. Browsers always say from where a page
   * is, other programs never do: they are not asked for. Default: pages of the same host.
   */
  readonly checkOrigin?: (origin: string, host: string) => boolean
  /** Default `kvs.grpc.v1`. */
  readonly subprotocol?: string
  /** A request was refused; for the log. */
  readonly onRefused?: (remote: string, reason: string) => void
}

/** Takes over a request from `node:http`'s event `upgrade`. */
export type UpgradeToPipe = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  accept: (pipe: Pipe) => void,
  /** Who is at the ends, where the caller knows better than the socket. */
  info?: PipeInfo,
) => void

/** Makes pipes of WebSocket requests. What is not one gets an HTTP error: 400, 403 for a foreign origin, 405, 426. */
export function webSocketUpgrade(options: WebSocketUpgradeOptions = {}): UpgradeToPipe {
  const subprotocol = options.subprotocol ?? GRPC_SUBPROTOCOL
  const checkOrigin = options.checkOrigin ?? isSameHost
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: WEBSOCKET_MAX_MESSAGE_BYTES,
    handleProtocols: () => subprotocol,
  })
  return (request, socket, head, accept, info) => {
    const { origin, host = '' } = request.headers
    let refusal: string | undefined
    if (!offers(request, subprotocol)) refusal = `400 subprotocol ${subprotocol} not offered`
    else if (origin !== undefined && !checkOrigin(origin, host)) refusal = `403 origin ${origin} not allowed`
    if (refusal !== undefined) {
      options.onRefused?.(request.socket.remoteAddress ?? '', refusal.slice(4))
      refuse(socket, refusal.startsWith('403') ? '403 Forbidden' : '400 Bad Request', refusal.slice(4))
      return
    }
    server.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      accept(new WebSocketPipe(webSocket, { ...(info ?? infoOf(request.socket)), kind: 'websocket' }))
    })
  }
}

function offers(request: IncomingMessage, subprotocol: string): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? ''
  return offered.split(',').some(one => one.trim() === subprotocol)
}

function isSameHost(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === host.toLowerCase()
  } catch {
    return false
  }
}

function refuse(socket: Duplex, status: string, reason: string): void {
  socket.on('error', () => undefined)
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${reason.length}\r\n\r\n`
  socket.end(head + reason)
}

function infoOf(socket: Socket): PipeInfo {
  const info = tcpInfo(socket)
  if (!(socket instanceof TLSSocket)) return info
  const commonName = socket.authorized ? peerCertificate(socket)?.commonName : undefined
  return { ...info, tls: { alpn: undefined, peerCommonName: commonName } }
}
