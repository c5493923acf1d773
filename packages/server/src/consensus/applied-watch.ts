import type { AppliedIndex } from '@kvs/auth'
import type { Clock } from '../parts.ts'

/**
 * What this member has applied, for those who must not answer before: tokens of logins that it may not have heard of yet,
 * leases that others ask for. Telling it costs next to nothing while nobody waits.
 */
export class AppliedWatch implements AppliedIndex {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #waiting = new Set<{ readonly index: number; readonly end: (isApplied: boolean) => void }>()
  #applied = 0

  /** Who waits longer than `timeoutMs`, and names no other time, waits in vain. */
  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  isApplied(index: number): boolean {
    return index <= this.#applied
  }

  wait(index: number, timeoutMs: number = this.#timeoutMs): Promise<boolean> {
    if (this.isApplied(index)) return Promise.resolve(true)
    return new Promise(resolve => {
      const timer = this.#clock.setTimer(timeoutMs, () => waiter.end(false))
      const end = (isApplied: boolean): void => {
        this.#clock.clearTimer(timer)
        this.#waiting.delete(waiter)
        resolve(isApplied)
      }
      const waiter = { index, end }
      this.#waiting.add(waiter)
    })
  }

  /** Entries up to `index` are applied. */
  advanced(index: number): void {
    this.#applied = index
    if (this.#waiting.size === 0) return
    for (const waiter of [...this.#waiting]) if (waiter.index <= index) waiter.end(true)
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const waiter of [...this.#waiting]) waiter.end(false)
  }
}
