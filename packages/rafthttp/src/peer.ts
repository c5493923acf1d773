import { type Message, MessageType } from '@kvs/proto/raft'
import { messageTypeName, type TransportContext } from './context.ts'
import type { PeerCounters } from './counters.ts'
import { RaftHttpError, texts } from './errors.ts'
import { formatPeerId } from './headers.ts'
import { dropLogMs } from './limits.ts'
import { PeerActivity } from './peer-activity.ts'
import { Pipeline } from './pipeline.ts'
import { Prober, type ProbeStatus } from './prober.ts'
import type { SnapshotTarget } from './snapshot-sender.ts'
import { appendStream, messageStream, type StreamKind } from './stream-kind.ts'
import { StreamReader } from './stream-reader.ts'
import { StreamWriter } from './stream-writer.ts'
import { UrlPicker } from './url-picker.ts'
import type { Link } from './wire.ts'

/** Another member: the four streams with it, and the ways to it that need no stream. */
export class Peer implements SnapshotTarget {
  readonly id: bigint
  readonly picker: UrlPicker
  readonly activity: PeerActivity
  readonly counters: PeerCounters
  formats: readonly string[] | undefined
  readonly #context: TransportContext
  readonly #gone = new AbortController()
  readonly #messages: StreamWriter
  readonly #appends: StreamWriter
  readonly #readers: readonly StreamReader[]
  readonly #pipeline: Pipeline
  readonly #prober: Prober
  readonly #drops: DropLog
  isPaused = false

  constructor(context: TransportContext, id: bigint, urls: readonly string[], counters: PeerCounters) {
    const { clock, logger } = context
    logger.info('starting remote peer', { 'remote-peer-id': formatPeerId(id) })
    this.id = id
    this.counters = counters
    this.#context = context
    this.picker = new UrlPicker(urls)
    this.activity = new PeerActivity(id, { clock, logger, counters })
    const parts = { context, peerId: id, picker: this.picker, activity: this.activity, counters }
    this.#pipeline = new Pipeline(parts)
    this.#messages = new StreamWriter({ ...parts, kind: messageStream })
    this.#appends = new StreamWriter({ ...parts, kind: appendStream })
    const isPaused = (): boolean => this.isPaused
    const formatsLearned = (formats: readonly string[]): void => {
      this.formats = formats
    }
    const admits = (incarnation: string | undefined): boolean => this.admits(incarnation)
    const reading = { ...parts, isPaused, formatsLearned, admits }
    this.#readers = [appendStream, messageStream].map(kind => new StreamReader({ ...reading, kind }))
    this.#prober = new Prober(context, id, urls, counters)
    this.#drops = new DropLog(context, id, this.activity)
  }

  get gone(): AbortSignal {
    return this.#gone.signal
  }

  get probe(): ProbeStatus {
    return this.#prober.status
  }

  /** Which of our streams the peer has opened. */
  get attached(): { readonly messages: boolean; readonly appends: boolean } {
    return { messages: this.#messages.isAttached, appends: this.#appends.isAttached }
  }

  start(): void {
    for (const reader of this.#readers) reader.start()
    this.#prober.start()
    this.#context.logger.info('started remote peer', { 'remote-peer-id': formatPeerId(this.id) })
  }

  /** Takes a message for the next flush, or drops it and reports that. */
  send(message: Message): void {
    if (this.isPaused) return
    const way = this.#wayOf(message)
    if (way.add(message)) return
    this.counters.sentFailures++
    this.#context.reports.unreachable(this.id)
    if (message.type === MessageType.MsgSnap) this.#context.reports.snapshot(this.id, false)
    this.#drops.dropped(message, way === this.#pipeline ? 'pipeline' : way === this.#appends ? 'append' : 'message')
  }

  /** Sends what has gathered. Heartbeats first: appends may be long. */
  flush(): void {
    this.#messages.flush()
    this.#appends.flush()
  }

  /**
   * Whether a process may speak for the peer: not while another one reads our streams and answers. A copy of a data
   * directory that is started beside the original would be counted as the same voter, and hold other entries.
   */
  admits(incarnation: string | undefined): boolean {
    if (incarnation === undefined) return true
    const others = [this.#messages, this.#appends].filter(
      writer => writer.incarnation !== undefined && writer.incarnation !== incarnation,
    )
    for (const other of others) other.challenge()
    return others.length === 0
  }

  /** The peer has dialed one of our streams. */
  attach(kind: StreamKind, link: Link, incarnation: string | undefined): void {
    if (kind === messageStream) this.#messages.attach(link, incarnation)
    else this.#appends.attach(link, incarnation)
    this.hurry()
  }

  /** The peer has shown that it lives. */
  hurry(): void {
    for (const reader of this.#readers) reader.hurry()
  }

  update(urls: readonly string[]): void {
    this.picker.update(urls)
    this.#prober.update(urls)
    this.hurry()
  }

  stop(): void {
    const fields = { 'remote-peer-id': formatPeerId(this.id) }
    this.#context.logger.info('stopping remote peer', fields)
    this.#gone.abort(new RaftHttpError('STOPPED', texts.stopped))
    this.#appends.stop()
    this.#messages.stop()
    this.#pipeline.stop()
    for (const reader of this.#readers) reader.stop()
    this.#prober.stop()
    this.#drops.stop()
    this.#context.logger.info('stopped remote peer', fields)
  }

  #wayOf(message: Message): StreamWriter | Pipeline {
    // A snapshot would hold up a stream for long.
    if (message.type === MessageType.MsgSnap) return this.#pipeline
    if (message.type === MessageType.MsgApp && this.#appends.isAttached) return this.#appends
    return this.#messages.isAttached ? this.#messages : this.#pipeline
  }
}

/** A member that is known by its requests only: while this one joins, before it has learned who belongs to the cluster. */
export class Remote {
  readonly id: bigint
  readonly #counters: PeerCounters
  readonly #pipeline: Pipeline
  readonly #drops: DropLog
  isPaused = false

  constructor(context: TransportContext, id: bigint, urls: readonly string[], counters: PeerCounters) {
    const { clock, logger } = context
    const activity = new PeerActivity(id, { clock, logger, counters })
    this.id = id
    this.#counters = counters
    this.#pipeline = new Pipeline({ context, peerId: id, picker: new UrlPicker(urls), activity, counters })
    this.#drops = new DropLog(context, id, activity)
  }

  send(message: Message): void {
    if (this.isPaused || this.#pipeline.add(message)) return
    this.#counters.sentFailures++
    // Raft knows nothing of a remote: there is nobody to report to.
    this.#drops.dropped(message, 'pipeline')
  }

  stop(): void {
    this.#pipeline.stop()
    this.#drops.stop()
  }
}

const queueNames = { pipeline: 'pipeline', append: appendStream.queue, message: messageStream.queue } as const

/** Says that messages are dropped, not for each one. */
class DropLog {
  readonly #context: TransportContext
  readonly #peerId: bigint
  readonly #activity: PeerActivity
  #timer: unknown
  #count = 0
  #last: { readonly message: Message; readonly queue: keyof typeof queueNames } | undefined

  constructor(context: TransportContext, peerId: bigint, activity: PeerActivity) {
    this.#context = context
    this.#peerId = peerId
    this.#activity = activity
  }

  dropped(message: Message, queue: keyof typeof queueNames): void {
    this.#count++
    this.#last = { message, queue }
    if (this.#timer === undefined) this.#tell()
  }

  stop(): void {
    if (this.#timer !== undefined) this.#context.clock.clearTimer(this.#timer)
  }

  #tell(): void {
    const last = this.#last
    this.#timer = undefined
    if (last === undefined) return
    this.#context.logger.warn('dropped internal Raft message since sending buffer is full', {
      'message-type': messageTypeName(last.message.type),
      'local-member-id': formatPeerId(this.#context.local.id),
      from: formatPeerId(last.message.from),
      'remote-peer-id': formatPeerId(this.#peerId),
      'remote-peer-name': queueNames[last.queue],
      'remote-peer-active': this.#activity.isActive,
      dropped: this.#count,
    })
    this.#count = 0
    this.#last = undefined
    this.#timer = this.#context.clock.setTimer(dropLogMs, () => this.#tell())
  }
}
