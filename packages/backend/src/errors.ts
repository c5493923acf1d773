/**
 * Codes of `BackendError`.
 *
 * Calls that were wrong, nothing was changed:
 * `KEY_TOO_LARGE`, `VALUE_TOO_LARGE` · `UNKNOWN_BUCKET` not given at open · `BAD_BUCKET` ids or names that cannot be ·
 * `EXISTS` the target of a copy is already there · `CLOSED` use after `close`, `kill` or `crash`, or of a closed view ·
 * `UNSUPPORTED` this backend was opened without what the call needs, or beside a library version it does not know.
 *
 * The file at open or later:
 * `FOREIGN_FILE` it belongs to another program (Go's etcd) · `CORRUPT` bytes no power cut explains: what was written
 * comes back damaged, incomplete or not at all.
 *
 * The disk; after one of these from `commit` the backend takes nothing more:
 * `NO_SPACE` file system, quota or address space is full · `IO` anything else it refused, see `cause`.
 */
export type BackendErrorCode =
  | 'KEY_TOO_LARGE'
  | 'VALUE_TOO_LARGE'
  | 'UNKNOWN_BUCKET'
  | 'BAD_BUCKET'
  | 'EXISTS'
  | 'CLOSED'
  | 'UNSUPPORTED'
  | 'FOREIGN_FILE'
  | 'CORRUPT'
  | 'NO_SPACE'
  | 'IO'

export interface BackendErrorDetails {
  readonly file?: string | undefined
  readonly bucket?: string | undefined
  readonly keyHex?: string | undefined
  readonly offsetBytes?: number | undefined
  readonly unsound?: boolean | undefined
  readonly cause?: unknown
}

/** A refusal of the state file. What is known of the place is both in the message and in the fields. */
export class BackendError extends Error {
  override readonly name: string = 'BackendError'
  readonly code: BackendErrorCode
  readonly file: string | undefined
  readonly bucket: string | undefined
  readonly keyHex: string | undefined
  /** Where in the file. */
  readonly offsetBytes: number | undefined
  /**
   * The memory of the process may be damaged: it should end at once, without an orderly exit. When a write fails, lmdb
   * 3.5.6 writes past the end of a block (mdb.c, `last_error`); whoever frees that later aborts.
   */
  readonly unsound: boolean

  constructor(code: BackendErrorCode, message: string, details: BackendErrorDetails = {}) {
    const place = [
      details.bucket === undefined ? '' : `bucket ${details.bucket}`,
      details.keyHex === undefined ? '' : `key 0x${details.keyHex}`,
      details.file === undefined ? '' : `file ${details.file}`,
      details.offsetBytes === undefined ? '' : `position ${details.offsetBytes}`,
    ].filter(part => part !== '')
    const text = place.length === 0 ? message : `${message} (${place.join(', ')})`
    super(`backend: ${text}`, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.file = details.file
    this.bucket = details.bucket
    this.keyHex = details.keyHex
    this.offsetBytes = details.offsetBytes
    this.unsound = details.unsound ?? false
  }
}
