/**
 * bbolt files: etcd's database file (`member/snap/db`) and the format of its backups. A reader that trusts nothing, a bulk
 * writer of one pass, and a stream for backups that need no file.
 *
 * - `openBolt({ fs, path })` → `BoltReader`: `buckets()`, `records(bucket, { from, to })`, `get(bucket, key)`.
 * - `check(reader)`: the consistency check of `snapshot status`; `statusOf(reader)`: its figures.
 * - `writeBolt({ fs, path, buckets, sha256? })`: sorted buckets and records → a file, durable when it resolves.
 * - `boltPages({ buckets, sha256? })`: the same as pieces with back-pressure; reads the sources twice.
 * - `verifyTrailer({ fs, path, sha256 })`: the SHA-256 at the end of a backup.
 *
 * Input from disk gives a `BoltError` with page and offset, never a hang and never a read outside the file. The format has
 * no checksum over pages: a changed byte in a key or value may go unseen; backups have the SHA-256 for that.
 *
 * Duties of the caller: nobody writes to a file that is being read (bbolt's own lock is not taken); readers are closed; after
 * `writeBolt` the directory is synced; both calls of the sources of `boltPages` give the same.
 *
 * ```ts
 * import { memFs } from '@kvs/vfs'
 * import { openBolt, writeBolt } from '@kvs/bbolt'
 *
 * const fs = memFs()
 * const record = [Uint8Array.of(1), Uint8Array.of(42)] as const
 * await writeBolt({ fs, path: '/db', buckets: [['fruit', [record]]] })
 * const reader = await openBolt({ fs, path: '/db' })
 * console.log(await reader.get('fruit', Uint8Array.of(1))) // Uint8Array(1) [ 42 ]
 * await reader.close()
 * ```
 */
export { type CheckReport, check, describeCheck } from './check.ts'
export { BoltError, type BoltErrorCode, type BoltPlace } from './errors.ts'
export type { BucketSource, BucketSources, RecordSource } from './layout.ts'
export { trailerBytes } from './limits.ts'
export type { BucketName } from './names.ts'
export { type FileAt, openBolt } from './open.ts'
export type { BoltBucket, BoltRange, BoltReader, BoltRecord } from './reader.ts'
export { type BoltStatus, describeStatus, type StatusSource, statusOf } from './status.ts'
export { type BoltStream, boltPages, type StreamOptions } from './stream.ts'
export { type NewSha256, type Sha256, verifyTrailer } from './trailer.ts'
export { type WriteOptions, type Written, writeBolt } from './write.ts'
