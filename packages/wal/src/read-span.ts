import { decodeEntry, type Entry } from '@kvs/proto/raft'
import type { File } from '@kvs/vfs'
import { WalError } from './errors.ts'
import { paddingBytes, RecordType, wordBytes } from './format.ts'
import { newRecordView, recordBytesOfWord } from './record.ts'
import { checkRecord, newReadChain } from './segment-reader.ts'
import type { WalSpan } from './wal.ts'

/**
 * Reads entries of an open log again, on the spot: for a reader who fell behind what is kept in memory. `file` is the
 * span's segment, open for reading; it may have been released and removed since. Spans that follow each other in a segment
 * may be read as one. What is read is checked; the entries' data are views of fresh memory. Throws `WalError`, and what
 * the file system throws.
 */
export function readSpan(file: File, span: WalSpan): Entry[] {
  const { segment, startBytes, endBytes } = span
  const bytes = new Uint8Array(endBytes - startBytes)
  if (file.readSync(bytes, startBytes) < bytes.length) throw damaged(span, endBytes, 'the file ends too early')
  const chain = { ...newReadChain(), crc: span.crc }
  const view = newRecordView()
  const entries: Entry[] = []
  for (let at = 0; at < bytes.length; ) {
    const recordBytes = bytes.length - at < wordBytes ? 0 : recordBytesOfWord(bytes, at)
    const start = at + wordBytes
    const end = start + recordBytes
    if (recordBytes <= 0 || end > bytes.length)
      throw damaged(span, startBytes + at, 'the length of a record is damaged')
    const problem = checkRecord(chain, bytes, { start, end }, view)
    if (problem !== undefined) {
      const text = `${problem.text}: in file '${segment}' at position: ${startBytes + at}`
      throw new WalError(problem.code, text, { at: { file: segment, offsetBytes: startBytes + at } })
    }
    if (view.type === RecordType.entry) entries.push(decodeEntry(bytes, view.dataStart, view.dataEnd))
    at = end + paddingBytes(recordBytes)
  }
  return entries
}

function damaged({ segment }: WalSpan, offsetBytes: number, what: string): WalError {
  return new WalError('CORRUPT', `wal: ${what}: in file '${segment}' at position: ${offsetBytes}`, {
    at: { file: segment, offsetBytes },
  })
}
