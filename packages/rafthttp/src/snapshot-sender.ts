import type { Message } from '@kvs/proto/raft'
import { Attempt } from './attempt.ts'
import type { TransportContext } from './context.ts'
import type { PeerCounters } from './counters.ts'
import { Deadline } from './deadline.ts'
import { RaftHttpError, reasonOf, texts } from './errors.ts'
import { formatPeerId, ownHeaders, paths, requestHeaders } from './headers.ts'
import {
  bodyBytesMax,
  snapshotReplyMs,
  snapshotStallMs,
  snapshotsPendingMax,
  snapshotsSentAtOnceMax,
} from './limits.ts'
import type { PeerActivity } from './peer-activity.ts'
import { checkPostReply } from './post-reply.ts'
import { encodeSnapshotBody, encodeSnapshotHead, type MakeHash, type SnapshotContent } from './snapshot-body.ts'
import type { UrlPicker } from './url-picker.ts'

/** A snapshot to be sent. */
export interface OutgoingSnapshot {
  /** A MsgSnap; it says to whom. */
  readonly message: Message
  /**
   * Called once, when it is this snapshot's turn: opens the state in a format that the peer takes. The chunks are pulled as
   * the peer takes them. Not called if the snapshot is given up before.
   */
  open(format: string): Promise<SnapshotContent> | SnapshotContent
  /** Called once, last, well or badly: what was opened may go. */
  close?(error: Error | undefined): void
}

/** The peer as a snapshot sees it. */
export interface SnapshotTarget {
  readonly id: bigint
  readonly picker: UrlPicker
  readonly activity: PeerActivity
  readonly counters: PeerCounters
  /** What the peer said that it takes, best first; undefined if it has said nothing yet. */
  readonly formats: readonly string[] | undefined
  /** Aborts when the peer is removed. */
  readonly gone: AbortSignal
}

interface Job {
  readonly snapshot: OutgoingSnapshot
  readonly target: SnapshotTarget
}

/** Sends snapshots: few at a time, some may wait, the others fail at once. */
export class SnapshotSender {
  readonly #context: TransportContext
  readonly #makeHash: MakeHash
  #waiting: Job[] = []
  #running = 0

  constructor(context: TransportContext, makeHash: MakeHash) {
    this.#context = context
    this.#makeHash = makeHash
  }

  send(snapshot: OutgoingSnapshot, target: SnapshotTarget): void {
    const { reports } = this.#context
    if (this.#running + this.#waiting.length >= snapshotsPendingMax) {
      const error = new RaftHttpError('BUSY', `${snapshotsPendingMax} snapshots are on their way already`)
      this.#logFailure(snapshot, target, 0, error)
      snapshot.close?.(error)
      reports.snapshot(target.id, false)
      return
    }
    this.#waiting.push({ snapshot, target })
    this.#next()
  }

  /** Gives up what waits; what runs is aborted by the signals of its peers. */
  stop(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { snapshot } of waiting) snapshot.close?.(new RaftHttpError('STOPPED', texts.stopped))
  }

  #next(): void {
    while (this.#running < snapshotsSentAtOnceMax) {
      const job = this.#waiting.shift()
      if (job === undefined) return
      this.#running++
      const over = (): void => {
        this.#running--
        this.#next()
      }
      this.#run(job).then(over, over)
    }
  }

  /** Never rejects: the outcome is told by report, log and `close`. */
  async #run({ snapshot, target }: Job): Promise<void> {
    const { clock, reports } = this.#context
    const { counters, activity, picker } = target
    const startMs = clock.now()
    const url = picker.pick()
    let sizeBytes = 0
    counters.snapshotsSent.inFlight++
    let failure: Error | undefined
    try {
      if (target.gone.aborted) throw target.gone.reason
      const format = this.#formatFor(target)
      const content = await snapshot.open(format)
      sizeBytes = content.sizeBytes
      this.#context.logger.info('sending database snapshot', describe(snapshot, target, sizeBytes))
      await this.#post({ snapshot, target }, { url, format, content })
    } catch (error) {
      failure = error instanceof Error ? error : new RaftHttpError('UNREACHABLE', reasonOf(error))
    }
    counters.snapshotsSent.inFlight--
    snapshot.close?.(failure)
    if (target.gone.aborted) return
    if (failure !== undefined) {
      this.#failed(snapshot, target, { url, sizeBytes, error: failure })
      return
    }
    activity.activate()
    counters.sentBytes += sizeBytes
    counters.snapshotsSent.successes++
    counters.snapshotsSent.durations.observe((clock.now() - startMs) / 1000)
    this.#context.logger.info('sent database snapshot', describe(snapshot, target, sizeBytes))
    reports.snapshot(target.id, true)
  }

  /** The best of ours that the peer takes; the best of all, if it has not said: it would refuse and say. */
  #formatFor({ formats }: SnapshotTarget): string {
    const own = this.#context.local.snapshotFormats
    const found = formats === undefined ? own[0] : own.find(format => formats.includes(format))
    if (found !== undefined) return found
    throw new RaftHttpError(
      'BAD_OPTION',
      `no common snapshot format: [${own.join()}] here, [${formats?.join() ?? ''}] there`,
    )
  }

  async #post(
    { snapshot, target }: Job,
    { url, format, content }: { url: string; format: string; content: SnapshotContent },
  ): Promise<void> {
    const context = this.#context
    const where = `${url}${paths.snapshot}`
    const attempt = new Attempt(context.clock, undefined, where, target.gone)
    const stall = new Deadline(context.clock, snapshotStallMs, () => {
      attempt.abort(new RaftHttpError('TIMEOUT', `post to ${where}: i/o timeout, the peer takes no more`))
    })
    const progress = (sentBytes: number): void => {
      // Behind the last piece the receiver needs its time, to make all of it durable.
      if (sentBytes < content.sizeBytes) stall.touch()
      else stall.extend(snapshotReplyMs)
    }
    try {
      const head = encodeSnapshotHead(snapshot.message)
      const reply = await context.wire.request({
        url,
        method: 'POST',
        path: paths.snapshot,
        headers: [
          ['Content-Type', 'application/octet-stream'],
          ...requestHeaders(context.local),
          [ownHeaders.format, format],
          [ownHeaders.size, String(content.sizeBytes)],
        ],
        body: encodeSnapshotBody(head, content, this.#makeHash(), progress),
        replyBytesMax: bodyBytesMax,
        signal: attempt.signal,
      })
      checkPostReply(context, reply, target.id, where)
    } finally {
      stall.stop()
      attempt.done()
    }
  }

  #failed(
    snapshot: OutgoingSnapshot,
    target: SnapshotTarget,
    { url, sizeBytes, error }: { url: string; sizeBytes: number; error: Error },
  ): void {
    const { reports } = this.#context
    this.#logFailure(snapshot, target, sizeBytes, error)
    if (error instanceof RaftHttpError && error.code === 'REMOVED') reports.removed()
    target.picker.failed(url)
    target.activity.deactivate({ source: 'sendMsgSnap', action: 'post' }, error.message)
    target.counters.sentFailures++
    target.counters.snapshotsSent.failures++
    reports.unreachable(target.id)
    reports.snapshot(target.id, false)
  }

  #logFailure(snapshot: OutgoingSnapshot, target: SnapshotTarget, sizeBytes: number, error: Error): void {
    const fields = { ...describe(snapshot, target, sizeBytes), error: error.message }
    this.#context.logger.warn('failed to send database snapshot', fields)
  }
}

function describe(snapshot: OutgoingSnapshot, target: SnapshotTarget, sizeBytes: number): Record<string, unknown> {
  return {
    'snapshot-index': snapshot.message.snapshot?.metadata.index ?? 0,
    'remote-peer-id': formatPeerId(target.id),
    bytes: sizeBytes,
    size: humanBytes(sizeBytes),
  }
}

/** `12 kB`, as etcd's logs show sizes: decimal units, one digit behind the point below 10. */
export function humanBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const shown = unit > 0 && value < 9.95 ? value.toFixed(1) : String(Math.round(value))
  return `${shown} ${units[unit]}`
}
