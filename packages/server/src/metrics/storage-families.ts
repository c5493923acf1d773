import { counter, gauge, histogram, type MetricFamily } from './family.ts'
import { exponentialBounds, Histogram } from './histogram.ts'
import type { Measured } from './measured.ts'

/** Disk, state file, store, watchers and leases. */
export function storageFamilies(member: Measured): readonly MetricFamily[] {
  return [
    ...diskFamilies(member),
    ...snapshotFamilies(member),
    ...storeFamilies(member),
    ...compactionFamilies(member),
    ...watchFamilies(member),
    ...leaseFamilies(member),
    ...effectsFamilies(member),
  ]
}

/** Ours: members whose hashes differ at the same entry have diverged. */
function effectsFamilies({ effects }: Measured): readonly MetricFamily[] {
  return [
    gauge(
      'kvs_effects_window_last_entry',
      'Last entry of the newest window of effects.',
      () => effects.newest?.last ?? 0,
    ),
    gauge('kvs_effects_window_hash', 'Hash of what the entries of that window did.', () => effects.newest?.hash ?? 0),
  ]
}

function diskFamilies(member: Measured): readonly MetricFamily[] {
  const { metrics } = member
  const never = new Histogram(exponentialBounds(0.001, 2, 14))
  return [
    histogram('etcd_disk_wal_fsync_duration_seconds', 'Time that a sync of the log took.', metrics.walSyncs),
    histogram('etcd_disk_wal_write_duration_seconds', 'Time that a write to the log took.', metrics.walWrites),
    gauge('etcd_disk_wal_write_bytes_total', 'Bytes written to the log.', () => member.walBytes),
    histogram('etcd_disk_backend_commit_duration_seconds', 'Time that a commit of the state took.', metrics.commits),
    // LMDB has one phase of a commit; the other two of bbolt never happen.
    histogram(
      'etcd_debugging_disk_backend_commit_write_duration_seconds',
      'Time that writing a commit took.',
      metrics.commits,
    ),
    histogram('etcd_debugging_disk_backend_commit_rebalance_duration_seconds', 'Never: no such phase.', never),
    histogram('etcd_debugging_disk_backend_commit_spill_duration_seconds', 'Never: no such phase.', never),
    histogram(
      'etcd_disk_backend_defrag_duration_seconds',
      'Time that a defragmentation took.',
      metrics.defragmentations,
    ),
    gauge('etcd_disk_defrag_inflight', 'Defragmentations under way.', () => metrics.defragmentationsUnderWay),
    histogram('etcd_disk_backend_snapshot_duration_seconds', 'Time that sending a backup took.', metrics.backups),
  ]
}

/** A snapshot here is the state file itself: no snapshot file is ever written; those of peers are received. */
function snapshotFamilies({ metrics }: Measured): readonly MetricFamily[] {
  const file = new Histogram(exponentialBounds(0.001, 2, 14))
  return [
    histogram('etcd_snap_fsync_duration_seconds', 'Time that a sync of a snapshot file took.', file),
    histogram(
      'etcd_snap_db_fsync_duration_seconds',
      'Time that a sync of a received state took.',
      metrics.receivedStateSyncs,
    ),
    histogram(
      'etcd_snap_db_save_total_duration_seconds',
      'Time that saving a received state took.',
      metrics.receivedStates,
    ),
    histogram('etcd_debugging_snap_save_marshalling_duration_seconds', 'Time that encoding a snapshot took.', file),
    histogram('etcd_debugging_snap_save_total_duration_seconds', 'Time that saving a snapshot took.', file),
  ]
}

function storeFamilies({ state, metrics }: Measured): readonly MetricFamily[] {
  const operations = (): ReturnType<typeof state.store.statistics>['operations'] => state.store.statistics().operations
  return [
    counter('etcd_mvcc_range_total', 'Ranges read.', () => operations().ranges),
    counter('etcd_mvcc_put_total', 'Puts.', () => operations().puts),
    counter('etcd_mvcc_delete_total', 'Deletions.', () => operations().deletes),
    counter(
      'etcd_mvcc_txn_total',
      'Transactions of more than one operation.',
      () => operations().txns + metrics.txnReads,
    ),
    gauge(
      'etcd_debugging_mvcc_total_put_size_in_bytes',
      'Bytes of keys and values that were put.',
      () => operations().putBytes,
    ),
    gauge('etcd_debugging_mvcc_keys_total', 'Keys that exist.', () => state.store.statistics().liveKeys),
    gauge('etcd_debugging_mvcc_current_revision', 'Revision of the store.', () => state.store.revision),
    gauge(
      'etcd_debugging_mvcc_compact_revision',
      'Revision of the last compaction.',
      () => state.store.compactRevision,
    ),
    gauge('etcd_mvcc_db_total_size_in_bytes', 'Size of the state file.', () => state.backend.sizes().allocatedBytes),
    gauge(
      'etcd_mvcc_db_total_size_in_use_in_bytes',
      'Part of the state file that is in use.',
      () => state.backend.sizes().inUseBytes,
    ),
    gauge('etcd_mvcc_db_open_read_transactions', 'Views of the state file that are open.', () => metrics.openViews),
    histogram('etcd_mvcc_hash_duration_seconds', 'Time that hashing the state file took.', metrics.hashes),
    histogram(
      'etcd_mvcc_hash_rev_duration_seconds',
      'Time that hashing the keys at a revision took.',
      metrics.revisionHashes,
    ),
  ]
}

function compactionFamilies({ state, metrics }: Measured): readonly MetricFamily[] {
  return [
    histogram(
      'etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds',
      'Time that one batch of a compaction took.',
      metrics.scrubPauses,
    ),
    histogram(
      'etcd_debugging_mvcc_db_compaction_total_duration_milliseconds',
      'Time from a compaction to the removal of its last record.',
      metrics.scrubs,
    ),
    histogram(
      'etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds',
      'Time that a compaction held up everything else when it began.',
      metrics.indexCompactionPauses,
    ),
    gauge(
      'etcd_debugging_mvcc_db_compaction_last',
      'When a compaction ended, in seconds since 1970; 0: none since the start.',
      () => metrics.lastScrubAtSeconds,
    ),
    counter(
      'etcd_debugging_mvcc_db_compaction_keys_total',
      'Records removed by compactions.',
      () => state.store.statistics().removedRecords,
    ),
  ]
}

function watchFamilies({ state, metrics }: Measured): readonly MetricFamily[] {
  const statistics = (): ReturnType<typeof state.store.watch.statistics> => state.store.watch.statistics()
  const prefix = 'etcd_debugging_server_watch_send_loop'
  return [
    gauge('etcd_debugging_mvcc_watch_stream_total', 'Open watch streams.', () => statistics().streams),
    gauge('etcd_debugging_mvcc_watcher_total', 'Watchers.', () => statistics().watchers),
    gauge('etcd_debugging_mvcc_slow_watcher_total', 'Watchers that are behind.', () => {
      const { unsynced, slow } = statistics()
      return unsynced + slow
    }),
    counter('etcd_debugging_mvcc_events_total', 'Events that were sent.', () => statistics().events),
    gauge(
      'etcd_debugging_mvcc_pending_events_total',
      'Events that wait for their watcher.',
      () => statistics().parkedEvents,
    ),
    histogram(
      `${prefix}_watch_stream_duration_seconds`,
      'Time that sending the events of one answer took.',
      metrics.watchSends,
    ),
    histogram(
      `${prefix}_watch_stream_duration_per_event_seconds`,
      'The same, divided by its events.',
      metrics.watchSendsPerEvent,
    ),
    histogram(
      `${prefix}_control_stream_duration_seconds`,
      'Time that sending an answer without events took.',
      metrics.watchControls,
    ),
    histogram(
      `${prefix}_progress_duration_seconds`,
      'Time that a round of progress notifications took.',
      metrics.watchProgresses,
    ),
  ]
}

function leaseFamilies({ metrics }: Measured): readonly MetricFamily[] {
  return [
    counter('etcd_debugging_lease_granted_total', 'Leases granted.', () => metrics.leasesGranted),
    counter('etcd_debugging_lease_renewed_total', 'Renewals by this member while it led.', () => metrics.leasesRenewed),
    counter('etcd_debugging_lease_revoked_total', 'Leases revoked.', () => metrics.leasesRevoked),
    counter(
      'etcd_debugging_server_lease_expired_total',
      'Leases that ran out while this member led.',
      () => metrics.leasesExpired,
    ),
    histogram('etcd_debugging_lease_ttl_total', 'Times to live of granted leases, in seconds.', metrics.leaseTtls),
  ]
}
