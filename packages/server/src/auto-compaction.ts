import { encodeCompactionRequest } from '@kvs/proto/rpc'
import { OwnProposal } from './consensus/waiting.ts'
import { formatDuration } from './duration.ts'
import type { Member } from './edge/member.ts'
import type { Refusal } from './errors.ts'
import * as limits from './limits.ts'
import { OperationField } from './requests/entry.ts'

/**
 * Compacts by itself, while this member leads. `periodic` keeps the history of a time: it samples the revision ten times
 * per period (or hour, if that is less), and begins when the first period is over. `revision` keeps so many revisions.
 * What fails is tried again with the next sample.
 */
export interface AutoCompaction {
  close(): void
}

/** Starts it; undefined where the options want none. */
export function startAutoCompaction(member: Member): AutoCompaction | undefined {
  const { autoCompactionMode: mode, autoCompactionRetention: retention } = member.options
  if (retention === 0) return undefined
  return mode === 'periodic' ? new PeriodicCompaction(member, retention) : new RevisionCompaction(member, retention)
}

/** The timer both have, which never runs twice. */
class Ticker {
  readonly #member: Member
  #timer: unknown

  constructor(member: Member) {
    this.#member = member
  }

  arm(delayMs: number, callback: () => void): void {
    this.#timer = this.#member.clock.setTimer(delayMs, callback)
  }

  close(): void {
    if (this.#timer !== undefined) this.#member.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }
}

class PeriodicCompaction implements AutoCompaction {
  readonly #member: Member
  readonly #periodMs: number
  readonly #intervalMs: number
  readonly #ticker: Ticker
  /** Samples of the revision; once all are there, the first is that of a period ago. */
  readonly #revisions: number[] = []
  #lastSuccessMs: number
  #isFirst = true
  #closed = false

  constructor(member: Member, periodMs: number) {
    this.#member = member
    this.#periodMs = periodMs
    this.#intervalMs = Math.min(periodMs, limits.periodicCompactionIntervalMsMax)
    this.#lastSuccessMs = member.clock.now()
    this.#ticker = new Ticker(member)
    this.#sample()
  }

  close(): void {
    this.#closed = true
    this.#ticker.close()
  }

  get #sampleMs(): number {
    return this.#intervalMs / limits.periodicCompactionSamples
  }

  #sample(): void {
    if (this.#closed) return
    const samplesMax = Math.floor(this.#periodMs / this.#sampleMs) + 1
    this.#revisions.push(this.#member.state.store.revision)
    if (this.#revisions.length > samplesMax) this.#revisions.shift()
    this.#ticker.arm(this.#sampleMs, () => this.#due())
  }

  #due(): void {
    const { clock, consensus } = this.#member
    const waitMs = this.#isFirst ? this.#periodMs : this.#intervalMs
    if (!consensus.isLeader || clock.now() - this.#lastSuccessMs < waitMs) return this.#sample()
    this.#isFirst = false
    this.#compact(this.#revisions[0] as number)
  }

  #compact(revision: number): void {
    const { clock, logger } = this.#member
    const fields = { revision, 'compact-period': formatDuration(this.#periodMs) }
    const startMs = clock.now()
    logger.info('starting auto periodic compaction', fields)
    propose(this.#member, revision, refusal => {
      if (refusal === undefined) {
        this.#lastSuccessMs = clock.now()
        logger.info('completed auto periodic compaction', {
          ...fields,
          took: formatDuration(this.#lastSuccessMs - startMs),
        })
      } else {
        const retry = { 'retry-interval': formatDuration(this.#sampleMs), error: refusal.message }
        logger.warn('failed auto periodic compaction', { ...fields, ...retry })
      }
      this.#sample()
    })
  }
}

class RevisionCompaction implements AutoCompaction {
  readonly #member: Member
  readonly #retention: number
  readonly #ticker: Ticker
  #lastRevision = 0
  #closed = false

  constructor(member: Member, retention: number) {
    this.#member = member
    this.#retention = retention
    this.#ticker = new Ticker(member)
    this.#wait()
  }

  close(): void {
    this.#closed = true
    this.#ticker.close()
  }

  #wait(): void {
    if (!this.#closed) this.#ticker.arm(limits.revisionCompactionIntervalMs, () => this.#due())
  }

  #due(): void {
    const { consensus, state } = this.#member
    const revision = state.store.revision - this.#retention
    if (!consensus.isLeader || revision <= 0 || revision === this.#lastRevision) return this.#wait()
    this.#compact(revision)
  }

  #compact(revision: number): void {
    const { clock, logger } = this.#member
    const fields = { revision, 'revision-compaction-retention': this.#retention }
    const startMs = clock.now()
    logger.info('starting auto revision compaction', fields)
    propose(this.#member, revision, refusal => {
      if (refusal === undefined) {
        this.#lastRevision = revision
        const took = formatDuration(clock.now() - startMs)
        logger.info('completed auto revision compaction', { ...fields, took })
      } else {
        const retry = { 'retry-interval': formatDuration(limits.revisionCompactionIntervalMs), error: refusal.message }
        logger.warn('failed auto revision compaction', { ...fields, ...retry })
      }
      this.#wait()
    })
  }
}

/** Calls back with why it failed; what is compacted already is as good as done. */
function propose(member: Member, revision: number, done: (refusal: Refusal | undefined) => void): void {
  const body = encodeCompactionRequest({ revision })
  const proposal = new OwnProposal(member.clock.now(), {
    applied: () => done(undefined),
    refused: refusal => done(refusal.code === 'COMPACTED' ? undefined : refusal),
  })
  member.propose(OperationField.compaction, body, 0, body.length, proposal)
}
