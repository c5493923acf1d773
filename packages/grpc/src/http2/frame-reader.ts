import { FRAME_HEADER_BYTES, INITIAL_FRAME_BYTES } from './protocol.ts'

/** Takes the frames. `bytes[start..end)` is the payload. Returns false to stop reading for good. */
export interface FrameSink {
  frame(type: number, flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): boolean
  /** Asked after each frame: true to stop for now. */
  enough?(): boolean
  /** A frame header announced more than the limit. */
  oversized(type: number, streamId: number, length: number): void
}

/**
 * Cuts a stream of chunks into frames. A frame that lies whole in a chunk is given in place; only one that straddles
 * chunks is put together in a buffer of its own.
 */
export class FrameReader {
  readonly #sink: FrameSink
  readonly #maxPayloadBytes: number
  /** A frame begun in earlier chunks, with its header; `#have` bytes are there. */
  #partial: Uint8Array
  #have = 0
  #stopped = false
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES)

  constructor(sink: FrameSink, maxPayloadBytes: number = INITIAL_FRAME_BYTES) {
    this.#sink = sink
    this.#maxPayloadBytes = maxPayloadBytes
    this.#partial = this.#header
  }

  /** Bytes kept for a frame that is not complete. */
  get partialBytes(): number {
    return this.#have === 0 ? 0 : this.#partial.length
  }

  /** Reads frames from `from` on; returns how far it came, which is the end unless the sink had enough. */
  push(chunk: Uint8Array, from: number): number {
    let at = from
    const end = chunk.length
    if (this.#have > 0) at = this.#continue(chunk, at)
    while (at + FRAME_HEADER_BYTES <= end && !this.#stopped) {
      const length = (chunk[at]! << 16) | (chunk[at + 1]! << 8) | chunk[at + 2]!
      const next = at + FRAME_HEADER_BYTES + length
      if (length > this.#maxPayloadBytes) {
        this.#oversized(chunk, at, length)
        return end
      }
      if (next > end) break
      const payload = at + FRAME_HEADER_BYTES
      at = next
      if (
        !this.#sink.frame(
          chunk[payload - 6]!,
          chunk[payload - 5]!,
          streamIdAt(chunk, payload - 4),
          chunk,
          payload,
          next,
        )
      ) {
        this.#stopped = true
      } else if (this.#sink.enough?.() === true) return at
    }
    if (at < end && !this.#stopped) this.#begin(chunk, at)
    return end
  }

  /** Keeps the head of a frame whose rest is in later chunks. */
  #begin(chunk: Uint8Array, at: number): void {
    const available = chunk.length - at
    if (available < FRAME_HEADER_BYTES) {
      this.#partial = this.#header
      this.#header.set(chunk.subarray(at))
    } else {
      this.#partial = new Uint8Array(FRAME_HEADER_BYTES + ((chunk[at]! << 16) | (chunk[at + 1]! << 8) | chunk[at + 2]!))
      this.#partial.set(chunk.subarray(at))
    }
    this.#have = available
  }

  /** Fills the begun frame; returns where the next one begins. */
  #continue(chunk: Uint8Array, from: number): number {
    let at = from
    if (this.#have < FRAME_HEADER_BYTES) {
      const take = Math.min(FRAME_HEADER_BYTES - this.#have, chunk.length - at)
      this.#header.set(chunk.subarray(at, at + take), this.#have)
      this.#have += take
      at += take
      if (this.#have < FRAME_HEADER_BYTES) return at
      const length = (this.#header[0]! << 16) | (this.#header[1]! << 8) | this.#header[2]!
      if (length > this.#maxPayloadBytes) {
        this.#oversized(this.#header, 0, length)
        return chunk.length
      }
      this.#partial = new Uint8Array(FRAME_HEADER_BYTES + length)
      this.#partial.set(this.#header)
    }
    const frame = this.#partial
    const take = Math.min(frame.length - this.#have, chunk.length - at)
    frame.set(chunk.subarray(at, at + take), this.#have)
    this.#have += take
    at += take
    if (this.#have < frame.length) return at
    this.#have = 0
    this.#partial = this.#header
    if (!this.#sink.frame(frame[3]!, frame[4]!, streamIdAt(frame, 5), frame, FRAME_HEADER_BYTES, frame.length)) {
      this.#stopped = true
    }
    return at
  }

  #oversized(bytes: Uint8Array, at: number, length: number): void {
    this.#stopped = true
    this.#sink.oversized(bytes[at + 3]!, streamIdAt(bytes, at + 5), length)
  }
}

/** A stream id; the reserved bit is ignored (RFC 9113, 4.1). */
function streamIdAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! & 0x7f) << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
