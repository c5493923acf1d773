import { updateCrc32c } from './crc32c.ts'
import { WalError } from './errors.ts'
import { paddingBytes, RecordType, sectorBytes, wordBytes } from './format.ts'
import { newRecordView, parseRecord, recordBytesOfWord } from './record.ts'
import type { ReadChain, SegmentEnd, SegmentSource } from './segment-reader.ts'
import { findNonZeroEnd, isZero } from './zeros.ts'

/** What lies behind the last good record of the last segment. */
export interface Tail {
  /** Offset just after the last byte that is not zero; the offset of the end if there is none behind it. */
  readonly nonZeroEndBytes: number
}

/**
 * Looks at everything behind the end of the last segment and refuses (`CORRUPT`, file and offset) what a power cut
 * cannot have left there:
 * - bytes behind a zero word in the same sector: a sector is written as a whole or not at all;
 * - a mark: it was written after everything before it was durable, so what is missing had been durable;
 * - in a segment without marks (written by etcd), two records that continue each other's checksum: they may be the rest
 *   of a torn batch or the proof of a hole; what cannot be told apart is not thrown away.
 */
export async function inspectTail(source: SegmentSource, end: SegmentEnd, chain: ReadChain): Promise<Tail> {
  const nonZeroEndBytes = await findNonZeroEnd(source, end.offsetBytes)
  if (nonZeroEndBytes === end.offsetBytes) return { nonZeroEndBytes }
  const bytes = await readRange(source, end.offsetBytes, nonZeroEndBytes)
  if (end.kind === 'end') {
    const toSectorEnd = sectorBytes - (end.offsetBytes % sectorBytes)
    if (!isZero(bytes, 0, Math.min(toSectorEnd, bytes.length))) throw hole(source, end.offsetBytes, undefined)
  }
  const proof = findProof(bytes, end.offsetBytes, chain.marked)
  if (proof !== undefined) throw hole(source, end.offsetBytes, proof)
  return { nonZeroEndBytes }
}

function hole(source: SegmentSource, offsetBytes: number, proof: number | undefined): WalError {
  const reason = proof === undefined ? 'part of a sector is missing' : `later records at position ${proof} are intact`
  return new WalError(
    'CORRUPT',
    `wal: records are missing or damaged in the middle of the log, ${reason}: in file '${source.name}' at position: ${offsetBytes}`,
    { at: { file: source.name, offsetBytes } },
  )
}

/**
 * The file offset of a record behind `bytes[0]` that proves that `bytes[0]` was once followed by durable records;
 * undefined if there is none.
 */
function findProof(bytes: Uint8Array, offsetBytes: number, marked: boolean): number | undefined {
  const view = newRecordView()
  /** Where frames that were found end, with the checksum they leave. */
  const crcAt = new Map<number, number>()
  for (let at = wordBytes; at + wordBytes < bytes.length; at += 8) {
    // Every record of every writer begins with its type.
    if (bytes[at + wordBytes] !== 0x08) continue
    const recordBytes = recordBytesOfWord(bytes, at)
    if (recordBytes <= 0) continue
    const start = at + wordBytes
    const frameEnd = start + recordBytes + paddingBytes(recordBytes)
    // The last byte of a frame may be zero and thus cut off: the record itself must be there up to trailing zeros.
    if (start + recordBytes > bytes.length + sectorBytes) continue
    const recordEnd = Math.min(start + recordBytes, bytes.length)
    if (!parseRecord(bytes, start, recordEnd, view) || view.type > RecordType.snapshot) continue
    const isMark = view.type === RecordType.crc && view.dataEnd === view.dataStart
    if (marked && isMark) return offsetBytes + at
    const previous = crcAt.get(at)
    if (!marked && previous !== undefined) {
      const expected = isMark ? previous : updateCrc32c(previous, bytes, view.dataStart, view.dataEnd)
      if (expected === view.crc) return offsetBytes + at
    }
    crcAt.set(frameEnd, view.crc)
  }
  return undefined
}

async function readRange(source: SegmentSource, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start)
  const count = await source.file.read(bytes, start)
  return bytes.subarray(0, count)
}
