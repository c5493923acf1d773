/**
 * Why a failpoint cannot be set. `BAD_TERMS`: what it is to do cannot be read; `UNKNOWN`: there is none of this name;
 * `OFF`: it is not set.
 */
export type FailpointErrorCode = 'BAD_TERMS' | 'UNKNOWN' | 'OFF'

export class FailpointError extends Error {
  override readonly name: string = 'FailpointError'
  readonly code: FailpointErrorCode

  constructor(code: FailpointErrorCode, message: string) {
    super(`failpoint: ${message}`)
    this.code = code
  }
}
