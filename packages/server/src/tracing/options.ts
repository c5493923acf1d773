/** Where traces of calls go, and which: etcd's `--distributed-tracing-…` flags by name. */
export interface TracingOptions {
  /** `host:port` of an OpenTelemetry collector that takes OTLP over gRPC, unencrypted. */
  readonly address: string
  readonly serviceName: string
  /** Tells the members of a cluster apart; empty: not said. */
  readonly instanceId: string
  /** Of a million calls whose client says nothing of traces, so many are traced. 0: only those whose client traces them. */
  readonly samplesPerMillion: number
}
