import { Reader } from 'protobufjs/minimal.js'
import { ProtoError } from './errors.ts'

/** What generated code needs beside protobufjs's reader and writer. */

export const noBytes: Uint8Array = new Uint8Array(0)

/** `end` if it does not pass `limit`; used for every nested length and at the end of every message. */
export function endOf(reader: Reader, end: number, limit: number): number {
  if (end > limit) throw new ProtoError('MALFORMED', `a length at byte ${reader.pos} goes beyond its message`)
  return end
}

/** Skips a field nobody knows; messages of later versions stay readable. */
export function skipField(reader: Reader, tag: number): void {
  if (tag >>> 3 === 0) throw new ProtoError('MALFORMED', `field number 0 at byte ${reader.pos}`)
  reader.skipType(tag & 7)
}

/** One entry of a map with string keys and message values; `value` must consume up to `end`. */
export function readMapEntry(reader: Reader, value: (key: string, end: number) => void): void {
  const end = endOf(reader, reader.uint32() + reader.pos, reader.len)
  let key = ''
  let valueAt = -1
  let valueEnd = -1
  while (reader.pos < end) {
    const tag = reader.uint32()
    if (tag === 10) key = reader.string()
    else if (tag === 18) {
      valueEnd = endOf(reader, reader.uint32() + reader.pos, end)
      valueAt = reader.pos
      reader.pos = valueEnd
    } else skipField(reader, tag)
  }
  if (valueAt >= 0) {
    reader.pos = valueAt
    value(key, valueEnd)
  } else value(key, end)
  reader.pos = end
}

/** Reads `bytes[start..end)` as one message. Everything that can go wrong becomes a `ProtoError` that names the type. */
export function decodeRange<T>(
  name: string,
  read: (reader: Reader, end: number) => T,
  bytes: Uint8Array,
  start: number,
  end: number,
): T {
  const reader = new Reader(bytes)
  reader.pos = start
  reader.len = end
  try {
    return read(reader, end)
  } catch (error) {
    if (error instanceof ProtoError && error.code === 'INTEGER_RANGE') throw error
    const reason = error instanceof Error ? error.message.replace(/^proto: /, '') : String(error)
    throw new ProtoError('MALFORMED', `${name}: ${reason}`, { cause: error })
  }
}
