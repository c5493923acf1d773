import { formatId } from '@kvs/membership'
import { formatDuration } from '../duration.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Clock, Logger } from '../parts.ts'

/** Notices when a leader's heartbeats leave much later than they should: it is overloaded, and may lose its office. */
export class HeartbeatWatch {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #metrics: Metrics
  readonly #intervalMs: number
  readonly #lastMs = new Map<bigint, number>()

  constructor(parts: {
    readonly clock: Clock
    readonly logger: Logger
    readonly metrics: Metrics
    readonly intervalMs: number
  }) {
    this.#clock = parts.clock
    this.#logger = parts.logger
    this.#metrics = parts.metrics
    this.#intervalMs = parts.intervalMs
  }

  /** A heartbeat leaves for a peer. */
  sent(to: bigint): void {
    const nowMs = this.#clock.now()
    const expectedMs = 2 * this.#intervalMs
    const tookMs = nowMs - (this.#lastMs.get(to) ?? nowMs)
    this.#lastMs.set(to, nowMs)
    if (tookMs <= expectedMs) return
    this.#metrics.heartbeatSendFailures++
    this.#logger.warn(
      'leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk',
      {
        to: formatId(to),
        'heartbeat-interval': formatDuration(this.#intervalMs),
        'expected-duration': formatDuration(expectedMs),
        'exceeded-duration': formatDuration(tookMs - expectedMs),
      },
    )
  }

  /** Leadership has changed: nothing is expected of what was before. */
  reset(): void {
    this.#lastMs.clear()
  }
}
