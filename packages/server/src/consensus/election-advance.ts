import { formatId } from '@kvs/membership'
import { formatDuration } from '../duration.ts'
import type { Member } from '../edge/member.ts'
import * as limits from '../limits.ts'
import { electionTicksOf } from '../options.ts'
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
    const { clock, logger, options } = this.#member
    const ticks = { 'election-ticks': electionTicksOf(options) }
    if (!options.initialElectionTickAdvance) return logger.info('skipping initial election tick advance', ticks)
    logger.info('starting initial election tick advance', ticks)
    this.#look(clock.now() + limits.electionAdvanceWindowMs)
  }

  close(): void {
    if (this.#timer !== undefined) this.#member.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #look(untilMs: number): void {
    const { clock, consensus, logger, options } = this.#member
    this.#timer = undefined
    if (consensus.leader !== 0n || clock.now() > untilMs) return
    if (this.#replica.peers.transport.activePeers() < 2) {
      this.#timer = clock.setTimer(limits.electionAdvanceCheckMs, () => this.#look(untilMs))
      return
    }
    const ticks = electionTicksOf(options) - 2
    logger.info('initialized peer connections; fast-forwarding election ticks', {
      'local-member-id': formatId(this.#member.id),
      'forward-ticks': ticks,
      'forward-duration': formatDuration(ticks * options.heartbeatIntervalMs),
      'election-ticks': electionTicksOf(options),
      'election-timeout': formatDuration(options.electionTimeoutMs),
      'active-remote-members': this.#replica.peers.transport.activePeers(),
    })
    this.#replica.advanceElection(ticks)
  }
}
