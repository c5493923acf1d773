import type { Clock } from '../ports.ts'
import { assert } from './errors.ts'

/** Timers of Node and of browsers count in 32 bits and fire at once beyond that. */
const MAX_DELAY_MS = 0x7fff_ffff

/** Something with a due time. Owned by one `Timers` while `heapIndex` is not -1. */
export interface Timed {
  /** In milliseconds of the clock; do not change while it waits. */
  dueMs: number
  heapIndex: number
  expire(nowMs: number): void
}

/** A due time with a callback, for things that are not hot. */
export class Alarm implements Timed {
  dueMs = 0
  heapIndex = -1
  readonly #callback: (nowMs: number) => void

  constructor(callback: (nowMs: number) => void) {
    this.#callback = callback
  }

  expire(nowMs: number): void {
    this.#callback(nowMs)
  }
}

/**
 * Any number of due times on one timer of the clock: a binary heap whose entries know their places, so that the deadline
 * of a call that ends in time is taken out again at once. Without entries no timer runs.
 */
export class Timers {
  readonly clock: Clock
  readonly #heap: Timed[] = []
  #timer: unknown
  /** When the running timer fires; infinite if none runs. */
  #firesAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.clock = clock
  }

  get length(): number {
    return this.#heap.length
  }

  /** Lets `entry` expire at `dueMs`; moves it if it waits already. */
  add(entry: Timed, dueMs: number): void {
    if (entry.heapIndex >= 0) this.remove(entry)
    entry.dueMs = dueMs
    this.#heap.push(entry)
    this.#up(entry, this.#heap.length - 1)
    if (dueMs < this.#firesAt) this.#arm(dueMs)
  }

  /** Nothing happens if it does not wait. */
  remove(entry: Timed): void {
    const index = entry.heapIndex
    if (index < 0) return
    assert(this.#heap[index] === entry, 'a timed entry belongs to another heap')
    entry.heapIndex = -1
    const last = this.#heap.pop()!
    if (last !== entry) {
      this.#up(last, index)
      this.#down(last, last.heapIndex)
    } else if (this.#heap.length === 0) this.#disarm()
  }

  #fire(): void {
    this.#timer = undefined
    this.#firesAt = Number.POSITIVE_INFINITY
    const nowMs = this.clock.now()
    for (let first = this.#heap[0]; first !== undefined && first.dueMs <= nowMs; first = this.#heap[0]) {
      this.remove(first)
      first.expire(nowMs)
    }
    const next = this.#heap[0]
    if (next !== undefined && next.dueMs < this.#firesAt) this.#arm(next.dueMs)
  }

  #arm(dueMs: number): void {
    this.#disarm()
    this.#firesAt = dueMs
    const delayMs = Math.ceil(dueMs - this.clock.now())
    this.#timer = this.clock.setTimer(Math.min(Math.max(0, delayMs), MAX_DELAY_MS), () => this.#fire())
  }

  #disarm(): void {
    if (this.#timer === undefined) return
    this.clock.clearTimer(this.#timer)
    this.#timer = undefined
    this.#firesAt = Number.POSITIVE_INFINITY
  }

  #up(entry: Timed, from: number): void {
    const heap = this.#heap
    let at = from
    while (at > 0) {
      const parent = heap[(at - 1) >> 1]!
      if (parent.dueMs <= entry.dueMs) break
      heap[at] = parent
      parent.heapIndex = at
      at = (at - 1) >> 1
    }
    heap[at] = entry
    entry.heapIndex = at
  }

  #down(entry: Timed, from: number): void {
    const heap = this.#heap
    let at = from
    for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.dueMs < heap[child]!.dueMs) child++
      const smaller = heap[child]!
      if (smaller.dueMs >= entry.dueMs) break
      heap[at] = smaller
      smaller.heapIndex = at
      at = child
    }
    heap[at] = entry
    entry.heapIndex = at
  }
}
