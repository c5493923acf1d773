import type { FlagValue } from './flag-values.ts'

/** One flag of the program. Its key in the table is its name on the command line and in the environment (`ETCD_…`). */
export interface Flag {
  readonly section: string
  readonly fallback: FlagValue
  readonly kind: 'text' | 'boolean' | 'integer' | 'count' | 'durationMs' | 'list' | 'urls' | 'word'
  readonly help: string
  /** Of a `word`: what it may be. */
  readonly words?: readonly string[]
  /** Its key in a config file, with dots between nested ones; the name unless given, none if undefined. */
  readonly key?: string | undefined
  /** Default as the help shows it, where that is not the value. */
  readonly shown?: string
  /** A config file may say it, a command line not. */
  readonly isFileOnly?: boolean
}

type Rest = Partial<Omit<Flag, 'section' | 'kind' | 'fallback' | 'help'>>

/** Makes flags of one section. */
class Section {
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  text(fallback: string, help: string, rest: Rest = {}): Flag {
    return { section: this.#name, kind: 'text', fallback, help, ...rest }
  }
  list(fallback: readonly string[], help: string, rest: Rest = {}): Flag {
    return { section: this.#name, kind: 'list', fallback, help, ...rest }
  }
  urls(fallback: readonly string[], help: string, rest: Rest = {}): Flag {
    return { section: this.#name, kind: 'urls', fallback, help, ...rest }
  }
  integer(fallback: number, help: string, rest: Rest = {}): Flag {
    return { section: this.#name, kind: 'integer', fallback, help, ...rest }
  }
  count(fallback: number, help: string, rest: Rest = {}): Flag {
    return { section: this.#name, kind: 'count', fallback, help, ...rest }
  }
  duration(fallbackMs: number, help: string, rest: Rest = {}): Flag {
    return { section: this.#name, kind: 'durationMs', fallback: fallbackMs, help, ...rest }
  }
  boolean(fallback: boolean, help: string, rest: Rest = {}): Flag {
    return { section: this.#name, kind: 'boolean', fallback, help, ...rest }
  }
  word(fallback: string, words: readonly string[], help: string, rest: Rest = {}): Flag {
    return { section: this.#name, kind: 'word', fallback, words, help, ...rest }
  }
}

const member = new Section('Member')
const clustering = new Section('Clustering')
const security = new Section('Security')
const auth = new Section('Auth')
const monitoring = new Section('Profiling and Monitoring')
const logging = new Section('Logging')
const tracing = new Section('Distributed tracing')
const features = new Section('Features')
const unsafe = new Section('Unsafe feature')

const memberFlags: Readonly<Record<string, Flag>> = {
  name: member.text('default', 'Human-readable name for this member.'),
  'data-dir': member.text('', 'Path to the data directory.', { shown: `\${name}.etcd` }),
  'wal-dir': member.text('', 'Directory of the log, if it is not to lie in the data directory.'),
  'snapshot-count': member.count(10_000, 'Entries after which the log behind them is given up (0: 10000).'),
  'snapshot-catchup-entries': member.count(5000, 'Entries kept in memory for members that lag a little.'),
  'heartbeat-interval': member.integer(100, 'Time (in milliseconds) of a heartbeat interval.'),
  'election-timeout': member.integer(1000, 'Time (in milliseconds) for an election to timeout.'),
  'initial-election-tick-advance': member.boolean(true, 'The first election comes sooner than after a whole timeout.'),
  'listen-peer-urls': member.urls(['http://localhost:2380'], 'URLs to listen on for peer traffic.'),
  'listen-client-urls': member.urls(['http://localhost:2379'], 'URLs to listen on for client traffic.'),
  'listen-client-http-urls': member.urls(
    [],
    'URLs that serve plain HTTP to clients; those of --listen-client-urls are then for gRPC only.',
  ),
  'max-snapshots': member.count(5, 'Deprecated: the state file is the snapshot, so there are no others to keep.'),
  'max-wals': member.count(5, 'Segments of the log that are kept though nothing needs them (0: all).'),
  'memory-mlock': member.boolean(false, 'Accepted and told of: Node.js cannot lock memory.'),
  'quota-backend-bytes': member.integer(
    0,
    'Raise an alarm when the state exceeds this size (0: 2 GiB; negative: never).',
  ),
  'backend-bbolt-freelist-type': member.word('map', ['map', 'array'], 'Accepted: the state file has no such list.'),
  'backend-batch-interval': member.duration(0, 'Longest time before the state is committed (0: 100ms).'),
  'backend-batch-limit': member.integer(0, 'Most operations before the state is committed (0: 10000).'),
  'max-txn-ops': member.count(128, 'Most operations in a transaction.'),
  'max-request-bytes': member.count(1_572_864, 'Largest request of a client, in bytes.'),
  'max-concurrent-streams': member.count(
    4_294_967_295,
    'Calls that one connection may have open at once (as it is: 10000).',
  ),
  'grpc-keepalive-min-time': member.duration(5000, 'Clients that ping more often are sent away.'),
  'grpc-keepalive-interval': member.duration(7_200_000, 'Silent clients are pinged after this time (0: never).'),
  'grpc-keepalive-timeout': member.duration(20_000, 'Time that a pinged client has to answer (0: never pinged).'),
  'socket-reuse-port': member.boolean(
    false,
    'Other processes may listen on the same ports (Node.js 22.12 and later).',
    {
      key: 'socket-options.reuse-port',
    },
  ),
  'socket-reuse-address': member.boolean(false, 'Listen on a port whose last connections linger; always so here.', {
    key: 'socket-options.reuse-address',
  }),
  'enable-grpc-gateway': member.boolean(true, 'Serve the API as JSON over HTTP, too.'),
  'enable-grpc-reflection': member.boolean(
    false,
    'Tell clients what services and messages there are (gRPC reflection; etcd has no such flag).',
  ),
  'raft-read-timeout': member.duration(5000, 'Longest wait for the next bytes of a peer (at least 5s).', {
    key: undefined,
  }),
  'raft-write-timeout': member.duration(5000, 'Longest wait for a peer to take bytes (at least 5s).', {
    key: undefined,
  }),
  'feature-gates': member.text('', 'Features on and off: Name=true,Other=false (AllAlpha and AllBeta are groups).'),
}

const clusteringFlags: Readonly<Record<string, Flag>> = {
  'initial-advertise-peer-urls': clustering.urls(['http://localhost:2380'], 'Peer URLs told to the other members.'),
  'initial-cluster': clustering.text('', "Founding members, 'name=url,…'.", {
    shown: 'default=http://localhost:2380',
  }),
  'initial-cluster-state': clustering.word(
    'new',
    ['new', 'existing'],
    "Whether the cluster is new or this member joins one ('new' or 'existing').",
  ),
  'initial-cluster-token': clustering.text('etcd-cluster', 'Token of the cluster during bootstrap.'),
  'advertise-client-urls': clustering.urls(['http://localhost:2379'], 'Client URLs told to clients.'),
  'discovery-endpoints': clustering.list([], 'Cluster that tells who founds this one, with --discovery-token.', {
    key: 'discovery-config.client.endpoints',
  }),
  'discovery-token': clustering.text('', 'What the discovery cluster knows this one by.', {
    key: 'discovery-config.token',
  }),
  'discovery-dial-timeout': clustering.duration(2000, 'Time to connect to the discovery cluster.', {
    key: 'discovery-config.client.dial-timeout',
  }),
  'discovery-request-timeout': clustering.duration(5000, 'Time for a request to the discovery cluster.', {
    key: 'discovery-config.client.request-timeout',
  }),
  'discovery-keepalive-time': clustering.duration(2000, 'The discovery cluster is pinged after this time.', {
    key: 'discovery-config.client.keepalive-time',
  }),
  'discovery-keepalive-timeout': clustering.duration(6000, 'Time that it has to answer.', {
    key: 'discovery-config.client.keepalive-timeout',
  }),
  'discovery-insecure-transport': clustering.boolean(true, 'No encryption on the way to the discovery cluster.', {
    key: 'discovery-config.client.secure.insecure-transport',
  }),
  'discovery-insecure-skip-tls-verify': clustering.boolean(false, 'Its certificate is not verified: for tests only.', {
    key: 'discovery-config.client.secure.insecure-skip-tls-verify',
  }),
  'discovery-cert': clustering.text('', 'Certificate shown to the discovery cluster, PEM.', {
    key: 'discovery-config.client.secure.cert',
  }),
  'discovery-key': clustering.text('', 'Its private key, PEM.', { key: 'discovery-config.client.secure.key' }),
  'discovery-cacert': clustering.text('', 'Authorities that its certificate is verified with, PEM.', {
    key: 'discovery-config.client.secure.cacert',
  }),
  'discovery-user': clustering.text('', 'User of the discovery cluster, name or name:password.', {
    key: 'discovery-config.client.auth.username',
  }),
  'discovery-password': clustering.text('', 'Password of that user.', { key: 'discovery-config.client.auth.password' }),
  'discovery-fallback': clustering.word('exit', ['exit', 'proxy'], "What to do when discovery fails: only 'exit'.", {
    key: undefined,
  }),
  'discovery-srv': clustering.text('', 'DNS domain whose SRV records tell who founds the cluster.'),
  'discovery-srv-name': clustering.text('', 'Suffix of the service name that is asked for there.'),
  'strict-reconfig-check': clustering.boolean(true, 'Refuse changes of members that would cost the quorum.'),
  'pre-vote': clustering.boolean(true, 'Ask the other members before campaigning.'),
  'auto-compaction-retention': clustering.text(
    '0',
    "History that is kept when compacting by itself: a time or hours in mode 'periodic', a number in mode 'revision' (0: never).",
  ),
  'auto-compaction-mode': clustering.text('periodic', "What the retention counts ('periodic' or 'revision')."),
  'v2-deprecation': clustering.word(
    'write-only',
    ['write-only', 'write-only-skip-check', 'write-only-drop-data', 'gone'],
    'Deprecated: there is no other value than the default.',
  ),
}

const client = 'client-transport-security'
const peer = 'peer-transport-security'

const clientSecurityFlags: Readonly<Record<string, Flag>> = {
  'cert-file': security.text('', 'Certificate of the client port, PEM; read again when it changes.', {
    key: `${client}.cert-file`,
  }),
  'key-file': security.text('', 'Its private key, PEM.', { key: `${client}.key-file` }),
  'client-cert-file': security.text('', 'Certificate for calls to our own client port: none are made over it.', {
    key: `${client}.client-cert-file`,
  }),
  'client-key-file': security.text('', 'Its private key, PEM.', { key: `${client}.client-key-file` }),
  'client-cert-auth': security.boolean(false, 'Clients must show a certificate of a trusted authority.', {
    key: `${client}.client-cert-auth`,
  }),
  'client-crl-file': security.text('', 'Certificates of clients that are revoked, DER.', { key: undefined }),
  'client-cert-allowed-hostname': security.list(
    [],
    'Hosts that the certificate of a client must be valid for one of.',
    {
      key: `${client}.allowed-hostname`,
    },
  ),
  'client-cert-allowed-cn': security.list([], 'Common names that the certificate of a client must have one of.', {
    key: `${client}.allowed-cn`,
    isFileOnly: true,
  }),
  'trusted-ca-file': security.text('', 'Authorities that certificates of clients are verified with, PEM.', {
    key: `${client}.trusted-ca-file`,
  }),
  'auto-tls': security.boolean(false, 'Encrypt the client port with a certificate that nobody can verify.', {
    key: `${client}.auto-tls`,
  }),
}

const peerSecurityFlags: Readonly<Record<string, Flag>> = {
  'peer-cert-file': security.text('', 'Certificate of the peer port, PEM.', { key: `${peer}.cert-file` }),
  'peer-key-file': security.text('', 'Its private key, PEM.', { key: `${peer}.key-file` }),
  'peer-client-cert-file': security.text(
    '',
    'Certificate shown to other members, if it is not that of the port, PEM.',
    {
      key: `${peer}.client-cert-file`,
    },
  ),
  'peer-client-key-file': security.text('', 'Its private key, PEM.', { key: `${peer}.client-key-file` }),
  'peer-client-cert-auth': security.boolean(false, 'Peers must show a certificate of a trusted authority.', {
    key: `${peer}.client-cert-auth`,
  }),
  'peer-trusted-ca-file': security.text('', 'Authorities that certificates of peers are verified with, PEM.', {
    key: `${peer}.trusted-ca-file`,
  }),
  'peer-cert-allowed-cn': security.list([], 'Common names that the certificate of a peer must have one of.', {
    key: `${peer}.allowed-cn`,
  }),
  'peer-cert-allowed-hostname': security.list([], 'Hosts that the certificate of a peer must be valid for one of.', {
    key: `${peer}.allowed-hostname`,
  }),
  'peer-auto-tls': security.boolean(false, 'Encrypt the peer port with a certificate that nobody can verify.', {
    key: `${peer}.auto-tls`,
  }),
  'self-signed-cert-validity': security.count(1, 'Years that such a certificate is valid.'),
  'peer-crl-file': security.text('', 'Certificates of peers that are revoked, DER.', { key: undefined }),
  'peer-skip-client-san-verification': security.boolean(
    false,
    'Peers need not come from where their certificate says.',
    {
      key: `${peer}.skip-client-san-verification`,
    },
  ),
  'cipher-suites': security.list([], "Cipher suites, by Go's names (those with forward secrecy if not given)."),
  cors: security.list(['*'], "Origins of pages that may read what is answered by HTTP ('*': all)."),
  'host-whitelist': security.list(['*'], "What this host may be called in plain HTTP ('*': anything)."),
  'tls-min-version': security.text('TLS1.2', 'Oldest TLS that is spoken: TLS1.2 or TLS1.3.'),
  'tls-max-version': security.text('', 'Newest TLS that is spoken: TLS1.2 or TLS1.3 (no bound if not given).'),
}

const operationFlags: Readonly<Record<string, Flag>> = {
  'auth-token': auth.text(
    'simple',
    "Tokens that users get: 'simple', or 'jwt,pub-key=FILE,priv-key=FILE,sign-method=M,ttl=10m' (none if empty).",
  ),
  'bcrypt-cost': auth.count(10, 'Cost of hashing passwords: 4 to 31, each doubles the last.'),
  'auth-token-ttl': auth.count(300, 'Seconds that a simple token lives after its last use.'),

  'enable-pprof': monitoring.boolean(
    false,
    'Serve CPU profiles and heap snapshots below /debug/pprof/ of the client port.',
  ),
  metrics: monitoring.text('basic', "Detail of metrics ('basic', or 'extensive' with gRPC latencies)."),
  'listen-metrics-urls': monitoring.urls([], 'URLs that serve metrics and health only.'),

  logger: logging.text('zap', "Shape of log lines: only 'zap'."),
  'log-outputs': logging.list(
    ['default'],
    "Where log lines go: 'default' (stderr), 'stdout', 'stderr', 'systemd/journal' or files, several with commas.",
  ),
  'log-level': logging.text('info', 'Only lines of this level and above: debug, info, warn, error, panic or fatal.'),
  'log-format': logging.text('', 'json or console (console on a terminal, json elsewhere if not given).', {
    shown: 'json',
  }),
  'enable-log-rotation': logging.boolean(false, 'Begin a new file when the one of --log-outputs is full.'),
  'log-rotation-config-json': logging.text(
    '{"maxsize": 100, "maxage": 0, "maxbackups": 0, "localtime": false, "compress": false}',
    'When that is (megabytes), and how long (days) and how many full files are kept.',
  ),
  'warning-unary-request-duration': logging.duration(300, 'Requests that take longer are logged.'),
  'warning-apply-duration': logging.duration(100, 'Entries and reads that take longer are logged.'),

  'enable-distributed-tracing': tracing.boolean(false, 'Send traces of calls to an OpenTelemetry collector.'),
  'distributed-tracing-address': tracing.text('localhost:4317', 'Its address (OTLP over gRPC, not encrypted).'),
  'distributed-tracing-service-name': tracing.text('etcd', 'What traces call this service; the same for all members.'),
  'distributed-tracing-instance-id': tracing.text('', 'What traces call this member.'),
  'distributed-tracing-sampling-rate': tracing.integer(
    0,
    'Calls in a million that are traced though their client traces none.',
  ),
}

const featureFlags: Readonly<Record<string, Flag>> = {
  'corrupt-check-time': features.duration(0, 'Time between comparisons of the members (0: never).'),
  'compact-hash-check-time': features.duration(60_000, 'Time between comparisons of what compactions left.'),
  'compaction-batch-limit': features.integer(0, 'Records removed at once after a compaction (0: 1000).'),
  'compaction-sleep-interval': features.duration(0, 'Rest between such batches (0: 10ms).'),
  'watch-progress-notify-interval': features.duration(
    0,
    'Time between progress notifications of idle watchers (0: 10m).',
  ),
  'bootstrap-defrag-threshold-megabytes': features.count(
    0,
    'Defragment at the start if that frees so much (0: never).',
  ),
  'max-learners': features.integer(1, 'Most learners in the cluster.'),
  'downgrade-check-time': features.duration(5000, 'Time between looks at whether a downgrade is through.'),

  'force-new-cluster': unsafe.boolean(false, 'This member, with its data, becomes a cluster of its own.'),
  'unsafe-no-fsync': unsafe.boolean(false, 'Never sync the log: a power cut loses acknowledged writes.'),
}

/** Every flag this program knows, with etcd's names and defaults, in the order of `--help`. */
export const flags: Readonly<Record<string, Flag>> = {
  ...memberFlags,
  ...clusteringFlags,
  ...clientSecurityFlags,
  ...peerSecurityFlags,
  ...operationFlags,
  ...featureFlags,
}

/** Flags of long ago: accepted with a word about it, whatever their value, as etcd does. */
export const historicalFlags: readonly string[] = [
  ...['cluster-active-size', 'cluster-remove-delay', 'cluster-sync-interval', 'config', 'force', 'max-result-buffer'],
  ...[
    'max-retry-attempts',
    'peer-heartbeat-interval',
    'peer-election-timeout',
    'retry-interval',
    'snapshot',
    'v',
    'vv',
  ],
]

/** What is said of flags that will go. */
export const deprecations: Readonly<Record<string, string>> = {
  'max-snapshots': '--max-snapshots is deprecated in 3.6 and will be decommissioned in 3.8.',
  'v2-deprecation':
    '--v2-deprecation is deprecated and scheduled for removal in v3.8. The default value is enforced, ignoring user input.',
}

/** Flags that etcd had up to 3.6, and what to do without them. */
export const removedFlags: Readonly<Record<string, string>> = {
  'enable-v2': 'the v2 API is gone since 3.6',
  proxy: 'the v2 proxy is gone since 3.6: use the gRPC proxy',
  ...Object.fromEntries(
    ['failure-wait', 'refresh-interval', 'dial-timeout', 'write-timeout', 'read-timeout'].map(name => [
      `proxy-${name}`,
      'the v2 proxy is gone since 3.6',
    ]),
  ),
  discovery: 'discovery by the v2 API is gone since 3.6: use --discovery-endpoints and --discovery-token',
  'discovery-proxy': 'discovery by the v2 API is gone since 3.6',
  debug: 'gone since 3.5: use --log-level=debug',
  'log-package-levels': 'gone since 3.5: use --log-level',
  'log-output': 'gone since 3.5: use --log-outputs',
  'experimental-enable-v2v3': 'the v2 API is gone since 3.6',
  'experimental-initial-corrupt-check': 'use --feature-gates=InitialCorruptCheck=true',
  'experimental-compact-hash-check-enabled': 'use --feature-gates=CompactHashCheck=true',
  'experimental-enable-lease-checkpoint': 'use --feature-gates=LeaseCheckpoint=true',
  'experimental-enable-lease-checkpoint-persist': 'use --feature-gates=LeaseCheckpointPersist=true',
  'experimental-txn-mode-write-with-shared-buffer': 'use --feature-gates=TxnModeWriteWithSharedBuffer=true',
  'experimental-stop-grpc-service-on-defrag': 'use --feature-gates=StopGRPCServiceOnDefrag=true',
  'experimental-set-member-localaddr': 'use --feature-gates=SetMemberLocalAddr=true',
  'experimental-backend-bbolt-freelist-type': 'use --backend-bbolt-freelist-type',
  ...Object.fromEntries(
    [
      ...['corrupt-check-time', 'compact-hash-check-time', 'compaction-batch-limit', 'compaction-sleep-interval'],
      ...['peer-skip-client-san-verification', 'watch-progress-notify-interval', 'warning-apply-duration'],
      ...['warning-unary-request-duration', 'bootstrap-defrag-threshold-megabytes', 'max-learners', 'memory-mlock'],
      ...['snapshot-catchup-entries', 'downgrade-check-time', 'enable-distributed-tracing'],
      ...['distributed-tracing-address', 'distributed-tracing-service-name', 'distributed-tracing-instance-id'],
      'distributed-tracing-sampling-rate',
    ].map(name => [`experimental-${name}`, `use --${name}`]),
  ),
}
