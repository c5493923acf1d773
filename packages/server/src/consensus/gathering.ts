import * as limits from '../limits.ts'
import type { Clock } from '../parts.ts'

/** What a leader has to decide about. */
export interface Proposals {
  /** That wait to be proposed, and their bytes. */
  readonly waiting: number
  readonly waitingBytes: number
  /** That are in the log and not committed. */
  readonly uncommitted: number
}

/**
 * When a leader with many clients proposes. What is proposed together shares a message to and from each member, a write and
 * a sync of each, and the turns of all loops, which cost more than the proposals themselves. So while many are on their way
 * to a majority, the next ones wait for them; and then for the clients that may go on, as long as most of them come back
 * within a moment. Neither takes long, and few proposals at once wait for nothing.
 */
export class Gathering {
  readonly #clock: Pick<Clock, 'now' | 'setTimer' | 'clearTimer'>
  readonly #wake: () => void
  /** Most that were waiting or on their way at one time, since there was last nothing on its way. */
  #seen = 0
  /** So many are worth going on with; 0 while others are on their way. */
  #wanted = 0
  /** Since when something waits for what it waits for now. */
  #sinceMs: number | undefined
  #timer: unknown
  #isOverdue = false

  /** `wake` is called when what waits has waited long enough. */
  constructor(clock: Pick<Clock, 'now' | 'setTimer' | 'clearTimer'>, wake: () => void) {
    this.#clock = clock
    this.#wake = wake
  }

  /** Whether what waits is to be proposed now. To be asked in every turn of a leader, also with nothing waiting. */
  mayGo(proposals: Proposals): boolean {
    if (this.#isWaitOver(proposals) || this.#isOverdue || proposals.waitingBytes >= limits.gatheredBytesMax) {
      this.#isOverdue = false
      this.#sinceMs = undefined
      return true
    }
    if (proposals.waiting > 0) {
      this.#sinceMs ??= this.#clock.now()
      this.#arm(this.#limitMs)
    }
    return false
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #isWaitOver({ waiting, uncommitted }: Proposals): boolean {
    if (uncommitted > 0) {
      this.#seen = Math.max(this.#seen, waiting + uncommitted)
      this.#wanted = 0
      return uncommitted < limits.gatheredProposalsMin
    }
    if (this.#seen > 0) {
      const isMany = this.#seen >= limits.gatheredProposalsMin
      this.#wanted = isMany ? Math.floor(this.#seen * limits.gatheredFraction) : 0
      this.#seen = 0
      this.#sinceMs = undefined
    }
    return waiting >= this.#wanted
  }

  get #limitMs(): number {
    return this.#wanted === 0 ? limits.commitWaitMs : limits.gatheringMs
  }

  /** Most waits end by themselves: the timer is left alone then, and the next one looks how long it still has to wait. */
  #arm(delayMs: number): void {
    if (this.#timer !== undefined) return
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#timer = undefined
      if (this.#sinceMs === undefined) return
      const leftMs = this.#sinceMs + this.#limitMs - this.#clock.now()
      if (leftMs > 0) return this.#arm(leftMs)
      this.#isOverdue = true
      this.#wake()
    })
  }
}
