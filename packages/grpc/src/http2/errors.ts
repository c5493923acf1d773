import type { Http2ErrorName } from './protocol.ts'

/**
 * Why an HTTP/2 connection ended, or why a header block could not be decoded. `code` is the name of RFC 9113's error
 * code; `remote` tells that the peer said so (GOAWAY) and not we.
 */
export class Http2Error extends Error {
  override readonly name = 'Http2Error'
  readonly code: Http2ErrorName
  readonly remote: boolean

  constructor(
    code: Http2ErrorName,
    message: string,
    options: { readonly remote?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.remote = options.remote === true
  }
}

/** For values we computed ourselves: a broken one is a bug here, never the peer's doing. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Http2Error('INTERNAL_ERROR', `assertion failed: ${message}`)
}
