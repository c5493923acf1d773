/** Observations by upper bound: plain numbers, nothing is made when one is added. */
export class Histogram {
  /** Upper bounds, ascending. */
  readonly bounds: readonly number[]
  /** How many observations each bound is the first for; the last count is of those above all bounds. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const { bounds, counts } = this
    let at = 0
    while (at < bounds.length && value > (bounds[at] as number)) at++
    ;(counts[at] as number)++
    this.sum += value
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }
}

/** Histograms of one thing by how it ended. */
export class Outcomes {
  readonly succeeded: Histogram
  readonly failed: Histogram

  constructor(bounds: readonly number[]) {
    this.succeeded = new Histogram(bounds)
    this.failed = new Histogram(bounds)
  }

  observe(isSuccess: boolean, value: number): void {
    const histogram = isSuccess ? this.succeeded : this.failed
    histogram.observe(value)
  }
}

/** `start`, `start * factor` and so on, multiplied step by step as Go's client does, so that the last bits are the same. */
export function exponentialBounds(start: number, factor: number, count: number): readonly number[] {
  const bounds: number[] = []
  for (let bound = start; bounds.length < count; bound *= factor) bounds.push(bound)
  return bounds
}
