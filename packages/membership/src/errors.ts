/** `MALFORMED`: bytes or text that are no member record. `INITIAL_CLUSTER`: `--initial-cluster` cannot be read. */
export type MembershipErrorCode = 'MALFORMED' | 'INITIAL_CLUSTER'

export class MembershipError extends Error {
  override readonly name: string = 'MembershipError'
  readonly code: MembershipErrorCode

  constructor(code: MembershipErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(`membership: ${message}`, options)
    this.code = code
  }
}
