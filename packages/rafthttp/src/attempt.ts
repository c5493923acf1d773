import { RaftHttpError } from './errors.ts'
import type { TransportClock } from './ports.ts'

/**
 * One thing that is tried and may take only so long: a signal that aborts with the reason. `outer` aborts it as well. (Not
 * `AbortSignal.any`: on Node 20 a signal that lives long keeps all that were made of it.)
 */
export class Attempt {
  readonly #clock: TransportClock
  readonly #controller = new AbortController()
  readonly #outer: AbortSignal | undefined
  readonly #timer: unknown

  /** `what` is told with the timeout, such as `dial http://10.0.0.1:2380`. Without `timeoutMs` it may take for ever. */
  constructor(clock: TransportClock, timeoutMs: number | undefined, what: string, outer?: AbortSignal) {
    this.#clock = clock
    this.#outer = outer
    if (timeoutMs !== undefined) {
      this.#timer = clock.setTimer(timeoutMs, () => this.abort(new RaftHttpError('TIMEOUT', `${what}: i/o timeout`)))
    }
    if (outer?.aborted === true) this.#controller.abort(outer.reason)
    else outer?.addEventListener('abort', this.#outerAborted)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  abort(reason: Error): void {
    this.#controller.abort(reason)
  }

  /** It is over, well or badly: the timer stops. */
  done(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer)
    this.#outer?.removeEventListener('abort', this.#outerAborted)
  }

  readonly #outerAborted = (): void => {
    this.#controller.abort(this.#outer?.reason)
  }
}
