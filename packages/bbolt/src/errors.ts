/**
 * Codes of `BoltError`.
 *
 * Opening and reading: `NOT_BOLT` no meta page has the magic number · `TRUNCATED` the file is shorter than it says ·
 * `CORRUPT` a pointer, count, size, flag, checksum or key order is wrong · `UNSUPPORTED` sound, but beyond this reader
 * (another version, nested buckets, one page of more than 2 GiB) · `NO_BUCKET` · `HASH_MISMATCH` the SHA-256 at the end of
 * a backup is not that of its bytes.
 * Writing: `BAD_KEY` empty or too long · `VALUE_TOO_LARGE` · `UNSORTED` keys or bucket names not strictly ascending ·
 * `BAD_PAGE_SIZE` · `CHANGED` the second pass of a stream needs other pages than the first.
 * `IO` a disk error, see `cause`.
 */
export type BoltErrorCode =
  | 'NOT_BOLT'
  | 'TRUNCATED'
  | 'CORRUPT'
  | 'UNSUPPORTED'
  | 'NO_BUCKET'
  | 'HASH_MISMATCH'
  | 'BAD_KEY'
  | 'VALUE_TOO_LARGE'
  | 'UNSORTED'
  | 'BAD_PAGE_SIZE'
  | 'CHANGED'
  | 'IO'

/** Where in a file: the page, and the byte counted from the start of the file. */
export interface BoltPlace {
  readonly page: number
  readonly offset: number
}

export class BoltError extends Error {
  override readonly name: string = 'BoltError'
  readonly code: BoltErrorCode
  /** The page to blame, where one page is. */
  readonly page: number | undefined
  /** The byte of the file to blame, where there is one. */
  readonly offset: number | undefined

  constructor(
    code: BoltErrorCode,
    message: string,
    details?: { readonly at?: BoltPlace | undefined; readonly cause?: unknown },
  ) {
    const at = details?.at
    const place = at === undefined ? '' : ` (page ${at.page}, offset ${at.offset})`
    super(`bbolt: ${message}${place}`, details?.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.page = at?.page
    this.offset = at?.offset
  }
}

/** Runs a disk operation; what it throws becomes a `BoltError` with code `IO`. */
export async function orIoError<T>(doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    if (cause instanceof BoltError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new BoltError('IO', `cannot ${doing}: ${reason}`, { cause })
  }
}
