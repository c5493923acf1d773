import { decodeMessage, type Message } from '@kvs/proto/raft'
import { emptyAnswer, errorAnswer, methodNotAllowed, notFound, textAnswer } from './answers.ts'
import type { TransportContext } from './context.ts'
import type { PeerCounters } from './counters.ts'
import { RaftHttpError, reasonOf } from './errors.ts'
import {
  checkCompatibility,
  formatPeerId,
  incarnationOf,
  ownHeaders,
  parsePeerId,
  paths,
  streamProtocol,
} from './headers.ts'
import { listenerFrameBytesMax, messageBytesMax, requestTimeoutMs } from './limits.ts'
import type { RaftReceiver } from './ports.ts'
import { readBody } from './read-body.ts'
import { formatRfc3339 } from './rfc3339.ts'
import { checkAddress, type SnapshotReceiver } from './snapshot-receiver.ts'
import { type StreamKind, streamKindOf } from './stream-kind.ts'
import type { HeaderFields, Link, LinkAcceptance, PeerHandler, PeerRequest, PeerResponse } from './wire.ts'

/** A row of the table of the peer port: the first whose path equals, or is a prefix ending in `/`, answers. */
export interface PeerRoute {
  readonly path: string
  readonly handle: PeerHandler
}

/** What a stream request asks for, once everything about it is in order. */
export interface StreamRequest {
  readonly from: bigint
  readonly kind: StreamKind
  readonly incarnation: string | undefined
}

export interface RaftRoutesParts {
  readonly context: TransportContext
  readonly raft: RaftReceiver
  readonly snapshots: SnapshotReceiver
  readonly countersOf: (id: bigint) => PeerCounters
  readonly senderSeen: (request: PeerRequest) => void
  readonly isPeer: (id: bigint) => boolean
  /** Throws for a process that may not speak for this member. */
  readonly checkProcess: (from: bigint, request: PeerRequest) => void
  readonly attach: (stream: StreamRequest, link: Link) => void
}

/** The side of raft's traffic that answers. */
export class RaftRoutes {
  readonly #parts: RaftRoutesParts

  constructor(parts: RaftRoutesParts) {
    this.#parts = parts
  }

  /** All paths below `/raft`. */
  get table(): readonly PeerRoute[] {
    return [
      { path: paths.probing, handle: request => this.#probing(request) },
      { path: paths.snapshot, handle: (request, body) => this.#parts.snapshots.handle(request, body) },
      { path: `${paths.stream}/`, handle: request => this.#plainStream(request) },
      { path: paths.raft, handle: (request, body) => this.#message(request, body) },
    ]
  }

  /** A request for a WebSocket: only streams are to be had so. */
  upgrade(request: PeerRequest, protocols: readonly string[]): LinkAcceptance | PeerResponse {
    if (!request.path.startsWith(`${paths.stream}/`)) return notFound
    if (request.method !== 'GET') return methodNotAllowed('GET')
    try {
      const stream = this.#checkStream(request)
      if (!protocols.includes(streamProtocol)) return this.#upgradeRequired(request)
      return {
        protocol: streamProtocol,
        headers: this.#streamHeaders(),
        frameBytesMax: listenerFrameBytesMax,
        accept: link => this.#parts.attach(stream, link),
      }
    } catch (error) {
      return errorAnswer(error, this.#streamHeaders())
    }
  }

  #probing(request: PeerRequest): PeerResponse {
    if (request.method !== 'GET') return methodNotAllowed('GET')
    const now = formatRfc3339(this.#parts.context.clock.wallNow())
    return textAnswer(200, JSON.stringify({ OK: true, Now: now }))
  }

  /** A stream as Go's etcd asks for it, in the body of an answer, is refused, but only behind the usual checks. */
  #plainStream(request: PeerRequest): PeerResponse {
    if (request.method !== 'GET') return methodNotAllowed('GET')
    try {
      this.#checkStream(request)
    } catch (error) {
      return errorAnswer(error, this.#streamHeaders())
    }
    return this.#upgradeRequired(request)
  }

  #upgradeRequired(request: PeerRequest): PeerResponse {
    const { context } = this.#parts
    const reason = `this member sends raft streams over WebSocket only: Upgrade: websocket, subprotocol ${streamProtocol}`
    context.logger.warn('rejected stream from remote peer because it does not ask for a WebSocket', {
      'local-member-id': formatPeerId(context.local.id),
      'remote-peer-id-from': request.header('x-server-from') ?? '',
      'remote-peer-server-version': request.header('x-server-version') ?? '',
    })
    return textAnswer(426, reason, [['Upgrade', 'websocket'], ...this.#streamHeaders()])
  }

  #streamHeaders(): HeaderFields {
    const { local } = this.#parts.context
    return [
      ['X-Server-Version', local.version.server],
      ['X-Etcd-Cluster-ID', formatPeerId(local.clusterId)],
      [ownHeaders.formats, local.snapshotFormats.join(',')],
      [ownHeaders.incarnation, local.incarnation],
    ]
  }

  /** Throws what the request is answered with, if not with a stream. */
  #checkStream(request: PeerRequest): StreamRequest {
    const { context, isPeer, raft, senderSeen } = this.#parts
    checkCompatibility(context.local, request, context.logger)
    const local = { 'local-member-id': formatPeerId(context.local.id) }
    const [segment = '', fromText = '', ...more] = request.path.slice(paths.stream.length + 1).split('/')
    const kind = more.length === 0 ? streamKindOf(segment) : undefined
    if (kind === undefined) {
      context.logger.debug('ignored unexpected streaming request path', { ...local, path: request.path })
      throw new RaftHttpError('BAD_REQUEST', 'invalid path', { status: 404 })
    }
    const from = parsePeerId(fromText)
    if (from === undefined) {
      context.logger.warn('failed to parse path into ID', { ...local, path: fromText })
      throw new RaftHttpError('BAD_REQUEST', 'invalid from', { status: 404 })
    }
    const ids = { ...local, 'remote-peer-id-from': formatPeerId(from) }
    if (raft.isRemoved(from)) {
      context.logger.warn('rejected stream from remote peer because it was removed', ids)
      throw new RaftHttpError('REMOVED', 'removed member', { status: 410 })
    }
    const cluster = { ...ids, 'cluster-id': formatPeerId(context.local.clusterId) }
    if (!isPeer(from)) {
      // It joined after the entries this member has seen, or it belongs to another cluster with the same id.
      senderSeen(request)
      context.logger.warn('failed to find remote peer in cluster', cluster)
      throw new RaftHttpError('BAD_REQUEST', 'error sender not found', { status: 404 })
    }
    const to = request.header('x-raft-to') ?? ''
    if (to === formatPeerId(context.local.id)) {
      this.#parts.checkProcess(from, request)
      return { from, kind, incarnation: incarnationOf(request) }
    }
    context.logger.warn('ignored streaming request; ID mismatch', { ...cluster, 'remote-peer-id-header': to })
    throw new RaftHttpError('BAD_REQUEST', 'to field mismatch', { status: 412 })
  }

  /** One message in one request. */
  async #message(request: PeerRequest, body: AsyncIterable<Uint8Array>): Promise<PeerResponse> {
    const { context, countersOf, senderSeen } = this.#parts
    if (request.method !== 'POST') return methodNotAllowed('POST')
    const headers: HeaderFields = [['X-Etcd-Cluster-ID', formatPeerId(context.local.clusterId)]]
    try {
      checkCompatibility(context.local, request, context.logger)
    } catch (error) {
      return { ...errorAnswer(error, headers), isLast: true }
    }
    senderSeen(request)
    const bytes = await this.#body(body)
    if ('status' in bytes) return bytes
    const message = this.#decoded(bytes)
    if (message === undefined) return textAnswer(400, 'error unmarshalling raft message', headers)
    const counters = countersOf(message.from)
    counters.receivedBytes += bytes.length
    try {
      checkAddress(context.inbox, message, () => 'error processing raft message')
      this.#parts.checkProcess(message.from, request)
      context.inbox.deliver([message])
      return emptyAnswer(204, headers)
    } catch (error) {
      counters.receivedFailures++
      if (error instanceof RaftHttpError && error.status !== undefined) {
        return { ...errorAnswer(error, headers), isLast: error.status === 500 }
      }
      this.#failed('failed to process Raft message', error)
      return { ...textAnswer(500, 'error processing raft message', headers), isLast: true }
    }
  }

  async #body(body: AsyncIterable<Uint8Array>): Promise<Uint8Array | PeerResponse> {
    const { clock } = this.#parts.context
    try {
      return await readBody(body, { clock, bytesMax: messageBytesMax, timeoutMs: requestTimeoutMs })
    } catch (error) {
      this.#failed('failed to read Raft message', error)
      return { ...textAnswer(400, 'error reading raft message'), isLast: true }
    }
  }

  #decoded(bytes: Uint8Array): Message | undefined {
    try {
      return decodeMessage(bytes)
    } catch (error) {
      this.#failed('failed to unmarshal Raft message', error)
      return undefined
    }
  }

  #failed(what: string, error: unknown): void {
    const { local, logger } = this.#parts.context
    logger.warn(what, { 'local-member-id': formatPeerId(local.id), error: reasonOf(error) })
  }
}
