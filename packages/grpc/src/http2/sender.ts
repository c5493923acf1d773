import { ByteQueue } from './byte-queue.ts'
import { HpackEncoder, PreparedBlock } from './hpack-encoder.ts'
import { copyBytes, Output } from './output.ts'
import { FRAME_HEADER_BYTES, FrameFlag, FrameType, INITIAL_FRAME_BYTES, INITIAL_WINDOW_BYTES } from './protocol.ts'
import type { Http2Stream, SendBlock } from './stream.ts'

/** DATA is encoded into the output up to this many bytes ahead of the pipe; the rest waits with its stream. */
const OUTPUT_AHEAD_BYTES = 262_144

const nothing: Uint8Array = new Uint8Array(0)

/** Told when a stream's side is done and when its queue has emptied to half of the limit. */
export interface SenderEvents {
  localEnd(stream: Http2Stream): void
  drained(stream: Http2Stream): void
}

/**
 * The sending half of a connection: frames into the output, flow control towards the peer, one queue per stream. Streams
 * with something to send and a window take turns, one frame each.
 */
export class Sender {
  readonly output: Output = new Output()
  readonly encoder: HpackEncoder = new HpackEncoder()
  readonly #events: SenderEvents
  readonly #drainBelowBytes: number
  /** Bytes we may still send on all streams together. */
  window: number = INITIAL_WINDOW_BYTES
  /** The peer's SETTINGS_MAX_FRAME_SIZE. */
  maxFrameBytes: number = INITIAL_FRAME_BYTES
  /** The pipe asked to wait: DATA goes to the queues. */
  blocked = false
  /** Bytes of DATA in all queues. */
  queuedBytes = 0
  /** DATA frames sent so far. */
  dataFrames = 0
  /** Bytes of DATA sent so far. */
  dataBytes = 0
  /** HEADERS and DATA frames sent so far. */
  sentFrames = 0
  #ring: Http2Stream[] = []
  #ringHead = 0

  constructor(events: SenderEvents, drainBelowBytes: number) {
    this.#events = events
    this.#drainBelowBytes = drainBelowBytes
  }

  /** True if `pump` could send something now. */
  get hasWork(): boolean {
    return this.#ringHead < this.#ring.length && !this.blocked && this.window > 0
  }

  /** A frame with up to 16 bytes of payload given as 32-bit words. */
  control(type: FrameType, flags: number, streamId: number, ...words: readonly number[]): void {
    this.#frameHeader(words.length * 4, type, flags, streamId)
    for (const word of words) this.#word(word)
  }

  /** SETTINGS with pairs of id and value. */
  settings(pairs: readonly (readonly [id: number, value: number])[]): void {
    this.#frameHeader(pairs.length * 6, FrameType.SETTINGS, 0, 0)
    for (const [id, value] of pairs) {
      this.output.bytes[this.output.at++] = id >> 8
      this.output.bytes[this.output.at++] = id
      this.#word(value)
    }
  }

  ping(payload: Uint8Array, ack: boolean): void {
    this.#frameHeader(8, FrameType.PING, ack ? FrameFlag.ACK : 0, 0)
    this.#copy(payload, 0, 8)
  }

  goaway(lastStreamId: number, code: number, debug: Uint8Array): void {
    this.#frameHeader(8 + debug.length, FrameType.GOAWAY, 0, 0)
    this.#word(lastStreamId)
    this.#word(code)
    this.#copy(debug, 0, debug.length)
  }

  raw(bytes: Uint8Array): void {
    this.output.reserve(bytes.length)
    this.#copy(bytes, 0, bytes.length)
  }

  /** A header block, at once: header blocks do not count for flow control. Nothing may wait in the stream's queue. */
  headers(stream: Http2Stream, block: SendBlock, endStream: boolean): void {
    const encoder = this.encoder
    encoder.begin()
    if (block instanceof PreparedBlock) encoder.appendPrepared(block)
    else encoder.append(block)
    this.encodedHeaders(stream, endStream)
  }

  /** Sends what lies in `encoder`, in as many frames as the peer's frame size demands. */
  encodedHeaders(stream: Http2Stream, endStream: boolean): void {
    const { bytes, length } = this.encoder
    this.sentFrames++
    const endFlag = endStream ? FrameFlag.END_STREAM : 0
    const first = Math.min(length, this.maxFrameBytes)
    this.#frameHeader(first, FrameType.HEADERS, endFlag | (first === length ? FrameFlag.END_HEADERS : 0), stream.id)
    this.#copy(bytes, 0, first)
    for (let at = first; at < length; ) {
      const take = Math.min(length - at, this.maxFrameBytes)
      const flags = at + take === length ? FrameFlag.END_HEADERS : 0
      this.#frameHeader(take, FrameType.CONTINUATION, flags, stream.id)
      this.#copy(bytes, at, at + take)
      at += take
    }
    if (endStream) this.#ended(stream)
  }

  /** Sends `prefix` and `bytes[start..end)` as DATA now as far as flow control and pipe allow; copies and queues the rest. */
  data(
    stream: Http2Stream,
    prefix: Uint8Array,
    bytes: Uint8Array,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    const length = prefix.length + end - start
    const queue = stream.queue
    if ((queue === undefined || queue.length === 0) && this.#mayWrite(stream)) {
      if (length <= this.maxFrameBytes && length <= stream.sendWindow && length <= this.window) {
        this.#dataHeader(stream, length, endStream)
        this.#copy(prefix, 0, prefix.length)
        this.#copy(bytes, start, end)
        if (endStream) this.#ended(stream)
        return
      }
      this.#sendLarge(stream, prefix, bytes, start, end, endStream)
      return
    }
    this.#enqueue(stream, prefix, bytes, start, end, endStream)
  }

  /** Queues `prefix` and pieces as DATA. Nobody changes a piece before it is copied out, which `onSent` hears of. */
  pieces(
    stream: Http2Stream,
    prefix: Uint8Array,
    pieces: readonly Uint8Array[],
    onSent?: (piece: Uint8Array) => void,
  ): void {
    stream.queue ??= new ByteQueue()
    const before = stream.queue.length
    stream.queue.push(prefix, 0, prefix.length)
    for (const piece of pieces) stream.queue.give(piece, onSent)
    this.queuedBytes += stream.queue.length - before
    this.wake(stream)
  }

  /** Trailers behind everything queued; they end the stream. */
  trailers(stream: Http2Stream, block: SendBlock): void {
    if (stream.queuedBytes === 0) {
      this.headers(stream, block, true)
      return
    }
    stream.trailers = block
  }

  /** The stream is over: what it had queued is dropped. */
  forget(stream: Http2Stream): void {
    if (stream.queue !== undefined) {
      this.queuedBytes -= stream.queue.length
      stream.queue = undefined
    }
    stream.trailers = undefined
  }

  /** The stream's window grew, or has something new: it takes part again if it can. */
  wake(stream: Http2Stream): void {
    if (stream.inRing || stream.queuedBytes === 0 || stream.sendWindow <= 0) return
    stream.inRing = true
    this.#ring.push(stream)
  }

  /** Moves queued DATA into the output, a frame per stream in turn, as far as windows and pipe allow. */
  pump(): void {
    while (this.#ringHead < this.#ring.length && this.window > 0) {
      if (this.blocked || this.output.pendingBytes >= OUTPUT_AHEAD_BYTES) break
      const stream = this.#ring[this.#ringHead++]!
      stream.inRing = false
      if (stream.closed || stream.queuedBytes === 0 || stream.sendWindow <= 0) continue
      this.#sendQueued(stream)
      this.wake(stream)
    }
    if (this.#ringHead === this.#ring.length) {
      this.#ring.length = 0
      this.#ringHead = 0
    } else if (this.#ringHead > 1024) {
      this.#ring.splice(0, this.#ringHead)
      this.#ringHead = 0
    }
  }

  #mayWrite(stream: Http2Stream): boolean {
    return !this.blocked && !stream.localClosed && this.output.pendingBytes < OUTPUT_AHEAD_BYTES
  }

  #sendQueued(stream: Http2Stream): void {
    const queue = stream.queue!
    const length = Math.min(queue.length, stream.sendWindow, this.window, this.maxFrameBytes)
    const last = length === queue.length && stream.ending && stream.trailers === undefined
    this.#dataHeader(stream, length, last)
    queue.shift(this.output.bytes, this.output.at, length)
    this.output.at += length
    this.queuedBytes -= length
    if (last) this.#ended(stream)
    else if (queue.length === 0 && stream.trailers !== undefined) this.headers(stream, stream.trailers, true)
    if (stream.wantsDrain && queue.length <= this.#drainBelowBytes) {
      stream.wantsDrain = false
      this.#events.drained(stream)
    }
  }

  /** More than one frame, or more than a window: frames straight from the source, then the queue. */
  #sendLarge(
    stream: Http2Stream,
    prefix: Uint8Array,
    bytes: Uint8Array,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    let at = start
    let head = prefix
    while (at < end && stream.sendWindow > head.length && this.window > head.length && this.#mayWrite(stream)) {
      const room = Math.min(this.maxFrameBytes, stream.sendWindow, this.window)
      const take = Math.min(room - head.length, end - at)
      const last = endStream && at + take === end
      this.#dataHeader(stream, head.length + take, last)
      this.#copy(head, 0, head.length)
      this.#copy(bytes, at, at + take)
      head = nothing
      at += take
      if (last) this.#ended(stream)
    }
    if (at < end || head.length > 0) this.#enqueue(stream, head, bytes, at, end, endStream)
  }

  #enqueue(
    stream: Http2Stream,
    prefix: Uint8Array,
    bytes: Uint8Array,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    const length = prefix.length + end - start
    if (length === 0 && stream.queuedBytes === 0) {
      this.#dataHeader(stream, 0, endStream)
      if (endStream) this.#ended(stream)
      return
    }
    stream.queue ??= new ByteQueue()
    stream.queue.push(prefix, 0, prefix.length)
    stream.queue.push(bytes, start, end)
    this.queuedBytes += length
    if (endStream) stream.ending = true
    this.wake(stream)
  }

  #ended(stream: Http2Stream): void {
    stream.localClosed = true
    this.#events.localEnd(stream)
  }

  #dataHeader(stream: Http2Stream, length: number, endStream: boolean): void {
    this.#frameHeader(length, FrameType.DATA, endStream ? FrameFlag.END_STREAM : 0, stream.id)
    stream.sendWindow -= length
    this.window -= length
    this.dataFrames++
    this.dataBytes += length
    this.sentFrames++
  }

  /** Writes a frame header and makes sure that the payload fits behind it. */
  #frameHeader(length: number, type: FrameType, flags: number, streamId: number): void {
    const output = this.output
    output.reserve(FRAME_HEADER_BYTES + length)
    const bytes = output.bytes
    const at = output.at
    bytes[at] = length >> 16
    bytes[at + 1] = length >> 8
    bytes[at + 2] = length
    bytes[at + 3] = type
    bytes[at + 4] = flags
    bytes[at + 5] = streamId >> 24
    bytes[at + 6] = streamId >> 16
    bytes[at + 7] = streamId >> 8
    bytes[at + 8] = streamId
    output.at = at + FRAME_HEADER_BYTES
  }

  #word(value: number): void {
    const { bytes, at } = this.output
    bytes[at] = value >>> 24
    bytes[at + 1] = value >>> 16
    bytes[at + 2] = value >>> 8
    bytes[at + 3] = value
    this.output.at = at + 4
  }

  #copy(source: Uint8Array, start: number, end: number): void {
    copyBytes(this.output.bytes, this.output.at, source, start, end)
    this.output.at += end - start
  }
}
