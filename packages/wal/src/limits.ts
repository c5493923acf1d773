/** Length at which a segment is closed and the next one begun; what etcd uses, to the byte. */
export const segmentSizeBytesDefault = 64_000_000

/** Zeros written to a segment in one disk operation when it is prepared ahead of the log. */
export const fillPieceBytes: number = 256 * 1024

/** How far ahead of the log the current segment is kept filled when it was not prepared as a spare. */
export const fillAheadBytes: number = 2 * 1024 * 1024

/** The part of the current segment that is used before the next one is prepared. */
export const spareAtFraction = 0.25

/** Bytes read from a segment in one disk operation. */
export const readChunkBytes: number = 1024 * 1024

/** A batch buffer that grew beyond this is given back after the batch. */
export const batchBufferKeptBytes: number = 4 * 1024 * 1024

/** Largest record that is accepted from disk, whatever the length of its segment. */
export const recordBytesMax: number = 1024 * 1024 * 1024
