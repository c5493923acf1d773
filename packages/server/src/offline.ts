/**
 * Work on the files of a member that does not run, on this machine's disk: what `kvsutl` does.
 *
 * Reading: `dumpLog`, `showSnap`, `checkDatabase`, `databaseStatus`, `hashDatabase`; they change nothing. Making a data directory:
 * `restoreSnapshot` of a backup, `migrateFromEtcd` of one of Go's etcd (`migrateInPlace`: at the place of that one). `defragmentDataDir` shrinks a state file.
 *
 * Refusals are `ServerError`s, and the errors of the files' readers (`WalError`, `SnapError`, `BackendError`, `BoltError`,
 * `VfsError`): their messages are whole sentences that name file and place.
 *
 * ```ts
 * const { memberId } = await restoreSnapshot({ snapshotPath: 'backup.db', dataDir: 'default.etcd', … })
 * ```
 */
export { checkDatabase, type DatabaseCheck } from './offline/check-database.ts'
export { defragmentDataDir } from './offline/defragment.ts'
export { dumpLog } from './offline/dump-log.ts'
export { type DatabaseHash, hashDatabase } from './offline/hash-kv.ts'
export type { DatabaseAt } from './offline/lock.ts'
export { type Migrated, type MigrateOptions, migrateFromEtcd, migrateInPlace } from './offline/migrate.ts'
export type { NewDirectories } from './offline/new-data-dir.ts'
export { type Restored, type RestoreOptions, restoreSnapshot } from './offline/restore.ts'
export { showSnap } from './offline/show-snap.ts'
export { type DatabaseStatus, databaseStatus, ownerOf } from './offline/status.ts'
