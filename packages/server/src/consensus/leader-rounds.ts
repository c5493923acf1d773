import type { Member } from '../edge/member.ts'

export interface LeaderRoundsParts {
  readonly member: Pick<Member, 'clock' | 'consensus' | 'state'>
  /** From the beginning of leadership, or the end of a round, to the next. 0: never. */
  readonly intervalMs: number
  readonly round: (signal: AbortSignal) => Promise<void>
  /** While there is nothing to do, no timer runs. */
  readonly isWanted: () => boolean
}

/** Something that the leader does every so often, one at a time. */
export class LeaderRounds {
  readonly #parts: LeaderRoundsParts
  readonly #closing = new AbortController()
  #timer: unknown
  #isUnderWay = false

  constructor(parts: LeaderRoundsParts) {
    this.#parts = parts
  }

  /** To be called when leadership, or what `isWanted` looks at, has changed. */
  changed(): void {
    const { member, intervalMs, isWanted } = this.#parts
    const { consensus, clock } = member
    const isDue = consensus.isLeader && intervalMs > 0 && isWanted()
    if (!isDue || this.#closing.signal.aborted) return this.#disarm()
    if (this.#isUnderWay) return
    this.#timer ??= clock.setTimer(intervalMs, () => {
      this.#timer = undefined
      this.#run()
    })
  }

  close(): void {
    this.#closing.abort()
    this.#disarm()
  }

  #run(): void {
    const { member, round } = this.#parts
    this.#isUnderWay = true
    const over = (): void => {
      this.#isUnderWay = false
      this.changed()
    }
    round(this.#closing.signal).then(over, (error: unknown) => {
      over()
      if (this.#closing.signal.aborted) return
      // Whatever is expected to go wrong was dealt with in the round.
      member.state.background.add(() => {
        throw error
      })
    })
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#parts.member.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }
}
