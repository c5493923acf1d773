import { Reader, type Writer } from 'protobufjs/minimal.js'
import { ProtoError } from './errors.ts'
import { nestedLevelsMax } from './limits.ts'

/** What generated code needs beside protobufjs's reader and writer. */

export const noBytes: Uint8Array = new Uint8Array(0)

/** `end` if it does not pass `limit`; used for every nested length and at the end of every message. */
export function endOf(reader: Reader, end: number, limit: number): number {
  if (end > limit) throw new ProtoError('MALFORMED', `a length at byte ${reader.pos} goes beyond its message`)
  return end
}

/** Called by messages that can contain themselves, on the way in and on the way out. */
export function checkDepth(name: string, depth: number): void {
  if (depth > nestedLevelsMax)
    throw new ProtoError('MALFORMED', `${name}: nested deeper than ${nestedLevelsMax} levels`)
}

const loneSurrogate = /\p{Surrogate}/u

/** A string field. A lone surrogate has no UTF-8: no decoder would take the message. */
export function writeText(writer: Writer, value: string): void {
  if (loneSurrogate.test(value)) throw new ProtoError('MALFORMED', `a string with half a surrogate pair has no UTF-8`)
  writer.string(value)
}

/** Skips a field nobody knows; messages of later versions stay readable. Field number 0 is refused by protobufjs. */
export function skipField(reader: Reader, tag: number): void {
  reader.skipType(tag & 7, 0, tag >>> 3)
}

/** One entry of a map with string keys and message values; `value` must consume up to `end`. */
export function readMapEntry(reader: Reader, value: (key: string, end: number) => void): void {
  const end = endOf(reader, reader.size() + reader.pos, reader.len)
  let key = ''
  let valueAt = -1
  let valueEnd = -1
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === 10) key = reader.stringVerify()
    else if (tag === 18) {
      valueEnd = endOf(reader, reader.size() + reader.pos, end)
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
    if (!(error instanceof Error)) throw error
    const reason = error.message.replace(/^proto: /, '')
    throw new ProtoError('MALFORMED', `${name}: ${reason}`, { cause: error })
  }
}
