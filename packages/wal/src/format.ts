/**
 * The layout of the log, which is that of etcd's write-ahead log (3.4 to 3.7), to the byte.
 *
 * Directory: segments `%016x-%016x.wal` (sequence 0, 1, 2 …; index of the first entry the segment may hold) and one spare
 * `0.tmp` or `1.tmp`, the next segment in preparation.
 *
 * Segment: frames, one after the other, each on an 8-byte boundary. A zero word, or the end of the file, ends it.
 *
 *   frame   word W (8 bytes, little-endian) · record (R bytes) · padding (P zero bytes)
 *           R = W mod 2^56, P = (8 - R mod 8) mod 8; the top byte of W is 0 when P = 0, else 0x80 | P
 *   record  proto2 `{ type int64 = 1, crc uint32 = 2, data bytes = 3 }`, type and crc always present
 *
 * CRC: a running CRC-32C over all `data` ever written; it is not reset by records, segments or restarts. A record stores
 * the value after its own data; a record of type crc has no data and stores the running value.
 *
 * Head of a segment: crc, metadata, then `{ index 0, term 0 }` as snapshot record in the first segment, the last hard
 * state (unless empty) in later ones.
 *
 * Our own rule, which etcd reads without noticing: *marks*. A crc record also stands before every batch, or behind the one
 * before it (`Wal.prove`), at the end of the head of a segment and at the end of a log that was closed. A batch is written
 * only after the previous one is durable, so a mark behind a record proves that the record had reached the disk. That
 * tells a torn end (a power cut took sectors of the last batch) from corruption (sectors are missing before a mark): the
 * first is repaired, the second refused.
 */

/** What a record is. */
export const RecordType = { metadata: 1, entry: 2, state: 3, crc: 4, snapshot: 5 } as const
export type RecordType = (typeof RecordType)[keyof typeof RecordType]

/** Bytes of the length word before each record. */
export const wordBytes = 8

/** The unit in which a power cut takes or keeps bytes. */
export const sectorBytes = 512

/** Name of a segment and what it says. */
export interface SegmentName {
  readonly sequence: number
  /** Index of the first entry the segment may hold. */
  readonly firstIndex: number
}

const segmentPattern = /^([0-9a-f]{16})-([0-9a-f]{16})\.wal$/

export function segmentFileName(name: SegmentName): string {
  return `${hex16(name.sequence)}-${hex16(name.firstIndex)}.wal`
}

/** `undefined` if the name is not that of a segment (or its numbers are beyond 2^53 - 1, which no log reaches). */
export function parseSegmentFileName(fileName: string): SegmentName | undefined {
  const match = segmentPattern.exec(fileName)
  if (match === null) return undefined
  const sequence = Number.parseInt(match[1]!, 16)
  const firstIndex = Number.parseInt(match[2]!, 16)
  if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(firstIndex)) return undefined
  return { sequence, firstIndex }
}

/** Padding after a record of `recordBytes`. */
export function paddingBytes(recordBytes: number): number {
  return -recordBytes & 7
}

function hex16(value: number): string {
  return value.toString(16).padStart(16, '0')
}
