import { formatDuration } from './duration.ts'
import * as limits from './limits.ts'
import type { Clock, LogFields } from './parts.ts'

/** Where the time of a request went, in milliseconds. What is left of its time the answer took: it was put together. */
export interface Stages {
  /** It waited for its turn: to be proposed, to be written, to be applied; a read: to be confirmed. */
  readonly queueMs: number
  /** The log was written and synced. */
  readonly fsyncMs: number
  /** The other members had not said yet that they have it. */
  readonly networkMs: number
  /** A read: what was asked for was gathered. */
  readonly applyMs: number
}

/** A write of the log: its last entry, when it began and when it was durable. */
interface LogWrite {
  readonly lastIndex: number
  readonly startMs: number
  readonly endMs: number
}

/** From then on everything up to `index` was committed. */
interface Commit {
  readonly index: number
  readonly atMs: number
}

/**
 * When entries went through the log, noted per batch and only for a while, so that a request costs nothing until somebody
 * asks where its time went.
 */
export class StageTimes {
  readonly #clock: Pick<Clock, 'now'>
  readonly #writes: LogWrite[] = []
  readonly #commits: Commit[] = []

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** Notes what a write takes that ends with this entry; undefined: it has none. */
  async timed(lastIndex: number | undefined, write: () => Promise<void>): Promise<void> {
    if (lastIndex === undefined) return write()
    const startMs = this.#clock.now()
    await write()
    this.#writes.push({ lastIndex, startMs, endMs: this.#clock.now() })
    if (this.#writes.length > limits.stageBatchesKept) this.#writes.splice(0, limits.stageBatchesKept / 2)
  }

  committed(index: number): void {
    this.#commits.push({ index, atMs: this.#clock.now() })
    if (this.#commits.length > limits.stageBatchesKept) this.#commits.splice(0, limits.stageBatchesKept / 2)
  }

  /** The stages of an entry. What is no longer known is taken for waiting. */
  of(index: number, at: { readonly openedMs: number; readonly applyMs: number; readonly appliedMs: number }): Stages {
    const { openedMs, applyMs, appliedMs } = at
    const write = this.#writes.find(({ lastIndex }) => lastIndex >= index)
    const commit = this.#commits.find(each => each.index >= index)
    const startMs = Math.max(openedMs, write?.startMs ?? openedMs)
    // A leader's entry may be committed before it is durable here.
    const committedMs = Math.min(applyMs, commit?.atMs ?? startMs)
    const durableMs = Math.min(committedMs, write?.endMs ?? startMs)
    const fsyncMs = Math.max(0, durableMs - startMs)
    const networkMs = Math.max(0, committedMs - Math.max(durableMs, startMs))
    const queueMs = Math.max(0, applyMs - openedMs - fsyncMs - networkMs)
    return { queueMs, fsyncMs, networkMs, applyMs: appliedMs - applyMs }
  }
}

const names = { queue: 'queueMs', fsync: 'fsyncMs', network: 'networkMs', apply: 'applyMs', send: 'sendMs' } as const

/** Fields of a log line: the stage that took longest, and all of them. `totalMs`: what the request took. */
export function stageFields(stages: Stages, totalMs: number): LogFields {
  const { queueMs, fsyncMs, networkMs, applyMs } = stages
  const whole = { ...stages, sendMs: Math.max(0, totalMs - queueMs - fsyncMs - networkMs - applyMs) }
  const rows = Object.entries(names).map(([name, key]) => [name, whole[key]] as const)
  const [slowest] = [...rows].sort(([, a], [, b]) => b - a)
  return {
    'slowest stage': slowest?.[0],
    stages: Object.fromEntries(rows.map(([name, tookMs]) => [name, formatDuration(tookMs)])),
  }
}
