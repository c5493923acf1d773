/**
 * Snapshot files of a raft member, in etcd's format: `.snap` files, which hold the membership at a point of the log, and
 * the naming and housekeeping of `.snap.db` files, state files received from a leader.
 *
 * A file is written aside, synced and renamed, and its directory synced: after a power cut it is whole or absent. A
 * `.snap` file carries a checksum; one that cannot be read is set aside as `.broken`, and the next older one is taken.
 *
 * Duties of the caller: the directory exists; `cleanSnapDir` runs once at start; a snapshot is saved before the log
 * records it (`Wal.saveSnapshot`), and loaded only if the log knows it (`among`).
 *
 * ```ts
 * import { memFs } from '@kvs/vfs'
 * import { loadNewestSnap, saveSnap } from '@kvs/snap'
 *
 * const fs = memFs()
 * await fs.makeDir('/member/snap')
 * const at = { fs, dir: '/member/snap' }
 * await saveSnap(at, { data: new Uint8Array(3), metadata: { index: 7, term: 2, confState: { voters: [1n] } } })
 * const snapshot = await loadNewestSnap(at, [{ term: 2, index: 7 }])
 * ```
 */
export { describeSnap } from './describe.ts'
export type { SnapDir } from './directory.ts'
export { SnapError, type SnapErrorCode } from './errors.ts'
export { describeSnapEvent, type SnapEvent, type SnapEventSink } from './events.ts'
export {
  decodeSnapFile,
  encodeSnapFile,
  parseSnapDbFileName,
  parseSnapFileName,
  type SnapName,
  snapDbFileName,
  snapFileName,
} from './format.ts'
export { findSnapDb, purgeSnapDbs, releaseSnapDbs, saveSnapDb } from './snap-db.ts'
export { cleanSnapDir, listSnaps, loadNewestSnap, purgeSnaps, readSnap, saveSnap } from './snap-file.ts'
