import { encodeLeaseCheckpointRequest } from '@kvs/proto/rpc'
import { LeaderProposal } from '../consensus/waiting.ts'
import type { Member } from '../edge/member.ts'
import { OperationField } from '../requests/entry.ts'
import { DueTimer } from './due-timer.ts'

/**
 * The leader tells the others now and then how much time long leases have left (feature `LeaseCheckpoint`), so that the
 * next leader does not give them all of it again. One timer, armed for the next lease whose turn it is.
 */
export class LeaseCheckpoints {
  readonly #member: Member
  readonly #timer: DueTimer

  constructor(member: Member) {
    this.#member = member
    this.#timer = new DueTimer({
      clock: member.clock,
      nextMs: () => member.state.lessor.nextCheckpointMs(),
      due: () => this.#due(),
    })
  }

  /** To be called when leases may have been granted or renewed, or leadership may have come. */
  changed(): void {
    this.#timer.changed()
  }

  close(): void {
    this.#timer.close()
  }

  #due(): void {
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
