import { decodeMessage, type Message } from '@kvs/proto/raft'
import { assert } from './assert.ts'
import { RaftHttpError, reasonOf } from './errors.ts'
import { frameBytesAim } from './limits.ts'
import type { MessageEncoder } from './message-encoder.ts'

/**
 * What goes over a stream: one binary WebSocket message is a frame, a frame is one or more records, a record is the length
 * of a message (four bytes, most significant first) and the message, a `raftpb.Message`. A turn of the sender makes one
 * frame, unless there is too much for one.
 */
const lengthBytes = 4

/** Messages on their way into frames. */
export class FrameBatch {
  readonly #encoder: MessageEncoder
  #buffer: Uint8Array = nothing
  #used = 0
  /** Full frames, oldest first. */
  #frames: Uint8Array[] = []
  #framesBytes = 0
  /** Where the next buffer begins: most turns are like the one before. */
  #likelyBytes = 256

  constructor(encoder: MessageEncoder) {
    this.#encoder = encoder
  }

  /** Bytes added and not taken. */
  get pendingBytes(): number {
    return this.#framesBytes + this.#used
  }

  /** Adds a message; returns its size in the frame. */
  add(message: Message): number {
    const size = this.#encoder.sizeOf(message)
    const recordBytes = lengthBytes + size
    if (this.#used > 0 && this.#used + recordBytes > frameBytesAim) this.#closeFrame()
    this.#reserve(recordBytes)
    const { buffer, used } = { buffer: this.#buffer, used: this.#used }
    buffer[used] = size >>> 24
    buffer[used + 1] = size >>> 16
    buffer[used + 2] = size >>> 8
    buffer[used + 3] = size
    this.#used = this.#encoder.write(buffer, used + lengthBytes, message)
    assert(this.#used === used + recordBytes, 'a message has another size than was measured')
    return recordBytes
  }

  /** The oldest frame, or what there is of one; undefined if there is nothing. */
  take(): Uint8Array | undefined {
    if (this.#frames.length === 0) {
      if (this.#used === 0) return undefined
      this.#closeFrame()
    }
    const frame = this.#frames.shift()
    this.#framesBytes -= frame?.length ?? 0
    return frame
  }

  /** Throws everything away. */
  clear(): void {
    this.#frames = []
    this.#framesBytes = 0
    this.#buffer = nothing
    this.#used = 0
  }

  #closeFrame(): void {
    const frame = this.#buffer.subarray(0, this.#used)
    this.#frames.push(frame)
    this.#framesBytes += frame.length
    this.#likelyBytes = frame.length
    this.#buffer = nothing
    this.#used = 0
  }

  #reserve(bytes: number): void {
    const needed = this.#used + bytes
    if (needed <= this.#buffer.length) return
    const likely = this.#used === 0 ? Math.min(this.#likelyBytes, frameBytesAim) : 2 * this.#buffer.length
    const grown = new Uint8Array(Math.max(needed, likely))
    if (this.#used > 0) grown.set(this.#buffer.subarray(0, this.#used))
    this.#buffer = grown
  }
}

const nothing = new Uint8Array(0)

/** The messages of a frame, with views of its bytes. Throws `BAD_FRAME`. */
export function decodeFrame(frame: Uint8Array): Message[] {
  const messages: Message[] = []
  const bytes = ownBytes(frame)
  const end = bytes.length
  for (let at = 0; at < end; ) {
    if (end - at < lengthBytes) throw new RaftHttpError('BAD_FRAME', `a frame ends inside of a length at byte ${at}`)
    const size = readLength(bytes, at)
    const start = at + lengthBytes
    if (size > end - start) {
      throw new RaftHttpError(
        'BAD_FRAME',
        `a message of ${size} bytes at byte ${at} goes beyond its frame of ${end} bytes`,
      )
    }
    messages.push(decodeRecord(bytes, start, size))
    at = start + size
  }
  if (messages.length === 0) throw new RaftHttpError('BAD_FRAME', 'a frame is empty')
  return messages
}

function readLength(bytes: Uint8Array, at: number): number {
  const high = (bytes[at] as number) * 0x100_0000
  return high + (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))
}

function decodeRecord(bytes: Uint8Array, start: number, size: number): Message {
  try {
    return decodeMessage(bytes, start, start + size)
  } catch (cause) {
    throw new RaftHttpError('BAD_FRAME', `a message at byte ${start}: ${reasonOf(cause)}`, { cause })
  }
}

/** Entries live as long as the log. A small frame in a big chunk is copied, or it would keep the chunk. */
function ownBytes(frame: Uint8Array): Uint8Array {
  const { byteLength } = frame.buffer
  if (byteLength <= 2 * frame.length + 4096) return frame
  const copy = new Uint8Array(frame.length)
  copy.set(frame)
  return copy
}
