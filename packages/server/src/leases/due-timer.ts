import type { Clock } from '../parts.ts'

/** One timer for whatever is due next: armed anew when something comes to be due earlier, and asleep when nothing is. */
export class DueTimer {
  readonly #clock: Clock
  readonly #nextMs: () => number | undefined
  readonly #due: () => void
  #timer: unknown
  #atMs = Number.POSITIVE_INFINITY
  #isClosed = false

  /** `nextMs` says, on the clock, when `due` is to be called next; undefined: not before something changes. */
  constructor(parts: { readonly clock: Clock; readonly nextMs: () => number | undefined; readonly due: () => void }) {
    this.#clock = parts.clock
    this.#nextMs = parts.nextMs
    this.#due = parts.due
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** To be called when what `nextMs` says may be another. */
  changed(): void {
    if (this.#isClosed) return
    const atMs = this.#nextMs()
    if (atMs === undefined) return this.#disarm()
    if (atMs >= this.#atMs) return
    this.#disarm()
    this.#atMs = atMs
    this.#timer = this.#clock.setTimer(Math.max(0, atMs - this.#clock.now()), () => {
      this.#disarm()
      this.#due()
    })
  }

  close(): void {
    this.#isClosed = true
    this.#disarm()
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
    this.#atMs = Number.POSITIVE_INFINITY
  }
}
