import type { Pipe } from '../ports.ts'
import { Http2Error } from './errors.ts'
import type { FloodKind } from './flood-guard.ts'
import type { HeaderBlock } from './header-field.ts'
import { Inbound } from './inbound.ts'
import { defaultHttp2Limits, type Http2Limits } from './limits.ts'
import {
  CLIENT_PREFACE,
  FrameType,
  Http2ErrorCode,
  type Http2ErrorName,
  INITIAL_WINDOW_BYTES,
  MAX_STREAM_ID,
  SettingId,
} from './protocol.ts'
import { ReadSlices } from './read-slices.ts'
import type { ReadTurns } from './read-turns.ts'
import { Sender, type SenderEvents } from './sender.ts'
import { StallWatch } from './stall-watch.ts'
import { Http2Stream, type SendBlock } from './stream.ts'
import { StreamTable } from './stream-table.ts'
import { Alarm, type Timers } from './timers.ts'

/** Why a stream ended before its time: the peer reset it, we did because of the peer's fault, the connection is gone. */
export type ResetCause = 'peer' | 'fault' | 'refused' | 'connection'

/** The owner of a connection. Bytes are valid until the callback returns. Callbacks may call the connection. */
export interface Http2Owner {
  /** A header block: a request or final response for a fresh stream, else trailers. A `tooLarge` block is not checked. */
  headers(stream: Http2Stream, block: HeaderBlock, endStream: boolean): void
  data(stream: Http2Stream, bytes: Uint8Array, start: number, end: number, endStream: boolean): void
  /**
   * The stream is over before both sides ended it; the last event of the stream. Not called for streams that the owner
   * reset itself. `refused`: the peer has certainly not acted on it.
   */
  reset(stream: Http2Stream, code: number, cause: ResetCause): void
  /** A stream that had no room (`hasRoom`) has some again: its queue, and all together, have fallen to half of the limit. */
  drain(stream: Http2Stream): void
  /** The peer will accept no more streams. */
  goaway(error: Http2Error): void
  /** The peer's SETTINGS arrived or changed. */
  settings(): void
  /** Output is about to be written, and has been as far as it could. What is sent in `flushing` goes out with the rest. */
  flushing(): void
  flushed(): void
  /** The owner's own `hold` changed what this connection keeps. */
  held(bytes: number): void
  /** True if so much waits for all peers together that those with more than their share must be held back. */
  crowded(): boolean
  /** The connection is over; the last event. */
  closed(error: Http2Error | undefined): void
}

/** Collects connections that have something to write; calls `flush` of each soon. */
export interface FlushScheduler {
  schedule(connection: Http2Connection): void
  /** Shared by all its connections. */
  readonly turns: ReadTurns
}

/** Bytes that lie in memory for a peer. */
export interface Http2Usage {
  /** Open streams. */
  readonly streams: number
  /** Received messages and parts of messages that nobody has taken yet. */
  readonly receivedBytes: number
  /** Incomplete frames and header blocks, and the header table. */
  readonly inputBytes: number
  /** What waits to be sent: for windows, for the pipe and in it, and the header table. */
  readonly outputBytes: number
}

export interface Http2ConnectionOptions {
  readonly role: 'server' | 'client'
  readonly pipe: Pipe
  readonly owner: Http2Owner
  readonly timers: Timers
  readonly scheduler: FlushScheduler
  readonly limits?: Partial<Http2Limits>
  /** Server: how often a client may ping while we send nothing (grpc-go's rule). */
  readonly pingPolicy?: { readonly minIntervalMs: number; readonly permitWithoutStreams: boolean }
}

const nothing: Uint8Array = new Uint8Array(0)
const SHUTDOWN_PING: Uint8Array = Uint8Array.of(0x6b, 0x76, 0x73, 0x2d, 0x73, 0x74, 0x6f, 0x70)
const KEEPALIVE_PING: Uint8Array = Uint8Array.of(0x6b, 0x76, 0x73, 0x2d, 0x6c, 0x69, 0x76, 0x65)
/** Streams we reset lately, whose late frames are no fault. */
const MAX_RESET_IDS = 1_024

/**
 * One HTTP/2 connection (RFC 9113), either role. It reads frames from the pipe and tells its owner; what the owner sends
 * is gathered and written by `flush`: at the end of each chunk that was read, or when the scheduler says so.
 */
export class Http2Connection implements SenderEvents {
  readonly role: 'server' | 'client'
  readonly pipe: Pipe
  readonly owner: Http2Owner
  readonly timers: Timers
  readonly limits: Http2Limits
  readonly sender: Sender
  readonly pingPolicy: Http2ConnectionOptions['pingPolicy']
  /** Open streams by id. */
  readonly streams: StreamTable = new StreamTable()
  /** Highest stream id the peer has opened. */
  lastPeerId = 0
  /** Bytes the peer may still send on all streams. */
  receiveWindow: number = INITIAL_WINDOW_BYTES
  /** Time of the last chunk. */
  nowMs: number
  /** No frame is read and nothing is sent any more. */
  closed = false
  /** The peer's limit on our streams. */
  peerMaxStreams: number = MAX_STREAM_ID
  /** Why it is closed; undefined while it is open and after an orderly end. */
  error: Http2Error | undefined = undefined
  /** For the scheduler: whether it knows of this connection. */
  scheduled = false

  readonly #inbound: Inbound
  readonly #reading: ReadSlices
  readonly #scheduler: FlushScheduler
  #nextId = 1
  #dirty = false
  #receiving = false
  /** Highest id that our last GOAWAY still accepts; undefined while we accept all. */
  #acceptUpTo: number | undefined
  #draining = false
  #unreturned = 0
  #heldBytes = 0
  readonly #resetIds = new Set<number>()
  #unfinished: Http2Stream[] = []
  #drained: Http2Stream[] = []
  #onPong: (() => void) | undefined
  /** What the peer said in a GOAWAY that was no orderly end. */
  #peerError: Http2Error | undefined
  readonly #stall = new StallWatch(this)
  readonly #closeAlarm = new Alarm(() => this.pipe.destroy())
  readonly #goawayAlarm = new Alarm(() => this.#lastGoaway())

  constructor(options: Http2ConnectionOptions) {
    this.role = options.role
    this.pipe = options.pipe
    this.owner = options.owner
    this.timers = options.timers
    this.limits = { ...defaultHttp2Limits, ...options.limits }
    this.pingPolicy = options.pingPolicy
    this.#scheduler = options.scheduler
    this.nowMs = this.timers.clock.now()
    this.sender = new Sender(this, this.limits.streamBufferBytes / 2)
    this.#inbound = new Inbound(this)
    this.#reading = new ReadSlices(this, this.#inbound, options.scheduler.turns)
  }

  /** Sends our preface and SETTINGS and begins to read. */
  start(): void {
    const { limits, sender } = this
    if (this.role === 'client') sender.raw(CLIENT_PREFACE)
    const own: (readonly [number, number])[] = [
      [SettingId.INITIAL_WINDOW_SIZE, limits.streamWindowBytes],
      [SettingId.MAX_HEADER_LIST_SIZE, limits.maxHeaderListBytes],
    ]
    if (this.role === 'client') own.push([SettingId.ENABLE_PUSH, 0])
    else own.push([SettingId.MAX_CONCURRENT_STREAMS, limits.maxConcurrentStreams])
    sender.settings(own)
    const more = limits.connectionWindowBytes - INITIAL_WINDOW_BYTES
    if (more > 0) {
      sender.control(FrameType.WINDOW_UPDATE, 0, 0, more)
      this.receiveWindow += more
    }
    this.#inbound.start()
    this.touch()
    this.pipe.start({
      data: chunk => this.#reading.data(chunk),
      drain: () => this.#pipeDrained(),
      end: () => this.#reading.end(),
      close: error => this.#pipeClosed(error),
    })
  }

  // Sending

  /** Client: opens a stream with the block that lies in `sender.encoder`. */
  open(endStream: boolean): Http2Stream {
    const stream = new Http2Stream(this.#nextId, this.limits.streamWindowBytes, this.#inbound.peerWindowBytes)
    this.#nextId += 2
    this.streams.add(stream)
    this.sender.encodedHeaders(stream, endStream)
    this.touch()
    return stream
  }

  /** True if the peer lets us open another stream. */
  get mayOpen(): boolean {
    return !this.closed && !this.#draining && this.streams.size < this.peerMaxStreams && this.#nextId < MAX_STREAM_ID
  }

  /** A header block. On a stream that is over, as for all that follows, nothing happens. */
  headers(stream: Http2Stream, block: SendBlock, endStream: boolean): void {
    if (stream.closed) return
    this.sender.headers(stream, block, endStream)
    this.touch()
  }

  data(
    stream: Http2Stream,
    prefix: Uint8Array,
    bytes: Uint8Array,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    if (stream.closed) return
    this.sender.data(stream, prefix, bytes, start, end, endStream)
    this.touch()
  }

  /** Sends `prefix` and pieces that nobody changes any more, unless `onSent` has heard of them, as DATA. */
  pieces(
    stream: Http2Stream,
    prefix: Uint8Array,
    pieces: readonly Uint8Array[],
    onSent?: (piece: Uint8Array) => void,
  ): void {
    if (stream.closed) return
    this.sender.pieces(stream, prefix, pieces, onSent)
    this.touch()
  }

  /** Trailers behind what was sent; they end our side. */
  trailers(stream: Http2Stream, block: SendBlock): void {
    if (stream.closed) return
    this.sender.trailers(stream, block)
    this.touch()
  }

  /** Ends a stream at once. */
  reset(stream: Http2Stream, code: number): void {
    if (stream.closed) return
    this.remove(stream)
    this.sendReset(stream.id, code)
  }

  /** Stops and restarts giving the stream's window back to the peer. */
  setPaused(stream: Http2Stream, paused: boolean): void {
    stream.paused = paused
    if (paused || stream.withheld === 0) return
    const bytes = stream.withheld
    stream.withheld = 0
    this.#returnToStream(stream, bytes)
  }

  /** The owner keeps `bytes` received bytes (negative: has let go of them). */
  hold(bytes: number): void {
    this.#heldBytes += bytes
    this.owner.held(bytes)
    if (bytes < 0) this.#returnToConnection(0)
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Output that waits for the peer: for its windows, and in a pipe that is full. */
  get waitingBytes(): number {
    return this.sender.queuedBytes + (this.sender.blocked ? this.pipe.queuedBytes : 0)
  }

  /** What this connection keeps in memory on behalf of its peer. */
  get usage(): Http2Usage {
    const { sender } = this
    return {
      streams: this.streams.size,
      receivedBytes: this.#heldBytes,
      inputBytes: this.#inbound.keptBytes,
      outputBytes: sender.queuedBytes + sender.output.pendingBytes + sender.encoder.tableBytes + this.pipe.queuedBytes,
    }
  }

  /**
   * Whether the producer of a stream may go on after it has sent something: not while the stream has more to send than its
   * limit, or all streams together more than theirs. Then `drain` follows.
   */
  hasRoom(stream: Http2Stream): boolean {
    const queued = stream.queuedBytes
    if (queued === 0) return true
    const { streamBufferBytes, maxQueuedOutputBytes } = this.limits
    const isFull = queued > streamBufferBytes || this.sender.queuedBytes > maxQueuedOutputBytes
    if (!isFull && !this.owner.crowded()) return true
    stream.wantsDrain = true
    return false
  }

  /** Asks the peer for a sign of life; `onPong` is called when it answers. */
  ping(onPong: () => void): void {
    if (this.closed) return
    this.#onPong = onPong
    this.sender.ping(KEEPALIVE_PING, false)
    this.touch()
  }

  /** Something was written: a flush must follow. */
  touch(): void {
    if (this.#dirty) return
    this.#dirty = true
    if (!this.#receiving) this.#scheduler.schedule(this)
  }

  /** Writes what has gathered. Tells streams first that their queues have drained. */
  flush(): void {
    if (this.closed) return
    this.#dirty = true
    if (this.#drained.length > 0) this.#notifyDrained()
    this.owner.flushing()
    if (this.#unfinished.length > 0) this.#resetUnfinished()
    this.#dirty = false
    if (this.closed) return
    const sender = this.sender
    do {
      sender.pump()
      const bytes = sender.output.pendingBytes
      if (bytes === 0) break
      this.#stall.handed(bytes)
      if (!sender.output.drainTo(this.pipe)) sender.blocked = true
      if (this.pipe.forgetsSent === true && this.pipe.queuedBytes === 0) sender.output.taken()
    } while (sender.hasWork)
    this.#stall.flushed()
    if (this.#draining && this.streams.size === 0) this.#finish()
    else this.owner.flushed()
    if (this.#unfinished.length > 0) this.#scheduler.schedule(this)
  }

  // Ending

  /** No new streams; ends when the open ones have ended. A server announces it first and lets streams in flight pass. */
  shutdown(): void {
    if (this.closed || this.#acceptUpTo !== undefined) return
    if (this.role === 'client') {
      this.#draining = true
      this.#acceptUpTo = this.lastPeerId
      this.sender.goaway(0, Http2ErrorCode.NO_ERROR, nothing)
    } else {
      this.#acceptUpTo = MAX_STREAM_ID
      this.sender.goaway(MAX_STREAM_ID, Http2ErrorCode.NO_ERROR, nothing)
      this.sender.ping(SHUTDOWN_PING, false)
      this.timers.add(this.#goawayAlarm, this.timers.clock.now() + this.limits.closeTimeoutMs)
    }
    this.touch()
  }

  /** Ends the connection with GOAWAY; open streams end with `code`. Returns false, for callers that say whether to go on. */
  fail(code: Http2ErrorName, message: string): false {
    if (this.closed) return false
    const debug = Uint8Array.from(message, c => c.charCodeAt(0) & 0x7f)
    this.sender.goaway(this.lastPeerId, Http2ErrorCode[code], debug)
    this.#handOver()
    this.#teardown(code === 'NO_ERROR' ? undefined : new Http2Error(code, message))
    this.pipe.end()
    this.timers.add(this.#closeAlarm, this.timers.clock.now() + this.limits.closeTimeoutMs)
    return false
  }

  /** Drops the connection without a word. */
  destroy(error?: Http2Error): void {
    if (this.closed) return
    this.#teardown(error)
    this.pipe.destroy(error)
  }

  // For the inbound half

  /** A stream error (RFC 9113, 5.4.2): counted, since provoking them costs the peer nothing. */
  streamFault(stream: Http2Stream, code: number): void {
    this.remove(stream)
    this.sendReset(stream.id, code)
    this.owner.reset(stream, code, 'fault')
  }

  sendReset(streamId: number, code: number): void {
    if (this.#resetIds.size >= MAX_RESET_IDS) {
      for (const oldest of this.#resetIds) {
        this.#resetIds.delete(oldest)
        break
      }
    }
    this.#resetIds.add(streamId)
    this.sender.control(FrameType.RST_STREAM, 0, streamId, code)
    this.touch()
  }

  wasReset(streamId: number): boolean {
    return this.#resetIds.has(streamId)
  }

  /** True if a stream with this id comes after our last GOAWAY. */
  beyondGoaway(streamId: number): boolean {
    return this.#acceptUpTo !== undefined && streamId > this.#acceptUpTo
  }

  isIdle(streamId: number): boolean {
    const ours = (streamId & 1) === (this.role === 'client' ? 1 : 0)
    return ours ? streamId >= this.#nextId || this.role === 'server' : streamId > this.lastPeerId
  }

  remove(stream: Http2Stream): void {
    if (stream.closed) return
    stream.closed = true
    this.streams.delete(stream.id)
    if (stream.queue !== undefined) this.sender.forget(stream)
    // What it had queued may have been what others waited for.
    if (this.#drained.length > 0) this.touch()
    if (this.#draining && this.streams.size === 0) this.touch()
  }

  localEnd(stream: Http2Stream): void {
    if (stream.remoteClosed) this.remove(stream)
    else if (this.role === 'server') this.#unfinished.push(stream)
  }

  drained(stream: Http2Stream): void {
    this.#drained.push(stream)
    this.#scheduler.schedule(this)
  }

  /** DATA of a stream was taken: gives its bytes back to the peer, except while the stream is paused. */
  returnCredit(stream: Http2Stream, bytes: number): void {
    this.#returnToConnection(bytes)
    if (stream.remoteClosed || stream.closed) return
    if (stream.paused) stream.withheld += bytes
    else this.#returnToStream(stream, bytes)
  }

  /** Bytes of DATA that belong to no stream any more. */
  returnStray(bytes: number): void {
    this.#returnToConnection(bytes)
  }

  /** Returns whether it answers a ping of ours. */
  pong(payload: Uint8Array, start: number): boolean {
    if (matches(SHUTDOWN_PING, payload, start) && this.#goawayAlarm.heapIndex >= 0) {
      this.#lastGoaway()
      return true
    }
    const onPong = this.#onPong
    if (onPong === undefined || !matches(KEEPALIVE_PING, payload, start)) return false
    this.#onPong = undefined
    onPong()
    return true
  }

  /** The peer sent GOAWAY: our streams above `lastStreamId` were not and will not be looked at. */
  peerGoaway(lastStreamId: number, error: Http2Error): void {
    this.#draining ||= this.role === 'client'
    if (error.code !== 'NO_ERROR') this.#peerError = error
    this.owner.goaway(error)
    if (this.role === 'server') return
    for (const stream of this.streams.values()) {
      if (stream.id <= lastStreamId || stream.closed) continue
      this.remove(stream)
      this.owner.reset(stream, Http2ErrorCode.REFUSED_STREAM, 'refused')
    }
    this.touch()
  }

  /** Handles the frames in `chunk` from `from` on until then, or for a slice of its own; returns how far it came. */
  receive(inbound: Inbound, chunk: Uint8Array, from: number, untilMs?: number): number {
    this.nowMs = this.timers.clock.now()
    this.#receiving = true
    let at: number
    try {
      at = inbound.receive(chunk, from, untilMs ?? this.nowMs + this.limits.receiveSliceMs)
    } finally {
      this.#receiving = false
    }
    if (this.closed) return at
    if (this.#dirty || this.#unfinished.length > 0) this.flush()
    if (this.sender.blocked) this.#maybePauseReading()
    return at
  }

  /** Everything has been read and the peer will send no more. */
  peerEnded(): void {
    if (this.closed) return
    this.flush()
    if (this.closed) return
    this.#teardown(this.#peerError ?? new Http2Error('CANCEL', 'the peer closed the connection', { remote: true }))
    this.pipe.end()
    this.timers.add(this.#closeAlarm, this.timers.clock.now() + this.limits.closeTimeoutMs)
  }

  // Private

  #maybePauseReading(): void {
    if (this.closed) return
    const queued = this.pipe.queuedBytes + this.sender.output.pendingBytes
    if (queued > this.limits.maxQueuedOutputBytes) this.#reading.hold()
  }

  #pipeDrained(): void {
    if (this.closed) return
    this.sender.blocked = false
    this.#stall.stop()
    this.flush()
    if (!this.closed && !this.sender.blocked) this.#reading.release()
  }

  #pipeClosed(error: Error | undefined): void {
    this.timers.remove(this.#closeAlarm)
    if (this.closed) return
    const message = error === undefined ? 'the connection was closed' : `the connection was lost: ${error.message}`
    this.#teardown(this.#peerError ?? new Http2Error('CANCEL', message, { remote: true, cause: error }))
  }

  #handOver(): void {
    this.#dirty = false
    this.sender.output.drainTo(this.pipe)
  }

  /** Graceful end, second step: nothing above the last stream we have seen. */
  #lastGoaway(): void {
    this.timers.remove(this.#goawayAlarm)
    if (this.closed || this.#draining) return
    this.#acceptUpTo = this.lastPeerId
    this.#draining = true
    this.sender.goaway(this.lastPeerId, Http2ErrorCode.NO_ERROR, nothing)
    this.touch()
  }

  #finish(): void {
    if (this.closed) return
    this.#handOver()
    this.#teardown(undefined)
    this.pipe.end()
    this.timers.add(this.#closeAlarm, this.timers.clock.now() + this.limits.closeTimeoutMs)
  }

  #teardown(error: Http2Error | undefined): void {
    this.closed = true
    this.error = error
    this.#stall.stop()
    this.timers.remove(this.#goawayAlarm)
    this.#inbound.stop()
    const streams = this.streams.values()
    this.streams.clear()
    const code = error === undefined ? Http2ErrorCode.CANCEL : Http2ErrorCode[error.code]
    for (const stream of streams) {
      stream.closed = true
      this.sender.forget(stream)
      this.owner.reset(stream, code, 'connection')
    }
    this.sender.output.clear()
    this.#unfinished = []
    this.#drained = []
    this.owner.closed(error)
  }

  #notifyDrained(): void {
    if (this.sender.queuedBytes > this.limits.maxQueuedOutputBytes / 2 || this.owner.crowded()) return
    const streams = this.#drained
    this.#drained = []
    for (const stream of streams) if (!stream.closed) this.owner.drain(stream)
  }

  /** Answered although the client has not ended its side: tell it to stop (RFC 9113, 8.1). */
  #resetUnfinished(): void {
    const streams = this.#unfinished
    this.#unfinished = []
    for (const stream of streams) this.reset(stream, Http2ErrorCode.NO_ERROR)
  }

  #returnToStream(stream: Http2Stream, bytes: number): void {
    stream.unreturned += bytes
    if (stream.unreturned * 2 < this.limits.streamWindowBytes || stream.remoteClosed || stream.closed) return
    this.sender.control(FrameType.WINDOW_UPDATE, 0, stream.id, stream.unreturned)
    stream.receiveWindow += stream.unreturned
    stream.unreturned = 0
    this.touch()
  }

  #returnToConnection(bytes: number): void {
    this.#unreturned += bytes
    if (this.#unreturned * 2 < this.limits.connectionWindowBytes || this.#heldBytes > this.limits.maxHeldBytes) return
    if (this.closed) return
    this.sender.control(FrameType.WINDOW_UPDATE, 0, 0, this.#unreturned)
    this.receiveWindow += this.#unreturned
    this.#unreturned = 0
    this.touch()
  }

  /** Counts a frame that costs the peer nothing; ends the connection when there are too many. */
  flood(kind: FloodKind): boolean {
    return this.#inbound.flood(kind)
  }
}

function matches(expected: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < expected.length; i++) if (expected[i] !== bytes[start + i]) return false
  return true
}
