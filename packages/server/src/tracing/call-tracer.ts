import { type CallEnd, type ServerCall, StatusCode } from '@kvs/grpc'
import type { Clock, Random } from '../parts.ts'
import { operationOf } from './operations.ts'
import type { Span, SpanSink } from './span.ts'
import { parseTraceParent, type TraceContext } from './trace-context.ts'

export interface TracerParts {
  readonly clock: Clock
  readonly random: Random
  readonly sink: SpanSink
  readonly samplesPerMillion: number
}

const million = 1_000_000
const nobody = new Uint8Array(0)

/** Codes that are the server's fault, by OpenTelemetry's conventions for gRPC servers. */
const faults: ReadonlySet<StatusCode> = new Set([
  StatusCode.UNKNOWN,
  StatusCode.DEADLINE_EXCEEDED,
  StatusCode.UNIMPLEMENTED,
  StatusCode.INTERNAL,
  StatusCode.UNAVAILABLE,
  StatusCode.DATA_LOSS,
])

/**
 * Makes spans of calls that are over: one for the call, and within it one for what it did to the store, with etcd's names
 * and attributes. A call is traced if its client traces it; where the client says nothing, one of so many is.
 */
export class CallTracer {
  readonly #parts: TracerParts

  constructor(parts: TracerParts) {
    this.#parts = parts
  }

  ended(call: ServerCall, end: Readonly<CallEnd>): void {
    const parent = parseTraceParent(call.metadata.get('traceparent') ?? '', call.metadata.get('tracestate'))
    if (!this.#isSampled(parent)) return
    const { clock, random, sink } = this.#parts
    const endMs = clock.wallNow()
    const common = {
      traceId: parent?.traceId ?? random.bytes(16),
      traceState: parent?.state ?? '',
      startMs: endMs - end.durationMs,
      endMs,
      failure: faults.has(end.code) ? (codeNames[end.code] ?? String(end.code)) : undefined,
    }
    const span: Span = {
      ...common,
      spanId: random.bytes(8),
      parentSpanId: parent?.spanId ?? nobody,
      name: call.path.slice(1),
      kind: 'server',
      attributes: callAttributes(call, end),
    }
    sink.add(span)
    const operation = operationOf(call)
    if (operation === undefined) return
    sink.add({ ...common, spanId: random.bytes(8), parentSpanId: span.spanId, kind: 'internal', ...operation })
  }

  #isSampled(parent: TraceContext | undefined): boolean {
    const { random, samplesPerMillion } = this.#parts
    if (parent !== undefined) return parent.isSampled
    return samplesPerMillion > 0 && random.below(million) < samplesPerMillion
  }
}

/** Names of codes. */
const codeNames: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(StatusCode).map(([name, code]) => [code, name]),
)

function callAttributes({ path, peer }: ServerCall, { code, requestBytes }: Readonly<CallEnd>): Span['attributes'] {
  const slash = path.lastIndexOf('/')
  return {
    'rpc.system': 'grpc',
    'rpc.service': path.slice(1, slash),
    'rpc.method': path.slice(slash + 1),
    'rpc.grpc.status_code': code,
    'network.peer.address': peer.remote,
    'rpc.request.size': requestBytes,
  }
}
