/** Something that took time, as OpenTelemetry describes it. */
export interface Span {
  /** 16 bytes. */
  readonly traceId: Uint8Array
  /** 8 bytes. */
  readonly spanId: Uint8Array
  /** Empty where there is none. */
  readonly parentSpanId: Uint8Array
  readonly traceState: string
  readonly name: string
  readonly kind: 'internal' | 'server'
  /** Milliseconds since 1970, with fractions. */
  readonly startMs: number
  readonly endMs: number
  readonly attributes: SpanAttributes
  /** What went wrong; undefined if nothing did. */
  readonly failure: string | undefined
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

/** Takes spans that are over. */
export interface SpanSink {
  add(span: Span): void
}
