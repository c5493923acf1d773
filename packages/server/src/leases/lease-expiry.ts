import { encodeLeaseRevokeRequest } from '@kvs/proto/rpc'
import { LeaderProposal } from '../consensus/waiting.ts'
import type { Member } from '../edge/member.ts'
import * as limits from '../limits.ts'
import { OperationField } from '../requests/entry.ts'
import { DueTimer } from './due-timer.ts'

/**
 * Revokes leases whose time is up, through the log like any other request: clocks decide only when the leader asks. One
 * timer, armed for the next lease that may expire.
 */
export class LeaseExpiry {
  readonly #member: Member
  /** Revocations that are proposed and not yet through. */
  #onTheirWay = 0
  #isAsking = false
  readonly #timer: DueTimer

  constructor(member: Member) {
    this.#member = member
    this.#timer = new DueTimer({
      clock: member.clock,
      nextMs: () => member.state.lessor.nextExpiryMs(),
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

  /** A leader that was held up may be none any more, and its leases may have been renewed elsewhere: it asks first. */
  #due(): void {
    if (this.#member.leadsSurely) return this.#revokeExpired()
    if (this.#isAsking) return
    this.#isAsking = true
    const answered = (): void => {
      this.#isAsking = false
      if (!this.#timer.isClosed) this.#revokeExpired()
    }
    this.#member.readLinearizable({ applied: answered, refused: answered })
  }

  #revokeExpired(): void {
    const room = this.#member.leadsSurely ? limits.parallelRevokesMax - this.#onTheirWay : 0
    if (room > 0) for (const id of this.#member.state.lessor.expired(room)) this.#revoke(id)
    if (this.#onTheirWay < limits.parallelRevokesMax) this.changed()
  }

  /**
   * The lessor hands a lease out again if its revocation gets lost. Another leader has given the lease new time, and must
   * not hear of it.
   */
  #revoke(id: bigint): void {
    const { clock, state } = this.#member
    this.#onTheirWay++
    const refused = (): void => {
      this.#onTheirWay--
      this.changed()
    }
    const applied = (): void => {
      state.metrics.leasesExpired++
      refused()
    }
    const body = encodeLeaseRevokeRequest({ id })
    const proposal = new LeaderProposal(clock.now(), { applied, refused }, state.auth.ownCaller())
    this.#member.propose(OperationField.leaseRevoke, body, 0, body.length, proposal)
  }
}
