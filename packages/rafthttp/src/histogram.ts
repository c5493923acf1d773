/** What a histogram has counted so far; `counts[i]` are values up to `bounds[i]` and above the one before. */
export interface HistogramCounts {
  /** Upper bounds in seconds; what is larger is only in `count` and `sum`. */
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
  readonly count: number
  readonly sumSeconds: number
}

/** Counts durations in buckets whose bounds grow by a factor, as etcd's metrics do. */
export class Histogram implements HistogramCounts {
  readonly bounds: readonly number[]
  readonly counts: number[]
  count = 0
  sumSeconds = 0

  constructor(shape: { readonly firstSeconds: number; readonly factor: number; readonly buckets: number }) {
    this.bounds = Array.from({ length: shape.buckets }, (_, at) => shape.firstSeconds * shape.factor ** at)
    this.counts = this.bounds.map(() => 0)
  }

  observe(seconds: number): void {
    this.count++
    this.sumSeconds += seconds
    const at = this.bounds.findIndex(bound => seconds <= bound)
    if (at >= 0) this.counts[at] = (this.counts[at] as number) + 1
  }
}

/** `etcd_network_peer_round_trip_time_seconds`. */
export const roundTripShape = { firstSeconds: 0.0001, factor: 2, buckets: 16 } as const

/** `etcd_network_snapshot_{send,receive}_total_duration_seconds`. */
export const snapshotShape = { firstSeconds: 0.1, factor: 2, buckets: 10 } as const
