import { exponentialBounds, Histogram, Outcomes } from './histogram.ts'

/** Bounds in seconds or milliseconds, as the families say; those of etcd. */
const diskBounds = exponentialBounds(0.001, 2, 14)
const operationBounds = exponentialBounds(0.0001, 2, 20)
const requestBounds = exponentialBounds(0.001, 2, 14)
const hashBounds = exponentialBounds(0.01, 2, 15)

/** One kind of health check: what it said last and how often it said what. */
export interface HealthCounts {
  readonly type: string
  readonly name: string
  isHealthy: boolean
  successes: number
  errors: number
}

/** Streams that broke while something was received or sent. */
export interface StreamFailures {
  received: number
  sent: number
}

/** Durations of one replicated operation: its apply, and the whole request as seen by who asked. */
export interface OperationDurations {
  readonly apply: Outcomes
  readonly request: Outcomes
}

/**
 * What a member counts while it works. Everything here is a plain number or a histogram made beforehand: rooms add to
 * them on their way, and only a scrape turns them into text. What can be read off the state when it is asked for
 * (sizes, revisions, watchers) is not here.
 */
export class Metrics {
  leaderChanges = 0
  /** Learners that this member, as leader, made voters; and how often it did not, by the reason. */
  learnersPromoted = 0
  readonly promotionsFailed: Map<string, number> = new Map()
  /** Heartbeats that left late. */
  heartbeatSendFailures = 0
  proposalsFailed = 0
  slowApplies = 0
  slowReadIndexes = 0
  readIndexesFailed = 0
  healthSuccesses = 0
  healthFailures = 0
  readonly healthChecks: HealthCounts[] = []
  readonly #operations = new Map<string, OperationDurations>()
  /** Seconds from the request's arrival to its answer. */
  readonly rangeRequests: Outcomes = new Outcomes(requestBounds)
  readonly txnReadRequests: Outcomes = new Outcomes(requestBounds)
  /** Seconds of the read itself. */
  readonly rangeReads: Outcomes = new Outcomes(operationBounds)
  /** Read-only transactions of more than one operation; those that write are counted by the store. */
  txnReads = 0

  /** Seconds. */
  readonly walWrites: Histogram = new Histogram(diskBounds)
  readonly walSyncs: Histogram = new Histogram(diskBounds)
  readonly commits: Histogram = new Histogram(diskBounds)
  readonly defragmentations: Histogram = new Histogram(exponentialBounds(0.1, 2, 13))
  defragmentationsUnderWay = 0
  readonly backups: Histogram = new Histogram(exponentialBounds(0.01, 2, 17))
  readonly hashes: Histogram = new Histogram(hashBounds)
  readonly revisionHashes: Histogram = new Histogram(hashBounds)
  /** States of peers that are taking the place of this member's. */
  snapshotsBeingApplied = 0
  /** Seconds that saving the state of a peer took, and those of its sync. */
  readonly receivedStates: Histogram = new Histogram(exponentialBounds(0.1, 2, 10))
  readonly receivedStateSyncs: Histogram = new Histogram(diskBounds)
  /** Views of the state file that are open. */
  openViews = 0

  /** Milliseconds. */
  readonly scrubPauses: Histogram = new Histogram(exponentialBounds(1, 2, 13))
  readonly scrubs: Histogram = new Histogram(exponentialBounds(100, 2, 14))
  readonly indexCompactionPauses: Histogram = new Histogram(exponentialBounds(0.5, 2, 14))
  /** Seconds since 1970; 0 before the first. */
  lastScrubAtSeconds = 0

  leasesGranted = 0
  leasesRenewed = 0
  leasesRevoked = 0
  leasesExpired = 0
  /** Seconds. */
  readonly leaseTtls: Histogram = new Histogram(exponentialBounds(1, 2, 24))

  readonly watchFailures: StreamFailures = { received: 0, sent: 0 }
  readonly keepAliveFailures: StreamFailures = { received: 0, sent: 0 }
  /** Seconds that sending took. */
  readonly watchSends: Histogram = new Histogram(diskBounds)
  readonly watchSendsPerEvent: Histogram = new Histogram(diskBounds)
  readonly watchControls: Histogram = new Histogram(diskBounds)
  readonly watchProgresses: Histogram = new Histogram(diskBounds)

  /** The durations of an operation by its name. */
  operation(name: string): OperationDurations {
    let durations = this.#operations.get(name)
    if (durations === undefined) {
      durations = { apply: new Outcomes(operationBounds), request: new Outcomes(requestBounds) }
      this.#operations.set(name, durations)
    }
    return durations
  }

  get operations(): ReadonlyMap<string, OperationDurations> {
    return this.#operations
  }

  promotionFailed(reason: string): void {
    this.promotionsFailed.set(reason, (this.promotionsFailed.get(reason) ?? 0) + 1)
  }

  healthCheck(type: string, name: string, isHealthy: boolean): void {
    let counts = this.healthChecks.find(known => known.type === type && known.name === name)
    if (counts === undefined) {
      counts = { type, name, isHealthy, successes: 0, errors: 0 }
      this.healthChecks.push(counts)
    }
    counts.isHealthy = isHealthy
    if (isHealthy) counts.successes++
    else counts.errors++
  }
}
