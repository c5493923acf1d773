import { encodeMessage, type Message, MessageType } from '@kvs/proto/raft'
import { Attempt } from './attempt.ts'
import type { TransportContext } from './context.ts'
import type { PeerCounters } from './counters.ts'
import { RaftHttpError, reasonOf, texts } from './errors.ts'
import { formatPeerId, paths, requestHeaders } from './headers.ts'
import { bodyBytesMax, pipelinePostsMax, pipelineQueueMax, postTimeoutMs } from './limits.ts'
import type { PeerActivity } from './peer-activity.ts'
import { checkPostReply } from './post-reply.ts'
import type { UrlPicker } from './url-picker.ts'

export interface PipelineParts {
  readonly context: TransportContext
  readonly peerId: bigint
  readonly picker: UrlPicker
  readonly activity: PeerActivity
  readonly counters: PeerCounters
}

/** A message that waits for its POST; only its kind matters besides the bytes. */
interface Parcel {
  readonly bytes: Uint8Array
  readonly isSnapshot: boolean
}

/**
 * Messages one by one, each in an HTTP request: the way that needs no stream. It is taken while the peer has not dialed
 * ours yet, and to members that are known by their requests only.
 */
export class Pipeline {
  readonly #parts: PipelineParts
  #queue: Parcel[] = []
  #running = 0
  readonly #stop = new AbortController()

  constructor(parts: PipelineParts) {
    this.#parts = parts
    parts.context.logger.info('started HTTP pipelining with remote peer', this.#ids())
  }

  /** Takes a message; false if too many wait, and it is dropped. */
  add(message: Message): boolean {
    if (this.#queue.length >= pipelineQueueMax) return false
    // Encoded at once: what a message refers to may change after the call.
    this.#queue.push({ bytes: encodeMessage(message), isSnapshot: message.type === MessageType.MsgSnap })
    this.#next()
    return true
  }

  stop(): void {
    this.#queue = []
    this.#stop.abort(new RaftHttpError('STOPPED', texts.stopped))
    this.#parts.context.logger.info('stopped HTTP pipelining with remote peer', this.#ids())
  }

  #next(): void {
    while (this.#running < pipelinePostsMax && !this.#stop.signal.aborted) {
      const parcel = this.#queue.shift()
      if (parcel === undefined) return
      this.#running++
      const url = this.#parts.picker.pick()
      this.#post(url, parcel.bytes)
        .then(
          () => this.#delivered(parcel),
          (error: unknown) => this.#failed(url, parcel, error),
        )
        .finally(() => {
          this.#running--
          this.#next()
        })
    }
  }

  async #post(url: string, bytes: Uint8Array): Promise<void> {
    const { context, peerId } = this.#parts
    const where = `${url}${paths.raft}`
    const attempt = new Attempt(context.clock, postTimeoutMs, `post to ${where}`, this.#stop.signal)
    try {
      const reply = await context.wire.request({
        url,
        method: 'POST',
        path: paths.raft,
        headers: [['Content-Type', 'application/protobuf'], ...requestHeaders(context.local)],
        body: bytes,
        // Raft tells a message that comes twice from one that is new.
        isRepeatable: true,
        replyBytesMax: bodyBytesMax,
        signal: attempt.signal,
      })
      checkPostReply(context, reply, peerId, where)
    } finally {
      attempt.done()
    }
  }

  #delivered(parcel: Parcel): void {
    const { activity, context, counters, peerId } = this.#parts
    if (this.#stop.signal.aborted) return
    activity.activate()
    counters.sentBytes += parcel.bytes.length
    if (parcel.isSnapshot) context.reports.snapshot(peerId, true)
  }

  #failed(url: string, parcel: Parcel, error: unknown): void {
    const { activity, context, counters, peerId, picker } = this.#parts
    if (this.#stop.signal.aborted) return
    picker.failed(url)
    activity.deactivate({ source: 'pipeline', action: 'write' }, reasonOf(error))
    counters.sentFailures++
    context.reports.unreachable(peerId)
    if (parcel.isSnapshot) context.reports.snapshot(peerId, false)
    if (error instanceof RaftHttpError && error.code === 'REMOVED') context.reports.removed()
  }

  #ids(): Readonly<Record<string, unknown>> {
    const { context, peerId } = this.#parts
    return {
      'local-member-id': formatPeerId(context.local.id),
      'remote-peer-id': formatPeerId(peerId),
      'pipeline-buffer-size': pipelineQueueMax,
    }
  }
}
