import { Histogram, type HistogramCounts, roundTripShape, snapshotShape } from './histogram.ts'

/** Traffic with one peer since the transport was made, in plain numbers; names follow etcd's metrics. */
export interface PeerTraffic {
  readonly sentBytes: number
  readonly sentFailures: number
  readonly receivedBytes: number
  readonly receivedFailures: number
  /** How often the peer became inactive. */
  readonly disconnects: number
  readonly roundTrips: HistogramCounts
  readonly snapshotsSent: SnapshotTraffic
  readonly snapshotsReceived: SnapshotTraffic
}

export interface SnapshotTraffic {
  readonly inFlight: number
  readonly successes: number
  readonly failures: number
  readonly durations: HistogramCounts
}

export class SnapshotCounters implements SnapshotTraffic {
  inFlight = 0
  successes = 0
  failures = 0
  readonly durations: Histogram = new Histogram(snapshotShape)
}

export class PeerCounters implements PeerTraffic {
  sentBytes = 0
  sentFailures = 0
  receivedBytes = 0
  receivedFailures = 0
  disconnects = 0
  readonly roundTrips: Histogram = new Histogram(roundTripShape)
  readonly snapshotsSent: SnapshotCounters = new SnapshotCounters()
  readonly snapshotsReceived: SnapshotCounters = new SnapshotCounters()
}
