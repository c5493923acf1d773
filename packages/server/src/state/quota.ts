import type { Backend } from '@kvs/backend'
import { AlarmRequestAlarmAction as Action, AlarmType, encodeAlarmRequest } from '@kvs/proto/rpc'
import { OwnProposal } from '../consensus/waiting.ts'
import type { Member } from '../edge/member.ts'
import { OperationField } from '../requests/entry.ts'

/**
 * How large this member's state file may become. A member that reaches its quota raises the NOSPACE alarm, which stops
 * the whole cluster from growing: only the alarm is replicated, for files of one state differ in size.
 */
export class Quota {
  readonly #member: Pick<Member, 'id' | 'clock' | 'propose'>
  readonly #backend: Pick<Backend, 'sizes'>
  readonly #limitBytes: number
  #lackedSpace = false
  /** Who waits for the alarm that is on its way. */
  #waiting: (() => void)[] = []

  /** `limitBytes` 0: none. */
  constructor(parts: {
    readonly member: Pick<Member, 'id' | 'clock' | 'propose'>
    readonly backend: Pick<Backend, 'sizes'>
    readonly limitBytes: number
  }) {
    this.#member = parts.member
    this.#backend = parts.backend
    this.#limitBytes = parts.limitBytes
  }

  /** Whether there is room for a request of this cost. What costs nothing always passes. */
  admits(costBytes: number): boolean {
    if (costBytes === 0 || this.#limitBytes === 0) return true
    return this.#backend.sizes().allocatedBytes + costBytes < this.#limitBytes
  }

  /**
   * To be called after every turn. The alarm is also raised, once each time that space runs out, when the disk has no room
   * for the next segment of the log: most of the current one is left then, so that the alarm itself can be written.
   */
  diskChanged(lacksSpace: boolean): void {
    const isNew = lacksSpace && !this.#lackedSpace
    this.#lackedSpace = lacksSpace
    if (isNew) this.raiseAlarm(() => {})
  }

  /** Raises this member's alarm, and calls back when that is through, or cannot be. */
  raiseAlarm(then: () => void): void {
    this.#waiting.push(then)
    if (this.#waiting.length > 1) return
    const body = encodeAlarmRequest({ action: Action.ACTIVATE, memberId: this.#member.id, alarm: AlarmType.NOSPACE })
    const over = (): void => {
      const waiting = this.#waiting
      this.#waiting = []
      for (const callback of waiting) callback()
    }
    const proposal = new OwnProposal(this.#member.clock.now(), { applied: over, refused: over })
    this.#member.propose(OperationField.alarm, body, 0, body.length, proposal)
  }
}
