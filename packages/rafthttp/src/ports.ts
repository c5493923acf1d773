/**
 * What the transport needs from outside. `TransportClock`, `TransportRandom` and `TransportLogger` have the shapes of the
 * member's own parts and of the virtual ones of `@kvs/testing`.
 */
import type { Message } from '@kvs/proto/raft'

export interface TransportClock {
  /** Monotonic milliseconds, from any origin. */
  now(): number
  /** Milliseconds since 1970. */
  wallNow(): number
  /** Calls back once, not before `delayMs` have passed. The result goes to `clearTimer`. */
  setTimer(delayMs: number, callback: () => void): unknown
  clearTimer(timer: unknown): void
  /** Calls back once the inputs that are waiting now have been taken. */
  defer(callback: () => void): void
}

export interface TransportRandom {
  /** Uniform integer in [0, bound). */
  below(bound: number): number
}

/** One structured log line. `fields` are printed in their order. */
export interface TransportLogger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** The member as the transport sees it. None of these is called from within a call of the transport. */
export interface RaftReceiver {
  /**
   * Messages of peers that arrived together, in order. They are addressed to this member and not from a removed one.
   * Bytes in them are views of what was read: they may be kept, and must not be changed. May throw where the member
   * cannot take messages; the sender learns of it only on the slow way (`POST /raft`).
   */
  process(messages: readonly Message[]): void
  /** Whether a member with this id was part of the cluster and is banned. */
  isRemoved(id: bigint): boolean
  /** What was sent to this peer got lost, or will. Called at most once per turn and peer. */
  reportUnreachable(id: bigint): void
  /** A snapshot was taken over by the peer, or was not. Follows every `sendSnapshot` and every MsgSnap given to `send`. */
  reportSnapshot(id: bigint, delivered: boolean): void
  /**
   * Saves a snapshot that a peer sends, durably; afterwards its message comes through `process`. If reading the chunks
   * throws, the snapshot is no good: drop what was saved, and reject.
   */
  saveSnapshot(snapshot: IncomingSnapshot): Promise<void>
  /** Peers say that this member was removed for good: it must stop. May be called more than once. */
  removed(): void
}

/** A snapshot that a peer is sending. */
export interface IncomingSnapshot {
  /** The MsgSnap in front of it. */
  readonly message: Message
  readonly format: string
  /** Undefined from members of Go's etcd, which do not say. */
  readonly sizeBytes: number | undefined
  /**
   * The content, to be read to its end, as fast as it can be saved: the sender waits meanwhile. Throws `RaftHttpError` if it
   * breaks off (`SNAPSHOT_BROKEN`, `TIMEOUT`) or its checksum is wrong (`SNAPSHOT_CORRUPT`, behind the last chunk).
   */
  readonly chunks: AsyncIterable<Uint8Array>
}
