import type { Compressor } from './compressor.ts'
import { StatusCode } from './status.ts'

/** Bytes before every message: compressed flag 1, length 4. */
const PREFIX_BYTES = 5
const MIN_CAPACITY_BYTES = 256

/** Takes what an assembler finds. */
export interface AssemblerSink {
  /** One message; valid until the call returns. Returns false if no more messages are wanted for now. */
  message(bytes: Uint8Array, start: number, end: number): boolean
  /** The stream of messages is broken; nothing follows. */
  broken(code: StatusCode, message: string): void
  /** The assembler keeps so many bytes more (negative: fewer). False if that is too much. */
  hold(bytes: number): boolean
}

export interface AssemblerOptions {
  readonly maxReceiveBytes: number
  /** The encoding of compressed messages: what the peer called it, and the compressor if we have it. */
  readonly encoding: string | undefined
  readonly compressor: Compressor | undefined
  readonly role: 'server' | 'client'
}

/**
 * Cuts the DATA of one stream into messages. Messages that lie whole in a DATA frame are given in place; the others, and
 * those that nobody wants yet, are kept. The buffer grows with what has arrived, never with what a prefix promises.
 */
export class MessageAssembler {
  readonly #sink: AssemblerSink
  readonly #options: AssemblerOptions
  /** Kept bytes are `#kept[#head..#tail)`. */
  #kept: Uint8Array = new Uint8Array(0)
  #head = 0
  #tail = 0
  #dead = false

  constructor(sink: AssemblerSink, options: AssemblerOptions) {
    this.#sink = sink
    this.#options = options
  }

  /** Bytes that belong to an unfinished or undelivered message. */
  get keptBytes(): number {
    return this.#tail - this.#head
  }

  push(bytes: Uint8Array, from: number, end: number, wanted: boolean): void {
    let start = from
    let goOn = wanted
    while (goOn && !this.#dead && this.keptBytes > 0 && start < end) {
      start += this.#fill(bytes, start, end)
      goOn = this.#deliverKept()
    }
    if (goOn && this.keptBytes === 0) {
      while (goOn && !this.#dead) {
        const length = this.#messageLength(bytes, start, end)
        if (length < 0) break
        const next = start + PREFIX_BYTES + length
        goOn = this.#give(bytes, start, next)
        start = next
      }
    }
    if (start < end && !this.#dead) this.#keep(bytes, start, end)
  }

  /** Delivers what was kept, as long as it is wanted. Returns false if the sink has had enough. */
  resume(): boolean {
    return this.#dead || this.#deliverKept()
  }

  /** Lets go of everything. */
  drop(): void {
    this.#dead = true
    if (this.#tail > this.#head) this.#sink.hold(this.#head - this.#tail)
    this.#kept = new Uint8Array(0)
    this.#head = 0
    this.#tail = 0
  }

  /** Adds to the kept message what it still lacks, at most; returns how many bytes that were. */
  #fill(bytes: Uint8Array, start: number, end: number): number {
    const kept = this.keptBytes
    const want = kept < PREFIX_BYTES ? PREFIX_BYTES - kept : PREFIX_BYTES + this.#keptLength() - kept
    const take = Math.min(Math.max(want, 0), end - start)
    if (take > 0) this.#keep(bytes, start, start + take)
    return take
  }

  #keptLength(): number {
    return lengthAt(this.#kept, this.#head)
  }

  #deliverKept(): boolean {
    let goOn = true
    while (goOn && !this.#dead) {
      const length = this.#messageLength(this.#kept, this.#head, this.#tail)
      if (length < 0) break
      const from = this.#head
      const next = from + PREFIX_BYTES + length
      this.#head = next
      this.#sink.hold(-PREFIX_BYTES - length)
      const bytes = this.#kept
      if (this.#head === this.#tail) {
        this.#kept = new Uint8Array(0)
        this.#head = 0
        this.#tail = 0
      }
      goOn = this.#give(bytes, from, next)
    }
    return goOn
  }

  /** Length of the message whose prefix is at `start`, or -1 if it is not complete or not acceptable. */
  #messageLength(bytes: Uint8Array, start: number, end: number): number {
    if (end - start < PREFIX_BYTES) return -1
    const flag = bytes[start]!
    const length = lengthAt(bytes, start)
    if (flag > 1) {
      this.#break(StatusCode.INTERNAL, `grpc: received unexpected payload format ${flag}`)
      return -1
    }
    if (length > this.#options.maxReceiveBytes) {
      this.#break(
        StatusCode.RESOURCE_EXHAUSTED,
        `grpc: received message larger than max (${length} vs. ${this.#options.maxReceiveBytes})`,
      )
      return -1
    }
    return end - start - PREFIX_BYTES < length ? -1 : length
  }

  #give(bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes[start] === 0) return this.#sink.message(bytes, start + PREFIX_BYTES, end)
    const { encoding, compressor, role, maxReceiveBytes } = this.#options
    if (encoding === undefined || encoding === 'identity') {
      return this.#break(StatusCode.INTERNAL, 'grpc: compressed flag set with identity or empty encoding')
    }
    if (compressor === undefined) {
      const code = role === 'server' ? StatusCode.UNIMPLEMENTED : StatusCode.INTERNAL
      return this.#break(code, `grpc: Decompressor is not installed for grpc-encoding ${JSON.stringify(encoding)}`)
    }
    let message: Uint8Array | undefined
    try {
      message = compressor.decompress(bytes.subarray(start + PREFIX_BYTES, end), maxReceiveBytes)
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      return this.#break(StatusCode.INTERNAL, `grpc: failed to decompress the received message: ${text}`)
    }
    if (message === undefined) {
      const text = `grpc: received message after decompression larger than max ${maxReceiveBytes}`
      return this.#break(StatusCode.RESOURCE_EXHAUSTED, text)
    }
    return this.#sink.message(message, 0, message.length)
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const more = end - start
    if (!this.#sink.hold(more)) {
      this.#sink.hold(-more)
      this.#break(StatusCode.RESOURCE_EXHAUSTED, 'grpc: too many bytes of unfinished messages on this connection')
      return
    }
    if (this.#tail + more > this.#kept.length) this.#grow(more)
    this.#kept.set(bytes.subarray(start, end), this.#tail)
    this.#tail += more
  }

  #grow(more: number): void {
    const kept = this.keptBytes
    const size = Math.max(
      MIN_CAPACITY_BYTES,
      kept + more,
      Math.min(kept * 2, PREFIX_BYTES + this.#options.maxReceiveBytes),
    )
    const grown = new Uint8Array(size)
    grown.set(this.#kept.subarray(this.#head, this.#tail))
    this.#kept = grown
    this.#head = 0
    this.#tail = kept
  }

  #break(code: StatusCode, message: string): false {
    this.drop()
    this.#sink.broken(code, message)
    return false
  }
}

/** True if `bytes[start..end)` is exactly one uncompressed message of at most `maxBytes`. */
export function isWholeMessage(bytes: Uint8Array, start: number, end: number, maxBytes: number): boolean {
  const length = end - start - 5
  if (length < 0 || length > maxBytes || bytes[start] !== 0) return false
  return lengthAt(bytes, start) === length
}

function lengthAt(bytes: Uint8Array, start: number): number {
  return bytes[start + 1]! * 0x100_0000 + ((bytes[start + 2]! << 16) | (bytes[start + 3]! << 8) | bytes[start + 4]!)
}
