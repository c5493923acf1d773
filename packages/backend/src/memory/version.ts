import type { ConsistentPoint } from '../backend.ts'
import type { Tree } from './tree.ts'

/** A whole state; versions of one backend count up. */
export interface MemoryVersion {
  readonly number: number
  /** By bucket id. */
  readonly trees: readonly Tree[]
  /** Keys and values, with `recordOverheadBytes` for each record. */
  readonly recordBytes: number
  readonly point: ConsistentPoint
}

/** About what a page of LMDB needs beside key and value. */
export const recordOverheadBytes = 16

const pageBytes = 4_096
/** Two meta pages and one of records. */
const emptyBytes = 3 * pageBytes

export const emptyVersion: MemoryVersion = {
  number: 0,
  trees: new Array<Tree>(256).fill(undefined),
  recordBytes: 0,
  point: { index: 0, term: 0 },
}

/** The size a file of this state might have. */
export function fileBytesOf(version: MemoryVersion): number {
  return emptyBytes + Math.ceil(version.recordBytes / pageBytes) * pageBytes
}
