import { type CallCounters, type CallObserver, uncounted } from './call-stats.ts'
import type { Compressor } from './compressor.ts'
import { parseGrpcTimeout } from './grpc-timeout.ts'
import type { HeaderBlock } from './http2/header-field.ts'
import { type MessageHead, messageHead } from './http2/message-head.ts'
import { badBinaryField, WireMetadata } from './metadata.ts'
import type { MethodHandler } from './service.ts'
import { type Metadata, StatusCode } from './status.ts'

/** An answer that is known from the headers alone. */
export interface Rejection {
  readonly httpStatus: number
  readonly code: StatusCode
  readonly message: string
}

/** What the gRPC layer reads out of a request's headers; one object for all requests with the same header block. */
export interface RequestHead {
  readonly http: MessageHead
  /** False: content-type is not gRPC's. */
  readonly isGrpc: boolean
  readonly path: string
  readonly metadata: Metadata
  readonly method: MethodHandler | undefined
  readonly rejection: Rejection | undefined
  readonly counters: CallCounters
  readonly timeoutMs: number | undefined
  /** `grpc-encoding`, and the compressor if we have it. */
  readonly encoding: string | undefined
  readonly compressor: Compressor | undefined
}

/** What a server knows about its methods. */
export interface MethodTable {
  readonly methods: ReadonlyMap<string, MethodHandler>
  /** Names of services that have a method, such as `etcdserverpb.KV`. */
  readonly services: ReadonlySet<string>
  readonly compressors: ReadonlyMap<string, Compressor>
  readonly observer: CallObserver | undefined
  /** Takes the calls of all methods that are not in the table. */
  readonly fallback: MethodHandler | undefined
}

export function methodTable(
  methods: Iterable<readonly [path: string, handler: MethodHandler]>,
  compressors: readonly Compressor[],
  observer: CallObserver | undefined,
  fallback: MethodHandler | undefined,
): MethodTable {
  const table = new Map(methods)
  const services = new Set<string>()
  for (const path of table.keys()) {
    if (!isMethodPath(path)) throw new RangeError(`method path ${JSON.stringify(path)} is not /service/method`)
    services.add(path.slice(1, path.lastIndexOf('/')))
  }
  return { methods: table, services, compressors: new Map(compressors.map(one => [one.name, one])), observer, fallback }
}

/** `/service/method`. */
function isMethodPath(path: string): boolean {
  const slash = path.lastIndexOf('/')
  return path[0] === '/' && slash >= 2 && slash < path.length - 1
}

/** Reads the headers, with grpc-go's answers to what is wrong with them. */
export function requestHead(block: HeaderBlock, table: MethodTable): RequestHead {
  const http = messageHead(block, 'request')
  const contentType = block.get('content-type') ?? ''
  const isGrpc = isGrpcContentType(contentType)
  const timeoutText = block.get('grpc-timeout')
  const timeout = timeoutText === undefined ? undefined : parseGrpcTimeout(timeoutText)
  const method = table.methods.get(http.path) ?? (isMethodPath(http.path) ? table.fallback : undefined)
  const encoding = block.get('grpc-encoding')
  const metadata = new WireMetadata(block.fields)
  const rejection =
    badRequest(block, http, contentType, isGrpc) ??
    badTimeout(timeout) ??
    (method === undefined ? unknownMethod(http.path, table) : undefined)
  return {
    http,
    isGrpc,
    path: http.path,
    metadata,
    method,
    rejection,
    counters: (rejection === undefined ? table.observer?.countersOf(http.path, metadata) : undefined) ?? uncounted,
    timeoutMs: typeof timeout === 'number' ? timeout : undefined,
    encoding,
    compressor: encoding === undefined ? undefined : table.compressors.get(encoding),
  }
}

/** `application/grpc`, or with a subtype after `+` or parameters after `;`. */
export function isGrpcContentType(contentType: string): boolean {
  if (contentType === 'application/grpc') return true
  const lower = contentType.toLowerCase()
  return lower.startsWith('application/grpc') && (lower.length === 16 || lower[16] === '+' || lower[16] === ';')
}

function badRequest(
  block: HeaderBlock,
  http: MessageHead,
  contentType: string,
  isGrpc: boolean,
): Rejection | undefined {
  if (block.tooLarge) {
    return { httpStatus: 431, code: StatusCode.RESOURCE_EXHAUSTED, message: 'header list larger than the limit' }
  }
  if (!isGrpc) {
    const message = `invalid gRPC request content-type ${JSON.stringify(contentType)}`
    return { httpStatus: 415, code: StatusCode.INVALID_ARGUMENT, message }
  }
  if (http.method !== 'POST') {
    const message = `Received a HEADERS frame with :method ${JSON.stringify(http.method)} which should be POST`
    return { httpStatus: 405, code: StatusCode.INTERNAL, message }
  }
  const bad = badBinaryField(block.fields)
  if (bad === undefined) return undefined
  const message = `malformed binary metadata ${JSON.stringify(bad.value)} in header ${JSON.stringify(bad.name)}`
  return { httpStatus: 400, code: StatusCode.INTERNAL, message }
}

function badTimeout(timeout: number | string | undefined): Rejection | undefined {
  if (typeof timeout !== 'string') return undefined
  return { httpStatus: 400, code: StatusCode.INTERNAL, message: `malformed grpc-timeout: ${timeout}` }
}

function unknownMethod(path: string, table: MethodTable): Rejection {
  const name = path.slice(1)
  const slash = name.lastIndexOf('/')
  const service = name.slice(0, Math.max(0, slash))
  let message = `unknown service ${service}`
  if (path[0] !== '/' || slash < 0) message = `malformed method name: ${JSON.stringify(path)}`
  else if (table.services.has(service)) message = `unknown method ${name.slice(slash + 1)} for service ${service}`
  return { httpStatus: 200, code: StatusCode.UNIMPLEMENTED, message }
}
