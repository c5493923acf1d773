/**
 * Codes of `RaftError`.
 *
 * `STEP_LOCAL_MESSAGE` a message that only a node may send to itself came from outside · `STEP_PEER_NOT_FOUND` a response
 * from a node that is not in the configuration · `CONFIG` the configuration cannot work · `MISUSE` a call in the wrong
 * order · `COMPACTED`, `UNAVAILABLE`, `SNAPSHOT_OUT_OF_DATE`, `SNAPSHOT_TEMPORARILY_UNAVAILABLE` what a storage cannot
 * give · `MALFORMED` bytes that are no configuration change, or a message that contradicts itself.
 */
export type RaftErrorCode =
  | 'STEP_LOCAL_MESSAGE'
  | 'STEP_PEER_NOT_FOUND'
  | 'CONFIG'
  | 'MISUSE'
  | 'COMPACTED'
  | 'UNAVAILABLE'
  | 'SNAPSHOT_OUT_OF_DATE'
  | 'SNAPSHOT_TEMPORARILY_UNAVAILABLE'
  | 'MALFORMED'

const texts: Partial<Record<RaftErrorCode, string>> = {
  STEP_LOCAL_MESSAGE: 'raft: cannot step raft local message',
  STEP_PEER_NOT_FOUND: 'raft: cannot step as peer not found',
  COMPACTED: 'requested index is unavailable due to compaction',
  UNAVAILABLE: 'requested entry at index is unavailable',
  SNAPSHOT_OUT_OF_DATE: 'requested index is older than the existing snapshot',
  SNAPSHOT_TEMPORARILY_UNAVAILABLE: 'snapshot is temporarily unavailable',
}

/** What a caller or a storage may do something about. */
export class RaftError extends Error {
  override readonly name: string = 'RaftError'
  readonly code: RaftErrorCode

  constructor(code: RaftErrorCode, message?: string, options?: { readonly cause?: unknown }) {
    super(message ?? texts[code] ?? code, options)
    this.code = code
  }
}

/** Whether `error` is a `RaftError` with this code. */
export function hasCode(error: unknown, code: RaftErrorCode): boolean {
  return error instanceof RaftError && error.code === code
}
