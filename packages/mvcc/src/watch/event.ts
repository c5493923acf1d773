/**
 * Events as bytes: mvccpb.Event {type=1, kv=2, prev_kv=3}, framed as WatchResponse.events (field 11). A hot room.
 *
 * The kv of a put is the stored record; that of a deletion has the key and the revision of the deletion.
 */

import { cutBytes } from '../bytes.ts'
import { MvccError } from '../errors.ts'
import { decodeRecord, varintBytes, writeVarint } from '../record.ts'
import type { DecodedEvent, EncodedEvent, WatchBatch } from './contract.ts'

const eventsTag = 0x5a
const typeTag = 0x08
const kvTag = 0x12
const previousTag = 0x1a
const modRevisionTag = 0x18

/** What one event is made of. */
export interface EventParts {
  readonly isDelete: boolean
  /** Main revision of the change. */
  readonly revision: number
  /** The stored record. */
  readonly record: Uint8Array
  /** The record before the change. */
  readonly previous: Uint8Array | undefined
}

export function encodeEvent(parts: EventParts): EncodedEvent {
  const { isDelete, revision, record, previous } = parts
  const kvSize = record.length + (isDelete ? 1 + varintBytes(revision) : 0)
  let size = 1 + varintBytes(kvSize) + kvSize
  if (isDelete) size += 2
  if (previous !== undefined) size += 1 + varintBytes(previous.length) + previous.length
  const bytes = cutBytes(1 + varintBytes(size) + size)
  bytes[0] = eventsTag
  let at = writeVarint(bytes, 1, size)
  if (isDelete) {
    bytes[at++] = typeTag
    bytes[at++] = 1
  }
  bytes[at] = kvTag
  at = writeVarint(bytes, at + 1, kvSize)
  bytes.set(record, at)
  at += record.length
  if (isDelete) {
    bytes[at] = modRevisionTag
    at = writeVarint(bytes, at + 1, revision)
  }
  if (previous !== undefined) {
    bytes[at] = previousTag
    at = writeVarint(bytes, at + 1, previous.length)
    bytes.set(previous, at)
  }
  return { bytes, isDelete, revision }
}

/** Reads what `encodeEvent` wrote. Throws `CORRUPT_STATE` for anything else. */
export function decodeEvent(bytes: Uint8Array): DecodedEvent {
  const corrupt = (): MvccError => new MvccError('CORRUPT_STATE', 'these bytes are no event')
  let at = 0
  const number = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at++]
      if (byte === undefined) throw corrupt()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
  if (number() !== eventsTag || number() !== bytes.length - at) throw corrupt()
  let isDelete = false
  let kv: DecodedEvent['kv'] | undefined
  let previous: DecodedEvent['kv'] | undefined
  while (at < bytes.length) {
    const tag = number()
    const size = number()
    if (tag === typeTag) isDelete = size === 1
    else if (tag === kvTag) kv = decodeRecord(bytes, at, at + size)
    else if (tag === previousTag) previous = decodeRecord(bytes, at, at + size)
    else throw corrupt()
    if (tag !== typeTag) at += size
  }
  if (kv === undefined || at !== bytes.length) throw corrupt()
  return { isDelete, kv, previous }
}

export function batchOf(revision: number, events: readonly EncodedEvent[]): WatchBatch {
  let byteLength = 0
  for (const event of events) byteLength += event.bytes.length
  return { revision, events, byteLength }
}
