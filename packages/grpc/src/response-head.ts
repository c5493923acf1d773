import { decodeGrpcMessage } from './grpc-message.ts'
import type { HeaderBlock } from './http2/header-field.ts'
import { messageHead } from './http2/message-head.ts'
import { http2ErrorName } from './http2/protocol.ts'
import { WireMetadata } from './metadata.ts'
import { isGrpcContentType } from './request-head.ts'
import { type Metadata, StatusCode } from './status.ts'

/** What a client reads out of response headers or trailers; one object for all with the same block. */
export interface ResponseHead {
  readonly metadata: Metadata
  /** Why the headers cannot begin a gRPC answer, if so. */
  readonly failure: { readonly code: StatusCode; readonly message: string } | undefined
  /** `grpc-status`, or undefined if the block has none. */
  readonly code: StatusCode | undefined
  readonly message: string
  readonly encoding: string | undefined
}

export function responseHead(block: HeaderBlock): ResponseHead {
  const known = block.context as ResponseHead | undefined
  if (known !== undefined) return known
  const status = block.get('grpc-status')
  const head: ResponseHead = {
    metadata: new WireMetadata(block.fields),
    failure: headersFailure(block),
    code: status === undefined ? undefined : statusCode(status),
    message: decodeGrpcMessage(block.get('grpc-message') ?? ''),
    encoding: block.get('grpc-encoding'),
  }
  block.context = head
  return head
}

function statusCode(text: string): StatusCode {
  const code = Number(text)
  return Number.isInteger(code) && code >= 0 && code <= 16 ? (code as StatusCode) : StatusCode.UNKNOWN
}

/** HTTP statuses of servers and proxies that do not speak gRPC (gRPC documentation, http-grpc-status-mapping). */
const codesOfHttp: Readonly<Record<number, StatusCode>> = {
  400: StatusCode.INTERNAL,
  401: StatusCode.UNAUTHENTICATED,
  403: StatusCode.PERMISSION_DENIED,
  404: StatusCode.UNIMPLEMENTED,
  429: StatusCode.UNAVAILABLE,
  502: StatusCode.UNAVAILABLE,
  503: StatusCode.UNAVAILABLE,
  504: StatusCode.UNAVAILABLE,
}

function headersFailure(block: HeaderBlock): ResponseHead['failure'] {
  if (block.tooLarge) return { code: StatusCode.RESOURCE_EXHAUSTED, message: 'header list larger than the limit' }
  const status = messageHead(block, 'response').status
  if (status !== 200) {
    const code = codesOfHttp[status] ?? StatusCode.UNKNOWN
    return { code, message: `unexpected HTTP status code received from server: ${status}` }
  }
  const contentType = block.get('content-type') ?? ''
  if (isGrpcContentType(contentType)) return undefined
  return { code: StatusCode.UNKNOWN, message: `received unexpected content-type ${JSON.stringify(contentType)}` }
}

/** The status of a call whose stream the server reset (gRPC over HTTP/2, "Errors"). */
export function codeOfReset(http2Code: number): StatusCode {
  switch (http2ErrorName(http2Code)) {
    case 'REFUSED_STREAM':
      return StatusCode.UNAVAILABLE
    case 'CANCEL':
      return StatusCode.CANCELLED
    case 'ENHANCE_YOUR_CALM':
      return StatusCode.RESOURCE_EXHAUSTED
    case 'INADEQUATE_SECURITY':
      return StatusCode.PERMISSION_DENIED
    default:
      return StatusCode.INTERNAL
  }
}
