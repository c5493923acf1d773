import type { Message } from '@kvs/proto/raft'
import { emptyAnswer, errorAnswer, methodNotAllowed, textAnswer } from './answers.ts'
import { type Inbox, messageTypeName, type TransportContext } from './context.ts'
import type { PeerCounters } from './counters.ts'
import { RaftHttpError, reasonOf } from './errors.ts'
import { checkCompatibility, formatPeerId, ownHeaders } from './headers.ts'
import { snapshotsReceivedAtOnceMax } from './limits.ts'
import type { RaftReceiver } from './ports.ts'
import { impatient } from './read-body.ts'
import {
  BodyReader,
  checkSnapshotMessage,
  hashBytes,
  type MakeHash,
  type RunningHash,
  readSnapshotHead,
} from './snapshot-body.ts'
import { humanBytes } from './snapshot-sender.ts'
import type { HeaderFields, PeerRequest, PeerResponse } from './wire.ts'

export interface SnapshotReceiverParts {
  readonly context: TransportContext
  readonly raft: RaftReceiver
  readonly makeHash: MakeHash
  readonly countersOf: (id: bigint) => PeerCounters
  /** Peers may be known by this request only. */
  readonly senderSeen: (request: PeerRequest) => void
  /** Throws for a process that may not speak for this member. */
  readonly checkProcess: (from: bigint, request: PeerRequest) => void
}

/** Etcd's format, which comes without a checksum and without its length. */
const etcdFormat = 'bbolt'

/** Answers `POST /raft/snapshot`: has the snapshot saved, then hands over its message. */
export class SnapshotReceiver {
  readonly #parts: SnapshotReceiverParts
  #running = 0

  constructor(parts: SnapshotReceiverParts) {
    this.#parts = parts
  }

  async handle(request: PeerRequest, body: AsyncIterable<Uint8Array>): Promise<PeerResponse> {
    const { context, senderSeen } = this.#parts
    if (request.method !== 'POST') return methodNotAllowed('POST')
    const headers: HeaderFields = [
      ['X-Etcd-Cluster-ID', formatPeerId(context.local.clusterId)],
      [ownHeaders.formats, context.local.snapshotFormats.join(',')],
    ]
    if (this.#running >= snapshotsReceivedAtOnceMax) {
      return last(textAnswer(503, `${snapshotsReceivedAtOnceMax} snapshots are being received already`, headers))
    }
    this.#running++
    try {
      checkCompatibility(context.local, request, context.logger)
      const { format, sizeBytes } = this.#announced(request)
      senderSeen(request)
      const reader = new BodyReader(impatient(body, context.clock, { chunkMs: context.times.readTimeoutMs }))
      await this.#receive(reader, request, { format, sizeBytes })
      return emptyAnswer(204, headers)
    } catch (error) {
      // What was not read of the body stands between this answer and the next request.
      return last(errorAnswer(error, headers))
    } finally {
      this.#running--
    }
  }

  /** What the request's fields say of the snapshot. */
  #announced(request: PeerRequest): Announced {
    const format = request.header(ownHeaders.format.toLowerCase()) ?? etcdFormat
    const { snapshotFormats } = this.#parts.context.local
    if (!snapshotFormats.includes(format)) {
      const text = `snapshot format ${JSON.stringify(format)} is not taken here, but [${snapshotFormats.join()}]`
      throw new RaftHttpError('BAD_REQUEST', text, { status: 415 })
    }
    const size = request.header(ownHeaders.size.toLowerCase())
    if (size === undefined && format === etcdFormat) return { format, sizeBytes: undefined }
    if (size === undefined || !/^\d{1,15}$/.test(size)) {
      throw new RaftHttpError('BAD_REQUEST', `${ownHeaders.size} must be a number of bytes`, { status: 400 })
    }
    return { format, sizeBytes: Number(size) }
  }

  async #receive(reader: BodyReader, request: PeerRequest, announced: Announced): Promise<void> {
    const { context, countersOf } = this.#parts
    const startMs = context.clock.now()
    const { message, head } = await this.#head(reader)
    const counters = countersOf(message.from)
    const { snapshotsReceived } = counters
    snapshotsReceived.inFlight++
    counters.receivedBytes += head.length
    try {
      this.#check(message)
      this.#parts.checkProcess(message.from, request)
      counters.receivedBytes += await this.#save(reader, { message, head, announced })
      this.#process(message)
      snapshotsReceived.successes++
      snapshotsReceived.durations.observe((context.clock.now() - startMs) / 1000)
    } catch (error) {
      snapshotsReceived.failures++
      throw error
    } finally {
      snapshotsReceived.inFlight--
    }
  }

  async #head(reader: BodyReader): Promise<{ message: Message; head: Uint8Array }> {
    try {
      return await readSnapshotHead(reader)
    } catch (error) {
      const fields = { 'local-member-id': formatPeerId(this.#parts.context.local.id), error: reasonOf(error) }
      this.#parts.context.logger.warn('failed to decode Raft message', fields)
      throw error
    }
  }

  #check(message: Message): void {
    try {
      checkSnapshotMessage(message)
    } catch (error) {
      const fields = { ...this.#ids(message), 'message-type': messageTypeName(message.type) }
      this.#parts.context.logger.warn('unexpected Raft message type', fields)
      throw error
    }
    checkAddress(this.#parts.context.inbox, message, text => `failed to process raft message (${text})`)
  }

  /** Has the member save the content; returns its length. */
  async #save(
    reader: BodyReader,
    { message, head, announced }: { message: Message; head: Uint8Array; announced: Announced },
  ): Promise<number> {
    const { context, makeHash, raft } = this.#parts
    const startMs = context.clock.now()
    const index = { ...this.#ids(message), 'incoming-snapshot-index': message.snapshot?.metadata.index ?? 0 }
    context.logger.info('receiving database snapshot', {
      ...index,
      'incoming-snapshot-message-size-bytes': head.length,
      'incoming-snapshot-message-size': humanBytes(head.length),
    })
    const content = new IncomingContent(reader, announced.sizeBytes, makeHash())
    content.hash.update(head)
    try {
      context.inbox.checkRunning()
      await raft.saveSnapshot({ message, ...announced, chunks: content })
      content.checkComplete()
    } catch (cause) {
      context.logger.warn('failed to save incoming database snapshot', { ...index, error: reasonOf(cause) })
      // Not awaited: the rest of the body may never come.
      reader.close().catch(() => undefined)
      const code = cause instanceof RaftHttpError ? cause.code : 'REFUSED'
      throw new RaftHttpError(code, `failed to save KV snapshot (${reasonOf(cause)})`, { status: 500, cause })
    }
    context.logger.info('received and saved database snapshot', {
      ...index,
      'incoming-snapshot-size-bytes': content.readBytes,
      'incoming-snapshot-size': humanBytes(content.readBytes),
      'download-took': `${Math.round(context.clock.now() - startMs)}ms`,
    })
    return content.readBytes
  }

  #process(message: Message): void {
    const { context } = this.#parts
    try {
      context.inbox.deliver([message])
    } catch (cause) {
      context.logger.warn('failed to process Raft message', { ...this.#ids(message), error: reasonOf(cause) })
      throw new RaftHttpError('REFUSED', `failed to process raft message (${reasonOf(cause)})`, { status: 500, cause })
    }
  }

  #ids(message: Message): Record<string, unknown> {
    return {
      'local-member-id': formatPeerId(this.#parts.context.local.id),
      'remote-snapshot-sender-id': formatPeerId(message.from),
    }
  }
}

/** Throws what a message that is not for this member, or not from a member, is answered with. */
export function checkAddress(inbox: Inbox, message: Message, textFor: (reason: string) => string): void {
  const rejection = inbox.rejection(message)
  if (rejection === undefined) return
  const reason = `cannot process message ${rejection === 'mismatch member' ? 'to' : 'from'} ${rejection}`
  // 403 makes its sender stop: only for one that was removed.
  if (rejection === 'removed member') throw new RaftHttpError('REMOVED', reason, { status: 403 })
  const text = rejection === 'unknown type' ? `${messageTypeName(message.type)} does not travel` : reason
  throw new RaftHttpError('BAD_REQUEST', textFor(text), { status: 500 })
}

function last(response: PeerResponse): PeerResponse {
  return { ...response, isLast: true }
}

interface Announced {
  readonly format: string
  readonly sizeBytes: number | undefined
}

/** The content behind the head, checked as it is read. */
class IncomingContent implements AsyncIterable<Uint8Array> {
  readonly hash: RunningHash
  readonly #reader: BodyReader
  readonly #sizeBytes: number | undefined
  #isComplete = false
  readBytes = 0

  constructor(reader: BodyReader, sizeBytes: number | undefined, hash: RunningHash) {
    this.#reader = reader
    this.#sizeBytes = sizeBytes
    this.hash = hash
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const announced = this.#sizeBytes ?? Number.POSITIVE_INFINITY
    while (this.readBytes < announced) {
      const chunk = await this.#some(announced - this.readBytes)
      if (chunk === undefined) break
      this.readBytes += chunk.length
      if (this.#sizeBytes !== undefined) this.hash.update(chunk)
      yield chunk
    }
    if (this.#sizeBytes !== undefined) await this.#checkEnd(this.#sizeBytes)
    this.#isComplete = true
  }

  /** Throws unless everything was read and found good. */
  checkComplete(): void {
    if (!this.#isComplete) throw new RaftHttpError('SNAPSHOT_BROKEN', 'the snapshot was not read to its end')
  }

  async #some(most: number): Promise<Uint8Array | undefined> {
    try {
      return await this.#reader.some(most)
    } catch (cause) {
      if (cause instanceof RaftHttpError && cause.code === 'TIMEOUT') throw cause
      throw new RaftHttpError('SNAPSHOT_BROKEN', `the snapshot broke off: ${reasonOf(cause)}`, { cause })
    }
  }

  async #checkEnd(sizeBytes: number): Promise<void> {
    if (this.readBytes < sizeBytes) {
      throw new RaftHttpError('SNAPSHOT_BROKEN', `unexpected EOF after ${this.readBytes} of ${sizeBytes} bytes`)
    }
    const sum: number[] = []
    for (let chunk = await this.#some(hashBytes + 1); chunk !== undefined; chunk = await this.#some(hashBytes + 1)) {
      sum.push(...chunk)
      if (sum.length > hashBytes) break
    }
    if (sum.length !== hashBytes) {
      const what = sum.length < hashBytes ? `only ${sum.length}` : 'more'
      throw new RaftHttpError(
        'SNAPSHOT_BROKEN',
        `${what} bytes behind the snapshot, expected a checksum of ${hashBytes}`,
      )
    }
    if (this.hash.digest().some((byte, at) => byte !== sum[at])) {
      throw new RaftHttpError('SNAPSHOT_CORRUPT', 'the checksum of the snapshot is wrong')
    }
  }
}
