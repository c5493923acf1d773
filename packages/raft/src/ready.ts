import type { Entry, HardState, Message, Snapshot } from './types.ts'

/** What a node is. */
export type RaftState = 'follower' | 'candidate' | 'leader' | 'pre-candidate'

/** What changes often and needs no disk. */
export interface SoftState {
  /** 0n: none known. */
  readonly lead: bigint
  readonly raftState: RaftState
}

/** A read that asked for confirmation may be served once `index` is applied. */
export interface ReadState {
  readonly index: number
  readonly requestContext: Uint8Array
}

/**
 * What the caller must do now.
 *
 * Serving order without asynchronous storage writes:
 *   1. write `entries`, `hardState` and `snapshot` to stable storage, synced if `mustSync`; a snapshot first
 *   2. send `messages`, in order; a leader may send its MsgApp while it writes (thesis 10.2.1)
 *   3. apply `snapshot`, then `committedEntries`; call `applyConfChange` for each configuration change among them
 *   4. call `advance`
 *
 * With asynchronous storage writes `messages` contains all of it: a MsgStorageAppend to write, a MsgStorageApply to
 * apply, each with `responses` to deliver (to this node or to others) once it is durable or done. Messages of one kind are
 * served in order; the two kinds may overlap. There is no `advance`.
 */
export interface Ready {
  /** Set if it changed. */
  readonly softState: SoftState | undefined
  /** Set if it changed. */
  readonly hardState: HardState | undefined
  readonly readStates: readonly ReadState[]
  /** Entries to make durable. */
  readonly entries: readonly Entry[]
  readonly snapshot: Snapshot | undefined
  /** Entries to apply; durable on a quorum. */
  readonly committedEntries: readonly Entry[]
  readonly messages: readonly Message[]
  /** The writes need a sync: there are entries, or term or vote changed. */
  readonly mustSync: boolean
}
