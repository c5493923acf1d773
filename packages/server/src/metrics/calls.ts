import {
  type CallCounters,
  type CallEnd,
  type CallObserver,
  type Metadata,
  newCallCounters,
  type ServerCall,
} from '@kvs/grpc'
import * as limits from '../limits.ts'
import { Histogram } from './histogram.ts'

/** A method as gRPC's metrics name it. */
export interface MethodLabels {
  readonly grpc_method: string
  readonly grpc_service: string
  readonly grpc_type: 'unary' | 'client_stream' | 'server_stream' | 'bidi_stream'
}

/** What is known of the calls of one method. */
export interface MethodCalls {
  readonly labels: MethodLabels
  /** By what clients say about their version. */
  readonly byVersion: Map<string, CallCounters>
  /** Seconds; undefined unless asked for. */
  readonly durations: Histogram | undefined
}

/** How long gRPC calls take: the default bounds of Prometheus' clients. */
const handlingBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** What is read of a method's description. */
export interface MethodShape {
  readonly path: string
  readonly clientStreams: boolean
  readonly serverStreams: boolean
  /** Shown from its first call on only. */
  readonly isQuiet?: boolean
}

/**
 * Counts the calls of the client port: of each method by what its clients say about their version, so that one set of
 * numbers serves the metrics by method and those by version.
 */
export class CallMetrics implements CallObserver {
  readonly #methods: readonly MethodCalls[]
  readonly #quiet: ReadonlySet<MethodCalls>
  readonly #byPath: ReadonlyMap<string, MethodCalls>
  readonly #measures: boolean
  readonly #slowMs: number
  readonly #onSlow: (call: ServerCall, end: Readonly<CallEnd>) => void
  readonly #onEnded: ((call: ServerCall, end: Readonly<CallEnd>) => void) | undefined
  #versions = 0

  /** `measures`: keeps durations by method. `onSlow` hears of unary calls that took longer than `slowMs`, `onEnded` of all. */
  constructor(parts: {
    readonly methods: readonly MethodShape[]
    readonly measures: boolean
    readonly slowMs: number
    readonly onSlow: (call: ServerCall, end: Readonly<CallEnd>) => void
    readonly onEnded?: ((call: ServerCall, end: Readonly<CallEnd>) => void) | undefined
  }) {
    this.#measures = parts.measures
    this.#slowMs = parts.slowMs
    this.#onSlow = parts.onSlow
    this.#onEnded = parts.onEnded
    const entries = parts.methods.map((method): [string, MethodCalls] => [
      method.path,
      {
        labels: labelsOf(method),
        byVersion: new Map(),
        durations: parts.measures ? new Histogram(handlingBounds) : undefined,
      },
    ])
    this.#byPath = new Map(entries)
    this.#methods = entries.map(([, calls]) => calls)
    this.#quiet = new Set(this.#methods.filter((_calls, i) => parts.methods[i]?.isQuiet === true))
  }

  /** What there is to show, in the order of the methods given. */
  get methods(): readonly MethodCalls[] {
    return this.#methods.filter(calls => calls.byVersion.size > 0 || !this.#quiet.has(calls))
  }

  countersOf(path: string, metadata: Metadata): CallCounters {
    const method = this.#byPath.get(path)
    if (method === undefined) return newCallCounters()
    const { byVersion } = method
    let version = metadata.get('client-api-version') ?? 'unknown'
    // Clients say what they like: beyond a bound their versions are not told apart.
    if (!byVersion.has(version) && this.#versions >= limits.clientVersionsMax) version = 'unknown'
    let counters = byVersion.get(version)
    if (counters === undefined) {
      counters = newCallCounters()
      byVersion.set(version, counters)
      this.#versions++
    }
    return counters
  }

  ended(call: ServerCall, end: Readonly<CallEnd>): void {
    this.#onEnded?.(call, end)
    if (this.#measures) this.#byPath.get(call.path)?.durations?.observe(end.durationMs / 1000)
    if (end.durationMs <= this.#slowMs) return
    if (this.#byPath.get(call.path)?.labels.grpc_type === 'unary') this.#onSlow(call, end)
  }
}

function labelsOf({ path, clientStreams, serverStreams }: MethodShape): MethodLabels {
  const slash = path.lastIndexOf('/')
  const streams = clientStreams ? 'client_stream' : 'server_stream'
  const both = clientStreams && serverStreams ? 'bidi_stream' : streams
  return {
    grpc_method: path.slice(slash + 1),
    grpc_service: path.slice(1, slash),
    grpc_type: clientStreams || serverStreams ? both : 'unary',
  }
}
