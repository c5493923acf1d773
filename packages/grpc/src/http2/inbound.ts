import type { Http2Connection } from './connection.ts'
import { Http2Error } from './errors.ts'
import { FloodGuard, FloodKind } from './flood-guard.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'
import { type HeaderBlock, latin1 } from './header-field.ts'
import { HpackDecoder } from './hpack-decoder.ts'
import { type MessageKind, messageHead } from './message-head.ts'
import {
  CLIENT_PREFACE,
  FrameFlag,
  FrameType,
  Http2ErrorCode,
  http2ErrorName,
  INITIAL_FRAME_BYTES,
  INITIAL_WINDOW_BYTES,
  MAX_FRAME_BYTES,
  MAX_WINDOW_BYTES,
  SettingId,
} from './protocol.ts'
import { Http2Stream } from './stream.ts'
import { Alarm } from './timers.ts'

/** Pings without an open stream are tolerated this far apart (grpc-go). */
const IDLE_PING_INTERVAL_MS = 7_200_000
const MAX_PING_STRIKES = 2
/** The clock is looked at once for so many frames, and for every call's two while frames take long. */
const FRAMES_PER_LOOK = 8
const LONG_MS = 0.1
/** We send no larger frames, whatever the peer allows: they would hold up the other streams. */
const OWN_FRAME_BYTES = 65_536

/** The receiving half of a connection: every rule of RFC 9113 about frames that arrive. */
export class Inbound implements FrameSink {
  /** The peer's SETTINGS_INITIAL_WINDOW_SIZE. */
  peerWindowBytes: number = INITIAL_WINDOW_BYTES
  readonly #connection: Http2Connection
  readonly #reader: FrameReader
  readonly #decoder: HpackDecoder
  readonly #guard: FloodGuard
  /** Bytes of the client preface still to come. */
  #prefaceLeft: number
  #settingsSeen = false
  #settingsAcked = false
  /** A header block whose END_HEADERS has not come: its stream (0: none), what arrived of it, and how it began. */
  #blockStream = 0
  #block: Uint8Array = new Uint8Array(0)
  #blockLength = 0
  #blockFrames = 0
  #blockEndsStream = false
  /** The last stream ids that the peer has passed over, both ends included. */
  #skippedFrom = 0
  #skippedTo = -1
  #pingStrikes = 0
  #lastPingMs = Number.NEGATIVE_INFINITY
  #sentAtLastPing = -1
  /** Frames until the next look at the clock, the last look, and when the slice of time ends. */
  #framesToLook = FRAMES_PER_LOOK
  #lookedMs = 0
  #untilMs = 0
  readonly #handshakeAlarm = new Alarm(() => this.#late())
  readonly #blockAlarm = new Alarm(() => this.#connection.fail('ENHANCE_YOUR_CALM', 'header block takes too long'))

  constructor(connection: Http2Connection) {
    const { limits, role } = connection
    this.#connection = connection
    this.#reader = new FrameReader(this)
    this.#decoder = new HpackDecoder({ maxListBytes: limits.maxHeaderListBytes, maxFields: limits.maxHeaderFields })
    this.#guard = new FloodGuard(limits.floodBudgets, limits.floodIntervalMs)
    this.#prefaceLeft = role === 'server' ? CLIENT_PREFACE.length : 0
  }

  start(): void {
    const { timers, limits } = this.#connection
    timers.add(this.#handshakeAlarm, timers.clock.now() + limits.prefaceTimeoutMs)
  }

  stop(): void {
    this.#connection.timers.remove(this.#handshakeAlarm)
    this.#connection.timers.remove(this.#blockAlarm)
    this.#block = new Uint8Array(0)
  }

  /** Bytes kept of frames and header blocks that are not complete, and of the header table. */
  get keptBytes(): number {
    return this.#reader.partialBytes + this.#block.length + this.#decoder.tableBytes
  }

  /** Handles what lies in `chunk` from `from` on until `untilMs`; returns how far it came. */
  receive(chunk: Uint8Array, from: number, untilMs: number): number {
    let at = from
    for (; this.#prefaceLeft > 0 && at < chunk.length; at++, this.#prefaceLeft--) {
      if (chunk[at] === CLIENT_PREFACE[CLIENT_PREFACE.length - this.#prefaceLeft]) continue
      this.#connection.fail('PROTOCOL_ERROR', 'not an HTTP/2 client preface')
      return chunk.length
    }
    this.#untilMs = untilMs
    this.#lookedMs = this.#connection.nowMs
    return this.#reader.push(chunk, at)
  }

  /** True when the slice is over; the clock is not asked for every frame. */
  enough(): boolean {
    if (--this.#framesToLook > 0) return false
    const nowMs = this.#connection.timers.clock.now()
    this.#framesToLook = nowMs - this.#lookedMs > LONG_MS ? 2 : FRAMES_PER_LOOK
    this.#lookedMs = nowMs
    return nowMs >= this.#untilMs
  }

  /** Counts a frame of the kind; true and the connection is over if there were too many. */
  flood(kind: FloodKind): boolean {
    if (!this.#guard.exceeds(kind, this.#connection.nowMs)) return false
    const name = Object.keys(FloodKind)[kind]
    this.#connection.fail('ENHANCE_YOUR_CALM', `too many frames: ${name}`)
    return true
  }

  oversized(type: number, _streamId: number, length: number): void {
    this.#connection.fail('FRAME_SIZE_ERROR', `frame of type ${type} with ${length} bytes`)
  }

  frame(type: number, flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#blockStream !== 0 || !this.#settingsSeen) {
      if (!this.#admits(type, flags, streamId)) return false
    }
    if (type === FrameType.DATA) this.#data(flags, streamId, bytes, start, end)
    else if (type === FrameType.HEADERS) this.#headers(flags, streamId, bytes, start, end)
    else this.#rareFrame(type, flags, streamId, bytes, start, end)
    return !this.#connection.closed
  }

  #rareFrame(type: number, flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): boolean {
    switch (type) {
      case FrameType.WINDOW_UPDATE:
        return this.#windowUpdate(streamId, bytes, start, end)
      case FrameType.SETTINGS:
        return this.#settings(flags, streamId, bytes, start, end)
      case FrameType.PING:
        return this.#ping(flags, streamId, bytes, start, end)
      case FrameType.RST_STREAM:
        return this.#rstStream(streamId, bytes, start, end)
      case FrameType.CONTINUATION:
        return this.#continuation(flags, streamId, bytes, start, end)
      case FrameType.PRIORITY:
        return this.#priority(streamId, end - start)
      case FrameType.GOAWAY:
        return this.#goaway(streamId, bytes, start, end)
      case FrameType.PUSH_PROMISE:
        return this.#connection.fail('PROTOCOL_ERROR', 'PUSH_PROMISE')
      default:
        this.flood(FloodKind.STRAY)
    }
    return true
  }

  /** Before the first SETTINGS nothing else may come; inside a header block only its CONTINUATION. */
  #admits(type: number, flags: number, streamId: number): boolean {
    if (!this.#settingsSeen) {
      if (type === FrameType.SETTINGS && (flags & FrameFlag.ACK) === 0) return true
      this.#connection.fail('PROTOCOL_ERROR', 'the first frame is not SETTINGS')
      return false
    }
    if (type === FrameType.CONTINUATION && streamId === this.#blockStream) return true
    this.#connection.fail('PROTOCOL_ERROR', 'another frame inside a header block')
    return false
  }

  #late(): void {
    if (!this.#settingsSeen) this.#connection.fail('SETTINGS_TIMEOUT', 'no HTTP/2 preface in time')
    else if (!this.#settingsAcked) this.#connection.fail('SETTINGS_TIMEOUT', 'SETTINGS not acknowledged in time')
  }

  #data(flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): boolean {
    const connection = this.#connection
    const length = to - from
    let start = from
    let end = to
    if (streamId === 0) return connection.fail('PROTOCOL_ERROR', 'DATA on stream 0')
    if ((flags & FrameFlag.PADDED) !== 0) {
      end -= length === 0 ? 1 : bytes[start]!
      start++
      if (start > end) return connection.fail('PROTOCOL_ERROR', 'padding longer than the frame')
    }
    connection.receiveWindow -= length
    if (connection.receiveWindow < 0) return connection.fail('FLOW_CONTROL_ERROR', 'connection window exceeded')
    const stream = connection.streams.get(streamId)
    if (stream === undefined || stream.remoteClosed) return this.#strayData(stream, streamId, length)
    const endStream = (flags & FrameFlag.END_STREAM) !== 0
    if (start === end && !endStream && this.flood(FloodKind.EMPTY)) return true
    stream.receiveWindow -= length
    stream.received += end - start
    if (stream.receiveWindow < 0) this.#fault(stream, Http2ErrorCode.FLOW_CONTROL_ERROR)
    else if (!stream.opened || !this.#keepsPromise(stream, endStream))
      this.#fault(stream, Http2ErrorCode.PROTOCOL_ERROR)
    else {
      if (endStream) stream.remoteClosed = true
      connection.owner.data(stream, bytes, start, end, endStream)
      if (endStream && stream.localClosed) connection.remove(stream)
    }
    if (!connection.closed) connection.returnCredit(stream, length)
    return true
  }

  /** DATA on a stream that does not take it: late after our reset is no fault; after END_STREAM or before HEADERS it is. */
  #strayData(stream: Http2Stream | undefined, streamId: number, length: number): boolean {
    const connection = this.#connection
    if (connection.isIdle(streamId)) return connection.fail('PROTOCOL_ERROR', 'DATA on an idle stream')
    connection.returnStray(length)
    if (stream !== undefined) return this.#fault(stream, Http2ErrorCode.STREAM_CLOSED)
    if (this.flood(FloodKind.STRAY) || connection.wasReset(streamId)) return true
    connection.sendReset(streamId, Http2ErrorCode.STREAM_CLOSED)
    return true
  }

  #keepsPromise(stream: Http2Stream, endStream: boolean): boolean {
    if (stream.promised < 0) return true
    return endStream ? stream.received === stream.promised : stream.received <= stream.promised
  }

  #fault(stream: Http2Stream, code: number): boolean {
    if (!this.flood(FloodKind.RESET)) this.#connection.streamFault(stream, code)
    return true
  }

  #headers(flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): boolean {
    let start = from
    let end = to
    if (streamId === 0 || (streamId & 1) === 0)
      return this.#connection.fail('PROTOCOL_ERROR', 'HEADERS on a stream id that is not a client’s')
    if ((flags & FrameFlag.PADDED) !== 0) {
      end -= start === end ? 1 : bytes[start]!
      start++
    }
    if ((flags & FrameFlag.PRIORITY) !== 0) start += 5
    if (start > end) return this.#connection.fail('PROTOCOL_ERROR', 'padding longer than the frame')
    const endStream = (flags & FrameFlag.END_STREAM) !== 0
    if ((flags & FrameFlag.END_HEADERS) !== 0) return this.#headerBlock(streamId, bytes, start, end, endStream)
    this.#blockStream = streamId
    this.#blockEndsStream = endStream
    this.#blockFrames = 1
    this.#blockLength = 0
    this.#keepBlock(bytes, start, end)
    this.#connection.timers.add(this.#blockAlarm, this.#connection.nowMs + this.#connection.limits.headerBlockTimeoutMs)
    return true
  }

  #continuation(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { limits, timers } = this.#connection
    if (this.#blockStream === 0) return this.#connection.fail('PROTOCOL_ERROR', 'CONTINUATION without HEADERS')
    this.#blockFrames++
    if (
      this.#blockFrames > limits.maxHeaderBlockFrames ||
      this.#blockLength + end - start > limits.maxHeaderBlockBytes
    ) {
      return this.#connection.fail('ENHANCE_YOUR_CALM', 'header block too large')
    }
    this.#keepBlock(bytes, start, end)
    if ((flags & FrameFlag.END_HEADERS) === 0) return true
    timers.remove(this.#blockAlarm)
    this.#blockStream = 0
    this.#headerBlock(streamId, this.#block, 0, this.#blockLength, this.#blockEndsStream)
    this.#block = new Uint8Array(0)
    return true
  }

  #keepBlock(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#blockLength + end - start
    if (length > this.#block.length) {
      const grown = new Uint8Array(Math.max(length, this.#block.length * 2))
      grown.set(this.#block.subarray(0, this.#blockLength))
      this.#block = grown
    }
    this.#block.set(bytes.subarray(start, end), this.#blockLength)
    this.#blockLength = length
  }

  #headerBlock(streamId: number, bytes: Uint8Array, start: number, end: number, endStream: boolean): boolean {
    let block: HeaderBlock
    try {
      block = this.#decoder.decode(bytes, start, end)
    } catch (error) {
      if (!(error instanceof Http2Error)) throw error
      return this.#connection.fail(error.code, error.message)
    }
    if (block.tooLarge && this.flood(FloodKind.OVERSIZE)) return false
    const stream = this.#connection.streams.get(streamId)
    if (stream !== undefined) this.#nextBlock(stream, block, endStream)
    else if (this.#connection.role === 'server' && streamId > this.#connection.lastPeerId) {
      this.#request(streamId, block, endStream)
    } else this.#strayBlock(streamId)
    return true
  }

  /** A header block on a stream that is over. */
  #strayBlock(streamId: number): boolean {
    const connection = this.#connection
    if (connection.isIdle(streamId)) connection.fail('PROTOCOL_ERROR', 'HEADERS on an idle stream')
    else if (streamId >= this.#skippedFrom && streamId <= this.#skippedTo) {
      connection.fail('PROTOCOL_ERROR', 'a stream id below one that is in use')
    } else if (connection.role === 'server' && !connection.wasReset(streamId)) {
      connection.fail('STREAM_CLOSED', 'HEADERS on a closed stream')
    } else this.flood(FloodKind.STRAY)
    return true
  }

  #request(streamId: number, block: HeaderBlock, endStream: boolean): boolean {
    const connection = this.#connection
    if (connection.beyondGoaway(streamId)) return true
    if (streamId > connection.lastPeerId + 2) {
      this.#skippedFrom = connection.lastPeerId + 1
      this.#skippedTo = streamId - 1
    }
    connection.lastPeerId = streamId
    if (connection.streams.size >= connection.limits.maxConcurrentStreams) {
      if (!this.flood(FloodKind.RESET)) connection.sendReset(streamId, Http2ErrorCode.REFUSED_STREAM)
      return true
    }
    const head = messageHead(block, 'request')
    if (!block.tooLarge && (head.malformed !== undefined || (endStream && head.contentLength > 0))) {
      if (!this.flood(FloodKind.RESET)) connection.sendReset(streamId, Http2ErrorCode.PROTOCOL_ERROR)
      return true
    }
    const stream = new Http2Stream(streamId, connection.limits.streamWindowBytes, this.peerWindowBytes)
    stream.opened = true
    stream.promised = head.contentLength
    stream.remoteClosed = endStream
    connection.streams.add(stream)
    connection.owner.headers(stream, block, endStream)
    return true
  }

  /** A response, or trailers of either side. */
  #nextBlock(stream: Http2Stream, block: HeaderBlock, endStream: boolean): boolean {
    const connection = this.#connection
    if (stream.remoteClosed) return this.#fault(stream, Http2ErrorCode.STREAM_CLOSED)
    const kind: MessageKind = stream.opened ? 'trailers' : 'response'
    const head = messageHead(block, kind)
    const informational = kind === 'response' && head.status < 200
    const misplaced = kind === 'trailers' ? !endStream : informational && endStream
    if (misplaced || (!block.tooLarge && head.malformed !== undefined)) {
      return this.#fault(stream, Http2ErrorCode.PROTOCOL_ERROR)
    }
    if (informational && !block.tooLarge) {
      this.flood(FloodKind.STRAY)
      return true
    }
    if (!stream.opened) {
      stream.opened = true
      stream.promised = head.contentLength
    }
    if (endStream && !this.#keepsPromise(stream, true)) return this.#fault(stream, Http2ErrorCode.PROTOCOL_ERROR)
    stream.remoteClosed = endStream
    connection.owner.headers(stream, block, endStream)
    if (endStream && stream.localClosed) connection.remove(stream)
    return true
  }

  #windowUpdate(streamId: number, bytes: Uint8Array, start: number, end: number): boolean {
    const connection = this.#connection
    if (end - start !== 4) return connection.fail('FRAME_SIZE_ERROR', 'WINDOW_UPDATE without 4 bytes')
    const { sender } = connection
    if (this.#guard.exceeds(FloodKind.WINDOW_UPDATE, connection.nowMs) && !this.#explained()) {
      return connection.fail('ENHANCE_YOUR_CALM', 'too many frames: WINDOW_UPDATE')
    }
    const more = word(bytes, start) & 0x7fff_ffff
    if (streamId === 0) {
      if (more === 0) return connection.fail('PROTOCOL_ERROR', 'WINDOW_UPDATE of 0')
      sender.window += more
      if (sender.window > MAX_WINDOW_BYTES) return connection.fail('FLOW_CONTROL_ERROR', 'connection window too large')
      if (sender.hasWork) connection.touch()
      return true
    }
    const stream = connection.streams.get(streamId)
    if (stream === undefined) {
      if (connection.isIdle(streamId)) connection.fail('PROTOCOL_ERROR', 'WINDOW_UPDATE on an idle stream')
      return true
    }
    if (more === 0) return this.#fault(stream, Http2ErrorCode.PROTOCOL_ERROR)
    stream.sendWindow += more
    if (stream.sendWindow > MAX_WINDOW_BYTES) return this.#fault(stream, Http2ErrorCode.FLOW_CONTROL_ERROR)
    if (stream.queuedBytes === 0) return true
    sender.wake(stream)
    connection.touch()
    return true
  }

  /** DATA that we sent allows two WINDOW_UPDATE each. */
  #explained(): boolean {
    const { sender } = this.#connection
    const frames = sender.dataFrames
    sender.dataFrames = 0
    if (frames === 0) return false
    this.#guard.credit(FloodKind.WINDOW_UPDATE, frames * 2)
    return true
  }

  #rstStream(streamId: number, bytes: Uint8Array, start: number, end: number): boolean {
    const connection = this.#connection
    if (end - start !== 4) return connection.fail('FRAME_SIZE_ERROR', 'RST_STREAM without 4 bytes')
    if (streamId === 0 || connection.isIdle(streamId))
      return connection.fail('PROTOCOL_ERROR', 'RST_STREAM on an idle stream')
    const stream = connection.streams.get(streamId)
    if (stream === undefined) return !this.flood(FloodKind.STRAY)
    if (connection.role === 'server' && this.flood(FloodKind.RESET)) return false
    const code = word(bytes, start) >>> 0
    connection.remove(stream)
    const refused = code === Http2ErrorCode.REFUSED_STREAM && !stream.opened
    connection.owner.reset(stream, code, refused ? 'refused' : 'peer')
    return true
  }

  #settings(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): boolean {
    const connection = this.#connection
    if (streamId !== 0) return connection.fail('PROTOCOL_ERROR', 'SETTINGS on a stream')
    if ((flags & FrameFlag.ACK) !== 0) {
      if (end !== start) return connection.fail('FRAME_SIZE_ERROR', 'acknowledgement of SETTINGS with a payload')
      this.#settingsAcked = true
      connection.timers.remove(this.#handshakeAlarm)
      // The first answers ours; more are none of our business.
      return !this.flood(FloodKind.STRAY)
    }
    if ((end - start) % 6 !== 0) return connection.fail('FRAME_SIZE_ERROR', 'SETTINGS with a broken length')
    if (this.flood(FloodKind.SETTINGS)) return true
    let window = this.peerWindowBytes
    for (let at = start; at < end; at += 6) {
      const id = (bytes[at]! << 8) | bytes[at + 1]!
      const value = word(bytes, at + 2) >>> 0
      if (id === SettingId.INITIAL_WINDOW_SIZE) window = value
      if (!this.#setting(id, value)) return false
    }
    if (window !== this.peerWindowBytes && !this.#resizeWindows(window)) return false
    if (!this.#settingsSeen) {
      this.#settingsSeen = true
      const { timers, limits } = connection
      if (!this.#settingsAcked) timers.add(this.#handshakeAlarm, connection.nowMs + limits.settingsTimeoutMs)
    }
    connection.sender.control(FrameType.SETTINGS, FrameFlag.ACK, 0)
    connection.touch()
    connection.owner.settings()
    return true
  }

  #setting(id: number, value: number): boolean {
    const connection = this.#connection
    switch (id) {
      case SettingId.HEADER_TABLE_SIZE:
        connection.sender.encoder.setPeerTableBytes(value)
        return true
      case SettingId.ENABLE_PUSH:
        if (value === 0 || (value === 1 && connection.role === 'server')) return true
        return connection.fail('PROTOCOL_ERROR', 'bad ENABLE_PUSH')
      case SettingId.MAX_CONCURRENT_STREAMS:
        connection.peerMaxStreams = value
        return true
      case SettingId.INITIAL_WINDOW_SIZE:
        return value <= MAX_WINDOW_BYTES || connection.fail('FLOW_CONTROL_ERROR', 'bad INITIAL_WINDOW_SIZE')
      case SettingId.MAX_FRAME_SIZE:
        if (value < INITIAL_FRAME_BYTES || value > MAX_FRAME_BYTES)
          return connection.fail('PROTOCOL_ERROR', 'bad MAX_FRAME_SIZE')
        connection.sender.maxFrameBytes = Math.min(value, OWN_FRAME_BYTES)
        return true
      default:
        return true
    }
  }

  /** Windows of open streams move by the difference and may become negative (RFC 9113, 6.9.2). */
  #resizeWindows(value: number): boolean {
    const connection = this.#connection
    const difference = value - this.peerWindowBytes
    this.peerWindowBytes = value
    for (const stream of connection.streams.values()) {
      stream.sendWindow += difference
      if (stream.sendWindow > MAX_WINDOW_BYTES) return connection.fail('FLOW_CONTROL_ERROR', 'stream window too large')
      connection.sender.wake(stream)
    }
    return true
  }

  #ping(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): boolean {
    const connection = this.#connection
    if (streamId !== 0) return connection.fail('PROTOCOL_ERROR', 'PING on a stream')
    if (end - start !== 8) return connection.fail('FRAME_SIZE_ERROR', 'PING without 8 bytes')
    if ((flags & FrameFlag.ACK) !== 0) {
      if (!connection.pong(bytes, start)) this.flood(FloodKind.STRAY)
      return true
    }
    if (!this.#isExcused() && (this.flood(FloodKind.PING) || this.#tooManyPings())) return true
    this.#lastPingMs = connection.nowMs
    connection.sender.ping(bytes.subarray(start, end), true)
    connection.touch()
    return true
  }

  /**
   * What we sent since the last ping excuses it, as in grpc-go's server: its clients measure the bandwidth by a ping per
   * round trip while answers come in.
   */
  #isExcused(): boolean {
    const sent = this.#connection.sender.sentFrames
    if (sent === this.#sentAtLastPing) return false
    this.#sentAtLastPing = sent
    this.#pingStrikes = 0
    return true
  }

  /** grpc-go's rule for the other pings; true and the connection is over. */
  #tooManyPings(): boolean {
    const connection = this.#connection
    const policy = connection.pingPolicy
    if (policy === undefined) return false
    const idle = connection.streams.size === 0 && !policy.permitWithoutStreams
    const shortestMs = idle ? IDLE_PING_INTERVAL_MS : policy.minIntervalMs
    if (connection.nowMs - this.#lastPingMs < shortestMs) this.#pingStrikes++
    if (this.#pingStrikes <= MAX_PING_STRIKES) return false
    connection.fail('ENHANCE_YOUR_CALM', 'too_many_pings')
    return true
  }

  #priority(streamId: number, length: number): boolean {
    if (streamId === 0) return this.#connection.fail('PROTOCOL_ERROR', 'PRIORITY on stream 0')
    if (this.flood(FloodKind.PRIORITY) || length === 5) return true
    const stream = this.#connection.streams.get(streamId)
    if (stream !== undefined) this.#fault(stream, Http2ErrorCode.FRAME_SIZE_ERROR)
    else this.#connection.fail('FRAME_SIZE_ERROR', 'PRIORITY without 5 bytes')
    return true
  }

  #goaway(streamId: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (streamId !== 0) return this.#connection.fail('PROTOCOL_ERROR', 'GOAWAY on a stream')
    if (end - start < 8) return this.#connection.fail('FRAME_SIZE_ERROR', 'GOAWAY without 8 bytes')
    if (this.flood(FloodKind.GOAWAY)) return true
    const lastStreamId = word(bytes, start) & 0x7fff_ffff
    const code = http2ErrorName(word(bytes, start + 4) >>> 0)
    const debug = latin1(bytes, start + 8, Math.min(end, start + 8 + 256))
    const message = debug === '' ? `GOAWAY ${code}` : `GOAWAY ${code}: ${debug}`
    this.#connection.peerGoaway(lastStreamId, new Http2Error(code, message, { remote: true }))
    return true
  }
}

/** A 32-bit big-endian word, signed. */
function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
