/** The table of etcd.md 11: every family of etcd that has a meaning here, and what it is. */

type Type = 'counter' | 'gauge' | 'histogram'

export interface ExpectedFamily {
  readonly name: string
  readonly type: Type
  readonly labels: readonly string[]
  /** `le`, as Go writes it. */
  readonly bounds: readonly string[]
}

/** B(start, factor, count). */
function bounds(start: number, factor: number, count: number): readonly string[] {
  const all: string[] = []
  for (let bound = start; all.length < count; bound *= factor) {
    all.push(bound >= 1e6 ? bound.toExponential().replace(/e\+(\d)$/, 'e+0$1') : String(bound))
  }
  return [...all, '+Inf']
}

const b = {
  fast: bounds(0.0001, 2, 20),
  roundTrip: bounds(0.0001, 2, 16),
  disk: bounds(0.001, 2, 14),
  defragment: bounds(0.1, 2, 13),
  backup: bounds(0.01, 2, 17),
  received: bounds(0.1, 2, 10),
  hash: bounds(0.01, 2, 15),
  ttl: bounds(1, 2, 24),
  pause: bounds(1, 2, 13),
  compaction: bounds(100, 2, 14),
  index: bounds(0.5, 2, 14),
} as const

const counter = (name: string, ...labels: string[]): ExpectedFamily => ({ name, type: 'counter', labels, bounds: [] })
const gauge = (name: string, ...labels: string[]): ExpectedFamily => ({ name, type: 'gauge', labels, bounds: [] })
const histogram = (name: string, key: keyof typeof b, ...labels: string[]): ExpectedFamily => ({
  name,
  type: 'histogram',
  labels,
  bounds: b[key],
})

export const served: readonly ExpectedFamily[] = [
  histogram('etcd_server_apply_duration_seconds', 'fast', 'version', 'op', 'success'),
  counter('etcd_server_client_requests_total', 'type', 'client_api_version'),
  gauge('etcd_server_feature_enabled', 'name', 'stage'),
  gauge('etcd_server_go_version', 'server_go_version'),
  gauge('etcd_server_has_leader'),
  counter('etcd_server_health_failures'),
  counter('etcd_server_health_success'),
  gauge('etcd_server_healthcheck', 'type', 'name'),
  counter('etcd_server_healthchecks_total', 'type', 'name', 'status'),
  counter('etcd_server_heartbeat_send_failures_total'),
  gauge('etcd_server_id', 'server_id'),
  gauge('etcd_server_is_leader'),
  gauge('etcd_server_is_learner'),
  counter('etcd_server_leader_changes_seen_total'),
  counter('etcd_server_learner_promote_failures', 'Reason'),
  counter('etcd_server_learner_promote_successes'),
  gauge('etcd_server_proposals_applied_total'),
  gauge('etcd_server_proposals_committed_total'),
  counter('etcd_server_proposals_failed_total'),
  gauge('etcd_server_proposals_pending'),
  gauge('etcd_server_quota_backend_bytes'),
  histogram('etcd_server_range_duration_seconds', 'fast', 'success'),
  counter('etcd_server_read_indexes_failed_total'),
  histogram('etcd_server_request_duration_seconds', 'disk', 'type', 'success'),
  counter('etcd_server_slow_apply_total'),
  counter('etcd_server_slow_read_indexes_total'),
  gauge('etcd_server_snapshot_apply_in_progress_total'),
  gauge('etcd_server_version', 'server_version'),

  histogram('etcd_disk_backend_commit_duration_seconds', 'disk'),
  histogram('etcd_disk_backend_defrag_duration_seconds', 'defragment'),
  histogram('etcd_disk_backend_snapshot_duration_seconds', 'backup'),
  gauge('etcd_disk_defrag_inflight'),
  histogram('etcd_disk_wal_fsync_duration_seconds', 'disk'),
  gauge('etcd_disk_wal_write_bytes_total'),
  histogram('etcd_disk_wal_write_duration_seconds', 'disk'),

  histogram('etcd_snap_db_fsync_duration_seconds', 'disk'),
  histogram('etcd_snap_db_save_total_duration_seconds', 'received'),
  histogram('etcd_snap_fsync_duration_seconds', 'disk'),

  counter('etcd_network_client_grpc_received_bytes_total'),
  counter('etcd_network_client_grpc_sent_bytes_total'),
  gauge('etcd_network_known_peers', 'Local', 'Remote'),
  counter('etcd_network_server_stream_failures_total', 'Type', 'API'),

  gauge('etcd_mvcc_db_open_read_transactions'),
  gauge('etcd_mvcc_db_total_size_in_bytes'),
  gauge('etcd_mvcc_db_total_size_in_use_in_bytes'),
  counter('etcd_mvcc_delete_total'),
  histogram('etcd_mvcc_hash_duration_seconds', 'hash'),
  histogram('etcd_mvcc_hash_rev_duration_seconds', 'hash'),
  counter('etcd_mvcc_put_total'),
  counter('etcd_mvcc_range_total'),
  counter('etcd_mvcc_txn_total'),

  gauge('etcd_cluster_version', 'cluster_version'),

  gauge('etcd_debugging_auth_revision'),
  histogram('etcd_debugging_disk_backend_commit_rebalance_duration_seconds', 'disk'),
  histogram('etcd_debugging_disk_backend_commit_spill_duration_seconds', 'disk'),
  histogram('etcd_debugging_disk_backend_commit_write_duration_seconds', 'disk'),
  counter('etcd_debugging_lease_granted_total'),
  counter('etcd_debugging_lease_renewed_total'),
  counter('etcd_debugging_lease_revoked_total'),
  histogram('etcd_debugging_lease_ttl_total', 'ttl'),
  gauge('etcd_debugging_mvcc_compact_revision'),
  gauge('etcd_debugging_mvcc_current_revision'),
  counter('etcd_debugging_mvcc_db_compaction_keys_total'),
  gauge('etcd_debugging_mvcc_db_compaction_last'),
  histogram('etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds', 'pause'),
  histogram('etcd_debugging_mvcc_db_compaction_total_duration_milliseconds', 'compaction'),
  counter('etcd_debugging_mvcc_events_total'),
  histogram('etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds', 'index'),
  gauge('etcd_debugging_mvcc_keys_total'),
  gauge('etcd_debugging_mvcc_pending_events_total'),
  gauge('etcd_debugging_mvcc_slow_watcher_total'),
  gauge('etcd_debugging_mvcc_total_put_size_in_bytes'),
  gauge('etcd_debugging_mvcc_watch_stream_total'),
  gauge('etcd_debugging_mvcc_watcher_total'),
  gauge('etcd_debugging_server_alarms', 'server_id', 'alarm_type'),
  counter('etcd_debugging_server_lease_expired_total'),
  histogram('etcd_debugging_server_watch_send_loop_control_stream_duration_seconds', 'disk'),
  histogram('etcd_debugging_server_watch_send_loop_progress_duration_seconds', 'disk'),
  histogram('etcd_debugging_server_watch_send_loop_watch_stream_duration_per_event_seconds', 'disk'),
  histogram('etcd_debugging_server_watch_send_loop_watch_stream_duration_seconds', 'disk'),
  histogram('etcd_debugging_snap_save_marshalling_duration_seconds', 'disk'),
  histogram('etcd_debugging_snap_save_total_duration_seconds', 'disk'),

  gauge('os_fd_limit'),
  gauge('os_fd_used'),

  counter('grpc_server_started_total', 'grpc_type', 'grpc_service', 'grpc_method'),
  counter('grpc_server_handled_total', 'grpc_type', 'grpc_service', 'grpc_method', 'grpc_code'),
  counter('grpc_server_msg_received_total', 'grpc_type', 'grpc_service', 'grpc_method'),
  counter('grpc_server_msg_sent_total', 'grpc_type', 'grpc_service', 'grpc_method'),

  counter('process_cpu_seconds_total'),
  gauge('process_max_fds'),
  gauge('process_open_fds'),
  gauge('process_resident_memory_bytes'),
  gauge('process_start_time_seconds'),
  gauge('process_virtual_memory_bytes'),
  gauge('process_virtual_memory_max_bytes'),
  gauge('promhttp_metric_handler_requests_in_flight'),
  counter('promhttp_metric_handler_requests_total', 'code'),
]

/** In a cluster of several only, each once there was something to count. */
export const clustered: readonly ExpectedFamily[] = [
  gauge('etcd_network_active_peers', 'Local', 'Remote'),
  counter('etcd_network_disconnected_peers_total', 'Local', 'Remote'),
  counter('etcd_network_peer_received_bytes_total', 'From'),
  counter('etcd_network_peer_received_failures_total', 'From'),
  histogram('etcd_network_peer_round_trip_time_seconds', 'roundTrip', 'To'),
  counter('etcd_network_peer_sent_bytes_total', 'To'),
  counter('etcd_network_peer_sent_failures_total', 'To'),
  counter('etcd_network_snapshot_receive_failures', 'From'),
  gauge('etcd_network_snapshot_receive_inflights_total', 'From'),
  counter('etcd_network_snapshot_receive_success', 'From'),
  histogram('etcd_network_snapshot_receive_total_duration_seconds', 'received', 'From'),
  counter('etcd_network_snapshot_send_failures', 'To'),
  gauge('etcd_network_snapshot_send_inflights_total', 'To'),
  counter('etcd_network_snapshot_send_success', 'To'),
  histogram('etcd_network_snapshot_send_total_duration_seconds', 'received', 'To'),
]

/** With `--metrics extensive` only. */
export const extensive: ExpectedFamily = {
  name: 'grpc_server_handling_seconds',
  type: 'histogram',
  labels: ['grpc_type', 'grpc_service', 'grpc_method'],
  bounds: ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'],
}
