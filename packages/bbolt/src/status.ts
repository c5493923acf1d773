import { decodeKeyValue } from '@kvs/proto/mvcc'
import { updateCrc32c } from './crc32c.ts'
import { BoltError } from './errors.ts'
import { showBytes } from './names.ts'
import type { BoltBucket, BoltRecord } from './reader.ts'

/** What etcd's `snapshot status` says about a backup or a database file. */
export interface BoltStatus {
  /** CRC-32C over, per bucket in name order, its name and then every key and value; 32 bits. */
  readonly hash: number
  /** Main revision of the last record of bucket `key`, 0 if there is none. */
  readonly revision: number
  /** Records of all buckets: "total keys" of etcd up to 3.4. */
  readonly recordCount: number
  /** Keys of users that live at that revision: "total keys" of newer tools. */
  readonly liveKeyCount: number
  /** Bytes of the database, `hwm × pageSize`; not the length of the file. */
  readonly totalSizeBytes: number
  /** `storageVersion` of bucket `meta`, such as `3.7.0`; empty before etcd 3.6. */
  readonly version: string
  /** Whether there is a bucket `meta`: etcd's own tool needs it. */
  readonly hasMeta: boolean
}

/** What `statusOf` reads: a `BoltReader`, or another file that holds the same. */
export interface StatusSource {
  readonly sizeBytes: number
  /** In the order of their names. */
  buckets(): AsyncIterable<Pick<BoltBucket, 'name' | 'text'>>
  records(bucket: Uint8Array): AsyncIterable<BoltRecord>
}

/**
 * Reads the whole file once. Does not run the consistency check: see `check`. To count live keys it holds every one of them
 * (not the values); everything else is bounded. `CORRUPT` if a record of bucket `key` has no revision as its key, or no
 * KeyValue as its value.
 */
export async function statusOf(reader: StatusSource): Promise<BoltStatus> {
  let hash = 0
  let recordCount = 0
  let hasMeta = false
  let version = ''
  const revisions = new RevisionTally()
  for await (const { name, text } of reader.buckets()) {
    hash = updateCrc32c(hash, name, 0, name.length)
    if (text === 'meta') hasMeta = true
    for await (const [key, value] of reader.records(name)) {
      hash = updateCrc32c(hash, key, 0, key.length)
      hash = updateCrc32c(hash, value, 0, value.length)
      recordCount++
      if (text === 'key') revisions.add(key, value)
      else if (text === 'meta' && showBytes(key) === 'storageVersion') version = showBytes(value)
    }
  }
  return {
    hash,
    revision: revisions.revision,
    recordCount,
    liveKeyCount: revisions.liveKeyCount,
    totalSizeBytes: reader.sizeBytes,
    version,
    hasMeta,
  }
}

/** The records of bucket `key` in order: revision, and which keys live at the end. */
class RevisionTally {
  revision = 0
  readonly #live = new Set<string>()

  get liveKeyCount(): number {
    return this.#live.size
  }

  /** Key: main revision u64, `_`, sub revision u64 (big-endian); a tombstone has `t` behind it. Value: KeyValue. */
  add(key: Uint8Array, value: Uint8Array): void {
    const isTombstone = key.length === 18 && key[17] === 0x74
    if ((key.length !== 17 && !isTombstone) || key[8] !== 0x5f) {
      throw new BoltError('CORRUPT', `${showBytes(key)} in bucket key is no revision`)
    }
    const main = new DataView(key.buffer, key.byteOffset, 8).getBigUint64(0)
    if (main > BigInt(Number.MAX_SAFE_INTEGER)) throw new BoltError('CORRUPT', `revision ${main} in bucket key`)
    this.revision = Number(main)
    const userKey = userKeyOf(key, value)
    if (isTombstone) this.#live.delete(userKey)
    else this.#live.add(userKey)
  }
}

/** The user's key as one character per byte. */
function userKeyOf(key: Uint8Array, value: Uint8Array): string {
  try {
    let text = ''
    for (const byte of decodeKeyValue(value).key) text += String.fromCharCode(byte)
    return text
  } catch (cause) {
    throw new BoltError('CORRUPT', `the value of ${showBytes(key)} in bucket key is no KeyValue`, { cause })
  }
}

/** The simple line of `snapshot status` with exact bytes: hash in hex, revision, live keys, bytes, version if there is one. */
export function describeStatus(status: BoltStatus): string {
  const { hash, revision, liveKeyCount, totalSizeBytes, version } = status
  const line = `${hash.toString(16)}, ${revision}, ${liveKeyCount}, ${totalSizeBytes}`
  return version === '' ? line : `${line}, ${version}`
}
