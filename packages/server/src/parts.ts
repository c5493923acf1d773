import type { MakeHash, PeerEndpoint, Wire } from '@kvs/rafthttp'

/**
 * The outside world, as the member sees it. Real parts are put together in `@kvs/server/embed`, simulated ones in the
 * simulator; the member cannot tell which it has.
 */

/** Time. Monotonic for everything that is measured, wall time for what people read and for ids. */
export interface Clock {
  /** Monotonic milliseconds, from any origin; fractions are allowed. */
  now(): number
  /** Milliseconds since 1970. */
  wallNow(): number
  /** Calls back once, not before `delayMs` have passed. The result goes to `clearTimer`. */
  setTimer(delayMs: number, callback: () => void): unknown
  clearTimer(timer: unknown): void
  /** Calls back once the inputs that are waiting now have been taken (the next turn of the event loop). */
  defer(callback: () => void): void
}

/** Chance: election timeouts, request ids, tokens. */
export interface Random {
  /** Uniform in [0, 2^32). */
  uint32(): number
  /** Uniform integer in [0, bound). */
  below(bound: number): number
  bytes(length: number): Uint8Array
}

/** Work that would block the loop, done beside it. Jobs are named (`jobs/table.ts`); inputs must be structured-cloneable. */
export interface Executor {
  /** Opens a job that makes bytes; resolves once it knows how many. Rejects with the job's error. */
  open(job: string, input: unknown): Promise<PieceStream>
  /**
   * Runs a short job (well below a second) that gives one result, which is cloneable, too. Neither waits behind jobs that
   * make bytes, nor holds them up. Rejects with the job's error.
   */
  run(job: string, input: unknown): Promise<unknown>
}

/** Bytes that are made as they are taken, a few pieces ahead at most. */
export interface PieceStream {
  /** Bytes of all pieces together. */
  readonly sizeBytes: number
  /** In order, once; each is valid until the next one is asked for. Rejects with the job's error. `return` ends the job early. */
  readonly pieces: AsyncIterableIterator<Uint8Array>
}

/** The way to the other members of the cluster, and theirs to this one. */
export interface PeerParts {
  /** Carries messages, snapshots and questions. The member closes it. */
  readonly wire: Wire
  /** SHA-256, for snapshots. */
  readonly makeHash: MakeHash
  /** The member has nothing on its disk and founds its cluster: who asks it for members needs not wait for `serve`. */
  founds?(): void
  /** Begins to answer peers. Called once, before the member takes part in consensus: long before clients are served. */
  serve(endpoint: PeerEndpoint): void
}

/** One structured log line. `fields` are printed in their order. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}
export type LogFields = Readonly<Record<string, unknown>>
