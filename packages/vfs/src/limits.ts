/** What a disk writes as a whole: a power cut leaves each aligned piece of this size old or new, never mixed. */
export const SECTOR_BYTES = 512

/** What the page cache writes back as a whole, unless the cut tears it into sectors. */
export const PAGE_BYTES = 4096

/** `allocate` writes zeros in pieces of this size, so that one call of the thread pool stays short. */
export const ALLOCATE_CHUNK_BYTES = 1_048_576

/** Capacity of a memory file system unless said: one tebibyte. */
export const DEFAULT_CAPACITY_BYTES = 1_099_511_627_776

/** Up to so many unsynced bytes, one small entry of a log, a sync is waited for on the spot, if the last ones were fast. */
export const INLINE_SYNC_BYTES = 512
/** A sync that takes longer is not fast. */
export const FAST_SYNC_MS = 0.5
/** What the way to the thread pool and back may add to a sync that is fast, on a machine that is not idle. */
export const POOL_HOP_MS = 0.5
/** After one that was not fast or not small, at least so many go to the thread pool. */
export const SLOW_SYNC_PAUSE = 8
/** And for each millisecond it took so many. */
export const SLOW_SYNC_PAUSE_PER_MS = 16
