import { MemoryStorage } from '../memory-storage.ts'
import type { ConfState, HardState, Snapshot } from '../types.ts'

const noConfState: ConfState = { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false }
const noSnapshot: Snapshot = { data: new Uint8Array(0), metadata: { confState: noConfState, index: 0, term: 0 } }

/**
 * The disk of a scripted node: its log, and the history of a state machine that appends bytes to bytes. Each applied
 * entry adds a state to the history, and whoever asks for a snapshot gets the newest.
 */
export class ScriptStorage extends MemoryStorage {
  #history: Snapshot[] = [noSnapshot]

  /** Starts from `snapshot` instead of from nothing. */
  startFrom(snapshot: Snapshot): void {
    this.applySnapshot(snapshot)
    this.#history = [snapshot]
  }

  override initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return { hardState: super.initialState().hardState, confState: this.snapshot().metadata.confState }
  }

  override snapshot(): Snapshot {
    return this.#history.at(-1) as Snapshot
  }

  override applySnapshot(snapshot: Snapshot): void {
    super.applySnapshot(snapshot)
    this.#history.push(snapshot)
  }

  /** The state machine applied an entry; without `confState` the configuration stays. */
  applied(entry: { readonly index: number; readonly term: number }, update: Uint8Array, confState?: ConfState): void {
    const { data, metadata } = this.snapshot()
    const joined = new Uint8Array(data.length + update.length)
    joined.set(data)
    joined.set(update, data.length)
    const { index, term } = entry
    this.#history.push({ data: joined, metadata: { index, term, confState: confState ?? metadata.confState } })
  }

  /**
   * What a restart finds: the newest state not beyond the durable commit index, from which entries are applied again.
   * Returns its index.
   */
  rewind(): number {
    const { commit } = super.initialState().hardState
    const first = this.#history[0] as Snapshot
    const rest = this.#history.slice(1).filter(({ metadata }) => metadata.index <= commit)
    this.#history = [first, ...rest]
    return this.snapshot().metadata.index
  }
}
