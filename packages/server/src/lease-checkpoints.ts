import { encodeLeaseCheckpointRequest } from '@kvs/proto/rpc'
import type { Member } from './edge/member.ts'
import { OperationField } from './entry.ts'
import { LeaderProposal } from './waiting.ts'

/**
 * The leader tells the others now and then how much time long leases have left (feature `LeaseCheckpoint`), so that the
 * next leader does not give them all of it again. One timer, armed for the next lease whose turn it is.
 */
export class LeaseCheckpoints {
  readonly #member: Member
  #timer: unknown
  #timerAtMs = Number.POSITIVE_INFINITY
  #closed = false

  constructor(member: Member) {
    this.#member = member
  }

  /** To be called when leases may have been granted or renewed, or leadership may have come. */
  changed(): void {
    if (this.#closed) return
    const at = this.#member.state.lessor.nextCheckpointMs()
    if (at === undefined) return this.#disarm()
    if (at >= this.#timerAtMs) return
    this.#disarm()
    this.#timerAtMs = at
    const { clock } = this.#member
    this.#timer = clock.setTimer(Math.max(0, at - clock.now()), () => this.#due())
  }

  close(): void {
    this.#closed = true
    this.#disarm()
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#member.clock.clearTimer(this.#timer)
    this.#timer = undefined
    this.#timerAtMs = Number.POSITIVE_INFINITY
  }

  #due(): void {
    this.#disarm()
    const due = this.#member.state.lessor.dueCheckpoints()
    if (due.length > 0) {
      const checkpoints = due.map(({ id, remainingTtlSeconds: remainingTtl }) => ({ id, remainingTtl }))
      const body = encodeLeaseCheckpointRequest({ checkpoints })
      // One that gets lost is made up for by the next.
      const proposal = new LeaderProposal(this.#member.clock.now(), { applied: () => {}, refused: () => {} })
      this.#member.propose(OperationField.leaseCheckpoint, body, 0, body.length, proposal)
    }
    this.changed()
  }
}
