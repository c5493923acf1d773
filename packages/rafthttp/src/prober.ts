import { Attempt } from './attempt.ts'
import type { TransportContext } from './context.ts'
import type { PeerCounters } from './counters.ts'
import { RaftHttpError, reasonOf, texts } from './errors.ts'
import { formatPeerId, paths } from './headers.ts'
import {
  bodyBytesMax,
  clockDifferenceWarnMs,
  probeCheckHealthyMs,
  probeCheckUnhealthyMs,
  roundTripWeight,
} from './limits.ts'
import { textOf } from './post-reply.ts'
import { parseRfc3339 } from './rfc3339.ts'
import { UrlPicker } from './url-picker.ts'

/** What probing has found out about a peer. */
export interface ProbeStatus {
  readonly isHealthy: boolean
  /** Smoothed; undefined before the first answer. */
  readonly roundTripMs: number | undefined
  /** This member's wall clock minus the peer's; undefined before the first answer. */
  readonly clockDifferenceMs: number | undefined
  /** Why the last probe failed. */
  readonly error: string | undefined
}

/** Asks a peer at regular intervals for its time: is it there, how long does an answer take, how far apart are the clocks. */
export class Prober {
  readonly #context: TransportContext
  readonly #peerId: bigint
  readonly #counters: PeerCounters
  readonly #stop = new AbortController()
  #picker: UrlPicker
  #probeTimer: unknown
  #checkTimer: unknown
  #isHealthy = false
  #roundTripMs: number | undefined
  #clockDifferenceMs: number | undefined
  #error: string | undefined

  constructor(context: TransportContext, peerId: bigint, urls: readonly string[], counters: PeerCounters) {
    this.#context = context
    this.#peerId = peerId
    this.#counters = counters
    this.#picker = new UrlPicker(urls)
  }

  get status(): ProbeStatus {
    return {
      isHealthy: this.#isHealthy,
      roundTripMs: this.#roundTripMs,
      clockDifferenceMs: this.#clockDifferenceMs,
      error: this.#error,
    }
  }

  start(): void {
    const { probeIntervalMs } = this.#context.times
    // Members that start together need not probe together.
    this.#arm(1 + this.#context.random.below(probeIntervalMs))
    this.#armCheck(probeCheckUnhealthyMs)
  }

  /** Probes elsewhere from now on. */
  update(urls: readonly string[]): void {
    this.#picker = new UrlPicker(urls)
  }

  stop(): void {
    this.#stop.abort(new RaftHttpError('STOPPED', texts.stopped))
    for (const timer of [this.#probeTimer, this.#checkTimer]) {
      if (timer !== undefined) this.#context.clock.clearTimer(timer)
    }
  }

  #arm(delayMs: number): void {
    this.#probeTimer = this.#context.clock.setTimer(delayMs, () => {
      this.#arm(this.#context.times.probeIntervalMs)
      const picker = this.#picker
      const url = picker.pick()
      this.#probe(url).catch((error: unknown) => {
        if (this.#stop.signal.aborted) return
        picker.failed(url)
        this.#isHealthy = false
        this.#error = reasonOf(error)
      })
    })
  }

  async #probe(url: string): Promise<void> {
    const { clock, times, wire } = this.#context
    const where = `${url}${paths.probing}`
    const attempt = new Attempt(clock, times.probeIntervalMs, `get ${where}`, this.#stop.signal)
    const startMs = clock.now()
    try {
      const reply = await wire.request({
        url,
        method: 'GET',
        path: paths.probing,
        headers: [],
        isRepeatable: true,
        replyBytesMax: bodyBytesMax,
        signal: attempt.signal,
      })
      const theirMs = timeIn(reply.status, textOf(reply), where)
      this.#answered(clock.now() - startMs, theirMs)
    } finally {
      attempt.done()
    }
  }

  #answered(roundTripMs: number, theirMs: number): void {
    const smoothed = this.#roundTripMs ?? roundTripMs
    this.#roundTripMs = (1 - roundTripWeight) * smoothed + roundTripWeight * roundTripMs
    this.#clockDifferenceMs = this.#context.clock.wallNow() - theirMs - roundTripMs / 2
    this.#isHealthy = true
    this.#error = undefined
    this.#counters.roundTrips.observe(roundTripMs / 1000)
  }

  #armCheck(delayMs: number): void {
    this.#checkTimer = this.#context.clock.setTimer(delayMs, () => {
      this.#armCheck(this.#isHealthy ? probeCheckHealthyMs : probeCheckUnhealthyMs)
      const { logger } = this.#context
      const fields = {
        'round-tripper-name': 'ROUND_TRIPPER_RAFT_MESSAGE',
        'remote-peer-id': formatPeerId(this.#peerId),
      }
      const rest = { rtt: shownMs(this.#roundTripMs), error: this.#error }
      if (!this.#isHealthy) logger.warn('prober detected unhealthy status', { ...fields, ...rest })
      const difference = this.#clockDifferenceMs ?? 0
      if (Math.abs(difference) > clockDifferenceWarnMs) {
        logger.warn('prober found high clock drift', { ...fields, 'clock-drift': shownMs(difference), ...rest })
      }
    })
  }
}

function shownMs(ms: number | undefined): string {
  return ms === undefined ? '0s' : `${Math.round(ms * 1000) / 1000}ms`
}

/** The peer's wall time in its answer. */
function timeIn(status: number, text: string, where: string): number {
  const time = status === 200 ? /"Now":"([^"]+)"/.exec(text)?.[1] : undefined
  const ms = time === undefined || !text.includes('"OK":true') ? undefined : parseRfc3339(time)
  if (ms === undefined) throw new RaftHttpError('BAD_REPLY', `${where}: status ${status}, ${text.slice(0, 100)}`)
  return ms
}
