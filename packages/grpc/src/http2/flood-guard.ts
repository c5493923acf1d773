/** Frames that cost the peer little and us something; each kind has a budget per interval. */
export const FloodKind = {
  /** Streams that ended by RST_STREAM, or that we reset because of the peer's errors (rapid reset, CVE-2023-44487). */
  RESET: 0,
  SETTINGS: 1,
  PING: 2,
  /** DATA and CONTINUATION frames without content and without an end flag. */
  EMPTY: 3,
  PRIORITY: 4,
  WINDOW_UPDATE: 5,
  /** Frames of unknown type, and frames on streams that are over. */
  STRAY: 6,
  GOAWAY: 7,
  /** Header lists above the limit: they are unfolded, and answered with an error. */
  OVERSIZE: 8,
} as const
export type FloodKind = (typeof FloodKind)[keyof typeof FloodKind]

const kinds = Object.keys(FloodKind).length

export type FloodBudgets = { readonly [kind in keyof typeof FloodKind]: number }

/** Counts frames by kind over intervals of fixed length. */
export class FloodGuard {
  readonly #budgets: readonly number[]
  readonly #intervalMs: number
  readonly #counts = new Int32Array(kinds)
  readonly #sinceMs = new Float64Array(kinds)

  constructor(budgets: FloodBudgets, intervalMs: number) {
    this.#budgets = Object.entries(FloodKind)
      .sort((a, b) => a[1] - b[1])
      .map(([name]) => budgets[name as keyof typeof FloodKind])
    this.#intervalMs = intervalMs
  }

  /** Counts one; true if that is one too many for the interval. */
  exceeds(kind: FloodKind, nowMs: number): boolean {
    const count = ++this.#counts[kind]!
    if (count <= this.#budgets[kind]!) return false
    if (nowMs - this.#sinceMs[kind]! < this.#intervalMs) return true
    this.#sinceMs[kind] = nowMs
    this.#counts[kind] = 1
    return this.#budgets[kind]! < 1
  }

  /** Gives back some budget: what we sent explains that many frames of the peer. */
  credit(kind: FloodKind, frames: number): void {
    this.#counts[kind] = Math.max(0, this.#counts[kind]! - frames)
  }
}
