/** Every call of `Fs` and `File` by name, as it stands in errors, traces and fault rules. */
export type FsOperation =
  | 'open'
  | 'read'
  | 'readSync'
  | 'write'
  | 'writeSync'
  | 'datasync'
  | 'truncate'
  | 'allocate'
  | 'sizeBytes'
  | 'lock'
  | 'close'
  | 'readDir'
  | 'makeDir'
  | 'stat'
  | 'rename'
  | 'remove'
  | 'syncDir'
  | 'freeBytes'

/** One call: what and where. `sizeBytes` is the number of bytes to move, where the call moves any. */
export interface FsCall {
  readonly operation: FsOperation
  readonly path: string
  readonly sizeBytes?: number
}
