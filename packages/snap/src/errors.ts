/**
 * Codes of `SnapError`.
 * `NOT_FOUND` there is no usable file · `EMPTY` a file without data or checksum · `CRC_MISMATCH` · `MALFORMED` the bytes
 * are no snapshot, or not the one that the name says · `IO` a disk error, see `cause`.
 */
export type SnapErrorCode = 'NOT_FOUND' | 'EMPTY' | 'CRC_MISMATCH' | 'MALFORMED' | 'IO'

export class SnapError extends Error {
  override readonly name: string = 'SnapError'
  readonly code: SnapErrorCode
  /** The file's name, where one file is to blame. */
  readonly file: string | undefined

  constructor(code: SnapErrorCode, message: string, options?: { readonly file?: string; readonly cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.file = options?.file
  }
}
