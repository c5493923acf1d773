import { formatId } from '@kvs/membership'
import { describeFeatureGates } from '../feature-gates.ts'
import { quotaBytes } from '../options.ts'
import { alarmName } from '../state/alarms.ts'
import { version } from '../version.ts'
import {
  counter,
  counters,
  fact,
  gauge,
  gauges,
  histograms,
  type Labelled,
  type MetricFamily,
  outcomesOf,
} from './family.ts'
import type { Measured } from './measured.ts'

const flag = (value: boolean): number => (value ? 1 : 0)

/** Consensus, requests and health: `etcd_server_*` and its neighbours. */
export function serverFamilies(member: Measured): readonly MetricFamily[] {
  return [...consensusFamilies(member), ...durationFamilies(member), ...identityFamilies(member), ...alarmsOf(member)]
}

function consensusFamilies(member: Measured): readonly MetricFamily[] {
  const { metrics } = member
  return [
    gauge('etcd_server_has_leader', 'Whether this member knows a leader.', () => flag(member.consensus.leader !== 0n)),
    gauge('etcd_server_is_leader', 'Whether this member leads.', () => flag(member.consensus.isLeader)),
    gauge('etcd_server_is_learner', 'Whether this member is a learner.', () =>
      flag(member.state.cluster.members.some(({ id, isLearner }) => id === member.id && isLearner)),
    ),
    counter(
      'etcd_server_leader_changes_seen_total',
      'Changes of leadership this member has seen.',
      () => metrics.leaderChanges,
    ),
    counter(
      'etcd_server_learner_promote_successes',
      'Learners promoted while this member led.',
      () => metrics.learnersPromoted,
    ),
    counters('etcd_server_learner_promote_failures', 'Learners not promoted while this member led, by reason.', () =>
      [...metrics.promotionsFailed].map(([reason, value]) => ({ labels: { Reason: reason }, value })),
    ),
    counter(
      'etcd_server_heartbeat_send_failures_total',
      'Heartbeats the leader could not send in time.',
      () => metrics.heartbeatSendFailures,
    ),
    gauge(
      'etcd_server_proposals_committed_total',
      'Index up to which the log is committed.',
      () => member.consensus.committed,
    ),
    gauge(
      'etcd_server_proposals_applied_total',
      'Index up to which the log is applied.',
      () => member.consensus.applied,
    ),
    gauge('etcd_server_proposals_pending', 'Proposals whose outcome is not known yet.', () => member.pendingProposals),
    counter('etcd_server_proposals_failed_total', 'Proposals that were given up.', () => metrics.proposalsFailed),
    counter(
      'etcd_server_slow_apply_total',
      'Entries and reads that took longer than the warning time.',
      () => metrics.slowApplies,
    ),
    counter(
      'etcd_server_slow_read_indexes_total',
      'Read rounds that were answered too late.',
      () => metrics.slowReadIndexes,
    ),
    counter(
      'etcd_server_read_indexes_failed_total',
      'Linearizable reads that were given up.',
      () => metrics.readIndexesFailed,
    ),
    gauge(
      'etcd_server_snapshot_apply_in_progress_total',
      'Whether a snapshot is being installed.',
      () => metrics.snapshotsBeingApplied,
    ),
  ]
}

function durationFamilies({ metrics }: Measured): readonly MetricFamily[] {
  return [
    histograms('etcd_server_apply_duration_seconds', 'Time that applying an entry took, by operation.', () =>
      [...metrics.operations].flatMap(([op, { apply }]) => outcomesOf(apply, { op }).map(withVersion)),
    ),
    histograms('etcd_server_range_duration_seconds', 'Time that reading a range took.', () =>
      outcomesOf(metrics.rangeReads, {}),
    ),
    histograms(
      'etcd_server_request_duration_seconds',
      'Time from the arrival of a request to its answer, by kind.',
      () => [
        ...[...metrics.operations].flatMap(([type, { request }]) =>
          outcomesOf(request, {}).map(one => typed(one, type)),
        ),
        ...outcomesOf(metrics.rangeRequests, {}).map(one => typed(one, 'Range')),
        ...outcomesOf(metrics.txnReadRequests, {}).map(one => typed(one, 'ReadonlyTxn')),
      ],
    ),
  ]
}

type LabelledHistogram = ReturnType<typeof outcomesOf>[number]

function withVersion({ labels, histogram }: LabelledHistogram): LabelledHistogram {
  return { labels: { ...labels, version: 'v3' }, histogram }
}

function typed({ labels, histogram }: LabelledHistogram, type: string): LabelledHistogram {
  return { labels: { ...labels, type }, histogram }
}

function identityFamilies(member: Measured): readonly MetricFamily[] {
  const { metrics } = member
  return [
    fact('etcd_server_id', 'The id of this member, in hex.', 'server_id', () => formatId(member.id)),
    fact('etcd_server_version', 'The version of etcd that this member behaves like.', 'server_version', () => version),
    fact('etcd_server_go_version', 'The version of Go: none.', 'server_go_version', () => 'none'),
    fact('etcd_cluster_version', 'The version that all members have in common.', 'cluster_version', () =>
      member.state.cluster.version?.split('.').slice(0, 2).join('.'),
    ),
    gauges('etcd_server_feature_enabled', 'Features, and whether they are on.', () =>
      describeFeatureGates(member.options.featureGates).map(({ name, stage, isOn }) => ({
        labels: { name, stage },
        value: flag(isOn),
      })),
    ),
    gauge('etcd_server_quota_backend_bytes', 'Size at which the state counts as full; 0: never.', () =>
      quotaBytes(member.options),
    ),
    counter('etcd_server_health_success', 'Health requests that found the member well.', () => metrics.healthSuccesses),
    counter('etcd_server_health_failures', 'Health requests that found something wrong.', () => metrics.healthFailures),
    gauges('etcd_server_healthcheck', 'What each check of livez and readyz said last.', () =>
      metrics.healthChecks.map(({ type, name, isHealthy }) => ({ labels: { name, type }, value: flag(isHealthy) })),
    ),
    counters('etcd_server_healthchecks_total', 'Checks of livez and readyz by what they said.', () =>
      metrics.healthChecks
        .flatMap(({ type, name, successes, errors }) => [
          { labels: { name, status: 'error', type }, value: errors },
          { labels: { name, status: 'success', type }, value: successes },
        ])
        .filter(({ value }) => value > 0),
    ),
  ]
}

/** An alarm that was shown as active is shown as 0 when it has ended, as etcd does. */
function alarmsOf({ state }: Measured): readonly MetricFamily[] {
  const shown = new Map<string, Labelled>()
  const read = (): readonly Labelled[] => {
    for (const [key, { labels }] of shown) shown.set(key, { labels, value: 0 })
    for (const { alarm, memberId } of state.alarms.list()) {
      const labels = { alarm_type: alarmName(alarm), server_id: formatId(memberId) }
      shown.set(`${labels.alarm_type} ${labels.server_id}`, { labels, value: 1 })
    }
    return [...shown.values()]
  }
  return [
    gauges('etcd_debugging_server_alarms', 'Alarms that are active.', read),
    gauge('etcd_debugging_auth_revision', 'The revision of users and roles.', () => state.auth.store.revision),
  ]
}
