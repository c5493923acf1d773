import type { Message } from '@kvs/proto/raft'
import type { TransportContext } from './context.ts'
import type { PeerCounters } from './counters.ts'
import { Deadline } from './deadline.ts'
import { RaftHttpError, reasonOf } from './errors.ts'
import { FrameBatch } from './frame.ts'
import { formatPeerId } from './headers.ts'
import {
  incarnationAnswerMs,
  keepalivesPerReadTimeout,
  linkHighWaterBytes,
  streamQueueBytesMax,
  unansweredReadTimeouts,
} from './limits.ts'
import type { PeerActivity } from './peer-activity.ts'
import type { StreamKind } from './stream-kind.ts'
import type { Link } from './wire.ts'

export interface StreamWriterParts {
  readonly context: TransportContext
  readonly kind: StreamKind
  readonly peerId: bigint
  readonly activity: PeerActivity
  readonly counters: PeerCounters
}

/**
 * The sending end of a stream. The peer has dialed it; until then, and after it broke, there is none and messages go
 * another way. Messages gather until `flush`; a link that does not keep up makes them gather for longer, up to a limit.
 */
export class StreamWriter {
  readonly #parts: StreamWriterParts
  readonly #batch: FrameBatch
  #link: Link | undefined
  #incarnation: string | undefined
  #stall: Deadline | undefined
  #silence: Deadline | undefined
  #keepalive: unknown
  #challenge: unknown
  /** Something went over this link: if it breaks, the end of it may be lost. */
  #hasSent = false

  constructor(parts: StreamWriterParts) {
    this.#parts = parts
    this.#batch = new FrameBatch(parts.context.encoder)
    parts.context.logger.info('started stream writer with remote peer', this.#ids())
  }

  get isAttached(): boolean {
    return this.#link !== undefined
  }

  /** Which process of the peer reads this stream; undefined if none does, or one that does not say. */
  get incarnation(): string | undefined {
    return this.#incarnation
  }

  /** Somebody else wants to be the peer: who reads this stream has a moment to show that it lives. */
  challenge(): void {
    const link = this.#link
    if (link === undefined || this.#challenge !== undefined) return
    this.#challenge = this.#parts.context.clock.setTimer(incarnationAnswerMs, () => {
      link.destroy(new RaftHttpError('TIMEOUT', 'no answer, and another process runs as this peer'))
    })
    link.ping()
  }

  /** Takes a message for the next frame; false if too much waits already, and it is dropped. Needs a link. */
  add(message: Message): boolean {
    const waiting = this.#batch.pendingBytes + (this.#link?.queuedBytes ?? 0)
    // Whatever its size, one message always fits into an empty queue.
    if (waiting >= streamQueueBytesMax) return false
    this.#batch.add(message)
    return true
  }

  /** Hands the link what has gathered, as long as it keeps up. */
  flush(): void {
    const link = this.#link
    if (link === undefined || this.#batch.pendingBytes === 0) return
    while (link.queuedBytes < linkHighWaterBytes) {
      const frame = this.#batch.take()
      if (frame === undefined) break
      this.#hasSent = true
      this.#parts.counters.sentBytes += frame.length
      link.send(frame)
    }
    if (link.queuedBytes > 0 && this.#stall === undefined) this.#watchStall(link)
  }

  /** Uses a new link instead of the one there is. */
  attach(link: Link, incarnation: string | undefined): void {
    const { context, activity, kind } = this.#parts
    const old = this.#link
    if (old !== undefined) {
      this.#letGo()
      old.close()
      context.logger.warn('closed TCP streaming connection with remote peer', this.#named())
    }
    this.#link = link
    this.#incarnation = incarnation
    activity.activate()
    context.logger.info('set message encoder', {
      from: formatPeerId(context.local.id),
      to: formatPeerId(this.#parts.peerId),
      'stream-type': kind.title,
    })
    context.logger.info('established TCP streaming connection with remote peer', this.#named())
    this.#listen(link)
  }

  /** Breaks the stream off. */
  stop(): void {
    const { logger } = this.#parts.context
    const link = this.#link
    if (link !== undefined) {
      this.#letGo()
      link.close()
      logger.warn('closed TCP streaming connection with remote peer', this.#named())
    }
    logger.info('stopped TCP streaming connection with remote peer', this.#named())
  }

  #listen(link: Link): void {
    const { context, peerId } = this.#parts
    const { readTimeoutMs } = context.times
    this.#silence = new Deadline(context.clock, readTimeoutMs * unansweredReadTimeouts, () => {
      link.destroy(new RaftHttpError('TIMEOUT', `peer ${formatPeerId(peerId)} does not answer keepalives`))
    })
    this.#ping(link)
    link.start({
      frame: () => link.destroy(new RaftHttpError('BAD_FRAME', 'a peer wrote to a stream that it reads')),
      sent: () => this.#sent(link),
      alive: () => {
        if (this.#link !== link) return
        this.#silence?.touch()
        this.#challengeMet()
      },
      close: error => this.#lost(link, error),
    })
  }

  #ping(link: Link): void {
    const { clock, times } = this.#parts.context
    this.#keepalive = clock.setTimer(times.readTimeoutMs / keepalivesPerReadTimeout, () => {
      link.ping()
      this.#ping(link)
    })
  }

  #sent(link: Link): void {
    if (this.#link !== link) return
    this.#silence?.touch()
    this.#stall?.touch()
    this.flush()
    if (link.queuedBytes > 0 || this.#stall === undefined) return
    this.#stall.stop()
    this.#stall = undefined
  }

  #challengeMet(): void {
    if (this.#challenge !== undefined) this.#parts.context.clock.clearTimer(this.#challenge)
    this.#challenge = undefined
  }

  #watchStall(link: Link): void {
    const { context } = this.#parts
    this.#stall = new Deadline(context.clock, context.times.writeTimeoutMs, () => {
      this.#stall = undefined
      link.destroy(new RaftHttpError('TIMEOUT', 'i/o timeout: the peer does not read'))
    })
  }

  #lost(link: Link, error: Error | undefined): void {
    if (this.#link !== link) return
    const { context, activity, counters, kind, peerId } = this.#parts
    const waited = this.#batch.pendingBytes > 0
    // What was handed over may not have arrived; raft should find out where the peer stands.
    const reportsLoss = waited || this.#hasSent
    this.#letGo()
    const reason = error === undefined ? 'closed by the peer' : reasonOf(error)
    activity.deactivate({ source: kind.title, action: waited ? 'write' : 'heartbeat' }, reason)
    counters.sentFailures++
    context.logger.warn('lost TCP streaming connection with remote peer', { ...this.#named(), error: reason })
    if (reportsLoss) context.reports.unreachable(peerId)
  }

  #letGo(): void {
    this.#link = undefined
    this.#incarnation = undefined
    this.#challengeMet()
    this.#hasSent = false
    if (this.#batch.pendingBytes > 0) this.#parts.context.reports.unreachable(this.#parts.peerId)
    this.#batch.clear()
    this.#stall?.stop()
    this.#stall = undefined
    this.#silence?.stop()
    this.#silence = undefined
    this.#parts.context.clock.clearTimer(this.#keepalive)
  }

  #ids(): Readonly<Record<string, string>> {
    const { context, peerId } = this.#parts
    return { 'local-member-id': formatPeerId(context.local.id), 'remote-peer-id': formatPeerId(peerId) }
  }

  #named(): Readonly<Record<string, string>> {
    return { 'stream-writer-type': this.#parts.kind.title, ...this.#ids() }
  }
}
