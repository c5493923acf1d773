/**
 * Codes of `RaftHttpError`.
 *
 * `UNREACHABLE` no connection, or it broke · `TIMEOUT` no answer in time · `STOPPED` this end stopped · `REMOVED` the peer
 * says that this member was removed for good · `CLUSTER_ID_MISMATCH`, `INCOMPATIBLE_VERSION` the peer is of another
 * cluster, or of a version too far away · `UNKNOWN_HERE` the peer does not know this member yet · `REFUSED` any other answer
 * of a peer that is no success, with its `status`; a service of ours throws it to answer so · `BAD_FRAME` bytes on a
 * stream that are no frame · `BAD_REPLY` an answer that cannot be read · `TOO_LARGE` more bytes than a limit allows ·
 * `BAD_REQUEST` a request to this member that makes no sense · `SNAPSHOT_BROKEN` a snapshot ended early or is longer than
 * announced · `SNAPSHOT_CORRUPT` its checksum is wrong · `BUSY` a limit on what runs at once is reached · `BAD_OPTION` this
 * end was set up wrongly.
 */
export type RaftHttpErrorCode =
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'STOPPED'
  | 'REMOVED'
  | 'CLUSTER_ID_MISMATCH'
  | 'INCOMPATIBLE_VERSION'
  | 'UNKNOWN_HERE'
  | 'REFUSED'
  | 'BAD_FRAME'
  | 'BAD_REPLY'
  | 'TOO_LARGE'
  | 'BAD_REQUEST'
  | 'SNAPSHOT_BROKEN'
  | 'SNAPSHOT_CORRUPT'
  | 'BUSY'
  | 'BAD_OPTION'

/** What went wrong between two members. Messages are etcd's where etcd has one. */
export class RaftHttpError extends Error {
  override readonly name: string = 'RaftHttpError'
  readonly code: RaftHttpErrorCode
  /** The HTTP status, where the reason is an answer of the peer, or to be one of ours. */
  readonly status: number | undefined

  constructor(
    code: RaftHttpErrorCode,
    message: string,
    options: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status
  }
}

/** What is said in these cases, in logs and in answers: etcd's words where it has some. */
export const texts = {
  removed: 'the member has been permanently removed from the cluster',
  clusterIdMismatch: 'cluster ID mismatch',
  incompatibleVersion: 'incompatible version',
  stopped: 'stopped',
  secondProcess: 'another process runs as this member',
} as const

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
