/**
 * `MALFORMED`: the bytes are no message of this type, or the value cannot be written as one. `INTEGER_RANGE`: a 64-bit
 * integer that must be exact does not fit into a safe integer, or into 64 bits.
 */
export type ProtoErrorCode = 'MALFORMED' | 'INTEGER_RANGE'

export class ProtoError extends Error {
  override readonly name: string = 'ProtoError'
  readonly code: ProtoErrorCode

  constructor(code: ProtoErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(`proto: ${message}`, options)
    this.code = code
  }
}
