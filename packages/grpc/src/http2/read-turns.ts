import type { Clock } from '../ports.ts'
import type { ReadSlices } from './read-slices.ts'

/**
 * Whose turn it is among connections that have more to be handled than fits into a slice of their own. All of them share
 * one slice in each turn of the clock, so that others wait no longer when there are many of them.
 */
export class ReadTurns {
  readonly clock: Clock
  /** Turns of the clock, as far as they were to be counted. */
  number = 0
  readonly #sliceMs: number
  #waiting: ReadSlices[] = []
  #scheduled = false

  constructor(clock: Clock, sliceMs: number) {
    this.clock = clock
    this.#sliceMs = sliceMs
  }

  /** To be called once until its `turn` has come. */
  wait(reader: ReadSlices): void {
    this.#waiting.push(reader)
    this.#schedule()
  }

  /** Counts the next turn, even if nobody waits for it. */
  count(): void {
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.clock.defer(() => {
      this.#scheduled = false
      this.number++
      if (this.#waiting.length > 0) this.#turn()
    })
  }

  /** In the order in which they came; who is not through waits again behind the others. */
  #turn(): void {
    const readers = this.#waiting
    this.#waiting = []
    const untilMs = this.clock.now() + this.#sliceMs
    let done = 0
    try {
      do readers[done++]?.turn(untilMs)
      while (done < readers.length && this.clock.now() < untilMs)
    } finally {
      // Those that had no time left are before those that had.
      this.#waiting = readers.slice(done).concat(this.#waiting)
      if (this.#waiting.length > 0) this.#schedule()
    }
  }
}
