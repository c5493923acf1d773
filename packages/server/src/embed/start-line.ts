import { formatDuration } from '../duration.ts'
import { describeFeatureGates } from '../feature-gates.ts'
import { memberDir, walDir } from '../layout.ts'
import { type MemberOptions, quotaBytes } from '../options.ts'
import type { LogFields } from '../parts.ts'
import { version } from '../version.ts'

/** URLs that a process listens on. */
export interface ListenUrls {
  readonly client: readonly string[]
  readonly clientHttp: readonly string[]
  readonly peer: readonly string[]
  readonly metrics: readonly string[]
}

/** The configuration in the words of etcd's first log line, which people search for what a member was started with. */
export function startFields(options: MemberOptions, listen: ListenUrls): LogFields {
  const { autoCompactionMode: mode, autoCompactionRetention: retention } = options
  const isPeriodic = mode === 'periodic'
  return {
    'etcd-version': version,
    name: options.name,
    'data-dir': options.dataDir,
    'wal-dir': walDir(options),
    'wal-dir-dedicated': options.walDir,
    'member-dir': memberDir(options.dataDir),
    'heartbeat-interval': formatDuration(options.heartbeatIntervalMs),
    'election-timeout': formatDuration(options.electionTimeoutMs),
    'initial-election-tick-advance': options.initialElectionTickAdvance,
    'snapshot-count': options.snapshotCount,
    'snapshot-catchup-entries': options.snapshotCatchupEntries,
    'max-wals': options.maxWals,
    'initial-advertise-peer-urls': options.initialAdvertisePeerUrls,
    'listen-peer-urls': listen.peer,
    'advertise-client-urls': options.advertiseClientUrls,
    'listen-client-urls': listen.client,
    ...(listen.clientHttp.length === 0 ? {} : { 'listen-client-http-urls': listen.clientHttp }),
    'listen-metrics-urls': listen.metrics,
    'initial-cluster': options.initialCluster,
    'initial-cluster-state': options.initialClusterState,
    'initial-cluster-token': options.initialClusterToken,
    'quota-backend-bytes': quotaBytes(options),
    'max-request-bytes': options.maxRequestBytes,
    'max-concurrent-streams': options.maxConcurrentStreams,
    'pre-vote': options.preVote,
    'strict-reconfig-check': options.strictReconfigCheck,
    'force-new-cluster': options.forceNewCluster,
    'auto-compaction-mode': mode,
    'auto-compaction-retention': isPeriodic ? formatDuration(retention) : String(retention),
    'corrupt-check-time-interval': formatDuration(options.corruptCheckTimeMs),
    'compact-hash-check-time-interval': formatDuration(options.compactHashCheckTimeMs),
    'downgrade-check-interval': formatDuration(options.downgradeCheckTimeMs),
    'max-learners': options.maxLearners,
    'feature-gates': describeFeatureGates(options.featureGates)
      .map(({ name, isOn }) => `${name}=${isOn}`)
      .join(','),
    // There is no v2 store to write to; the word is the only one that etcd 3.7 lets a member have.
    'v2-deprecation': 'write-only',
  }
}
