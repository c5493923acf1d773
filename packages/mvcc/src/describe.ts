/** The records of this package as one line each, for logs, scripts and error texts. */

import type { Changes, KeyRange, KeyValue, KvHash, RangeResult } from './contract.ts'
import { decodeRecord } from './record.ts'
import type { DecodedEvent, Watcher } from './watch/contract.ts'

/** Printable ASCII as it is, `\` and the rest as `\xNN`; `""` if there is nothing. */
export function describeBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return '""'
  let text = ''
  for (const byte of bytes) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x5c && byte !== 0x22
    text += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return text
}

/** `a`, `[a, b)`, `[a, …)`. */
export function describeRange(range: KeyRange): string {
  const { key, rangeEnd } = range
  if (rangeEnd === undefined || rangeEnd.length === 0) return describeBytes(key)
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return `[${describeBytes(key)}, …)`
  return `[${describeBytes(key)}, ${describeBytes(rangeEnd)})`
}

/** `a=1 create:2 mod:3 version:2 lease:7`; of a tombstone's record only the key. */
export function describeKeyValue(kv: KeyValue): string {
  if (kv.modRevision === 0) return describeBytes(kv.key)
  const lease = kv.lease === 0n ? '' : ` lease:${kv.lease}`
  const numbers = `create:${kv.createRevision} mod:${kv.modRevision} version:${kv.version}`
  return `${describeBytes(kv.key)}=${describeBytes(kv.value)} ${numbers}${lease}`
}

export function describeRangeResult(result: RangeResult): string {
  const lines = Array.from(result.kvs, kv => describeKeyValue(kv))
  lines.push(`count:${result.count}${result.more ? ' more' : ''} revision:${result.revision}`)
  return lines.join('\n')
}

export function describeEvent(event: DecodedEvent): string {
  const kind = event.isDelete ? `DELETE mod:${event.kv.modRevision}` : 'PUT'
  const kv = event.isDelete ? describeBytes(event.kv.key) : describeKeyValue(event.kv)
  const previous = event.previous === undefined ? '' : ` previous(${describeKeyValue(event.previous)})`
  return `${kind} ${kv}${previous}`
}

export function describeWatcher(watcher: Watcher): string {
  return `watcher ${watcher.id} ${describeRange(watcher)} ${watcher.state} next:${watcher.nextRevision}`
}

export function describeHash(hash: KvHash): string {
  return `hash:${hash.hash} compacted:${hash.compactRevision} revision:${hash.revision}`
}

/** One line per change, then one per lease that changed hands. */
export function describeChanges(changes: Changes): string {
  const lines: string[] = []
  for (let index = 0; index < changes.length; index++) {
    const kv = decodeRecord(changes.record(index))
    lines.push(`${changes.isDelete(index) ? 'DELETE' : 'PUT'} ${describeKeyValue(kv)}`)
  }
  for (const { key, oldLease, newLease } of changes.leases) {
    lines.push(`lease of ${describeBytes(key)}: ${oldLease} -> ${newLease}`)
  }
  return lines.join('\n')
}
