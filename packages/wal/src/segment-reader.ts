import type { File } from '@kvs/vfs'
import { updateCrc32c } from './crc32c.ts'
import { WalError, type WalPosition } from './errors.ts'
import { paddingBytes, RecordType, wordBytes } from './format.ts'
import { readChunkBytes, recordBytesMax } from './limits.ts'
import { isTornFrame, newRecordView, parseRecord, type RecordView, recordBytesOfWord } from './record.ts'
import { findNonZeroEnd } from './zeros.ts'

/** A segment that is open for reading. */
export interface SegmentSource {
  readonly file: File
  readonly name: string
  readonly sizeBytes: number
}

/** The CRC chain while reading, and what reading learned of the marks of the segment it is in. */
export interface ReadChain {
  crc: number
  /** Whether a mark stood behind the head of the segment that was read last: kvs wrote there. */
  marked: boolean
  /** Offset at which the last record of that segment was a mark, or -1: nothing can be missing before it. */
  markedEnd: number
}

export function newReadChain(): ReadChain {
  return { crc: 0, marked: false, markedEnd: -1 }
}

/** Gets a record that stands in `bytes`, and where its frame begins. May throw a `WalError`. */
export type RecordVisitor = (record: RecordView, bytes: Uint8Array, at: WalPosition) => void

/**
 * Where a segment stops.
 * `end`: a zero word or the end of the file. `torn`: bytes of the frame at `offsetBytes` are missing in the way a power
 * cut takes them.
 */
export interface SegmentEnd {
  readonly kind: 'end' | 'torn'
  readonly offsetBytes: number
}

/**
 * Reads all frames of a segment, one pass, one window of the file in memory. Throws `WalError` for what no power cut
 * explains. Windows are fresh memory: what the visitor keeps of `bytes` stays valid.
 */
export async function readSegment(source: SegmentSource, chain: ReadChain, visit: RecordVisitor): Promise<SegmentEnd> {
  chain.marked = false
  chain.markedEnd = -1
  const window = new ReadWindow(source)
  const view = newRecordView()
  let headRecords = 0
  while (true) {
    const { offset } = window
    const rest = source.sizeBytes - offset
    if (rest >= wordBytes && window.available < wordBytes) await window.load(wordBytes)
    const { bytes, at } = window
    const recordBytes = rest < wordBytes ? 0 : recordBytesOfWord(bytes, at)
    if (recordBytes === 0) {
      // The head of a segment is durable before the segment gets its name.
      if (headRecords < head.length) throw damaged(source, offset, 'the head of a segment is missing')
      return { kind: rest === 0 || rest >= wordBytes ? 'end' : 'torn', offsetBytes: offset }
    }
    const frameBytes = wordBytes + recordBytes + paddingBytes(recordBytes)
    if (recordBytes < 0 || recordBytes > recordBytesMax) {
      if (await isWordAlone(source, offset)) return { kind: 'torn', offsetBytes: offset }
      throw damaged(source, offset, 'the length of a record is damaged')
    }
    if (frameBytes > rest) {
      await window.load(Math.min(rest, 2 * 512))
      const frame = { at: window.at, recordBytes, windowOffset: offset - window.at }
      if (isTornFrame(window.bytes.subarray(0, window.at + rest), frame)) return { kind: 'torn', offsetBytes: offset }
      throw damaged(source, offset, 'the length of a record is damaged')
    }
    if (window.available < frameBytes) {
      await window.load(frameBytes)
      continue
    }
    const start = at + wordBytes
    const problem = checkRecord(chain, bytes, { start, end: start + recordBytes }, view)
    if (problem !== undefined) {
      const frame = { at, recordBytes, windowOffset: offset - at }
      if (isTornFrame(bytes.subarray(0, at + frameBytes), frame)) return { kind: 'torn', offsetBytes: offset }
      throw new WalError(problem.code, `${problem.text}: in file '${source.name}' at position: ${offset}`, {
        at: { file: source.name, offsetBytes: offset },
      })
    }
    if (headRecords < head.length && view.type !== head[headRecords++]) {
      throw damaged(source, offset, 'the head of a segment is damaged')
    }
    noteMark(chain, view, offset)
    visit(view, bytes, { file: source.name, offsetBytes: offset })
    window.advance(frameBytes)
  }
}

/** Whether nothing but zeros follows the word at `offset`: a write stopped within it. Whole records begin with their type. */
async function isWordAlone(source: SegmentSource, offset: number): Promise<boolean> {
  return (await findNonZeroEnd(source, offset)) <= offset + wordBytes
}

/** What every segment begins with. */
const head: readonly number[] = [RecordType.crc, RecordType.metadata]

function noteMark(chain: ReadChain, view: RecordView, offset: number): void {
  const isMark = view.type === RecordType.crc && offset > 0
  if (isMark) chain.marked = true
  chain.markedEnd = isMark ? offset : -1
}

interface RecordProblem {
  readonly code: 'CRC_MISMATCH' | 'CORRUPT'
  readonly text: string
}

/** Parses the record and moves the chain on; undefined if all is well. On a problem the chain stays where it was. */
export function checkRecord(
  chain: ReadChain,
  bytes: Uint8Array,
  range: { readonly start: number; readonly end: number },
  view: RecordView,
): RecordProblem | undefined {
  if (!parseRecord(bytes, range.start, range.end, view)) return { code: 'CORRUPT', text: 'walpb: malformed record' }
  if (view.type === RecordType.crc) {
    if (view.dataEnd > view.dataStart) return { code: 'CORRUPT', text: 'walpb: crc record with data' }
    if (chain.crc !== 0 && chain.crc !== view.crc) return crcMismatch(view.crc, chain.crc)
    chain.crc = view.crc
    return undefined
  }
  const computed = updateCrc32c(chain.crc, bytes, view.dataStart, view.dataEnd)
  if (computed !== view.crc) return crcMismatch(view.crc, computed)
  chain.crc = computed
  return undefined
}

function crcMismatch(expected: number, computed: number): RecordProblem {
  return {
    code: 'CRC_MISMATCH',
    text: `walpb: crc mismatch: expected: ${expected.toString(16)} computed: ${computed.toString(16)}`,
  }
}

function damaged(source: SegmentSource, offsetBytes: number, what: string): WalError {
  return new WalError('CORRUPT', `wal: ${what}: in file '${source.name}' at position: ${offsetBytes}`, {
    at: { file: source.name, offsetBytes },
  })
}

/** A piece of the file in memory that slides forward. */
class ReadWindow {
  readonly #source: SegmentSource
  bytes: Uint8Array = new Uint8Array(0)
  /** Position in `bytes` of the frame to read next. */
  at = 0
  /** File offset of that position. */
  offset = 0

  constructor(source: SegmentSource) {
    this.#source = source
  }

  get available(): number {
    return this.bytes.length - this.at
  }

  advance(byteCount: number): void {
    this.at += byteCount
    this.offset += byteCount
  }

  /** Makes at least `needed` bytes available; the caller has checked that the file has them. */
  async load(needed: number): Promise<void> {
    if (this.available >= needed) return
    const rest = this.#source.sizeBytes - this.offset
    const bytes = new Uint8Array(Math.min(rest, Math.max(needed, readChunkBytes)))
    const kept = this.bytes.subarray(this.at)
    bytes.set(kept)
    const read = await this.#source.file.read(bytes.subarray(kept.length), this.offset + kept.length)
    if (kept.length + read < needed) {
      throw new WalError('IO', `wal: file '${this.#source.name}' became shorter while it was read`, {
        at: { file: this.#source.name, offsetBytes: this.offset },
      })
    }
    this.bytes = bytes.subarray(0, kept.length + read)
    this.at = 0
  }
}
