import { RecordType, sectorBytes, wordBytes } from './format.ts'
import { readVarint, varintEnd } from './varint.ts'
import { isZero } from './zeros.ts'

/** A record inside a window of bytes. One object is reused for all records of a read. */
export interface RecordView {
  type: number
  crc: number
  /** The data is `bytes[dataStart, dataEnd)`; empty if the record has none. */
  dataStart: number
  dataEnd: number
}

export function newRecordView(): RecordView {
  return { type: 0, crc: 0, dataStart: 0, dataEnd: 0 }
}

/** Low 32 bits and the rest of a frame's word, as numbers: `recordBytes`, or -1 if no writer makes such a word. */
export function recordBytesOfWord(bytes: Uint8Array, at: number): number {
  const low = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  const high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16)
  const top = bytes[at + 7]!
  const padding = -low & 7
  if (top !== (padding === 0 ? 0 : 0x80 | padding)) return -1
  return high * 0x1_0000_0000 + low
}

/**
 * Reads walpb.Record from `bytes[start, end)` into `view`; false if the bytes are no record. Unknown fields are passed
 * over, as a newer writer may have them.
 */
export function parseRecord(bytes: Uint8Array, start: number, end: number, view: RecordView): boolean {
  view.type = 0
  view.crc = 0
  view.dataStart = end
  view.dataEnd = end
  let at = start
  while (at < end) {
    const tag = bytes[at]!
    if (tag === 0x08 || tag === 0x10) {
      const value = readVarint(bytes, at + 1, end)
      if (value < 0) return false
      if (tag === 0x08) view.type = value
      else view.crc = value
      at = varintEnd
    } else if (tag === 0x1a) {
      const length = readVarint(bytes, at + 1, end)
      if (length < 0 || length > end - varintEnd) return false
      view.dataStart = varintEnd
      view.dataEnd = varintEnd + length
      at = view.dataEnd
    } else {
      at = skipUnknownField(bytes, at, end)
      if (at < 0) return false
    }
  }
  return view.type > 0
}

/** Position after the field at `at`; -1 if it is malformed, or one of the known fields in a wrong wire type. */
function skipUnknownField(bytes: Uint8Array, at: number, end: number): number {
  const tag = readVarint(bytes, at, end)
  if (tag < 0 || tag >= 0x1_0000_0000) return -1
  const field = Math.floor(tag / 8)
  if (field <= 3) return -1
  let next = varintEnd
  switch (tag % 8) {
    case 0:
      return readVarint(bytes, next, end) < 0 ? -1 : varintEnd
    case 1:
      next += 8
      break
    case 2: {
      const length = readVarint(bytes, next, end)
      if (length < 0) return -1
      next = varintEnd + length
      break
    }
    case 5:
      next += 4
      break
    default:
      return -1
  }
  return next > end ? -1 : next
}

/**
 * Whether a power cut can have made the frame at `frameAt` what it is: its word stands, and sectors of the rest were
 * never written. `bytes` is a window whose first byte lies at `windowOffset` of the file; it ends with the frame, or
 * with the file if that is shorter.
 *
 * A cut takes whole sectors, and what it takes is zero (the file was filled with zeros before). So some piece between
 * two sector boundaries must be all zero or lie beyond the file, and a record head that is there must agree with the word.
 */
export function isTornFrame(
  bytes: Uint8Array,
  frame: { readonly at: number; readonly recordBytes: number; readonly windowOffset: number },
): boolean {
  const start = frame.at + wordBytes
  const end = start + frame.recordBytes + (-frame.recordBytes & 7)
  if (headContradictsWord(bytes, start, frame)) return false
  if (end > bytes.length) return true
  let pieceStart = start
  while (pieceStart < end) {
    const offset = frame.windowOffset + pieceStart
    const pieceEnd = Math.min(end, pieceStart + sectorBytes - (offset % sectorBytes))
    if (isZero(bytes, pieceStart, pieceEnd)) return true
    pieceStart = pieceEnd
  }
  return false
}

/** True if type, crc and length of the record are all there and give another length than the word. */
function headContradictsWord(
  bytes: Uint8Array,
  start: number,
  frame: { readonly recordBytes: number; readonly windowOffset: number },
): boolean {
  const toSectorEnd = sectorBytes - ((frame.windowOffset + start) % sectorBytes)
  // Only bytes of the sector that the record begins in, and only if that one was written.
  const end = Math.min(bytes.length, start + toSectorEnd)
  if (isZero(bytes, start, end)) return false
  if (end - start < 1) return false
  if (bytes[start] !== 0x08) return true
  const type = readVarint(bytes, start + 1, end)
  if (type < 0) return false
  let at = varintEnd
  if (at >= end) return false
  if (bytes[at] !== 0x10) return true
  const crc = readVarint(bytes, at + 1, end)
  if (crc < 0) return false
  at = varintEnd
  if (type === RecordType.crc) return at - start !== frame.recordBytes
  if (at >= end) return false
  if (bytes[at] !== 0x1a) return true
  const length = readVarint(bytes, at + 1, end)
  if (length < 0) return false
  return varintEnd + length - start !== frame.recordBytes
}
