import { crc32c } from '../src/crc32c.ts'
import { describeKeyValue, type KeyValue } from '../src/index.ts'
import { encodeRecord, encodeTombstone } from '../src/record.ts'
import { encodeRevisionKey } from '../src/revision.ts'
import type { ModelRecord } from './model.ts'
import { bytes } from './sorted-state.ts'

export function encode(record: ModelRecord): Uint8Array {
  const key = bytes(record.key)
  if (record.isDelete) return encodeTombstone(key)
  const value = bytes(record.value)
  return encodeRecord({
    key,
    keyStart: 0,
    keyEnd: key.length,
    createRevision: record.create,
    modRevision: record.main,
    version: record.version,
    value,
    valueStart: 0,
    valueEnd: value.length,
    lease: record.lease,
  })
}

export function keyOf(record: ModelRecord): Uint8Array {
  return encodeRevisionKey(record.main, record.sub, record.isDelete)
}

export function hashOf(records: readonly ModelRecord[]): number {
  const start = crc32c(0, bytes('key'))
  return records.reduce((hash, record) => crc32c(crc32c(hash, keyOf(record)), encode(record)), start)
}

/** Equal texts are equal key-values; comparing them is much faster than comparing objects. */
export function shown(kvs: Iterable<KeyValue>): string {
  return Array.from(kvs, describeKeyValue).join('\n')
}
