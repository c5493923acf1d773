import type { Member } from '../edge/member.ts'
import * as limits from '../limits.ts'
import type { Replica } from './replica.ts'

/**
 * A member that starts may wait for most of an election timeout less than one that runs, once it sees two others: if there
 * were a leader, it would have been heard of by then. Never in a cluster of two, where one connection proves nothing.
 */
export class ElectionAdvance {
  readonly #member: Member
  readonly #replica: Pick<Replica, 'advanceElection' | 'peers'>
  #timer: unknown

  constructor(member: Member, replica: Pick<Replica, 'advanceElection' | 'peers'>) {
    this.#member = member
    this.#replica = replica
  }

  start(): void {
    const { clock, options } = this.#member
    if (options.initialElectionTickAdvance) this.#look(clock.now() + limits.electionAdvanceWindowMs)
  }

  close(): void {
    if (this.#timer !== undefined) this.#member.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #look(untilMs: number): void {
    const { clock, consensus, logger } = this.#member
    this.#timer = undefined
    if (consensus.leader !== 0n || clock.now() > untilMs) return
    if (this.#replica.peers.transport.activePeers() < 2) {
      this.#timer = clock.setTimer(limits.electionAdvanceCheckMs, () => this.#look(untilMs))
      return
    }
    logger.info('initialized peer connections; fast-forwarding election ticks', {
      'active-remote-members': this.#replica.peers.transport.activePeers(),
    })
    this.#replica.advanceElection()
  }
}
