import type { Http2Connection } from './connection.ts'
import { Http2Error } from './errors.ts'
import { Alarm } from './timers.ts'

export interface KeepaliveOptions {
  /** A connection that was silent for so long is pinged. */
  readonly intervalMs: number
  /** One that stays silent for so long after the ping is dropped. */
  readonly timeoutMs: number
  /** Ping also while no stream is open. */
  readonly permitWithoutStreams: boolean
}

/** Finds dead peers by pings. It looks at the clock once per interval, not once per frame. */
export class Keepalive {
  readonly #connection: Http2Connection
  readonly #options: KeepaliveOptions
  readonly #alarm = new Alarm(nowMs => this.#expired(nowMs))
  /** When the unanswered ping was sent. */
  #pingedAtMs: number | undefined

  constructor(connection: Http2Connection, options: KeepaliveOptions) {
    this.#connection = connection
    this.#options = options
  }

  start(): void {
    const { timers } = this.#connection
    timers.add(this.#alarm, timers.clock.now() + this.#options.intervalMs)
  }

  stop(): void {
    this.#connection.timers.remove(this.#alarm)
  }

  #expired(nowMs: number): void {
    const connection = this.#connection
    if (this.#pingedAtMs !== undefined && connection.nowMs < this.#pingedAtMs) {
      connection.destroy(new Http2Error('CANCEL', 'keepalive ping was not answered'))
      return
    }
    this.#pingedAtMs = undefined
    const silentMs = nowMs - connection.nowMs
    const due = this.#options.permitWithoutStreams || connection.streams.size > 0
    if (silentMs < this.#options.intervalMs || !due) {
      const waitMs = due ? this.#options.intervalMs - silentMs : this.#options.intervalMs
      connection.timers.add(this.#alarm, nowMs + Math.max(1, waitMs))
      return
    }
    this.#pingedAtMs = nowMs
    connection.ping(() => {})
    connection.timers.add(this.#alarm, nowMs + this.#options.timeoutMs)
  }
}
