import type { Backend, BackendRecord, Bucket, ConsistentPoint, LentState } from '@kvs/backend'
import type { Sha256 } from '@kvs/bbolt'
import type { PieceStream } from '../parts.ts'

/** A state that is read where the member's backend has it. */
export interface LentReader {
  readonly consistent: ConsistentPoint
  /** With `isDry` only the keys and the lengths of values are right. */
  records(bucket: Bucket, options: { readonly isDry: boolean }): Iterable<BackendRecord>
  close(): void
}

/** What jobs see of the world: they share nothing with the member but the disk. */
export interface JobWorld {
  /** Where backends lend what they have. */
  readonly openLent?: (lent: LentState) => LentReader
  /** Opens a copy of the state file; nobody else has it open. */
  openCopy(path: string): Promise<Backend>
  newSha256(): Sha256
  /** To be called now and then by what takes long: where it runs may be wanted by others. */
  giveWay?(): void
}

/** A job that makes bytes. */
export type PieceJob = (world: JobWorld, input: unknown) => Promise<PieceStream>
