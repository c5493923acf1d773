import type { TransportClock } from './ports.ts'

/**
 * Calls back when nothing was heard for a while. Touching it costs a look at the clock; the timer is set anew only when it
 * runs out too early.
 */
export class Deadline {
  readonly #clock: TransportClock
  readonly #expired: () => void
  #afterMs: number
  #touchedAt: number
  #timer: unknown

  /** Starts at once. */
  constructor(clock: TransportClock, afterMs: number, expired: () => void) {
    this.#clock = clock
    this.#afterMs = afterMs
    this.#expired = expired
    this.#touchedAt = clock.now()
    this.#arm(afterMs)
  }

  /** Starts the time over. */
  touch(): void {
    this.#touchedAt = this.#clock.now()
  }

  /** Starts the time over with another length. */
  extend(afterMs: number): void {
    this.stop()
    this.#afterMs = afterMs
    this.touch()
    this.#arm(afterMs)
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#timer = undefined
      const restMs = this.#touchedAt + this.#afterMs - this.#clock.now()
      if (restMs > 0) this.#arm(restMs)
      else this.#expired()
    })
  }
}
