import { emptyMetadata } from './metadata.ts'
import { type Metadata, StatusCode } from './status.ts'

const names = Object.keys(StatusCode) as (keyof typeof StatusCode)[]

/** Name of a status code, such as `UNAVAILABLE`. */
export function statusName(code: number): keyof typeof StatusCode {
  return names[code] ?? 'UNKNOWN'
}

/** How a call failed. `code` is one of `StatusCode`; `message` is the server's text, unchanged. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError'
  readonly code: StatusCode
  /** Trailers of the answer; empty if none came. */
  readonly metadata: Metadata
  /**
   * True if the server has certainly not looked at the request: it was never sent, or the server refused the stream. Then
   * it can be sent again, whatever it does.
   */
  readonly notProcessed: boolean

  constructor(
    code: StatusCode,
    message: string,
    options: { readonly metadata?: Metadata; readonly notProcessed?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.metadata = options.metadata ?? emptyMetadata
    this.notProcessed = options.notProcessed === true
  }

  /** Name of the code, such as `UNAVAILABLE`. */
  get status(): keyof typeof StatusCode {
    return statusName(this.code)
  }
}
