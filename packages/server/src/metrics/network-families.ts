import { formatId } from '@kvs/membership'
import type { HistogramCounts, PeerTraffic, SnapshotTraffic } from '@kvs/rafthttp'
import { counters, gauges, histograms, type Labelled, type MetricFamily } from './family.ts'
import { Histogram } from './histogram.ts'
import type { Measured } from './measured.ts'

/**
 * Traffic between members: `etcd_network_*`. Labels are ids in hex; as with Go's client, a peer stands in a family once
 * there was something to count.
 */
export function networkFamilies(member: Measured): readonly MetricFamily[] {
  return [...peerFamilies(member), ...trafficFamilies(member), ...snapshotFamilies(member)]
}

function peerFamilies(member: Measured): readonly MetricFamily[] {
  const between = (id: bigint) => ({ Local: formatId(member.id), Remote: formatId(id) })
  return [
    gauges('etcd_network_active_peers', 'Whether a peer is connected.', () =>
      member.peerState.peers
        .filter(({ activeSinceMs, traffic }) => activeSinceMs !== undefined || traffic.disconnects > 0)
        .map(({ id, activeSinceMs }) => ({ labels: between(id), value: activeSinceMs === undefined ? 0 : 1 })),
    ),
    counters('etcd_network_disconnected_peers_total', 'How often a peer was no longer connected.', () =>
      member.peerState.peers
        .filter(({ traffic }) => traffic.disconnects > 0)
        .map(({ id, traffic }) => ({ labels: between(id), value: traffic.disconnects })),
    ),
    gauges('etcd_network_known_peers', 'Members of the cluster; 0 for those that were removed.', () => {
      const { memberSet } = member.state.cluster
      const removed = memberSet.removedIds().map(id => ({ labels: between(id), value: 0 }))
      return [...memberSet.members().map(({ id }) => ({ labels: between(id), value: 1 })), ...removed]
    }),
  ]
}

/** A number for each peer that has one; what came from nobody known stands under id 0. */
function perPeer(member: Measured, label: 'From' | 'To', read: (traffic: PeerTraffic) => number): readonly Labelled[] {
  const { peers, unknown } = member.peerState
  return [...peers, { id: 0n, traffic: unknown }]
    .map(({ id, traffic }) => ({ labels: { [label]: formatId(id) }, value: read(traffic) }))
    .filter(({ value }) => value > 0)
}

function trafficFamilies(member: Measured): readonly MetricFamily[] {
  return [
    counters('etcd_network_peer_sent_bytes_total', 'Bytes sent to a peer.', () =>
      perPeer(member, 'To', ({ sentBytes }) => sentBytes),
    ),
    counters('etcd_network_peer_received_bytes_total', 'Bytes received of a peer.', () =>
      perPeer(member, 'From', ({ receivedBytes }) => receivedBytes),
    ),
    counters('etcd_network_peer_sent_failures_total', 'What could not be sent to a peer.', () =>
      perPeer(member, 'To', ({ sentFailures }) => sentFailures),
    ),
    counters('etcd_network_peer_received_failures_total', 'What came of a peer and could not be taken.', () =>
      perPeer(member, 'From', ({ receivedFailures }) => receivedFailures),
    ),
    histograms('etcd_network_peer_round_trip_time_seconds', 'Time to a peer and back.', () =>
      durationsPerPeer(member, 'To', ({ roundTrips }) => roundTrips),
    ),
  ]
}

function snapshotFamilies(member: Measured): readonly MetricFamily[] {
  const ways = [
    { name: 'send', label: 'To', what: 'sent to a peer', read: (traffic: PeerTraffic) => traffic.snapshotsSent },
    {
      name: 'receive',
      label: 'From',
      what: 'received of a peer',
      read: (traffic: PeerTraffic) => traffic.snapshotsReceived,
    },
  ] as const
  const wasUsed = ({ inFlight, successes, failures }: SnapshotTraffic): boolean => inFlight + successes + failures > 0
  return ways.flatMap(({ name, label, what, read }) => [
    counters(`etcd_network_snapshot_${name}_success`, `Snapshots ${what}.`, () =>
      perPeer(member, label, traffic => read(traffic).successes),
    ),
    counters(`etcd_network_snapshot_${name}_failures`, `Snapshots that could not be ${what}.`, () =>
      perPeer(member, label, traffic => read(traffic).failures),
    ),
    gauges(`etcd_network_snapshot_${name}_inflights_total`, `Snapshots being ${what}.`, () =>
      member.peerState.peers
        .filter(({ traffic }) => wasUsed(read(traffic)))
        .map(({ id, traffic }) => ({ labels: { [label]: formatId(id) }, value: read(traffic).inFlight })),
    ),
    histograms(`etcd_network_snapshot_${name}_total_duration_seconds`, `Time that a snapshot took, ${what}.`, () =>
      durationsPerPeer(member, label, traffic => read(traffic).durations),
    ),
  ])
}

function durationsPerPeer(
  member: Measured,
  label: 'From' | 'To',
  read: (traffic: PeerTraffic) => HistogramCounts,
): readonly { readonly labels: Labelled['labels']; readonly histogram: Histogram }[] {
  return member.peerState.peers
    .filter(({ traffic }) => read(traffic).count > 0)
    .map(({ id, traffic }) => ({ labels: { [label]: formatId(id) }, histogram: histogramOf(read(traffic)) }))
}

function histogramOf({ bounds, counts, count, sumSeconds }: HistogramCounts): Histogram {
  const histogram = new Histogram(bounds)
  histogram.counts.set(counts)
  histogram.counts[bounds.length] = count - counts.reduce((sum, one) => sum + one, 0)
  histogram.sum = sumSeconds
  return histogram
}
