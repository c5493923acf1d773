import type { Span, SpanAttributes } from './span.ts'

/** The method of collectors (opentelemetry-proto 1.x, `collector/trace/v1/trace_service.proto`). */
export const exportPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'

/**
 * `ExportTraceServiceRequest`. Written by hand: few messages, and times that no number of JavaScript holds.
 *
 *   request   1 resource spans    resource spans  1 resource { 1 attributes }, 2 scope spans
 *   scope spans  1 scope { 1 name }, 2 spans
 *   span  1 trace, 2 id, 3 state, 4 parent, 5 name, 6 kind, 7 start and 8 end fixed64 ns, 9 attributes, 15 status
 *   attribute  1 key, 2 value { 1 string, 2 bool, 3 int, 4 double }    status  2 message, 3 code (2: error)
 */
export function encodeExport(spans: readonly Span[], resource: SpanAttributes): Uint8Array {
  const scope = text(1, 'kvs')
  const scopeSpans = [part(1, [scope]), ...spans.map(span => part(2, encodeSpan(span)))]
  return Buffer.concat([part(1, [part(1, attributes(1, resource)), part(2, scopeSpans)])])
}

const kinds = { internal: 1, server: 2 } as const
const errorCode = 2

function encodeSpan(span: Span): readonly Uint8Array[] {
  return [
    bytes(1, span.traceId),
    bytes(2, span.spanId),
    ...(span.traceState === '' ? [] : [text(3, span.traceState)]),
    ...(span.parentSpanId.length === 0 ? [] : [bytes(4, span.parentSpanId)]),
    text(5, span.name),
    integer(6, kinds[span.kind]),
    nanoseconds(7, span.startMs),
    nanoseconds(8, span.endMs),
    ...attributes(9, span.attributes),
    ...(span.failure === undefined ? [] : [part(15, [text(2, span.failure), integer(3, errorCode)])]),
  ]
}

function attributes(id: number, all: SpanAttributes): readonly Uint8Array[] {
  return Object.entries(all).map(([key, value]) => part(id, [text(1, key), part(2, [anyValue(value)])]))
}

function anyValue(value: string | number | boolean): Uint8Array {
  if (typeof value === 'string') return text(1, value)
  if (typeof value === 'boolean') return integer(2, value ? 1 : 0)
  if (Number.isSafeInteger(value)) return integer(3, value)
  const double = Buffer.alloc(9)
  double[0] = (4 << 3) | 1
  double.writeDoubleLE(value, 1)
  return double
}

function varint(value: bigint): Uint8Array {
  const out: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest >= 0x80n; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80)
  out.push(Number(rest))
  return Uint8Array.from(out)
}

function integer(id: number, value: number): Uint8Array {
  return Buffer.concat([varint(BigInt(id << 3)), varint(BigInt(value))])
}

function bytes(id: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([varint(BigInt((id << 3) | 2)), varint(BigInt(value.length)), value])
}

const text = (id: number, value: string): Uint8Array => bytes(id, Buffer.from(value))

const part = (id: number, fields: readonly Uint8Array[]): Uint8Array => bytes(id, Buffer.concat(fields))

function nanoseconds(id: number, atMs: number): Uint8Array {
  const field = Buffer.alloc(9)
  field[0] = (id << 3) | 1
  const wholeMs = Math.floor(atMs)
  field.writeBigUInt64LE(BigInt(wholeMs) * 1_000_000n + BigInt(Math.round((atMs - wholeMs) * 1e6)), 1)
  return field
}
