/** Named bounds of the store. Those in `StoreLimits` may be set per store; tests shrink them. */
export interface StoreLimits {
  /** Bytes of slabs, all chunks counted: newest records beyond this are read from the state file. */
  readonly slabBudgetBytes: number
  /** Size of one slab chunk: the grain of allocation and of reclaiming. A power of two from 4 KiB to 1 MiB. */
  readonly slabChunkBytes: number
  /** Slabs may be this many times as large as the records in them. */
  readonly slabOverheadMax: number
  /** Records that the end of a transaction looks at to give memory back: some 20 µs. */
  readonly reclaimItems: number
  /** Records per slice of restore, scrub and hash, and keys per slice of a range or a delete. */
  readonly sliceRecords: number
  /** Bytes a slice of a range collects at most. */
  readonly sliceBytes: number
  /** Watchers that one pass of catching up serves. */
  readonly catchUpWatchers: number
  /** Revisions one batch of catching up may carry. */
  readonly catchUpRevisions: number
  /** Bytes of events one batch of catching up may reach before it is delivered (a revision is never split). */
  readonly catchUpBytes: number
  /** Changes looked at and watchers served within the end of a transaction; what is left waits for `watch.step`. */
  readonly publishWork: number
}

export const defaultLimits: StoreLimits = {
  slabBudgetBytes: 1024 * 1024 * 1024,
  slabChunkBytes: 1024 * 1024,
  slabOverheadMax: 1.15,
  reclaimItems: 64,
  sliceRecords: 4096,
  sliceBytes: 1024 * 1024,
  catchUpWatchers: 512,
  catchUpRevisions: 1_000,
  catchUpBytes: 1024 * 1024,
  publishWork: 4096,
}

/** Records per slice of a restore, and their bytes, each of which is copied twice: some 2 ms. */
export const restoreSliceRecords = 1024
export const restoreSliceBytes: number = 512 * 1024

/** A cursor asks whether its step is due before every so many records; a power of two. */
export const recordsPerLook = 32

/** Compaction hashes kept in memory: those with the highest revisions. */
export const compactionHashesMax = 10

/** Revision of a store nobody has written to. */
export const firstRevision = 1

/** Compact revision before the first compaction. */
export const neverCompacted = -1
