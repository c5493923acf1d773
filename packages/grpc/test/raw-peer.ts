import type { VirtualClock } from '@kvs/testing'
import {
  CLIENT_PREFACE,
  FrameFlag,
  FrameReader,
  FrameType,
  type HeaderPair,
  HpackDecoder,
  HpackEncoder,
  http2ErrorName,
} from '../src/http2/index.ts'
import { type PairEnd, settle } from './pair.ts'

export interface RawFrame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Uint8Array
}

/** A frame as bytes. */
export function frame(type: number, flags: number, streamId: number, payload: ArrayLike<number> = []): Uint8Array {
  const bytes = new Uint8Array(9 + payload.length)
  bytes.set([payload.length >> 16, payload.length >> 8, payload.length, type, flags])
  bytes.set(word(streamId), 5)
  bytes.set(payload, 9)
  return bytes
}

export function word(value: number): number[] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
}

export function setting(id: number, value: number): number[] {
  return [id >> 8, id & 255, ...word(value)]
}

/** A gRPC message: prefix and body. */
export function message(body: ArrayLike<number>, flag = 0): Uint8Array {
  const bytes = new Uint8Array(5 + body.length)
  bytes[0] = flag
  bytes.set(word(body.length), 1)
  bytes.set(body, 5)
  return bytes
}

export function concat(...parts: readonly ArrayLike<number>[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

export const requestHeaders: readonly HeaderPair[] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/test.Test/Echo'],
  [':authority', 'test'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
]

/** A peer that speaks HTTP/2 by hand: it sends any bytes and remembers every frame it gets. */
export class RawPeer {
  readonly frames: RawFrame[] = []
  readonly encoder = new HpackEncoder()
  readonly pipe: PairEnd
  closed = false
  readonly #clock: VirtualClock
  readonly #decoder = new HpackDecoder({ maxListBytes: 1 << 20, maxFields: 1000 })
  readonly #byStream = new Map<number, RawFrame[]>()
  readonly #blocks = new Map<RawFrame, readonly HeaderPair[]>()

  constructor(pipe: PairEnd, clock: VirtualClock) {
    this.pipe = pipe
    this.#clock = clock
    const reader = new FrameReader(
      {
        frame: (type, flags, streamId, bytes, start, end) => {
          const got = { type, flags, streamId, payload: bytes.slice(start, end) }
          this.frames.push(got)
          const same = this.#byStream.get(streamId)
          if (same === undefined) this.#byStream.set(streamId, [got])
          else same.push(got)
          if (type === FrameType.HEADERS) {
            const block = this.#decoder.decode(got.payload, 0, got.payload.length)
            this.#blocks.set(
              got,
              block.fields.map(({ name, value }): HeaderPair => [name, value]),
            )
          }
          return true
        },
        oversized: (_type, _streamId, length) => {
          throw new Error(`peer sent a frame of ${length} bytes`)
        },
      },
      1 << 24,
    )
    pipe.start({
      data: chunk => reader.push(chunk, 0),
      drain() {},
      end: () => {
        this.closed = true
        if (!pipe.ended) pipe.end()
      },
      close: () => {
        this.closed = true
      },
    })
  }

  /** Sends bytes and lets everything settle. */
  send(...parts: readonly Uint8Array[]): this {
    if (!this.pipe.ended && !this.pipe.destroyed) this.pipe.write(concat(...parts))
    settle(this.#clock)
    return this
  }

  /** Preface, SETTINGS with the pairs of id and value, and the acknowledgement of the server's. */
  greet(...settings: readonly (readonly [number, number])[]): this {
    const payload = settings.flatMap(([id, value]) => setting(id, value))
    return this.send(
      CLIENT_PREFACE,
      frame(FrameType.SETTINGS, 0, 0, payload),
      frame(FrameType.SETTINGS, FrameFlag.ACK, 0),
    )
  }

  /** A HEADERS frame with the whole block. */
  headers(
    streamId: number,
    options: { readonly end?: boolean; readonly pairs?: readonly HeaderPair[] } = {},
  ): Uint8Array {
    const flags = FrameFlag.END_HEADERS | (options.end === true ? FrameFlag.END_STREAM : 0)
    return frame(FrameType.HEADERS, flags, streamId, this.block(options.pairs ?? requestHeaders))
  }

  block(pairs: readonly HeaderPair[]): Uint8Array {
    this.encoder.encode(pairs)
    return this.encoder.bytes.slice(0, this.encoder.length)
  }

  of(type: number, streamId?: number): RawFrame[] {
    const from = streamId === undefined ? this.frames : (this.#byStream.get(streamId) ?? [])
    return from.filter(got => got.type === type)
  }

  /** Header fields of the stream's answer, all blocks together. */
  fields(streamId: number): Record<string, string> {
    return Object.fromEntries(this.of(FrameType.HEADERS, streamId).flatMap(got => this.#blocks.get(got) ?? []))
  }

  /** DATA of the stream. */
  data(streamId: number): Uint8Array {
    return concat(...this.of(FrameType.DATA, streamId).map(got => got.payload))
  }

  /** Name and text of the last GOAWAY that is an error, as `NAME text`. */
  get goaway(): string | undefined {
    const last = this.of(FrameType.GOAWAY).at(-1)
    if (last === undefined) return undefined
    return `${http2ErrorName(last.payload[7]!)} ${Buffer.from(last.payload.subarray(8)).toString()}`
  }

  /** Name of the code with which the stream was reset. */
  resetOf(streamId: number): string | undefined {
    const got = this.of(FrameType.RST_STREAM, streamId).at(-1)
    return got === undefined ? undefined : http2ErrorName(got.payload[3]!)
  }
}
