/**
 * Why JSON cannot be taken as a request. `SYNTAX`: it is no JSON; `VALUE`: it is, but not of this message; `TOO_LARGE`:
 * more than a request may have. Messages are those of Go's decoders, which clients of etcd's gateway know.
 */
export type JsonErrorCode = 'SYNTAX' | 'VALUE' | 'TOO_LARGE'

/** Answers to clients, not accidents: made without a stack. */
export class JsonError extends Error {
  override readonly name: string = 'JsonError'
  readonly code: JsonErrorCode

  constructor(code: JsonErrorCode, message: string) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(message)
    Error.stackTraceLimit = limit
    this.code = code
  }
}
