import type { Http2Connection } from './connection.ts'
import { Http2Error } from './errors.ts'
import { Alarm } from './timers.ts'

/** A congested peer must take so much within the stall timeout. */
const MIN_PROGRESS_BYTES = 4_096

/** Gives up a peer that has much to read and takes next to nothing for a whole timeout; a slow one is left alone. */
export class StallWatch {
  readonly #connection: Http2Connection
  /** Bytes given to the pipe so far. */
  #handedBytes = 0
  #watchedBlocked = false
  #watchedProgress = 0
  readonly #alarm = new Alarm(nowMs => this.#expired(nowMs))

  constructor(connection: Http2Connection) {
    this.#connection = connection
  }

  /** Bytes were given to the pipe. */
  handed(bytes: number): void {
    this.#handedBytes += bytes
  }

  /** Output was written as far as it could be. */
  flushed(): void {
    if (this.#isCongested && this.#alarm.heapIndex < 0) this.#begin(this.#connection.timers.clock.now())
  }

  stop(): void {
    this.#connection.timers.remove(this.#alarm)
  }

  /** The peer has much to read: the pipe is full, or its windows are shut over long queues; or all have together. */
  get #isCongested(): boolean {
    const { sender, limits } = this.#connection
    return sender.blocked || sender.queuedBytes > limits.maxQueuedOutputBytes || this.#connection.owner.crowded()
  }

  /** Bytes that got away: out of the pipe if that is full, else DATA that the windows let pass. */
  get #progress(): number {
    const { sender, pipe } = this.#connection
    return sender.blocked ? this.#handedBytes - pipe.queuedBytes : sender.dataBytes
  }

  #begin(nowMs: number): void {
    this.#watchedBlocked = this.#connection.sender.blocked
    this.#watchedProgress = this.#progress
    this.#connection.timers.add(this.#alarm, nowMs + this.#connection.limits.stallTimeoutMs)
  }

  #expired(nowMs: number): void {
    if (!this.#isCongested) return
    const { blocked } = this.#connection.sender
    if (blocked !== this.#watchedBlocked || this.#progress - this.#watchedProgress >= MIN_PROGRESS_BYTES) {
      this.#begin(nowMs)
    } else if (blocked) this.#connection.destroy(new Http2Error('CANCEL', 'the peer has stopped reading'))
    else this.#connection.fail('ENHANCE_YOUR_CALM', 'the peer keeps its windows shut')
  }
}
