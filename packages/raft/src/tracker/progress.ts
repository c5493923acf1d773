import { broken } from '../assert.ts'
import type { Inflights } from './inflights.ts'

/**
 * How the leader sends to a follower: `probe` one message at a time until it is known where the logs meet, `replicate`
 * many at once on trust, `snapshot` nothing until the follower has restored one.
 */
export type ProgressState = 'probe' | 'replicate' | 'snapshot'

/** What the leader knows of one follower's log (paper 5.3, figure 2: nextIndex and matchIndex). */
export class Progress {
  /** Highest index known to be equal and durable there. */
  match: number
  /** Index of the next entry to send. `match < next` always. */
  next: number
  state: ProgressState = 'probe'
  /** Commit index sent last in an append, so that the same news is not told twice. */
  sentCommit = 0
  /** Index of the snapshot under way, in state `snapshot`. */
  pendingSnapshot = 0
  /** Something was heard of it within the last election timeout. */
  recentActive: boolean
  /** Appends are held back: one is on its way (probe), or the window is full (replicate). */
  appendPaused = false
  readonly inflights: Inflights
  isLearner: boolean

  constructor(init: {
    readonly match: number
    readonly next: number
    readonly inflights: Inflights
    readonly isLearner: boolean
    readonly recentActive: boolean
  }) {
    this.match = init.match
    this.next = init.next
    this.inflights = init.inflights
    this.isLearner = init.isLearner
    this.recentActive = init.recentActive
  }

  #reset(state: ProgressState): void {
    this.appendPaused = false
    this.pendingSnapshot = 0
    this.state = state
    this.inflights.reset()
  }

  becomeProbe(): void {
    // After a snapshot the follower is known to hold at least what it restored.
    const behindSnapshot = this.state === 'snapshot' ? this.pendingSnapshot + 1 : 0
    this.#reset('probe')
    this.next = Math.max(this.match + 1, behindSnapshot)
    this.sentCommit = Math.min(this.sentCommit, this.next - 1)
  }

  becomeReplicate(): void {
    this.#reset('replicate')
    this.next = this.match + 1
  }

  becomeSnapshot(index: number): void {
    this.#reset('snapshot')
    this.pendingSnapshot = index
    this.next = index + 1
    this.sentCommit = index
  }

  /** Entries were sent: moves on by trust (replicate) or waits (probe). */
  sentEntries(count: number, bytes: number): void {
    if (this.state === 'replicate') {
      if (count > 0) {
        this.next += count
        this.inflights.add(this.next - 1, bytes)
      }
      this.appendPaused = this.inflights.isFull()
      return
    }
    if (this.state !== 'probe') broken(`entries were sent to a follower in state ${this.state}`)
    if (count > 0) this.appendPaused = true
  }

  /** Whether an append with this commit index would tell the follower something about commits. */
  canBumpCommit(index: number): boolean {
    // Sending commit indexes beyond next - 1 is useless: the follower cannot commit what it does not have.
    return index > this.sentCommit && this.sentCommit < this.next - 1
  }

  noteSentCommit(index: number): void {
    this.sentCommit = index
  }

  /** The follower acknowledged `index`. False if that is no news. */
  maybeUpdate(index: number): boolean {
    if (index <= this.match) return false
    this.match = index
    this.next = Math.max(this.next, index + 1)
    this.appendPaused = false
    return true
  }

  /**
   * The follower rejected an append after `rejected`, and has at most `matchHint` in common with us. False if the
   * rejection is stale (an older message, overtaken by what is known).
   */
  maybeDecreaseTo(rejected: number, matchHint: number): boolean {
    if (this.state === 'replicate') {
      if (rejected <= this.match) return false
      this.next = this.match + 1
      this.sentCommit = Math.min(this.sentCommit, this.next - 1)
      return true
    }
    if (this.next - 1 !== rejected) return false
    this.next = Math.max(Math.min(rejected, matchHint + 1), this.match + 1)
    this.sentCommit = Math.min(this.sentCommit, this.next - 1)
    this.appendPaused = false
    return true
  }

  isPaused(): boolean {
    return this.state === 'snapshot' || this.appendPaused
  }
}

const stateNames = { probe: 'StateProbe', replicate: 'StateReplicate', snapshot: 'StateSnapshot' } as const

/** `StateProbe match=0 next=1 learner paused pendingSnap=4 inactive inflight=2[full]`, extras only where true. */
export function describeProgress(progress: Progress): string {
  const { inflights } = progress
  let text = `${stateNames[progress.state]} match=${progress.match} next=${progress.next}`
  if (progress.isLearner) text += ' learner'
  if (progress.isPaused()) text += ' paused'
  if (progress.pendingSnapshot > 0) text += ` pendingSnap=${progress.pendingSnapshot}`
  if (!progress.recentActive) text += ' inactive'
  if (inflights.count > 0) text += ` inflight=${inflights.count}${inflights.isFull() ? '[full]' : ''}`
  return text
}
