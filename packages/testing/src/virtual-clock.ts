interface Timer {
  readonly at: number
  readonly order: number
  callback: (() => void) | undefined
}

/**
 * Time that moves only when told. Timers fire in the order of their due times, those of one time in the order they were
 * set, so a run depends on nothing but its inputs. It has the shape of every `Clock` that kvs packages ask for.
 */
export class VirtualClock {
  readonly #wallStartMs: number
  #nowMs = 0
  #order = 0
  readonly #heap: Timer[] = []

  /** `wallStartMs`: what the wall clock shows at monotonic time 0, in milliseconds since 1970. */
  constructor(wallStartMs: number = Date.UTC(2026, 0, 1)) {
    this.#wallStartMs = wallStartMs
  }

  /** Monotonic milliseconds since the clock was made. */
  now(): number {
    return this.#nowMs
  }

  /** Milliseconds since 1970. */
  wallNow(): number {
    return this.#wallStartMs + this.#nowMs
  }

  /** Calls back once after `delayMs` (negative counts as 0). The result goes to `clearTimer`. */
  setTimer(delayMs: number, callback: () => void): unknown {
    const timer: Timer = { at: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback }
    this.#push(timer)
    return timer
  }

  clearTimer(timer: unknown): void {
    ;(timer as Timer).callback = undefined
  }

  /** Calls back after everything that is due now and was scheduled before. */
  defer(callback: () => void): void {
    this.#push({ at: this.#nowMs, order: this.#order++, callback })
  }

  /** Due time of the next timer that is still armed, or undefined. */
  nextAt(): number | undefined {
    this.#dropCleared()
    return this.#heap[0]?.at
  }

  /** Moves to the next armed timer and fires it; false if there is none. */
  step(): boolean {
    this.#dropCleared()
    const timer = this.#pop()
    if (timer === undefined) return false
    this.#nowMs = Math.max(this.#nowMs, timer.at)
    const callback = timer.callback
    timer.callback = undefined
    callback?.()
    return true
  }

  /** Fires everything due within the next `durationMs`, including what that sets, and ends at now + `durationMs`. */
  advance(durationMs: number): void {
    const until = this.#nowMs + durationMs
    for (let at = this.nextAt(); at !== undefined && at <= until; at = this.nextAt()) this.step()
    this.#nowMs = until
  }

  #dropCleared(): void {
    while (this.#heap.length > 0 && this.#heap[0]?.callback === undefined) this.#pop()
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(timer)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(timer, heap[parent] as Timer)) break
      heap[at] = heap[parent] as Timer
      at = parent
    }
    heap[at] = timer
  }

  #pop(): Timer | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined || heap.length === 0) return top
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child++
      if (!before(heap[child] as Timer, last)) break
      heap[at] = heap[child] as Timer
      at = child
    }
    heap[at] = last
    return top
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
