/**
 * Codes of `WalError`.
 *
 * `EXISTS` create found a log · `NOT_FOUND` no log, or none that reaches back to the snapshot · `LOCKED` another process
 * has the log open · `CRC_MISMATCH`, `CORRUPT`, `UNEXPECTED_EOF`, `UNKNOWN_RECORD` bytes that no power cut explains, or
 * (`UNEXPECTED_EOF`) a torn end where repair was not allowed · `METADATA_CONFLICT`, `SNAPSHOT_MISMATCH`,
 * `SNAPSHOT_NOT_FOUND`, `OUT_OF_RANGE` whole records that contradict each other or the snapshot · `CLOSED` use after
 * `close` · `FAILED` the log met a disk error before and takes nothing more · `IO` a disk error, see `cause`.
 */
export type WalErrorCode =
  | 'EXISTS'
  | 'NOT_FOUND'
  | 'LOCKED'
  | 'CRC_MISMATCH'
  | 'CORRUPT'
  | 'UNEXPECTED_EOF'
  | 'UNKNOWN_RECORD'
  | 'METADATA_CONFLICT'
  | 'SNAPSHOT_MISMATCH'
  | 'SNAPSHOT_NOT_FOUND'
  | 'OUT_OF_RANGE'
  | 'CLOSED'
  | 'FAILED'
  | 'IO'

/** Where in the log something was found: the segment's file name and the offset of the frame in it. */
export interface WalPosition {
  readonly file: string
  readonly offsetBytes: number
}

/** A refusal of the log. `file` and `offsetBytes` are set where the reason lies in one place of one segment. */
export class WalError extends Error {
  override readonly name: string = 'WalError'
  readonly code: WalErrorCode
  readonly file: string | undefined
  readonly offsetBytes: number | undefined

  constructor(code: WalErrorCode, message: string, options?: { readonly at?: WalPosition; readonly cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.file = options?.at?.file
    this.offsetBytes = options?.at?.offsetBytes
  }
}
