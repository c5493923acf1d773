import {
  FrameFlag,
  FrameReader,
  FrameType,
  type HeaderPair,
  HpackDecoder,
  HpackEncoder,
  http2ErrorName,
} from '@kvs/grpc/http2'
import type { SeededRandom } from '@kvs/testing'

const encoder = new TextEncoder()

export function frame(type: number, flags: number, streamId: number, payload: ArrayLike<number> = []): Uint8Array {
  const bytes = new Uint8Array(9 + payload.length)
  const { length } = payload
  bytes.set([length >> 16, length >> 8, length, type, flags, streamId >>> 24, streamId >> 16, streamId >> 8, streamId])
  bytes.set(payload, 9)
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

/** A gRPC message. */
export function message(body: ArrayLike<number>, flag = 0): Uint8Array {
  return concat([flag, body.length >>> 24, body.length >> 16, body.length >> 8, body.length], body)
}

export const preface: Uint8Array = encoder.encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export function requestPairs(path: string): readonly HeaderPair[] {
  return [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'fuzz'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ]
}

/** A header block that needs no table. */
export function block(pairs: readonly HeaderPair[]): Uint8Array {
  const made = new HpackEncoder(0)
  made.encode(pairs)
  return made.bytes.slice(0, made.length)
}

export const responsePairs: readonly HeaderPair[] = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
]

/** Byte strings that mean something in HTTP/2. */
export const http2Dictionary: readonly Uint8Array[] = [
  ...Object.values(FrameType).flatMap(type => [frame(type, 0, 0), frame(type, FrameFlag.ACK, 0), frame(type, 0x0d, 1)]),
  frame(FrameType.SETTINGS, 0, 0, [0, 4, 0, 0, 0, 0]),
  frame(FrameType.SETTINGS, 0, 0, [0, 4, 0x7f, 0xff, 0xff, 0xff]),
  frame(FrameType.SETTINGS, 0, 0, [0, 1, 0, 0, 0, 0]),
  frame(FrameType.SETTINGS, 0, 0, [0, 3, 0, 0, 0, 1]),
  frame(FrameType.WINDOW_UPDATE, 0, 0, [0, 0, 0, 1]),
  frame(FrameType.WINDOW_UPDATE, 0, 1, [0x7f, 0xff, 0xff, 0xff]),
  frame(FrameType.RST_STREAM, 0, 1, [0, 0, 0, 8]),
  frame(FrameType.PING, 0, 0, new Uint8Array(8)),
  frame(FrameType.GOAWAY, 0, 0, new Uint8Array(8)),
  frame(FrameType.DATA, FrameFlag.END_STREAM, 1, message([1, 2, 3])),
  frame(FrameType.DATA, 0, 1, message([])),
  message([1, 2, 3], 1),
]

/** Frames as they lie in an input; what is no whole frame stays as it is. */
function cut(bytes: Uint8Array, from: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  let at = from
  while (at + 9 <= bytes.length) {
    const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
    const next = Math.min(bytes.length, at + 9 + length)
    parts.push(bytes.subarray(at, next))
    at = next
  }
  if (at < bytes.length) parts.push(bytes.subarray(at))
  return parts
}

/** Changes an input frame by frame; the first `headBytes` are no frames. */
export function mutateFrames(input: Uint8Array, headBytes: number, random: SeededRandom): Uint8Array {
  const parts = cut(input, headBytes)
  const at = random.below(parts.length + 1)
  const part = parts[Math.min(at, parts.length - 1)] ?? new Uint8Array(9)
  switch (random.below(7)) {
    case 0:
      parts.splice(at, 1)
      break
    case 1:
      parts.splice(at, 0, part)
      break
    case 2:
      parts.splice(random.below(parts.length + 1), 0, ...parts.splice(at, 1))
      break
    case 3:
      parts.splice(at, 0, http2Dictionary[random.below(http2Dictionary.length)] as Uint8Array)
      break
    case 4:
      parts.splice(at, 1, withHead(part, 3, random.below(11)))
      break
    case 5:
      parts.splice(at, 1, withHead(part, 4, random.below(2) === 0 ? random.below(256) : 1 << random.below(6)))
      break
    default:
      // Another stream: one of a few, so that frames meet.
      parts.splice(at, 1, withHead(part, 8, [0, 1, 3, 5, 2][random.below(5)] as number))
  }
  return concat(input.subarray(0, headBytes), ...parts)
}

function withHead(part: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = part.slice()
  if (copy.length > offset) copy[offset] = value
  return copy
}

/** Reads what a machine sent; throws if it is not HTTP/2. */
export class Listener {
  /** `goaway NAME text`, `reset ID NAME`, `status ID CODE`. */
  readonly words: string[] = []
  readonly data = new Map<number, Uint8Array[]>()
  dataBytes = 0
  readonly #reader: FrameReader
  readonly #decoder = new HpackDecoder({ maxListBytes: 1 << 20, maxFields: 10_000 })
  #block: Uint8Array[] | undefined

  constructor() {
    this.#reader = new FrameReader(
      {
        frame: (type, flags, streamId, bytes, start, end) =>
          this.#frame(type, flags, streamId, bytes.slice(start, end)),
        oversized: (type, streamId, length) => {
          throw new Error(`sent a frame of type ${type} on ${streamId} with ${length} bytes`)
        },
      },
      0xff_ffff,
    )
  }

  hear(bytes: Uint8Array): void {
    this.#reader.push(bytes, 0)
  }

  /** Fields of all header blocks of a stream end up in `words`; here only `grpc-status` counts. */
  #frame(type: number, flags: number, streamId: number, payload: Uint8Array): boolean {
    if (this.#block !== undefined && type !== FrameType.CONTINUATION)
      throw new Error('sent a frame inside a header block')
    if (type === FrameType.HEADERS || type === FrameType.CONTINUATION) {
      this.#block = [...(this.#block ?? []), payload]
      if ((flags & FrameFlag.END_HEADERS) === 0) return true
      const whole = concat(...this.#block)
      this.#block = undefined
      const { fields, tooLarge } = this.#decoder.decode(whole, 0, whole.length)
      if (tooLarge) throw new Error('sent a header list that is too large')
      const status = fields.find(({ name }) => name === 'grpc-status')
      if (status !== undefined) this.words.push(`status ${status.value}`)
    } else if (type === FrameType.DATA) {
      this.dataBytes += payload.length
      const parts = this.data.get(streamId) ?? []
      parts.push(payload)
      this.data.set(streamId, parts)
    } else if (type === FrameType.RST_STREAM) this.words.push(`reset ${http2ErrorName(payload[3] ?? 0)}`)
    else if (type === FrameType.GOAWAY) {
      const text = String.fromCharCode(...payload.subarray(8)).replace(/\d+/g, 'N')
      this.words.push(`goaway ${http2ErrorName(payload[7] ?? 0)} ${text}`)
    }
    return true
  }
}

/** What happened, as a set: how often it did is of no interest. */
export function wordsOf(listener: Listener): string {
  return [...new Set(listener.words)].sort().join(', ')
}
