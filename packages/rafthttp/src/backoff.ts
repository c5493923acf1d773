import { redialMsMax, redialMsMin } from './limits.ts'
import type { TransportRandom } from './ports.ts'

/** How long to wait before the next attempt: twice as long after every failure, up to a limit, minus up to a half. */
export class Backoff {
  readonly #random: TransportRandom
  #failures = 0

  constructor(random: TransportRandom) {
    this.#random = random
  }

  /** The last attempt was a success, or there is reason to hope. */
  reset(): void {
    this.#failures = 0
  }

  /** Pause before the next attempt, which is one more that failed unless `reset` is called. */
  nextMs(): number {
    const longest = Math.min(redialMsMin * 2 ** this.#failures, redialMsMax)
    // Beyond the longest pause counting on would only overflow.
    if (longest < redialMsMax) this.#failures++
    return longest - this.#random.below(Math.floor(longest / 2))
  }
}
