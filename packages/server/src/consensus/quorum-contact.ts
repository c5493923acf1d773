import { type Message, MessageType } from '@kvs/raft'

/**
 * When a leader last heard from the others. One that hears from no majority may go on for two election timeouts before it
 * knows better, and another may lead by then: what only a leader may say must not be said so long.
 */
export class QuorumContact {
  readonly #heardMs = new Map<bigint, number>()

  /** A message came. Only answers of this term count: they say that their sender followed a moment ago. */
  heard({ type, from, term }: Pick<Message, 'type' | 'from' | 'term'>, at: { term: number; nowMs: number }): void {
    if (term !== at.term) return
    if (type === MessageType.MsgHeartbeatResp || type === MessageType.MsgAppResp) this.#heardMs.set(from, at.nowMs)
  }

  /** Leadership has changed: what was heard was said to another. */
  reset(): void {
    this.#heardMs.clear()
  }

  /** Whether a majority of the voters, this member being one of them or not, was heard from since then. */
  hasMajority(voters: readonly bigint[], since: { readonly selfId: bigint; readonly fromMs: number }): boolean {
    let fresh = 0
    for (const id of voters) {
      if (id === since.selfId || (this.#heardMs.get(id) ?? Number.NEGATIVE_INFINITY) >= since.fromMs) fresh++
    }
    return fresh > voters.length / 2
  }
}
