import { Attempt } from './attempt.ts'
import { Backoff } from './backoff.ts'
import type { TransportContext } from './context.ts'
import type { PeerCounters } from './counters.ts'
import { Deadline } from './deadline.ts'
import { RaftHttpError, reasonOf, texts } from './errors.ts'
import { decodeFrame } from './frame.ts'
import { formatPeerId, incarnationOf, ownHeaders, parseList, requestHeaders, streamProtocol } from './headers.ts'
import { messageBytesMax, redialMsMin } from './limits.ts'
import type { PeerActivity } from './peer-activity.ts'
import { type StreamKind, streamPath } from './stream-kind.ts'
import type { UrlPicker } from './url-picker.ts'
import { hasStreams } from './version.ts'
import type { Link, LinkReply } from './wire.ts'

export interface StreamReaderParts {
  readonly context: TransportContext
  readonly kind: StreamKind
  readonly peerId: bigint
  readonly picker: UrlPicker
  readonly activity: PeerActivity
  readonly counters: PeerCounters
  /** Messages are thrown away, as in tests of partitions. */
  readonly isPaused: () => boolean
  /** Whether this process may speak for the peer. */
  readonly admits: (incarnation: string | undefined) => boolean
  /** The peer said which snapshot formats it takes. */
  readonly formatsLearned: (formats: readonly string[]) => void
}

/** The receiving end of a stream. It dials the peer, and dials again for as long as it is not stopped. */
export class StreamReader {
  readonly #parts: StreamReaderParts
  readonly #backoff: Backoff
  #link: Link | undefined
  #dialing: Attempt | undefined
  #waiting: unknown
  #dialedAt = Number.NEGATIVE_INFINITY
  #stopped = false

  constructor(parts: StreamReaderParts) {
    this.#parts = parts
    this.#backoff = new Backoff(parts.context.random)
  }

  start(): void {
    this.#parts.context.logger.info('started stream reader with remote peer', this.#named())
    this.#dial()
  }

  /** The peer has shown that it lives: no need to wait any longer, but for the shortest pause between two attempts. */
  hurry(): void {
    this.#backoff.reset()
    if (this.#waiting === undefined || this.#stopped) return
    this.#parts.context.clock.clearTimer(this.#waiting)
    this.#wait(Math.max(0, this.#dialedAt + redialMsMin - this.#parts.context.clock.now()))
  }

  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    const { clock, logger } = this.#parts.context
    if (this.#waiting !== undefined) clock.clearTimer(this.#waiting)
    this.#waiting = undefined
    this.#dialing?.abort(new RaftHttpError('STOPPED', texts.stopped))
    const link = this.#link
    this.#link = undefined
    link?.close()
    logger.info('stopped stream reader with remote peer', this.#named())
  }

  #dial(): void {
    const { activity, context, kind, peerId, picker } = this.#parts
    const url = picker.pick()
    const dialing = new Attempt(context.clock, context.times.dialTimeoutMs, `dial ${url}`)
    this.#dialing = dialing
    this.#dialedAt = context.clock.now()
    const address = `${url}${streamPath(kind, context.local.id)}`
    const ids = { from: formatPeerId(context.local.id), to: formatPeerId(peerId) }
    context.logger.debug('dial stream reader', { ...ids, address })
    this.#open(url, dialing.signal)
      .then(
        link => {
          if (this.#stopped) link.close()
          else this.#use(link)
        },
        (error: unknown) => {
          picker.failed(url)
          if (this.#stopped) return
          activity.deactivate({ source: kind.title, action: 'dial' }, reasonOf(error))
          this.#wait(this.#backoff.nextMs())
        },
      )
      .finally(() => {
        dialing.done()
        if (this.#dialing === dialing) this.#dialing = undefined
      })
  }

  async #open(url: string, signal: AbortSignal): Promise<Link> {
    const { context, kind, peerId } = this.#parts
    const reply = await context.wire.openLink({
      url,
      path: streamPath(kind, context.local.id),
      protocol: streamProtocol,
      headers: [...requestHeaders(context.local), ['X-Raft-To', formatPeerId(peerId)]],
      frameBytesMax: messageBytesMax,
      signal,
    })
    if (reply.link === undefined) throw this.#refusal(reply)
    if (!this.#parts.admits(incarnationOf(reply))) {
      reply.link.close()
      throw new RaftHttpError('REFUSED', texts.secondProcess)
    }
    if (hasStreams(reply.header('x-server-version'), context.local.version.server)) {
      this.#parts.formatsLearned(parseList(reply.header(ownHeaders.formats.toLowerCase())))
      return reply.link
    }
    reply.link.close()
    throw new RaftHttpError('INCOMPATIBLE_VERSION', 'unsupported stream type')
  }

  /** What a peer means that does not open the stream; logged where etcd does. */
  #refusal(reply: LinkReply): RaftHttpError {
    const { context, peerId } = this.#parts
    const [local, peer] = [formatPeerId(context.local.id), formatPeerId(peerId)]
    const text = reply.text.replace(/\n$/, '')
    if (reply.status === 410) {
      context.reports.removed()
      return new RaftHttpError('REMOVED', texts.removed, { status: 410 })
    }
    if (reply.status === 404) {
      return new RaftHttpError('UNKNOWN_HERE', `peer ${peer} failed to find local node ${local}`, { status: 404 })
    }
    if (reply.status === 200) {
      const reason = 'unhandled http status 200: the peer sends an HTTP stream, this member reads WebSockets only'
      return new RaftHttpError('REFUSED', reason, { status: 200 })
    }
    if (reply.status !== 412) {
      const shown = text === '' ? '' : `: ${text.slice(0, 200)}`
      return new RaftHttpError('REFUSED', `unhandled http status ${reply.status}${shown}`, { status: reply.status })
    }
    if (text === texts.incompatibleVersion) {
      const message = 'request sent was ignored by remote peer due to server version incompatibility'
      context.logger.warn(message, { 'local-member-id': local, 'remote-peer-id': peer, error: text })
      return new RaftHttpError('INCOMPATIBLE_VERSION', text, { status: 412 })
    }
    if (text === texts.clusterIdMismatch) {
      context.logger.warn('request sent was ignored by remote peer due to cluster ID mismatch', {
        'remote-peer-id': peer,
        'remote-peer-cluster-id': reply.header('x-etcd-cluster-id') ?? '',
        'local-member-id': local,
        'local-member-cluster-id': formatPeerId(context.local.clusterId),
        error: text,
      })
      return new RaftHttpError('CLUSTER_ID_MISMATCH', text, { status: 412 })
    }
    const message = `unhandled error ${JSON.stringify(text)} when precondition failed`
    return new RaftHttpError('REFUSED', message, { status: 412 })
  }

  #use(link: Link): void {
    const { activity, context, kind } = this.#parts
    this.#link = link
    this.#backoff.reset()
    activity.activate()
    context.logger.info('established TCP streaming connection with remote peer', this.#named())
    const silence = new Deadline(context.clock, context.times.readTimeoutMs, () => {
      link.destroy(new RaftHttpError('TIMEOUT', 'i/o timeout: nothing came, not even a keepalive'))
    })
    link.start({
      frame: bytes => {
        silence.touch()
        if (this.#link === link) this.#take(link, bytes)
      },
      sent: () => undefined,
      alive: () => silence.touch(),
      close: error => {
        silence.stop()
        if (this.#link !== link) return
        this.#link = undefined
        const reason = error === undefined ? 'EOF' : reasonOf(error)
        context.logger.warn('lost TCP streaming connection with remote peer', { ...this.#named(), error: reason })
        // A goodbye is no failure; whether the peer comes back shows the next dial.
        if (error !== undefined) activity.deactivate({ source: kind.title, action: 'read' }, reason)
        this.#wait(this.#backoff.nextMs())
      },
    })
  }

  #take(link: Link, bytes: Uint8Array): void {
    const { context, counters, isPaused } = this.#parts
    counters.receivedBytes += bytes.length
    if (isPaused()) return
    try {
      context.inbox.take(decodeFrame(bytes), counters)
    } catch (error) {
      counters.receivedFailures++
      link.destroy(error instanceof Error ? error : undefined)
    }
  }

  #wait(delayMs: number): void {
    this.#waiting = this.#parts.context.clock.setTimer(delayMs, () => {
      this.#waiting = undefined
      this.#dial()
    })
  }

  #named(): Readonly<Record<string, string>> {
    const { context, kind, peerId } = this.#parts
    return {
      'stream-reader-type': kind.title,
      'local-member-id': formatPeerId(context.local.id),
      'remote-peer-id': formatPeerId(peerId),
    }
  }
}
