import {
  describeDurationMs,
  type FlagValue,
  parseBoolean,
  parseCount,
  parseDurationMs,
  parseInteger,
  parseList,
  UsageError,
} from './flag-values.ts'

/** One flag of the program. `key` is its name on the command line, in the environment (`ETCD_…`) and in YAML. */
export interface Flag {
  readonly section: string
  readonly fallback: FlagValue
  readonly kind: 'text' | 'boolean' | 'integer' | 'count' | 'durationMs' | 'list'
  readonly help: string
}

/** Every flag this program knows, with etcd's names and defaults, in the order of `--help`. */
export const flags: Readonly<Record<string, Flag>> = {
  name: text('Member', 'default', 'Human-readable name for this member.'),
  'data-dir': text('Member', '', "Path to the data directory ('<name>.etcd' if not given)."),
  'wal-dir': text('Member', '', 'Directory of the log, if it is not to lie in the data directory.'),
  'snapshot-count': count('Member', 10_000, 'Entries after which the log behind them is given up (0: 10000).'),
  'heartbeat-interval': integer('Member', 100, 'Time (in milliseconds) of a heartbeat interval.'),
  'election-timeout': integer('Member', 1000, 'Time (in milliseconds) for an election to timeout.'),
  'listen-peer-urls': list('Member', ['http://localhost:2380'], 'URLs to listen on for peer traffic.'),
  'listen-client-urls': list('Member', ['http://localhost:2379'], 'URLs to listen on for client traffic.'),
  'max-wals': count('Member', 5, 'Segments of the log that are kept though nothing needs them (0: all).'),
  'quota-backend-bytes': integer(
    'Member',
    0,
    'Raise an alarm when the state exceeds this size (0: 2 GiB; negative: never).',
  ),
  'backend-batch-interval': duration('Member', 0, 'Longest time before the state is committed (0: 100ms).'),
  'backend-batch-limit': integer('Member', 0, 'Most operations before the state is committed (0: 10000).'),
  'max-txn-ops': integer('Member', 128, 'Most operations in a transaction.'),
  'max-request-bytes': integer('Member', 1_572_864, 'Largest request of a client, in bytes.'),
  'max-concurrent-streams': count(
    'Member',
    4_294_967_295,
    'Calls that one connection may have open at once (as it is: 10000).',
  ),
  'grpc-keepalive-min-time': duration('Member', 5000, 'Clients that ping more often are sent away.'),
  'grpc-keepalive-interval': duration('Member', 7_200_000, 'Silent clients are pinged after this time.'),
  'grpc-keepalive-timeout': duration('Member', 20_000, 'Time that a pinged client has to answer.'),
  'enable-grpc-gateway': boolean('Member', true, 'Serve the API as JSON over HTTP, too.'),
  'initial-advertise-peer-urls': list('Clustering', ['http://localhost:2380'], 'Peer URLs told to the other members.'),
  'initial-cluster': text(
    'Clustering',
    '',
    "Founding members, 'name=url,…' ('<name>=<initial-advertise-peer-urls>' if not given).",
  ),
  'initial-cluster-state': text(
    'Clustering',
    'new',
    "Whether the cluster is new or this member joins one ('new' or 'existing').",
  ),
  'initial-cluster-token': text('Clustering', 'etcd-cluster', 'Token of the cluster during bootstrap.'),
  'advertise-client-urls': list('Clustering', ['http://localhost:2379'], 'Client URLs told to clients.'),
  'pre-vote': boolean('Clustering', true, 'Ask the other members before campaigning.'),
  'auto-compaction-retention': text(
    'Clustering',
    '0',
    "History that is kept when compacting by itself: a time or hours in mode 'periodic', a number in mode 'revision' (0: never).",
  ),
  'auto-compaction-mode': text('Clustering', 'periodic', "What the retention counts ('periodic' or 'revision')."),
  'cert-file': text('Security', '', 'Certificate of the client port, PEM; read again when it changes.'),
  'key-file': text('Security', '', 'Its private key, PEM.'),
  'client-cert-auth': boolean('Security', false, 'Clients must show a certificate of a trusted authority.'),
  'trusted-ca-file': text('Security', '', 'Authorities that certificates of clients are verified with, PEM.'),
  'client-crl-file': text('Security', '', 'Certificates of clients that are revoked, DER.'),
  'client-cert-allowed-hostname': list(
    'Security',
    [],
    'Hosts that the certificate of a client must be valid for one of.',
  ),
  'auto-tls': boolean('Security', false, 'Encrypt the client port with a certificate that nobody can verify.'),
  'peer-cert-file': text('Security', '', 'Certificate of the peer port, PEM.'),
  'peer-key-file': text('Security', '', 'Its private key, PEM.'),
  'peer-client-cert-auth': boolean('Security', false, 'Peers must show a certificate of a trusted authority.'),
  'peer-trusted-ca-file': text('Security', '', 'Authorities that certificates of peers are verified with, PEM.'),
  'peer-crl-file': text('Security', '', 'Certificates of peers that are revoked, DER.'),
  'peer-cert-allowed-cn': list('Security', [], 'Common names that the certificate of a peer must have one of.'),
  'peer-cert-allowed-hostname': list('Security', [], 'Hosts that the certificate of a peer must be valid for one of.'),
  'peer-skip-client-san-verification': boolean(
    'Security',
    false,
    'Peers need not come from where their certificate says.',
  ),
  'peer-auto-tls': boolean('Security', false, 'Encrypt the peer port with a certificate that nobody can verify.'),
  'self-signed-cert-validity': integer('Security', 1, 'Years that such a certificate is valid.'),
  'cipher-suites': list('Security', [], "Cipher suites, by Go's names (those with forward secrecy if not given)."),
  'tls-min-version': text('Security', 'TLS1.2', 'Oldest TLS that is spoken: TLS1.2 or TLS1.3.'),
  cors: list('Security', ['*'], "Origins of pages that may read what is answered by HTTP ('*': all)."),
  'host-whitelist': list('Security', ['*'], "What this host may be called in plain HTTP ('*': anything)."),
  'tls-max-version': text('Security', '', 'Newest TLS that is spoken: TLS1.2 or TLS1.3 (no bound if not given).'),
  'auth-token': text(
    'Auth',
    'simple',
    "Tokens that users get: 'simple', or 'jwt,pub-key=FILE,priv-key=FILE,sign-method=M,ttl=10m' (none if empty).",
  ),
  'bcrypt-cost': count('Auth', 10, 'Cost of hashing passwords: 4 to 31, each doubles the last.'),
  'auth-token-ttl': count('Auth', 300, 'Seconds that a simple token lives after its last use.'),
  metrics: text(
    'Profiling and Monitoring',
    'basic',
    "Detail of metrics ('basic', or 'extensive' with gRPC latencies).",
  ),
  'listen-metrics-urls': list('Profiling and Monitoring', [], 'URLs that serve metrics and health only.'),
  'log-outputs': list(
    'Logging',
    ['default'],
    "Where log lines go: 'default' (stderr), 'stdout', 'stderr' or files, several with commas.",
  ),
  'log-level': text('Logging', 'info', 'Only lines of this level and above: debug, info, warn, error, panic or fatal.'),
  'log-format': text('Logging', '', 'json or console (console on a terminal, json elsewhere if not given).'),
  'warning-unary-request-duration': duration('Logging', 300, 'Requests that take longer are logged.'),
  'warning-apply-duration': duration('Logging', 100, 'Entries and reads that take longer are logged.'),
  'compaction-batch-limit': integer('Features', 0, 'Records removed at once after a compaction (0: 1000).'),
  'compaction-sleep-interval': duration('Features', 0, 'Rest between such batches (0: 10ms).'),
  'watch-progress-notify-interval': duration(
    'Features',
    0,
    'Time between progress notifications of idle watchers (0: 10m).',
  ),
  'unsafe-no-fsync': boolean('Unsafe', false, 'Never sync the log: a power cut loses acknowledged writes.'),
}

function text(section: string, fallback: string, help: string): Flag {
  return { section, fallback, kind: 'text', help }
}
function list(section: string, fallback: readonly string[], help: string): Flag {
  return { section, fallback, kind: 'list', help }
}
function integer(section: string, fallback: number, help: string): Flag {
  return { section, fallback, kind: 'integer', help }
}
function count(section: string, fallback: number, help: string): Flag {
  return { section, fallback, kind: 'count', help }
}
function duration(section: string, fallback: number, help: string): Flag {
  return { section, fallback, kind: 'durationMs', help }
}
function boolean(section: string, fallback: boolean, help: string): Flag {
  return { section, fallback, kind: 'boolean', help }
}

/** What the command line says: values by flag, as text, and whether only help or the version is wanted. */
export interface CommandLine {
  readonly values: ReadonlyMap<string, string>
  readonly wants: 'run' | 'help' | 'version'
  readonly configFile: string | undefined
}

/** Reads `--flag=value`, `--flag value`, with one dash or two. Throws `UsageError`. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const values = new Map<string, string>()
  let wants: CommandLine['wants'] = 'run'
  let configFile: string | undefined
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(arg)
    if (match === null) throw new UsageError(`'${arg}' is not a valid flag`)
    const name = match[1] as string
    if (name === 'help' || name === 'h') wants = 'help'
    else if (name === 'version') wants = 'version'
    else {
      const known = name === 'config-file' || Object.hasOwn(flags, name)
      if (!known) throw unknownFlag(name)
      let value = match[2]
      if (value === undefined && flags[name]?.kind === 'boolean') value = 'true'
      if (value === undefined) value = args[++at]
      if (value === undefined) throw new UsageError(`flag needs an argument: -${name}`)
      if (name === 'config-file') configFile = value
      else values.set(name, value)
    }
  }
  return { values, wants, configFile }
}

/** Turns the text of a flag into its value. `where` names the source in the error. Throws `UsageError`. */
export function flagValue(name: string, value: string, where: string): FlagValue {
  const flag = flags[name]
  if (flag === undefined) throw unknownFlag(name)
  try {
    if (flag.kind === 'boolean') return parseBoolean(value)
    if (flag.kind === 'integer') return parseInteger(value)
    if (flag.kind === 'count') return parseCount(value)
    if (flag.kind === 'durationMs') return parseDurationMs(value)
    return flag.kind === 'list' ? parseList(value) : value
  } catch (error) {
    throw new UsageError(`invalid value "${value}" for ${where}: ${(error as Error).message}`)
  }
}

export function unknownFlag(name: string): UsageError {
  const near = nearest(name, ['config-file', 'help', 'version', ...Object.keys(flags)])
  return new UsageError(
    `flag provided but not defined: -${name}${near === undefined ? '' : ` (did you mean --${near}?)`}`,
  )
}

/** The candidate with the smallest edit distance, if it is near enough to be meant. */
function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}

/** The text of `--help`. */
export function helpText(): string {
  const lines = ['Usage:', '', '  kvs [flags]', '    Start a kvs server.', '']
  lines.push(
    '  kvs --version',
    '    Show the version.',
    '',
    '  kvs --config-file',
    '    Path to a YAML file; it replaces flags and environment.',
    '',
  )
  let section = ''
  for (const [name, flag] of Object.entries(flags)) {
    if (flag.section !== section) {
      section = flag.section
      lines.push(`${section}:`)
    }
    lines.push(`  --${name} '${shownDefault(flag)}'`, `    ${flag.help}`)
  }
  return `${lines.join('\n')}\n`
}

function shownDefault({ kind, fallback }: Flag): string {
  if (kind === 'durationMs') return describeDurationMs(fallback as number)
  return Array.isArray(fallback) ? fallback.join(',') : String(fallback)
}
