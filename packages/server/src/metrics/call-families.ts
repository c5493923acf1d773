import { type CallCounters, StatusCode } from '@kvs/grpc'
import type { CallMetrics, MethodCalls } from './calls.ts'
import { counter, counters, histograms, type Labelled, type MetricFamily } from './family.ts'
import type { Measured } from './measured.ts'

/** gRPC by method, clients by version, bytes, and streams that broke. */
export function callFamilies({ calls, metrics, grpcBytes }: Measured): readonly MetricFamily[] {
  const { watchFailures, keepAliveFailures } = metrics
  const families = [
    counters('grpc_server_started_total', 'gRPC calls that began.', () => byMethod(calls, one => one.started)),
    counters('grpc_server_handled_total', 'gRPC calls that ended, by status.', () => calls.methods.flatMap(handled)),
    counters('grpc_server_msg_received_total', 'gRPC messages received.', () =>
      byMethod(calls, one => one.messagesReceived),
    ),
    counters('grpc_server_msg_sent_total', 'gRPC messages sent.', () => byMethod(calls, one => one.messagesSent)),
    counters('etcd_server_client_requests_total', 'Calls by what clients say about their version.', () =>
      clientRequests(calls),
    ),
    counter(
      'etcd_network_client_grpc_received_bytes_total',
      'Bytes of messages from clients.',
      () => grpcBytes.receivedBytes,
    ),
    counter('etcd_network_client_grpc_sent_bytes_total', 'Bytes of messages to clients.', () => grpcBytes.sentBytes),
    counters('etcd_network_server_stream_failures_total', 'Client streams that broke.', () =>
      [
        { labels: { API: 'lease-keepalive', Type: 'receive' }, value: keepAliveFailures.received },
        { labels: { API: 'lease-keepalive', Type: 'send' }, value: keepAliveFailures.sent },
        { labels: { API: 'watch', Type: 'receive' }, value: watchFailures.received },
        { labels: { API: 'watch', Type: 'send' }, value: watchFailures.sent },
      ].filter(({ value }) => value > 0),
    ),
  ]
  return calls.methods.some(({ durations }) => durations !== undefined) ? [...families, durationsOf(calls)] : families
}

/** A family that exists only where durations are kept. */
function durationsOf(calls: CallMetrics): MetricFamily {
  return histograms('grpc_server_handling_seconds', 'Time that gRPC calls took.', () =>
    calls.methods.flatMap(({ labels, durations }) =>
      durations === undefined ? [] : [{ labels: { ...labels }, histogram: durations }],
    ),
  )
}

function byMethod({ methods }: CallMetrics, count: (counters: CallCounters) => number): readonly Labelled[] {
  return methods.map(({ labels, byVersion }) => ({ labels: { ...labels }, value: sum(byVersion.values(), count) }))
}

/** Every status is there from the beginning, at 0. */
function handled({ labels, byVersion }: MethodCalls): readonly Labelled[] {
  return codeNames.map(([grpc_code, code]) => ({
    labels: { grpc_code, ...labels },
    value: sum(byVersion.values(), one => one.ended[code] ?? 0),
  }))
}

function clientRequests({ methods }: CallMetrics): readonly Labelled[] {
  const values = new Map<string, Labelled>()
  for (const { labels, byVersion } of methods) {
    const type = labels.grpc_type === 'unary' ? 'unary' : 'stream'
    for (const [version, { started }] of byVersion) {
      const key = `${type} ${version}`
      const value = (values.get(key)?.value ?? 0) + started
      if (value > 0) values.set(key, { labels: { client_api_version: version, type }, value })
    }
  }
  return [...values.values()]
}

function sum(all: Iterable<CallCounters>, count: (counters: CallCounters) => number): number {
  let total = 0
  for (const one of all) total += count(one)
  return total
}

/** Go's names of the codes, `NotFound` for NOT_FOUND; two of them are spelled in a way of their own. */
const codeNames: readonly (readonly [string, number])[] = Object.entries(StatusCode)
  .map(([name, code]): readonly [string, number] => [goCodeName(name), code])
  .sort(([a], [b]) => (a < b ? -1 : 1))

function goCodeName(name: string): string {
  if (name === 'OK') return 'OK'
  if (name === 'CANCELLED') return 'Canceled'
  return name
    .split('_')
    .map(word => word.slice(0, 1) + word.slice(1).toLowerCase())
    .join('')
}
