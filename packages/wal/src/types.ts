import type { ConfStateInit, Entry, HardState } from '@kvs/proto/raft'

/** A snapshot as the log is told of it: `confState` is needed above index 0, where older logs may lack it. */
export interface WalSnapshot {
  readonly index: number
  readonly term: number
  readonly confState?: ConfStateInit | undefined
}

/** What is appended at once. `hardState` undefined or empty: unchanged. */
export interface WalBatch {
  readonly entries: readonly Entry[]
  readonly hardState?: HardState | undefined
}

export const emptyHardState: HardState = { term: 0, vote: 0n, commit: 0 }

export function isEmptyHardState(state: HardState): boolean {
  return state.term === 0 && state.vote === 0n && state.commit === 0
}
