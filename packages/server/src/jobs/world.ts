import type { Backend } from '@kvs/backend'
import type { Sha256 } from '@kvs/bbolt'
import type { PieceStream } from '../parts.ts'

/** What jobs see of the world: they share nothing with the member but the disk. */
export interface JobWorld {
  /** Opens a copy of the state file; nobody else has it open. */
  openCopy(path: string): Promise<Backend>
  newSha256(): Sha256
}

/** A job that makes bytes. */
export type PieceJob = (world: JobWorld, input: unknown) => Promise<PieceStream>
