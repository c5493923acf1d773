// @ts-check
/**
 * What a flag is called where it takes effect, and, where the first file that says so is not the one to read, which is.
 * Words that are not here are the names of the options that `apps/server/src/embed-options.ts` makes of the flags.
 */

/**
 * @typedef {object} Place
 * @property {string} [word] what sources and tests call it
 * @property {string} [source] where it takes effect
 * @property {string} [test] what shows that it does
 * @property {string} [none] why it has no effect of its own
 */

const server = 'packages/server/src'
const tests = 'packages/server/test'
const app = 'apps/server/src'
const appTests = 'apps/server/test'

/** @type {Readonly<Record<string, Place>>} */
export const places = {
  name: { word: 'name', source: `${server}/bootstrap/founding.ts`, test: `${tests}/embed.test.ts` },
  'data-dir': { word: 'dataDir', source: `${server}/layout.ts`, test: `${tests}/embed.test.ts` },
  'max-snapshots': { none: 'the state file is the snapshot: there are no others to keep' },
  'memory-mlock': { none: 'Node.js cannot lock memory; the start says so' },
  'backend-bbolt-freelist-type': { none: 'the state file has no such list' },
  'socket-reuse-address': { none: 'Node.js always does so' },
  'client-cert-file': { none: 'no call goes over our own client port: the gateway calls within the process' },
  'client-key-file': { none: 'see --client-cert-file' },
  'discovery-fallback': { none: "only 'exit' is allowed" },
  'v2-deprecation': { none: 'there is no v2 store; any value means the default' },
  logger: { none: "only 'zap' is allowed" },
  'initial-advertise-peer-urls': { word: 'initialAdvertisePeerUrls', source: `${server}/bootstrap/founding.ts` },
  'initial-cluster-token': { word: 'initialClusterToken', source: `${server}/bootstrap/founding.ts` },
  ...Object.fromEntries(
    ['cert-file', 'key-file', 'peer-cert-file', 'peer-key-file'].map(name => [
      name,
      {
        word: name.endsWith('cert-file') ? 'certFile' : 'keyFile',
        source: `${server}/embed/tls.ts`,
        test: `${tests}/tls.test.ts`,
      },
    ]),
  ),
  'advertise-client-urls': { word: 'advertiseClientUrls', source: `${server}/membership/publish.ts` },
  'auto-compaction-mode': { word: 'autoCompactionMode' },
  'auto-compaction-retention': { word: 'autoCompactionRetention' },
  'listen-peer-urls': { word: 'listenPeerUrls', source: `${server}/embed.ts`, test: `${tests}/embed.test.ts` },
  'listen-client-urls': { word: 'listenClientUrls', source: `${server}/embed.ts`, test: `${tests}/embed.test.ts` },
  'listen-client-http-urls': { word: 'listenClientHttpUrls', source: `${server}/embed.ts` },
  'listen-metrics-urls': { word: 'listenMetricsUrls', source: `${server}/embed.ts` },
  'max-concurrent-streams': {
    word: 'maxConcurrentStreams',
    source: `${server}/options.ts`,
    test: `${tests}/limits.test.ts`,
  },
  'max-request-bytes': { word: 'maxRequestBytes', test: `${tests}/limits.test.ts` },
  'max-txn-ops': { word: 'maxTxnOps', test: `${tests}/limits.test.ts` },
  'quota-backend-bytes': { word: 'quotaBackendBytes', source: `${server}/options.ts` },
  'grpc-keepalive-min-time': {
    word: 'grpcKeepaliveMinTimeMs',
    source: `${server}/options.ts`,
    test: `${tests}/limits.test.ts`,
  },
  'grpc-keepalive-interval': { word: 'grpcKeepaliveIntervalMs', source: `${server}/options.ts` },
  'grpc-keepalive-timeout': {
    word: 'grpcKeepaliveTimeoutMs',
    source: `${server}/options.ts`,
    test: `${tests}/limits.test.ts`,
  },
  'socket-reuse-port': { word: 'socketReusePort', source: `${server}/embed.ts` },
  'enable-pprof': { word: 'enablePprof', source: `${server}/embed.ts` },
  'enable-grpc-reflection': {
    word: 'descriptors',
    source: `${server}/edge/reflection.ts`,
    test: `${tests}/reflection.test.ts`,
  },
  'feature-gates': { word: 'featureGates', test: `${tests}/defragment.test.ts` },
  metrics: { word: 'metrics', source: `${server}/metrics/calls.ts`, test: `${tests}/metrics.test.ts` },
  'client-cert-auth': { word: 'clientCertAuth', source: `${server}/embed/tls.ts`, test: `${tests}/tls.test.ts` },
  'client-crl-file': { word: 'crlFile', test: `${tests}/limits.test.ts` },
  'peer-client-cert-auth': { word: 'clientCertAuth', source: `${server}/embed/tls.ts` },
  'auto-tls': { word: 'auto', source: `${server}/embed/tls.ts`, test: `${tests}/tls.test.ts` },
  'peer-auto-tls': { word: 'auto', source: `${server}/embed/tls.ts`, test: `${tests}/limits.test.ts` },
  'cipher-suites': { word: 'cipherSuites', test: `${tests}/limits.test.ts` },
  'auth-token': { word: 'authToken', source: `${server}/auth/auth-state.ts` },
  'log-outputs': { word: 'openLogOutputs', source: `${app}/log-output.ts`, test: `${appTests}/log-output.test.ts` },
  'log-level': { word: 'level', source: `${app}/logger.ts`, test: `${appTests}/logger.test.ts` },
  'log-format': { word: 'format', source: `${app}/logger.ts`, test: `${appTests}/logger.test.ts` },
  'enable-log-rotation': {
    word: 'RotatingFile',
    source: `${app}/rotating-file.ts`,
    test: `${appTests}/log-output.test.ts`,
  },
  'log-rotation-config-json': {
    word: 'LogRotation',
    source: `${app}/log-rotation.ts`,
    test: `${appTests}/log-output.test.ts`,
  },
  'enable-distributed-tracing': {
    word: 'tracing',
    source: `${server}/embed/tracing.ts`,
    test: `${tests}/tracing.test.ts`,
  },
  'distributed-tracing-address': {
    ...{ word: 'address', source: `${server}/tracing/otlp-exporter.ts`, test: `${tests}/tracing.test.ts` },
  },
}

/** Options whose word says nothing: these flags share the object they are kept in, and the file that reads it. */
export const grouped = /^discovery-(?!srv|fallback)/
export const groupedSource = `${server}/embed/discovery.ts`
