import {
  type BasicStatus,
  type Entry,
  EntryType,
  type HardState,
  type Message,
  MessageType,
  type RaftStorage,
} from '../src/index.ts'
import type { TrackerConfig } from '../src/tracker/config.ts'

/* What must hold in every world of raft nodes, whatever is lost, late, torn or restarted. */

/** What the checks see of one node. `disk` holds what is durable, and nothing else. */
export interface Observed {
  readonly id: bigint
  readonly disk: RaftStorage
  /** The log in memory by index, as far as it was seen; holes where a snapshot stands for it. */
  readonly view: (Entry | undefined)[]
}

class Violation extends Error {
  override readonly name: string = 'Violation'
}

function check(holds: boolean, what: () => string): asserts holds {
  if (!holds) throw new Violation(what())
}

export class Invariants {
  /** Highest index that any node knew to be committed. */
  committed = 0
  readonly #disks: ReadonlyMap<bigint, RaftStorage>
  readonly #leaders = new Map<number, bigint>()
  /** By term and index: the entry, and the term of the one before it. */
  readonly #entries = new Map<string, { readonly entry: Entry; readonly previousTerm: number }>()
  /** By index: what is committed, and in which term that became known. */
  readonly #log: { readonly entry: Entry; readonly inTerm: number }[] = []
  readonly #hashes: number[] = []
  readonly #votes = new Map<string, bigint>()
  readonly #lastTerms = new Map<bigint, number>()

  constructor(disks: ReadonlyMap<bigint, RaftStorage>) {
    this.#disks = disks
  }

  /** The entries a group begins with: committed on all founders. */
  found(entries: readonly Entry[]): void {
    for (const entry of entries) this.#log[entry.index] = { entry, inTerm: entry.term }
    this.committed = entries.length
  }

  /** After whatever a node did. Only a leader may be the first to know of a commit. */
  observe(node: Observed, status: BasicStatus, configOf: () => TrackerConfig): void {
    const { hardState, softState, applied } = status
    const { term, commit } = hardState
    check(applied <= commit, () => `${node.id} applied ${applied} beyond its commit index ${commit}`)
    check(term >= (this.#lastTerms.get(node.id) ?? 0), () => `term of ${node.id} went back to ${term}`)
    this.#lastTerms.set(node.id, term)
    if (softState.raftState === 'leader') this.#electionSafety(node, term)
    if (commit <= this.committed) return
    check(softState.raftState === 'leader', () => `${node.id}, no leader, was the first to commit ${commit}`)
    this.#committedIsDurable(node, configOf(), { term, commit })
  }

  /** A process that starts again begins from its disk. */
  restarted(id: bigint, term: number): void {
    this.#lastTerms.set(id, term)
  }

  #electionSafety(node: Observed, term: number): void {
    const known = this.#leaders.get(term)
    if (known === node.id) return
    check(known === undefined, () => `ElectionSafety: ${known} and ${node.id} both lead in term ${term}`)
    this.#leaders.set(term, node.id)
    // LeaderCompleteness: what was committed in earlier terms stands in the log of every later leader.
    for (let index = node.view.length; index <= this.committed; index++) {
      check(this.#committedAt(index).inTerm >= term, () => `LeaderCompleteness: leader ${node.id} lacks entry ${index}`)
    }
    for (const entry of node.view) {
      if (entry === undefined || entry.index > this.committed) continue
      const { entry: known, inTerm } = this.#committedAt(entry.index)
      check(
        known.term === entry.term || inTerm >= term,
        () => `LeaderCompleteness: leader ${node.id} has another entry ${entry.index} than was committed`,
      )
    }
  }

  #committedAt(index: number): { readonly entry: Entry; readonly inTerm: number } {
    const committed = this.#log[index]
    check(committed !== undefined, () => `nothing is known of the committed entry ${index}`)
    return committed
  }

  #committedIsDurable(
    node: Observed,
    config: TrackerConfig,
    to: { readonly term: number; readonly commit: number },
  ): void {
    for (let index = this.committed + 1; index <= to.commit; index++) {
      const entry = node.view[index]
      check(entry !== undefined, () => `${node.id} committed ${index}, which nobody was told to write`)
      for (const half of [config.incoming, config.outgoing]) {
        const holders = [...half].filter(id => this.#diskHas(id, entry))
        check(
          half.size === 0 || holders.length > half.size / 2,
          () => `CommittedIsDurable: ${node.id} committed ${index}, only on disk at ${holders} of ${[...half]}`,
        )
      }
      this.#log[index] = { entry, inTerm: to.term }
    }
    this.committed = to.commit
  }

  #diskHas(id: bigint, { index, term }: Entry): boolean {
    const disk = this.#disks.get(id)
    if (disk === undefined || index > disk.lastIndex()) return false
    return index < disk.firstIndex() - 1 || disk.term(index) === term
  }

  /** LogMatching, kept up entry by entry: a pair of term and index names one entry and, through it, all before. */
  appended(node: Observed, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const previousTerm = node.view[entry.index - 1]?.term ?? 0
      const key = `${entry.term}/${entry.index}`
      const known = this.#entries.get(key)
      if (known === undefined) {
        this.#entries.set(key, { entry, previousTerm })
        continue
      }
      check(
        known.entry.type === entry.type && sameBytes(known.entry.data, entry.data),
        () => `LogMatching: two entries ${key}`,
      )
      check(
        known.previousTerm === previousTerm || node.view[entry.index - 1] === undefined,
        () => `LogMatching: two logs before ${key}: terms ${known.previousTerm} and ${previousTerm}`,
      )
    }
    if (entries.some(({ type }) => type !== EntryType.EntryNormal)) this.#onePendingChange(node)
  }

  #onePendingChange({ id, view }: Observed): void {
    const pending = view
      .slice(this.committed + 1)
      .filter(entry => entry !== undefined && entry.type !== EntryType.EntryNormal)
    check(pending.length <= 1, () => `${id} has ${pending.length} uncommitted configuration changes`)
  }

  /** Before a write: what is on disk never goes back, and committed entries are not overwritten. */
  writing(node: Observed, state: HardState, entries: readonly Entry[]): void {
    const { hardState } = node.disk.initialState()
    check(state.term >= hardState.term, () => `${node.id} writes term ${state.term} after ${hardState.term}`)
    check(state.commit >= hardState.commit, () => `${node.id} writes commit ${state.commit} after ${hardState.commit}`)
    check(
      state.term > hardState.term || hardState.vote === 0n || state.vote === hardState.vote,
      () => `VotesGranted: ${node.id} takes back its vote for ${hardState.vote} in term ${state.term}`,
    )
    for (const entry of entries) {
      if (entry.index > this.committed) return
      const { entry: known } = this.#committedAt(entry.index)
      check(
        known.term === entry.term || !this.#diskHas(node.id, known),
        () => `${node.id} overwrites the committed entry ${entry.index} on its disk`,
      )
    }
  }

  /** A message leaves: what it promises must be on the disk of its sender. */
  sending(message: Message, disk: RaftStorage): void {
    const { type, from, to, term, reject } = message
    if (reject) return
    const { hardState } = disk.initialState()
    if (type === MessageType.MsgAppResp) {
      // What was acknowledged in an older term may have been replaced since by the leader of a newer one.
      check(
        message.index <= disk.lastIndex() || hardState.term > term,
        () => `${from} acknowledges ${message.index} in term ${term}, its disk ends at ${disk.lastIndex()}`,
      )
    }
    if (type !== MessageType.MsgVoteResp) return
    check(
      hardState.term > term || (hardState.term === term && hardState.vote === to),
      () => `${from} votes for ${to} in term ${term}, its disk has ${hardState.vote} in ${hardState.term}`,
    )
    const key = `${from}/${term}`
    const given = this.#votes.get(key)
    check(
      given === undefined || given === to,
      () => `VotesGranted: ${from} votes for ${given} and ${to} in term ${term}`,
    )
    this.#votes.set(key, to)
  }

  /** State machine safety: the same entry everywhere, and the same state after it. */
  applied(id: bigint, entry: Entry, hash: number): void {
    const { entry: known } = this.#committedAt(entry.index)
    check(
      known.term === entry.term,
      () => `${id} applies ${entry.term}/${entry.index}, committed is ${known.term}/${known.index}`,
    )
    this.#hashes[entry.index] ??= hash
    check(this.#hashes[entry.index] === hash, () => `${id} is in another state after entry ${entry.index} than others`)
  }
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i])
}
