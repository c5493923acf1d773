/**
 * Codes of `VfsError`. `IO` is what the device or the system refused for any reason without a code of its own
 * (EIO, EROFS …); after it nothing about the file's durable content may be assumed.
 */
export type VfsErrorCode =
  | 'NOT_FOUND'
  | 'EXISTS'
  | 'LOCKED'
  | 'NO_SPACE'
  | 'PERMISSION'
  | 'READ_ONLY'
  | 'IS_DIRECTORY'
  | 'NOT_DIRECTORY'
  | 'CLOSED'
  | 'IO'

/** A failed disk operation. `operation` and `path` name the call that failed. */
export class VfsError extends Error {
  override readonly name: string = 'VfsError'
  readonly code: VfsErrorCode
  readonly operation: string
  readonly path: string

  constructor(
    code: VfsErrorCode,
    at: { readonly operation: string; readonly path: string },
    options?: { readonly reason?: string; readonly cause?: unknown },
  ) {
    const reason = options?.reason ?? (options?.cause instanceof Error ? options.cause.message : code)
    super(`vfs: ${at.operation} '${at.path}': ${reason}`, { cause: options?.cause })
    this.code = code
    this.operation = at.operation
    this.path = at.path
  }
}
