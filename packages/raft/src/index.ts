/**
 * The raft consensus algorithm as a pure state machine: no timer, promise, socket or disk, no dependency. It follows the
 * paper (Ongaro and Ousterhout, 2014) and the thesis (Ongaro, 2014), and behaves as etcd's raft 3.7.
 *
 * A node is a `RaftNode`. Its host has these duties:
 *
 *   1. Call `tick` at regular intervals, and `step` with every message that arrives for the node.
 *   2. Whenever `hasReady` is true, take `ready` and serve it in the order that `Ready` states: make durable, send, apply,
 *      `advance`. With `asyncStorageWrites` serve its messages instead: MsgStorageAppend (write, then deliver its
 *      `responses`), MsgStorageApply (apply, then deliver its `responses`), all others to the network.
 *   3. Keep what was made durable readable through a `RaftStorage` (`MemoryStorage` does, for hosts that keep the recent
 *      log in memory) before the answer to the write is delivered.
 *   4. Call `applyConfChange` when a committed configuration change is applied, in its place among the other entries.
 *   5. Report what happened on the way: `reportUnreachable`, `reportSnapshot`.
 *   6. Never restart a node with less than it had made durable; a node that lost its disk is a new node with a new id.
 *
 * Methods run to completion and call nothing of the host but its storage, its random source and its logger. `propose` may
 * answer `dropped` (no leader is known, a transfer is under way, too much is uncommitted): that is no error; try again
 * later. A proposal that was accepted may still be lost with its leader, or be committed although its proposer never
 * heard of it.
 *
 * `RaftError` tells of calls and messages that cannot be served, `ConfChangeError` of configuration changes that cannot
 * follow from the present one, `RaftInvariantError` of a state that must not be: end the process and look.
 *
 * ```ts
 * import { MemoryStorage, RaftNode } from '@kvs/raft'
 *
 * const storage = new MemoryStorage()
 * const node = new RaftNode({ id: 1n, storage, electionTick: 10, heartbeatTick: 1, maxInflightMsgs: 256, random: () => 0 })
 * node.bootstrap([{ id: 1n }])
 * node.campaign()
 * node.propose([new TextEncoder().encode('hello')])
 * ```
 */
export { RaftInvariantError } from './assert.ts'
export { ConfChangeError, type ConfChangeErrorCode } from './confchange/errors.ts'
export {
  type Logger,
  localAppendThread,
  localApplyThread,
  noNode,
  type RaftConfig,
  type ReadOnlyOption,
  type TraceEvent,
} from './config.ts'
export {
  describeConfChange,
  describeConfChanges,
  describeConfState,
  describeEntries,
  describeEntry,
  describeHardState,
  describeMessage,
  describeReadState,
  describeReady,
  describeSnapshot,
  describeSoftState,
  type EntryFormatter,
} from './describe.ts'
export { RaftError, type RaftErrorCode } from './errors.ts'
export { MemoryStorage } from './memory-storage.ts'
export { newMessage } from './message.ts'
export type { StepResult } from './raft.ts'
export { type Peer, RaftNode } from './raft-node.ts'
export type { RaftState, ReadState, Ready, SoftState } from './ready.ts'
export type { BasicStatus, NodeStatus, ProgressStatus } from './status.ts'
export type { RaftStorage } from './storage.ts'
export { describeConfig, type TrackerConfig } from './tracker/config.ts'
export type { ProgressState } from './tracker/progress.ts'
export {
  type ConfChange,
  type ConfChangeSingle,
  ConfChangeTransition,
  ConfChangeType,
  type ConfChangeV2,
  type ConfState,
  type Entry,
  EntryType,
  type HardState,
  type Message,
  MessageType,
  type Snapshot,
  type SnapshotMetadata,
} from './types.ts'
export {
  decodeConfChange,
  decodeConfChangeV2,
  encodeConfChange,
  encodeConfChangeV2,
  sizeEntry,
} from './wire.ts'
