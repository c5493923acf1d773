export type MvccErrorCode =
  /** The wanted revision is below the compact revision, or a compaction at or below the last one was asked for. */
  | 'COMPACTED'
  /** The wanted revision is above the current one. */
  | 'FUTURE_REVISION'
  /** `ignoreValue` or `ignoreLease` on a key that does not exist. */
  | 'KEY_NOT_FOUND'
  /** An empty key where one is needed. */
  | 'EMPTY_KEY'
  /** A watcher whose key is not below its range end. */
  | 'EMPTY_WATCH_RANGE'
  /** The watch id is taken on this stream. */
  | 'DUPLICATE_WATCH_ID'
  /** The state file holds a record that cannot be one of ours. */
  | 'CORRUPT_STATE'
  /** A call that does not fit the life of its object: a second transaction, a step after close. */
  | 'MISUSE'

/** Everything this package refuses. `code` is stable, the text is for people. */
export class MvccError extends Error {
  override readonly name = 'MvccError'
  readonly code: MvccErrorCode

  constructor(code: MvccErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
