/**
 * Codes of `ConfChangeError`.
 *
 * `ALREADY_JOINT`, `NOT_JOINT`, `SIMPLE_IN_JOINT` the operation does not fit the present configuration · `NO_VOTERS` a
 * configuration without voters cannot become joint · `REMOVED_ALL_VOTERS` nobody would be left to decide ·
 * `NEEDS_JOINT` more than one voter changes at once · `UNKNOWN_TYPE` an operation of a kind not known here ·
 * `INVARIANT` configuration and progress contradict each other.
 */
export type ConfChangeErrorCode =
  | 'ALREADY_JOINT'
  | 'NOT_JOINT'
  | 'SIMPLE_IN_JOINT'
  | 'NO_VOTERS'
  | 'REMOVED_ALL_VOTERS'
  | 'NEEDS_JOINT'
  | 'UNKNOWN_TYPE'
  | 'INVARIANT'

/** A change that was refused. The configuration is as it was before. */
export class ConfChangeError extends Error {
  override readonly name: string = 'ConfChangeError'
  readonly code: ConfChangeErrorCode

  constructor(code: ConfChangeErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
